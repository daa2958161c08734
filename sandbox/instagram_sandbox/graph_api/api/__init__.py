"""Requests to answers: routing, permissions, field selection, insight rules, paging, batches."""

from instagram_sandbox.graph_api.api.api import Api
from instagram_sandbox.graph_api.api.call import Answer, Call

__all__ = ["Answer", "Api", "Call"]
