"""The control API: worlds, clock, state, journal, assumptions, faults, and events in the vendors' apps.

The pipeline serves it like a vendor's API, from `openapi/control.yaml`. Only its handlers are bound to the
worlds. Must not know any vendor's records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import urlsplit

from msgspec import structs

from understudy.apis import check_kinds
from understudy.document.compile import load
from understudy.document.contract import Contract
from understudy.document.operation import UNROUTED
from understudy.document.seed_file import SeedError
from understudy.engine.api import Api
from understudy.engine.bounds import Full
from understudy.engine.call import JSON, Call, Json, Reply
from understudy.engine.clock import milliseconds, rfc3339
from understudy.engine.exchange import Exchange, Headers, Request, Response
from understudy.engine.faults import Fault, Faults
from understudy.engine.jobs import internal_call
from understudy.engine.journal import describe, summary
from understudy.engine.origin import Origin, origin_of
from understudy.engine.pipeline import STEPS
from understudy.engine.problem import Problem, Refusal
from understudy.engine.store import decode, encode
from understudy.engine.story import story
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy.messages import shorten, suggest

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_NOTHING = Reply(b"", 204)
_YAML: Headers = ((b"content-type", b"application/yaml"),)
_LONGEST_DETAIL = 2_000  # characters
_MOST_LISTED = 5  # worlds
# headers that the server sets: a second one would break the response
_RESERVED = ("content-length", "transfer-encoding", "date", "x-mock-reason", "x-mock-exchange")


def guard(worlds: Worlds, call: Call) -> Response | None:
    """Refuse a call from another origin and, off loopback, a call without the token."""
    request, server = call.request, worlds.server
    scheme, host = server.url.partition("://")[0], request.header("host")
    if _is_foreign(request, origin_of(f"{scheme}://{host}")):
        raise Problem("forbidden")
    if server.token is not None:
        given = request.header("x-mock-token")
        if given is None:
            raise Problem("missing-credential")
        if not compare_digest(given.encode(), server.token.encode()):
            raise Problem("invalid-credential")
    elif _hostname(request.header("host") or "localhost") not in (*_LOOPBACK, "understudy"):
        # DNS rebinding: a foreign page's host name that resolves to this machine
        raise Problem("forbidden")
    return None


def health(worlds: Worlds, call: Call) -> Reply:
    """GET /health: the version, the APIs, the number of worlds."""
    apis = [name for name in worlds.apis if name != "control"]
    return _json({"status": "ok", "version": _version(), "apis": apis, "worlds": len(worlds.all)})


def list_worlds(worlds: Worlds, call: Call) -> Reply:
    """GET /worlds: a summary of each world."""
    return _json({"worlds": [_summary(worlds, world) for world in worlds.all.values()]})


def create_world(worlds: Worlds, call: Call) -> Reply:
    """POST /worlds: create a world from the seeds or another world; the response has its id, URLs and keys."""
    body = call.body or {}
    seed_data, assume, clock = body.get("seed_data", {}), body.get("assume", {}), body.get("clock")
    source = _source(worlds, body["from"]) if "from" in body else None
    for name in seed_data:
        _check_served(worlds, name, "seed_data")
    _check("assume", lambda: worlds.switched(source, assume))
    _check("clock", lambda: worlds.clock_of(clock, source))
    try:
        world = worlds.create(seed_data, source=source, assume=assume, clock=clock, seed=body.get("seed"))
    except ValueError as error:
        raise Problem("invalid", f"seed_data: {_in_one_line(error)}") from None
    return _json({"id": world.id, **worlds.ready_info(world)})


def get_world(worlds: Worlds, call: Call) -> Reply:
    """GET /worlds/{id}: the addresses and keys of a world."""
    id = call.arguments["id"]
    if id not in worlds.all:
        raise Problem("not-found", f"there is no world {shorten(id)}{worlds.why_unknown(id)}")
    return _json({"id": id, **worlds.ready_info(worlds.all[id])})


def remove_world(worlds: Worlds, call: Call) -> Reply:
    """DELETE /worlds/{id}: remove a world; refused for the default world."""
    id = call.arguments["id"]
    if id not in worlds.all:
        raise Problem("not-found", f"there is no world {shorten(id)}{worlds.why_unknown(id)}")
    if id == "default":
        raise Problem("refused", "the default world cannot be removed; reset it instead")
    worlds.remove(id)
    return _NOTHING


def reset(worlds: Worlds, call: Call) -> Reply:
    """POST /reset: put the world back to its seeds."""
    worlds.reset(call.world)
    return _NOTHING


def get_clock(worlds: Worlds, call: Call) -> Reply:
    """GET /clock: the time of the world, and whether it stands still."""
    return _clock(call.world)


def set_clock(worlds: Worlds, call: Call) -> Reply:
    """PUT /clock: set the time, stop or start the clock; runs the jobs that are due by then."""
    clock = call.world.clock
    if "now" in call.body:
        try:
            clock.move_to(milliseconds(call.body["now"]))
        except (ValueError, OverflowError) as error:
            raise Problem("invalid", f"now: {error}") from None
    if "frozen" in call.body:
        clock.run(frozen=call.body["frozen"])
    worlds.run_due_jobs(call.world)
    return _clock(call.world)


def advance_clock(worlds: Worlds, call: Call) -> Reply:
    """POST /clock/advance: move the clock on by seconds, running each job at its time."""
    try:
        worlds.advance(call.world, call.body["seconds"])
    except ValueError as error:
        raise Problem("invalid", f"seconds: {error}") from None
    return _clock(call.world)


def export_state(worlds: Worlds, call: Call) -> Reply:
    """GET /state: the whole state of the world, in the form that `PUT /state` takes."""
    return _json(call.world.export())


def import_state(worlds: Worlds, call: Call) -> Reply:
    """PUT /state: applies the whole state or nothing."""
    if len(call.body["due"]) > worlds.server.bounds.jobs:
        raise Full(f"a world has {worlds.server.bounds.jobs} jobs", "leave some of the state's out", "jobs")
    try:
        worlds.restore(call.world, call.body)
    except ValueError as error:
        raise Problem("invalid", str(error)) from None
    return _NOTHING


def list_exchanges(worlds: Worlds, call: Call) -> Reply:
    """GET /journal: summaries of the newest exchanges of the world that match all filters."""
    filters = {key: value for key, value in call.arguments.items() if key != "limit"}
    if filters.get("api"):  # the empty name stands for unowned paths
        _check_api(worlds, filters["api"])
    if "operation" in filters:
        _check_operation(worlds, filters.get("api"), filters["operation"])
    lines = ((exchange, summary(exchange)) for exchange in call.world.journal)
    chosen = [exchange for exchange, line in lines if all(line[key] == value for key, value in filters.items())]
    from understudy.recording.hiding import Hider

    hider = Hider(worlds)
    return _json({"exchanges": [summary(hider.line(exchange)) for exchange in chosen[-call.arguments["limit"] :]]})


def export_journal(worlds: Worlds, call: Call) -> Reply:
    """GET /journal.har: the exchanges of the world as a recording."""
    from understudy.recording import files, journal
    from understudy.recording.hiding import Hider
    from understudy.recording.message import Odd
    from understudy.recording.redact import redacted

    form = call.arguments["format"]
    exchanges = journal.recorded(call.world.journal, worlds.server.url)
    if not worlds.server.mask.shows:
        exchanges = redacted(exchanges, Hider(worlds).redactor(call.world.id))
    try:
        text = files.dumps(exchanges, form)
    except Odd as error:
        raise Problem("invalid", f"format={form}: {error}") from None
    return Reply(text.encode("utf-8", "replace"), head=_YAML if form == "yaml" else JSON)


def clear_journal(worlds: Worlds, call: Call) -> Reply:
    """DELETE /journal: remove all exchanges of the world."""
    call.world.journal.clear()
    return _NOTHING


def get_exchange(worlds: Worlds, call: Call) -> Reply:
    """GET /journal/{id}: one exchange with bodies, trace and story."""
    from understudy.recording.hiding import Hider

    exchange = _exchange(worlds, call.world, call.arguments["id"])
    api, sent = worlds.apis.get(exchange.api), structs.replace(exchange, response=worlds.noted(exchange))
    masked = Hider(worlds).whole(sent)
    return _json({**describe(masked, api.contract if api else None), "why": story(masked, api)})


def list_assumptions(worlds: Worlds, call: Call) -> Reply:
    """GET /assumptions: each assumption with its value in the world."""
    return _assumptions(worlds, call.world)


def set_assumptions(worlds: Worlds, call: Call) -> Reply:
    """PUT /assumptions: applies the whole body or nothing."""
    try:
        call.world.assumptions = worlds.switched(call.world, call.body)
    except ValueError as error:
        raise Problem("invalid", str(error)) from None
    return _assumptions(worlds, call.world)


def list_outbox(worlds: Worlds, call: Call) -> Reply:
    """GET /outbox: the messages that the APIs would have sent, such as mails."""
    wanted = call.arguments.get("api")
    if wanted is not None:
        _check_api(worlds, wanted)
    messages = [
        {**message, "api": name, "tenant": tenant}
        for name, stores in call.world.tenants.items()
        if wanted in (None, name)
        for tenant, store in stores.items()
        if "outbox" in worlds.apis[name].layouts
        for message in store["outbox"]
    ]
    return _json({"messages": messages})


def list_faults(worlds: Worlds, call: Call) -> Reply:
    """GET /faults: the injected faults of the world."""
    return _json({"faults": [_fault(fault) for fault in call.world.faults]})


def add_fault(worlds: Worlds, call: Call) -> Reply:
    """POST /faults: inject a fault into the world; refused where it could never be sent."""
    world, body = call.world, call.body
    if body.get("api") is not None:
        _check_api(worlds, body["api"])
    if body.get("operation") is not None:
        _check_operation(worlds, body.get("api"), body["operation"])
    _check_headers(body.get("headers", {}))
    fault = Fault(
        id="",
        api=body.get("api"),
        operation=body.get("operation"),
        status=int(body["status"]),  # JSON has no integer type: 503.0 is valid, too
        headers=tuple((name.lower().encode(), value.encode()) for name, value in body.get("headers", {}).items()),
        body=encode(body["body"]) if body.get("body") is not None else None,
        times=None if body.get("times") is None else int(body["times"]),
    )
    _check_room(worlds, world, fault)
    fault.id = f"fault_{call.ids.take(8)}"
    world.faults.add(fault)
    return _json(_fault(fault))


def clear_faults(worlds: Worlds, call: Call) -> Reply:
    """DELETE /faults: remove all injected faults of the world."""
    call.world.faults = Faults()
    return _NOTHING


def remove_fault(worlds: Worlds, call: Call) -> Reply:
    """DELETE /faults/{id}: remove one injected fault of the world."""
    try:
        call.world.faults.remove(call.arguments["id"])
    except KeyError:
        raise Problem("not-found", f"there is no fault {call.arguments['id']}") from None
    return _NOTHING


def add_record(worlds: Worlds, call: Call) -> Reply:
    """POST /records: add a record of a resource to the world; refused where it does not fit."""
    world, (name, resource) = call.world, (call.body["api"], call.body["resource"])
    _check_served(worlds, name, "api")
    api = worlds.apis[name]
    if api.add is None:
        events = "; POST /__mock__/events and PUT /__mock__/state change its records" if api.events else ""
        raise Problem("invalid", f"api: {name} declares no resources{events}")
    tenant, store = next(iter(world.tenants[name].items()))
    worlds.check_room(world, store)
    try:
        (record,) = worlds.add(world, name, tenant, {resource: [call.body["record"]]})
    except SeedError as error:
        # `/pets/0/name` in the seed is `record/name` in the body
        errors = [(("record", *place[2:]) if len(place) > 1 else ("resource",), text) for place, text in error.errors]
        raise Problem("invalid", _in_one_line(SeedError(errors))[1:]) from None
    return _json({"record": record})


def cause_event(worlds: Worlds, call: Call) -> Reply:
    """POST /events: do what a person does in the vendor's app, such as complete a task."""
    world, body = call.world, dict(call.body)
    name, event, tenant = body.pop("api"), body.pop("event"), body.pop("tenant", None)
    api = worlds.apis.get(name)
    if api is None:
        raise Problem("invalid", f"api: {name} is not served here{suggest(name, worlds.apis)}")
    if event not in api.events:
        raise Problem("invalid", f"event: {name} has no {event}{suggest(event, api.events)}")
    payload = api.contract.events[event]
    if not payload.validator.is_valid(body):
        raise Problem("invalid", payload.first_error(body))
    tenants = world.tenants[name]
    tenant = next(iter(tenants)) if tenant is None else tenant
    if tenant not in tenants:
        raise Problem("not-found", f"tenant: {name} has no {tenant}{suggest(tenant, tenants)}")
    inner = internal_call(world, api, tenant, body)
    if inner.store.meter.bytes >= inner.store.meter.next:
        worlds.check_room(world, inner.store)
    result = api.events[event](inner)
    call.trace += inner.trace
    return _json({"result": result})


