"""The pipeline: one request in, one exchange out, never waiting.

Route, fault, authenticate, limit the rate, validate, run, page, record. A Problem is caught once, here, and
rendered in the API's own error shape. Must not know HTTP's transport, nor any API.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from msgspec import DecodeError, structs

from understudy.document.operation import UNROUTED, Operation
from understudy.engine.api import Api, Steps
from understudy.engine.auth import authenticate
from understudy.engine.bounds import Full
from understudy.engine.call import JSON, Call, Json, Reply
from understudy.engine.credential import NOBODY
from understudy.engine.exchange import Exchange, Headers, Request, Response
from understudy.engine.faults import WITHOUT_CONTENT, Fault
from understudy.engine.hints import hint
from understudy.engine.paging import page
from understudy.engine.problem import Problem, Refusal
from understudy.engine.ratelimit import limit_rate, refund
from understudy.engine.root_path import keep_below
from understudy.engine.router import Router
from understudy.engine.server import Server
from understudy.engine.store import encode
from understudy.engine.validation import validate
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy.messages import shorten

PROBLEM_JSON: Headers = ((b"content-type", b"application/problem+json"),)
MOST_UNOWNED = 1 << 20  # bytes of a body that no operation takes
INDEX_METHODS = ("GET", "HEAD", "OPTIONS")  # of the index at `/`, which the edge serves, and of all pages


def handle(request: Request, world: World, worlds: Worlds) -> Exchange:
    """Answer a request in a world of `worlds` and record the exchange; raises nothing."""
    try:
        if world.jobs:
            worlds.run_due_jobs(world)
        match = worlds.readings[world.assumptions.reading].router.find(request.path, request.method)
    except Exception:  # before an API is found: problem details
        return _record_unowned(request, world, _FAILED, "internal", traceback.format_exc())
    api = match.api
    if worlds.fallback is not None and request.method not in match.operations:
        found = worlds.fallback.answer(request, world)
        if found is not None:
            found = keep_below(request.root_path, request.header("host") or "", found) if request.root_path else found
            return _record_unowned(request, world, found, None if found.status != 501 else "route", None)
    if api is None:
        return _record_unowned(request, world, *_unowned(request, worlds.router), None)
    call = Call(request, world, api.contract, segments=match.segments)
    reason = error = None
    refused = True
    try:
        response = _route(call, api, match.operations) or _answer(call, api, worlds)
        refused = response.status >= 300 and response.status != 304
    except Problem as problem:
        reason, response, error = _refuse(call, api, problem, worlds)
    except Full as full:  # a bound of this server, unknown to the vendor
        call.message = str(full)
        reason, response = "bound", _details(full.status, call.message)
    except Exception:  # a programmer's error: the API's own 500, and the traceback in the journal
        reason, response, error = _fail(call, api, traceback.format_exc(), worlds)
    if world.server.checked and error is None and reason != "bound":
        mismatch = _mismatch(call, response)
        if mismatch is not None:
            reason, response, error = _fail(call, api, mismatch, worlds)
            refused = True
    if refused:
        reason = reason or ("fault" if call.step == "fault" else "route")
        refund(call)
        response = _with_reason(world.server, response, reason)
    if request.root_path:
        response = keep_below(request.root_path, request.header("host") or "", response)
    return _record(call, response, reason, error)


def body_bound(request: Request, world: World, worlds: Worlds) -> int | None:
    """The most bytes that the body of a request may have; None when the request is refused whatever its body.

    Finds out by route and credential only, before the body is read; counts and records nothing.
    """
    match = worlds.readings[world.assumptions.reading].router.find(request.path, request.method)
    api = match.api
    if worlds.fallback is not None and request.method not in match.operations:
        return MOST_UNOWNED
    if api is None:
        return None
    call = Call(request, world, api.contract, segments=match.segments)
    try:
        if _route(call, api, match.operations) is not None or api.steps.authenticate(call) is not None:
            return None
    except Exception:  # `handle` raises the same and renders it
        return None
    return api.body_bound(call.operation.id)


def unknown_world(request: Request, worlds: Worlds) -> Response:
    """The response to a request whose URL or X-Mock-World names no world, or which name two."""
    own, named = request.root_path[2:], request.header("x-mock-world")
    if own in worlds.all and named in worlds.all:
        detail = f"The URL is that of world {own}, but X-Mock-World names {named}; send one of the two"
        return _with_reason(worlds.server, _details(400, detail), "route")
    place, id = ("The URL", own) if own and own not in worlds.all else ("X-Mock-World", named or "")
    detail = f"{place} names no world of this server: {shorten(id)}{worlds.why_unknown(id)}"
    return _with_reason(worlds.server, _not_found(f"{detail}; GET /__mock__/worlds lists all"), "not-found")


def take_fault(call: Call) -> Fault | None:
    """The fault step: the injected fault that applies to a call; None without one."""
    faults = call.world.faults
    if not faults.index or call.contract.name == "control":
        return None
    return faults.take(call.contract.name, call.operation.id)


STEPS = Steps(fault=take_fault, authenticate=authenticate, limit_rate=limit_rate, validate=validate)


def _answer(call: Call, api: Api, worlds: Worlds) -> Response:
    """Run the steps in order until one responds; the last one calls the handler."""
    steps = api.steps
    fault = steps.fault(call)
    if fault is not None:
        call.step = "fault"
        return _fault_response(call, api, fault)
    call.step = "authenticate"
    response = steps.authenticate(call)
    if response is None:
        call.step = "admit"
        response = steps.limit_rate(call)
    if response is None:
        call.step = "validate"
        response = steps.validate(call)
    return _run(call, api, worlds) if response is None else response


def _route(call: Call, api: Api, operations: Mapping[str, Operation]) -> Response | None:
    """Set the operation of a call; returns the response to OPTIONS, else None."""
    request = call.request
    operation = operations.get(request.method)
    if request.method == "HEAD" and operation is None and _answers_head(call, operations):
        operation = operations["GET"]
    if operation is None and operations:
        allowed = _allowed(call, operations)
        if request.method not in allowed:
            message = f"{request.method} is not allowed here; allowed: {', '.join(allowed)}"
            raise Problem("method-not-allowed", message, headers=_allow(allowed))
        return Response(204, _allow(allowed))
    if operation is None:
        documented = api.contract.errors["unknown-route"].rule is not None  # then the document has the message, too
        message = f"{request.method} {request.path[:200]} is no operation of this API"
        raise Problem("unknown-route", None if documented else message)
    call.operation = operation
    if request.body or request.oversized:
        call.max_bytes, call.max_depth = api.body_bound(operation.id), api.most_depth
    return None


def _allowed(call: Call, operations: Mapping[str, Operation]) -> list[str]:
    """The methods that a path allows: those of its operations, and HEAD and OPTIONS by assumption."""
    head = _answers_head(call, operations)
    options = call.value(call.contract.methods["options"]) == "allow"
    return sorted({*operations, *(["HEAD"] if head else []), *(["OPTIONS"] if options else [])})


def _answers_head(call: Call, operations: Mapping[str, Operation]) -> bool:
    """Whether HEAD is answered as GET."""
    return "GET" in operations and bool(call.value(call.contract.methods["head"]) == "like-get")


def _allow(methods: Iterable[str]) -> Headers:
    return ((b"allow", ", ".join(methods).encode()),)


def _run(call: Call, api: Api, worlds: Worlds) -> Response:
    """Call the handler, and cut a page where it returns a listing."""
    call.step = "run"
    method = call.operation.method  # GET, also for a HEAD request
    if method == "GET":
        reply = api.handlers[call.operation.id](call)
    elif call.credential is NOBODY:
        reply = _write_anywhere(call, api)
    else:
        meter = call.store.meter
        if meter.bytes >= meter.next and method != "DELETE":  # a deletion is allowed in a full world
            worlds.check_room(call.world, call.store)
        reply = _write(call, api)
    body = reply.body
    if not isinstance(body, bytes):
        call.step = "page"
        body = page(call, body)
    status = reply.status or call.value(call.operation.success)
    if status == 204:
        return Response(204, call.headers)
    return Response(status, reply.head + call.headers if call.headers else reply.head, body)


def _write(call: Call, api: Api) -> Reply:
    """Call a handler that may write, and note what it writes to the caller's tenant."""
    meter = call.store.meter
    meter.log = call.writes = []
    try:
        return api.handlers[call.operation.id](call)
    finally:
        meter.log = None


