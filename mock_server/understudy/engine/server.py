"""What all worlds of one server share: its URL, its bounds, its mask and how it answers.

Must not know any world.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from understudy.engine.bounds import Bounds
from understudy.engine.journal import MemoryLimit
from understudy.engine.masking import Mask


@dataclass(slots=True)
class Server:
    """One server. `token` authorizes requests to the control API; None on loopback.

    `ca_file` is that of the CA that clients have to trust; None without TLS, and for a certificate of the user.
    `helpful` adds X-Mock-* headers, `checked` validates each response against the document. `find` finds a record of a
    declared resource for a call.
    """

    bounds: Bounds
    memory: MemoryLimit
    mask: Mask
    url: str = "http://understudy"
    helpful: bool = True
    checked: bool = False
    token: str | None = None
    ca_file: str | None = None
    find: Callable[..., Any] | None = None
