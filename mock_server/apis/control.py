"""The control API: steers worlds, clock, state, journal, assumptions, faults, and events in the vendors' apps.

Served by the same pipeline as the vendors' APIs, described by `openapi/control.yaml`. Its calls see the
registry of worlds; no other handler does. Must not know any vendor's records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import urlsplit

from mock_server import contract
from mock_server.api import Api, Assumptions, Call, Json, Problem, Refusal, Reply
from mock_server.bounds import Full
from mock_server.clock import milliseconds, rfc3339
from mock_server.cors import Origin, origin_of
from mock_server.exchange import Request, Response
from mock_server.faults import Fault, Faults
from mock_server.grammar import nearest
from mock_server.journal import summary, told
from mock_server.pipeline import STEPS
from mock_server.store import decode, encode
from mock_server.world import World, allowed

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_NOTHING = Reply(b"", 204)
# what the server writes itself: a second one would break the answer
_RESERVED = ("content-length", "transfer-encoding", "date", "x-mock-reason")


def guard(call: Call) -> Response | None:
    """Only the user's own tools may steer: no other origin, and off loopback only with the token."""
    call.step = "authenticate"
    request, registry = call.request, call.world.registry
    scheme, host = registry.url.partition("://")[0], request.header("host")
    if _is_foreign(request, origin_of(f"{scheme}://{host}")):
        raise Problem("forbidden")
    if registry.token is not None:
        given = request.header("x-mock-token")
        if given is None:
            raise Problem("missing-credential")
        if not compare_digest(given.encode(), registry.token.encode()):
            raise Problem("invalid-credential")
    elif _hostname(request.header("host") or "localhost") not in (*_LOOPBACK, "understudy"):
        # a name that a foreign page made to point at this machine (DNS rebinding)
        raise Problem("forbidden")
    return None


def health(call: Call) -> Reply:
    """GET /health."""
    registry = call.world.registry
    apis = [name for name in registry.apis if name != "control"]
    return _json({"status": "ok", "version": _version(), "apis": apis, "worlds": len(registry.all)})


def list_worlds(call: Call) -> Reply:
    """GET /worlds."""
    worlds = call.world.registry.all.values()
    told_of = [{"id": w.id, "now": rfc3339(w.clock.now()), "exchanges": w.journal.count} for w in worlds]
    return _json({"worlds": told_of})


def create_world(call: Call) -> Reply:
    """POST /worlds."""
    world = call.world.registry.create()
    return _json({"id": world.id, **world.reached()})


def remove_world(call: Call) -> Reply:
    """DELETE /worlds/{id}."""
    registry, id = call.world.registry, call.arguments["id"]
    if id not in registry.all:
        raise Problem("not-found", f"there is no world {id}")
    if id == "default":
        raise Problem("refused", "the default world cannot be removed; reset it instead")
    registry.remove(id)
    return _NOTHING


def reset(call: Call) -> Reply:
    """POST /reset."""
    call.world.registry.reset(call.world)
    return _NOTHING


def get_clock(call: Call) -> Reply:
    """GET /clock."""
    return _clock(call.world)


def set_clock(call: Call) -> Reply:
    """PUT /clock."""
    clock = call.world.clock
    if "now" in call.body:
        try:
            clock.move_to(milliseconds(call.body["now"]))
        except (ValueError, OverflowError) as error:
            raise Problem("invalid", f"now: {error}") from None
    if "frozen" in call.body:
        clock.run(frozen=call.body["frozen"])
    call.world.catch_up(clock.now())
    return _clock(call.world)


def advance_clock(call: Call) -> Reply:
    """POST /clock/advance."""
    try:
        call.world.advance(call.body["seconds"])
    except ValueError as error:
        raise Problem("invalid", f"seconds: {error}") from None
    return _clock(call.world)


def export_state(call: Call) -> Reply:
    """GET /state."""
    return _json(call.world.export())


def import_state(call: Call) -> Reply:
    """PUT /state: all of it or nothing."""
    registry = call.world.registry
    if len(call.body["due"]) > registry.bounds.jobs:
        raise Full(f"a world has {registry.bounds.jobs} jobs", "leave some of the state's out", "jobs")
    try:
        registry.restore(call.world, call.body)
    except ValueError as error:
        raise Problem("invalid", str(error)) from None
    return _NOTHING


def list_exchanges(call: Call) -> Reply:
    """GET /journal."""
    wanted = {key: value for key, value in call.arguments.items() if key != "limit"}
    if wanted.get("api"):  # an empty one is that of paths that no API owns
        _check_api(call, wanted["api"])
    if "operation" in wanted:
        _check_operation(call, wanted.get("api"), wanted["operation"])
    lines = ((exchange, summary(exchange)) for exchange in call.world.journal)
    chosen = [exchange for exchange, line in lines if all(line[key] == value for key, value in wanted.items())]
    mask = call.world.registry.mask
    return _json({"exchanges": [summary(mask.line(exchange)) for exchange in chosen[-call.arguments["limit"] :]]})


