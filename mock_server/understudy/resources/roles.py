"""What each operation does to a resource: by its method, path and answer schema, or as `x-operation` says.

Must not know how it is done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from understudy.document.body import is_json
from understudy.document.model import Assumed
from understudy.document.operation import Operation
from understudy.document.paths import collection_of, is_item, parameters_of, shape_of
from understudy.document.pointer import at, find
from understudy.resources import schemas, values
from understudy.resources.declaration import Parent, Reader, Resource, Transition
from understudy.resources.identity import joined
from understudy.resources.parents import queried
from understudy.resources.places import FIRST, Place, first_list, places, property_of
from understudy.resources.schemas import reference, resolve

Json = Any
EXAMPLE, EXAMPLE_BELOW = "example", "example-below"
CREATE_MANY, DELETE_MANY = "create-many", "delete-many"
MANY = (CREATE_MANY, DELETE_MANY)
ACTIONS = ("list", "create", "read", "replace", "update", "merge", "patch", "delete", "take", "act", *MANY,
           EXAMPLE_BELOW, EXAMPLE, "command")  # fmt: skip
_WITH_BODY = ("create", "replace", "update", "merge")
_ON_ITEM = {"GET": "read", "PUT": "replace", "PATCH": "update", "POST": "update", "DELETE": "delete"}
_ON_COLLECTION = {"GET": "list", "POST": "create"}


class Answer(NamedTuple):
    """What an operation answers with: where the record stands, its members (None: all), and members beside it.

    `empty` answers have no body. `template` stands for the whole body, or (`around`) for members beside the record;
    `omits` names members that are left out.
    `example` answers are the documented example. `headers` are set beside the body. `whole` answers hold one record
    by its own schema. `item` is the member of a list's items that holds the record; empty where each item is one.
    """

    empty: bool
    pointer: str
    members: frozenset[str] | None
    beside: Mapping[str, Json]
    template: tuple[bool, Json] | None
    omits: Json = None
    example: bool = False
    headers: tuple[tuple[bytes, values.Value], ...] = ()
    whole: bool = False
    around: bool = False
    item: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The job that an operation answers with: what it does happens when the job reaches a state that time leaves.

    Where it is done `at_once`, the job only stands for it.
    """

    resource: Resource
    set: values.Assignments
    failed: Transition | None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """What an operation does: an action on a resource, with all that its document says of it.

    `item` is the path parameter that holds the id, or a function that finds it; `parents` are those that the
    path names; `body` points at the record in the request's body, `request` is its schema there. `names` are members
    of the request that the record calls otherwise. `creates` tells whether an unknown id makes a new record,
    `sent_id` what an id gets that a creation sends, `filters` whether the parameters of a list filter it. `set` are
    members that an action gives, `echo` is what an example says of the request, by JSON pointer. A list has `only` the
    records with these members, unless it has `all`; `arguments` of it stand in the body, each at a JSON pointer.
    `unknown` is what ids get that nothing has, where many are deleted: refused, or passed-over.
    `conditional` tells whether the record has an ETag, which requests may name, `repeats` whether a request with the
    Idempotency-Key of an earlier one gets its answer.
    """

    operation: Operation
    pointer: str
    resource: Resource
    action: str
    transition: Transition | None
    item: str | values.Value | None
    parents: tuple[Parent, ...]
    body: str
    request: Json
    answer: Answer
    command: values.Value | None
    job: Deferred | None
    names: Mapping[str, str] = field(default_factory=dict)
    creates: Json = False
    sent_id: Json = "kept"
    filters: Json = True
    set: values.Assignments = values.NOTHING
    echo: tuple[tuple[str, values.Value], ...] = ()
    only: values.Assignments = values.NOTHING
    all: Json = False
    arguments: Mapping[str, str] = field(default_factory=dict)
    unknown: Json = "passed-over"
    conditional: Json = False
    repeats: Json = False


class Choice(NamedTuple):
    """What an operation does by the value of an assumption; None stands for an example of its response."""

    assumption: Assumed
    roles: Mapping[str, Role | None]


