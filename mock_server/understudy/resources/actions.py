"""The handlers of operations without one of their own: each role becomes a closure over what is known at start.

Must not read a document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from understudy.document.answers import Answers
from understudy.document.paths import parameters_of, written
from understudy.document.pointer import at
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.exchange import body_type
from understudy.engine.problem import Problem
from understudy.engine.store import Listing, ProjectedListing, Record, SharedRecord, decode, encode
from understudy.resources import below, lists, many, schemas
from understudy.resources.conditional import conditional
from understudy.resources.declaration import Parent
from understudy.resources.filled import filled
from understudy.resources.json_patch import NotThere, patched
from understudy.resources.layouts import text_of
from understudy.resources.lists import Filter
from understudy.resources.places import FIRST
from understudy.resources.records import Effect, Records
from understudy.resources.repeats import repeated
from understudy.resources.roles import CREATE_MANY, EXAMPLE_BELOW, MANY, Answer, Role, at_pointer
from understudy.resources.values import ABSENT

Json = Any
Plan = Callable[[Call], Effect]
Render = Callable[[Call, bytes], bytes]
_MERGE_PATCH = "application/merge-patch+json"
_MARK = "\x00"


def handler(
    role: Role,
    all: Mapping[str, Records],
    chosen: Sequence[Filter],
    item_path: str | None,
    answers: Answers | None,
) -> Handler:
    """The handler of a role. `chosen` are the filters of a list, `item_path` is where a new record is found.

    `answers` are needed for resources whose records are filled.
    """
    if role.action == EXAMPLE_BELOW:
        assert answers is not None, "only documents with examples have operations that answer one"
        return below.example(role, lambda call: _item(role, all[role.resource.name], call), answers)
    made = _handler(role, all, chosen, item_path)
    if role.conditional is not False:
        records = all[role.resource.name]
        made = conditional(role, made, records, lambda call: records.visible(call, _item_id(role, call), role.parents))
    if role.resource.fill and answers is not None:
        made = filled(role, made, answers)
    return repeated(role, made) if role.repeats is not False else made


def _handler(role: Role, all: Mapping[str, Records], chosen: Sequence[Filter], item_path: str | None) -> Handler:
    records = all[role.resource.name]
    if role.action == "list":
        return _list(role, records, chosen)
    if role.action == "read":
        return _read(role, records)
    if role.action in MANY:
        return _many(role, records, all)
    plan = _PLANS[role.action](role, records)
    return _deferred(role, plan, records, all) if role.job else _immediate(role, plan, records, item_path)


def _many(role: Role, records: Records, all: Mapping[str, Records]) -> Handler:
    """A handler that creates or deletes many records, and answers them, what a template says, or a job for it."""
    one = replace(role, body="")  # which is an item
    do = many.creating(role, records, _create(one, records)) if role.action == CREATE_MANY else None
    do = do or many.deleting(role, records)
    answer, deferred = role.answer, role.job
    omitted = answer.omits if answer.members is None and role.resource.hidden else ()
    head, tail = _around(answer, many=True)
    jobs = None if deferred is None else all[deferred.resource.name]
    render = None if jobs is None else _render(role, jobs)

    def body(call: Call, done: many.Done) -> bytes:
        if jobs is not None and deferred is not None and render is not None:
            job = jobs.new(call, {})
            deferred.set.apply(job, call, next(iter(done.ids), ""))  # a job is about one record
            return render(call, jobs.store(call, job, None))
        if answer.template is not None:
            constant, value = answer.template
            return encode(value if constant else value(call, done.ids))
        if records.form is not None:
            show = _formed(call, records.form(call), answer.members, ())
            return b"".join((head, b",".join(map(show, done.rows)), tail))
        rows = [_project(call, row, answer.members, ()) for row in done.rows] if answer.members else done.rows
        return b"".join((head, b",".join(_without(row, omitted) for row in rows) if omitted else b",".join(rows), tail))

    def handle(call: Call) -> Reply:
        done = do(call)
        return Reply(b"" if answer.empty else body(call, done))

    return handle


def fixed_handler(template: tuple[bool, Json]) -> Handler:
    """The handler of an operation that answers a template, and is on no resource."""
    constant, value = template
    body = encode(value) if constant else b""
    return lambda call: Reply(body if constant else encode(value(call, None)))


def _list(role: Role, records: Records, chosen: Sequence[Filter]) -> Handler:
    shown, known, include = role.answer.members, lists.includes(records), role.resource.include
    omitted = role.answer.omits if shown is None and role.resource.hidden else ()
    parents = role.parents
    listing = lists.lister(records, role.operation, chosen, parents, filters=role.filters, only=role.only, all=role.all)
    head, tail = _around(role.answer, many=True)
    paged, form = role.operation.pagination is not None, records.form
    sent = lists.sent(role.operation, role.arguments) if role.arguments else None
    before, after = _around(Answer(False, at(role.answer.item), None, {}, None)) if role.answer.item else (b"", b"")

    def handle(call: Call) -> Reply:
        if sent is not None:
            call.arguments = {**call.arguments, **sent(call.body)}
        if parents:
            records.check_parents(call, parents)
        asked = lists.wanted(records, known, call) if include in call.arguments else ()
        found = listing(call)
        source: Listing = found
        if form is not None:
            source = ProjectedListing(source, _formed(call, form(call), shown, asked))
        elif omitted:
            source = ProjectedListing(source, lambda row: _without(row, omitted))
        if (shown or asked) and form is None:
            source = ProjectedListing(source, lambda row: _project(call, row, shown, asked))
        if before:
            source = ProjectedListing(source, lambda row: before + row + after)
        if paged:
            return Reply(source)
        return Reply(b"".join((head, b",".join(source.slice(0, source.size())), tail)))

    return handle


def _formed(
    call: Call,
    form: Callable[[Record], Record],
    shown: frozenset[str] | None,
    asked: Sequence[tuple[str, lists.Include]],
) -> Callable[[bytes], bytes]:
    """A function from a stored row to the one that a list shows, with its includes."""
    if shown is None and not asked:
        return lambda row: encode(form(decode(row)))

    def render(row: bytes) -> bytes:
        includes = {name: include(call, decode(row)) for name, include in asked}
        made = form(decode(row))
        kept = made if shown is None else {name: value for name, value in made.items() if name in shown}
        return encode({**kept, **includes})

    return render


def _read(role: Role, records: Records) -> Handler:
    item, render, known = role.item, _render(role, records), lists.includes(records)
    include, plain = role.resource.include, _plain_render(role, records)
    limits = role.resource.scope is not None or records.limited
    if records.plain and isinstance(item, str) and not known and not role.parents and not limits:
        name, parameter = records.name, item

        def read(call: Call) -> Reply:
            id = text_of(call.arguments[parameter])
            row = call.store[name].row(id)
            if row is None:
                raise records.not_found(call, id)
            return Reply(render(call, row))

        return read

    single, head, tail = role.resource.single, *_around(role.answer)
    hidden = role.resource.hidden if role.answer.omits == sorted(role.resource.hidden) and records.form is None else ()

    def read_with_checks(call: Call) -> Reply:
        id = _item_id(role, call)
        record = records.find(call, id, role.parents)
        asked = lists.wanted(records, known, call) if include in call.arguments else ()
        if asked:
            shown = record if records.form is None else records.form(call)(decode(encode(record)))
            return Reply(plain(call, encode(lists.with_includes(record, asked, call, shown=shown))))
        if single:  # which is there before it is stored
            return Reply(render(call, encode(record)))
        if hidden:
            return Reply(head + encode({name: value for name, value in record.items() if name not in hidden}) + tail)
        return Reply(render(call, call.store[records.name].row(records.layout.id(record)) or b""))

    return read_with_checks


def _immediate(role: Role, plan: Plan, records: Records, item_path: str | None) -> Handler:
    """A handler that does at once what an operation does."""
    render, empty = _render(role, records), role.answer.empty
    located, created, headers = _location(role, item_path), _created_status(role), role.answer.headers

    def handle(call: Call) -> Reply:
        effect = plan(call)
        row = records.perform(call, effect)
        if located is not None and effect.before is None:
            call.headers += ((b"location", located(call, records, effect.record).encode()),)
        if headers:
            id = effect.record[records.resource.key]
            call.headers += tuple((name, str(value(call, id)).encode()) for name, value in headers)
        return Reply(b"" if empty else render(call, row), created if effect.before is None else None)

    return handle


def _deferred(role: Role, plan: Plan, records: Records, all: Mapping[str, Records]) -> Handler:
    """A handler that answers with a job, which does later what the operation does."""
    deferred = role.job
    assert deferred is not None, "the caller has seen it"
    jobs, failed = all[deferred.resource.name], deferred.failed.name if deferred.failed else None
    render, empty = _render(role, jobs), role.answer.empty

    def handle(call: Call) -> Reply:
        effect = plan(call)
        job = jobs.new(call, {})
        deferred.set.apply(job, call, effect.record[records.resource.key])
        jobs.check(call, job, None)
        row = jobs.store(call, job, None)
        if deferred.at_once:
            records.perform(call, effect)
        else:
            records.defer(call, effect, job=jobs.layout.id(job), failed=failed)
        return Reply(b"" if empty else render(call, row))

    return handle


def _create(role: Role, records: Records) -> Plan:
    body, parents, whole = _body(role, records), role.parents, role.resource.whole
    own = role.item if callable(role.item) else None  # an id that a request may choose
    chosen = role.resource.chosen_id if own is None else None  # one that it has to

    def plan(call: Call) -> Effect:
        if parents:
            records.check_parents(call, parents)
        wanted = ABSENT if chosen is None else _chosen_id(role, chosen(call, None))
        if own is not None:
            wanted = _sent_id(role, records, call, own(call, None))
        if wanted is not ABSENT and not records.fits_key(wanted):
            message = f"{str(wanted)[:80]!r} is no {role.resource.key} that the schema allows"
            raise Problem("invalid", message, fields={role.resource.key: [message]})
        if wanted is not ABSENT and not whole and call.store[records.name].row(text_of(wanted)) is not None:
            raise Problem(role.resource.conflict)
        ids = call.ids
        seed, count = ids.seed, ids.count
        record = records.new(call, body(call), parents, wanted=wanted)
        try:
            if whole and call.store[records.name].row(records.layout.id(record)) is not None:
                raise Problem(role.resource.conflict)
            records.check(call, record, None)
        except Problem:  # a refused request takes no id
            ids.seed, ids.count = seed, count
            raise
        return Effect("insert", record, None)

    return plan


def _chosen_id(role: Role, value: Json) -> Json:
    """The id that a request chooses; raises Problem where it chooses none."""
    if value is ABSENT or not isinstance(value, str | int) or value == "":
        message = f"{role.resource.key} is required"
        raise Problem("invalid", message, fields={role.resource.key: [message]})
    return value


def _sent_id(role: Role, records: Records, call: Call, value: Json) -> Json:
    """An id that a request sends, as the member has it; ABSENT where it sends none that is kept."""
    plain = isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    rule = call.value(role.sent_id) if plain else "ignored"
    if rule == "ignored":
        return ABSENT
    id = records.typed(records.resource.key, value)
    if rule == "kept":
        return id
    free = call.store[records.name].row(records.stored_id(call, text_of(id), role.parents)) is None
    return id if free and (isinstance(id, str) or id > 0) else ABSENT


def _creating(role: Role, records: Records) -> Callable[[Call], Effect | None]:
    """A function that makes the record of an unknown id, where the operation does so; None for a known one."""
    by_id = replace(role, item=lambda call, _: _item_id(role, call))
    create = _create(by_id if role.creates is not False else role, records)

    def made(call: Call) -> Effect | None:
        if role.creates is not False and not call.value(role.creates):
            return None
        known = records.visible(call, _item_id(role, call), role.parents)
        return create(call) if known is None else None

    return made


def _replace(role: Role, records: Records) -> Plan:
    creates = role.creates is not False or role.resource.chosen_id is not None
    create = _creating(role, records) if creates else None
    kept, key, body = records.kept, role.resource.key, _body(role, records)
    if role.resource.fill:  # also what this request cannot hold
        accepted = records.accepted(role.request)
        others = () if accepted is None else tuple(name for name in role.resource.members if name not in accepted)
        kept = tuple(dict.fromkeys((*kept, *others)))

    def plan(call: Call) -> Effect:
        effect = create(call) if create is not None else None
        if effect is not None:
            return effect
        before = _item(role, records, call)
        old = {name: before[name] for name in (*kept, key) if name in before}
        given = body(call)
        is_sent = not role.body or isinstance(at_pointer(call.body, role.body), Mapping)
        rest = {**records.blank, **old} if is_sent else before  # a body without what holds the record resets nothing
        record = records.steady({**rest, **given}, given, before)
        return _changed(records, call, before, records.completed(record), role.parents)

    return plan


def _update(role: Role, records: Records) -> Plan:
    body = _body(role, records)
    create = _creating(role, records) if role.creates is not False else None
    merges = role.action == "merge"

    def plan(call: Call) -> Effect:
        effect = create(call) if create is not None else None
        if effect is not None:
            return effect
        before = _item(role, records, call)
        given = body(call)
        if merges or body_type(call.request) == _MERGE_PATCH:
            record = records.steady(_merge(before, given), given, before)
        else:
            record = records.steady({**before, **given}, given, before)
        return _changed(records, call, before, record, role.parents)

    return plan


def _act(role: Role, records: Records) -> Plan:
    """An operation below an item: it gives the record what the request has of its members, then what it is to set."""
    accepted = records.accepted(role.request)
    if accepted is None:
        accepted = records.settable & schemas.members(records.document, role.request).keys() or records.settable
    body = _body(role, records, accepted)
    set_ = role.set.apply if role.action == "act" else None

    def plan(call: Call) -> Effect:
        before = _item(role, records, call)
        record, id = {**before, **body(call)}, before[records.resource.key]
        records.resource.update.apply(record, call, id)
        if set_ is not None:
            set_(record, call, id)
        record = records.completed(record)
        records.check(call, record, before)
        return Effect("change", record, before)

    return plan


def _patch(role: Role, records: Records) -> Plan:
    """A JSON Patch; members that a request cannot set stay as they are."""
    accepted = records.accepted(True)

    def plan(call: Call) -> Effect:
        before = _item(role, records, call)
        shown = {name: value for name, value in before.items() if name not in role.resource.hidden}
        try:
            whole = patched(shown, at_pointer(call.body, role.body) if role.body else call.body)
        except ValueError as error:
            kind = role.resource.conflict if isinstance(error, NotThere) else "invalid"
            raise Problem(kind, str(error)) from None
        given = records.taken(whole, accepted)
        own = {name: value for name, value in before.items() if not records.takes(name, accepted)}
        return _changed(records, call, before, records.completed({**own, **given}), role.parents)

    return plan


def _changed(
    records: Records, call: Call, before: SharedRecord, record: Record, parents: Sequence[Parent] = ()
) -> Effect:
    records.resource.update.apply(record, call, before[records.resource.key])
    record = records.enter(call, record, before)
    if records.filler is not None or records.keyed:  # a path says whose the record is
        bound = (*(one.member for one in parents), *records.whole)
        record |= {member: before[member] for member in bound if member in before}
        record = records.completed(record)
    records.check(call, record, before)
    return Effect("change", record, before)


def _merge(value: Json, patch: Json) -> Json:
    """A value after a JSON Merge Patch (RFC 7396)."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(value) if isinstance(value, Mapping) else {}
    for name, child in patch.items():
        if child is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), child)
    return merged


