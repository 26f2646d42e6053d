"""The journal of a world: the exchanges that its requests made, and what is asserted about them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, overload

from understudy.testing.control import Control, door, given

Json = Any
MOST = 1_000_000
"""More exchanges than a journal holds."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response as it was sent; header names are lower case, secrets are masked."""

    headers: Mapping[str, str]
    body: str

    def json(self) -> Json:
        """The decoded body. Raises ValueError where it is no JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class RecordedExchange:
    """One request and its response.

    `operation` is the operationId (None: no operation has this path), `reason` the kind of a refusal (None without
    one), `message` what it says; `hint` and `warning` are what the server told about it. The rest is read when it is
    asked for.
    """

    id: int
    at: datetime
    api: str
    operation: str | None
    method: str
    path: str
    query: str
    status: int
    reason: str | None
    message: str | None
    hint: str | None
    warning: str | None
    journal: Journal = field(repr=False, compare=False)

    @cached_property
    def details(self) -> Json:
        """The whole exchange as the control API tells it, with its trace."""
        return self.journal.get(self.id)

    @property
    def request(self) -> Message:
        """What the client sent."""
        return _message(self.details["request"])

    @property
    def response(self) -> Message:
        """What the server returned."""
        return _message(self.details["response"])

    @property
    def decided(self) -> Sequence[Mapping[str, str]]:
        """The rules and assumptions that decided it, each with `id`, `basis` and `text`."""
        found: Sequence[Mapping[str, str]] = self.details["trace"]["decided"]
        return found

    @property
    def why(self) -> Mapping[str, Json]:
        """Why it was answered so: a `summary`, and `parts`, what mattered first."""
        found: Mapping[str, Json] = self.details["why"]
        return found

    @property
    def error(self) -> str | None:
        """The traceback where the server itself failed."""
        found: str | None = self.details["error"]
        return found


class Calls(Sequence[RecordedExchange]):
    """Exchanges, oldest first."""

    def __init__(self, exchanges: Sequence[RecordedExchange]) -> None:
        self._exchanges = tuple(exchanges)

    def __repr__(self) -> str:
        return f"Calls({[f'{one.method} {one.path}: {one.status}' for one in self._exchanges]})"

    def __len__(self) -> int:
        return len(self._exchanges)

    @overload
    def __getitem__(self, index: int) -> RecordedExchange: ...
    @overload
    def __getitem__(self, index: slice) -> Calls: ...
    def __getitem__(self, index: int | slice) -> RecordedExchange | Calls:
        return Calls(self._exchanges[index]) if isinstance(index, slice) else self._exchanges[index]

    @property
    def statuses(self) -> list[int]:
        """The status of each response."""
        return [one.status for one in self._exchanges]

    @property
    def requests(self) -> list[Message]:
        """Each request."""
        return [one.request for one in self._exchanges]

    @property
    def responses(self) -> list[Message]:
        """Each response."""
        return [one.response for one in self._exchanges]

    @property
    def last(self) -> RecordedExchange:
        """The newest one. Raises IndexError where there is none."""
        return self._exchanges[-1]


class Journal:
    """The last exchanges of a world with its APIs; calls of the control API are not recorded."""

    def __init__(self, control: Control, api: str | None) -> None:
        self._control, self._api = control, api

    def __iter__(self) -> Iterator[RecordedExchange]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.list())

    @overload
    def __getitem__(self, index: int) -> RecordedExchange: ...
    @overload
    def __getitem__(self, index: slice) -> Calls: ...
    def __getitem__(self, index: int | slice) -> RecordedExchange | Calls:
        return self.list()[index]

    @door("listExchanges")
    def list(
        self,
        *,
        api: str | None = None,
        operation: str | None = None,
        status: int | None = None,
        reason: str | None = None,
        limit: int = MOST,
    ) -> Calls:
        """The newest exchanges that fit all filters, at most `limit`, oldest first.

        `reason` is a value of X-Mock-Reason, such as `validation`. Raises ControlError for an API, operation or reason
        that does not exist.
        """
        filters = {"api": api or self._api, "operation": operation, "status": status, "reason": reason}
        found = self._control.call("listExchanges", query=given({**filters, "limit": limit}))
        return Calls([self._read(one) for one in found["exchanges"]])

    @door("getExchange")
    def get(self, id: int) -> Json:
        """One exchange whole, as the control API tells it. Raises ControlError where the journal no longer has it."""
        return self._control.call("getExchange", id=id)

    @door("exportJournal")
    def export(self, format: str = "har") -> Json:
        """All exchanges as a recording without secrets: a HAR or cassette as JSON, a cassette in YAML as text.

        `format` is har, yaml, json or betamax. Raises ControlError for another one, and for what it cannot hold.
        """
        return self._control.call("exportJournal", query={"format": format})

    @door("clearJournal")
    def clear(self) -> None:
        """Remove all exchanges; numbering goes on."""
        self._control.call("clearJournal")

    def _read(self, line: Mapping[str, Json]) -> RecordedExchange:
        members: dict[str, Json] = {name: line.get(name) for name in _LINE}
        members["at"] = datetime.fromisoformat(line["at"])
        return RecordedExchange(**members, journal=self)


_LINE = tuple(name for name in RecordedExchange.__dataclass_fields__ if name != "journal")


def _message(found: Mapping[str, Json]) -> Message:
    return Message(dict(reversed(found["headers"])), found["body"])
