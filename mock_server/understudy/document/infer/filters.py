"""What the query parameters of a list filter and sort by, as their names say.

Must not know how what is found is written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from understudy.document.infer.schemas import Member, Schemas
from understudy.document.infer.times import CREATED
from understudy.document.infer.words import plain, thing, words

Json = Any
_SEARCH = ("q", "search", "query", "searchterm", "searchtext", "searchquery", "keyword", "keywords", "text", "term")
_SORT = ("sort", "sortby", "orderby", "ordering", "sortfield", "sortcolumn", "orderfield", "order")
_DIRECTION = ("order", "direction", "sortorder", "sortdirection", "orderdirection", "sortdir", "orderdir", "dir")
_WAYS = frozenset(("asc", "desc", "ascending", "descending"))
_LEAST = ("gte", "min", "minimum", "from", "since", "ge", "start")
_MOST = ("lte", "max", "maximum", "to", "until", "le", "end")
_ABOVE = ("gt", "after", "greaterthan", "morethan")
_BELOW = ("lt", "before", "lessthan")
RELATIONS = {
    **dict.fromkeys(_LEAST, "at-least"), **dict.fromkeys(_MOST, "at-most"), **dict.fromkeys(_ABOVE, "above"),
    **dict.fromkeys(_BELOW, "below"), **dict.fromkeys(("contains", "like", "ilike", "search"), "contains"),
    **dict.fromkeys(("prefix", "startswith", "beginswith"), "begins-with"), **dict.fromkeys(("in", "any"), "any-of"),
    **dict.fromkeys(("ne", "not"), "not-equal"), "eq": "equal",
}  # fmt: skip
_ALONE = ("since", "until", "after", "before", "from", "to", "startdate", "enddate", "starttime", "endtime", "datefrom",
          "dateto", "fromdate", "todate", "start", "end")  # fmt: skip
_ORDERED = frozenset(("at-least", "at-most", "above", "below"))


def filters_of(schemas: Schemas, record: Json, query: Mapping[str, Json], key: str) -> dict[str, Json]:
    """What each query parameter filters by, beside those with the name of a member, as entries of `x-filter`."""
    known = {name: one for name, one in schemas.members(record).items() if not schemas.members(one.schema)}
    found = ((name, _filter(schemas, known, name, one, key)) for name, one in query.items())
    return {name: one for name, one in found if one is not None}


def sort_of(schemas: Schemas, record: Json, query: Mapping[str, Json]) -> dict[str, str]:
    """The parameters by which a caller sorts, as a `sort` of `x-resources`; empty without one."""
    by_name = {plain(name): name for name in reversed(tuple(query))}
    ways = [by_name[one] for one in _DIRECTION if one in by_name and _is_direction(schemas, query[by_name[one]])]
    fields = [by_name[one] for one in _SORT if one in by_name and by_name[one] not in ways]
    by = next((one for one in fields if _sorts(schemas, record, query[one])), None)
    return {} if by is None else {"by": by, **({"direction": ways[0]} if ways else {})}


def is_usual(schemas: Schemas, parameter: Json, member: Member | None) -> bool:
    """Whether the default of a filter is a value of the member: what a list shows if nothing is asked for."""
    value = schemas.first(parameter, "default")
    if member is None or not isinstance(value, str | int) or schemas.first(member.schema, "readOnly"):
        return False
    kind = "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "string"
    bounds = ("minimum", "maximum", "pattern", "format", "minLength", "maxLength", "const")
    enum = schemas.first(member.schema, "enum")
    free = all(schemas.first(member.schema, one) is None for one in bounds)
    return kind in schemas.kinds(member.schema) and free and (enum is None or value in enum)


def _is_direction(schemas: Schemas, parameter: Json) -> bool:
    known = schemas.first(parameter["schema"], "enum") or ()
    return bool(known) and {str(one).lower() for one in known} <= _WAYS


def _sorts(schemas: Schemas, record: Json, parameter: Json) -> bool:
    """Whether a parameter names a member to sort by: any text, or one of a few of which some are members."""
    schema = parameter["schema"]
    schema = schemas.items(schema) if schemas.is_list(schema) else schema
    known = schemas.first(schema, "enum")
    members = schemas.members(record)
    if isinstance(known, list):
        return any(re.sub(r"^[+-]|[ .:_](asc|desc)$", "", str(one), flags=re.IGNORECASE) in members for one in known)
    return schemas.kinds(schema) == {"string"}


def _filter(schemas: Schemas, known: Mapping[str, Member], name: str, parameter: Json, key: str) -> Json | None:
    """What one parameter filters by; None where its name does not say it, or says that it is a member."""
    bounds = schemas.members(parameter["schema"])
    if name in known and not bounds:
        return {"is": "any-of"} if _takes_several(schemas, parameter, known[name]) else None
    if plain(name) in _SEARCH and schemas.kinds(parameter["schema"]) == {"string"}:
        texts = [one for one, member in known.items() if _is_text(schemas, one, member)]
        return {"member": texts, "is": "contains"} if texts else None
    if plain(name) in ("ids", f"{plain(key)}s") and key in known:
        return {"member": key, "is": "any-of"}
    if schemas.is_list(parameter["schema"]):
        return _any_of(known, name)
    for member, relation in _readings(schemas, name, parameter, known):
        if bounds and relation == "equal":
            fits = all(RELATIONS.get(plain(one)) in _ORDERED for one in bounds) and _is_ordered(schemas, known[member])
            return {"member": member, "is": "range"} if fits else None
        if relation not in _ORDERED or _is_ordered(schemas, known[member]):
            return {"member": member, "is": relation}
    return None


def _any_of(known: Mapping[str, Member], name: str) -> Json | None:
    """The filter of a list of values that is called as several of a member are: `states`, `dag_ids`."""
    members = (one for one in known if plain(one) == thing(name) or plain(one) == plain(name))
    member = next(members, None)
    return None if member is None else {"member": member, "is": "any-of"}


def _readings(schemas: Schemas, name: str, parameter: Json, known: Mapping[str, Member]) -> Iterator[tuple[str, str]]:
    """The members and relations that a name may mean: `created_after`, `min_price`, `filter[status]`, `date[gte]`."""
    by_name = {plain(one): one for one in reversed(tuple(known))}
    created = next((by_name[one] for one in CREATED if one in by_name), None)
    parts = [one for one in words(name) if one not in ("filter", "filters", "where")]
    text = "".join(parts)
    if text in by_name:
        yield by_name[text], "equal"
    if text in _ALONE and created is not None and _is_moment(schemas, parameter):
        yield created, RELATIONS[next(one for one in parts if one in RELATIONS)]
    for cut in range(1, len(parts)):
        for said, rest in ((parts[cut:], parts[:cut]), (parts[:cut], parts[cut:])):
            relation, about = RELATIONS.get("".join(said)), "".join(rest)
            for member in (about, f"{about}at", f"{about}on", f"{about}date") if relation else ():
                if member in by_name:
                    yield by_name[member], str(relation)


def _is_moment(schemas: Schemas, parameter: Json) -> bool:
    """Whether a parameter is a time: by its format or its name."""
    if schemas.first(parameter["schema"], "format") in ("date", "date-time"):
        return True
    return bool(re.search("date|time|since|until", parameter["name"], re.IGNORECASE))


def _takes_several(schemas: Schemas, parameter: Json, member: Member) -> bool:
    """Whether a parameter of any text may hold several values with commas, since no value of the member has one."""
    if schemas.kinds(parameter["schema"]) != {"string"} or schemas.first(parameter["schema"], "enum") is not None:
        return False
    kinds, known = schemas.kinds(member.schema), schemas.first(member.schema, "enum")
    if isinstance(known, list):
        return not any("," in str(one) for one in known)
    return kinds == {"integer"} or schemas.first(member.schema, "format") == "uuid"


def _is_text(schemas: Schemas, name: str, member: Member) -> bool:
    """Whether people search in a member: a text that is no id, of no form, and none of a few."""
    free = all(schemas.first(member.schema, one) is None for one in ("enum", "format", "pattern", "const"))
    return schemas.kinds(member.schema) == {"string"} and free and words(name)[-1] not in ("id", "uuid", "token")


def _is_ordered(schemas: Schemas, member: Member) -> bool:
    """Whether the values of a member have an order that a bound makes sense of."""
    kinds = schemas.kinds(member.schema)
    moment = schemas.first(member.schema, "format") in ("date-time", "date")
    return bool(kinds) and (moment or kinds <= {"integer", "number"})