def _delete(role: Role, records: Records) -> Plan:
    soft = role.resource.delete

    def plan(call: Call) -> Effect:
        before = _item(role, records, call)
        if soft is None:
            return Effect("remove", dict(before), before)
        record = dict(before)
        soft.apply(record, call, before[records.resource.key])
        return Effect("change", record, before)

    return plan


def _move(role: Role, records: Records) -> Plan:
    transition = role.transition
    assert transition is not None, "a move is a transition"

    def plan(call: Call) -> Effect:
        before = _item(role, records, call)
        record = records.move(call, before, transition)
        records.check(call, record, before)
        return Effect("change", record, before)

    return plan


def _command(role: Role, records: Records) -> Plan:
    command, cycle = role.command, role.resource.life_cycle
    moves = {name: one for name, one in cycle.transitions.items() if one.after is None} if cycle else {}

    def plan(call: Call) -> Effect:
        before = _item(role, records, call)
        name = command(call, None) if command else ABSENT
        transition = moves.get(name) if isinstance(name, str) else None
        if transition is None:
            raise Problem("invalid", f"{str(name)[:80]!r} is no command; known: {', '.join(moves)}")
        record = records.move(call, before, transition)
        records.check(call, record, before)
        return Effect("change", record, before)

    return plan


_PLANS: Mapping[str, Callable[[Role, Records], Plan]] = {
    "create": _create,
    "replace": _replace,
    "update": _update,
    "merge": _update,
    "patch": _patch,
    "take": _act,
    "act": _act,
    "delete": _delete,
    "move": _move,
    "command": _command,
}


