"""Writes what was found into a normal form: our own keys, and the assumptions that hold what they leave open.

Must not know how anything is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from understudy.document.infer.answers import Supplied
from understudy.document.infer.below import Below
from understudy.document.infer.filters import filters_of, sort_of
from understudy.document.infer.finder import Finder
from understudy.document.infer.found import Action, Found
from understudy.document.infer.model import Alternative, ExamplesOnly, Inference, Inferred, Key
from understudy.document.infer.operations import Op
from understudy.document.infer.pages import Pages, pages_of
from understudy.document.infer.paths import Family, items_of, owner_of
from understudy.document.infer.readings import (
    TOGETHER,
    other_answers,
    other_envelope,
    other_key,
    other_pages,
    other_parts,
)
from understudy.document.infer.requests import Heeded, heeded
from understudy.document.infer.searches import parameters_of as asked_by
from understudy.document.infer.searches import pointers_of
from understudy.document.infer.states import Progress
from understudy.document.infer.unowned import is_unowned, unowned
from understudy.document.infer.words import plain, slug, thing
from understudy.document.paths import parameters_of
from understudy.document.pointer import at, find

Json = Any
_NEWEST = ("newest first", "most recent first", "reverse chronological", "descending order of creation", "latest first",
           "most recently created first", "sorted by creation date, with the most recent")  # fmt: skip
_MOST_EXAMPLES = 5  # records that a resource begins with
_DO = {
    "update": "it changes the members that are sent, and keeps the others",
    "replace": "it replaces the record; what is not sent is gone",
    "merge": "it changes the members that are sent, and in objects theirs (RFC 7396)",
}

_BELOW = {
    "act": "changes the record, and its status",
    "take": "changes the members of the record that the request has",
    "example-below": "answers an example where the record is there, and refuses the request where it is not",
}
_ON_ONE = ("create", "read", "update", "replace", "merge", "patch", "delete")
_MORE = " (and others below the item)"


class Writer:
    """Collects keys and inferences, and makes the document of them."""

    def __init__(self, document: Json, name: str, finder: Finder, ops: Iterable[Op]) -> None:
        self.document = document
        self.name = name
        self.finder = finder
        self.schemas = finder.schemas
        self.ops = {op.id: op for op in ops}
        self.inferences: list[Inference] = []
        self.examples: list[ExamplesOnly] = []
        self.resources: dict[str, Json] = {}
        self.texts: set[int] = set()  # families whose ids are texts
        self.components: dict[str, Json] = {}
        self.operations: dict[str, dict[str, Json]] = {}  # keys to set, by the pointer of an operation
        self.seed: dict[str, Json] = {}
        self._shared: set[str] = set()

    def write(self, found: Mapping[str, Found], progress: Mapping[str, Progress | None]) -> None:
        """Add the resources that were found, by name; `progress` says which ones go on by themselves."""
        families = {id(one.family): name for name, one in found.items()}
        owners = items_of(one.family for one in found.values())
        self.texts = {id(one.family) for one in found.values() if one.id != "{number}"}
        for name, one in found.items():
            self._resource(name, one, families, owners)
            self._goes_on(name, progress[name])
        self._seed(found)

    def supply(self, missing: Iterable[Supplied]) -> None:
        """Add the schemas of answers that the document left out."""
        for one in missing:
            self._add(
                self._id("answers", slug(f"{one.op.method} {one.op.path}")), "answer", one.op.pointer,
                statement=one.statement, reason=one.reason, default=one.default, alternatives=other_answers(one),
                keys=(Key(one.pointer, one.value),),
            )  # fmt: skip

    def leave(self, op: Op, reason: str) -> None:
        """Add an operation that answers examples."""
        self.operations[op.pointer] = {"x-operation": {"do": "example"}}
        self.examples.append(ExamplesOnly(op.id, op.method.upper(), op.path, reason))

    def below(self, below: Below) -> None:
        """Add an operation below the item of a resource."""
        op, is_action = below.op, below.kind == "action"
        id = self._id(below.name, "-".join(("does", slug(op.id))) if is_action else "below")
        entry = {"resource": below.name, "do": {"assumption": id}, **below.entry}
        self.operations[op.pointer] = {"x-operation": entry}
        key = Key(f"{op.pointer}/x-operation", entry)
        statement = f"{op.method.upper()} {op.path} {_BELOW[below.do]}."
        known = next((one for one in self.inferences if one.id == id), None)
        if known is None:
            self._add(
                id, below.kind, op.pointer, statement=statement, reason=below.reason, default=below.do,
                alternatives=below.alternatives, keys=(key,),
            )  # fmt: skip
        else:  # one switch for all that answer examples below an item
            reason = known.reason if below.reason in known.reason else f"{known.reason}; {below.reason}"
            more = replace(known, keys=(*known.keys, key), statement=_both(known.statement), reason=reason)
            self.inferences[self.inferences.index(known)] = more

    def inferred(self) -> Inferred:
        """The document with all that was written."""
        paths = {
            path: {method: self._operation(path, method, own) for method, own in item.items()}
            for path, item in self.document["paths"].items()
        }
        assumptions = [one.assumption for one in self.inferences if one.alternatives]
        document = {
            **self.document,
            "paths": paths,
            "x-resources": {**self.resources, **self.document.get("x-resources", {})},
            "x-assumptions": [*assumptions, *self.document.get("x-assumptions", ())],
        }
        if self.components:
            known = document["components"]
            document["components"] = {**known, "schemas": {**known.get("schemas", {}), **self.components}}
        return Inferred(document, tuple(self.inferences), tuple(self.examples), self.seed)

    def _operation(self, path: str, method: str, own: Json) -> Json:
        keys = self.operations.get(at("paths", path, method))
        if keys is None:
            return own
        added = keys.get("parameters", [])
        kept = {name: value for name, value in keys.items() if name not in own and name != "parameters"}
        return {**own, **kept, **({"parameters": [*added, *own["parameters"]]} if added else {})}

    # resources

    def _resource(self, name: str, found: Found, families: Mapping[int, str], owners: Mapping[str, Family]) -> None:
        pointer = at("x-resources", name)
        place = at("paths", found.family.root)
        served = self._id(name, "served")
        declared: dict[str, Json] = {
            "schema": self._schema(name, found),
            **({"single": True} if found.single else {"key": found.key_member}),
            "id": found.id,
            "fill": True,
            "served": {"assumption": served},
            **({} if found.single else {"listed": {"assumption": self._id(name, "order")}}),
        }
        set_ = {"create": found.create, "defaults": found.defaults, "update": found.update}
        declared |= {key: value for key, value in set_.items() if value}
        parents = self._parents(name, found, families, owners)
        above = [parents[one] for one in found.parts[:-1] if one in parents]
        if above:
            declared["key"] = [*above, found.key_member]
        unknown = parents if is_unowned(found, parents, owners) else {}
        if unknown:
            declared["key"], parents = found.key_member, {}
        if parents:
            declared["parent"] = parents
            declared["orphans"] = {"assumption": self._id(name, "parent")}
            if not found.creatable and not found.single:
                declared["with-parent"] = {"assumption": self._id(name, "children")}
        lists = [one.op for one in found.actions.values() if one.do == "list"]
        sorts = (sort_of(self.schemas, found.record, asked_by(self.schemas, op)) for op in lists)
        sort = next((one for one in sorts if one), {})
        declared |= {"sort": sort} if sort else {}
        self.resources[name] = declared
        keys = [Key(pointer, declared)]
        for action in found.actions.values():
            keys += self._action(name, action)
            self._envelope(name, found, action)
        self._add(
            served, "resource", place,
            statement=self._statement(name, found),
            reason=f"{found.reason}; {_key_reason(found)}",
            default="records",
            alternatives=(Alternative("examples", "its operations remember nothing, and answer examples"),),
            keys=tuple(keys),
            tie=found.key.other is not None,
        )  # fmt: skip
        other = other_key(self.schemas, name, found)
        if other is not None:
            self._add(
                self._id(name, "key"), "key", place, statement=f"{found.key_member} is the id of {name}.",
                reason=f"{found.key.reason}, and {other.value} is called like an id, too", default=found.key_member,
                alternatives=(other,), keys=(Key(f"{pointer}/key", found.key_member),), tie=True,
            )  # fmt: skip
        if above and not unknown:
            self._together(name, found, pointer)
        if not found.single:
            self._order(name, found, pointer)
        self._orphans(name, found, parents, pointer)
        if unknown:
            self.inferences.append(unowned(self._id(name, "parent"), name, found, unknown))
        if "with-parent" in declared:
            self._children(name, found, pointer)

    def _together(self, name: str, found: Found, pointer: str) -> None:
        key = self.resources[name]["key"]
        self._add(
            self._id(name, "parts"), "parts", at("paths", found.family.root),
            statement=f"{' and '.join(found.parts)} name one of {name} together.",
            reason="they stand in a row, or each parent counts its own", default=TOGETHER,
            alternatives=(other_parts(name, found),), keys=(Key(f"{pointer}/key", key),),
        )  # fmt: skip

    def _statement(self, name: str, found: Found) -> str:
        paths = list(dict.fromkeys(one.op.path for one in found.actions.values()))
        does = ", ".join(f"{one.op.method.upper()} {one.op.path} ({one.do})" for one in found.actions.values())
        return f"{' and '.join(paths[:2])} are one resource, {name}: {does}."

    def _schema(self, name: str, found: Found) -> str:
        """The component that is the schema of a record; an inline one becomes a component."""
        known = self.schemas.component(found.record)
        if known is not None and known in self.schemas.known:
            return known
        made = f"{thing(name).capitalize()}Record"
        while made in self.schemas.known or made in self.components:
            made += "_"
        self.components[made] = found.record
        return made

    def _action(self, name: str, action: Action) -> Iterable[Key]:
        op, entry = action.op, {"resource": name, "do": action.do, **_without_empty(action.entry)}
        if op.id in self.finder.envelopes:
            entry["envelope"] = self.finder.envelopes[op.id]
        if action.do == "list":
            yield from self._pages(name, op, str(action.entry["envelope"]))
            entry |= self._filtering(name, op)
            entry |= self._asked(name, op, entry)
        if entry.get("sent-id") == "kept-if-free":
            entry["sent-id"] = {"assumption": self._sent_id(name, op)}
        if "unknown" in entry:
            entry["unknown"] = {"assumption": self._passed_over(name, op)}
        if entry.get("creates") is True:
            entry["creates"] = {"assumption": self._creation(name, op)}
        for heed in heeded(op, on_one=action.do in _ON_ONE):
            entry |= self._heeded(name, op, heed)
        if action.others:
            entry["do"] = {"assumption": self._update(name, action)}
        self.operations.setdefault(op.pointer, {})["x-operation"] = entry
        yield Key(f"{op.pointer}/x-operation", entry)

    def _envelope(self, name: str, found: Found, action: Action) -> None:
        """Add that the list may stand elsewhere in its answer, where another list of the same objects does."""
        op, place = action.op, str(action.entry.get("envelope"))
        others = self.finder.other_lists(found, op, place) if action.do == "list" else []
        if others:
            self._add(
                self._id(name, f"envelope-{slug(op.id)}"), "envelope", op.pointer,
                statement=f"GET {op.path} lists them at {place}.", reason=f"{', '.join(others)} has such objects, too",
                default=place, alternatives=tuple(other_envelope(op, one) for one in others),
                keys=(Key(f"{op.pointer}/x-operation/envelope", place),), tie=True,
            )  # fmt: skip

    def _update(self, name: str, action: Action) -> str:
        op = action.op
        id = self._id(name, "-".join((op.method, *_tail(op, self.inferences, self._id(name, op.method)))))
        text = f"{op.method.upper()} {op.path}: {_DO[action.do]}."
        others = tuple(Alternative(one, _DO[one]) for one in action.others)
        self._add(
            id, "update", op.pointer, statement=text, reason=action.reason, default=action.do, alternatives=others,
            keys=(Key(f"{op.pointer}/x-operation/do", {"assumption": id}),), tie=action.tie,
        )  # fmt: skip
        return id

    def _goes_on(self, name: str, progress: Progress | None) -> None:
        """Let the records of a resource go on by the world's clock."""
        if progress is None:
            return
        id, pointer = self._id(name, "progress"), at("x-resources", name)
        steps = {one.name: {"from": [one.before], "to": one.to, "after": {"assumption": id}} for one in progress.steps}
        declared = self.resources[name]
        declared["create"] = {**declared.get("create", {}), progress.member: progress.first}
        declared["life-cycle"] = {"member": progress.member, **steps}
        told = ", ".join(f"{one.before} -> {one.to}" for one in progress.steps)
        self._add(
            id, "progress", pointer,
            statement=f"A record of {name} goes on by itself ({told}), each time after 1 second of the world's time.",
            reason=f"{progress.member} has the values of a job, and no request says it", default=1,
            alternatives=(
                Alternative(0, "it is done at once"),
                Alternative("never", "it stays as it is"),
                Alternative(30, "each step takes 30 seconds"),
            ),
            keys=tuple(Key(f"{pointer}/life-cycle/{one.name}/after", {"assumption": id}) for one in progress.steps),
        )  # fmt: skip

    def _creation(self, name: str, op: Op) -> str:
        id = self._id(name, "creation")
        self._add(
            id, "creation", op.pointer, statement=f"{op.method.upper()} {op.path} makes a new record of an unknown id.",
            reason="no other operation makes one", default=True,
            alternatives=(Alternative(False, "an unknown id is refused"),),
            keys=(Key(f"{op.pointer}/x-operation/creates", {"assumption": id}),),
        )  # fmt: skip
        return id

    def _sent_id(self, name: str, op: Op) -> str:
        id = self._id(name, "sent-id")
        if not any(one.id == id for one in self.inferences):
            self._add(
                id, "sent-id", op.pointer,
                statement=f"{op.method.upper()} {op.path} keeps the id that is sent, if it is free.",
                reason="the request may hold an id, and nothing says who chooses it", default="kept-if-free",
                alternatives=(Alternative("ignored", "the server makes each id"),),
                keys=(Key(f"{op.pointer}/x-operation/sent-id", {"assumption": id}),), tie=True,
            )  # fmt: skip
        return id

    def _passed_over(self, name: str, op: Op) -> str:
        id = self._id(name, "unknown-ids")
        if not any(one.id == id for one in self.inferences):
            self._add(
                id, "unknown-ids", op.pointer,
                statement=f"{op.method.upper()} {op.path} passes over ids that nothing has.",
                reason="nothing is left to be deleted there", default="passed-over",
                alternatives=(Alternative("refused", "the request is refused, and nothing is deleted"),),
                keys=(Key(f"{op.pointer}/x-operation/unknown", {"assumption": id}),),
            )  # fmt: skip
        return id

    def _heeded(self, name: str, op: Op, heed: Heeded) -> dict[str, Json]:
        """What headers say of how requests may be sent, as a member of `x-operation` with its assumption."""
        id = self._id(name, heed.kind)
        if not any(one.id == id for one in self.inferences):
            self._add(
                id, heed.kind, op.pointer, statement=heed.statement.format(name=name), reason=heed.reason, default=True,
                alternatives=(Alternative(False, heed.otherwise),),
                keys=(Key(f"{op.pointer}/x-operation/{heed.key}", {"assumption": id}),),
            )  # fmt: skip
        return {heed.key: {"assumption": id}}

    def _order(self, name: str, found: Found, pointer: str) -> None:
        lists = [one.op for one in found.actions.values() if one.do == "list"]
        texts = " ".join(str(op.own.get(key, "")) for op in lists for key in ("summary", "description")).lower()
        said = next((one for one in _NEWEST if one in texts), None)
        default, other = ("newest-first", "oldest-first") if said else ("oldest-first", "newest-first")
        id = self._id(name, "order")
        self._add(
            id, "order", lists[0].pointer if lists else pointer,
            statement=f"A list of {name} is {default.replace('-', ' ')}.",
            reason=f"its description says {said!r}" if said else "the document does not say it",
            default=default, alternatives=(Alternative(other, f"it is {other.replace('-', ' ')}"),),
            keys=(Key(f"{pointer}/listed", {"assumption": id}),),
        )  # fmt: skip

    def _orphans(self, name: str, found: Found, parents: Mapping[str, str], pointer: str) -> None:
        if not parents:
            return
        id = self._id(name, "parent")
        self._add(
            id, "parent", at("paths", found.family.root),
            statement=f"The parent of {name} in a path ({', '.join(parents)}) must be there, if it is a resource.",
            reason="a path goes on from it", default="refused",
            alternatives=(Alternative("allowed", "whether the parent is there is not looked at"),),
            keys=(Key(f"{pointer}/orphans", {"assumption": id}),),
        )  # fmt: skip

    def _children(self, name: str, found: Found, pointer: str) -> None:
        id = self._id(name, "children")
        self._add(
            id, "children", at("paths", found.family.root),
            statement=f"A new parent of {name} begins with one of them.",
            reason="no operation makes one, and some read them", default=1,
            alternatives=(Alternative(0, "it begins with none"),),
            keys=(Key(f"{pointer}/with-parent", {"assumption": id}),),
        )  # fmt: skip

    def _parents(
        self, name: str, found: Found, families: Mapping[int, str], owners: Mapping[str, Family]
    ) -> dict[str, str]:
        """Path parameter: member of the record that holds it; one that the record does not show, where it has none."""
        parents: dict[str, str] = {}
        members = self.schemas.members(found.record)
        for path in dict.fromkeys(one.op.path for one in found.actions.values()):
            parameters = parameters_of(path)
            for parameter in parameters:
                is_item = found.family.item is not None and path == found.family.item.text
                if is_item and parameter == parameters[-1]:
                    continue
                family = owner_of(parameter, path, owners)
                noun = thing(family.word) if family is not None else ""
                names = (plain(parameter), *((f"{noun}id", f"{noun}{plain(parameter)}") if noun else ()))
                known = [
                    one for one, member in members.items()
                    if plain(one) in names and self._holds(member.schema, family) and one != found.key_member
                ]  # fmt: skip
                parents[parameter] = known[0] if known else f"{parameter} (of the path)"
        return parents

    def _holds(self, member: Json, owner: Family | None) -> bool:
        """Whether a member can hold the ids of a parent: a number holds no text."""
        is_number = self.schemas.kinds(member) - {"null"} <= {"integer", "number"}
        return self.schemas.is_scalar(member) and not (is_number and id(owner) in self.texts)

    # lists

    def _filtering(self, name: str, op: Op) -> dict[str, Json]:
        """What the query parameters of a list filter and sort by, as members of `x-operation`."""
        declared = self.resources[name]
        schema = self._record(name)
        query = {one: asked for one, asked in asked_by(self.schemas, op).items() if one not in self._paging(op)}
        sort = [one for one in declared.get("sort", {}).values() if one in query]
        free = {one: parameter for one, parameter in query.items() if one not in sort}
        by = filters_of(self.schemas, schema, free, str(declared.get("key", "")))
        names = [one for one in free if one in by or one in self.schemas.members(schema)]
        if not names and not sort:
            return {}
        return {"filters": {"assumption": self._filters(name, op, names, sort)}, **({"by": by} if by else {})}

    def _asked(self, name: str, op: Op, entry: Mapping[str, Json]) -> dict[str, Json]:
        """Where in the body of a search its page, filters and order stand, as members of `x-operation`."""
        members = self.schemas.members(self._record(name)) if "filters" in entry else ()
        sort = self.resources[name].get("sort", {}).values()
        used = {*self._paging(op), *entry.get("by", ()), *members, *sort}
        pointers = {one: place for one, place in pointers_of(self.schemas, op).items() if one in used}
        return {"arguments": pointers} if pointers else {}

    def _record(self, name: str) -> Json:
        """The schema of the record of a resource."""
        known = self.resources[name]["schema"]
        return self.components.get(known, self.schemas.known.get(known))

    def _paging(self, op: Op) -> set[str]:
        """The parameters that ask for a page."""
        settings = self.operations.get(op.pointer, {}).get("x-pagination") or op.own.get("x-pagination", {})
        return {str(one) for key, one in settings.items() if key in ("limit", "cursor", "page", "offset")}

    def _filters(self, name: str, op: Op, names: list[str], sort: list[str]) -> str:
        id = self._id(name, "filters")
        if not any(one.id == id for one in self.inferences):
            said = [f"filtered by {', '.join(names)}"] * bool(names) + [f"sorted by {', '.join(sort)}"] * bool(sort)
            self._add(
                id, "filters", op.pointer, statement=f"{op.method.upper()} {op.path} is {' and '.join(said)}.",
                reason="the parameters are called as members of the record, or as what people call such filters",
                default=True, alternatives=(Alternative(False, "the parameters change nothing"),),
                keys=(Key(f"{op.pointer}/x-operation/filters", {"assumption": id}),),
            )  # fmt: skip
        return id

    def _pages(self, name: str, op: Op, items: str) -> Iterable[Key]:
        if "x-pagination" in op.own:
            return
        search = op.method == "post"  # no URL leads to its next page
        header = not search and any(one.lower() == "link" for one in op.response.get("headers", {}))
        pages = pages_of(self.schemas, asked_by(self.schemas, op), op.answer, items, header)
        if pages is None or (search and pages.added):
            return
        if search:
            told = {name: one for name, one in pages.settings.items() if not name.endswith("-url")}
            pages = pages._replace(settings=told)
        settings = {**pages.settings, "order": {"assumption": self._id(name, "order")}}
        if settings["style"] in ("after", "offset", "page-number"):
            settings["default-limit"] = self._usual_limit(op, str(settings.get("limit")))
        if settings["style"] == "after":
            settings["unknown-cursor"] = {"assumption": self._cursor(op)}
        keys = self.operations.setdefault(op.pointer, {})
        keys["x-pagination"] = settings
        if pages.added:
            keys["parameters"] = list(pages.added)
        self._told(name, op, pages, settings)
        yield Key(f"{op.pointer}/x-pagination", settings)

    def _told(self, name: str, op: Op, pages: Pages, settings: Json) -> None:
        style = pages.settings["style"]
        how = {
            "after": "is asked for after a cursor",
            "offset": "is asked for after so many items",
            "page-number": "is asked for by its number",
            "all": "holds all items: none asks for a further one",
        }
        self._add(
            self._id(name, f"pages-{slug(op.id)}"), "pages", op.pointer,
            statement=f"A page of {op.method.upper()} {op.path} {how[style]}.",
            reason=pages.reason, default=style,
            alternatives=tuple(other_pages(self.schemas, op, pages.settings, self._id(name, "order"))),
            keys=(Key(f"{op.pointer}/x-pagination", settings),),
        )  # fmt: skip

    def _usual_limit(self, op: Op, limit: str) -> Json:
        """How many items a page has where the request does not say it: the default of a body's member, else assumed."""
        parameter = asked_by(self.schemas, op).get(limit) if op.method == "post" else None
        default = None if parameter is None else self.schemas.first(parameter["schema"], "default")
        return default if isinstance(default, int) else {"assumption": self._limit(op)}

    def _limit(self, op: Op) -> str:
        return self._once(
            "limit", op, "default", "A page has 20 items where neither a request nor the document says it.", 20,
            (Alternative(10, "it has 10"), Alternative(100, "it has 100")),
        )  # fmt: skip

    def _cursor(self, op: Op) -> str:
        return self._once(
            "cursor", op, "unknown", "A cursor that was never given out is refused.", "reject",
            (Alternative("start", "it is answered with the first page"),),
        )  # fmt: skip

    def _once(self, kind: str, op: Op, what: str, text: str, default: Json, others: tuple[Alternative, ...]) -> str:
        """An inference that holds for all lists of the document."""
        id = f"{self.name}.pages.{what}-{kind}"
        if id not in self._shared:
            self._shared.add(id)
            self._add(id, kind, op.pointer, statement=text, reason="the document does not say it", default=default,
                      alternatives=others, keys=())  # fmt: skip
        return id

    def _seed(self, found: Mapping[str, Found]) -> None:
        """Two records for each resource that no request makes, but for those that begin with a parent; and examples."""
        begun = {name for name, one in self.resources.items() if "with-parent" in one}
        for name, one in found.items():
            records = (
                [] if one.single or (self.resources[name].get("parent") and one.creatable) else list(_examples(one))
            )
            count = 0 if one.creatable or one.single or (name in begun and self._below_created(name, found)) else 2
            if count or records:
                self.seed[name] = {"count": count, "records": records}

    def _below_created(self, name: str, found: Mapping[str, Found]) -> bool:
        """Whether requests make the parents of a resource, or theirs."""
        owners = items_of(one.family for one in found.values())
        names = {id(one.family): other for other, one in found.items()}
        for path in {one.op.path for one in found[name].actions.values()}:
            for parameter in self.resources[name].get("parent", {}):
                owner = owner_of(parameter, path, owners)
                above = names.get(id(owner)) if owner is not None else None
                if above is not None and above != name and found[above].creatable:
                    return True
        return False

    def _id(self, name: str, what: str) -> str:
        return f"{self.name}.{slug(name)}.{what}"

    def _add(
        self, id: str, kind: str, pointer: str, *, statement: str, reason: str, default: Json,
        alternatives: tuple[Alternative, ...], keys: tuple[Key, ...], tie: bool = False,
    ) -> None:  # fmt: skip
        self.inferences.append(Inference(id, kind, pointer, statement, reason, default, alternatives, keys, tie))


