"""What recordings say of assumptions: under which alternative the differences that touch one are gone.

Must not know files, nor how a replay is made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.document.contract import Contract
from understudy.document.model import Assumption
from understudy.document.read import read_bytes
from understudy.engine.api import Api
from understudy.recording.play import Played
from understudy.recording.recorded import Recording
from understudy.recording.report import Report, heading

Json = Any
Key = tuple[str, int, str]  # file, number and pointer of a difference
Replay = Callable[[Sequence[Recording], Mapping[str, Json]], Report]
_SHOWN = 5  # places that are named


@dataclass(frozen=True, slots=True)
class Settled:
    """An alternative that fits better than the value that the mock takes.

    `gone` are the places of the differences that it resolves, of `touching` ones that touch the assumption.
    """

    assumption: Assumption
    value: Json
    gone: tuple[str, ...]
    touching: int
    keys: frozenset[Key]

    def __str__(self) -> str:
        places = "; ".join(self.gone[:_SHOWN]) + (f" and {len(self.gone) - _SHOWN} more" if self.gone[_SHOWN:] else "")
        text = f"{self.value!r} fits, not {self.assumption.default!r}"
        return f"{self.assumption.id}: {text}: {len(self.keys)} of {self.touching} differences are gone ({places})"


def settle(report: Report, replay: Replay) -> list[Settled]:
    """The alternatives that recordings speak for, all recordings together: those that bring no new difference.

    Of two that resolve the same differences both are returned; one that resolves fewer of the same is not.
    """
    found = [one for id in _touched(report) for one in _fitting(report, replay, id)]
    return [one for one in found if not any(one.keys < other.keys for other in found)]


def _touched(report: Report) -> list[str]:
    """The assumptions that the mock's part in a difference was made by."""
    ids = (id for one in report.differing for fault in one.faults for id in fault.blame.trace)
    known = {id for one in report.played for id in one.picked.api.contract.assumptions}
    return [id for id in dict.fromkeys(ids) if id in known]


def _fitting(report: Report, replay: Replay, id: str) -> Iterator[Settled]:
    """The alternatives of an assumption that resolve most, and bring nothing new."""
    concerned = [one for one in report.played if one.exchange is not None and id in one.exchange.trace]
    assumption = concerned[0].picked.api.contract.assumptions[id]
    recordings = list({str(one.picked.recording.file): one.picked.recording for one in concerned}.values())
    files = {str(one.file) for one in recordings}
    before = {key: one for key, one in _keys(report) if key[0] in files}
    touching = sum(id in fault.blame.trace for one in report.differing for fault in one.faults)
    most: list[Settled] = []
    for value in assumption.alternatives:
        after = {key for key, _ in _keys(replay(recordings, {id: value}))}
        gone = frozenset(before.keys() - after)
        if gone and not after - before.keys():
            places = tuple(dict.fromkeys(heading(before[key]) for key in before if key in gone))
            most.append(Settled(assumption, value, places, max(touching, len(gone)), gone))
    best = max((len(one.keys) for one in most), default=0)
    yield from (one for one in most if len(one.keys) == best)


def _keys(report: Report) -> Iterator[tuple[Key, Played]]:
    for one in report.differing:
        for fault in one.faults:
            yield (str(one.picked.recording.file), one.picked.recorded.number, fault.difference.pointer), one


def overlay(settled: Sequence[Settled], apis: Sequence[Api]) -> Json:
    """The change of a document that makes the values that were seen the ones that the mock takes, as an Overlay."""
    declared = {id for api in apis for id in _declared(_document(api.contract))}
    actions = [action for one in settled for action in _actions(one, declared)]
    return {"overlay": "1.0.0", "info": {"title": "What recordings show", "version": "1"}, "actions": actions}


def _actions(settled: Settled, declared: Collection[str]) -> Iterator[Json]:
    """The actions for one assumption; an update would add to the present alternatives."""
    assumption = settled.assumption
    others = [one for one in assumption.alternatives if one != settled.value]
    source = f"recorded: {'; '.join(settled.gone[:_SHOWN])}"
    change = {"source": source, "default": settled.value, "alternatives": [assumption.default, *others]}
    if assumption.id not in declared:  # what is inferred is declared from now on
        told = {"id": assumption.id, "text": assumption.text, **change}
        yield {"target": "$", "update": {"x-assumptions": [told]}}
        return
    target = f"$..['x-assumptions'][?@.id == '{assumption.id}']"
    yield {"target": f"{target}.alternatives", "remove": True}
    yield {"target": target, "update": change}


def _document(contract: Contract) -> Json:
    """A document as its file has it, without what was inferred."""
    return read_bytes(contract.content, contract.source) if contract.content else contract.document


def _declared(value: Json) -> Iterator[str]:
    """The ids of the assumptions that stand in a document."""
    if isinstance(value, Mapping):
        for one in value.get("x-assumptions") or ():
            yield str(one["id"])
        for child in value.values():
            yield from _declared(child)
    elif isinstance(value, list):
        for child in value:
            yield from _declared(child)
