"""Records of a document's resources on a target: created from its schemas, read, listed, changed and deleted.

What an operation does, and where a record stands in a body, is what the document declares or what was inferred of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, islice
from typing import Any, NamedTuple, NoReturn
from urllib.parse import parse_qs, urlencode, urlsplit

from understudy.document.argument import argument
from understudy.document.body import FORM, URLENCODED
from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.document.paths import collection_of, is_item, parameters_of, shape_of
from understudy.engine.exchange import Response
from understudy.resources import schemas
from understudy.resources.declaration import Resource
from understudy.resources.roles import CREATE_MANY, Role, unwrapped
from understudy.resources.rules import collection, creating, is_on_item, listing, reading
from understudy_checks import samples
from understudy_checks.client import Client, Skipped
from understudy_checks.creations import created_id
from understudy_checks.pointers import resolve_pointer
from understudy_checks.refusals import possible
from understudy_checks.routes import path_and_query
from understudy_checks.target import installed
from understudy_checks.wording import show

Json = Any
Values = tuple[Json, ...]
"""The values of a path's parameters, in its order: their names may differ between the paths of one resource."""

MAX_PAGES = 60
MAX_TRIES = 3
"""The number of bodies of its own that are sent until one is accepted, before the document's examples."""

_MOMENT = re.compile(r"updated|modified|changed|version|etag|revision", re.IGNORECASE)
_BOUNDARY = "understudy-part"
_PART = f"--{_BOUNDARY}\r\ncontent-disposition: form-data; name="
_ABSENT: Any = object()


class Made(NamedTuple):
    """A record that was created: the values of its item's path, its id, what was sent, and the response."""

    path: Values
    id: Json
    sent: Json
    response: Response