class Inference:
    """Finds the roles of the operations of a document; diagnostics go to the reader."""

    def __init__(self, reader: Reader, resources: Mapping[str, Resource]) -> None:
        self.reader = reader
        self.document = reader.document
        self.resources = resources
        self.known: dict[int, dict[str, Place]] = {}  # by the identity of a schema
        paths = self.document["paths"]
        self.items = {collection_of(path): path for path in reversed(paths) if is_item(path)}  # by collection
        self.fixed: dict[str, tuple[bool, Json]] = {}  # answers of operations that are on no resource
        self.choices: dict[str, Choice] = {}  # by operationId
        self.by_path = {path: self._on_path(path) for path in self.document["paths"]}
        items = (one for one in self.by_path.items() if one[1] is not None and not self._is_list_path(one[0]))
        self.by_shape = {shape_of(path): known for path, known in items}

    def roles(self, replaced: Collection[str]) -> dict[str, Role]:
        """The role of each operation that has one, but for those in `replaced`, by operationId."""
        found = {}
        for operation in self.reader.contract.operations.values():
            if operation.id not in replaced:
                role = self._usual_role(operation)
                if role is not None:
                    found[operation.id] = role
        return found

    def _usual_role(self, operation: Operation) -> Role | None:
        """The role of an operation; where an assumption decides it, that of its default."""
        own = self._source(operation)
        given = own.get("x-operation", {}).get("do")
        if not isinstance(given, Mapping):
            return self._role(operation, own.get("x-operation", {}))
        place = f"{at('paths', operation.path, operation.method.lower())}/x-operation/do"
        assumed = self.reader.assumed(given, place)
        known = self.reader.contract.assumptions.get(given["assumption"])
        choices = [] if known is None else [known.default, *known.alternatives]
        roles = {str(do): self._role(operation, {**own["x-operation"], "do": do}) for do in choices}
        self.choices[operation.id] = Choice(assumed, roles)
        return roles[str(known.default)] if known is not None else None

    def item_path(self, resource: Resource) -> str | None:
        """The path of one record of a resource; None when it has none."""
        return next((path for path, known in self.by_path.items() if known is resource and is_item(path)), None)

    def owners(self, resource: Resource) -> dict[str, Resource]:
        """The resources of a resource's parents, by path parameter: those of `refers`, else those of the path."""
        found = {}
        for parameter, member in resource.parent.items():
            named = resource.refers.get(member)
            owner = self.resources.get(named) if named else self._owner(resource, parameter)
            if owner is not None:
                found[parameter] = owner
        return found

    def _owner(self, resource: Resource, parameter: str) -> Resource | None:
        """The resource of the path that ends with a parameter, before the one that a resource is found on."""
        for path, known in self.by_path.items():
            head, found, tail = path.partition(f"{{{parameter}}}")
            if known is resource and found and tail.startswith("/"):
                owner = self.by_shape.get(shape_of(head + found))
                return None if owner is resource and resource.whole else owner
        return None

    def _role(self, operation: Operation, declared: Mapping[str, Json]) -> Role | None:
        own = self._source(operation)
        pointer = at("paths", operation.path, operation.method.lower())
        place = f"{pointer}/x-operation"
        if declared.get("do") == EXAMPLE:
            return None
        resource = self.by_path.get(operation.path) or self._before(operation.path)
        if "resource" in declared:
            if not self.reader.known(declared["resource"], self.resources, f"{place}/resource", "resource"):
                return None
            resource = self.resources[declared["resource"]]
        if resource is None:
            template = self._template(declared, place) if declared.keys() == {"answer"} else None
            if template is not None:
                self.fixed[operation.id] = template
            elif declared:
                text = "no resource is on this path; name one with `resource`"
                self.reader.diagnostics.append((place, text))
            return None
        action = self._action(operation, resource, declared, place)
        if action is None:
            return None
        cycle = resource.life_cycle
        transition = cycle.transitions.get(action) if cycle and action not in ACTIONS else None
        item = self._item(operation, resource, declared, action, place)
        in_path = [name for name in parameters_of(operation.path) if name != item]
        paths = [path for path, known in self.by_path.items() if known is resource]
        parents = self._parents(resource, in_path, queried(operation, paths))
        self._check_parts(operation, resource, parents, action, place)
        body = str(declared.get("body", self._body_place(own, resource)))
        if action in _WITH_BODY and self._is_list(self._request(own, body)):
            if declared:
                text = f"the request is a list, and {action} takes one record; name it with `body`, or write a handler"
                self.reader.diagnostics.append((place, text))
            return None
        return Role(
            operation=operation,
            pointer=pointer,
            resource=resource,
            action="move" if transition else action,
            transition=transition,
            item=item,
            parents=parents,
            body=body,
            request=self._request(own, f"{body}/{FIRST}" if action == CREATE_MANY else body),
            answer=self._answer(operation, own, resource, action, declared, place),
            command=self._value(declared["command"], f"{place}/command") if "command" in declared else None,
            job=self._job(declared.get("job"), f"{place}/job"),
            names=declared.get("names", {}),
            filters=self.reader.assumed(declared.get("filters", True), f"{place}/filters"),
            only=self._only(resource, action, declared, place),
            all=self.reader.assumed(declared.get("all", False), f"{place}/all"),
            sent_id=self.reader.assumed(declared.get("sent-id", "kept"), f"{place}/sent-id"),
            creates=self.reader.assumed(declared.get("creates", False), f"{place}/creates"),
            set=self.reader.assignments(declared.get("set", {}), resource.members, f"{place}/set"),
            unknown=self.reader.assumed(declared.get("unknown", "passed-over"), f"{place}/unknown"),
            arguments=self._arguments(action, declared, place),
            conditional=self.reader.assumed(declared.get("conditional", False), f"{place}/conditional"),
            repeats=self.reader.assumed(declared.get("repeats", False), f"{place}/repeats"),
            echo=self._values(declared.get("echo", {}), f"{place}/echo"),
        )

    def _action(self, operation: Operation, resource: Resource, declared: Mapping[str, Json], place: str) -> str | None:
        moves = list(resource.life_cycle.transitions) if resource.life_cycle else []
        if "command" in declared:
            return "command"
        if "do" in declared:
            do = str(declared["do"])
            choices = (*ACTIONS[:-1], *moves)
            return do if self.reader.known(do, choices, f"{place}/do", f"action on {resource.name}") else None
        usual = _ON_ITEM.get(operation.method) if resource.single else _usual(operation)
        if self.by_path.get(operation.path) is None:  # below an item: the name of a transition
            word = operation.path.rpartition("/")[2]
            return next((move for move in moves if _same(move, word) and operation.method != "GET"), None)
        schema = self._schema(self._source(operation))
        listed = schema is not None and self._list_place(schema, resource) is not None
        return None if usual == "list" and not listed and not operation.pagination else usual

    def _item(
        self, operation: Operation, resource: Resource, declared: Mapping[str, Json], action: str, place: str
    ) -> str | values.Value | None:
        """The path parameter or function that finds the record of an operation."""
        if "id" in declared:
            return self._value(declared["id"], f"{place}/id")
        names = parameters_of(operation.path)
        if action == DELETE_MANY:
            self.reader.diagnostics.append((place, "name the ids of what is deleted with `id`"))
        if action in ("list", "create", *MANY):
            return None
        if resource.single:
            return lambda call, _: joined(call.arguments[name] for name in names) or resource.name
        if not names:
            text = "no path parameter holds the id of the record; name a value with `id`"
            self.reader.diagnostics.append((place, text))
        return names[-1] if names else None

    def _check_parts(
        self, operation: Operation, resource: Resource, parents: Sequence[Parent], action: str, place: str
    ) -> None:
        """The path to a record names all parts of its id."""
        named = {one.member for one in parents}
        for member in resource.whole[:-1] if action not in ("list", "create", *MANY) else ():
            if member not in named:
                text = f"{operation.path} does not name {member}, a part of the id of {resource.name}"
                self.reader.diagnostics.append((place, text))

    def _parents(
        self, resource: Resource, names: Sequence[str], queried: frozenset[str] = frozenset()
    ) -> tuple[Parent, ...]:
        """The parents of a resource that these parameters of a path, in its order, and of a query name."""
        owners = self.owners(resource)
        found = []
        for parameter in resource.parent:
            if parameter in names or parameter in queried:
                owner, before = owners.get(parameter), names
                if parameter in names:
                    before = names[: names.index(parameter)]
                above = self._parents(owner, before, queried - {parameter}) if owner else ()
                found.append(Parent(parameter, resource.parent[parameter], owner.name if owner else None, above))
        return tuple(found)

    def _value(self, given: Json, pointer: str) -> values.Value | None:
        try:
            constant, value = values.compile_value(given)
        except ValueError as error:
            self.reader.diagnostics.append((pointer, str(error)))
            return None
        return (lambda call, _: value) if constant else value

    def _only(self, resource: Resource, action: str, declared: Mapping[str, Json], place: str) -> values.Assignments:
        """The members that the records of a list have."""
        if action != "list" and declared.keys() & {"only", "all"}:
            self.reader.diagnostics.append((place, f"only and all are for lists; this operation does {action}"))
        elif "all" in declared and "only" not in declared:
            self.reader.diagnostics.append((f"{place}/all", "there is no `only` that it switches off"))
        return self.reader.assignments(declared.get("only", {}), resource.members, f"{place}/only")

    def _arguments(self, action: str, declared: Mapping[str, Json], place: str) -> Mapping[str, str]:
        """Where the arguments of a list stand in the body."""
        given: Mapping[str, str] = declared.get("arguments", {})
        if given and action != "list":
            self.reader.diagnostics.append(
                (f"{place}/arguments", f"only a list has them; this operation does {action}")
            )
        return given

    def _job(self, given: Mapping[str, Json] | None, pointer: str) -> Deferred | None:
        if given is None:
            return None
        if not self.reader.known(given["resource"], self.resources, f"{pointer}/resource", "resource"):
            return None
        resource = self.resources[given["resource"]]
        at_once = given.get("at-once", False)
        moves = resource.life_cycle.transitions if resource.life_cycle else {}
        if not at_once and not any(one.after is not None for one in moves.values()):
            text = f"{resource.name} has no life cycle that time moves; give a transition `after`"
            self.reader.diagnostics.append((f"{pointer}/resource", text))
            return None
        if "failed" in given and not self.reader.known(given["failed"], moves, f"{pointer}/failed", "transition"):
            return None
        set_ = self.reader.assignments(given.get("set", {}), resource.members, f"{pointer}/set")
        return Deferred(resource, set_, moves.get(given.get("failed", "")), at_once)

    def _answer(
        self,
        operation: Operation,
        own: Mapping[str, Json],
        resource: Resource,
        action: str,
        declared: Mapping[str, Json],
        place: str,
    ) -> Answer:
        job = declared.get("job", {}).get("resource")
        shown = self.resources.get(job, resource)
        schema, template = self._schema(own), self._template(declared, place)
        headers = tuple(
            (name.lower().encode(), value)
            for name, value in self._values(declared.get("headers", {}), f"{place}/headers")
        )
        if schema is None:
            return Answer(True, "", None, {}, template, headers=headers)
        if declared.get("answer") == "$example" or action == EXAMPLE_BELOW:
            return Answer(False, "", None, {}, None, example=True, headers=headers)
        pointer, many = declared.get("envelope"), action == "list" or (action in MANY and job is None)
        if pointer is None:
            found = self._list_place(schema, shown) if many else self._where(schema, shown)
            usual = self.document.get("x-envelope", "") if not many else ""
            pointer = found.pointer if found is not None else usual
        part, beside = self._part(schema, pointer)
        item = self._item_member(part, declared, action, place)
        members = self._shown(part, shown, many=many, item=item)
        omits = self._omits(declared.get("omits"), place)
        if members is None and omits is None and shown.hidden and not shown.formed:
            omits = sorted(shown.hidden - (self._members(part, many=many, item=item) - shown.kept_members))
        is_one = action not in ("list", *MANY) and template is None and not shown.formed
        whole = is_one and reference(part) == shown.schema
        around = "envelope" in declared
        return Answer(
            False, pointer, members, beside, template, omits, headers=headers, whole=whole, around=around, item=item
        )

    def _values(self, given: Mapping[str, str], pointer: str) -> tuple[tuple[str, values.Value], ...]:
        """The values that an entry names, each with its name."""
        found = [(name, self._value(text, pointer + at(name))) for name, text in given.items()]
        return tuple((name, value) for name, value in found if value is not None)

    def _template(self, declared: Mapping[str, Json], place: str) -> tuple[bool, Json] | None:
        """The template of an answer; None without one."""
        if "answer" not in declared or declared["answer"] == "$example":
            return None
        try:
            return values.compile_value(declared["answer"])
        except ValueError as error:
            self.reader.diagnostics.append((f"{place}/answer", str(error)))
            return None

    def _omits(self, given: Json, place: str) -> Json:
        """The names of the members that an answer leaves out, or the assumption that holds them."""
        if not isinstance(given, Mapping):
            return given
        self.reader.known(given["assumption"], self.reader.contract.assumptions, f"{place}/omits", "assumption")
        return Assumed(given["assumption"])

    def _part(self, schema: Json, pointer: str) -> tuple[Json, dict[str, Json]]:
        """The schema at a pointer into an answer, and the constants beside the first member on the way."""
        names = pointer.split("/")[1:]
        beside = {
            name: one.schema["const"] if "const" in one.schema else one.schema["default"]
            for name, one in schemas.members(self.document, schema).items()
            if names and name != names[0] and one.schema.keys() & {"const", "default"}
        }
        for name in names:
            known = property_of(self.document, schema, name)
            if known is None:
                return True, beside
            schema = known
        return schema, beside

    def _item_member(self, schema: Json, declared: Mapping[str, Json], action: str, place: str) -> str:
        """The member of a list's items that holds the record."""
        name = str(declared.get("item", ""))
        if name and action != "list":
            self.reader.diagnostics.append((f"{place}/item", f"only a list has items; this operation does {action}"))
        elif name:
            items = schemas.members(self.document, resolve(self.document, schema).get("items", True))
            self.reader.known(name, items, f"{place}/item", "member of the items of this list")
        return name

    def _shown(self, schema: Json, resource: Resource, *, many: bool, item: str) -> frozenset[str] | None:
        """The members that an answer shows; None for all of a record."""
        if many:
            schema = resolve(self.document, schema).get("items", True)
        if item:
            schema = property_of(self.document, schema, item)
        if reference(schema) == resource.schema:
            return None
        if resource.fill and schemas.is_open(self.document, schema):
            return None
        known = schemas.members(self.document, schema)
        return frozenset(known) if known and not set(resource.members) <= set(known) else None

    def _members(self, schema: Json, *, many: bool, item: str) -> set[str]:
        """The names of the members of an object, or of the items of a list, in an answer."""
        schema = resolve(self.document, schema).get("items", True) if many else schema
        return set(schemas.members(self.document, property_of(self.document, schema, item) if item else schema))

    def _body_place(self, own: Mapping[str, Json], resource: Resource) -> str:
        body = resolve(self.document, own.get("requestBody", {}))
        for media in body.get("content", {}).values():
            found = self._where(media.get("schema", True), resource)
            if found is not None and not found.many:
                return found.pointer
        return ""

    def _request(self, own: Mapping[str, Json], pointer: str) -> Json:
        """The schema of the record in a request's body."""
        body = resolve(self.document, own.get("requestBody", {}))
        schema = next((media.get("schema", True) for media in body.get("content", {}).values()), True)
        for name in pointer.split("/")[1:]:
            schema = property_of(self.document, schema, name)
        return schema

    def _is_list(self, schema: Json) -> bool:
        """Whether a schema allows lists only, such as a JSON Patch."""
        known = resolve(self.document, schema)
        return known.get("type") == "array" or ("items" in known and "type" not in known)

    def _schema(self, own: Mapping[str, Json]) -> Json:
        """The schema of a success's body; None without one."""
        known = own.get("responses", {})
        answers = [one for status, one in known.items() if str(status).startswith("2")]
        answers += (
            [] if any(str(status)[0] in "23" for status in known) else [one for one in (known.get("default"),) if one]
        )
        content = resolve(self.document, answers[0]).get("content", {}) if answers else {}
        first = sorted(content, key=lambda name: not is_json(name))
        return content[first[0]].get("schema", True) if first else None

    def _list_place(self, schema: Json, resource: Resource) -> Place | None:
        """Where a list stands in an answer: that of the resource's schema, else the first one of objects."""
        found = self._where(schema, resource)
        return found if found is not None and found.many else first_list(self.document, schema)

    def _source(self, operation: Operation) -> Mapping[str, Json]:
        source: Mapping[str, Json] = self.document["paths"][operation.path][operation.method.lower()]
        return source

    def _is_list_path(self, path: str) -> bool:
        """Whether the operations on a path say that they list and create, and on no item."""
        item = self.document["paths"][path].values()
        does = [own.get("x-operation", {}).get("do") for own in item if isinstance(own, Mapping)]
        return bool(does) and all(do in ("list", "create", *MANY) for do in does)

    def _on_path(self, path: str) -> Resource | None:
        """The resource of a path: the one that all its operations name, where each says what it does."""
        item = self.document["paths"][path].values()
        declared = [own.get("x-operation", {}) for own in item if isinstance(own, Mapping) and "responses" in own]
        others = [one for one in declared if not self._is_example(one)]
        named = [one["resource"] for one in others if one.get("resource") in self.resources]
        if named:
            return self.resources[named[0]]
        if declared and not others:
            return None
        return self._at_path(path)

    def _is_example(self, declared: Mapping[str, Json]) -> bool:
        """Whether an operation answers examples, also those on the item that its path goes on from."""
        do = declared.get("do")
        known = self.reader.contract.assumptions.get(do["assumption"]) if isinstance(do, Mapping) else None
        return (do if known is None else known.default) in (EXAMPLE, EXAMPLE_BELOW)

    def _at_path(self, path: str) -> Resource | None:
        """The resource that a path is the collection or an item of: by its last word, else by its schemas."""
        word = collection_of(path).rpartition("/")[2]
        named = [one for name, one in self.resources.items() if _same(name, word)]
        if named:
            return named[0]
        by_schema = [one for one in self.resources.values() if self._shows(path, one)]
        if not is_item(path) and not by_schema:
            inner = self.items.get(collection_of(path))
            by_schema = [one for one in self.resources.values() if inner is not None and self._shows(inner, one)]
        return by_schema[0] if len(by_schema) == 1 and not self._is_below(path, by_schema[0]) else None

    def _where(self, schema: Json, resource: Resource) -> Place | None:
        """Where the schema of a resource stands in another schema."""
        known = self.known.get(id(schema))
        if known is None:
            known = self.known[id(schema)] = places(self.document, schema)
        return known.get(resource.schema)

    def _shows(self, path: str, resource: Resource) -> bool:
        item = self.document["paths"][path]
        found = [
            self._where(schema, resource)
            for method, own in item.items()
            if method in ("get", "post", "put", "patch") and (schema := self._schema(own)) is not None
        ]
        return any(place is not None for place in found)

    def _is_below(self, path: str, resource: Resource) -> bool:
        """Whether a path goes on from an item of a resource: what stands there is no collection of the same."""
        head = path.rpartition("/")[0]
        return is_item(head) and self._at_path(head) is resource

    def _before(self, path: str) -> Resource | None:
        """The resource of the item that a path goes on from."""
        head = path.rpartition("/")[0]
        return self.by_path.get(head) if is_item(head) else None


def records_in(answer: Answer, body: Json) -> Json:
    """What stands in a body where an answer has its record, or its list of records."""
    found = at_pointer(body, answer.pointer)
    return unwrapped(answer, found) if isinstance(found, list) else found


def unwrapped(answer: Answer, items: list[Json]) -> list[Json]:
    """The records of the items of a list."""
    if not answer.item:
        return items
    return [one.get(answer.item) if isinstance(one, Mapping) else None for one in items]


def at_pointer(value: Json, pointer: str) -> Json:
    """The value at a pointer into a body; None when there is none."""
    try:
        return find(value, pointer)
    except (LookupError, TypeError, ValueError):
        return None


def _usual(operation: Operation) -> str | None:
    """What a method does on an item or a collection."""
    return (_ON_ITEM if is_item(operation.path) else _ON_COLLECTION).get(operation.method)


def _same(name: str, word: str) -> bool:
    """Whether two names differ at most in case, hyphens and underscores."""
    return _plain(name) == _plain(word)


def _plain(text: str) -> str:
    return text.lower().replace("-", "").replace("_", "")
