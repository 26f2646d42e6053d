"""What was understood of an API, as values that a command prints: resources, handlers, examples, inferences, security.

Must not know how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from understudy.document.answers import Answers
from understudy.document.infer import ExamplesOnly, Inference, Inferred
from understudy.document.model import Assumed, Pagination
from understudy.document.notice import Notice
from understudy.document.operation import Operation
from understudy.engine.api import Api
from understudy.engine.call import Json
from understudy.engine.examples import example_handler
from understudy.resources import declare as declare_resources
from understudy.resources.declaration import LifeCycle, Resource
from understudy.resources.roles import EXAMPLE_BELOW, MANY, Role

_BY_RESOURCE, _BY_EXAMPLE = "understudy.resources", "understudy.engine.examples"  # where handlers are made
_DOES = {True: "the answer that x-operation declares", False: "a handler in Python"}
_NO_REASON = "no resource is declared or inferred on its path"
_DECLARED = "x-operation says so"


class Shown(NamedTuple):
    """An operation: its id, method and path, what it does, and how its answers are paged (empty: not at all)."""

    operation: str
    method: str
    path: str
    does: str
    pages: str = ""


@dataclass(frozen=True, slots=True)
class ShownResource:
    """A resource. `id` says who makes ids, in which shape; `object` and `list` are where these stand in answers.

    `parents` maps path parameters to resources (None: no resource is known), `states` are the steps of its life cycle.
    """

    name: str
    schema: str
    key: str
    id: str
    parents: Mapping[str, str | None]
    object: str
    list: str | None
    order: str
    states: Sequence[str]
    operations: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class Explained:
    """An API in its parts. What is `left_out` is not understood, or is wrong."""

    api: Api
    resources: Sequence[ShownResource]
    handled: Sequence[Shown]
    examples: Sequence[ExamplesOnly]
    inferences: Sequence[Inference]
    left_out: Sequence[Notice]


def explained(api: Api, inferred: Inferred | None = None, notices: Sequence[Notice] = ()) -> Explained:
    """What was understood of an API; nothing is inferred of a built-in one."""
    operations = api.contract.operations
    made_by = {id: str(getattr(api.handlers[id], "__module__", "")) for id in operations}
    replaced = [id for id, module in made_by.items() if not module.startswith(_BY_RESOURCE)]
    answers = Answers(api.contract)
    example = example_handler(answers)
    declared = declare_resources(api.contract, replaced=replaced, served=api.served, answers=answers, example=example)
    roles = declared.roles
    does = {id: _DOES[module.startswith(_BY_RESOURCE)] for id, module in made_by.items()}
    others = [one for one in operations.values() if one.id not in roles]
    reasons = {one.operation: one for one in (inferred.examples_only if inferred else ())}
    return Explained(
        api=api,
        resources=list(_resources(api, roles)),
        handled=[
            Shown(one.id, one.method, one.path, does[one.id], pages_of(one))
            for one in others
            if made_by[one.id] != _BY_EXAMPLE
        ],
        examples=[
            reasons.get(one.id) or ExamplesOnly(one.id, one.method, one.path, _reason(api, one))
            for one in others
            if made_by[one.id] == _BY_EXAMPLE
        ],
        inferences=inferred.inferences if inferred else (),
        left_out=notices,
    )


def _reason(api: Api, one: Operation) -> str:
    """Why an operation answers examples of which nothing was inferred."""
    declared = api.contract.document["paths"][one.path][one.method.lower()].get("x-operation", {})
    return _DECLARED if declared.get("do") == "example" else _NO_REASON


def _resources(api: Api, roles: Mapping[str, Role]) -> Iterator[ShownResource]:
    declared: Mapping[str, Json] = api.contract.document.get("x-resources", {})
    for name in declared:
        own = [role for role in roles.values() if role.resource.name == name]
        if own:
            yield _resource(api, own, declared[name])


def _resource(api: Api, roles: Sequence[Role], declared: Mapping[str, Json]) -> ShownResource:
    resource = roles[0].resource
    lists = [role for role in roles if role.action == "list"]
    objects = [role.answer.pointer for role in roles if role.action not in ("list", *MANY) and not _is_without(role)]
    return ShownResource(
        name=resource.name,
        schema=resource.schema,
        key=resource.key,
        id=_id(resource, declared),
        parents={one.parameter: one.owner for role in roles for one in role.parents},
        object=next(iter(objects), ""),
        list=lists[0].answer.pointer if lists else None,
        order=_order(api, resource, lists, declared.get("listed")),
        states=list(_steps(api, resource.life_cycle)),
        operations=[_shown(role) for role in roles],
    )


def _is_without(role: Role) -> bool:
    """Whether the answer of an operation holds no record of its resource."""
    return role.answer.empty or role.answer.example or role.job is not None


def _shown(role: Role) -> Shown:
    one, does = role.operation, role.action
    if role.transition is not None:
        does = f"step {role.transition.name}"
    if role.action == EXAMPLE_BELOW:
        does = "example, if it is there"
    if role.action == "act":
        does = "act: " + ", ".join(f"{name} = {value}" for name, value in role.set.constants.items())
    if role.job is not None:
        does += f", by a job of {role.job.resource.name}"
    return Shown(one.id, one.method, one.path, does, pages_of(one) if role.action == "list" else "")


def _id(resource: Resource, declared: Mapping[str, Json]) -> str:
    """Who makes ids, in which shape."""
    form = str(declared.get("id", ""))
    if resource.chosen_id is not None:
        return f"the request's {form}"
    if resource.id is None:
        return "counted up from 1"
    return f"made as {form}" if form else "made to fit its schema"


def _order(api: Api, resource: Resource, lists: Sequence[Role], listed: Json) -> str:
    """The order of lists: that of their pages, of a member, or of creation."""
    paged = next((role.operation.pagination for role in lists if role.operation.pagination is not None), None)
    if paged is not None and paged.order:
        return str(_usual(api, paged.order))
    if resource.order is not None:
        return f"by {resource.order}, {'highest' if resource.descending else 'lowest'} first"
    given = Assumed(listed["assumption"]) if isinstance(listed, Mapping) else listed
    return str(_usual(api, given or "oldest-first"))


def _usual(api: Api, value: Json) -> Json:
    """A value, of an assumption its default."""
    return api.contract.assumptions[value.id].default if isinstance(value, Assumed) else value


def _steps(api: Api, cycle: LifeCycle | None) -> Iterator[str]:
    """The steps of a life cycle, as text: `name: a, b -> c`."""
    for one in cycle.transitions.values() if cycle is not None else ():
        before = ", ".join(str(state) for state in one.before)
        after = f" after {_usual(api, one.after)} s" if one.after is not None else ""
        yield f"{one.name}: {before} -> {one.to}{after}"


def pages_of(operation: Operation) -> str:
    """How a list is paged, in a few words; empty where it is not."""
    paged = operation.pagination
    if paged is None:
        return ""
    named = [paged.name(setting) for setting in ("limit", "page", "cursor", "offset") if setting in paged.settings]
    return f"{_style(paged)} ({', '.join(named)})" if named else _style(paged)


def _style(paged: Pagination) -> str:
    return {"pages": "page numbers", "page-number": "page numbers", "after": "cursors", "all": "all at once"}.get(
        paged.style, f"{paged.style}s"
    )
