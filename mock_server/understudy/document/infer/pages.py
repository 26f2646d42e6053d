"""How a list is paged, as the names of its parameters and the members of its answer say: an `x-pagination`.

Must not know resources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from understudy.document.infer.schemas import Schemas
from understudy.document.infer.words import plain, words
from understudy.document.pointer import at

Json = Any
_LIMITS = ("limit", "perpage", "pagesize", "pagelimit", "size", "count", "maxresults", "maxitems", "top",
           "first", "take", "results", "itemsperpage", "resultsperpage", "numberofresults", "rows", "max",
           "pagecount", "pagemax", "numberperpage", "numresults", "amount", "length", "maxrecords", "numitems",
           "n")  # fmt: skip
_OFFSETS = ("offset", "skip", "startindex", "pageoffset", "start", "startrow", "startat", "firstresult")
_PAGES = ("page", "pagenumber", "pagenum", "pageindex", "pageno", "currentpage", "p", "pagenr")
_CURSORS = ("cursor", "after", "startingafter", "pagetoken", "nexttoken", "continuationtoken", "continuation",
            "pagecursor", "pageafter", "nextcursor", "startafter", "sinceid", "marker", "from",
            "nextpagetoken", "lastid", "exclusivestartkey", "token", "next", "pagestate", "scrollid",
            "bookmark", "lastkey", "aftercursor", "nextpage", "start")  # fmt: skip
_TOLD = {
    "total": ("total", "totalcount", "totalentries", "totalitems", "itemstotal", "totalresults",
              "totalelements", "totalrecords", "totalsize", "totalrows", "totalhits", "recordcount",
              "resultcount", "numresults", "totalnumber", "numfound", "estimatedtotalhits"),
    "pages": ("totalpages", "pagecount", "pagestotal", "lastpage", "numpages", "pages", "totalpagecount"),
    "more": ("hasmore", "hasnext", "hasnextpage", "more", "moreavailable", "moreresults", "hasmoreitems",
             "hasmoreresults"),
    "number": ("page", "number", "pagenumber", "currentpage", "offset", "pageindex", "start", "startindex", "skip"),
    "size": ("perpage", "pagesize", "limit", "size", "itemsperpage", "maxresults", "resultsperpage"),
    "count": ("count", "itemcount", "numberofelements", "resultsetsize", "itemsonpage", "currentcount",
              "numitems", "returned"),
    "next": ("next", "nextcursor", "nextpagetoken", "nexttoken", "continuationtoken", "nextpage", "endcursor",
             "cursor", "nextoffset", "after", "nextmarker", "nextpagecursor", "cursornext", "pagetoken"),
    "previous": ("previouspage", "prevpage", "previousoffset", "prevoffset"),
    "next-url": ("next", "nextpageurl", "nexturl", "nextlink", "nextpage", "nexthref", "nextpagelink",
                 "nextpageuri", "nexturi", "odatanextlink"),
    "previous-url": ("previous", "prev", "previouspageurl", "previousurl", "prevurl", "prevlink",
                     "previouslink", "prevpageurl", "previouspageuri"),
    "first-url": ("first", "firstpageurl", "firsturl", "firstlink", "firstpageuri"),
    "last-url": ("last", "lastpageurl", "lasturl", "lastlink", "lastpageuri"),
    "self-url": ("self", "url", "selfurl", "selflink", "current"),
}  # fmt: skip
_NUMBERS = ("total", "pages", "number", "size", "count")
_URLS = ("next-url", "previous-url", "first-url", "last-url", "self-url")
_HOLDERS = ("meta", "pagination", "paging", "links", "_links", "page", "pageinfo", "_metadata", "metadata",
            "pageable", "resultset", "responsemetadata", "cursors", "navigation", "info", "response", "result",
            "data", "_meta", "listmeta", "pagedetails")  # fmt: skip
_COUNTED = frozenset(("integer", "number"))


class Pages(NamedTuple):
    """How a list is paged: its `x-pagination`, parameters that only its links have, and why."""

    settings: Mapping[str, Json]
    added: tuple[Json, ...]
    reason: str


def pages_of(schemas: Schemas, query: Mapping[str, Json], answer: Json, items: str, header: bool) -> Pages | None:
    """How the list at a pointer in an answer is paged; `header` is whether the answer has a Link header."""
    limit = _named(schemas, query, _LIMITS, _COUNTED)
    told: dict[str, Json] = {} if items == "" else dict(_told(schemas, answer, items))
    page = _named(schemas, query, _PAGES, _COUNTED)
    offset = _named(schemas, query, _OFFSETS, _COUNTED)
    cursor = _named(schemas, query, _CURSORS, frozenset(("string", "integer")), but=(limit, page, offset))
    if header:
        told["link-header"] = True
    base: dict[str, Json] = {"items": items, **({"limit": limit} if limit else {})}
    if offset and limit:
        return _made("offset", {**base, "offset": offset}, told, f"{offset} and {limit} are parameters")
    if page:
        first = 0 if 0 in (_bound(schemas, query[page], "minimum"), _bound(schemas, query[page], "default")) else 1
        own = {**base, "page": page, **({"first-page": 0} if first == 0 else {})}
        return _made("page-number", own, told, f"{page} is a parameter")
    if cursor and (limit or told.keys() & {"next", "next-url", "more"}):
        return _made("after", {**base, "cursor": cursor}, told, f"{cursor} is a parameter")
    if limit and "next-url" in told:
        name = limit[: limit.index("[")] + "[after]" if "[" in limit else "after"
        added = {"name": name, "in": "query", "schema": {"type": "string"}}
        made = _made(
            "after", {**base, "cursor": name}, told, f"{limit} is a parameter, and the answer links to the next"
        )
        return made._replace(added=(added,))
    if limit or told:
        told.pop("link-header", None)
        why = f"{limit} is a parameter, and none asks for a further page" if limit else "no parameter asks for a page"
        return _made("all", base, told, why)
    return None


def _made(style: str, own: dict[str, Json], told: Mapping[str, Json], why: str) -> Pages:
    known = dict(told)
    if style == "after":
        for name in ("previous", "pages", "number", "previous-url", "last-url"):
            known.pop(name, None)
    if style in ("all", "after"):
        known.pop("previous", None)
    said = ", ".join(f"{name} at {pointer}" for name, pointer in known.items() if isinstance(pointer, str))
    return Pages({"style": style, **own, **known}, (), f"{why}{f'; the answer tells {said}' if said else ''}")


def _named(
    schemas: Schemas,
    query: Mapping[str, Json],
    choices: tuple[str, ...],
    kinds: frozenset[str],
    but: tuple[str | None, ...] = (),
) -> str | None:
    """The first of the query parameters with one of these names and types."""
    by_name: dict[str, str] = {}
    for name, parameter in query.items():
        own = schemas.kinds(parameter["schema"])
        if name not in but and own and own <= kinds:
            by_name.setdefault(plain(name), name)
    return next((by_name[choice] for choice in choices if choice in by_name), None)


def _bound(schemas: Schemas, parameter: Json, keyword: str) -> Json:
    return schemas.first(parameter["schema"], keyword)


def _told(schemas: Schemas, answer: Json, items: str) -> Iterator[tuple[str, str]]:
    """What an answer tells of its page, each with the pointer of it."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    known = list(_plain_members(schemas, answer, items))
    for setting in ("next-url", "previous-url", "first-url", "last-url", "self-url", "more", "total", "pages", "number",
                    "size", "next", "previous", "count"):  # fmt: skip
        for pointer, name, schema in known:
            if (
                pointer not in taken
                and plain(name) in _TOLD[setting]
                and _suits(schemas, setting, name, schema, pointer)
            ):
                found[setting] = pointer
                taken.add(pointer)
                break
    yield from found.items()


