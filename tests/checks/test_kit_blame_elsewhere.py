"""Which rules a bug of a foreign server of Kognitos or Tallyfy is blamed on, and that a correct one is not blamed."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import pytest

from understudy.apis import control
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.budget import Budget
from understudy_checks.check import check_target
from understudy_checks.mutation import mutants
from understudy_checks.target import installed
from understudy_checks.target.control_api import control as control_api
from understudy_checks.target.server import Server
from understudy_checks.target.settings import settings_of_entry
from understudy_checks.target.transport import in_process

pytestmark = pytest.mark.beside

KOGNITOS = (
    "errors-lack-the-status",
    "a-page-without-a-limit-holds-9-items",
    "a-listed-run-lacks-its-status",
    "making-a-file-is-answered-200",
    "an-upload-without-a-key-is-refused",
    "a-deleted-key-still-reads",
    "any-key-reads-any-organizations-run",
    "the-outputs-of-a-process-are-shown-from-the-start-of-a-run",
)
"""Mutants that break no rule but their own."""

TALLYFY = (
    "any-token-reads-any-organizations-task",
    "user-id-has-no-effect-on-a-launch",
    "submitting-a-submitted-form-says-that-rules-were-evaluated",
    "the-link-to-the-next-page-has-its-number-only",
    "a-template-never-has-its-tags",
    "starred-has-no-effect-on-processes",
)
"""The same for Tallyfy."""


def elsewhere(api: str, mutant: str | None = None) -> Server:
    """A server of an API, with the bug of a mutant: one world that all tests share, whose clock they move."""
    broken = next((known for known in mutants(api) if known.name == mutant), None)
    served = installed.declared(api) if broken is None else broken.breaks(installed.declared(api))
    worlds = Worlds([served, control.declare], seeds=installed.seeds(), limits={})
    transport, document = in_process(App(worlds)), installed.document(api)
    settings = settings_of_entry({**worlds.access_info(worlds.default, api), "writes": True})

    def person(name: str, fields: Mapping[str, Any]) -> None:
        control_api(transport, "POST", "/events", {"api": api, "event": name, **fields})

    return Server(
        document,
        transport,
        document.prefixes[0],
        settings,
        name="elsewhere",
        budget=Budget(max_wait=inf, sleep=lambda _: None),
        clock=lambda seconds: worlds.advance(worlds.default, seconds),
        person=person,
    )


def failed(api: str, mutant: str | None = None, only: tuple[str, ...] = ()) -> set[str]:
    """The rules that fail on a server."""
    report = check_target(elsewhere(api, mutant), profile="gate", only=only)
    return {entry.rule.id for entry in report.rules if entry.outcome == "failed"}


@pytest.mark.deep(one_in=4)
@pytest.mark.parametrize("mutant", KOGNITOS)
def test_one_bug_fails_its_own_rules(mutant: str) -> None:
    """Of a server of Kognitos with one bug exactly the broken rules fail."""
    broken = next(known for known in mutants("kognitos") if known.name == mutant)
    assert failed("kognitos", mutant) == set(broken.rules)


@pytest.mark.parametrize(
    ("mutant", "rule", "others"),
    [
        ("errors-lack-the-status", "envelope.error-model", "envelope.error"),
        ("making-a-file-is-answered-200", "files.created", "files.agent-of-the-key"),
        ("making-a-file-is-answered-200", "files.created", "authentication.agent-key-works-on-its-agent"),
        ("an-upload-without-a-key-is-refused", "upload.needs-no-key", "upload.accepted"),
        ("reading-a-run-answers-the-first-one-of-all", "runs.by-id", "life-cycle.cancelled"),
        (
            "the-outputs-of-a-process-are-shown-from-the-start-of-a-run",
            "life-cycle.outputs-follow-success",
            "life-cycle.waits-for-a-person",
        ),
    ],
)
def test_a_rule_that_only_meets_a_bug_is_not_blamed(mutant: str, rule: str, others: str) -> None:
    """Only the rule that says what is wrong is."""
    both = (f"kognitos.{rule}", f"kognitos.{others}")
    assert failed("kognitos", mutant, both) == {f"kognitos.{rule}"}


def test_one_filter_is_not_blamed_for_another() -> None:
    """A check of several rules says which of them is broken."""
    only = tuple(f"tallyfy.runs.{name}-filter" for name in ("tag", "starred", "type", "folder"))
    assert failed("tallyfy", "starred-has-no-effect-on-processes", only) == {"tallyfy.runs.starred-filter"}


@pytest.mark.deep(one_in=4)
@pytest.mark.parametrize("mutant", TALLYFY)
def test_one_bug_of_tallyfy_fails_its_own_rules(mutant: str) -> None:
    """Of a server of Tallyfy with one bug exactly the broken rules fail."""
    broken = next(known for known in mutants("tallyfy") if known.name == mutant)
    assert failed("tallyfy", mutant) == set(broken.rules)


@pytest.mark.deep
@pytest.mark.parametrize("api", ["kognitos", "tallyfy"])
def test_a_correct_server_fails_no_rule(api: str) -> None:
    """Although all checks share its world, and keys belong to people with different rights."""
    assert failed(api) == set()


@pytest.mark.parametrize(("api", "used"), [("tallyfy", 1), ("nextstep", 4)])
def test_the_keys_of_people_are_not_used_in_turn(api: str, used: int) -> None:
    """Where the document gives each key no quota of its own, another one saves nothing and may have other rights."""
    server = elsewhere(api)
    keys = [server.open().key for _ in range(6)]
    assert len(set(keys)) == used


def test_what_a_document_does_not_name_is_seen_where_a_rule_is_about_it() -> None:
    """The folders of a template have no schema, and yet a rule says when they are shown."""
    assert failed("tallyfy", None, ("tallyfy.templates.folder-tree",)) == set()


def test_days_to_come_are_counted_from_the_time_of_the_server() -> None:
    """Whatever other checks made of the clock."""
    server = elsewhere("tallyfy")
    server.wait(20 * 366 * 86_400)
    report = check_target(server, profile="gate", only=["tallyfy.tasks.overdue-filter"])
    assert (report.count("passed"), report.count("failed")) == (1, 0)
