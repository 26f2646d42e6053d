"""Exchanges of the journal without their secrets: what the server's mask hides, and all that the redactor finds.

Works when an exchange is shown, never while a request is served. Must not know where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from msgspec import structs

from understudy.document.contract import Contract
from understudy.engine.exchange import Exchange, Request, Response, Write
from understudy.engine.worlds import Worlds
from understudy.recording.recorded import Recorded
from understudy.recording.redact import Redactor
from understudy.recording.secrets import Names

Message = TypeVar("Message", Request, Response)
_MOST = 1 << 16  # bytes of a body that a line of a log looks at
_NOTES = (b"x-mock-hint", b"x-mock-warning")


class Hider:
    """Hides what the exchanges of a server hold, with the placeholders of its mask."""

    def __init__(self, worlds: Worlds) -> None:
        self._mask, self._tokens = worlds.server.mask, worlds.tokens
        self._names = names_of(tuple(api.contract for api in worlds.apis.values()))

    def redactor(self, world: str, known: Iterable[Recorded] = ()) -> Redactor:
        """A redactor that knows the keys of a world, and the secrets of exchanges."""
        redactor = Redactor(names=self._names, placeholder=self._mask.placeholder)
        for token in self._tokens(world):
            redactor.know(token)
        for one in known:
            redactor.learn(one)
        return redactor

    def line(self, exchange: Exchange) -> Exchange:
        """The exchange for a line: no secret in path, query, message and notes; headers and bodies are as they are."""
        masked = self._mask.line(exchange)
        if self._mask.shows or (exchange.response.status < 400 and not exchange.request.query):
            return masked
        redactor = self.redactor(exchange.world, [Recorded(_cut(exchange.request), _cut(exchange.response))])
        clean = redactor.redact(Recorded(structs.replace(masked.request, body=b"", headers=()), Response(200)))
        headers = tuple(
            (name, _hidden(value, redactor) if name in _NOTES else value) for name, value in exchange.response.headers
        )
        return structs.replace(
            exchange,
            request=structs.replace(exchange.request, path=clean.request.path, query=clean.request.query),
            response=structs.replace(exchange.response, headers=headers),
            message=None if masked.message is None else redactor.text(masked.message),
        )

    def whole(self, exchange: Exchange) -> Exchange:
        """The exchange without its secrets, wherever they stand in it."""
        if self._mask.shows:
            return exchange
        rows = [row for one in exchange.writes for row in one[2:] if row is not None]
        records = (Recorded(Request("", ""), Response(200, (), row)) for row in rows)
        redactor = self.redactor(exchange.world, [Recorded(exchange.request, exchange.response), *records])
        masked = self._mask.whole(exchange)
        clean = redactor.redact(Recorded(masked.request, masked.response))
        error, message = (None if text is None else redactor.text(text) for text in (masked.error, masked.message))
        return structs.replace(
            masked,
            request=clean.request,
            response=clean.response,
            error=error,
            message=message,
            flat_writes=tuple(part for one in masked.writes for part in _write(one, redactor)),
        )


@lru_cache(maxsize=8)
def names_of(contracts: tuple[Contract, ...]) -> Names:
    """The names of secrets in documents."""
    return Names(contracts)


def _cut(message: Message) -> Message:
    return message if len(message.body) <= _MOST else structs.replace(message, body=message.body[:_MOST])


def _hidden(value: bytes, redactor: Redactor) -> bytes:
    return redactor.text(value.decode("latin-1")).encode("latin-1", "replace")


def _write(write: Write, redactor: Redactor) -> Write:
    layout, id, *rows = write
    before, after = (None if row is None else redactor.content(row) for row in rows)
    return layout, redactor.text(id), before, after
