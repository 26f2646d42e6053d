"""A target that remembers the clients it opened, so that an example can be told after it ended."""

from __future__ import annotations

from understudy.document.contract import Contract
from understudy_checks.budget import Budget
from understudy_checks.client import Capability, Client
from understudy_checks.examples.story import Story
from understudy_checks.findings import Findings
from understudy_checks.target.target import Target
from understudy_checks.waits import Patience


class RecordedTarget:
    """A target, with the story of the last client that sent something in the current example."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._clients: list[Client] = []

    def __repr__(self) -> str:
        return repr(self._target)

    @property
    def contract(self) -> Contract:
        """See Target."""
        return self._target.contract

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See Target."""
        return self._target.capabilities

    @property
    def name(self) -> str:
        """See Target."""
        return self._target.name

    @property
    def budget(self) -> Budget:
        """See Target."""
        return self._target.budget

    @property
    def findings(self) -> Findings | None:
        """See Target."""
        return self._target.findings

    @findings.setter
    def findings(self, findings: Findings | None) -> None:
        self._target.findings = findings

    @property
    def patience(self) -> Patience | None:
        """See Target."""
        return self._target.patience

    def open(self) -> Client:
        """See Target."""
        client = self._target.open()
        self._clients.append(client)
        return client

    def forget(self) -> None:
        """Begin another example."""
        self._clients.clear()

    def story(self) -> Story:
        """The story of the last client that sent something; empty without any."""
        return next((client.story() for client in reversed(self._clients) if client.log), ())
