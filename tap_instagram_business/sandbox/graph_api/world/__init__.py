"""A seeded world of Instagram accounts: pure, without HTTP, the same in every process."""

from tap_instagram_business.sandbox.graph_api.world.world import World

__all__ = ["World"]