def error_body(call: Call, refusal: Refusal) -> Json:
    """Build RFC 9457 problem details; for an unknown path they point to the documentation."""
    status, detail = refusal.status, refusal.message
    if call.operation is UNROUTED and status == 404:
        detail += "; GET /__mock__/docs lists them"
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}


def declare(worlds: Worlds, *, most_bytes: int = 64 << 20) -> Api:
    """Declare the control API of `worlds` and compile its document. Raises ContractError."""
    return Api(
        name="control",
        contract=contract(),
        handlers={
            "getHealth": partial(health, worlds),
            "listWorlds": partial(list_worlds, worlds),
            "createWorld": partial(create_world, worlds),
            "getWorld": partial(get_world, worlds),
            "removeWorld": partial(remove_world, worlds),
            "resetWorld": partial(reset, worlds),
            "getClock": partial(get_clock, worlds),
            "setClock": partial(set_clock, worlds),
            "advanceClock": partial(advance_clock, worlds),
            "exportState": partial(export_state, worlds),
            "importState": partial(import_state, worlds),
            "listExchanges": partial(list_exchanges, worlds),
            "clearJournal": partial(clear_journal, worlds),
            "exportJournal": partial(export_journal, worlds),
            "getExchange": partial(get_exchange, worlds),
            "listAssumptions": partial(list_assumptions, worlds),
            "setAssumptions": partial(set_assumptions, worlds),
            "listOutbox": partial(list_outbox, worlds),
            "listFaults": partial(list_faults, worlds),
            "addFault": partial(add_fault, worlds),
            "clearFaults": partial(clear_faults, worlds),
            "removeFault": partial(remove_fault, worlds),
            "addRecord": partial(add_record, worlds),
            "causeEvent": partial(cause_event, worlds),
        },
        steps=replace(STEPS, authenticate=partial(guard, worlds)),
        error_body=error_body,
        error_type=b"application/problem+json",
        layouts={},
        inconsistencies=lambda tenant, store: (),
        seed=lambda content, contract: (),
        new_key=lambda ids: "",
        access_info=lambda credentials, stores: {},
        events={},
        timers={},
        most_bytes=most_bytes,
        most_depth=250,  # a state holds the APIs' bodies, some levels deeper; validators count up to 254
    )


