"""What a failed test is told about its world: the last exchanges, and the reasons of the refused ones."""

from __future__ import annotations

from collections.abc import Iterator

from understudy.messages import shorten
from understudy.testing.errors import ControlError
from understudy.testing.journal import RecordedExchange
from understudy.testing.world import WorldHandle

MOST_EXCHANGES = 10
MOST_REASONS = 5  # rules and assumptions of one exchange
LONGEST = 110  # characters of a text


def told(world: WorldHandle) -> str:
    """The last exchanges of a world, a line or some each; why not, where they cannot be read."""
    try:
        return "\n".join(_lines(world))
    except (ControlError, OSError) as error:
        return f"the exchanges of world {world.id} cannot be read: {error}"


def _lines(world: WorldHandle) -> Iterator[str]:
    exchanges = world.journal.list(limit=MOST_EXCHANGES)
    yield f"world {world.id}, its time {world.clock.now.isoformat(timespec='milliseconds')}"
    if not exchanges:
        yield "no request has reached it"
    for exchange in exchanges:
        yield f"#{exchange.id} {_summary(exchange)}"
        yield from (f"    {line}" for line in _reasons(exchange))


def _summary(exchange: RecordedExchange) -> str:
    query = f"?{exchange.query}" if exchange.query else ""
    reason = f" ({exchange.reason})" if exchange.reason else ""
    operation = exchange.operation or "no operation"
    return f"{exchange.method} {exchange.path}{query} -> {exchange.status}{reason}, {operation}"


def _reasons(exchange: RecordedExchange) -> Iterator[str]:
    """Hint and warning; of a refused exchange, its body, and what mattered first, with the rules behind it."""
    for name, text in (("hint", exchange.hint), ("warning", exchange.warning)):
        if text is not None:
            yield f"{name}: {text}"
    if exchange.reason is None:
        return
    yield f"answer: {shorten(exchange.response.body, LONGEST)}"
    first = exchange.why["parts"][0]
    yield f"why: {first['text']}"
    for one in first.get("decided", ())[:MOST_REASONS]:
        yield f"    {one['basis']}: {one['id']}: {shorten(one['text'], LONGEST)}"
    if exchange.error is not None:
        yield exchange.error.strip().splitlines()[-1]
