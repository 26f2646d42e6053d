"""Finds the resources of a document: which family of paths is one, and what each of its operations does to a record.

Must not know how what is found is written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from understudy.document.infer.bulk import answer_of_many, creates_many, deletes_many, ids_of, is_sent, items_of_body
from understudy.document.infer.filters import is_usual
from understudy.document.infer.found import Action, Found, NoResource
from understudy.document.infer.ids import key_of, key_schema, shape_of
from understudy.document.infer.operations import Op, path_of
from understudy.document.infer.paths import Family
from understudy.document.infer.records import (
    first_of_list,
    list_in,
    only_object,
    only_one,
    record_in,
    same_record,
    wrapped,
)
from understudy.document.infer.schemas import Member, Schemas, Spot
from understudy.document.infer.searches import lists, word_below
from understudy.document.infer.times import times
from understudy.document.infer.told import as_text, beside, headers_with_id, says_creation, sent_names, told
from understudy.document.infer.words import plain, same_thing, thing, words
from understudy.document.paths import collection_of, is_item
from understudy.document.pointer import at

Json = Any
_NATURAL = ("name", "slug", "key", "code", "username", "login", "handle", "uid", "identifier", "alias", "email")
_DONE = ("deleted", "success", "ok", "removed", "isdeleted", "succeeded", "destroyed", "acknowledged")
_MAKING = ("create", "new", "add", "generate", "import", "register", "insert")


class Finder:
    """Looks at one family after the other; `by_path` holds the operations of each path.

    `envelopes` says where lists stand in the answers of some operations, by operationId.
    """

    def __init__(
        self, schemas: Schemas, by_path: Mapping[str, Sequence[Op]], envelopes: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.schemas = schemas
        self.by_path = by_path
        self.envelopes = envelopes

    def find(self, family: Family) -> Found:
        """The resource of a family; raises NoResource."""
        items = self._by_method(family.item.text if family.item else "")
        collection = self._by_method(family.collection.text if family.collection else "")
        record, why = self._record(family, items, collection)
        parameter, schema = family.parameter, self._parameter(family, items)
        key = key_of(self.schemas, record.schema, parameter or "id", self.schemas.kinds(schema), thing(family.word))
        if key.member is None and not family.parameter:
            raise NoResource("no path leads to one item, and no member of the record is called like an id")
        if key.member is None:
            record, key, why = told(self.schemas, family, record, items, collection, why=why, paths=self.by_path)
        member = key_schema(self.schemas, record.schema, key.member)
        found = Found(family, record.schema, key, shape_of(self.schemas, member, schema), reason=why)
        for op in [one for one in items.values() if one.method == "get"]:
            self._read(found, op)
        for op in collection.values():
            self._collection(found, op, items)
        if not collection:
            self._elsewhere(found)
        for op in [one for one in items.values() if one.method != "get"]:
            self._item(found, op, items, collection)
        self._by_verb(found)
        self._check(found, items)
        sent = {name for one in found.actions.values() for name in self._writes(one)}
        found.create, found.defaults, found.update = times(self.schemas, found.record, sent, found.defaults)
        found.parts = self._parts(found)
        return found

    def request(self, found: Found, op: Op) -> dict[str, Json]:
        """Where the record stands in the body of a request, and its members that are spelled otherwise there."""
        if op.body is None or self.schemas.is_list(op.body):
            return {"body": ""}
        body = self._body(found, op)
        names = self._names(found, op, body)
        return {"body": body, **({"names": names} if names else {})}

    def _parts(self, found: Found) -> tuple[str, ...]:
        """The path parameters that name an item together; empty where the last of them does it alone."""
        if found.family.item is None:
            return ()
        named = found.family.item.parameters
        does = [one for one in found.actions.values() if one.do != "list"]
        chosen = any(one.entry.get("sent-id") == "kept" or "creates" in one.entry for one in does)
        ordinal = words(found.key.member or "")[-1:] in (("number",), ("index",), ("version",), ("position",))
        is_below = len(named) > 1 and all(set(named[:-1]) <= set(path_of(one.op.path).parameters) for one in does)
        return named if does and is_below and (chosen or ordinal or found.family.item.head.endswith("}")) else ()

    def change_single(self, found: Found, op: Op, items: Mapping[str, Op]) -> None:
        """Add what PUT or PATCH do to the one record of a resource."""
        if op.body is None:
            found.examples[op.id] = "it has no body in JSON or in a form"
        elif self.schemas.is_list(op.body):
            self._patch(found, op)
        else:
            self._updating(found, op, items)

    def delete_single(self, found: Found, op: Op) -> None:
        """Add that DELETE puts the one record of a resource back to what it was at first."""
        found.actions[op.id] = Action(op, "delete", self._deleted(found, op), "DELETE on the one record resets it")

    def is_collection(self, ops: Sequence[Op]) -> bool:
        """Whether the operations on a path that ends with a parameter are on many items, and none shows one item."""
        shown = [one.answer for one in ops if one.method == "get"]
        return all(one is not None and self._lists(one) for one in shown) and any(
            one.method in ("get", "post") for one in ops
        )

    def _lists(self, answer: Json) -> bool:
        spots = self.schemas.spots(answer)
        return any(one.many for one in spots) and not any(
            "id" in self.schemas.members(one.schema) for one in spots if not one.many
        )

    def further_collection(self, found: Found, path: str) -> bool:
        """Whether a path without items of its own lists or creates the same records; adds what it does."""
        for op in self.by_path[path]:
            if op.method == "get" and op.answer is not None:
                spot = list_in(self.schemas, op.answer, found.family.word, self._like(found))
                inner = None if spot is None else self._wrapped(found, spot.schema)
                shown = spot.schema if spot is not None and inner is None else inner and inner[1]
                if self.schemas.component(shown) in self._like(found):
                    self._list(found, op)
            elif op.method == "post" and op.answer is not None:
                spot = same_record(self.schemas, op.answer, found.record, "")
                if spot is not None and self.schemas.component(spot.schema) in self._like(found):
                    self._collection(found, op, {})
                elif any(map(lists, path.split("/"))):
                    self._list(found, op)
        return any(op.id in found.actions for op in self.by_path[path])

    def _elsewhere(self, found: Found) -> None:
        """Add what lists and creates the items of a path without a collection: `/users/{id}/tasks` of `/tasks/{id}`."""
        taken = {collection_of(path).rstrip("/") for path in self.by_path if is_item(path)}
        for path in self.by_path:
            own = path.rstrip("/")
            if own not in taken and not is_item(path) and same_thing(own.rpartition("/")[2], found.family.word):
                self.further_collection(found, path)

    def _by_verb(self, found: Found) -> None:
        """Add the operations that make or list records one word below the collection, such as POST /pets/create."""
        family = found.family
        base = family.collection.text if family.collection else family.item.head if family.item else ""
        for path in self.by_path:
            word = word_below(path, base.rstrip("/"))
            for op in self.by_path[path] if word is not None else ():
                spot = None if op.answer is None or word not in _MAKING else self._shown(found, op)
                if op.method == "post" and spot and self.schemas.component(spot.schema) in self._like(found):
                    self._create(found, op)
                elif op.method in ("get", "post") and op.answer is not None and lists(str(word)):
                    self._list(found, op)
                elif op.method == "post" and creates_many(str(word)):
                    self._create_many(found, op)
                elif op.method in ("post", "delete") and (deletes_many(str(word)) or creates_many(str(word))):
                    self._delete_many(found, op)

    def _by_method(self, path: str) -> dict[str, Op]:
        return {op.method: op for op in self.by_path.get(path, ())}

    def _like(self, found: Found) -> set[str]:
        name = self.schemas.component(found.record)
        return {name} if name else set()

    def _parameter(self, family: Family, items: Mapping[str, Op]) -> Json:
        """The schema of the path parameter that names an item."""
        known = (op.parameters("path") for op in items.values())
        return next((one[family.parameter]["schema"] for one in known if family.parameter in one), True)

    def _record(self, family: Family, items: Mapping[str, Op], collection: Mapping[str, Op]) -> tuple[Spot, str]:
        """Where the record stands in the answer that shows it best; raises NoResource."""
        read, listed, created = items.get("get"), collection.get("get"), collection.get("post")
        like = {name for op in (created, listed) if op is not None for name in self._components(op)}
        if read is not None and read.answer is not None and self.schemas.is_list(read.answer):
            spot = only_one(self.schemas, read.answer, like)
            if spot is None:
                raise NoResource("what stands at the path of an item is a list")
            return spot, f"GET {read.path} answers a list of one"
        if read is not None and read.answer is None and not read.silent:
            raise NoResource("the item is no JSON")
        if read is not None and read.answer is not None:
            spot = None if listed is None else first_of_list(self.schemas, read.answer, listed.answer, family.word)
            if spot is not None:
                return spot, f"GET {read.path} answers a list of one{_at(spot.pointer)}"
            sent = sent_names(self.schemas, items, collection)
            spot = record_in(self.schemas, read.answer, family.word, family.parameter, like, sent=sent)
            if spot is not None:
                return spot, f"GET {read.path} answers one{_at(spot.pointer)}"
        if listed is not None and listed.answer is not None:
            spot = list_in(self.schemas, listed.answer, family.word, like)
            if spot is not None:
                spot = spot._replace(schema=only_object(self.schemas, spot.schema))
                return spot, f"GET {listed.path} answers a list of them{_at(spot.pointer)}"
        if family.item is None:
            raise NoResource("it lists no objects, and no path leads to one item")
        raise NoResource("no operation answers an object that could be read back")

    def _components(self, op: Op) -> Iterator[str]:
        for spot in self.schemas.spots(op.answer) if op.answer is not None else ():
            name = self.schemas.component(spot.schema)
            if name is not None and spot.pointer.count("/") <= 2:
                yield name

    def _check(self, found: Found, items: Mapping[str, Op]) -> None:
        """Raise NoResource for a family of which no record could ever be known."""
        does = {one.do for one in found.actions.values()}
        making = ("create", "create-many")
        makers = [one for one in found.actions.values() if one.do in making or "creates" in one.entry]
        found.creatable = any(one.op.body is not None or one.do != "create" for one in makers)
        known = [one for one in found.actions.values() if one.do == "create" and _tells(one)]
        if found.key.member is None and not known and not any("creates" in one.entry for one in found.actions.values()):
            raise NoResource("the record does not show its id, so that nobody can know one")
        if "list" not in does and not makers:
            raise NoResource("no operation lists or creates one, so that nobody can know an id")

    # operations on the collection

    def _collection(self, found: Found, op: Op, items: Mapping[str, Op]) -> None:
        if op.method == "get":
            self._list(found, op)
        elif op.method == "post":
            self._create(found, op)
        elif op.method in ("put", "patch") and op.body is not None and not self.schemas.is_list(op.body):
            body = self._body(found, op)
            name = self._request_member(op.body, body, found.key.member)
            if name is not None and "put" not in items:
                entry = {"id": f"$request.body#{body}{_place(name)}", "body": body, **self._answer(found, op)}
                self._updates(found, op, entry, items)
            else:
                found.examples[op.id] = "the request does not say which record it is on"
        elif op.method == "delete":
            self._delete_many(found, op)
        else:
            found.examples[op.id] = "it is on many records at once"

    def _create_many(self, found: Found, op: Op) -> None:
        """Add that an operation makes a record of each item that it is sent."""
        items = items_of_body(self.schemas, op)
        if items is None or not is_sent(self.schemas, items[1], found.record):
            found.examples[op.id] = "it makes many records at once"
            return
        place, item = items
        name = self._request_member(item, "", found.key.member)
        may = name is not None and not self.schemas.first(self.schemas.members(item)[name].schema, "readOnly")
        kept = "kept" if any(plain(str(name)).endswith(one) for one in _NATURAL) else "kept-if-free"
        chosen = {"id": f"$request.body#{_place(str(name))}", "sent-id": kept} if may else {}
        names = self._names(found, op._replace(body=item), "")
        entry = {"body": place, **self._of_many(found, op), **chosen, **({"names": names} if names else {})}
        found.actions[op.id] = Action(op, "create-many", entry, f"it is sent a list of them{_at(place)}")

    def _delete_many(self, found: Found, op: Op) -> None:
        """Add that an operation deletes the records that its request names."""
        ids = ids_of(self.schemas, op, found.family.word, found.key.member or "id")
        if ids is None:
            found.examples[op.id] = "it is on many records at once"
            return
        entry = {"id": ids, "unknown": "passed-over", **self._of_many(found, op)}
        found.actions[op.id] = Action(op, "delete-many", entry, f"{ids} names what is deleted")

    def _of_many(self, found: Found, op: Op) -> dict[str, Json]:
        return answer_of_many(self.schemas, op, found.family.word, self._like(found))

    def _list(self, found: Found, op: Op) -> None:
        spot = None if op.answer is None else self._list_in(found, op)
        if spot is None:
            found.examples[op.id] = "it answers no list of objects"
            return
        own, known = set(self.schemas.members(spot.schema)), set(self.schemas.members(found.record))
        same = self.schemas.component(spot.schema) in self._like(found)
        holder = None
        if not same and not self._has_key(found, spot.schema) and len(own & known) < 2:
            holder = self._wrapped(found, spot.schema)
            if holder is None:
                found.examples[op.id] = "the items of its list are other objects"
                return
        for name, parameter in op.parameters("query").items():
            if is_usual(self.schemas, parameter["schema"], self.schemas.members(found.record).get(name)):
                found.defaults[name] = self.schemas.first(parameter["schema"], "default")
        entry = {"envelope": spot.pointer, **({"item": holder[0]} if holder else {})}
        found.actions[op.id] = Action(op, "list", entry, f"its answer is a list of them{_at(spot.pointer)}")

    def _wrapped(self, found: Found, item: Json) -> tuple[str, Json] | None:
        """The member of an item of a list that holds the record, and its schema; None where none does."""
        return wrapped(self.schemas, item, found.record, found.key.member)

    def _list_in(self, found: Found, op: Op) -> Spot | None:
        """Where the list of records stands in an answer: where it is said, else where it fits best."""
        best = list_in(self.schemas, op.answer, found.family.word, self._like(found))
        stated = self.envelopes.get(op.id)
        if stated is None:
            return best
        return next((one for one in self.schemas.spots(op.answer) if one.many and one.pointer == stated), None)

    def other_lists(self, found: Found, op: Op, envelope: str) -> list[str]:
        """Where else in an answer a list of the same objects stands."""
        name = self.schemas.component(found.record)
        lists = (one for one in self.schemas.spots(op.answer) if one.many and one.pointer != envelope)
        return [one.pointer for one in lists if name is not None and self.schemas.component(one.schema) == name]

    def _create(self, found: Found, op: Op, chosen: str | None = None) -> None:
        if op.body is not None and self.schemas.is_list(op.body):
            self._create_many(found, op)
            return
        spot = None if op.answer is None else self._shown(found, op)
        if op.body is None and spot is None and not op.silent:
            found.examples[op.id] = "it has no body, and answers no record"
            return
        body = self._body(found, op)
        entry = {"body": body, **self._answer(found, op)}
        id, kept = (chosen, "kept") if chosen else self._chosen(found, op, body)
        if id is not None:
            entry |= {"id": id, "sent-id": kept}
        elif not self._is_listed(found, op) and (
            entry.get("answer") == "$example" or (spot is not None and not self._tells_id(found, spot, entry))
        ):
            found.examples[op.id] = "its answer does not tell the id of what it makes"
            return
        names = self._names(found, op, body)
        headers = headers_with_id(op, thing(found.family.word))
        entry |= ({"names": names} if names else {}) | ({"headers": headers} if headers else {})
        found.actions[op.id] = Action(op, "create", entry, "POST to the collection")

    def _tells_id(self, found: Found, spot: Spot, entry: Mapping[str, Json]) -> bool:
        """Whether an answer with a record shows its id, or needs not to."""
        return found.key.member is None or "answer" in entry or self._has_key(found, spot.schema)

    def _is_listed(self, found: Found, op: Op) -> bool:
        """Whether a list shows the ids of what a creation makes of members of the record, and its answer does not."""
        sent = () if op.body is None else self.schemas.members(self._inside(op.body, self._body(found, op)))
        known = {plain(name) for name in self.schemas.members(found.record)} & set(map(plain, sent))
        if not known or (op.answer is not None and self.schemas.is_list(op.answer)):
            return False
        lists = [one.op for one in found.actions.values() if one.do == "list"]
        spots = [list_in(self.schemas, op.answer, found.family.word, self._like(found)) for op in lists]
        return any(spot is not None and self._has_key(found, spot.schema) for spot in spots)

    def _has_key(self, found: Found, schema: Json) -> bool:
        """Whether an object shows the id."""
        return key_schema(self.schemas, schema, found.key.member) is not None

    def _chosen(self, found: Found, op: Op, body: str) -> tuple[str | None, str]:
        """The place of an id that the client may choose (None where it cannot), and what becomes of it."""
        name = None if op.body is None else self._request_member(op.body, body, found.key.member)
        if name is None and op.body is not None and found.key.member is None:
            name = self._request_member(op.body, body, found.family.parameter)
        if name is None or op.body is None:
            return None, ""
        member = self._inside_member(op.body, body, name)
        natural = any(plain(name).endswith(one) for one in _NATURAL)
        same = self.schemas.component(self._inside(op.body, body)) in self._like(found)
        if self.schemas.first(member.schema, "readOnly") or not self._may_name(found, member.schema):
            return None, ""
        must = (member.required and not same) or natural
        return f"$request.body#{body}{_place(name)}", "kept" if must else "kept-if-free"

    def _may_name(self, found: Found, member: Json) -> bool:
        """Whether what a request sends may stand in the path: no text does where the path takes numbers."""
        items = self._by_method(found.family.item.text) if found.family.item is not None else {}
        wanted = self.schemas.kinds(self._parameter(found.family, items))
        return not (wanted and wanted <= {"integer", "number"} and self.schemas.kinds(member) == {"string"})

    # operations on an item

    def _item(self, found: Found, op: Op, items: Mapping[str, Op], collection: Mapping[str, Op]) -> None:
        if op.method == "delete":
            found.actions[op.id] = Action(op, "delete", self._deleted(found, op), "DELETE on the item")
        elif op.body is None:
            found.examples[op.id] = "it has no body in JSON or in a form"
        elif op.method == "post" and self._is_twin(op, items, collection):
            self._create(found, op, chosen=f"$request.path.{found.family.parameter}")
        elif self.schemas.is_list(op.body):
            self._patch(found, op)
        else:
            entry = self._updating(found, op, items)
            if op.method == "put" and not self._can_create(found, collection) and self._may_choose(found, op):
                entry["creates"] = True

    def _may_choose(self, found: Found, op: Op) -> bool:
        """Whether a client may choose the id in a path: no number that a parent lists, unless that is said."""
        path = path_of(op.path)
        is_listed = any(one.do == "list" for one in found.actions.values()) and len(path.parameters) > 1
        return not is_listed or found.id != "{number}" or "201" in op.own["responses"] or path.head.endswith("}")

    def _updating(self, found: Found, op: Op, items: Mapping[str, Op]) -> dict[str, Json]:
        """Add what an update does; returns the members of its `x-operation`."""
        body = self._body(found, op)
        entry = {"body": body, **self._answer(found, op)}
        names = self._names(found, op, body)
        entry |= {"names": names} if names else {}
        self._updates(found, op, entry, items)
        return entry

    def _can_create(self, found: Found, collection: Mapping[str, Op]) -> bool:
        op = collection.get("post")
        other = op is not None and not (op.body is not None and self.schemas.is_list(op.body))
        return other or any(one.do == "create" for one in found.actions.values())

    def _is_twin(self, op: Op, items: Mapping[str, Op], collection: Mapping[str, Op]) -> bool:
        """Whether a POST on an item's path creates: as that on the collection does, or as it says itself."""
        above = collection.get("post")
        if above is None or above.body is None or not items.keys() & {"put", "patch"}:
            return above is None and says_creation(op)
        first, second = self.schemas.component(above.body), self.schemas.component(op.body)
        return first == second and (first is not None or above.body == op.body)

    def _read(self, found: Found, op: Op) -> None:
        spot = None if op.answer is None else self._shown(found, op)
        if spot is None and op.answer is not None and not self.schemas.kinds(op.answer):  # any JSON
            spot = Spot("", op.answer, False, 0, "")
        if spot is None:
            found.examples[op.id] = "it answers no record"
        else:
            entry = {"envelope": spot.pointer, **self._beside(found, op, spot)}
            found.actions[op.id] = Action(op, "read", entry, f"it answers one{_at(spot.pointer)}")

    def _patch(self, found: Found, op: Op) -> None:
        items = set(self.schemas.members(self.schemas.items(op.body)))
        if op.patch or {"op", "path"} <= items:
            entry = self._answer(found, op)
            found.actions[op.id] = Action(op, "patch", entry, "its body is a JSON Patch (RFC 6902)")
        else:
            found.examples[op.id] = "its body is a list"

    def _updates(self, found: Found, op: Op, entry: dict[str, Json], items: Mapping[str, Op]) -> None:
        """What PUT, PATCH and POST do to a record: change what is sent, or replace the whole."""
        if op.merge or op.method in ("patch", "post"):
            found.actions[op.id] = self._change(found, op, entry)
            return
        body = self._inside(op.body, str(entry["body"]))
        needs = any(one.required for one in self.schemas.members(body).values())
        creating = next(
            (one.op for one in found.actions.values() if one.do == "create" and one.op.body is not None), None
        )
        first = None if creating is None else self._inside(creating.body, self._body(found, creating))
        required = first is not None and any(one.required for one in self.schemas.members(first).values())
        if "patch" in items:
            found.actions[op.id] = Action(op, "replace", entry, "PUT stands beside PATCH", ("update",))
        elif required and not needs:
            why = "its request requires nothing, that of the creation does"
            found.actions[op.id] = Action(op, "update", entry, why, ("replace",))
        elif needs:
            found.actions[op.id] = Action(op, "replace", entry, "its request requires what a record needs", ("update",))
        else:
            why = (
                "PUT replaces by HTTP, and its request requires nothing; what is not sent is kept, which loses nothing"
            )
            found.actions[op.id] = Action(op, "update", entry, why, ("replace",), tie=True)

    def _change(self, found: Found, op: Op, entry: dict[str, Json]) -> Action:
        """A change of what is sent: of whole members, or within them."""
        if op.merge:
            return Action(op, "merge", entry, "its body is a JSON Merge Patch (RFC 7396)", ("update",))
        if "attributes" in self.schemas.members(found.record):
            return Action(op, "merge", entry, "JSON:API changes the attributes that are sent", ("update",))
        return Action(op, "update", entry, f"{op.method.upper()} changes what is sent", ("merge",))

    # bodies

    def _shown(self, found: Found, op: Op) -> Spot | None:
        """Where the record stands in an answer: the same one, or an object with its id."""
        if self.schemas.is_list(op.answer):
            return only_one(self.schemas, op.answer, self._like(found))
        spot = same_record(self.schemas, op.answer, found.record, self._usual_place(found))
        if spot is not None and (
            self._has_key(found, spot.schema) or op.method == "get" or self._beside(found, op, spot)
        ):
            return spot
        with_id = [
            one
            for one in self.schemas.spots(op.answer)
            if not one.many and one.depth <= 2 and self._has_key(found, one.schema)
        ]
        return with_id[0] if with_id else spot or only_one(self.schemas, op.answer, self._like(found))

    def _beside(self, found: Found, op: Op, spot: Spot) -> dict[str, Json]:
        """The members beside the record in an answer that hold its id, as a member of `x-operation`."""
        return beside(self.schemas, op.answer, spot, found.key, thing(found.family.word))

    def _usual_place(self, found: Found) -> str:
        return next((str(one.entry["envelope"]) for one in found.actions.values() if one.do == "read"), "")

    def _answer(self, found: Found, op: Op) -> dict[str, Json]:
        """What an answer that is no list holds, as members of `x-operation`."""
        if op.answer is None:
            return {} if op.silent else {"answer": "$example"}
        spot = self._shown(found, op)
        noun = thing(found.family.word)
        if spot is not None:
            return {"envelope": spot.pointer, **self._beside(found, op, spot)}
        members = self.schemas.members(op.answer)
        ids = [name for name in members if plain(name) in (f"{noun}id", "id", f"{noun}uuid", f"{noun}key")]
        address = as_text(self.schemas, op.answer) if op.method == "post" and not ids else None
        return {"answer": {ids[0]: "$id"}} if ids else {"answer": address or "$example"}

    def _deleted(self, found: Found, op: Op) -> dict[str, Json]:
        """The answer of a deletion: that it is done, or the record as it was."""
        if op.answer is None:
            return {} if op.silent else {"answer": "$example"}
        members = self.schemas.members(op.answer)
        done = [
            name
            for name, one in members.items()
            if plain(name) in _DONE and self.schemas.kinds(one.schema) == {"boolean"}
        ]
        if not done:
            return self._answer(found, op)
        template: dict[str, Json] = {}
        for name, one in members.items():
            if name in done:
                template[name] = True
            elif plain(name) in ("id", plain(found.key.member or "id"), thing(found.family.word)):
                template[name] = "$id" if self.schemas.is_scalar(one.schema) else None
            else:
                template[name] = self.schemas.constant(one.schema)
        return {"answer": {name: value for name, value in template.items() if value is not None}}

    def _body(self, found: Found, op: Op) -> str:
        """Where the record stands in the body of a request."""
        if op.body is None:
            return ""
        root = self.schemas.members(op.body)
        wrapped = [
            name
            for name, one in root.items()
            if self.schemas.members(one.schema) and not self.schemas.is_list(one.schema)
        ]
        noun = thing(found.family.word)
        own = set(self.schemas.members(found.record))
        for name in wrapped:
            inner = set(self.schemas.members(root[name].schema))
            named = plain(name) in (noun, "data") or len(root) == 1
            same = self.schemas.component(root[name].schema) in self._like(found)
            if name not in own and (named or same) and len(inner & own) > len(set(root) & own):
                return at(name)
        return ""

    def _inside(self, schema: Json, pointer: str) -> Json:
        """The schema at a pointer of one name, or at the root."""
        for name in pointer.split("/")[1:]:
            schema = self.schemas.members(schema)[name.replace("~1", "/").replace("~0", "~")].schema
        return schema

    def _inside_member(self, body: Json, pointer: str, name: str) -> Member:
        """The member of a request with this name or JSON pointer."""
        schema = self._inside(body, f"{pointer}{name.rpartition('/')[0]}") if name.startswith("/") else None
        own = self.schemas.members(self._inside(body, pointer) if schema is None else schema)
        return own[name.rpartition("/")[2] if name.startswith("/") else name]

    def _request_member(self, body: Json, pointer: str, member: str | None) -> str | None:
        """The member of a request with this name, in any spelling; a JSON pointer, where the id has one."""
        if member is not None and member.startswith("/"):
            return member if key_schema(self.schemas, self._inside(body, pointer), member) is not None else None
        known = self.schemas.members(self._inside(body, pointer))
        return next((name for name in known if member is not None and plain(name) == plain(member)), None)

    def _names(self, found: Found, op: Op, body: str) -> dict[str, str]:
        """The members of a request whose names are spelled otherwise in the record."""
        if op.body is None:
            return {}
        own = self.schemas.members(found.record)
        by_name: dict[str, str] = {}
        for name in own:
            by_name.setdefault(plain(name), name)
        sent = self.schemas.members(self._inside(op.body, body))
        return {name: by_name[plain(name)] for name in sent if name not in own and plain(name) in by_name}

    def _writes(self, action: Action) -> Iterator[str]:
        """The plain names of the members that a request sets."""
        if action.op.body is None or action.do == "patch" or self.schemas.is_list(action.op.body):
            return
        body = self._inside(action.op.body, str(action.entry.get("body", "")))
        for name, member in self.schemas.members(body).items():
            if not self.schemas.first(member.schema, "readOnly"):
                yield plain(name)


def _tells(action: Action) -> bool:
    """Whether a creation tells the id of what it makes, or is told it."""
    return action.op.silent or "id" in action.entry or "$id" in str(action.entry.get("answer", ""))


def _place(name: str) -> str:
    """The JSON pointer of a member, which may be one already."""
    return name if name.startswith("/") else at(name)


def _at(pointer: str) -> str:
    return f", at {pointer}" if pointer else ""
