"""Repeated requests: one with the Idempotency-Key of an earlier one gets its answer, and changes nothing.

Only successes are remembered: a request that was refused may be sent again. Must not know what a request does.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import blake2b

from understudy.document.infer.requests import REPEAT_KEY
from understudy.engine.call import Call, Handler, Json, Reply
from understudy.engine.problem import Problem
from understudy.resources.layouts import REPLIES
from understudy.resources.roles import Role


def repeated(role: Role, handler: Handler) -> Handler:
    """A handler that answers a repeated request as the first one."""
    names = [
        one.name for one in role.operation.parameters if one.location == "header" and REPEAT_KEY.fullmatch(one.name)
    ]

    def handle(call: Call) -> Reply:
        key = next((text for name in names if (text := call.request.header(name.lower()))), None)
        if key is None or not call.value(role.repeats):
            return handler(call)
        request = call.request
        id = _digest(f"{request.method} {request.path} {key}".encode())
        content = _digest(request.query.encode() + b"\n" + request.body)
        known = call.store[REPLIES].get_shared(id)
        if known is None:
            return _remembered(call, handler, id, content)
        if known["content"] != content:
            raise Problem(role.resource.conflict, f"The key {key[:80]!r} was sent with another request before")
        call.headers += tuple((name.encode(), text.encode("latin-1")) for name, text in known["headers"])
        head = tuple((name.encode(), text.encode("latin-1")) for name, text in known["head"])
        return Reply(b64decode(known["body"]), known["status"], head)

    return handle


def _remembered(call: Call, handler: Handler, id: str, content: str) -> Reply:
    """The answer to a first request, which is kept."""
    before = len(call.headers)
    reply = handler(call)
    assert isinstance(reply.body, bytes), "only operations that write are repeated, and they answer no list"
    record: dict[str, Json] = {
        "id": id,
        "content": content,
        "status": reply.status,
        "body": b64encode(reply.body).decode(),
        "head": [[name.decode(), text.decode("latin-1")] for name, text in reply.head],
        "headers": [[name.decode(), text.decode("latin-1")] for name, text in call.headers[before:]],
    }
    call.store[REPLIES].put(record)
    return reply


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()
