"""Understudy: a stateful, offline stand-in for remote APIs, driven by their OpenAPI documents.

`MockServer` and `WorldHandle` are for tests and scripts, `ControlError` is what they raise, `strategies` draws worlds
(with hypothesis). `Call`, `Reply` and `Problem` are what a handler gets, returns and raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from understudy import strategies as strategies
    from understudy.engine.call import Call as Call
    from understudy.engine.call import Reply as Reply
    from understudy.engine.problem import Problem as Problem
    from understudy.testing.errors import ControlError as ControlError
    from understudy.testing.server import MockServer as MockServer
    from understudy.testing.world import WorldHandle as WorldHandle

_PUBLIC = {
    "Call": "engine.call",
    "ControlError": "testing.errors",
    "MockServer": "testing.server",
    "Problem": "engine.problem",
    "Reply": "engine.call",
    "WorldHandle": "testing.world",
}
__all__ = ["Call", "ControlError", "MockServer", "Problem", "Reply", "WorldHandle", "strategies"]


def __getattr__(name: str) -> object:
    """A public name, imported when it is first asked for: importing the package itself costs nothing."""
    from importlib import import_module

    if name == "strategies":
        return import_module(f"{__name__}.strategies")
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
