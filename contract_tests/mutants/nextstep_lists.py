"""NextStep with lists that are wrong: pages of another size, walks that leave out or repeat, ends that are missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from contract_tests.mutants import handled, mutant, stepped
from mock_server import paging
from mock_server.api import Api, Call, Reply
from mock_server.store import Listing, Page, decode, encode

LISTS = ("listProcessTemplates", "listTemplateTasks", "listProcessRuns", "listRunTasks")
Answer = dict[str, Any]


@mutant("nextstep.pagination.default-limit")
def the_default_is_21(api: Api) -> Api:
    """A page without a limit holds 21 items."""
    return _asking(api, lambda call: _default(call, 21))


@mutant("nextstep.pagination.default-limit")
def the_default_is_19(api: Api) -> Api:
    """A page without a limit holds 19 items."""
    return _asking(api, lambda call: _default(call, 19))


@mutant("nextstep.pagination.default-limit")
def the_default_is_the_largest(api: Api) -> Api:
    """A page without a limit holds 100 items."""
    return _asking(api, lambda call: _default(call, 100))


@mutant("nextstep.pagination.default-limit")
def tasks_are_all_listed(api: Api) -> Api:
    """The tasks of a run are listed all at once when no limit is given."""
    return _asking(api, lambda call: _default(call, 100), "listRunTasks")


@mutant("nextstep.pagination.limit-sets-the-page-size", "nextstep.pagination.default-limit")
def the_limit_is_ignored(api: Api) -> Api:
    """Every page holds 10 items."""
    return _asking(api, lambda call: _set(call, 10))


@mutant("nextstep.pagination.limit-sets-the-page-size")
def a_page_has_one_item_less(api: Api) -> Api:
    """A page holds one item less than the limit, unless that is 1."""
    return _asking(api, lambda call: _set(call, max(1, call.arguments["limit"] - 1)))


@mutant("nextstep.pagination.limit-sets-the-page-size")
def a_page_has_one_item_more(api: Api) -> Api:
    """A page holds one item more than the limit."""
    return _asking(api, lambda call: _set(call, call.arguments["limit"] + 1))


@mutant("nextstep.pagination.limit-sets-the-page-size")
def the_largest_page_is_50(api: Api) -> Api:
    """No page holds more than 50 items."""
    return _asking(api, lambda call: _set(call, min(50, call.arguments["limit"])))


@mutant("nextstep.pagination.limit-sets-the-page-size")
def the_largest_page_is_99(api: Api) -> Api:
    """No page holds more than 99 items."""
    return _asking(api, lambda call: _set(call, min(99, call.arguments["limit"])))


@mutant("nextstep.pagination.limit-sets-the-page-size")
def the_limit_is_lost_on_the_way(api: Api) -> Api:
    """The limit holds for the first page, and those behind it hold 20 items."""
    return _asking(api, lambda call: _set(call, 20 if "cursor" in call.arguments else call.arguments["limit"]))


@mutant("nextstep.pagination.limit-sets-the-page-size")
def task_pages_are_never_short(api: Api) -> Api:
    """A page of template tasks holds at least 5."""
    return _asking(api, lambda call: _set(call, max(5, call.arguments["limit"])), "listTemplateTasks")


@mutant("nextstep.pagination.never-over-a-hundred")
def a_limit_of_101_is_fulfilled(api: Api) -> Api:
    """A page may hold 101 items."""
    return _letting(api, lambda limit: limit == "101", 101)


@mutant("nextstep.pagination.never-over-a-hundred")
def a_large_limit_is_fulfilled(api: Api) -> Api:
    """Limits of four digits are fulfilled."""
    return _letting(api, lambda limit: len(limit) == 4 and limit.isdecimal(), 1000)


@mutant("nextstep.pagination.never-over-a-hundred")
def a_limit_of_zero_is_no_limit(api: Api) -> Api:
    """A limit of 0 lists everything."""
    return _letting(api, lambda limit: limit == "0", 1_000_000)


@mutant("nextstep.pagination.never-over-a-hundred")
def a_negative_limit_is_no_limit(api: Api) -> Api:
    """A negative limit lists everything."""
    return _letting(api, lambda limit: limit.startswith("-"), 1_000_000)


@mutant("nextstep.pagination.never-over-a-hundred")
def a_limit_that_is_no_number_is_no_limit(api: Api) -> Api:
    """A limit that is no number lists everything."""
    return _letting(api, lambda limit: limit.isalpha(), 1_000_000)


@mutant("nextstep.pagination.cursor-continues", "nextstep.pagination.walk-is-complete")
def a_page_starts_with_the_last_item(api: Api) -> Api:
    """A page starts with the last item of the page before."""
    return _listing(api, lambda call, listing: _Shifted(listing, -1))


@mutant("nextstep.pagination.cursor-continues", "nextstep.pagination.walk-is-complete")
def a_page_leaves_one_item_out(api: Api) -> Api:
    """A page leaves out the item behind its cursor."""
    return _listing(api, lambda call, listing: _Shifted(listing, 1))


@mutant("nextstep.pagination.cursor-continues", "nextstep.pagination.walk-is-complete")
def the_cursor_is_ignored(api: Api) -> Api:
    """Every page is the first one."""
    return _asking(api, lambda call: call.arguments.pop("cursor", None))


@mutant("nextstep.pagination.cursor-continues")
def the_cursor_of_tasks_is_ignored(api: Api) -> Api:
    """Every page of a run's tasks is the first one."""
    return _asking(api, lambda call: call.arguments.pop("cursor", None), "listRunTasks")


