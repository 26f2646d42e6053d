"""The target of a check: what it is judged by, what it can do, and clients for it.

Must not know which kinds of target there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from understudy.document.contract import Contract
from understudy_checks.budget import Guest
from understudy_checks.client import Capability, Client, lacking


class Target(Protocol):
    """Something that claims to follow a contract. `capabilities` are what a test may need of it."""

    @property
    def contract(self) -> Contract:
        """The document that it is judged by."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be done there; see `client.LACKS` for each."""

    @property
    def name(self) -> str:
        """Where it is: a URL, a place to import, or words."""

    @property
    def guest(self) -> Guest:
        """What may be done to it, and what was."""

    def open(self) -> Client:
        """A client in a world of its own where the target has such, else in the one that all share."""


def require(target: Target, needs: Iterable[Capability]) -> None:
    """Raises NotChecked, with the reasons, when the target lacks something of `needs`."""
    missing = [need for need in needs if need not in target.capabilities]
    if missing:
        lacking(*missing)
