"""Probes find out what a target does where its document leaves it open: the target's value of each assumption.

Their results are information, never failures. A probe is a function that calls a target and returns the value it
observed, as the document writes it: the default, an alternative, or any other. Probes of assumptions that a key of
the document refers to are derived from it; the others are written by hand in the API's folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from understudy.document.contract import Contract
from understudy.document.model import Assumption
from understudy_checks.client import Capability, Client, Skipped
from understudy_checks.generic.derived_probes import derived
from understudy_checks.modules import modules
from understudy_checks.target.target import Target, require

Json = Any
Ask = Callable[[Client], Json]


@dataclass(frozen=True, slots=True)
class Probe:
    """A function that finds a target's value of an assumption, and the capabilities that it needs."""

    assumption: str
    ask: Ask
    needs: tuple[Capability, ...]

    @property
    def api(self) -> str:
        """The name of its API."""
        return self.assumption.partition(".")[0]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of probing one assumption: the target has the default, an alternative or another value."""

    assumption: Assumption
    found: Literal["default", "alternative", "other", "not observed"]
    seen: Json = None
    reason: str | None = None
    """Why the value is unknown."""


def probe(assumption: str, *, needs: Sequence[Capability] = ()) -> Callable[[Ask], Ask]:
    """Declare that a function is the probe of an assumption."""

    def declare(ask: Ask) -> Ask:
        ask.probe = Probe(assumption, ask, tuple(needs))  # type: ignore[attr-defined]
        return ask

    return declare


@cache
def own_probes(api: str) -> tuple[Probe, ...]:
    """The probes that an API has of its own, from the modules of its folder `probes`."""
    found = [getattr(value, "probe", None) for module in modules(f"{api}.probes") for value in vars(module).values()]
    return tuple(probe for probe in found if isinstance(probe, Probe))


@cache
def probes(contract: Contract) -> tuple[Probe, ...]:
    """The probes of an API: its own, and those that follow from its document."""
    own = own_probes(contract.name)
    known = {probe.assumption for probe in own}
    return own + tuple(Probe(*one) for one in derived(contract) if one.assumption not in known)


def run_probes(target: Target) -> Iterator[ProbeResult]:
    """Probe each assumption of a target's document, in the document's order."""
    known = {probe.assumption: probe for probe in probes(target.contract)}
    for assumption in target.contract.assumptions.values():
        probe = known.get(assumption.id)
        if probe is None:
            yield ProbeResult(assumption, "not observed", reason="the kit has no probe for it")
        else:
            yield run_probe(probe, target)


def run_probe(probe: Probe, target: Target) -> ProbeResult:
    """Run one probe on a target. An error on the way becomes the reason why the value is unknown."""
    assumption = target.contract.assumptions[probe.assumption]
    try:
        require(target, probe.needs)
        with target.open() as client:
            value = probe.ask(client)
    except Skipped as reason:
        return ProbeResult(assumption, "not observed", reason=reason.reason)
    except Exception as error:  # a target may do anything here, and a probe never fails a run
        text = " ".join(str(error).split()) or type(error).__name__
        return ProbeResult(assumption, "not observed", reason=f"the probe failed: {text}")
    if _same(value, assumption.default):
        return ProbeResult(assumption, "default", value)
    return ProbeResult(assumption, "alternative" if assumption.allows(value) else "other", value)


def _same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and bool(one == other)
