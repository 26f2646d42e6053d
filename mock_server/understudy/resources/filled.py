"""Answers of resources whose records are filled: each is made to fit its own schema before it is sent.

What an answer requires beside the record comes from the documented example. Must not know how a record is found.
"""

from __future__ import annotations

from collections.abc import Callable

from understudy.document.answers import Answers
from understudy.document.operation import Operation
from understudy.document.sample import NoValue
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.examples import NO_EXAMPLE, response_key
from understudy.engine.exchange import Headers
from understudy.engine.paging import page
from understudy.engine.problem import Problem
from understudy.resources.filling import Filler
from understudy.resources.roles import Answer, Role


def filled(role: Role, handler: Handler, answers: Answers) -> Handler:
    """A handler whose answers fit the document; `handler` makes them."""
    operation = role.operation
    known: dict[int, Callable[[bytes], tuple[bytes, Headers]]] = {}

    def handle(call: Call) -> Reply:
        reply = handler(call)
        status = reply.status or int(call.value(operation.success))
        fit = known.get(status)
        if fit is None:
            fit = known[status] = _fitting(operation, status, answers, role.answer)
        content = reply.body if isinstance(reply.body, bytes) else page(call, reply.body)
        body, head = fit(content)
        if call.headers:
            own = {name for name, _ in call.headers}
            head = tuple(one for one in head if one[0] not in own)
        if status == 204:  # which is sent without the head of the reply
            call.headers += head
        return Reply(body, reply.status, head)

    return handle


def _fitting(
    operation: Operation, status: int, answers: Answers, answer: Answer
) -> Callable[[bytes], tuple[bytes, Headers]]:
    """What makes an encoded body fit the documented response, and says with which headers it is sent."""
    key = response_key(operation, status)
    if key is None:
        return lambda content: (b"", ())
    expected = operation.responses[key]
    required = {name.encode() for name, needed, *_ in expected.headers if needed}

    def head() -> Headers:
        if not required and not answer.example:
            return ((b"content-type", media_type),) if media_type else ()
        try:
            known = answers.of(operation, key).headers
        except NoValue:
            known = ((b"content-type", media_type),) if media_type else ()
        return tuple(one for one in known if one[0] == b"content-type" or one[0] in required)

    media_type = _media_type(expected.media_type)
    if not media_type:
        return lambda content: (b"", head())
    if answer.example or expected.body is None:
        return lambda content: (_example(operation, answers, key), head())
    filler = Filler(expected.body, lambda: answers.of(operation, key).value)
    fit = _once(filler) if answer.whole else filler.filled_bytes
    return lambda content: (fit(content), head())


def _once(filler: Filler) -> Callable[[bytes], bytes]:
    """What fills answers until one fits as it is: each holds a record that fits the same schema, and nothing else."""
    fits = False

    def fit(content: bytes) -> bytes:
        nonlocal fits
        if fits:
            return content
        made = filler.filled_bytes(content)
        fits = made is content
        return made

    return fit


def _example(operation: Operation, answers: Answers, key: str) -> bytes:
    try:
        return answers.of(operation, key).body
    except NoValue as error:
        raise Problem(NO_EXAMPLE, f"No value was found that fits the response {key}: {error}") from None


def _media_type(declared: str) -> bytes:
    """The media type that is sent: a range stands for JSON."""
    return (b"application/json" if "*" in declared else declared.encode()) if declared else b""
