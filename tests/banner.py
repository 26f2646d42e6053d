"""Standard output of a server that is served in a test: it says when the banner is complete."""

from __future__ import annotations

import io
from collections.abc import Callable


class Output(io.StringIO):
    """Standard output that acts once the banner is complete."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self._act = act

    def write(self, text: str) -> int:
        """Keep the text; behind the banner's last line, act."""
        count = super().write(text)
        if "Ctrl-C stops it." in text:
            self._act()
        return count
