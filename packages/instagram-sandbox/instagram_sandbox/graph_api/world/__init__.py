"""A world of Instagram accounts, made from a seed: without HTTP and the same in each process."""

from instagram_sandbox.graph_api.world.world import World

__all__ = ["World"]