def clear_journal(call: Call) -> Reply:
    """DELETE /journal."""
    call.world.journal.clear()
    return _NOTHING


def get_exchange(call: Call) -> Reply:
    """GET /journal/{id}."""
    exchange = call.world.journal.find(int(call.arguments["id"]))
    if exchange is None:
        raise Problem("not-found", f"the journal holds no exchange {call.arguments['id']}")
    api = call.world.registry.apis.get(exchange.api)
    return _json(told(call.world.registry.mask.whole(exchange), api.contract if api else None))


def list_assumptions(call: Call) -> Reply:
    """GET /assumptions."""
    return _assumptions(call.world)


def set_assumptions(call: Call) -> Reply:
    """PUT /assumptions: all of them or none."""
    known = {id: a for api in call.world.registry.apis.values() for id, a in api.contract.assumptions.items()}
    try:
        call.world.assumptions = Assumptions({**call.world.assumptions, **allowed(call.body, known)})
    except ValueError as error:
        raise Problem("invalid", str(error)) from None
    return _assumptions(call.world)


def list_outbox(call: Call) -> Reply:
    """GET /outbox."""
    wanted = call.arguments.get("api")
    if wanted is not None:
        _check_api(call, wanted)
    messages = [
        {**message, "api": name, "tenant": tenant}
        for name, stores in call.world.tenants.items()
        if wanted in (None, name)
        for tenant, store in stores.items()
        if "outbox" in call.world.registry.apis[name].layouts
        for message in store["outbox"]
    ]
    return _json({"messages": messages})


def list_faults(call: Call) -> Reply:
    """GET /faults."""
    return _json({"faults": [_fault(fault) for fault in call.world.faults]})


def add_fault(call: Call) -> Reply:
    """POST /faults."""
    world, body = call.world, call.body
    if body.get("api") is not None:
        _check_api(call, body["api"])
    if body.get("operation") is not None:
        _check_operation(call, body.get("api"), body["operation"])
    _check_headers(body.get("headers", {}))
    fault = Fault(
        id="",
        api=body.get("api"),
        operation=body.get("operation"),
        status=int(body["status"]),  # JSON knows no integers: 503.0 is one, too
        headers=tuple((name.lower().encode(), value.encode()) for name, value in body.get("headers", {}).items()),
        body=encode(body["body"]) if body.get("body") is not None else None,
        times=None if body.get("times") is None else int(body["times"]),
    )
    _check_room(world, fault)
    fault.id = f"fault_{call.ids.take(8)}"
    world.faults.add(fault)
    return _json(_fault(fault))


def clear_faults(call: Call) -> Reply:
    """DELETE /faults."""
    call.world.faults = Faults()
    return _NOTHING


def remove_fault(call: Call) -> Reply:
    """DELETE /faults/{id}."""
    try:
        call.world.faults.remove(call.arguments["id"])
    except KeyError:
        raise Problem("not-found", f"there is no fault {call.arguments['id']}") from None
    return _NOTHING


def cause_event(call: Call) -> Reply:
    """POST /events."""
    world, body = call.world, dict(call.body)
    name, event, tenant = body.pop("api"), body.pop("event"), body.pop("tenant", None)
    api = world.registry.apis.get(name)
    if api is None:
        raise Problem("invalid", f"api: {name} is not served here{nearest(name, world.registry.apis)}")
    if event not in api.events:
        raise Problem("invalid", f"event: {name} has no {event}{nearest(event, api.events)}")
    payload = api.contract.events[event]
    if not payload.validator.is_valid(body):
        raise Problem("invalid", payload.fault(body))
    tenants = world.tenants[name]
    tenant = next(iter(tenants)) if tenant is None else tenant
    if tenant not in tenants:
        raise Problem("not-found", f"tenant: {name} has no {tenant}{nearest(tenant, tenants)}")
    inside = world.inside(name, tenant, body)
    if inside.store.meter.bytes >= inside.store.meter.next:
        world.check_room(inside.store)
    result = api.events[event](inside)
    call.decided += inside.decided
    return _json({"result": result})


def error_body(call: Call, refusal: Refusal) -> Json:
    """RFC 9457 problem details."""
    status = refusal.status
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": refusal.message}


