"""The pipeline: one request in, one exchange out, never waiting.

Route, fault, authenticate, admit or 429, validate, run, page, record. A Problem is caught once, here, and
rendered in the API's own error shape. Must not know HTTP's transport, nor any API.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from http import HTTPStatus

from msgspec import structs

from mock_server import hints
from mock_server.api import NOBODY, Api, Call, Problem, Refusal, Router, Steps
from mock_server.auth import authenticate
from mock_server.bounds import Full
from mock_server.contract import Operation
from mock_server.exchange import Exchange, Headers, Request, Response
from mock_server.faults import inject
from mock_server.paging import page
from mock_server.ratelimit import admit, give_back
from mock_server.store import encode
from mock_server.validation import validate
from mock_server.world import World, Worlds

STEPS = Steps(fault=inject, authenticate=authenticate, admit=admit, validate=validate)
JSON: Headers = ((b"content-type", b"application/json"),)
PROBLEM_JSON: Headers = ((b"content-type", b"application/problem+json"),)


def handle(request: Request, world: World) -> Exchange:
    """Answer one request in one world, and record the exchange. Raises nothing."""
    call = Call(request, world)
    if world.due:
        world.catch_up(call.now)
    reason = error = None
    refused = True
    try:
        response = _route(call) or _answer(call, call.api.steps)
        refused = response.status >= 300
    except Problem as problem:
        reason, response, error = _refuse(call, problem)
    except Full as full:  # no vendor's refusal: the server's own
        reason, response = "bound", _details(507, str(full))
    except Exception:  # a programmer's error: the client gets the API's own 500, the journal the traceback
        reason, response, error = _fail(call, traceback.format_exc())
    if world.registry.checked and error is None and reason != "bound":
        mismatch = _mismatch(call, response)
        if mismatch is not None:
            reason, response, error = _fail(call, mismatch)
            refused = True
    if refused:
        reason = reason or ("fault" if call.step == "fault" else "route")
        give_back(call)
        response = _reasoned(world.registry, response, reason)
    return _record(call, response, reason, error)


def body_bound(request: Request, world: World) -> int | None:
    """The most bytes that the body of a request may have; None when it is refused whatever its body holds.

    That is seen from its route and credential alone: nothing is counted or recorded.
    """
    call = Call(request, world)
    try:
        if _route(call) is not None or call.api.steps.authenticate(call) is not None:
            return None
    except Exception:  # `handle` meets it again and answers it
        return None
    return call.api.body_bound(call.operation.id)


def nowhere(registry: Worlds) -> Response:
    """The answer to a request whose X-Mock-World names no world."""
    detail = "X-Mock-World names no world of this server; GET /__mock__/worlds lists them"
    return _reasoned(registry, _not_found(detail), "not-found")


def _answer(call: Call, steps: Steps) -> Response:
    return steps.fault(call) or steps.authenticate(call) or steps.admit(call) or steps.validate(call) or _run(call)


def _route(call: Call) -> Response | None:
    """Find the API and its operation; the answer for a path that no API owns, and to OPTIONS."""
    router, request = call.world.registry.router, call.request
    api, operations, segments = router.find(request.path)
    if api is None:
        return _nobodys(request.path[:200], router)
    call.api, call.segments = api, segments
    operation = operations.get(request.method)
    if operation is None and operations:
        allowed = _allowed(call, operations)
        if request.method not in allowed:
            message = f"{request.method} is not allowed here; allowed: {', '.join(allowed)}"
            raise Problem("method-not-allowed", message, headers=_allow(allowed))
        if request.method == "OPTIONS":
            return Response(204, _allow(allowed))
        operation = operations["GET"]
    if operation is None:
        documented = api.contract.errors["unknown-route"].rule is not None  # then its message is, too
        message = f"{request.method} {request.path[:200]} is no operation of this API"
        raise Problem("unknown-route", None if documented else message)
    call.operation = operation
    return None


def _allowed(call: Call, operations: Mapping[str, Operation]) -> list[str]:
    """The methods of a path: those of its operations, and HEAD and OPTIONS where the API answers them."""
    methods = call.api.contract.methods
    head = "GET" in operations and call.value(methods["head"]) == "like-get"
    options = call.value(methods["options"]) == "allow"
    return sorted({*operations, *(["HEAD"] if head else []), *(["OPTIONS"] if options else [])})


def _allow(methods: list[str]) -> Headers:
    return ((b"allow", ", ".join(methods).encode()),)


def _run(call: Call) -> Response:
    """Let the handler answer, and cut a page where it returns a listing."""
    call.step = "run"
    method = call.operation.method  # GET for a HEAD, too
    if method != "GET" and call.credential is not NOBODY:
        meter = call.store.meter
        if meter.bytes >= meter.next and method != "DELETE":  # what is full can be deleted from
            call.world.check_room(call.store)
    reply = call.api.handlers[call.operation.id](call)
    body = reply.body
    if not isinstance(body, bytes):
        call.step = "page"
        body = page(call, body)
    status = reply.status or call.value(call.operation.success)
    if status == 204:
        return Response(204, call.headers)
    return Response(status, JSON + call.headers if call.headers else JSON, body)


def _refuse(call: Call, problem: Problem) -> tuple[str, Response, str | None]:
    """The reason of a problem, its answer, and the traceback of what went wrong while it was rendered."""
    try:
        return (*_rendered(call, problem), None)
    except Exception:  # an unknown kind, or an error shape that raises: a programmer's error, too
        return _fail(call, traceback.format_exc())


def _fail(call: Call, error: str) -> tuple[str, Response, str]:
    """The answer to a request on which the mock failed: the API's own, or else plain problem details."""
    try:
        return (*_rendered(call, Problem("internal")), error)
    except Exception:
        return "internal", _FAILED, f"{error}\n{traceback.format_exc()}"