def _write_anywhere(call: Call, api: Api) -> Reply:
    """Call a handler that may write to any tenant, and note what it writes."""
    call.writes = []
    meters = [store.meter for store in call.tenants.values()]
    for meter in meters:
        meter.log = call.writes
    try:
        return api.handlers[call.operation.id](call)
    finally:
        for meter in meters:
            meter.log = None


def _refuse(call: Call, api: Api, problem: Problem, worlds: Worlds) -> tuple[str, Response, str | None]:
    """The reason of a problem, its response, and the traceback of an error while it was rendered."""
    try:
        return (*_render(call, api, problem, worlds), None)
    except Exception:  # a programmer's error: an unknown kind, or an error shape that raises
        return _fail(call, api, traceback.format_exc(), worlds)


def _fail(call: Call, api: Api, error: str, worlds: Worlds) -> tuple[str, Response, str]:
    """The response after an internal error: the API's own 500, or plain problem details where that fails, too."""
    try:
        return (*_render(call, api, Problem("internal"), worlds), error)
    except Exception:
        return "internal", _FAILED, f"{error}\n{traceback.format_exc()}"


def _render(call: Call, api: Api, problem: Problem, worlds: Worlds) -> tuple[str, Response]:
    """The reason of a problem, and its response in the API's own error shape."""
    kind = api.contract.errors[problem.kind]
    if kind.answer is None:
        answer = {"status": call.value(kind.status), "code": call.value(kind.code)}
    else:  # null: the vendor does not refuse this; where this server must, it uses the default
        answer = call.assumed(kind.answer.id) or api.contract.assumptions[kind.answer.id].default
    rule_id = problem.rule_id or kind.rule
    if rule_id is not None:
        call.trace.append(rule_id)
    message = call.value(kind.message) if problem.message is None else problem.message
    call.message = message
    refusal = Refusal(answer["status"], answer["code"], message, problem.fields)
    head: Headers
    if api.refuse is None:
        status, head, body = refusal.status, ((b"content-type", api.error_type),), encode(api.error_body(call, refusal))
    else:
        status, head, body = api.refuse(call, problem.kind, refusal)
    return kind.reason, Response(status, (*head, *call.headers, *problem.headers, *hint(call, problem, worlds)), body)