def _item_id(role: Role, call: Call) -> str:
    """The id of the record that a call acts on."""
    if isinstance(role.item, str):
        return text_of(call.arguments[role.item])
    value = role.item(call, None) if role.item else ABSENT
    return "" if value is ABSENT else str(value)


def _body(role: Role, records: Records, accepted: frozenset[str] | None = None) -> Callable[[Call], Record]:
    """A function that reads what a record takes from a request's body; `accepted`: those that the request declares."""
    pointer, names = role.body, role.names
    accepted = records.accepted(role.request) if accepted is None else accepted
    if not names:
        return lambda call: records.taken(at_pointer(call.body, pointer) if pointer else call.body, accepted)
    accepted = None if accepted is None else accepted | {name for name in names.values() if records.takes(name, None)}

    def renamed(call: Call) -> Record:
        given = at_pointer(call.body, pointer) if pointer else call.body
        own = given.items() if isinstance(given, Mapping) else ()
        return records.taken({names.get(name, name): value for name, value in own}, accepted)

    return renamed


def _item(role: Role, records: Records, call: Call) -> SharedRecord:
    return records.find(call, _item_id(role, call), role.parents)


def _render(role: Role, records: Records) -> Render:
    """A function that puts an encoded record, in the form that is shown, into the operation's answer."""
    plain, form = _plain_render(role, records), records.form
    if form is None or role.answer.template is not None:
        return plain
    return lambda call, row: plain(call, encode(form(call)(decode(row))))


