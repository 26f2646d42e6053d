"""Several servers under the same load in the same run, one round of each in turn; all stand on one core.

A server that does not install, start or answer is told with the reason. Must not know how one is installed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, ratio, shown
from benchmarks.peers.catalogue import ROOT, Answers, Peer, Unavailable
from benchmarks.report import markdown
from benchmarks.requests import ASKS, Ask
from benchmarks.servers import NotStarted, Running, cores, expect, free_port, ours, running
from benchmarks.throughput import Round, alternate, answers, sample

OURS = "Understudy, as shipped"
Taken = Mapping[str, Mapping[str, Sequence[Round] | str]]  # by request and server; a text is why there are no rounds


@dataclass(frozen=True, slots=True)
class Entrant:
    """A server that was to be measured: running, with the requests as it takes them, or the reason why it is not."""

    name: str
    version: str = ""
    server: Running | None = None
    asks: Sequence[Ask] = ASKS
    reason: str = ""


def entered(stack: ExitStack, folder: Path, peers: Sequence[Peer]) -> list[Entrant]:
    """Ours, then the peers, installed in folders of their own and started; they run as long as the stack is open."""
    pin, _ = cores()
    mock = stack.enter_context(ours(pin))
    given = answers(mock)
    found = [Entrant(OURS, _version(), mock)]
    for peer in peers:
        print(f"  {peer.name}: installing and starting", flush=True)
        found.append(_entrant(stack, peer, folder / peer.packages[0].replace("/", "-"), given, pin))
    return found


def measure(entrants: Sequence[Entrant], *, rounds: int = 3, seconds: int = 2, warm: int = 3) -> Taken:
    """Rounds of each request on each server that runs, after so many seconds to warm up."""
    _, client = cores()
    taken: dict[str, dict[str, Sequence[Round] | str]] = {}
    for number, ask in enumerate(ASKS):
        print(f"  {ask.name}", flush=True)
        failed: dict[str, str] = {entrant.name: entrant.reason for entrant in entrants if entrant.server is None}
        asked = {}
        for entrant in entrants:
            if entrant.server is not None:
                pair = (entrant.asks[number], entrant.server)
                try:
                    sample(*pair, warm, client)
                    asked[entrant.name] = pair
                except RuntimeError as error:
                    failed[entrant.name] = str(error)
        lists = alternate(list(asked.values()), rounds, seconds, client)
        taken[ask.name] = {**failed, **dict(zip(asked, lists, strict=True))}
    return taken


def against_ours(taken: Taken) -> Iterator[Figure]:
    """How many times as many requests a second ours answers, for each request and peer that was measured."""
    for ask, by_name in taken.items():
        mine = by_name[OURS]
        for name, theirs in by_name.items():
            if name != OURS and not isinstance(theirs, str) and not isinstance(mine, str):
                yield ratio(f"{ask} / {name}", [r.rate for r in mine], [r.rate for r in theirs])


def standing(entrants: Sequence[Entrant], taken: Taken, *, unit: str, value: Callable[[Round], float]) -> str:
    """The median of a value of each server and request, as a table."""
    rows = [_row(entrant, [taken[ask.name][entrant.name] for ask in ASKS], value) for entrant in entrants]
    return markdown([unit, "version", *(ask.name for ask in ASKS)], rows)


def _entrant(stack: ExitStack, peer: Peer, folder: Path, given: Answers, pin: Sequence[str]) -> Entrant:
    asks, installed = [peer.ask(ask) for ask in ASKS], ""
    try:
        installed = peer.install(folder)
        peer.prepare(folder, given)
        port = free_port()
        server = stack.enter_context(running([*pin, *peer.command(folder, port)], port, asks[0]))
        for ask in asks:
            expect(ask, port)
    except (Unavailable, NotStarted) as error:
        return Entrant(peer.name, installed, reason=" ".join(str(error).split())[:120])
    return Entrant(peer.name, installed, server, asks)


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def _row(entrant: Entrant, taken: Sequence[Sequence[Round] | str], value: Callable[[Round], float]) -> list[str]:
    cells = [rounds if isinstance(rounds, str) else shown(median(map(value, rounds))) for rounds in taken]
    if entrant.reason:
        cells = [f"not measured: {entrant.reason}", *("-" for _ in ASKS[1:])]
    return [entrant.name, entrant.version or "-", *(cell.replace("|", "/") for cell in cells)]
