"""Conditional requests (RFC 9110, 13): answers with the ETag of a record, and requests that name one.

An ETag follows from the content of a record, so that every answer about it has the same. Must not know how a request
changes a record.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b

import msgspec

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import SharedRecord
from understudy.resources.records import Records
from understudy.resources.roles import Role

PRECONDITION = "precondition-failed"
"""The kind of problem of a request whose If-Match or If-None-Match does not hold."""
_TAG = re.compile(r'(W/)?("[^"]*")')
Find = Callable[[Call], SharedRecord | None]


def conditional(role: Role, handler: Handler, records: Records, find: Find) -> Handler:
    """A handler that heeds preconditions, and answers the ETag where it is documented; `find` finds the record."""
    operation = role.operation
    answers = [one for status, one in operation.responses.items() if status[0] not in "45"]
    tagged = any(name == "etag" for one in answers for name, *_ in one.headers)
    named = {one.name.lower() for one in operation.parameters if one.location == "header"}
    may_be_unchanged = "304" in operation.responses or "if-none-match" in named
    reads, creates = role.action == "read", role.action == "create"

    def handle(call: Call) -> Reply:
        if not call.value(role.conditional):
            return handler(call)
        before = None if creates else find(call)
        tag = None if before is None else _tag(before)
        if reads and may_be_unchanged and tag is not None and _names(call, "if-none-match", tag):
            call.headers += ((b"etag", tag.encode()),)
            return Reply(b"", 304, ())
        if not reads and not creates:
            _check(call, tag, role.resource.conflict)
        reply = handler(call)
        if tagged:
            after = _written(call, records) if creates else find(call)
            call.headers += () if after is None else ((b"etag", _tag(after).encode()),)
        return reply

    return handle


def _check(call: Call, tag: str | None, conflict: str) -> None:
    """Raise the Problem of a precondition that does not hold (RFC 9110, 13.2.2); `tag` is None without a record.

    A document that declares its kinds of error may have none for it: `conflict` is taken then.
    """
    kind = PRECONDITION if PRECONDITION in call.contract.errors else conflict
    wanted = call.request.header("if-match")
    if wanted is not None and tag is not None and not _names(call, "if-match", tag):
        raise Problem(kind, f"The record has the ETag {tag}, and If-Match names {wanted[:80]}")
    if tag is not None and _names(call, "if-none-match", tag):
        raise Problem(kind, f"The record has the ETag {tag}, which If-None-Match excludes")


def _names(call: Call, header: str, tag: str) -> bool:
    """Whether a header names an ETag, or any; a weak one is no precondition of a change (RFC 9110, 13.1.1)."""
    given = call.request.header(header) or ""
    named = (one for weak, one in _TAG.findall(given) if not weak or header == "if-none-match")
    return given.strip() == "*" or tag in named


def _tag(record: SharedRecord) -> str:
    content = msgspec.json.encode(record, order="sorted")
    return f'"{blake2b(content, digest_size=8).hexdigest()}"'


def _written(call: Call, records: Records) -> SharedRecord | None:
    """The record that a call has made; None where it is made later."""
    rows = zip(call.writes[::4], call.writes[1::4], strict=True)
    ids = [id for layout, id in rows if layout is records.layout]
    return call.store[records.name].get_shared(ids[-1]) if ids else None
