"""Mutants of NextStep's lists: page sizes, walks that omit or repeat items, wrong ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from understudy.engine.api import Api, Step
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.exchange import Response
from understudy.engine.store import encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    Rows,
    answered,
    default_query,
    ignore_query,
    map_answer,
    map_page,
    map_query,
    replace_handler,
    replace_step,
    rows,
    set_query,
)

LISTS = ("listProcessTemplates", "listTemplateTasks", "listProcessRuns", "listRunTasks")
Answer = dict[str, Any]


def defaults(limit: int, *lists: str) -> Breakage:
    """Return pages of another size when no limit is sent."""
    return default_query(lists or LISTS, limit=limit)


def unbounded(when: Callable[[str], object], limit: int) -> Breakage:
    """Use `limit` for limits, as they were sent, for which `when` is true."""

    def validate(step: Step, call: Call) -> Response | None:
        given = dict(part.partition("=")[::2] for part in call.request.query.split("&"))
        if call.operation.id not in LISTS or not when(given.pop("limit", "20")):
            return step(call)
        query = "&".join(f"{name}={value}" for name, value in given.items())
        call.request = structs.replace(call.request, query=query)
        answer = step(call)
        call.arguments = {**call.arguments, "limit": limit}
        return answer

    return replace_step("validate", validate)


def answers(page: Callable[[Call, Rows, int], Answer]) -> Breakage:
    """Answer a list with `page(call, items, start)`: all its items, and the index where the page starts.

    The correct page is `items[start : start + limit]`.
    """

    def list_items(handler: Handler, call: Call) -> Reply:
        items = rows(handler(call))
        ids, cursor = [item["id"] for item in items], call.arguments.get("cursor")
        if cursor is not None and cursor not in ids:
            return handler(call)
        return Reply(encode(page(call, items, 0 if cursor is None else ids.index(cursor) + 1)))

    return replace_handler(LISTS, list_items)


def numbers(make: Callable[[int, int], int], read: Callable[[int, int], int]) -> Breakage:
    """Use numbers as cursors: `make(index, limit)` of the index after the page, parsed by `read(number, limit)`."""

    def list_items(handler: Handler, call: Call) -> Reply:
        items, limit = rows(handler(call)), call.arguments["limit"]
        cursor = call.arguments.get("cursor", "0")
        start = read(int(cursor), limit) if cursor.isdecimal() and len(cursor) < 9 else len(items)
        page = cut(call, items, start)
        following = str(make(start + len(page["data"]), limit)) if page["data"] else None
        return Reply(encode(paged(page, next_cursor=following)))

    return replace_handler(LISTS, list_items)


def cut(call: Call, items: Rows, start: int) -> Answer:
    """Return the page of `limit` items that starts at an index."""
    end = start + call.arguments["limit"]
    data = items[start:end]
    following = data[-1]["id"] if data else None
    return {"data": data, "pagination": {"next_cursor": following, "has_more": end < len(items)}}


def paged(page: Answer, **members: Any) -> Answer:
    """Return the page with other members in its pagination."""
    return {**page, "pagination": {**page["pagination"], **members}}


def on_later_pages(call: Call) -> bool:
    """Return whether the call requests a page after the first."""
    return "cursor" in call.arguments


def _shifted(by: int) -> Callable[[Call, Rows, int], Answer]:
    return lambda call, items, start: cut(call, items, max(0, start + by) if on_later_pages(call) else 0)


def _stop_at_two_more(call: Call, items: Rows, start: int) -> Answer:
    page = cut(call, items, start)
    return paged(page, has_more=start + len(page["data"]) < len(items) - 1)


def _repeat_the_last_item(call: Call, items: Rows, start: int) -> Answer:
    page = cut(call, items, start)
    if page["data"] or not on_later_pages(call):
        return page
    return {"data": items[-1:], "pagination": {"next_cursor": items[-1]["id"], "has_more": False}}


def _start_again_at_the_end(handler: Handler, call: Call) -> Reply:
    page = answered(call, handler(call))
    if page["data"] or not on_later_pages(call):
        return Reply(encode(page))
    call.arguments.pop("cursor")
    return handler(call)


def _filter_the_page(handler: Handler, call: Call) -> Reply:
    status = call.arguments.pop("status", None)
    page = answered(call, handler(call))
    return Reply(encode({**page, "data": [run for run in page["data"] if status in (None, run["status"])]}))


def _stop_when_a_run_was_started(api: Api) -> Api:
    count: dict[str, int] = {}

    def answer(call: Call, page: Answer) -> Answer:
        known = len(call.store["runs"])
        if not on_later_pages(call):
            count[call.world.id] = known
        return page if count.get(call.world.id, known) == known else paged(page, has_more=False)

    return map_answer(LISTS, answer)(api)


MUTANTS: Table = {
    "pagination.default-limit": {
        "A page without a limit holds 21 items.": defaults(21),
        "A page without a limit holds 19 items.": defaults(19),
        "A page without a limit holds 100 items.": defaults(100),
        "The tasks of a run are listed all at once when no limit is given.": defaults(100, "listRunTasks"),
    },
    ("pagination.limit-sets-the-page-size", "pagination.default-limit"): {
        "Every page holds 10 items.": set_query(LISTS, limit=10),
    },
    "pagination.limit-sets-the-page-size": {
        "A page holds one item less than the limit, unless that is 1.": map_query(
            LISTS, "limit", lambda limit: max(1, limit - 1)
        ),
        "A page holds one item more than the limit.": map_query(LISTS, "limit", lambda limit: limit + 1),
        "No page holds more than 50 items.": map_query(LISTS, "limit", lambda limit: min(50, limit)),
        "No page holds more than 99 items.": map_query(LISTS, "limit", lambda limit: min(99, limit)),
        "The limit holds for the first page, and those behind it hold 20 items.": set_query(
            LISTS, limit=20, when=on_later_pages
        ),
        "A page of template tasks holds at least 5.": map_query(
            "listTemplateTasks", "limit", lambda limit: max(5, limit)
        ),
        "A page is cut from the whole list and filtered then: it is shorter.": replace_handler(
            "listProcessRuns", _filter_the_page
        ),
    },
    "pagination.never-over-a-hundred": {
        "A page may hold 101 items.": unbounded(lambda limit: limit == "101", 101),
        "Limits of four digits are fulfilled.": unbounded(lambda limit: len(limit) == 4 and limit.isdecimal(), 1000),
        "A limit of 0 lists everything.": unbounded(lambda limit: limit == "0", 1_000_000),
        "A negative limit lists everything.": unbounded(lambda limit: limit.startswith("-"), 1_000_000),
        "A limit that is no number lists everything.": unbounded(str.isalpha, 1_000_000),
    },
    ("pagination.cursor-continues", "pagination.walk-is-complete"): {
        "A page starts with the last item of the page before.": answers(_shifted(-1)),
        "A page leaves out the item behind its cursor.": answers(_shifted(1)),
        "Every page is the first one.": ignore_query(LISTS, "cursor"),
        "`next_cursor` is the page's first item instead of its last.": map_answer(
            LISTS, lambda call, page: paged(page, next_cursor=page["data"][0]["id"] if page["data"] else None)
        ),
    },
    "pagination.cursor-continues": {
        "Every page of a run's tasks is the first one.": ignore_query("listRunTasks", "cursor"),
        "`next_cursor` is always null.": map_answer(LISTS, lambda call, page: paged(page, next_cursor=None)),
    },
    "pagination.walk-is-complete": {
        "The order within a page depends on the limit.": map_page(
            LISTS, lambda call, items: items[::-1] if call.arguments["limit"] > 20 else items
        ),
        "A walk in small pages ends after a few of them.": map_answer(
            LISTS,
            lambda call, page: (
                paged(page, has_more=False) if call.arguments["limit"] == 2 and on_later_pages(call) else page
            ),
        ),
        "A cursor counts pages of the present limit: another limit on the way lands elsewhere.": numbers(
            lambda index, limit: index // limit, lambda number, limit: number * limit
        ),
    },
    "pagination.has-more-is-exact": {
        "A page that is full always says that there are more.": map_answer(
            LISTS, lambda call, page: paged(page, has_more=len(page["data"]) == call.arguments["limit"] > 0)
        ),
        "A page that is not empty says that there are more.": map_answer(
            LISTS, lambda call, page: paged(page, has_more=bool(page["data"]))
        ),
        "There are more only when there is more than one item more.": answers(_stop_at_two_more),
        "No page says that there are more.": map_answer(LISTS, lambda call, page: paged(page, has_more=False)),
    },
    "pagination.has-more-ends-the-list": {
        "The cursor of the last page starts the list again.": replace_handler(LISTS, _start_again_at_the_end),
        "The cursor of the last page yields its last item again.": answers(_repeat_the_last_item),
    },
    "pagination.filters-are-kept": {
        "Filters hold for the first page only.": ignore_query(
            "listProcessRuns", "status", "template_id", when=on_later_pages
        ),
        "With both filters, the second page heeds the template alone.": ignore_query(
            "listProcessRuns", "status", when=lambda call: on_later_pages(call) and "template_id" in call.arguments
        ),
    },
    "pagination.stable-while-runs-are-created": {
        "A cursor is a number of runs from the top: one that is added in front shifts all that follow.": numbers(
            lambda index, limit: index, lambda number, limit: number
        ),
        "A page that is asked for after a run was started says that there are no more.": _stop_when_a_run_was_started,
    },
}