@cache
def contract() -> Contract:
    """Return the compiled document of the control API. Raises ContractError, and ValueError as `check_kinds` does."""
    compiled = load("control")
    check_kinds("control", compiled)
    return compiled


def _is_foreign(request: Request, own: Origin | None) -> bool:
    """Whether a browser sent this for a page of another origin than its `own` (Fetch Metadata; RFC 6454)."""
    origin = request.header("origin")
    if origin is not None and (own is None or origin_of(origin) != own):
        return True
    return request.header("sec-fetch-site") not in (None, "same-origin", "none")


def _hostname(host: str) -> str | None:
    """The host name of a Host header; None for an invalid header."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _summary(worlds: Worlds, world: World) -> Json:
    """A world as a row of a list."""
    return {
        "id": world.id,
        "url": worlds.url_of(world),
        "now": rfc3339(world.clock.now()),
        "exchanges": world.journal.count,
    }


def _exchange(worlds: Worlds, world: World, name: str) -> Exchange:
    """The exchange of a world by its number, its number behind another world's id, or `last`. Raises Problem."""
    id, _, number = name.rpartition(".")
    if id and id not in worlds.all:
        raise Problem("not-found", f"there is no world {shorten(id)}{worlds.why_unknown(id)}")
    journal = worlds.all[id].journal if id else world.journal
    found = next(reversed(list(journal)), None) if name == "last" else journal.find(int(number))
    if found is None:
        others = [other.id for other in worlds.all.values() if len(other.journal)][:_MOST_LISTED]
        listed = f"; journals with exchanges: {', '.join(others) or 'none'}"
        told = "is empty" if name == "last" else f"holds no exchange {number}"
        raise Problem("not-found", f"the journal of world {id or world.id} {told}{listed}")
    return found