def _rendered(call: Call, problem: Problem) -> tuple[str, Response]:
    """A problem in the API's own error shape, and its reason."""
    kind = call.api.contract.errors[problem.kind]
    if kind.answer is None:
        answer = {"status": call.value(kind.status), "code": call.value(kind.code)}
    else:  # null stands for a server that does not refuse this; where ours has to, it goes by the default
        answer = call.assumed(kind.answer.id) or call.api.contract.assumptions[kind.answer.id].default
    because = problem.because or kind.rule
    if because is not None:
        call.decided.append(because)
    message = call.value(kind.message) if problem.message is None else problem.message
    refusal = Refusal(answer["status"], answer["code"], message, problem.fields)
    body = encode(call.api.error_body(call, refusal))
    headers = ((b"content-type", call.api.error_type), *call.headers, *problem.headers, *hints.of(call, problem))
    return kind.reason, Response(answer["status"], headers, body)


def _mismatch(call: Call, response: Response) -> str | None:
    """How an answer differs from the document (`serve --check`); a fault is meant to differ."""
    operation: Operation | None = getattr(call, "operation", None)
    if operation is None or call.step == "fault":
        return None
    try:
        return operation.mismatch(response)
    except Exception:  # an answer that cannot even be compared
        return traceback.format_exc()


def _nobodys(path: str, router: Router) -> Response:
    return _not_found(f"No API served here owns {path}{router.nearest(path)}")


def _not_found(detail: str) -> Response:
    return _details(404, detail)


def _details(status: int, detail: str) -> Response:
    """An answer that is no API's: RFC 9457 problem details."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(status, PROBLEM_JSON, encode(body))


_FAILED = _details(500, "The mock failed; GET /__mock__/journal holds the traceback")


def _reasoned(registry: Worlds, response: Response, reason: str) -> Response:
    """A refusal with its reason in X-Mock-Reason, unless the server is to be strictly like the vendor's."""
    if not registry.helpful:
        return response
    return structs.replace(response, headers=(*response.headers, (b"x-mock-reason", reason.encode())))


def _record(call: Call, response: Response, reason: str | None, error: str | None) -> Exchange:
    world = call.world
    api, operation = _place(call) if call.step == "route" else (call.api.name, call.operation.id)
    journal = world.journal
    journal.count += 1
    exchange = Exchange(
        journal.count,
        world.id,
        api,
        operation,
        call.now,
        call.request,
        response,
        call.step,
        reason,
        tuple(call.decided),
        error,
    )
    if api != "control":
        journal.keep(exchange)
    return exchange


def _place(call: Call) -> tuple[str, str | None]:
    """The names of the API and operation of a call that led perhaps to none."""
    api: Api | None = getattr(call, "api", None)
    operation: Operation | None = getattr(call, "operation", None)
    return "" if api is None else api.name, None if operation is None else operation.id