def _examples(found: Found) -> Iterator[Json]:
    """Documented examples of records, each id once; none where clients choose ids, which they would find taken."""
    chosen = any(one.entry.get("sent-id") == "kept" for one in found.actions.values())
    seen: set[str] = set()
    for one in found.actions.values() if not chosen else ():
        for example in one.op.examples if one.do in ("read", "list") else ():
            known = _find(example, str(one.entry["envelope"]))
            for item in known if isinstance(known, list) else [known]:
                record = _find(item, at(one.entry["item"])) if "item" in one.entry else item
                key = found.key_member
                id = _find(record, key if key.startswith("/") else at(key)) if isinstance(record, dict) else None
                if isinstance(id, str | int) and str(id) not in seen and len(seen) < _MOST_EXAMPLES:
                    seen.add(str(id))
                    yield record


def _find(value: Json, pointer: str) -> Json:
    with suppress(LookupError, TypeError, ValueError):
        return find(value, pointer)
    return None


def _tail(op: Op, known: Sequence[Inference], id: str) -> tuple[str, ...]:
    """What tells the ids of two updates of one resource apart."""
    return (slug(op.id),) if any(one.id == id for one in known) else ()


def _key_reason(found: Found) -> str:
    if found.single:
        return found.key.reason
    if found.key.member is None:
        return f"{found.key.reason}, so that only the path holds it"
    tie = f" ({found.key.other} would be as good)" if found.key.other else ""
    parts = f"; {', '.join(found.parts)} name it together" if found.parts else ""
    return f"{found.key.member} is its id: {found.key.reason}{tie}{parts}"


def _without_empty(entry: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in entry.items() if value != "" or name == "envelope"}


def _both(statement: str) -> str:
    """A statement on one operation, as one on several."""
    return statement if _MORE in statement else statement.replace(" answers an example", f"{_MORE} answers an example")
