"""Resources: what an operation without a handler does, as `x-resources` declares it.

All is worked out at start: `declare` makes handlers, layouts and the timer of an API, or tells all that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from understudy.document.compile import ContractError
from understudy.document.contract import Contract
from understudy.engine.api import Add, Timer
from understudy.engine.call import Call, Handler, Json
from understudy.engine.ids import Ids
from understudy.engine.store import Layout, Record
from understudy.resources import access, lists
from understudy.resources.access import ErrorBody
from understudy.resources.actions import fixed_handler, handler
from understudy.resources.check import check
from understudy.resources.declaration import Reader, Resource
from understudy.resources.lists import Filter
from understudy.resources.records import HELPERS, NUMBERS, PAYLOAD, PENDING, TIMER, TIMERS, Records
from understudy.resources.roles import Inference, Role


@dataclass(frozen=True, slots=True)
class Resources:
    """What the resources of a document add to an API. `roles` tell what each operation does, by operationId."""

    handlers: Mapping[str, Handler]
    layouts: Mapping[str, Layout]
    timers: Mapping[str, Timer]
    roles: Mapping[str, Role]
    error_body: ErrorBody
    new_key: Callable[[Ids], str]
    add: Add


def declare(contract: Contract, *, replaced: Collection[str] = ()) -> Resources:
    """The resources of a document. `replaced` are the operations that have a handler of their own.

    Raises ContractError with everything that is wrong.
    """
    reader = Reader(contract)
    resources = reader.resources()
    inference = Inference(reader, resources)
    roles = inference.roles(replaced)
    chosen = {id: _filters(reader, role) for id, role in roles.items() if role.action == "list"}
    owners = {name: inference.owners(resource) for name, resource in resources.items()}
    check(reader, resources, roles, owners)
    error_body, problems = access.error_body(contract)
    make_key, wrong = access.new_key(contract)
    problems += wrong
    if reader.diagnostics or problems:
        raise ContractError(contract.source, [*reader.diagnostics, *problems])
    jobs = {role.job.resource.name for role in roles.values() if role.job is not None}
    records = _records(contract, owners, resources, _indexed(resources, roles, chosen), jobs)
    handlers = {
        id: handler(role, records, chosen.get(id, ()), inference.item_path(role.resource)) for id, role in roles.items()
    }
    handlers |= {id: fixed_handler(template) for id, template in inference.fixed.items()}
    timed = any(one.is_timed for one in records.values())
    needed = {TIMERS: timed, PENDING: bool(jobs), NUMBERS: any(one.numbered for one in resources.values())}
    layouts = {name: one.layout for name, one in records.items()}
    layouts |= {name: layout for name, layout in HELPERS.items() if needed[name]}
    timers = {TIMER: Timer(_timer(records), PAYLOAD)} if timed else {}
    return Resources(handlers, layouts, timers, roles, error_body, make_key, _adding(records))


def _filters(reader: Reader, role: Role) -> list[Filter]:
    source = reader.document["paths"][role.operation.path][role.operation.method.lower()]
    return lists.filters(reader, role.operation, role.resource, source)


def _indexed(
    resources: Mapping[str, Resource], roles: Mapping[str, Role], chosen: Mapping[str, list[Filter]]
) -> dict[str, list[str]]:
    """The members of each resource that filters, parents and uniqueness look up."""
    indexed = {name: [*one.parent.values(), *one.unique] for name, one in resources.items()}
    for id, filters in chosen.items():
        indexed[roles[id].resource.name] += [one.member for one in filters if one.test is None]
    return indexed


def _records(
    contract: Contract,
    owners: Mapping[str, Mapping[str, Resource]],
    resources: Mapping[str, Resource],
    indexed: Mapping[str, list[str]],
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


def _timer(records: Mapping[str, Records]) -> Callable[[Call], None]:
    def run(call: Call) -> None:
        records[call.body["resource"]].run_timer(call)

    return run
