"""Generates mutants from a document: ignored parameters, lost members, swapped errors, numbers off by one.

They need no rule and know no API. Equivalent mutants are listed with the reason in `unnoticeable.yaml`.
`footprints` selects the checks that can kill a mutant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import chain
from pathlib import Path as File
from typing import Any, Literal
from zlib import crc32

import yaml
from msgspec import structs

from understudy.document.contract import Contract
from understudy.document.model import Assumed, ErrorKind, Pagination, Quota, RateLimit
from understudy.document.operation import Operation
from understudy.document.parameters import Parameter
from understudy.engine.api import Api, Step
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.exchange import Response
from understudy.engine.paging import page
from understudy.engine.problem import Problem, Refusal
from understudy.engine.store import ComputedListing, Store, decode, encode
from understudy_checks.mutation import Breakage
from understudy_checks.mutation.marks import Mark
from understudy_checks.mutation.members import (
    EACH,
    Member,
    Path,
    answer_members,
    body_members,
    body_schema,
    declares,
    dotted,
    unique,
)
from understudy_checks.pointers import resolve_reference
from understudy_checks.target import installed

Json = Any
Kind = Literal["query", "answer", "body", "error", "tenant", "number", "enum"]
UNNOTICEABLE = File(__file__).with_name("unnoticeable.yaml")
SHARE = 10
"""One in this many mutants is in the sample of every test run."""
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", *_COUNTS)


@dataclass(frozen=True, slots=True)
class Generated:
    """A mutant generated from a document. `text` says in one sentence what is wrong, and identifies the mutant.

    The mutant can respond differently only in exchanges that show at least one of its `marks` with the unchanged API
    (see footprints).
    """

    api: str
    kind: Kind
    text: str
    marks: frozenset[Mark]
    breaks: Breakage = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The sentence as a slug."""
        return re.sub(r"[^A-Za-z0-9]+", "-", re.sub(r'(?<=[ "])-(?=\w)', "minus ", self.text)).strip("-")

    @property
    def label(self) -> str:
        """Its name, unique in its API."""
        return self.name

    @property
    def names(self) -> tuple[str, ...]:
        """The names that select it: its own."""
        return (self.name,)

    @property
    def rules(self) -> tuple[str, ...]:
        """None: it breaks what the document declares."""
        return ()

    def __reduce__(self) -> tuple[Callable[..., Generated], tuple[str, str]]:
        # pickled by name, because its breakage holds parts of a compiled document
        return _named, (self.api, self.name)

    @property
    def is_sampled(self) -> bool:
        """Whether the mutant is in the fixed sample, independently of the other mutants."""
        return crc32(self.name.encode()) % SHARE == 0


@cache
def equivalent_mutants(api: str) -> Mapping[str, str]:
    """The equivalent mutants of an API, which nobody can notice: the reason by the sentence of the mutant."""
    groups = yaml.safe_load(UNNOTICEABLE.read_text(encoding="utf-8")).get(api, ())
    return {text: group["reason"] for group in groups for text in group["mutants"]}


@cache
def noticeable(api: str) -> tuple[Generated, ...]:
    """The generated mutants of an installed API, without the equivalent ones and those that are alike."""
    equivalent = equivalent_mutants(api)
    found = (mutant for mutant in generated(installed.document(api)) if mutant.text not in equivalent)
    return tuple({mutant.name: mutant for mutant in found}.values())


def generated(contract: Contract) -> Iterator[Generated]:
    """Generate all mutants of a compiled document, for each operation or for each declaration."""
    kinds = (_ignored_queries, _lost_members, _open_operations, _default_limits)
    for operation in contract.operations.values():
        yield from chain.from_iterable(make(contract, operation) for make in kinds)
    for make_all in (_missing_members, _numbers, _enums, _swapped_errors, _rate_limits):
        yield from make_all(contract)


def _named(api: str, name: str) -> Generated:
    """Find the generated mutant of an API by name."""
    return _by_name(api)[name]