def _plain_render(role: Role, records: Records) -> Render:
    """A function that puts an encoded record into the operation's answer as it is."""
    answer, key = role.answer, records.resource.key
    if answer.template is None:
        return _shown(answer)
    constant, value = answer.template
    if answer.around:
        inner = _shown(answer)
        return lambda call, row: encode(
            {**decode(inner(call, row)), **(value if constant else value(call, decode(row)[key]))}
        )
    return lambda call, row: encode(value if constant else value(call, decode(row)[key]))


def _shown(answer: Answer) -> Render:
    """A function that puts an encoded record where an answer has it."""
    if answer.omits is not None:
        return _omitting(answer, answer.omits)
    head, tail = _around(answer)
    shown = answer.members
    if shown is not None:
        return lambda call, row: head + _project(call, row, shown, ()) + tail
    if not head and not tail:
        return lambda call, row: row
    return lambda call, row: head + row + tail


def _without(row: bytes, names: Sequence[str]) -> bytes:
    record = decode(row)
    for name in names:
        record.pop(name, None)
    return encode(record)


def _omitting(answer: Answer, omits: Json) -> Render:
    """A function that puts a record without some members into an answer; `omits` may be an assumption."""
    head, tail = _around(answer)

    def render(call: Call, row: bytes) -> bytes:
        names = call.value(omits)
        return head + (_without(row, names) if names else row) + tail

    return render


