"""The story of an exchange: why it was answered so, what mattered first, then each step of the pipeline in order.

Made when it is asked for, of what the pipeline noted. Must not know the world as it is now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from understudy.engine.api import Api
from understudy.engine.decision import decisive
from understudy.engine.exchange import Bucket, Exchange
from understudy.engine.journal import STEPS, trace_entry
from understudy.engine.store import decode

Json = Any
_PARTS = {"route": "route", "fault": "fault", "authenticate": "credential", "admit": "limit", "validate": "validation"}


def story(exchange: Exchange, api: Api | None) -> dict[str, Json]:
    """`summary`, one sentence, and `parts`: what decided first, the others as they happened.

    Each part has `part`, `text`, and what can be counted: buckets, rules and assumptions, records before and after.
    """
    changes = _changes(exchange, api)
    parts = list(_parts(exchange, api, changes))
    first = _PARTS.get(exchange.stop) or ("state" if changes else "decision")
    parts.sort(key=lambda part: part["part"] != first)
    return {"summary": _summary(exchange, len(changes)), "parts": parts}


def _summary(exchange: Exchange, count: int) -> str:
    status, reason = exchange.response.status, exchange.reason
    if exchange.message is not None:
        return f"{status}, {reason}: {exchange.message}"
    if reason is not None:
        return f"{status}, {reason}"
    wrote = f", and wrote {count} record{'' if count == 1 else 's'}" if count else ""
    return f"{status}: {exchange.operation or exchange.request.method} was answered{wrote}"


def _parts(exchange: Exchange, api: Api | None, changes: Sequence[dict[str, Json]]) -> Iterator[dict[str, Json]]:
    reached = STEPS.index(exchange.stop)
    yield _part("route", _route(exchange, api), hint=_hint(exchange, "route"))
    if exchange.stop == "fault":
        yield _part("fault", f"an injected fault answered {exchange.response.status} in place of {exchange.api}")
        return
    if reached >= STEPS.index("authenticate"):
        yield _part("credential", _credential(exchange), hint=_hint(exchange, "authenticate"))
    if reached >= STEPS.index("admit"):
        yield _limit(exchange)
    if reached >= STEPS.index("validate"):
        refused = exchange.stop == "validate" and exchange.message
        text = refused or "parameters and body fit the document"
        hint, warning = _hint(exchange, "validate"), exchange.response.header("x-mock-warning")
        yield _part("validation", text, hint=hint, warning=warning)
    yield from _decision(exchange, api)
    if changes:
        yield _part("state", "; ".join(change.pop("text") for change in changes), changes=changes)


def _decision(exchange: Exchange, api: Api | None) -> Iterator[dict[str, Json]]:
    """What decided the answer."""
    ids = [] if api is None else _decisive(exchange, api)
    decided = [trace_entry(id, api.contract if api else None, exchange.assumptions) for id in ids]
    if exchange.stop in ("run", "page") or decided:
        answered = f"{exchange.operation or exchange.request.method} answered {exchange.response.status}"
        text = answered if exchange.message is None or exchange.stop not in ("run", "page") else exchange.message
        yield _part("decision", text, decided=decided, hint=_hint(exchange, "run"))


def _decisive(exchange: Exchange, api: Api) -> list[str]:
    operation = api.contract.operations.get(exchange.operation or "")
    return decisive(api.contract, operation, exchange.stop, exchange.trace)


def _part(part: str, text: str, **details: Json) -> dict[str, Json]:
    return {"part": part, "text": text, **{name: value for name, value in details.items() if value is not None}}


def _hint(exchange: Exchange, step: str) -> str | None:
    """The hint of a refusal by a step."""
    return exchange.response.header("x-mock-hint") if exchange.stop == step else None


def _route(exchange: Exchange, api: Api | None) -> str:
    request = exchange.request
    asked = f"{request.method} {request.path}"
    if request.method == "TIMER":  # what an API does by itself
        return f"the timer {request.path} of {exchange.api} ran"
    if not exchange.api:
        told = "belongs to no API that is served here"
        return f"{asked} {told if exchange.reason else 'was answered beside all APIs'}"
    operation = api.contract.operations.get(exchange.operation or "") if api else None
    if operation is None:
        return f"{asked} belongs to {exchange.api}, but is no operation of it"
    return f"{asked} is {operation.id} of {exchange.api} ({operation.method} {operation.path})"


def _credential(exchange: Exchange) -> str:
    caller = exchange.caller
    if exchange.stop == "authenticate" and exchange.message is not None:
        return f"the credential was refused: {exchange.message}"
    if caller is None or not caller.tenant:
        return "no credential is needed"
    if not caller.token:
        return f"no credential is needed; it acts for {caller.tenant}"
    scope = f", limited to {caller.scope}" if caller.scope else ""
    subject = f", as {caller.subject}" if caller.subject else ""
    return f"the credential {caller.token} is one of {caller.tenant}{scope}{subject}"


def _limit(exchange: Exchange) -> dict[str, Json]:
    """The part of the rate limits, with each bucket before and after the request."""
    if not exchange.buckets:
        return _part("limit", "no rate limit counts it")
    refused = exchange.stop == "admit"
    buckets = [
        _bucket(bucket, refused=refused and number == len(exchange.buckets), failed=exchange.response.status >= 300)
        for number, bucket in enumerate(exchange.buckets, 1)
    ]
    return _part("limit", "; ".join(bucket.pop("text") for bucket in buckets), buckets=buckets)


def _bucket(bucket: Bucket, *, refused: bool, failed: bool) -> dict[str, Json]:
    per, span, most, used, only_successful = bucket
    before, after = (used, used) if refused else (used - 1, used)
    text = f"request {used} of {most} in {span / 1000:g} s for this {per}"
    if refused:
        text = f"all {most} requests in {span / 1000:g} s for this {per} are used"
    elif failed and only_successful:
        after, text = before, f"{text}; given back, since it failed"
    return {"text": text, "per": per, "seconds": span / 1000, "most": most, "before": before, "after": after}


def _changes(exchange: Exchange, api: Api | None) -> list[dict[str, Json]]:
    """The records that were written, each once: as it was before the first write, and after the last one."""
    names = {} if api is None else {id(layout): name for name, layout in api.layouts.items()}
    first: dict[tuple[str, str], bytes | None] = {}
    last: dict[tuple[str, str], bytes | None] = {}
    for layout, record, before, after in exchange.writes:
        name = names.get(id(layout), "(unknown)")
        if not name.startswith("("):  # what a world counts is no record
            first.setdefault((name, record), before)
            last[name, record] = after
    return [_change(*key, before, last[key]) for key, before in first.items()]


def _change(collection: str, id: str, before: bytes | None, after: bytes | None) -> dict[str, Json]:
    """A record that was written, before and after."""
    was, now = (None if row is None else decode(row) for row in (before, after))
    return {
        "text": _told(f"{collection} {id}", was, now),
        "collection": collection,
        "id": id,
        "before": was,
        "after": now,
    }


def _told(name: str, was: Mapping[str, Json] | None, now: Mapping[str, Json] | None) -> str:
    if was is None or now is None:
        return f"{name} was {'made' if now is not None else 'removed' if was is not None else 'made and removed'}"
    members = [member for member in {**was, **now} if was.get(member) != now.get(member)]
    return f"{name}: {', '.join(members)} changed" if members else f"{name} stays as it was"