@cache
def _by_name(api: str) -> dict[str, Generated]:
    return {mutant.name: mutant for mutant in noticeable(api)}


def _ignored_queries(contract: Contract, operation: Operation) -> Iterator[Generated]:
    for parameter in (parameter for parameter in operation.parameters if parameter.location == "query"):
        yield Generated(
            contract.name,
            "query",
            f"{operation.id} ignores the query parameter {parameter.name}.",
            frozenset({("query", operation.id, parameter.name)}),
            partial(_run_before, operation=operation.id, act=partial(_use_default, parameter)),
        )


def _use_default(parameter: Parameter, call: Call) -> None:
    call.arguments.pop(parameter.name, None)
    if parameter.default is not None:
        call.arguments[parameter.name] = parameter.default


def _missing_members(contract: Contract) -> Iterator[Generated]:
    """One mutant for each optional response member, removed from all responses."""
    for place, by_operation in _declared_paths(contract, "2").items():
        marks = frozenset(("answer", id, place[-1]) for id in by_operation)
        text = f"No answer shows {dotted(place)}."
        yield Generated(contract.name, "answer", text, marks, partial(_without_members, paths=by_operation))
    for place, by_operation in _declared_paths(contract, "45d").items():
        paths = tuple(dict.fromkeys(chain.from_iterable(by_operation.values())))
        text = f"No refusal shows {dotted(place)}."
        mark = ("error", place[-1])
        yield Generated(contract.name, "answer", text, frozenset({mark}), partial(_drop_error_members, paths=paths))


def _declared_paths(contract: Contract, classes: str) -> dict[Path, dict[str, list[Path]]]:
    """Map each declared optional member to its operations and its paths in their responses of some status classes."""
    places: dict[Path, dict[str, list[Path]]] = {}
    required = set()
    for operation in contract.operations.values():
        for member in answer_members(contract.document, operation, classes):
            places.setdefault(member.place, {}).setdefault(operation.id, []).append(member.path)
            required |= {member.place} if member.required else set()
    return {place: paths for place, paths in places.items() if place not in required}


def _without_members(api: Api, paths: Mapping[str, list[Path]]) -> Api:
    for operation, own in paths.items():
        api = _with_changed_body(api, operation, partial(_drop_all, paths=own))
    return api


def _with_changed_body(api: Api, operation: str, change: Callable[[Json], None]) -> Api:
    """Return the API with an operation whose decoded response body is changed."""

    def respond(original: Handler, call: Call) -> Reply:
        reply = original(call)
        body = reply.body if isinstance(reply.body, bytes) else page(call, reply.body)
        if not body:
            return reply
        value = decode(body)
        change(value)
        return structs.replace(reply, body=encode(value))

    return _wrap_handler(api, operation, respond)


def _drop_error_members(api: Api, paths: tuple[Path, ...]) -> Api:
    def changed(call: Call, refusal: Refusal) -> Json:
        body = deepcopy(api.error_body(call, refusal))
        _drop_all(body, paths)
        return body

    return replace(api, error_body=changed)


def _lost_members(contract: Contract, operation: Operation) -> Iterator[Generated]:
    for member in unique(body_members(contract.document, operation)):
        lose = partial(_empty if member.required else _drop, path=member.path)
        yield Generated(
            contract.name,
            "body",
            f"{operation.id} does not keep {member} of its body.",
            frozenset({("body", operation.id, member.path[-1])}),
            partial(_run_before, operation=operation.id, act=partial(_change_body, lose)),
        )


def _change_body(lose: Callable[[Json], None], call: Call) -> None:
    lose(call.body)


def _open_operations(contract: Contract, operation: Operation) -> Iterator[Generated]:
    names_nothing = "{" not in operation.path and operation.body is None and operation.pagination is None
    if operation.secured is True and not names_nothing:
        text = f"{operation.id} is open to other tenants."
        mutate = partial(_open_to_tenants, operation=operation.id)
        yield Generated(contract.name, "tenant", text, _calls(operation), mutate)


