"""The target of a check: its contract, its capabilities, and clients for it.

Must not know which kinds of target there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from understudy.document.contract import Contract
from understudy_checks.budget import Budget
from understudy_checks.client import Capability, Client, skip_lacking
from understudy_checks.findings import Findings
from understudy_checks.waits import Patience


class Target(Protocol):
    """A server that claims to follow a contract."""

    @property
    def contract(self) -> Contract:
        """The contract against which it is checked."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What tests can do there; `client.LACKS` explains each."""

    @property
    def name(self) -> str:
        """Its URL, its `module:attribute`, or a description."""

    @property
    def budget(self) -> Budget:
        """The requests and waiting that it allows, and those made so far."""

    findings: Findings | None
    """Where its clients record failures of other rules than a check's own; None to raise them."""

    patience: Patience | None
    """What limits real waits for effects; None where waits take no time."""

    def open(self) -> Client:
        """Open a client, in a world of its own if the target has worlds, else in the shared one."""


def require(target: Target, needs: Iterable[Capability]) -> None:
    """Raises NotChecked with the reasons when the target lacks one of the capabilities."""
    missing = [need for need in needs if need not in target.capabilities]
    if missing:
        skip_lacking(*missing)