def _mismatch(call: Call, response: Response) -> str | None:
    """How a response differs from the document (`serve --check`); None for an injected fault."""
    operation = call.operation
    if operation is UNROUTED or call.step == "fault":
        return None
    try:
        return operation.mismatch(response)
    except Exception:  # a response that cannot even be compared
        return traceback.format_exc()


def _fault_response(call: Call, api: Api, fault: Fault) -> Response:
    """The response of an injected fault; without a body of its own, in the API's error shape."""
    call.message = "Injected fault"
    if fault.status in WITHOUT_CONTENT:
        return Response(fault.status, fault.headers)
    body = fault.body if fault.body is not None else encode(_fault_body(call, api, fault.status))
    own_type = any(name == b"content-type" for name, _ in fault.headers)
    return Response(fault.status, fault.headers if own_type else (*JSON, *fault.headers), body)


def _fault_body(call: Call, api: Api, status: int) -> Json:
    """An error in the API's own shape, with the code that it documents for the status."""
    kinds = api.contract.errors.values()
    code = next((call.value(kind.code) for kind in kinds if kind.status == status), f"injected_{status}")
    return api.error_body(call, Refusal(status, code, call.message or "", {}))


def _record_unowned(
    request: Request, world: World, response: Response, reason: str | None, error: str | None
) -> Exchange:
    """Record a request whose path no API owns."""
    world.journal.count += 1
    message = None if reason is None else _detail(response)
    response = response if reason is None else _with_reason(world.server, response, reason)
    number, now = world.journal.count, world.clock.now()
    exchange = Exchange(number, world.id, "", None, now, request, response, "route", reason, (), error, message)
    world.journal.append(exchange)
    return exchange


def _detail(response: Response) -> str | None:
    """The detail of problem details; None in any other body, such as a recorded one."""
    try:
        return str(response.json()["detail"])
    except (DecodeError, LookupError, TypeError):
        return None


def _unowned(request: Request, router: Router) -> tuple[Response, str | None]:
    """Answer a request for an unowned path, with the reason of a refusal; the edge serves the index at `/`."""
    path, method = request.path[:200], request.method
    if path == "/" and method == "OPTIONS":
        return Response(204, _allow(INDEX_METHODS)), None
    if path == "/" and method not in INDEX_METHODS:
        refused = _details(405, f"{method} is not allowed here; allowed: {', '.join(INDEX_METHODS)}")
        return structs.replace(refused, headers=(*refused.headers, *_allow(INDEX_METHODS))), "route"
    index = "" if "GET" in router.find("/", "GET").operations else "; GET / lists what is served"
    return _not_found(f"No API served here owns {path}{index}{router.suggest(path)}"), "route"


def _not_found(detail: str) -> Response:
    return _details(404, detail)


def _details(status: int, detail: str) -> Response:
    """RFC 9457 problem details: a response outside any API."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(status, PROBLEM_JSON, encode(body))


_FAILED = _details(500, "The mock failed; GET /__mock__/journal holds the traceback")


def _with_reason(server: Server, response: Response, reason: str) -> Response:
    """Add the reason of a refusal as X-Mock-Reason; a strict server leaves it out."""
    if not server.helpful:
        return response
    return structs.replace(response, headers=(*response.headers, (b"x-mock-reason", reason.encode())))


def _record(call: Call, response: Response, reason: str | None, error: str | None) -> Exchange:
    world, journal = call.world, call.world.journal
    journal.count += 1
    exchange = Exchange(
        journal.count,
        world.id,
        call.contract.name,
        call.operation.id or None,
        call.now,
        call.request,
        response,
        call.step,
        reason,
        tuple(call.trace),
        error,
        call.message,
        call.credential,
        call.buckets,
        call.writes,
        world.assumptions,
    )
    if exchange.api != "control":
        journal.append(exchange)
    return exchange