@mutant("nextstep.pagination.cursor-continues", "nextstep.pagination.walk-is-complete")
def the_cursor_is_the_first_item(api: Api) -> Api:
    """`next_cursor` is the page's first item instead of its last."""
    return _answering(api, lambda call, page: _paged(page, next_cursor=page["data"][0]["id"] if page["data"] else None))


@mutant("nextstep.pagination.cursor-continues")
def there_is_no_cursor(api: Api) -> Api:
    """`next_cursor` is always null."""
    return _answering(api, lambda call, page: _paged(page, next_cursor=None))


@mutant("nextstep.pagination.walk-is-complete")
def large_pages_run_backwards(api: Api) -> Api:
    """The order within a page depends on the limit."""
    return _answering(
        api, lambda call, page: {**page, "data": page["data"][::-1]} if call.arguments["limit"] > 20 else page
    )


@mutant("nextstep.pagination.walk-is-complete")
def small_pages_stop_at_the_third(api: Api) -> Api:
    """A walk in small pages ends after a few of them."""

    def answer(call: Call, page: Answer) -> Answer:
        return _paged(page, has_more=False) if call.arguments["limit"] == 2 and "cursor" in call.arguments else page

    return _answering(api, answer)


@mutant("nextstep.pagination.walk-is-complete")
def the_cursor_is_a_page_number(api: Api) -> Api:
    """A cursor counts pages of the present limit: another limit on the way lands elsewhere."""
    return _numbered(api, lambda place, limit: place // limit, lambda number, limit: number * limit)


@mutant("nextstep.pagination.has-more-is-exact")
def a_full_last_page_has_more(api: Api) -> Api:
    """A page that is full always says that there are more."""
    return _answering(api, lambda call, page: _paged(page, has_more=len(page["data"]) == call.arguments["limit"] > 0))


@mutant("nextstep.pagination.has-more-is-exact")
def there_are_always_more(api: Api) -> Api:
    """A page that is not empty says that there are more."""
    return _answering(api, lambda call, page: _paged(page, has_more=bool(page["data"])))


@mutant("nextstep.pagination.has-more-is-exact")
def the_page_before_the_last_is_the_last(api: Api) -> Api:
    """There are more only when there is more than one item more."""

    def answer(call: Call, page: Answer, more: int) -> Answer:
        return _paged(page, has_more=more > 1)

    return _knowing(api, answer)


@mutant("nextstep.pagination.has-more-is-exact")
def there_are_never_more(api: Api) -> Api:
    """No page says that there are more."""
    return _answering(api, lambda call, page: _paged(page, has_more=False))


@mutant("nextstep.pagination.has-more-ends-the-list")
def the_last_cursor_leads_to_the_start(api: Api) -> Api:
    """The cursor of the last page starts the list again."""

    def answer(call: Call, page: Answer) -> Answer:
        return page if page["data"] or "cursor" not in call.arguments else _first(api, call)

    return _answering(api, answer)


@mutant("nextstep.pagination.has-more-ends-the-list")
def the_last_cursor_leads_to_the_last_item(api: Api) -> Api:
    """The cursor of the last page yields its last item again."""

    def listing(call: Call, whole: Listing) -> Listing:
        return _Last(whole)

    return _listing(api, listing)


@mutant("nextstep.pagination.filters-are-kept")
def the_second_page_is_not_filtered(api: Api) -> Api:
    """Filters hold for the first page only."""

    def ask(call: Call) -> None:
        if "cursor" in call.arguments:
            call.arguments.pop("status", None)
            call.arguments.pop("template_id", None)

    return _asking(api, ask, "listProcessRuns")


@mutant("nextstep.pagination.limit-sets-the-page-size")
def filtered_pages_are_cut_before_the_filter(api: Api) -> Api:
    """A page is cut from the whole list and filtered then: it is shorter."""

    def handler(call: Call) -> Reply:
        status = call.arguments.pop("status", None)
        page = decode(paging.page(call, _whole(api.handlers["listProcessRuns"](call))))
        if status is not None:
            page["data"] = [run for run in page["data"] if run["status"] == status]
        return Reply(encode(page))

    return handled(api, listProcessRuns=handler)


@mutant("nextstep.pagination.filters-are-kept")
def the_template_filter_wins(api: Api) -> Api:
    """With both filters, the second page heeds the template alone."""

    def ask(call: Call) -> None:
        if "cursor" in call.arguments and "template_id" in call.arguments:
            call.arguments.pop("status", None)

    return _asking(api, ask, "listProcessRuns")


@mutant("nextstep.pagination.stable-while-runs-are-created")
def the_cursor_counts_runs(api: Api) -> Api:
    """A cursor is a number of runs from the top: one that is added in front shifts all that follow."""
    return _numbered(api, lambda place, limit: place, lambda number, limit: number)


@mutant("nextstep.pagination.stable-while-runs-are-created")
def a_new_run_ends_the_walk(api: Api) -> Api:
    """A page that is asked for after a run was started says that there are no more."""
    count: dict[str, int] = {}

    def answer(call: Call, page: Answer) -> Answer:
        known = len(call.store["runs"])
        if "cursor" not in call.arguments:
            count[call.world.id] = known
        return page if count.get(call.world.id, known) == known else _paged(page, has_more=False)

    return _answering(api, answer)


class _Around:
    """A listing like another one."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def place(self, id: str) -> int | None:
        return self._listing.place(id)

    def page(self, after: int | None, limit: int) -> Page:
        return self._listing.page(after, limit)

    def size(self) -> int:
        return self._listing.size()

    def slice(self, start: int, stop: int) -> Sequence[bytes]:
        return self._listing.slice(start, stop)


class _Shifted(_Around):
    """A listing whose pages start `by` items from where they should."""

    def __init__(self, listing: Listing, by: int) -> None:
        super().__init__(listing)
        self._by = by

    def page(self, after: int | None, limit: int) -> Page:
        if after is None:
            return self._listing.page(None, limit)
        whole = _rows(self._listing)
        behind = len(_rows(self._listing, after))
        start = max(0, len(whole) - behind + self._by)
        rows = whole[start : start + limit]
        return Page(rows, decode(rows[-1])["id"] if rows else None, start + limit < len(whole))


class _Last(_Around):
    """A listing that ends with its last item again and again."""

    def page(self, after: int | None, limit: int) -> Page:
        page = self._listing.page(after, limit)
        if page.rows or after is None:
            return page
        last = _rows(self._listing)[-1]
        return Page([last], decode(last)["id"], False)


def _rows(listing: Listing, after: int | None = None) -> Sequence[bytes]:
    return listing.page(after, 1_000_000).rows


def _whole(reply: Reply) -> Listing:
    assert not isinstance(reply.body, bytes), "only lists are changed here"
    return reply.body


def _listing(api: Api, change: Callable[[Call, Listing], Listing], *lists: str) -> Api:
    """Lists that are another Listing."""

    def changed(original: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
        return lambda call: Reply(change(call, _whole(original(call))))

    return handled(api, **{id: changed(api.handlers[id]) for id in lists or LISTS})


def _asking(api: Api, change: Callable[[Call], object], *lists: str) -> Api:
    """Lists whose arguments are changed before they are read."""

    def changed(original: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
        def handler(call: Call) -> Reply:
            change(call)
            return original(call)

        return handler

    return handled(api, **{id: changed(api.handlers[id]) for id in lists or LISTS})


def _answering(api: Api, change: Callable[[Call, Answer], Answer]) -> Api:
    """Lists whose pages are changed after they were cut."""

    def changed(original: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
        return lambda call: Reply(encode(change(call, decode(paging.page(call, _whole(original(call)))))))

    return handled(api, **{id: changed(api.handlers[id]) for id in LISTS})


def _knowing(api: Api, change: Callable[[Call, Answer, int], Answer]) -> Api:
    """Lists whose pages are changed knowing how many items follow."""

    def changed(original: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
        def handler(call: Call) -> Reply:
            listing = _whole(original(call))
            page = decode(paging.page(call, listing))
            ids = [decode(row)["id"] for row in _rows(listing)]
            behind = len(ids) - 1 - ids.index(page["data"][-1]["id"]) if page["data"] else 0
            return Reply(encode(change(call, page, behind)))

        return handler

    return handled(api, **{id: changed(api.handlers[id]) for id in LISTS})


def _numbered(api: Api, made: Callable[[int, int], int], read: Callable[[int, int], int]) -> Api:
    """Lists whose cursors are numbers: `made` from a place and the limit, `read` to a place with the limit."""

    def changed(original: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
        def handler(call: Call) -> Reply:
            rows, limit = _rows(_whole(original(call))), call.arguments["limit"]
            cursor = call.arguments.get("cursor", "0")
            start = read(int(cursor), limit) if cursor.isdecimal() and len(cursor) < 9 else len(rows)
            data = [decode(row) for row in rows[start : start + limit]]
            end = start + len(data)
            following = str(made(end, limit)) if data else None
            return Reply(encode({"data": data, "pagination": {"next_cursor": following, "has_more": end < len(rows)}}))

        return handler

    return handled(api, **{id: changed(api.handlers[id]) for id in LISTS})


def _letting(api: Api, lets: Callable[[str], bool], limit: int) -> Api:
    """Runs listed without a bound for some values of the limit."""

    def validate(call: Call) -> Any:
        given = dict(part.partition("=")[::2] for part in call.request.query.split("&"))
        if call.operation.id not in LISTS or not lets(given.pop("limit", "20")):
            return api.steps.validate(call)
        query = "&".join(f"{name}={value}" for name, value in given.items())
        call.request = structs.replace(call.request, query=query)
        answer = api.steps.validate(call)
        call.arguments = {**call.arguments, "limit": limit}
        return answer

    return stepped(api, validate=validate)


def _default(call: Call, limit: int) -> None:
    if "limit=" not in call.request.query:
        _set(call, limit)


def _set(call: Call, limit: int) -> None:
    call.arguments["limit"] = limit


def _paged(page: Answer, **members: Any) -> Answer:
    return {**page, "pagination": {**page["pagination"], **members}}


def _first(api: Api, call: Call) -> Answer:
    call.arguments.pop("cursor")
    page: Answer = decode(paging.page(call, _whole(api.handlers[call.operation.id](call))))
    return page
