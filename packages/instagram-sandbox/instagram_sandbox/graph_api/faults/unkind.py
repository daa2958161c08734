"""Answers that are broken at random, all over a world.

The oddities are answers that somebody has seen. These faults show what nobody has seen yet: a field
that is missing or of another type, an item that comes twice, a call that fails for good.
"""

from __future__ import annotations

from instagram_sandbox.graph_api.faults.fault import Fault


def unkind(
    seed: int = 1, share: float = 0.01, *, call_share: float | None = None, spare: str = ""
) -> tuple[Fault, ...]:
    """Return the orders to break parts of the answers: the same parts for the same seed.

    Args:
        seed: Seed of the random numbers: another seed breaks other parts.
        share: Share of the fields, of the items in lists, and of the calls that are broken.
        call_share: Share of the calls that fail for good, if it is another one.
        spare: Calls that are left alone: a regular expression as in `Fault.match`. Empty for
            none. Calls for tokens are always left alone.
    """
    match = rf"\A(?!.*(?:{spare}))" if spare else ""
    calls = share if call_share is None else call_share
    return (
        Fault("broken_call", match, share=calls, seed=seed),
        Fault("broken_item", match, share=share, seed=seed),
        Fault("broken_field", match, share=share, seed=seed),
    )
