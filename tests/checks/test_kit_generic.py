"""What the generic tests say when they are asked for something that a document or a target does not offer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from understudy_checks.client import Client, Skipped
from understudy_checks.discovery import find_accepted, find_all_arguments, find_arguments
from understudy_checks.generic.test_conformance import (
    test_an_object_is_the_same_in_list_and_single as same_in_list_and_single,
)
from understudy_checks.generic.test_pagination import test_a_filtered_walk_is_complete as filtered_walk
from understudy_checks.pagination import assert_unchanged, longest_list, pages
from understudy_checks.pointers import resolve_pointer
from understudy_checks.target import installed
from understudy_checks.target.mock import mock
from understudy_checks.target.target import Target

OPERATIONS = installed.document("nextstep").operations


@pytest.fixture(scope="module")
def target() -> Target:
    """Our mock."""
    return mock("nextstep")


def test_what_no_list_leads_to_is_not_compared(target: Target) -> None:
    """An operation that no list links to has nothing to be compared with."""
    with pytest.raises(Skipped, match="no list leads to listProcessRuns"):
        same_in_list_and_single(target, OPERATIONS["listProcessRuns"])


def test_filters_that_items_do_not_show_are_not_checked(target: Target) -> None:
    """A list whose items do not show what it filters by cannot be filtered by what they show."""
    with pytest.raises(Skipped, match="do not show what it filters by"):
        filtered_walk(target, OPERATIONS["listProcessTemplates"])


def test_what_nothing_leads_to_is_not_checked(target: Target) -> None:
    """Where the target's data lead to no arguments, or to none that it accepts, that is the reason."""
    with target.open() as client:
        client.event("lapse-subscription")
        with pytest.raises(Skipped, match="no data on this target lead to getRunTask"):
            find_arguments(client, OPERATIONS["getRunTask"])
        with pytest.raises(Skipped, match="accepts no listProcessRuns"):
            find_accepted(client, OPERATIONS["listProcessRuns"])


def test_arguments_come_from_the_links(target: Target) -> None:
    """Path parameters and members of the body are found by following the document's links, every one once."""
    with target.open() as client:
        task = find_arguments(client, OPERATIONS["updateRunTask"])
        offered = list(find_all_arguments(client, OPERATIONS["createProcessRun"]))
        listed = client.send("GET", "/process-runs").json()["data"][0]["id"]
    assert task.arguments["runId"] == listed
    assert task.body == {"completed": True}
    assert len({known.body["template_id"] for known in offered}) == len(offered) > 2
    assert offered[0].arguments == {}


def test_what_fresh_worlds_offer_is_looked_up_once() -> None:
    """The next world, as long as it is fresh, offers what the first one did, and more when more is asked for."""
    target, operation = mock("nextstep"), OPERATIONS["updateRunTask"]
    with target.open() as client:
        first = find_arguments(client, operation)
        assert client.log != []
    with target.open() as client:
        assert find_arguments(client, operation) == first
        assert client.log == []
        offered = list(find_all_arguments(client, operation))
        assert offered[0] == first
        assert len({known.arguments["runId"] for known in offered}) > 2
    with target.open() as client:
        assert list(islice(find_all_arguments(client, operation), len(offered))) == offered
        assert client.log == []


def test_the_longest_list_of_fresh_worlds_is_looked_up_once() -> None:
    """The next world, as long as it is fresh, has the same longest list."""
    target, operation = mock("nextstep"), OPERATIONS["listRunTasks"]
    with target.open() as client:
        first = longest_list(client, operation)
        first["id"], id = "changed", first["id"]
    with target.open() as client:
        assert longest_list(client, operation) == {"id": id}
        assert client.log == []


@pytest.mark.parametrize(
    "change",
    [
        lambda client: client.event("revoke-key", key=client.second_key),
        lambda client: client.advance(1),
        lambda client: client.send("POST", "/process-runs", json={}),
    ],
    ids=["event", "time", "writing"],
)
def test_a_world_that_is_not_fresh_is_looked_at_itself(change: Callable[[Client], object]) -> None:
    """Where something has happened, what other worlds offered is not relied on, nor what this one offers remembered."""
    target, operation = mock("nextstep"), OPERATIONS["updateRunTask"]
    for _ in range(2):
        with target.open() as client:
            change(client)
            before = len(client.log)
            find_arguments(client, operation)
            longest_list(client, OPERATIONS["listRunTasks"])
            assert len(client.log) > before + 2
    with target.open() as client:
        find_arguments(client, operation)
        assert client.log != []


def test_a_list_that_is_too_short_is_not_checked(target: Target) -> None:
    """The longest list on the target is taken, or the test is not checked when that is too short."""
    with target.open() as client:
        assert set(longest_list(client, OPERATIONS["listRunTasks"], least=21)) == {"id"}
        with pytest.raises(Skipped, match="no listRunTasks on this target has 1000 items"):
            longest_list(client, OPERATIONS["listRunTasks"], least=1000)


def test_a_walk_ends_with_its_limits(target: Target) -> None:
    """No more pages are read than there are limits for."""
    with target.open() as client:
        assert [len(page.items) for page in pages(client, OPERATIONS["listProcessRuns"], {}, limits=(1, 2))] == [1, 2]


def test_a_change_is_noticed(target: Target) -> None:
    """What a refused call was not to change is compared before and after."""
    with target.open() as client:
        create = OPERATIONS["createProcessRun"]
        found_arguments, _ = find_accepted(client, create)
        with (
            pytest.raises(AssertionError, match="createProcessRun was refused, and yet listProcessRuns shows a change"),
            assert_unchanged(client, create, found_arguments),
        ):
            client.call(create, json=found_arguments.body)


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("", {"a/b": [{"c": 1}]}),
        ("/a~1b/0/c", 1),
        ("/a~1b/1", None),
        ("/a~1b/x", None),
        ("/a~1b/0/c/d", None),
        ("/x", None),
    ],
)
def test_a_pointer_leads_somewhere_or_nowhere(pointer: str, expected: Any) -> None:
    """A JSON pointer gives what it leads to, None where it leads nowhere."""
    assert resolve_pointer({"a/b": [{"c": 1}]}, pointer) == expected