def _source(worlds: Worlds, id: str) -> World:
    """The world that is forked. Raises Problem for an unknown one."""
    if id not in worlds.all:
        raise Problem("invalid", f"from: there is no world {shorten(id)}{worlds.why_unknown(id)}")
    return worlds.all[id]


def _check(member: str, read: Callable[[], object]) -> None:
    """Refuse a member of a body that cannot be read."""
    try:
        read()
    except ValueError as error:
        raise Problem("invalid", f"{member}: {error}") from None


def _check_api(worlds: Worlds, name: str) -> None:
    """Refuse the name of an unknown API, and that of the control API, which has no journal and no faults."""
    served = [api for api in worlds.apis if api != "control"]
    if name == "control":
        raise Problem("invalid", f"api: calls of the control API are neither faulted nor recorded; {_listed(served)}")
    if name not in served:
        raise Problem("invalid", f"api: {name} is not served here{suggest(name, served)}")


def _check_served(worlds: Worlds, name: str, member: str) -> None:
    """Refuse the name of an API that is not served."""
    served = [api for api in worlds.apis if api != "control"]
    if name not in served:
        raise Problem("invalid", f"{member}: {name} is not served here{suggest(name, served)}; {_listed(served)}")


def _in_one_line(error: ValueError) -> str:
    """The message of an error, cut where it lists many."""
    text = "; ".join(str(error).splitlines())
    return text if len(text) <= _LONGEST_DETAIL else f"{text[:_LONGEST_DETAIL]}..."


