"""What all worlds of one server share: where it is reached, how it answers, its bounds and its mask.

Must not know any world.
"""

from __future__ import annotations

from dataclasses import dataclass

from understudy.engine.bounds import Bounds
from understudy.engine.journal import Room
from understudy.engine.masking import Mask


@dataclass(slots=True)
class Server:
    """One server. `token` is what the control API asks for; None on loopback.

    `helpful` adds X-Mock-* headers, `checked` compares each response with the document.
    """

    bounds: Bounds
    room: Room
    mask: Mask
    url: str = "http://understudy"
    helpful: bool = True
    checked: bool = False
    token: str | None = None