def _around(answer: Answer, *, many: bool = False) -> tuple[bytes, bytes]:
    """The bytes before and after the record, or the items of a list, in an answer."""
    inner: Json = [_MARK] if many else _MARK
    names = [part.replace("~1", "/").replace("~0", "~") for part in answer.pointer.split("/")[1:]]
    for name in reversed(names):
        inner = [inner] if name == FIRST else {name: inner}
    body = {**answer.beside, **inner} if isinstance(inner, dict) else inner
    head, _, tail = encode(body).partition(encode(_MARK))
    return head, tail


def _project(call: Call, row: bytes, shown: frozenset[str] | None, asked: Sequence[tuple[str, lists.Include]]) -> bytes:
    """A row with the members that are shown, and its includes."""
    record = decode(row)
    kept = record if shown is None else {name: value for name, value in record.items() if name in shown}
    return encode({**kept, **{name: include(call, record) for name, include in asked}})


def _created_status(role: Role) -> int | None:
    """The status of a PUT that creates; None for the usual one."""
    return 201 if role.action == "replace" and "201" in role.operation.responses else None


def _location(role: Role, item_path: str | None) -> Callable[[Call, Records, Record], str] | None:
    """A function that makes the URL of a new record, for operations whose answer has a Location header."""
    answers = [one for status, one in role.operation.responses.items() if status.startswith("2")]
    if item_path is None or not any(name == "location" for one in answers for name, *_ in one.headers):
        return None
    last = parameters_of(item_path)[-1]

    def url(call: Call, records: Records, record: Record) -> str:
        return call.url(written(item_path, {**call.arguments, last: text_of(record[records.resource.key])}))

    return url
