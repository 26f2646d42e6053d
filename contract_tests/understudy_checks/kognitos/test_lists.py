"""Kognitos' lists: the limit of a page, and tokens that end with null."""

from __future__ import annotations

from itertools import repeat

from hypothesis import example, given
from hypothesis import strategies as st

from understudy.document.operation import Operation
from understudy_checks.kognitos.driver import processes, runs, start_run, valid_run_body
from understudy_checks.pagination import ids, longest_list, pages, read_page, walk
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

MANY = 101


@rule("kognitos.pagination.limit-is-a-maximum")
@given(limit=st.integers(1, 100))
@example(limit=1)
@example(limit=2)
@example(limit=100)
def test_no_page_is_longer_than_its_limit(target: Target, listing: Operation, limit: int) -> None:
    """A page holds between 1 and `limit` items, for each valid limit of a list with items."""
    with target.open() as client:
        arguments = longest_list(client, listing)
        for page in pages(client, listing, arguments, limits=[limit] * 3):
            assert len(page.items) <= limit, (
                f"a page with limit={limit} must have at most {limit} items, not {len(page.items)}"
            )
        assert read_page(client, listing, arguments, limit=limit).items, (
            f"a page with limit={limit} must have at least one item, since the list is not empty"
        )


@rule("kognitos.pagination.limit-is-a-maximum", needs=("write", "fresh"))
def test_a_large_page_is_no_longer_than_its_limit(target: Target) -> None:
    """A page with one of the largest limits holds at most that many items."""
    with target.open() as client:
        body = valid_run_body(client)
        for _ in range(MANY):
            start_run(client, body)
        listing = client.contract.operations["listRuns"]
        arguments = {"agent_id": body["agent_id"], "process_id": body["process_id"]}
        for limit in (50, 99, 100):
            assert (got := len(read_page(client, listing, arguments, limit=limit).items)) <= limit, (
                f"a page with limit={limit} must have at most {limit} items, not {show(got)}"
            )


@rule("kognitos.pagination.null-ends-the-list", needs=("write",))
@given(limit=st.integers(1, 30))
@example(limit=1)
@example(limit=4)
@example(limit=10)
def test_null_comes_after_everything(target: Target, limit: int) -> None:
    """Following tokens gives every earlier run before `next_page_token` is null."""
    with target.open() as client:
        body = valid_run_body(client)
        made = {start_run(client, body)["id"] for _ in range(8)}
        listing = client.contract.operations["listRuns"]
        arguments = {"agent_id": body["agent_id"], "process_id": body["process_id"]}
        length = len(walk(client, listing, arguments))
        walked = list(pages(client, listing, arguments, limits=repeat(max(limit, -(-length // 100)))))
        assert walked[-1].next is None, (
            f"`next_page_token` must be null after the last page, but there are more than {len(walked)} pages"
        )
        missing = made - {id for page in walked for id in ids(page.items)}
        assert not missing, f"all runs must be listed before `next_page_token` is null; {len(missing)} are missing"


@rule("kognitos.pagination.null-ends-the-list")
def test_every_list_ends_with_null(target: Target, listing: Operation) -> None:
    """Following tokens ends with a null token, for each page size."""
    with target.open() as client:
        arguments = longest_list(client, listing)
        length = len(walk(client, listing, arguments))
        for limit in sorted({max(size, -(-length // 100)) for size in (1, 3, length - 1, length, length + 1)}):
            if limit <= 100:
                *_, last = pages(client, listing, arguments, limits=repeat(limit))
                assert last.next is None, f"`next_page_token` must be null on the last page, with limit={limit}"


@rule("kognitos.runs.new-run-is-listed", needs=("write",))
def test_a_new_run_is_in_its_list_only(target: Target) -> None:
    """A new run is listed once under its process, and under no other process of its agent."""
    with target.open() as client:
        body = valid_run_body(client)
        made = start_run(client, body)
        for process in processes(client, body["agent_id"])[:5]:
            expected = process["id"] == body["process_id"]
            seen = ids(runs(client, process)).count(made["id"])
            assert seen == expected, (
                f"run {made['id']} must be listed {int(expected)} times under {process['id']}, not {show(seen)} times"
            )
