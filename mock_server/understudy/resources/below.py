"""Examples of operations below an item: answered where the item is there, with what the request says in them.

Must not know how an item is found.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import msgspec

from understudy.document.answers import Answers
from understudy.engine.call import Call, Handler, Json, Reply
from understudy.engine.examples import example_handler, response_key
from understudy.engine.store import SharedRecord
from understudy.resources.filling import Filler
from understudy.resources.roles import Role
from understudy.resources.values import ABSENT


def example(role: Role, find: Callable[[Call], SharedRecord], answers: Answers) -> Handler:
    """The handler of an operation that answers an example below an item; `find` raises Problem without the item."""
    shown, echo = example_handler(answers), _echoing(role, answers)

    def handle(call: Call) -> Reply:
        find(call)
        reply = shown(call)
        return echo(call, reply) if role.echo and reply.body else reply

    return handle


def _echoing(role: Role, answers: Answers) -> Callable[[Call, Reply], Reply]:
    """What puts values of the request into an example, as far as they fit its schema."""
    operation = role.operation

    def echo(call: Call, reply: Reply) -> Reply:
        key = response_key(operation, reply.status or int(call.value(operation.success)))
        expected = operation.responses[key] if key is not None else None
        if key is None or expected is None or expected.body is None:
            return reply
        known = answers.of(operation, key).value
        value = deepcopy(known)
        for pointer, given in role.echo:
            _put(value, pointer, given(call, None))
        fitting = Filler(expected.body, lambda: known).fill(value)
        return Reply(msgspec.json.encode(fitting), reply.status, reply.head)

    return echo


def _put(value: Json, pointer: str, given: Json) -> None:
    """Put a value where a pointer leads, if all that stands above is there."""
    *above, last = (one.replace("~1", "/").replace("~0", "~") for one in pointer.split("/")[1:])
    for name in above:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict) and given is not ABSENT:
        value[last] = given
