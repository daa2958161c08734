"""The API: it turns calls into answers, with permissions, fields, insight rules and paging."""

from instagram_sandbox.graph_api.api.api import Api
from instagram_sandbox.graph_api.api.call import Answer, Call

__all__ = ["Answer", "Api", "Call"]