def _open_to_tenants(api: Api, operation: str) -> Api:
    """Return the API with an operation that reads and writes the objects of all tenants."""

    def authenticated(original: Step, call: Call) -> Response | None:
        try:
            return original(call)
        except Problem:
            known = call.world.credentials.get((call.contract.name, call.credential.token))
            if call.operation.id != operation or known is None:
                raise
            call.store = call.tenants[known.tenant]
            return None

    def opened(original: Handler, call: Call) -> Reply:
        owner = _owner(call)
        if owner is not None:
            return _as_tenant(call, owner, original)
        reply = original(call)
        return (
            reply
            if isinstance(reply.body, bytes)
            else structs.replace(reply, body=_append_other_tenant(call, reply, original))
        )

    steps = replace(api.steps, authenticate=partial(authenticated, api.steps.authenticate))
    return _wrap_handler(replace(api, steps=steps), operation, opened)


def _owner(call: Call) -> str | None:
    """The other tenant that a call names or whose object it names; None where it names an object of the caller."""
    texts = (value for value in call.body.values()) if isinstance(call.body, Mapping) else ()
    named = [str(value) for value in (*call.arguments.values(), *texts) if isinstance(value, str)]
    others = [name for name in call.tenants if name != call.credential.tenant]
    if any(_has_record(call.tenants[call.credential.tenant], text) for text in named if text not in call.tenants):
        return None
    known = (name for name in others for text in named if name == text or _has_record(call.tenants[name], text))
    return next(known, None)


def _as_tenant(call: Call, tenant: str, handler: Handler) -> Reply:
    call.store, call.credential = call.tenants[tenant], call.credential._replace(tenant=tenant)
    return handler(call)


def _append_other_tenant(call: Call, reply: Reply, handler: Handler) -> ComputedListing:
    """The items of the caller's list followed by those of the first other tenant, if it has that list."""
    assert not isinstance(reply.body, bytes), "only a listing is joined"
    rows, own = list(reply.body.slice(0, reply.body.size())), (call.store, call.credential)
    for name in [name for name in call.tenants if name != call.credential.tenant][:1]:
        with suppress(Problem):
            other = _as_tenant(call, name, handler).body
            assert not isinstance(other, bytes), "an operation that lists always lists"
            rows += other.slice(0, other.size())
    call.store, call.credential = own
    ids = [str(row.get("id", n)) for n, row in enumerate(map(decode, rows))]
    places = {id: n for n, id in enumerate(ids)}
    return ComputedListing(len(rows), rows.__getitem__, ids.__getitem__, places.get)


def _has_record(store: Store, id: str) -> bool:
    return any(store[name].row(id) is not None for name in store.names())


def _numbers(contract: Contract) -> Iterator[Generated]:
    for place, uses in _parameters(contract).items():
        for keyword, declared, other in _off_by_one(next(iter(uses.values())).schema, (*_NUMBERS, "default")):
            text = f"{dotted(place)} takes {other} rather than {declared} as {keyword}."
            yield _other_parameter(
                contract, uses, kind="number", text=text, values={keyword: other}, unsent=keyword == "default"
            )
    for place, found in _bodies(contract).items():
        for keyword, declared, other in _off_by_one(_keywords(found), _NUMBERS):
            text = f"{dotted(place)} takes {other} rather than {declared} as {keyword}."
            yield _other_body(contract, found, kind="number", text=text, values={keyword: other})


def _default_limits(contract: Contract, operation: Operation) -> Iterator[Generated]:
    """Mutants of a default page size stated outside the schema of the parameter."""
    declared = {} if operation.pagination is None else operation.pagination.settings
    for _, limit, other in _off_by_one(declared, ("default-limit",)):
        text = f"{operation.id} has pages of {other} rather than {limit} items."
        mutate = partial(_with_default_limit, operation=operation.id, limit=other)
        yield Generated(contract.name, "number", text, _calls(operation), mutate)