def _suits(schemas: Schemas, setting: str, name: str, schema: Json, pointer: str) -> bool:
    kinds = schemas.kinds(schema)
    if setting in _NUMBERS:
        return bool(kinds) and kinds <= _COUNTED
    if setting == "more":
        return kinds == {"boolean"}
    if setting == "previous":
        return bool(kinds) and kinds <= _COUNTED
    is_url = schemas.first(schema, "format") in ("uri", "url", "uri-reference") or "links" in words(pointer)
    is_url = is_url or bool({"url", "link", "href", "uri"} & set(words(name))) or pointer.endswith("/href")
    is_url = is_url or any(isinstance(one, str) and one.startswith(("http", "/")) for one in _examples(schemas, schema))
    if setting in _URLS:
        return kinds == {"string"} and is_url
    return bool(kinds) and not is_url and "boolean" not in kinds and kinds <= {"string", "integer", "number"}


def _examples(schemas: Schemas, schema: Json) -> list[Json]:
    found = schemas.first(schema, "examples")
    return found if isinstance(found, list) else []


def _plain_members(
    schemas: Schemas, schema: Json, items: str, pointer: str = "", depth: int = 0
) -> Iterator[tuple[str, str, Json]]:
    """The plain members of an answer that may tell of its page: at the root, beside the list, and in usual places."""
    members = schemas.members(schema)
    for name, member in members.items():
        place = pointer + at(name)
        if schemas.is_scalar(member.schema):
            yield place, name, member.schema
    for name, member in members.items():
        place = pointer + at(name)
        own = schemas.members(member.schema)
        if place == items or not own or schemas.is_list(member.schema):
            continue
        if set(own) >= {"href"} and depth:  # HAL: _links.next.href
            yield place + "/href", name, own["href"].schema
        elif depth < 3 and (plain(name) in {plain(one) for one in _HOLDERS} or items.startswith(f"{place}/")):
            yield from _plain_members(schemas, member.schema, items, place, depth + 1)
