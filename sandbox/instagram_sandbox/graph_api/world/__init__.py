"""A seeded world of Instagram accounts: pure, without HTTP, the same in every process."""

from instagram_sandbox.graph_api.world.world import World

__all__ = ["World"]