def _rate_limits(contract: Contract) -> Iterator[Generated]:
    named: list[tuple[str | None, RateLimit | None]] = [(None, contract.rate_limit)]
    named += [(operation.id, operation.rate_limit) for operation in contract.operations.values()]
    for id, limit in named:
        quota = None if limit is None else limit.quota
        for unit, declared, other in _off_by_one(
            quota._asdict() if isinstance(quota, Quota) else {}, ("requests", "seconds")
        ):
            yield Generated(
                contract.name,
                "number",
                f"The rate limit of {id or 'all operations'} is {other} rather than {declared} {unit}.",
                frozenset({("any",) if id is None else ("call", id)}),
                partial(_with_rate_limit, operation=id, values={unit: other}),
            )


def _with_rate_limit(api: Api, operation: str | None, values: Mapping[str, int]) -> Api:
    def other(limit: RateLimit | None) -> RateLimit:
        assert limit is not None, "only a declared limit is changed"
        assert isinstance(limit.quota, Quota), "only a declared number is changed"
        return structs.replace(limit, quota=limit.quota._replace(**values))

    if operation is None:
        return replace(api, contract=replace(api.contract, rate_limit=other(api.contract.rate_limit)))
    known = api.contract.operations[operation]
    return with_operation(api, operation, rate_limit=other(known.rate_limit))


def _with_default_limit(api: Api, operation: str, limit: int) -> Api:
    declared = api.contract.operations[operation].pagination
    assert isinstance(declared, Pagination), "only a list has pages"
    paged = structs.replace(declared, settings={**declared.settings, "default-limit": limit})
    return with_operation(api, operation, pagination=paged)


def _off_by_one(declared: Mapping[str, Json], names: tuple[str, ...]) -> Iterator[tuple[str, int, int]]:
    """The name, declared value and wrong value of each integer among `names`. Counts stay non-negative."""
    for name in names:
        number = declared.get(name)
        if isinstance(number, int) and not isinstance(number, bool):
            for other in (number - 1, number + 1):
                if other >= 0 or name not in _COUNTS:
                    yield name, number, other


def _enums(contract: Contract) -> Iterator[Generated]:
    for place, uses in _parameters(contract).items():
        for value, others in _without_each_value(next(iter(uses.values())).schema):
            if value is not None:  # a query value cannot be null
                text = f"{dotted(place)} does not know the value {encode(value).decode()}."
                yield _other_parameter(contract, uses, kind="enum", text=text, values={"enum": others})
    for place, found in _bodies(contract).items():
        for value, others in _without_each_value(_keywords(found)):
            text = f"{dotted(place)} does not know the value {encode(value).decode()}."
            yield _other_body(contract, found, kind="enum", text=text, values={"enum": others})


def _without_each_value(schema: Mapping[str, Json]) -> Iterator[tuple[Json, list[Json]]]:
    values = schema.get("enum", ())
    for value in values if len(values) > 1 else ():
        yield value, [other for other in values if other is not value]


def _swapped_errors(contract: Contract) -> Iterator[Generated]:
    """Mutants that swap each kind of error for one with another status, and for one with another documented code."""
    kinds = list(contract.errors)
    for number, kind in enumerate(kinds):
        own = contract.errors[kind]
        others = {name: contract.errors[name] for name in (*kinds[number + 1 :], *kinds[:number])}
        status = [name for name, other in others.items() if _has_another_status(contract, own, other)][:1]
        code = [name for name, other in others.items() if _has_another_code(own, other)][:1]
        for other in (*status, *code):
            text, mark = f"The error {kind} is answered as {other}.", ("refused", own.reason)
            mutate = partial(_with_error_swapped, kind=kind, other=other)
            yield Generated(contract.name, "error", text, frozenset({mark}), mutate)


