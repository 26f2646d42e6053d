"""The journal of a world as a recording. Its exchanges come masked from the server's mask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import structs

from understudy.engine.exchange import Exchange
from understudy.recording.bodies import Undecoded, plain
from understudy.recording.recorded import Recorded

_OWN = b"x-mock-"


def recorded(exchanges: Iterable[Exchange], url: str) -> Iterator[Recorded]:
    """The exchanges of clients as recorded ones; `url` is the server's own, for requests without a Host header."""
    for number, exchange in enumerate((one for one in exchanges if one.request.method != "TIMER"), 1):
        request, response = exchange.request, exchange.response
        scheme = url.partition("://")[0]
        host = request.header("host")
        try:
            sent = plain(request.headers, request.body)
        except Undecoded:
            sent = request.headers, request.body
        headers = tuple(field for field in response.headers if not field[0].startswith(_OWN))
        yield Recorded(
            structs.replace(request, headers=sent[0], body=sent[1], oversized=False),
            structs.replace(response, headers=plain(headers, response.body)[0]),
            origin=f"{scheme}://{host}" if host else url,
            at=exchange.at,
            number=number,
        )
