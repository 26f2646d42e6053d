"""Understudy: a stateful, offline stand-in for remote APIs, driven by their OpenAPI documents.

`Call`, `Reply` and `Problem` are what a handler gets, returns and raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from understudy.engine.call import Call as Call
    from understudy.engine.call import Reply as Reply
    from understudy.engine.problem import Problem as Problem

_PUBLIC = {"Call": "engine.call", "Reply": "engine.call", "Problem": "engine.problem"}
__all__ = ["Call", "Problem", "Reply"]


def __getattr__(name: str) -> object:
    """A public name, imported when it is first asked for: importing the package itself costs nothing."""
    from importlib import import_module

    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