def _with_error_swapped(api: Api, kind: str, other: str) -> Api:
    own, errors = api.contract.errors[kind], api.contract.errors
    wrong = structs.replace(errors[other], reason=own.reason, rule=own.rule)
    return replace(api, contract=replace(api.contract, errors={**errors, kind: wrong}))


def _has_another_status(contract: Contract, own: ErrorKind, other: ErrorKind) -> bool:
    """Whether the document excludes the status of `other`: another class where its own status is assumed."""
    before, after = _statuses(contract, own), _statuses(contract, other)[0]
    if own.answer is not None or isinstance(own.status, Assumed):
        return after // 100 not in {status // 100 for status in before}
    return after not in before


def _has_another_code(own: ErrorKind, other: ErrorKind) -> bool:
    """Whether both kinds are documented with the same status and different codes."""
    codes = (own.code, other.code)
    is_documented = own.answer is None and other.answer is None and all(isinstance(code, str) for code in codes)
    return is_documented and own.status == other.status and codes[0] != codes[1] and "" not in codes


def _statuses(contract: Contract, kind: ErrorKind) -> list[int]:
    """The possible statuses of a kind of error, the default one first."""
    if kind.answer is not None:
        return [answer["status"] for answer in _values(contract, kind.answer) if answer is not None]
    return list(_values(contract, kind.status))


def _values(contract: Contract, value: Json) -> tuple[Json, ...]:
    if not isinstance(value, Assumed):
        return (value,)
    assumption = contract.assumptions[value.id]
    return (assumption.default, *assumption.alternatives)


def _parameters(contract: Contract) -> dict[Path, dict[str, Parameter]]:
    """Map each declared parameter with a checked schema (not headers) to the operations that take it."""
    places: dict[Path, dict[str, Parameter]] = {}
    for operation in contract.operations.values():
        item = contract.document["paths"][operation.path]
        entries = (*item.get("parameters", ()), *item[operation.method.lower()].get("parameters", ()))
        for entry, parameter in zip(entries, operation.parameters, strict=True):
            place = (entry["$ref"].rpartition("/")[2],) if "$ref" in entry else (operation.id, parameter.name)
            if parameter.location != "header":
                places.setdefault(place, {})[operation.id] = parameter
    return places


def _bodies(contract: Contract) -> dict[Path, list[tuple[str, Member]]]:
    """Map each declared member of request bodies to the operations that take it."""
    places: dict[Path, list[tuple[str, Member]]] = {}
    for operation in contract.operations.values():
        for member in body_members(contract.document, operation):
            places.setdefault(member.place, []).append((operation.id, member))
    return places


def _keywords(found: list[tuple[str, Member]]) -> Mapping[str, Json]:
    return found[0][1].schema


def _other_parameter(
    contract: Contract,
    uses: Mapping[str, Parameter],
    *,
    kind: Kind,
    text: str,
    values: Mapping[str, Json],
    unsent: bool = False,
) -> Generated:
    """A mutant with other keywords on a parameter. `unsent`: they also matter to requests without it."""
    queries = {("query", id, one.name) for id, one in uses.items() if one.location == "query" and not unsent}
    calls = {("call", id) for id, one in uses.items() if one.location != "query" or unsent}
    names = {id: one.name for id, one in uses.items()}
    mutate = partial(_with_parameter_schemas, names=names, values=values)
    return Generated(contract.name, kind, text, frozenset(queries | calls), mutate)


def _other_body(
    contract: Contract, found: list[tuple[str, Member]], *, kind: Kind, text: str, values: Mapping[str, Json]
) -> Generated:
    marks = frozenset(("body", id, member.path[-1]) for id, member in found)
    places = tuple((id, member.path) for id, member in found)
    return Generated(contract.name, kind, text, marks, partial(_with_body_schemas, places=places, values=values))


def _with_parameter_schemas(api: Api, names: Mapping[str, str], values: Mapping[str, Json]) -> Api:
    for operation, name in names.items():
        api = _with_parameter_schema(api, operation, name, values)
    return api