class Records:
    """Works on the records of one client's world by the roles of its document's operations."""

    def __init__(self, client: Client) -> None:
        self.client, self.contract = client, client.contract
        known: Mapping[str, Role] = installed.declared(client.contract.name).roles
        self.roles = list(known.values())
        self._by_operation = known
        self._parents: dict[tuple[str, Values], Json] = {}
        self._turn = 0

    def role(self, operation: Operation) -> Role:
        """What an operation does."""
        return self._by_operation[operation.id]

    def maker(self, role: Role) -> Role:
        """The operation that creates what another one is about; a rule about created records says that there is one."""
        found = creating(role, self.roles)
        assert found is not None, f"no operation creates what {role.operation.id} is about"
        return found

    def reader(self, role: Role) -> Role:
        """The operation that reads one record of what another one is about; a rule about it says that there is one."""
        found = reading(role, self.roles)
        assert found is not None, f"no operation reads what {role.operation.id} is about"
        return found

    def lister(self, role: Role) -> Role | None:
        """The operation that lists what another one is about; None without one."""
        return listing(role, self.roles)

    def create(self, role: Role, above: Values | None = None) -> Made:
        """Create a record. Raises Skipped where the target takes no valid body, or shows no id."""
        outer = self.parents(role.operation) if above is None else above
        path = self.target(role, outer)
        body, response = self.accepted(role, path)
        id = path[-1] if path != outer else self._id(role, response)
        return Made((*outer, id), id, resolve_pointer(body, role.body), response)

    def target(self, role: Role, above: Values) -> Values:
        """Values of the whole path of a creation: where the client chooses the id, the last one is a new id."""
        return (*above, self._new_id(role)) if is_on_item(role) else above

    @contextmanager
    def of(self, role: Role) -> Iterator[None]:
        """Raise Skipped for a failure in the block on a target that keeps no record of what an operation is about.

        That is no promise of a document: a server may answer the same example to every request.
        """
        try:
            yield
        except AssertionError as error:
            if self._answers_examples(role):
                name = collection_of(role.operation.path)
                raise Skipped(f"this target keeps nothing of {name}: it answers the same whatever is asked") from error
            raise

    def _answers_examples(self, role: Role) -> bool:
        """Whether ids that nobody has made are alike, and no record that was created differs from them."""
        reader, maker = reading(role, self.roles), creating(role, self.roles)
        made = None if maker is None or "write" not in self.client.world.capabilities else self.create(maker)
        if reader is None:
            return made is not None and maker is not None and self.create(maker).response.body == made.response.body
        path = self.item(reader.operation) if made is None else made.path
        one, other = (self.send(reader.operation, (*path[:-1], id)) for id in self.unknown_ids(reader))
        shown = self.send(reader.operation, path)
        return one.status < 300 and one.body == other.body and (shown.status >= 300 or shown.body == one.body)

    def _new_id(self, role: Role) -> Json:
        """An id that a client chooses: of the shape that both its member and the path's parameter have."""
        self._turn += 1
        parameter = next(one for one in role.operation.parameters if one.name == parameters_of(role.operation.path)[-1])
        member, seed = role.resource.members.get(role.resource.key), f"chosen/{self._turn}"
        own = None if member is None else samples.value_of(self.contract, member.schema, seed)
        if own is not None and parameter.validator.is_valid(own):
            return own
        return samples.value_of(self.contract, parameter.schema, seed)

    def accepted(self, role: Role, path: Values) -> tuple[Json, Response]:
        """A valid body that the target takes, with its response. Raises Skipped when it takes none."""
        operation = role.operation
        first: Response | None = None
        for body in self._bodies(role, path):
            response = self.send(operation, path, body=body)
            if response.status < 300:
                return {} if body is _ABSENT else body, response
            first = first or response
        assert first is not None, "at least one body was sent"
        raise self._refused(operation, first)

    def _bodies(self, role: Role, path: Values) -> Iterator[Json]:
        """Bodies of its own, then those of the document's examples; none at all for an operation without one."""
        if role.operation.body is None:
            yield _ABSENT
            return
        yield from (self.body(role, path) for _ in range(MAX_TRIES))
        yield from (self._fitted(role, body, path) for body in samples.examples(self.contract, role.operation))

    def body(self, role: Role, path: Values) -> Json:
        """A valid body that has not been sent before; it names the records that it depends on."""
        self._turn += 1
        return self._fitted(role, samples.make_body(self.contract, role.operation, str(self._turn)), path)

    def part(self, role: Role, body: Json) -> Json:
        """The record in a body that an operation was sent."""
        return resolve_pointer(body, role.body)

    def role_of(self, operation: Operation) -> Role | None:
        """What an operation does to a resource; None where it answers examples, or has a handler of the user."""
        return self._by_operation.get(operation.id)

    def plain_body(self, operation: Operation) -> Json:
        """A valid body for an operation of no resource."""
        self._turn += 1
        return samples.make_body(self.contract, operation, str(self._turn))

    def item(self, operation: Operation) -> Values:
        """Values for the whole path of an operation: that of an item is a record of its own. Raises Skipped."""
        names, role = parameters_of(operation.path), self.role_of(operation)
        if not (is_item(operation.path) if role is None else is_on_item(role)):
            return self._above(operation, names)
        above = self._above(operation, names[:-1])
        if role is not None and role.action == "create":
            return self.target(role, above)
        return (*above, self._parent(operation, names[-1], collection_of(operation.path), above))

    def fresh(self, operation: Operation, path: Values) -> Values:
        """The same path, or where an operation can be done once for each record, that of another one."""
        role = self.role_of(operation)
        names_new = role is not None and role.action == "create" and is_on_item(role)
        if role is None or not (names_new or role.action in ("delete", "move", "command")):
            return path
        self._parents.clear()
        return self.item(operation)

    def _not_known(self, role: Role) -> NoReturn:
        raise Skipped(f"no ids of the shape that {role.operation.id} declares are known to be nobody's")

    def unknown_ids(self, role: Role) -> list[Json]:
        """Two ids of the declared shape that no record has. Raises Skipped where there are only a few such ids."""
        operation = role.operation
        parameter = next(one for one in operation.parameters if one.location == "path" and one.name == role.item)
        if parameter.kind in ("integer", "number"):
            numbers = [id for id in (987654321, 1987654) if parameter.validator.is_valid(id)]
            return numbers if numbers[1:] else self._not_known(role)
        made = [samples.value_of(self.contract, parameter.schema, f"unknown/{number}") for number in range(9)]
        texts = [id for id in dict.fromkeys(map(str, made)) if id and "enum" not in parameter.schema]
        return texts[:2] if texts[1:] else self._not_known(role)

    def is_computed(self, role: Role, name: str) -> bool:
        """Whether a member is the server's own: readOnly, or none of the declared ones."""
        member = role.resource.members.get(name)
        return member is None or member.has("readOnly") or _MOMENT.search(name) is not None

    def is_reset(self, role: Role, name: str, record: Mapping[str, Json]) -> bool:
        """Whether a member is as if it had never been sent: absent, null, empty, or the default of its schema."""
        value = record.get(name)
        return value in (None, [], {}, "") or value == role.resource.members[name].schema.get("default", _ABSENT)

    def read(self, role: Role, made: Made) -> Response:
        """The response to reading a record; `role` is any that is about it."""
        return self.send(self.reader(role).operation, made.path)

    def shown(self, role: Role, made: Made) -> Json:
        """The record as it is read. Raises AssertionError when it is not."""
        reader = self.reader(role)
        response = self.read(role, made)
        assert response.status < 300, (
            f"{reader.operation.id} must answer {show(made.id)}, which was created, not {response.status}"
        )
        return resolve_pointer(response.json(), reader.answer.pointer)

    def listed(self, role: Role, path: Values, query: Mapping[str, Json] | None = None) -> list[Json]:
        """All records of a list, page after page."""
        return list(chain.from_iterable(self.pages(role, path, query)))

    def pages(
        self, role: Role, path: Values, query: Mapping[str, Json] | None = None, *, limit: int | None = None
    ) -> Iterator[list[Json]]:
        """The pages of a list: the largest ones, unless a limit is given."""
        operation = role.operation
        asked = {**(query or {}), **_sized(operation, limit)}
        self._check_required(role)
        for _ in range(MAX_PAGES):
            response = self.send(operation, path, query=asked)
            assert response.status < 300, f"{operation.id} with {show(asked)} must answer a page, not {response.status}"
            body = response.json()
            items = resolve_pointer(body, self._items(role))
            assert isinstance(items, list), f"the records of {operation.id} must be a list, not {show(items)}"
            yield unwrapped(role.answer, items)
            onward = self._onward(role, asked, body, items) if items else None
            if onward is None:
                return
            asked |= onward

    def _check_required(self, role: Role) -> None:
        """Raise Skipped for a list that is asked for with a value of its records, or with ids: it shows only those."""
        key = plain(role.resource.key)
        for one in role.operation.parameters:
            is_about_records = one.name in role.resource.members or plain(one.name) in (key, f"{key}s", "ids")
            if is_about_records and _is_required(one, role.operation):
                raise Skipped(f"{role.operation.id} lists only what has the {one.name} that is asked for")

    def ids(self, role: Role, records: Sequence[Json]) -> list[str]:
        """The ids of listed records, as texts."""
        return [str(role.resource.id_in(one) if isinstance(one, Mapping) else one) for one in records]

    def parents(self, operation: Operation) -> Values:
        """Values of the path parameters of a collection: records that are created, else found. Raises Skipped."""
        path = operation.path
        names, role = parameters_of(path), self.role_of(operation)
        ends = is_item(path) if role is None else is_on_item(role)
        return self._above(operation, names[:-1] if ends else names)

    def send(
        self, operation: Operation, path: Values, *, query: Mapping[str, Json] | None = None, body: Json = _ABSENT,
        credential: bool = True,
    ) -> Response:  # fmt: skip
        """Send an operation with what it requires beside the given values."""
        named = dict(zip(parameters_of(operation.path), path, strict=True))
        required = {one.name: self._argument(one) for one in operation.parameters if _is_required(one, operation)}
        target, asked = path_and_query(operation, {**required, **(query or {}), **named})
        headers, carried = self._credential(operation) if credential else ({}, {})
        content = {} if body is _ABSENT else _content(operation, body)
        given = {**headers, **content.pop("headers", {})}
        key: dict[str, Any] = {} if credential and not headers and not carried else {"key": None}
        return self.client.send(operation.method, target, query={**asked, **carried}, headers=given, **content, **key)

    def _argument(self, parameter: Any) -> str:
        return argument(parameter, self.contract.document.get("components", {}).get("schemas", {}))

    def _credential(self, operation: Operation) -> tuple[dict[str, str], dict[str, str]]:
        """What carries the credentials of an operation; nothing where the usual one does."""
        usual = self.contract.schemes[:1]
        schemes = next(iter(operation.security), ())
        if not schemes or schemes == usual or usual in operation.security:
            return {}, {}
        tokens = self.client.access.given.get("credentials", {})
        headers: dict[str, str] = {}
        query: dict[str, str] = {}
        for scheme in schemes:
            added, asked = scheme.carry(tokens.get(scheme.name, self.client.key))
            headers, query = {**headers, **added}, {**query, **asked}
        return headers, query

    def _above(self, operation: Operation, names: Sequence[str]) -> Values:
        values: Values = ()
        for name in names:
            prefix = operation.path.partition(f"{{{name}}}")[0].rpartition("/")[0]
            key = (prefix, values)
            if key not in self._parents:
                self._parents[key] = self._parent(operation, name, prefix, values)
            values = (*values, self._parents[key])
        return values

    def _parent(self, operation: Operation, name: str, prefix: str, above: Values) -> Json:
        """A value of one path parameter: the id of a record that is created, listed, or given as an example."""
        on_it = [role for role in self.roles if _is_on(role, prefix)]
        read = next((role for role in on_it if role.action == "read"), None)
        if read is not None and not any(role.action == "create" for role in on_it):
            on_it += [role for role in self.roles if role.action == "create" and role.resource is read.resource]
        writes = "write" in self.client.world.capabilities
        for role in (one for one in on_it if one.action == "create" and writes):
            return self.create(role, above if _is_on(role, prefix) else None).id
        putting = [one for one in on_it if one.operation.method == "PUT" and writes]
        for role in (one for one in putting if one.creates is not False or one.action == "replace"):
            with suppress(Skipped):  # whether a PUT creates is not declared
                path = (*above, self._new_id(role))
                self.accepted(role, path)
                return path[-1]
        for role in (one for one in on_it if one.action == CREATE_MANY and writes):
            with suppress(Skipped):
                self.accepted(role, above)  # then a list has some
        parameter = next(one for one in operation.parameters if one.location == "path" and one.name == name)
        for role in (one for one in on_it if one.action == "list"):
            found = self._first_page(role, above)
            id = role.resource.id_in(found[0]) if found else None
            if id is not None and (parameter.kind != "string" or parameter.validator.is_valid(str(id))):
                return id
        known = self.client.access.ids(None).get(name)
        return self._argument(parameter) if known is None else known

    def _first_page(self, role: Role, above: Values) -> list[Json]:
        """The records on the first page of a list; none where it is refused."""
        response = self.send(role.operation, above)
        found = resolve_pointer(response.json(), self._items(role)) if response.status < 300 else None
        return unwrapped(role.answer, found) if isinstance(found, list) else []

    def _fitted(self, role: Role, body: Json, path: Values) -> Json:
        """A body with the ids of its parents and of the records that it refers to; optional references are left out."""
        if role.action == "list":
            return _without_cursor(role, body)
        record = resolve_pointer(body, role.body)
        if not isinstance(record, dict):
            return body
        names_record = role.action in ("update", "replace") and callable(role.item)
        maker = creating(role, self.roles) if names_record else None
        if maker is not None and role.resource.key in role.resource.members:  # the body names what it changes
            record[role.resource.key] = self.create(maker).id
        resource, required = role.resource, samples.required(self.contract, role.operation)
        named = dict(zip(parameters_of(role.operation.path), path, strict=False))
        if resource.inside and isinstance(role.item, str) and role.item in named:
            _place(record, resource.inside, named[role.item])
        for parameter, member in resource.parent.items():
            if member in record and parameter in named:
                record[member] = named[parameter]
        for member, owner in resource.refers.items():
            if member in record and member not in resource.parent.values():
                self._refer(record, member, owner, is_required=member in required)
        shown = self._shown_by_default(role)
        record.update({member: value for member, value in shown.items() if member in record})
        cycle = resource.life_cycle
        if cycle is not None and cycle.member in record and cycle.member not in required:
            del record[cycle.member]
        return body

    def _shown_by_default(self, role: Role) -> dict[str, Json]:
        """The values that the list of what an operation creates shows if nothing is asked for."""
        lister = listing(role, self.roles) if role.action == "create" else None
        parameters = lister.operation.parameters if lister is not None else ()
        known = [one for one in parameters if one.location == "query" and one.name in role.resource.members]
        return {one.name: one.schema["default"] for one in known if one.schema.get("default") is not None}

    def _refer(self, record: dict[str, Json], member: str, owner: str, *, is_required: bool) -> None:
        makers = [role for role in self.roles if role.action == "create" and role.resource.name == owner]
        if is_required:
            record[member] = self.create(makers[0]).id if makers else record[member]
        else:
            del record[member]

    def _id(self, role: Role, response: Response) -> Json:
        """The id of a created record: in the answer, in a header, or as it was sent. Raises Skipped."""
        id = created_id(role, self.roles, self.client.log[-1].request.body, response)
        if id is None:
            where, name = f"{role.answer.pointer}/{role.resource.key}", role.operation.id
            remedy = f"say where it stands: `id` or `envelope` of x-operation of {name}, in an overlay"
            raise Skipped(f"the answer of {name} shows no id at {where}", remedy=remedy)
        return id

    def _refused(self, operation: Operation, response: Response) -> Skipped:
        remedy = f"give the body of {operation.id} an example that your server takes"
        seen = show(response.body)
        return Skipped(f"this target takes no {operation.id} that fits the document: {response.status} {seen}",
                       remedy=remedy)  # fmt: skip

    def _items(self, role: Role) -> str:
        paging = role.operation.pagination
        return role.answer.pointer if paging is None else str(paging.settings["items"])

    def _onward(self, role: Role, asked: Mapping[str, Json], body: Json, items: list[Json]) -> dict[str, Json] | None:
        """The arguments that ask for the next page; None when the list says, or cannot say, that there is none."""
        paging = role.operation.pagination
        if paging is None:
            return None
        settings = {name: str(value) for name, value in paging.settings.items()}
        if self._is_last(settings, body, asked, items):
            return None
        following = resolve_pointer(body, settings["next"]) if "next" in settings else _ABSENT
        has_more = resolve_pointer(body, settings["more"]) if "more" in settings else True
        if following in (None, "") or has_more is False:
            return None
        if "offset" in settings:
            return {settings["offset"]: int(asked.get(settings["offset"], 0)) + len(items)}
        if "page" in settings:
            numbers = possible(self.contract, paging.settings.get("first-page", 1))
            return {settings["page"]: int(asked.get(settings["page"], numbers[0])) + 1}
        if "cursor" not in settings:
            return None
        if following is _ABSENT:
            following = self._cursor(role, settings, body, items)
        return None if following is None else {settings["cursor"]: following}

    def _is_last(self, settings: Mapping[str, str], body: Json, asked: Mapping[str, Json], items: list[Json]) -> bool:
        """Whether a list tells by a number that this page is its last one: some answer anything to a further one."""
        total = resolve_pointer(body, settings["total"]) if "total" in settings else None
        count = resolve_pointer(body, settings["pages"]) if "pages" in settings else None
        if isinstance(count, int) and "page" in settings:
            return int(asked.get(settings["page"], 1)) >= count
        return (
            isinstance(total, int)
            and "offset" in settings
            and (int(asked.get(settings["offset"], 0)) + len(items) >= total)
        )

    def _cursor(self, role: Role, settings: Mapping[str, str], body: Json, items: list[Json]) -> Json:
        """The cursor of the next page where none is told: that in its URL, else the last record's id."""
        if "next-url" in settings:
            url = resolve_pointer(body, settings["next-url"])
            return parse_qs(urlsplit(str(url or "")).query).get(settings["cursor"], [None])[0]
        return self.ids(role, items[-1:])[0]


