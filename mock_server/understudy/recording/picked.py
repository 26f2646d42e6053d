"""The exchanges of recordings that belong to served documents: found by host and path, the others counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.document.read import read_bytes
from understudy.engine.api import Api
from understudy.engine.router import Router
from understudy.messages import suggest
from understudy.recording.recorded import Recorded, Recording

_LOCAL = ("localhost", "[::1]", "0.0.0.0", "host.docker.internal")  # noqa: S104 - a name in a recording
_SHOWN = 5  # hosts that a line names


class Picked(NamedTuple):
    """An exchange, the recording that holds it, and what it asks of which API; `operation` is None for no operation."""

    recorded: Recorded
    recording: Recording
    api: Api
    operation: Operation | None
    segments: tuple[str, ...]

    @property
    def place(self) -> str:
        """The file and position, for a message."""
        return self.recording.place(self.recorded)

    @property
    def above(self) -> str:
        """The last word of the path: what the answer is about."""
        path = self.operation.path if self.operation else self.recorded.request.path
        words = [word for word in path.split("/") if word and "{" not in word]
        return words[-1] if words else ""


class Picker:
    """Finds the API of recorded exchanges. `hosts` are hosts of these services beside those of the documents."""

    def __init__(self, apis: Sequence[Api], hosts: Iterable[str] = ()) -> None:
        self._router = Router(apis)
        self._hosts = {api.name: _hosts(api.contract) for api in apis}
        self._more = frozenset(host.lower() for host in hosts)

    def pick(self, recording: Recording) -> tuple[list[Picked], list[str]]:
        """The exchanges that belong to an API, and a line for what else is in the file."""
        found: list[Picked] = []
        foreign: Counter[str] = Counter()
        unknown: Counter[str] = Counter()
        preflights = unchanged = 0
        for one in recording.exchanges:
            if one.request.method == "OPTIONS" and one.request.header("access-control-request-method") is not None:
                preflights += 1
                continue
            match = self._router.find(one.request.path, one.request.method)
            if match.api is not None and self._is_of(match.api, one.host):
                operation = match.operations.get(one.request.method)
                if operation is None and one.request.method == "HEAD":
                    operation = match.operations.get("GET")
                if one.response.status == 304 and operation is not None and "304" not in operation.responses:
                    unchanged += 1  # the client's own cache has the answer
                    continue
                found.append(Picked(one, recording, match.api, operation, match.segments))
            elif any(self._is_of(api, one.host) for api in self._apis()) and not _is_local(one.host):
                unknown[f"{one.request.method} {one.request.path}"] += 1
            else:
                foreign[one.host or "no host"] += 1
        lines = list(self._lines(recording, len(found), foreign, unknown))
        if unchanged:
            lines.append(f"{recording.file}: {_counted(unchanged, 'answer')} from a client's cache (304) left out")
        if recording.left_out:
            kinds = ", ".join(f"{kind} {count}" for kind, count in recording.left_out.items())
            total = sum(recording.left_out.values())
            lines.append(f"{recording.file}: {_counted(total, 'entry')} without an answer of HTTP left out: {kinds}")
        if preflights:
            lines.append(f"{recording.file}: {_counted(preflights, 'preflight')} of a browser left out")
        return found, lines

    def _apis(self) -> Iterator[str]:
        yield from self._hosts

    def _is_of(self, api: Api | str, host: str) -> bool:
        """Whether a host serves an API: one of its document or of the user, or any where the document names none."""
        known = self._hosts[api if isinstance(api, str) else api.name]
        return not host or not known or host in self._more or _is_local(host) or any(p.fullmatch(host) for p in known)

    def _lines(
        self, recording: Recording, count: int, foreign: Mapping[str, int], unknown: Mapping[str, int]
    ) -> Iterator[str]:
        if unknown:
            total, first = sum(unknown.values()), next(iter(unknown))
            paths = "is on no path" if total == 1 else "are on no path"
            hint = self._router.suggest(first.partition(" ")[2])
            yield f"{recording.file}: {_counted(total, 'exchange')} {paths} of the documents, first {first[:200]}{hint}"
        if foreign:
            names = Counter(foreign).most_common(_SHOWN)
            listed = ", ".join(f"{host} {number}" for host, number in names)
            more = f", and {len(foreign) - _SHOWN} more" if len(foreign) > _SHOWN else ""
            total = sum(foreign.values())
            text = f"{_counted(total, 'exchange')} with {_counted(len(foreign), 'other host')} left out: {listed}{more}"
            near = suggest(names[0][0], self._more)
            remedy = "" if count else f"; --api names their document, --host {names[0][0]} another host of it{near}"
            yield f"{recording.file}: {text}{remedy}"


def _hosts(contract: Contract) -> tuple[re.Pattern[str], ...]:
    """The hosts that a document names, as patterns of lower-case texts."""
    document = read_bytes(contract.content, contract.source) if contract.content else contract.document
    items = [item for item in document.get("paths", {}).values() if isinstance(item, Mapping)]
    operations = [one for item in items for one in item.values() if isinstance(one, Mapping)]
    urls = [
        str(server.get("url", ""))
        for holder in (document, *items, *operations)
        for server in holder.get("servers") or ()
        if isinstance(server, Mapping)
    ]
    hosts = {host for url in urls if (host := _host(url))}
    return tuple(re.compile(re.sub(r"\\\{[^{}]*\\\}", "[^/:]+", re.escape(host))) for host in sorted(hosts))


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2].partition(":")[0].lower()
    except ValueError:
        return ""


def _is_local(host: str) -> bool:
    """Whether a host is this machine, or a name without a dot, as containers have: no public service."""
    return host in _LOCAL or host.startswith("127.") or (bool(host) and "." not in host)


def _counted(count: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count} {noun}" if count == 1 else f"{count} {plural}"
