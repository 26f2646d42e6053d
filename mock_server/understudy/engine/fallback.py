"""What answers a request that no operation of a served document takes. Must not know where its answers come from."""

from __future__ import annotations

from typing import Protocol

from understudy.engine.exchange import Request, Response
from understudy.engine.world import World

CONTROL = "/__mock__/"
"""The paths that are never anything else than the control API's."""


class Fallback(Protocol):
    """Answers requests that no operation takes."""

    def owns(self, path: str) -> bool:
        """Whether it answers for a path."""

    def answer(self, request: Request, world: World) -> Response | None:
        """Its response; None where the usual one is right."""
