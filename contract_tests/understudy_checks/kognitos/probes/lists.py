"""Kognitos: limits, tokens and orders of lists.

These probes only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from understudy.document.operation import Operation
from understudy_checks.client import Client
from understudy_checks.kognitos.driver import MAX_PROCESSES, known_agents, processes
from understudy_checks.kognitos.probes.access import NOTHING
from understudy_checks.measurements import by_status, measure_lifetime, skip
from understudy_checks.pagination import Page, ids, page_of, read_page, request_page
from understudy_checks.probes import probe

Json = Any
Arguments = Mapping[str, Json]


def runs_of(client: Client) -> Operation:
    """Return the operation that lists runs."""
    return client.contract.operations["listRuns"]


def first_pages(client: Client, limit: int = 100) -> Iterator[tuple[dict[str, Json], Page]]:
    """Yield the first pages of some lists of runs, each with its arguments."""
    for agent_id in known_agents(client):
        for process in processes(client, agent_id)[:MAX_PROCESSES]:
            arguments = {"agent_id": agent_id, "process_id": process["id"]}
            yield arguments, read_page(client, runs_of(client), arguments, limit=limit)


def run_list(client: Client, what: str, holds: Callable[[Page], object]) -> tuple[dict[str, Json], Page]:
    """Return arguments and first page of a matching list of runs; raises NotChecked when there is none."""
    return next((found for found in first_pages(client) if holds(found[1])), None) or skip(f"no list of runs {what}")


def has_several(page: Page) -> bool:
    """Return whether a list has more than one item."""
    return len(page.items) > 1


def shown(client: Client, arguments: Arguments, **paging: Json) -> list[str] | None:
    """Return the ids on a page of runs; None if it is refused."""
    response = request_page(client, runs_of(client), arguments, **paging)
    return ids(page_of(runs_of(client), response).items) if response.status < 300 else None


@probe("kognitos.pagination.limit-below-one")
def limit_below_one(client: Client) -> Json:
    """Return whether a limit of 0 is refused, or read as the default or as 1."""
    arguments, _ = run_list(client, "has two", has_several)
    items = shown(client, arguments, limit=0)
    return "clamp" if items and len(items) == 1 else _same(items, shown(client, arguments))


@probe("kognitos.pagination.limit-above-maximum")
def limit_above_maximum(client: Client) -> Json:
    """Return whether a limit over the maximum is refused or read as the maximum."""
    arguments, page = run_list(client, "has two", has_several)
    items = shown(client, arguments, limit=101)
    return "reject" if items is None else "clamp" if items == ids(page.items) else len(items)


@probe("kognitos.pagination.limit-not-an-integer")
def limit_not_an_integer(client: Client) -> Json:
    """Return whether a limit that is no integer is refused or read as the default."""
    arguments, _ = run_list(client, "has two", has_several)
    return _same(shown(client, arguments, limit="ten"), shown(client, arguments))


@probe("kognitos.pagination.limit-may-change")
def limit_may_change(client: Client) -> Json:
    """Return whether a token is valid for a page of another size."""
    arguments, page = run_list(client, "has three", lambda page: len(page.items) > 2)
    token = read_page(client, runs_of(client), arguments, limit=1).next
    return shown(client, arguments, limit=2, cursor=token) == ids(page.items)[1:3]


@probe("kognitos.pagination.unknown-token")
def unknown_token(client: Client) -> Json:
    """Return whether an unknown token is refused, starts the list again or yields an empty page."""
    arguments, page = run_list(client, "has two", has_several)
    items = shown(client, arguments, limit=100, cursor=NOTHING)
    return "reject" if items is None else "empty" if not items else "start" if items == ids(page.items) else items


@probe("kognitos.pagination.foreign-token")
def foreign_token(client: Client) -> Json:
    """Return whether the token of a list is refused or continues in a filtered list."""
    arguments, page = run_list(client, "has two", has_several)
    token = read_page(client, runs_of(client), arguments, limit=1).next
    filtered = {**arguments, "stage": page.items[0]["stage"]}
    return by_status(request_page(client, runs_of(client), filtered, limit=1, cursor=token), "continue", "reject")


@probe("kognitos.pagination.token-lifetime", needs=("advance",))
def token_lifetime(client: Client) -> Json:
    """Return for how many seconds a token is valid; null for ever."""
    arguments, page = run_list(client, "has two", has_several)
    token = read_page(client, runs_of(client), arguments, limit=1).next
    return measure_lifetime(
        client, (3600,), lambda: shown(client, arguments, limit=1, cursor=token) == ids(page.items)[1:2]
    )


@probe("kognitos.pagination.page-fill")
def page_fill(client: Client) -> Json:
    """Return whether every page but the last is full."""
    arguments, _ = run_list(client, "has five", lambda page: len(page.items) > 4)
    return "full" if len(shown(client, arguments, limit=4) or ()) == 4 else "short"


@probe("kognitos.pagination.last-token")
def last_token(client: Client) -> Json:
    """Return whether a full last page has a token."""
    arguments, page = run_list(client, "is short", lambda page: page.items and not page.more and len(page.items) < 100)
    last = read_page(client, runs_of(client), arguments, limit=len(page.items))
    return "until-empty" if last.more else "null"


@probe("kognitos.pagination.empty-items")
def empty_items(client: Client) -> Json:
    """Return the items of an empty list."""
    arguments, _ = run_list(client, "is empty", lambda page: not page.items)
    return request_page(client, runs_of(client), arguments).json()["items"]


@probe("kognitos.runs.order")
def runs_order(client: Client) -> Json:
    """Return the order of the list of runs."""
    _, page = run_list(client, "has runs of different times", lambda page: len(_times(page)) > 1)
    times = [run["created_at"] for run in page.items]
    orders = {"newest-first": sorted(times, reverse=True), "oldest-first": sorted(times)}
    return next((name for name, order in orders.items() if order == times), "neither by time nor against it")


@probe("kognitos.processes.default-limit")
def processes_default_limit(client: Client) -> Json:
    """Return the default page size of processes; 100 if that gives as many as 100 would."""
    listing = client.contract.operations["listProcesses"]
    arguments, whole = _many_processes(client)
    page = read_page(client, listing, arguments)
    return 100 if ids(page.items) == ids(whole.items) else len(page.items)


def _many_processes(client: Client) -> tuple[dict[str, Json], Page]:
    listing = client.contract.operations["listProcesses"]
    lists = (({"agent_id": id}, read_page(client, listing, {"agent_id": id}, limit=100)) for id in known_agents(client))
    return next((found for found in lists if len(found[1].items) > 10), None) or skip("no agent has 11 processes")


def _times(page: Page) -> set[str]:
    return {run["created_at"] for run in page.items}


def _same(items: list[str] | None, usual: list[str] | None) -> Json:
    """Return how the page of an unusual request compares with the usual page."""
    return "reject" if items is None else "default" if items == usual else len(items)
