"""What the probes of Kognitos and Tallyfy read off answers and time, and what they see where there is little to see."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from understudy.apis import control
from understudy.engine.exchange import Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.budget import Budget
from understudy_checks.client import Skipped
from understudy_checks.generic.probes import window
from understudy_checks.measurements import by_status, measure_bound, measure_lifetime, skip, skip_unless
from understudy_checks.probes import probes, run_probe
from understudy_checks.tallyfy.driver import first_organization
from understudy_checks.target import installed
from understudy_checks.target.mock import Mock, mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import Settings
from understudy_checks.target.transport import in_process

EMPTY: dict[str, Any] = {
    "kognitos": {"organizations": [{"id": "o", "keys": [{"key": "k"}], "agents": [{"id": "a", "name": "A"}]}]},
    "tallyfy": {
        "organizations": [
            {
                "id": "o",
                "name": "O",
                "people": [{"id": 1, "email": "a@o.example", "first_name": "A", "last_name": "B", "role": "admin"}],
                "tokens": [{"token": "t", "user": 1}],
            }
        ]
    },
}
"""Tenants with a key and nothing that it opens."""

SHADOWED = {
    "kognitos.errors.invalid-key-message": "a gateway says something else",
    "kognitos.pagination.limit-may-change": "another query's token is good, so that of another limit is too",
    "kognitos.runs.missing-stage": "every process can be run in either stage",
    "kognitos.runs.unknown-input": "inputs are not looked at",
    "tallyfy.automations.undated": "each task has a deadline",
    "tallyfy.errors.validation-message": "a 422 has no message",
}
"""What cannot be seen on a server that differs from ours in everything, and why."""


class Clock:
    """A client's clock, on which something is good for so many seconds."""

    def __init__(self, good: float) -> None:
        self.left = good

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.left -= seconds

    def holds(self) -> bool:
        """Whether it is still good."""
        return self.left > 0


@pytest.mark.parametrize(
    ("good", "seen"),
    [
        (300, 300),
        (3600, 3600),
        (inf, None),
        (100, "between 0 and 300"),
        (1000, "between 300 and 3600"),
        (10_000, "more than 3600"),
    ],
)
def test_how_long_something_is_good(good: float, seen: Any) -> None:
    """It is one of the known times, longer than any, or something between them."""
    clock: Any = Clock(good)
    assert measure_lifetime(clock, (3600, 300), clock.holds) == seen


@pytest.mark.parametrize(
    ("most", "seen"),
    [(200, 200), (255, 255), (100, "between 0 and 200"), (220, "between 200 and 255"), (1000, "more than 255")],
)
def test_how_far_something_goes(most: int, seen: Any) -> None:
    """It is one of the known numbers, more than any, or something between them."""
    assert measure_bound((255, 200), lambda number: number <= most) == seen


def test_too_many_requests_say_nothing() -> None:
    """A refusal for the rate limit is none for what was asked."""
    assert [by_status(Response(status, (), b""), "yes", "no") for status in (201, 404)] == ["yes", "no"]
    with pytest.raises(Skipped, match="too few requests"):
        by_status(Response(429, (), b""), "yes", "no")


def test_what_is_not_there_is_not_checked() -> None:
    """Missing data are a reason, and so is what they do not fulfil."""
    skip_unless(["an item"], "no list has an item")
    with pytest.raises(Skipped, match="no list has an item"):
        skip_unless([], "no list has an item")
    with pytest.raises(Skipped, match="no list is short"):
        skip("no list is short")


@pytest.mark.parametrize("api", EMPTY)
def test_a_target_without_data_shows_little_and_says_why(api: str) -> None:
    """Where there is nothing, each probe sees what ours does all the same, or says in its own words what is lacking."""
    worlds = Worlds([installed.declared(api), control.declare], seeds={api: EMPTY[api]})
    target = Mock(installed.document(api), in_process(App(worlds)), name="empty", budget=Budget())
    found = [run_probe(probe, target) for probe in probes(installed.document(api)) if "fresh" not in probe.needs]
    assert {observation.found for observation in found} == {"default", "not observed"}
    assert not [seen for seen in found if (seen.reason or "").startswith("something else")]


def test_a_limit_that_is_not_met_has_no_window() -> None:
    """Where no request is one too many, it cannot be seen when the time of a limit starts."""
    with mock("tallyfy").open() as client, pytest.raises(Skipped, match="allows more requests"):
        window(client)


def test_a_server_that_others_use_is_left_as_it_was() -> None:
    """Processes that probes launch are gone afterwards, whichever of the keys it is that may delete them."""
    worlds = Worlds([installed.declared("tallyfy"), control.declare], seeds=installed.seeds())
    budget = Budget(max_wait=inf, sleep=lambda seconds: None)
    settings = Settings(
        api_keys=("YOUR_PERSONAL_ACCESS_TOKEN", "tfy00000000000000000000000000000000a1003"), writes=True
    )
    document = installed.document("tallyfy")
    target = Server(document, in_process(App(worlds)), document.prefixes[0], settings, name="shared", budget=budget)

    def processes() -> list[str]:
        with target.open() as client:
            return sorted(run["id"] for run in first_organization(client).list_all("/runs", archived="true"))

    before = processes()
    found = {run_probe(probe, target).found for probe in probes(installed.document("tallyfy"))}
    assert found == {"default", "not observed"}
    assert processes() == before


@pytest.mark.parametrize("number", [0, -1])
@pytest.mark.parametrize("api", EMPTY)
def test_other_assumptions_hide_few(api: str, number: int) -> None:
    """Where a server differs in everything, a probe still sees what it asks for, unless the others leave no trace."""
    assumptions = installed.document(api).assumptions
    others = {id: assumption.alternatives[number] for id, assumption in assumptions.items()}
    target = mock(api, assumptions=others)
    found = [run_probe(probe, target) for probe in probes(installed.document(api)) if "fresh" not in probe.needs]
    wrong = {seen.assumption.id for seen in found if seen.found != "alternative"}
    assert wrong <= SHADOWED.keys()
    assert not [seen for seen in found if seen.assumption.id not in wrong and seen.seen != others[seen.assumption.id]]
