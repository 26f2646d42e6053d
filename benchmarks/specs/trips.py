"""A round trip of a pair: create, read, list, change, delete, look for it again; each step by the document alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.specs.client import Answer, Client, body_schema, media_type
from benchmarks.specs.document import Document, Json, Operation, is_json
from benchmarks.specs.pairs import Pair, parents
from benchmarks.specs.shown import Found, addressed, bare, compare, count, ids, kept, lists
from benchmarks.specs.values import Values

Arguments = Mapping[str, Json]
_PAGE_SIZES = (
    "limit",
    "perpage",
    "pagesize",
    "size",
    "maxresults",
    "count",
    "pagelimit",
    "first",
    "take",
    "resultsperpage",
)


class Failed(Exception):
    """A step that did not come out as the document says."""


class Made(NamedTuple):
    """An object that was created, as far as it is known."""

    path: Arguments
    """The arguments of its item's path."""
    member: str | None
    sent: Json
    id: Json


class Rider:
    """Makes round trips through the pairs of one document; parents are made once."""

    def __init__(self, document: Document, client: Client, values: Values, pairs: Sequence[Pair]) -> None:
        self.document, self.client, self.values = document, client, values
        self._by_item = {_shape(pair.item): pair for pair in pairs}
        self._known: dict[tuple[str, tuple[Json, ...]], Json] = {}
        self._turn = 0

    def create(self, pair: Pair, shared: Arguments | None = None) -> Made:
        """Create an object and find the id by which it can be read. Raises Failed.

        `shared` are values that it shares with others, where it has members of these names.
        """
        operation = pair.create
        if operation is None:
            return self._put(pair)
        above = self.above(pair)
        sent, answer = self._accepted(operation, {**(shared or {}), **above})
        candidates = [
            *_in_headers(answer),
            *ids(answer.value, pair.parameter, pair.collection),
            *addressed(answer.value),
        ]
        candidates += ids(sent, pair.parameter, pair.collection)
        try:
            return self._readable(pair, above, sent, candidates, answer)
        except Failed:
            entries = self._entries(pair, above)
            if not entries:
                raise
            return self._readable(pair, above, sent, entries, answer)

    def read(self, pair: Pair, made: Made) -> Answer:
        """The answer to a GET of the item. Raises Failed when it is no success."""
        assert pair.read is not None
        answer = self.client.send(
            pair.read, made.path, self.required(pair.read, "query"), headers=self.headers(pair.read)
        )
        if not answer.succeeded:
            raise Failed(f"GET {answer}")
        return answer

    def shows(self, pair: Pair, made: Made, sent: Json) -> int:
        """Look whether the item shows what was sent; returns how many members could be compared. Raises Failed."""
        answer = self.read(pair, made)
        assert pair.read is not None
        found = compare(
            self.values.schemas, sent, answer.value, pair.read.answers(answer.status), ids=_own_ids(pair, made)
        )
        if found.differences:
            raise Failed("; ".join(found.differences[:3]))
        return found.compared

    def unknown(self, pair: Pair) -> tuple[dict[str, Json], Answer] | None:
        """A GET of an item that nobody has made; None where each id that one may send is one of a few."""
        assert pair.read is not None
        known = next((p for p in pair.read.parameters if p["name"] == pair.parameter and p["in"] == "path"), {})
        schema = self.document.deref(known.get("schema") or {})
        if schema.get("enum"):
            return None
        id = 987654321 if schema.get("type") == "integer" else self.values.sample(schema, 990007, full=True)
        path = {**self.above(pair), pair.parameter: str(id).replace(" ", "-")}
        query, headers = self.required(pair.read, "query"), self.headers(pair.read)
        return path, self.client.send(pair.read, path, query, headers=headers)

    def listed(self, pair: Pair, made: Made) -> None:
        """Look whether the list has the object once. Raises Failed."""
        if pair.listing is None or not self.has_list(pair.listing):
            return
        found, pages = 0, 0
        asked = self.required_of(pair.listing, made)
        for answer in self.pages(pair.listing, self.above(pair), most=30, asked=asked):
            if not answer.succeeded:
                raise Failed(f"GET of the list: {answer}")
            found, pages = found + count(answer.value, made.member, made.id), pages + 1
            if found:
                break
        if found != 1:
            raise Failed(f"the list has {made.id} {found} times, in {pages} pages")

    def change(self, pair: Pair, operation: Operation, made: Made) -> None:
        """Change the object and look at it; what a partial update leaves out must stay. Raises Failed."""
        if _is_json_patch(self.document, operation):
            self._patch_json(pair, operation, made)
            return
        sent, _ = self._accepted(operation, made.path, made=made)
        self.shows(pair, made, sent)
        if operation.method == "PATCH":
            self._change_one(pair, operation, made)

    def delete(self, pair: Pair, made: Made) -> None:
        """Delete the object; reading it must be refused from then on. Raises Failed."""
        operation = pair.delete
        if operation is None:
            return
        body = self._body(operation, full=False) if operation.needs_body else None
        answer = self.client.send(
            operation, made.path, self.required(operation, "query"), body, headers=self.headers(operation)
        )
        if not answer.succeeded:
            raise Failed(f"DELETE {answer}")
        assert pair.read is not None
        after = self.client.send(
            pair.read, made.path, self.required(pair.read, "query"), headers=self.headers(pair.read)
        )
        if not 400 <= after.status < 500:
            raise Failed(f"GET after DELETE {after}")

    def above(self, pair: Pair) -> dict[str, Json]:
        """Arguments of the path of a collection: ids of parents that exist."""
        return self.arguments(pair.collection, pair.create or pair.listing or pair.read)

    def arguments(self, path: str, operation: Operation | None) -> dict[str, Json]:
        """Arguments of any path."""
        found: dict[str, Json] = {}
        for name in parents(path):
            prefix = path[: path.index(f"{{{name}}}") + len(name) + 2]
            parent = self._by_item.get(_shape(prefix))
            found[name] = self._existing(parent, found) if parent is not None else None
            if found[name] is None:  # the same one each time: what was created below it is looked for there
                unknown = (_shape(prefix), tuple(found.values()))
                found[name] = self._known.setdefault(unknown, None) or self.sampled(operation, name)
                self._known[unknown] = found[name]
        return found

    def sampled(self, operation: Operation | None, name: str) -> Json:
        """A value of a path parameter: the document's own, else one of its schema."""
        known = (
            next((p for p in operation.parameters if p["name"] == name and p["in"] == "path"), {}) if operation else {}
        )
        return self._parameter(known)

    def required(self, operation: Operation, location: str) -> dict[str, Json]:
        """Arguments of the parameters that an operation demands in the query or in headers."""
        wanted = [p for p in operation.parameters if p.get("in") == location and p.get("required")]
        return {p["name"]: self._parameter(p) for p in wanted}

    def required_of(self, operation: Operation, made: Made) -> dict[str, Json]:
        """The arguments that a list demands in the query; one that is called as a member has what was sent of it."""
        sent = made.sent if isinstance(made.sent, dict) else {}
        return {name: sent.get(name, value) for name, value in self.required(operation, "query").items()}

    def headers(self, operation: Operation) -> dict[str, str]:
        """The headers that an operation demands."""
        return {name: str(value) for name, value in self.required(operation, "header").items()}

    def has_list(self, operation: Operation) -> bool:
        """Whether the document shows a list in the success of an operation."""
        schema = next(
            (operation.answers(status) for status in (200, 206) if operation.answers(status) is not None), None
        )
        return schema is not None and self.values.schemas.has_list([schema])

    def page_size(self, operation: Operation) -> Mapping[str, Json] | None:
        """The parameter for the size of a page, if an operation has one."""
        query = [p for p in operation.parameters if p.get("in") == "query"]
        return next((p for name in _PAGE_SIZES for p in query if bare(p["name"]) in (name, f"page{name}")), None)

    def pages(
        self, operation: Operation, path: Arguments, most: int, size: int | None = None,
        asked: Mapping[str, Json] | None = None,
    ) -> list[Answer]:  # fmt: skip
        """Answers of a list, page after page, until one is not continued; the largest pages unless a size is given.

        `asked` are arguments of the query, those that are demanded if left out.
        """
        from benchmarks.specs.paging import pages

        query = self.required(operation, "query") if asked is None else asked
        return list(pages(self, operation, path, query, most=most, size=size))

    def next_turn(self) -> int:
        """A number that no value was made from yet."""
        self._turn += 101
        return self._turn

    def _existing(self, pair: Pair, above: Arguments) -> Json | None:
        """The id of an object of a pair: one that is made, else one of the list; None without either."""
        key = (pair.item, tuple(above.values()))
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._any_of(pair)
        return self._known[key]

    def _any_of(self, pair: Pair) -> Json | None:
        try:
            return (self.create(pair) if pair.create or pair.put else self.first(pair)).id
        except Failed:
            pass
        try:
            return self.first(pair).id
        except Failed:
            return None

    def first(self, pair: Pair) -> Made:
        """An object of the list that can be read. Raises Failed."""
        if pair.listing is None:
            raise Failed("there is neither a creation nor a list")
        above = self.above(pair)
        answer = self.client.send(
            pair.listing, above, self.required(pair.listing, "query"), headers=self.headers(pair.listing)
        )
        if not answer.succeeded:
            raise Failed(f"GET of the list: {answer}")
        entries = [entry for found in lists(answer.value) for entry in found if isinstance(entry, dict)][:3]
        candidates = [one for entry in entries for one in ids(entry, pair.parameter, pair.collection)[:3]]
        if not candidates:
            raise Failed("the list has no object with an id")
        return self._readable(pair, above, {}, candidates, answer)

    def _entries(self, pair: Pair, above: Arguments) -> list[Found]:
        """The ids in a list, the last entry first: where no answer told the id of what was created."""
        if pair.listing is None:
            return []
        answer = self.client.send(
            pair.listing, above, self.required(pair.listing, "query"), headers=self.headers(pair.listing)
        )
        entries = [entry for found in lists(answer.value) for entry in found if isinstance(entry, dict)]
        return [one for entry in entries[::-1] for one in ids(entry, pair.parameter, pair.collection)[:1]]

    def _put(self, pair: Pair) -> Made:
        assert pair.put is not None
        above = self.above(pair)
        id = self.sampled(pair.put, pair.parameter)
        if isinstance(id, str):
            known = next((p for p in pair.put.parameters if p["name"] == pair.parameter), {})
            id = self.values.sample(known.get("schema") or {}, self.next_turn(), full=True)
        path = {**above, pair.parameter: str(id).replace(" ", "-") if isinstance(id, str) else id}
        sent, answer = self._accepted(pair.put, path)
        candidates = [Found(0, 0, None, path[pair.parameter])]
        return self._readable(pair, above, sent, candidates, answer)

    def _readable(self, pair: Pair, above: Arguments, sent: Json, candidates: Sequence[Found], answer: Answer) -> Made:
        """The first candidate under which the item shows what was sent. Raises Failed with the best of the reasons."""
        reasons: list[tuple[bool, str]] = []
        tried: set[str] = set()
        for candidate in candidates:
            if str(candidate.value) in tried or len(tried) > 6:
                continue
            tried.add(str(candidate.value))
            made = Made({**above, pair.parameter: candidate.value}, candidate.member, sent, candidate.value)
            try:
                return self._named(pair, made)
            except Failed as failure:
                reasons.append((str(failure).startswith("GET"), str(failure)))
        if not reasons:
            raise Failed(f"no id in {answer}")
        raise Failed(min(reasons)[1])

    def _named(self, pair: Pair, made: Made) -> Made:
        """The object, with the member of the item that holds its id. Raises Failed when it shows another."""
        if not self.shows(pair, made, made.sent):
            self._refuses_others(pair)
        found = [one for one in ids(self.read(pair, made).value, pair.parameter, pair.collection)
                 if str(one.value) == str(made.id)]  # fmt: skip
        return made._replace(member=found[0].member if found else made.member)

    def _refuses_others(self, pair: Pair) -> None:
        """Where an item shows nothing of what was sent, only the refusal of another id tells that it is known."""
        asked = self.unknown(pair)
        if asked is not None and asked[1].succeeded:
            raise Failed(f"nothing that was sent is shown, and an unknown id is answered: {asked[1]}")

    def _accepted(self, operation: Operation, path: Arguments, made: Made | None = None) -> tuple[Json, Answer]:
        """What was sent and its answer: all members, or where that is refused the required ones. Raises Failed."""
        refused = None
        for full in (True, False):
            body = self._body(operation, full=full)
            if body is None:
                continue
            self._place_ids(operation, body, path, made)
            answer = self.client.send(
                operation, path, self.required(operation, "query"), body, headers=self.headers(operation)
            )
            if answer.succeeded:
                return body, answer
            refused = refused or Failed(f"{operation.method} {answer}")
        raise refused or Failed(f"{operation.method}: no valid body was found by this program")

    def _place_ids(self, operation: Operation, body: Json, path: Arguments, made: Made | None) -> None:
        """Where a body names the object or its parents, it means those of the path."""
        self._place_in(body_schema(operation) or {}, body, path, made)
        inner = self.values.schemas.members(body_schema(operation) or {}) if isinstance(body, dict) else {}
        for name, schemas in inner.items():
            if isinstance(body.get(name), dict):
                self._place_in(schemas[0], body[name], path, made)

    def _place_in(self, schema: Json, body: Json, path: Arguments, made: Made | None) -> None:
        members = self.values.schemas.members(schema)
        wanted = {bare(name): value for name, value in path.items()}
        if made is not None and made.member is not None:
            wanted[bare(made.member)] = made.id
        for name in members if isinstance(body, dict) else ():
            is_meant = bare(name) in wanted and (name in body or made is not None)
            if is_meant and self.values.schemas.fits(members[name][0], wanted[bare(name)], "in"):
                body[name] = wanted[bare(name)]

    def _body(self, operation: Operation, *, full: bool) -> Json | None:
        schema = body_schema(operation)
        return None if schema is None else self.values.body(schema, self.next_turn(), full=full)

    def _change_one(self, pair: Pair, operation: Operation, made: Made) -> None:
        """Change as little as an update may ask for; all else must stay. Raises Failed."""
        before = self.read(pair, made).value
        body = self._body(operation, full=False)
        if not isinstance(body, dict):
            return
        if not body:
            body = dict(list((self._body(operation, full=True) or {}).items())[:1])
        answer = self.client.send(
            operation, made.path, self.required(operation, "query"), body, headers=self.headers(operation)
        )
        if not answer.succeeded:
            raise Failed(f"{operation.method} of one member {answer}")
        self.shows(pair, made, body)
        lost = kept(before, self.read(pair, made).value, frozenset(_names(body)))
        if lost:
            raise Failed(f"{operation.method} of {', '.join(body)}: {'; '.join(lost[:2])}")

    def _patch_json(self, pair: Pair, operation: Operation, made: Made) -> None:
        """Replace one text of the object by a JSON Patch (RFC 6902). Raises Failed."""
        before = self.read(pair, made).value
        texts = [name for name, value in made.sent.items() if isinstance(value, str) and " " in value]
        if not isinstance(before, dict) or not texts:
            raise Failed("no text to replace was found by this program")
        name, text = texts[-1], f"replaced text {self.next_turn()}"
        answer = self.client.send(operation, made.path, {}, [{"op": "replace", "path": f"/{name}", "value": text}])
        if not answer.succeeded:
            raise Failed(f"{operation.method} {answer}")
        self.shows(pair, made, {name: text})

    def _parameter(self, known: Mapping[str, Json]) -> Json:
        schema = self.document.deref(known.get("schema") or {})
        if known.get("content"):
            schema = next(iter(known["content"].values())).get("schema") or {}
        examples = [self.document.deref(example).get("value") for example in (known.get("examples") or {}).values()]
        options = [known.get("example"), *examples, schema.get("example"), schema.get("default")]
        fitting = [v for v in options if v is not None and self.values.schemas.fits(schema, v, "in")]
        return fitting[0] if fitting else self.values.sample(schema, self.next_turn(), full=True)