def differences(
    contract: Contract, resource: Resource, sent: Mapping[str, Json], got: Json, *, left_out: frozenset[str]
) -> list[str]:
    """The members that a record does not show as they were sent; `left_out` are those that a server may set itself.

    A member whose schema in answers excludes what was sent (an id in, an object out) shows it in another form.
    """
    shown = {plain(name): value for name, value in got.items()} if isinstance(got, Mapping) else {}
    found = []
    for name, value in sent.items():
        member = next((one for known, one in resource.members.items() if plain(known) == plain(name)), None)
        if member is None or name in left_out or member.has("writeOnly") or member.has("readOnly"):
            continue
        if not contract.fits(member.schema).is_valid(value):
            continue
        if plain(name) not in shown:
            found.append(f"{name} is not shown")
        elif not same(_declared_part(contract, member.schema, value), shown[plain(name)]):
            found.append(f"{name} is {show(shown[plain(name)])}, and {show(value)} was sent")
    return found


def set_by_server(role: Role) -> frozenset[str]:
    """The members of a record that an operation, and not its request, gives a value."""
    resource = role.resource
    given = [resource.create, resource.update]
    names = {name for one in given for name in (*one.constants, *dict(one.computed))}
    cycle = set() if resource.life_cycle is None else {resource.life_cycle.member}
    return frozenset({resource.key, *names, *cycle, *resource.parent.values()})


