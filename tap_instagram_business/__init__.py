"""Singer tap for Instagram professional accounts."""

from tap_instagram_business import deferred

deferred.import_sdk()