def declare() -> Api:
    """The API with its document compiled. Raises ContractError."""
    return Api(
        name="control",
        contract=contract.load("control"),
        handlers={
            "getHealth": health,
            "listWorlds": list_worlds,
            "createWorld": create_world,
            "removeWorld": remove_world,
            "resetWorld": reset,
            "getClock": get_clock,
            "setClock": set_clock,
            "advanceClock": advance_clock,
            "exportState": export_state,
            "importState": import_state,
            "listExchanges": list_exchanges,
            "clearJournal": clear_journal,
            "getExchange": get_exchange,
            "listAssumptions": list_assumptions,
            "setAssumptions": set_assumptions,
            "listOutbox": list_outbox,
            "listFaults": list_faults,
            "addFault": add_fault,
            "clearFaults": clear_faults,
            "removeFault": remove_fault,
            "causeEvent": cause_event,
        },
        steps=replace(STEPS, authenticate=guard),
        error_body=error_body,
        error_type=b"application/problem+json",
        layouts={},
        misfits=lambda tenant, store: (),
        seed=lambda content, contract: (),
        new_key=lambda ids: "",
        entry=lambda credentials, stores: {},
        events={},
        timers={},
        most_bytes=64 << 20,
        most_depth=250,  # a state holds what the APIs took, some levels deeper; validators count no more than 254
    )


def _is_foreign(request: Request, own: Origin | None) -> bool:
    """Whether a browser sent this for a page of another origin than its `own` (Fetch Metadata; RFC 6454)."""
    origin = request.header("origin")
    if origin is not None and (own is None or origin_of(origin) != own):
        return True
    return request.header("sec-fetch-site") not in (None, "same-origin", "none")


def _hostname(host: str) -> str | None:
    """The name in a Host header, None when it is no such header."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _check_api(call: Call, name: str) -> None:
    """Refuse what is no API whose requests are kept and faulted: an unknown one, or this one."""
    served = [api for api in call.world.registry.apis if api != "control"]
    if name == "control":
        raise Problem("invalid", f"api: calls of the control API are neither faulted nor kept; {_listed(served)}")
    if name not in served:
        raise Problem("invalid", f"api: {name} is not served here{nearest(name, served)}")


def _check_operation(call: Call, api: str | None, id: str) -> None:
    """Refuse an operation that no API, or not the given one, has."""
    apis = call.world.registry.apis
    owners = [name for name in apis if name != "control" and id in apis[name].contract.operations]
    if api not in (None, "") and api not in owners:
        owner = f"; {' and '.join(owners)} has" if owners else nearest(id, apis[api].contract.operations)
        raise Problem("invalid", f"operation: {api} has no {id}{owner}")
    if not owners:
        known = [id for name in apis if name != "control" for id in apis[name].contract.operations]
        raise Problem("invalid", f"operation: unknown {id}{nearest(id, known)}")


def _check_headers(headers: Iterable[str]) -> None:
    """Refuse the headers of a fault that cannot be sent beside the server's own."""
    given = set()
    for name in headers:
        if name.lower() in _RESERVED:
            raise Problem("invalid", f"headers: {name} is the server's own to set")
        if name.lower() in given:
            raise Problem("invalid", f"headers: {name} is given twice")
        given.add(name.lower())


def _check_room(world: World, fault: Fault) -> None:
    """Raise Full for a fault beyond the bounds of the world and the server."""
    bounds, remedy = world.registry.bounds, "remove some with DELETE /__mock__/faults"
    held = sum(other.faults.size for other in world.registry.all.values())
    if len(world.faults) >= bounds.faults:
        raise Full(f"this world has {len(world.faults)} faults", remedy, "faults")
    if held + fault.size > bounds.all_faults_bytes:
        size = f"all faults would take {held + fault.size} bytes of {bounds.all_faults_bytes}"
        raise Full(size, remedy, "all-faults-bytes")


def _listed(names: Iterable[str]) -> str:
    return f"known: {', '.join(names)}"


def _clock(world: World) -> Reply:
    return _json({"now": rfc3339(world.clock.now()), "frozen": world.clock.frozen})


def _assumptions(world: World) -> Reply:
    known: Sequence[contract.Assumption] = [
        assumption for api in world.registry.apis.values() for assumption in api.contract.assumptions.values()
    ]
    told_of = [
        {
            "id": assumption.id,
            "text": assumption.text,
            "source": assumption.source,
            "default": assumption.default,
            "alternatives": assumption.alternatives,
            "value": world.assumptions[assumption.id],
        }
        for assumption in known
    ]
    return _json({"assumptions": told_of})


def _fault(fault: Fault) -> Json:
    return {
        "id": fault.id,
        "api": fault.api,
        "operation": fault.operation,
        "status": fault.status,
        "headers": {name.decode(): value.decode() for name, value in fault.headers},
        "body": None if fault.body is None else decode(fault.body),
        "times": fault.times,
    }


def _json(value: Json) -> Reply:
    return Reply(encode(value))


@cache
def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # 5 ms that only this needs

    try:
        return version("understudy")
    except PackageNotFoundError:
        return "0"
