"""The handler of an operation that has no other: it answers a checked example of its documented response."""

from __future__ import annotations

from understudy.document.answers import Answers
from understudy.document.operation import Operation
from understudy.document.sample import NoValue
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.problem import Problem

_BODILESS = (204, 205, 304)  # statuses whose responses have no content (RFC 9110, 15)
NO_EXAMPLE = "no-example"
"""The kind of problem of an operation whose documented response no value fits."""


def example_handler(answers: Answers) -> Handler:
    """The handler of all operations of a document that have no other."""

    def answer(call: Call) -> Reply:
        operation, status = call.operation, int(call.value(call.operation.success))
        key = response_key(operation, status)
        assert key is not None, "an operation whose document names no success gets one"
        try:
            found = answers.of(operation, key)
        except NoValue as error:
            raise Problem(NO_EXAMPLE, f"No value was found that fits the response {key}: {error}") from None
        if status in _BODILESS:
            call.headers += tuple(header for header in found.headers if header[0] != b"content-type")
            return Reply(b"", status, ())
        return Reply(found.body, status, found.headers)

    return answer


def response_key(operation: Operation, status: int) -> str | None:
    """The key of the documented response with a status."""
    return next((key for key in (str(status), f"{status // 100}XX", "default") if key in operation.responses), None)
