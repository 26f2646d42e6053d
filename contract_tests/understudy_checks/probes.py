"""What a target does where its document leaves it open: for each assumption, the value that the target shows.

Information, never a failure. A probe is a function that asks a target and returns the value as the document writes
it: the default or one of the alternatives, or whatever else was seen. The probes of an API live in its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from understudy.document.model import Assumption
from understudy_checks.client import Capability, Client, NotChecked
from understudy_checks.modules import modules
from understudy_checks.target.target import Target, require

Json = Any
Ask = Callable[[Client], Json]


@dataclass(frozen=True, slots=True)
class Probe:
    """A way to see which value of an assumption a target takes, and what it needs of the target."""

    assumption: str
    ask: Ask
    needs: tuple[Capability, ...]

    @property
    def api(self) -> str:
        """The API that it is about."""
        return self.assumption.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Observation:
    """One assumption and what was seen of it: `as assumed`, one of the alternatives, something else, or nothing."""

    assumption: Assumption
    found: Literal["default", "alternative", "other", "not observed"]
    seen: Json = None
    reason: str | None = None
    """Why it was not observed."""


def observes(assumption: str, *, needs: Sequence[Capability] = ()) -> Callable[[Ask], Ask]:
    """Declare that a function asks a target for the value of an assumption."""

    def declare(ask: Ask) -> Ask:
        ask.probe = Probe(assumption, ask, tuple(needs))  # type: ignore[attr-defined]
        return ask

    return declare


@cache
def probes(api: str) -> tuple[Probe, ...]:
    """The probes of an API, from the modules of its folder `probes`."""
    found = [getattr(value, "probe", None) for module in modules(f"{api}.probes") for value in vars(module).values()]
    return tuple(probe for probe in found if isinstance(probe, Probe))


def observe(target: Target) -> Iterator[Observation]:
    """What a target shows of each assumption of its document, in the document's order."""
    known = {probe.assumption: probe for probe in probes(target.contract.name)}
    for assumption in target.contract.assumptions.values():
        probe = known.get(assumption.id)
        if probe is None:
            yield Observation(assumption, "not observed", reason="nothing that the kit asks would show it")
        else:
            yield observed(probe, target)


def observed(probe: Probe, target: Target) -> Observation:
    """What a target shows to one probe. Whatever goes wrong on the way is why nothing was observed."""
    assumption = target.contract.assumptions[probe.assumption]
    try:
        require(target, probe.needs)
        with target.open() as client:
            seen = probe.ask(client)
    except NotChecked as reason:
        return Observation(assumption, "not observed", reason=reason.reason)
    except Exception as error:  # a target may do anything here, and none of it is a failure
        text = " ".join(str(error).split()) or type(error).__name__
        return Observation(assumption, "not observed", reason=f"something else was in the way: {text}")
    if _same(seen, assumption.default):
        return Observation(assumption, "default", seen)
    return Observation(assumption, "alternative" if assumption.allows(seen) else "other", seen)


def _same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and bool(one == other)
