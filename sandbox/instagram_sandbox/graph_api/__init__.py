"""A local Graph API: a seeded world with a clock, served as Meta serves the real one."""

from instagram_sandbox.graph_api.clock import Clock
from instagram_sandbox.graph_api.faults import Fault
from instagram_sandbox.graph_api.server import GraphApiServer
from instagram_sandbox.graph_api.settings import ApiSettings, WorldSettings
from instagram_sandbox.graph_api.world import World

__all__ = ["ApiSettings", "Clock", "Fault", "GraphApiServer", "World", "WorldSettings"]
