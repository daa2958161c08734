"""Imports the SDK without the packages that only targets and batch files need.

They take a third of the time that the tap needs to start. While the SDK is imported, a stand-in is
in the place of each of them. Its names are functions that import the real package when they are
called, so nothing is missing in a process that does use them.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

UNUSED_BY_TAPS = ("joblib", "upath")


class StandIn(ModuleType):
    """A package that is imported when one of its functions or classes is called."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            return getattr(importlib.import_module(self.__name__), name)(*arguments, **options)

        return call


def import_sdk() -> None:
    """Import `singer_sdk`, unless it is imported already."""
    if "singer_sdk" in sys.modules:
        return
    stand_ins = {name: StandIn(name) for name in UNUSED_BY_TAPS if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        importlib.import_module("singer_sdk")
    finally:
        for name in stand_ins:
            del sys.modules[name]