def _shape(path: str) -> str:
    """A path without the names of its parameters, which may differ between paths of one thing."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def _in_headers(answer: Answer) -> list[Found]:
    location = answer.headers.get("Location", "").partition("?")[0].rstrip("/").rpartition("/")[2]
    named = [value for name, value in answer.headers.items() if name.lower().endswith(("-identifier", "-id"))
             and not name.lower().startswith("x-mock")]  # fmt: skip
    return [Found(0, 0, None, value) for value in (location, *named) if value]


def _own_ids(pair: Pair, made: Made) -> frozenset[str]:
    return frozenset({"id", bare(pair.parameter), bare(made.member or "id"), *(bare(name) for name in made.path)})


def _names(body: Mapping[str, Json]) -> list[str]:
    """The names that an update asks for, and those inside of a wrapper."""
    inner = [name for value in body.values() if isinstance(value, dict) for name in _names(value)]
    return [*map(bare, body), *inner]


def _is_json_patch(document: Document, operation: Operation) -> bool:
    name = media_type(operation) or ""
    schema = document.deref(body_schema(operation) or {})
    items = document.deref(schema.get("items") or {}) if isinstance(schema, dict) else {}
    return "json-patch" in name or (is_json(name) and {"op", "path"} <= set(items.get("properties") or ()))
