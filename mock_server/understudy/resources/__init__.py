"""Resources: what an operation without a handler does, as `x-resources` declares it.

All is worked out at start: `declare` makes handlers, layouts and the timer of an API, or tells all that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from understudy.document.answers import Answers
from understudy.document.compile import ContractError
from understudy.document.contract import Contract
from understudy.engine.api import Add, Find, Timer
from understudy.engine.call import Call, Handler, Json
from understudy.engine.ids import Ids
from understudy.engine.store import Layout, Record, SharedRecord
from understudy.messages import suggest
from understudy.resources import access, lists
from understudy.resources.access import ErrorBody
from understudy.resources.actions import fixed_handler, handler
from understudy.resources.check import check
from understudy.resources.declaration import Reader, Resource
from understudy.resources.first import first
from understudy.resources.layouts import HELPERS, NUMBERS, PENDING, REPLIES, TIMERS, Indexed, text_of
from understudy.resources.lists import Filter
from understudy.resources.records import PAYLOAD, TIMER, Form, Records
from understudy.resources.roles import Choice, Inference, Role
from understudy.resources.shown import Function, form_of


@dataclass(frozen=True, slots=True)
class Resources:
    """What the resources of a document add to an API. `roles` tell what each operation does, by operationId.

    `entry` makes the record of a resource of an entry of the API's own seed file. `references` are the members that
    name another record: resource, member, resource named. `find` finds a record for a handler.
    """

    handlers: Mapping[str, Handler]
    layouts: Mapping[str, Layout]
    timers: Mapping[str, Timer]
    roles: Mapping[str, Role]
    error_body: ErrorBody
    new_key: Callable[[Ids], str]
    add: Add
    entry: Callable[[str, Mapping[str, Json]], Record]
    first: Callable[[Mapping[str, Json]], Mapping[str, Sequence[Record]]]
    references: Sequence[tuple[str, str, str]]
    find: Find


def declare(
    contract: Contract,
    *,
    replaced: Collection[str] = (),
    served: Mapping[str, Function] = MappingProxyType({}),
    forms: Mapping[str, Form] = MappingProxyType({}),
    answers: Answers | None = None,
    example: Handler | None = None,
) -> Resources:
    """The resources of a document. `replaced` are the operations that have a handler of their own.

    `served` makes, by resource, what answers show of a call and a record; `forms` do so for a call first, then for each
    record, and leave out what is not shown.
    `answers` are the document's own; `example` handles what is served from examples in some worlds. Raises
    ContractError with everything that is wrong.
    """
    reader = Reader(contract, {*served, *forms})
    resources = reader.resources()
    inference = Inference(reader, resources)
    roles = inference.roles(replaced)
    each = [*roles.values(), *_others(inference)]
    chosen = {role.operation.id: _filters(reader, role) for role in each if role.action == "list"}
    owners = {name: inference.owners(resource) for name, resource in resources.items()}
    check(reader, resources, roles, owners)
    error_body, problems = access.error_body(contract)
    make_key, wrong = access.new_key(contract)
    problems += wrong
    if reader.diagnostics or problems:
        raise ContractError(contract.source, [*reader.diagnostics, *problems])
    jobs = {role.job.resource.name for role in roles.values() if role.job is not None and not role.job.at_once}
    records = _records(contract, owners, resources, _indexed(resources, each, chosen), jobs)
    made_by = {name: form_of(function, name, resources[name].hidden) for name, function in served.items()}
    for name, form in {**forms, **made_by}.items():
        records[name].form = form

    def made(role: Role | None) -> Handler:
        if role is None:
            assert example is not None, "only documents with examples have operations that answer one"
            return example
        own = handler(role, records, chosen.get(role.operation.id, ()), inference.item_path(role.resource), answers)
        return _switched(own, example, role.resource.served)

    handlers = {id: made(role) for id, role in roles.items()}
    for id, choice in inference.choices.items():
        handlers[id] = _chosen(choice, {value: made(role) for value, role in choice.roles.items()})
    handlers |= {id: fixed_handler(template) for id, template in inference.fixed.items()}
    timed = any(one.is_timed for one in records.values())
    needed = {
        TIMERS: timed,
        PENDING: bool(jobs),
        NUMBERS: any(one.numbered for one in resources.values()),
        REPLIES: any(role.repeats is not False for role in each),
    }
    layouts = {name: one.layout for name, one in records.items()}
    layouts |= {name: layout for name, layout in HELPERS.items() if needed[name]}
    timers = {TIMER: Timer(_timer(records), PAYLOAD)} if timed else {}
    return Resources(
        handlers=handlers,
        layouts=layouts,
        timers=timers,
        roles=roles,
        error_body=error_body,
        new_key=make_key,
        add=_adding(records),
        entry=lambda name, members: records[name].entry(members),
        first=_first(records, contract.name),
        find=_finder(records),
        references=[(name, *one) for name, resource in resources.items() for one in resource.refers.items()],
    )


def _others(inference: Inference) -> list[Role]:
    """The roles that operations have where an assumption has another value than its default."""
    return [role for choice in inference.choices.values() for role in choice.roles.values() if role is not None]


def _chosen(choice: Choice, handlers: Mapping[str, Handler]) -> Handler:
    """A handler that does what the value of an assumption says."""
    assumption = choice.assumption
    return lambda call: handlers[str(call.value(assumption))](call)


def _switched(handler: Handler, example: Handler | None, served: Json) -> Handler:
    """A handler that answers an example instead in worlds whose resource remembers nothing."""
    if example is None or served == "records":
        return handler
    return lambda call: handler(call) if call.value(served) == "records" else example(call)


def _filters(reader: Reader, role: Role) -> list[Filter]:
    source = reader.document["paths"][role.operation.path][role.operation.method.lower()]
    return lists.filters(reader, role.operation, role.resource, source, parents=role.parents)


def _indexed(
    resources: Mapping[str, Resource], roles: Sequence[Role], chosen: Mapping[str, list[Filter]]
) -> dict[str, list[Indexed]]:
    """The members of each resource, or pairs of them, that filters, parents, conditions and uniqueness look up."""
    scoped = {name for name, one in resources.items() if one.scope is not None}
    indexed: dict[str, list[Indexed]] = {}
    for name, one in resources.items():
        limited = (member for member, target in one.refers.items() if target in scoped)
        indexed[name] = [*one.parent.values(), *one.unique, *limited]
    for role in roles:
        filters = chosen.get(role.operation.id, ()) if role.action == "list" else ()
        indexed[role.resource.name] += [one.member for one in filters if one.test is None]
        indexed[role.resource.name] += lists.paired(role.parents, filters)
        indexed[role.resource.name] += [*role.only.constants, *(name for name, _ in role.only.computed)]
    return indexed


def _records(
    contract: Contract,
    owners: Mapping[str, Mapping[str, Resource]],
    resources: Mapping[str, Resource],
    indexed: Mapping[str, list[Indexed]],
    jobs: Collection[str],
) -> dict[str, Records]:
    records: dict[str, Records] = {}
    for name, resource in resources.items():
        records[name] = Records(
            resource, contract, all=records, owners=owners[name], indexed=indexed[name], is_job=name in jobs
        )
    return records


def _adding(records: Mapping[str, Records]) -> Add:
    def add(call: Call, content: Json) -> Sequence[Record]:
        from understudy.resources import seed  # takes 6 ms, and most starts need none

        return seed.add(records, call, content)

    return add


def _finder(records: Mapping[str, Records]) -> Find:
    def find(call: Call, name: str, id: Json, having: Mapping[str, Json], kind: str | None) -> SharedRecord:
        if name not in records:
            raise LookupError(f"there is no resource {name}{suggest(name, records)}")
        known = records[name]
        for member, value in having.items():
            target = known.resource.refers.get(member)
            if target is not None:
                records[target].find(call, text_of(value))
        return known.find(call, text_of(id), having=having, kind=kind)

    return find


def _first(records: Mapping[str, Records], name: str) -> Callable[[Mapping[str, Json]], Mapping[str, Sequence[Record]]]:
    return lambda seed: first(records, seed, name)


def _timer(records: Mapping[str, Records]) -> Callable[[Call], None]:
    def run(call: Call) -> None:
        records[call.body["resource"]].run_timer(call)

    return run