def _with_body_schemas(api: Api, places: tuple[tuple[str, Path], ...], values: Mapping[str, Json]) -> Api:
    for operation, path in places:
        api = _with_body_schema(api, operation, path, values)
    return api


def _with_parameter_schema(api: Api, operation: str, name: str, values: Mapping[str, Json]) -> Api:
    """Return the API with another schema for one parameter of an operation."""

    def other(parameter: Parameter) -> Parameter:
        if parameter.name != name:
            return parameter
        schema = {**parameter.schema, **values}
        validator = api.contract.validator(schema)
        return structs.replace(parameter, schema=schema, validator=validator, default=schema.get("default"))

    parameters = tuple(other(parameter) for parameter in api.contract.operations[operation].parameters)
    return with_operation(api, operation, parameters=parameters)


def _with_body_schema(api: Api, operation: str, path: Path, values: Mapping[str, Json]) -> Api:
    """Return the API with another schema for one member of an operation's body."""
    known = api.contract.operations[operation]
    schema = _patch_schema(api.contract.document, body_schema(api.contract.document, known), path, values)
    assert known.body is not None, "only a declared body has members"
    body = structs.replace(known.body, validator=api.contract.validator(schema), strict=None)
    return with_operation(api, operation, body=body)


def with_operation(api: Api, operation: str, **values: Json) -> Api:
    """Return the API with other values in the compiled form of an operation."""
    known = structs.replace(api.contract.operations[operation], _known={}, **values)
    return replace(api, contract=replace(api.contract, operations={**api.contract.operations, operation: known}))


def _patch_schema(document: Json, schema: Json, path: Path, values: Mapping[str, Json]) -> Json:
    """Return a schema with other keywords on the member at `path`, in each of its declarations; resolves references."""
    if not isinstance(schema, Mapping):
        return schema
    schema = resolve_reference(document, schema)
    if not path:
        return {**schema, **values}
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in schema:
            schema[keyword] = [
                _patch_schema(document, inner, path, values) if declares(document, inner, path) else inner
                for inner in schema[keyword]
            ]
    properties = schema.get("properties", {})
    if path[0] in properties:
        schema["properties"] = {**properties, path[0]: _patch_schema(document, properties[path[0]], path[1:], values)}
    for keyword in ("items", "additionalProperties") if path[0] == EACH else ():
        if keyword in schema:
            schema[keyword] = _patch_schema(document, schema[keyword], path[1:], values)
    return schema


def _calls(operation: Operation) -> frozenset[Mark]:
    return frozenset({("call", operation.id)})


def _run_before(api: Api, operation: str, act: Callable[[Call], None]) -> Api:
    def acting(original: Handler, call: Call) -> Reply:
        act(call)
        return original(call)

    return _wrap_handler(api, operation, acting)


def _wrap_handler(api: Api, operation: str, handler: Callable[[Handler, Call], Reply]) -> Api:
    return replace(api, handlers={**api.handlers, operation: partial(handler, api.handlers[operation])})


def _drop_all(value: Json, paths: Iterable[Path]) -> None:
    for path in paths:
        _drop(value, path)


def _drop(value: Json, path: Path) -> None:
    for parent in _parents(value, path):
        parent.pop(path[-1], None)


def _empty(value: Json, path: Path) -> None:
    """Replace a member by an empty value of the same type."""
    for parent in _parents(value, path):
        if parent.get(path[-1]) is not None:
            parent[path[-1]] = type(parent[path[-1]])()


def _parents(value: Json, path: Path) -> Iterator[dict[str, Json]]:
    """The objects in a JSON value that can have the member at `path`."""
    if path[0] == EACH:
        for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
            yield from _parents(item, path[1:])
    elif isinstance(value, dict) and path[1:]:
        yield from _parents(value.get(path[0]), path[1:])
    elif isinstance(value, dict):
        yield value