def _declared_part(contract: Contract, schema: Json, value: Json) -> Json:
    """What of an object a schema names, where it names any: the rest need not be shown."""
    known = schemas.members(contract.document, schema)
    if not isinstance(value, dict) or (not known and schemas.is_open(contract.document, schema)):
        return value
    return {name: _declared_part(contract, known[name].schema, part) for name, part in value.items() if name in known}


def same(sent: Json, got: Json) -> bool:
    """Whether a value shows what was sent: an object may have more members, a form's texts may be typed."""
    if isinstance(sent, Mapping) and isinstance(got, Mapping):
        return all(name in got and same(value, got[name]) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(got, list):
        return len(sent) == len(got) and all(map(same, sent, got))
    return bool(sent == got) or (isinstance(sent, str) != isinstance(got, str) and str(sent) == str(got))


def first(pages: Iterator[list[Json]], count: int) -> list[list[Json]]:
    """So many pages of a list."""
    return list(islice(pages, count))


def _sized(operation: Operation, limit: int | None) -> dict[str, Json]:
    paging = operation.pagination
    name = None if paging is None else paging.settings.get("limit")
    known = next((one for one in operation.parameters if one.name == name), None)
    if known is None:
        return {}
    size = known.schema.get("maximum", 100) if limit is None else limit
    return {known.name: size}


def _content(operation: Operation, body: Json) -> dict[str, Any]:
    """How a body is sent: JSON, a form, or as it is."""
    assert operation.body is not None, f"{operation.id} has no body"
    kind, media_type = operation.body.kind, operation.body.media_type
    if kind == "json":
        return {"json": body, "headers": {"content-type": media_type}}
    if kind == "urlencoded":
        return {"body": urlencode(_flat(body)).encode(), "headers": {"content-type": URLENCODED}}
    if kind == "multipart":
        parts = [f'{_PART}"{name}"\r\n\r\n{text}\r\n' for name, text in _flat(body)]
        whole = "".join((*parts, f"--{_BOUNDARY}--\r\n")).encode()
        return {"body": whole, "headers": {"content-type": f"{FORM}; boundary={_BOUNDARY}"}}
    return {"body": _text(body).encode(), "headers": {"content-type": media_type.replace("*", "plain")}}


def _flat(body: Json) -> list[tuple[str, str]]:
    """The members of a form; a list repeats its name."""
    members = body.items() if isinstance(body, Mapping) else ()
    return [(name, _text(part)) for name, value in members for part in (value if isinstance(value, list) else [value])]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _place(record: Json, names: Sequence[str], value: Json) -> None:
    """Put a value at a place below members, where a record has them."""
    *above, last = names
    for name in above:
        record = record.get(name) if isinstance(record, dict) else None
    if isinstance(record, dict) and last in record:
        record[last] = value


def _is_required(parameter: Any, operation: Operation) -> bool:
    return bool(parameter.required and parameter.location == "query" and parameter.name not in operation.keys)


def plain(name: str) -> str:
    """A name without case and word marks: a form may write `FriendlyName` for `friendly_name`."""
    return name.lower().replace("-", "").replace("_", "")


def _is_on(role: Role, path: str) -> bool:
    """Whether an operation is on a collection, or on an item of it."""
    return shape_of(collection(role)) == shape_of(path)


def _without_cursor(role: Role, body: Json) -> Json:
    """The body of a search without a cursor: none that is made up was ever given out."""
    settings = role.operation.pagination.settings if role.operation.pagination is not None else {}
    pointer = role.arguments.get(str(settings.get("cursor")))
    above, _, name = (pointer or "").rpartition("/")
    holder = resolve_pointer(body, above) if pointer is not None else None
    if isinstance(holder, dict):
        holder.pop(name, None)
    return body