def _check_operation(worlds: Worlds, api: str | None, id: str) -> None:
    """Refuse an operation that the given API, or any API, does not have."""
    apis = worlds.apis
    owners = [name for name in apis if name != "control" and id in apis[name].contract.operations]
    if api not in (None, "") and api not in owners:
        owner = f"; {' and '.join(owners)} has" if owners else suggest(id, apis[api].contract.operations)
        raise Problem("invalid", f"operation: {api} has no {id}{owner}")
    if not owners:
        known = [id for name in apis if name != "control" for id in apis[name].contract.operations]
        raise Problem("invalid", f"operation: unknown {id}{suggest(id, known)}")


def _check_headers(headers: Iterable[str]) -> None:
    """Refuse headers of a fault that the server sets itself, and repeated ones."""
    seen = set()
    for name in headers:
        if name.lower() in _RESERVED:
            raise Problem("invalid", f"headers: {name} is the server's own to set")
        if name.lower() in seen:
            raise Problem("invalid", f"headers: {name} is given twice")
        seen.add(name.lower())


def _check_room(worlds: Worlds, world: World, fault: Fault) -> None:
    """Raise Full for a fault that exceeds a bound of the world or the server."""
    bounds, remedy = worlds.server.bounds, "remove some with DELETE /__mock__/faults"
    used = sum(other.faults.size for other in worlds.all.values())
    if len(world.faults) >= bounds.faults:
        raise Full(f"this world has {len(world.faults)} faults", remedy, "faults")
    if used + fault.size > bounds.all_faults_bytes:
        size = f"all faults would take {used + fault.size} bytes of {bounds.all_faults_bytes}"
        raise Full(size, remedy, "all-faults-bytes")


def _listed(names: Iterable[str]) -> str:
    return f"known: {', '.join(names)}"


def _clock(world: World) -> Reply:
    return _json({"now": rfc3339(world.clock.now()), "frozen": world.clock.frozen})


def _assumptions(worlds: Worlds, world: World) -> Reply:
    items = [
        {
            "id": assumption.id,
            "text": assumption.text,
            "source": assumption.source,
            "default": assumption.default,
            "alternatives": assumption.alternatives,
            "value": world.assumptions[assumption.id],
        }
        for assumption in worlds.assumptions().values()
    ]
    return _json({"assumptions": items})


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
    from importlib.metadata import PackageNotFoundError, version  # takes 5 ms

    try:
        return version("understudy")
    except PackageNotFoundError:
        return "0"
