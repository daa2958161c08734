"""A simulated Graph API: a world made from a seed, with a clock, that an HTTP server shows.

`world` holds the accounts and their numbers, `api` answers calls about them, and `application`
adds faults, rate limits and a log. `server` makes the application available on a port.
"""

from instagram_sandbox.graph_api.clock import Clock
from instagram_sandbox.graph_api.faults import ODDITIES, Fault, unkind
from instagram_sandbox.graph_api.server import GraphApiServer
from instagram_sandbox.graph_api.settings import ApiSettings, WorldSettings
from instagram_sandbox.graph_api.world import World

__all__ = [
    "ODDITIES",
    "ApiSettings",
    "Clock",
    "Fault",
    "GraphApiServer",
    "World",
    "WorldSettings",
    "unkind",
]
