"""Faults: orders to the Graph API to fail, or to answer otherwise than usual.

A `Fault` says what happens, where and how often, and `Faults` holds those of a server. `kinds`
lists what can be ordered: failures of calls, answers that were recorded of the real API, and parts
of answers that are broken at random. `failures` and `changes` carry the orders out for whole calls
and for parts of an answer; `rules` has those that change how the API computes an answer.
`answers` is the place where an answer passes all of them.
"""

from instagram_sandbox.graph_api.faults.fault import Fault
from instagram_sandbox.graph_api.faults.kinds import (
    BATCH,
    CALL,
    KINDS,
    ODDITIES,
    OPERATION,
    TRANSPORT,
)
from instagram_sandbox.graph_api.faults.orders import Faults
from instagram_sandbox.graph_api.faults.unkind import unkind

__all__ = [
    "BATCH",
    "CALL",
    "KINDS",
    "ODDITIES",
    "OPERATION",
    "TRANSPORT",
    "Fault",
    "Faults",
    "unkind",
]
