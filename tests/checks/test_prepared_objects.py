"""Prepared objects: rules about what people do in the app, checked on a server where nobody can be simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from typing import Any

import pytest

from understudy import apis
from understudy.apis import control
from understudy.engine.api import Api
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks import check as checking
from understudy_checks.budget import Budget
from understudy_checks.check import Report
from understudy_checks.mutation.operators import map_list
from understudy_checks.plan import UNKNOWN_SHARE, plan_steps
from understudy_checks.prepared import prepared_objects
from understudy_checks.report.summary import skip_reasons
from understudy_checks.rules import attempt, checks, checks_for, expand
from understudy_checks.target import installed
from understudy_checks.target.control_api import control as control_api
from understudy_checks.target.mock import mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import BadSettings, settings_of_entry
from understudy_checks.target.sources import load_settings
from understudy_checks.target.transport import in_process

PAGE = Path(__file__).parents[2] / "docs/reference/target-file.md"
Json = Any
PREPARED = [(api, name) for api in apis.NAMES for name in prepared_objects(api)]


class Elsewhere:
    """A server of an API, whose people only we can act for."""

    def __init__(self, api: str, served: Api | None = None, **assume: Json) -> None:
        self.api = api
        self.worlds = Worlds(
            [served or installed.declared(api), control.declare],
            seeds=installed.seeds(),
            limits={api: None},
            assume=assume,
        )
        self.transport = in_process(App(self.worlds))

    def target(self, *, writes: bool = True, person: bool = False, most: int | None = None, **given: str) -> Server:
        """The server as a target that knows these prepared objects; with `person`, people can be simulated there."""
        settings = settings_of_entry(
            {**self.worlds.access_info(self.worlds.default, self.api), **given, "writes": writes}
        )
        document = installed.document(self.api)
        budget = Budget(most, max_wait=inf, sleep=lambda seconds: self.worlds.advance(self.worlds.default, seconds))
        act = self.event if person else None
        return Server(
            document, self.transport, document.prefixes[0], settings, name="elsewhere", budget=budget, person=act
        )

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """Act as a person."""
        control_api(self.transport, "POST", "/events", {"api": self.api, "event": name, **fields})

    def templates(self) -> list[Json]:
        """The templates in Tallyfy's store."""
        return next(list(store["templates"]) for store in self.worlds.default.tenants["tallyfy"].values())

    def prepare(self) -> dict[str, str]:
        """The objects that the checks make where people can be simulated, by the names of the settings."""
        made: dict[str, str] = {}
        target = self.target(person=True)

        def remember(client: Any, name: str, prepare: Callable[[], str]) -> str:
            made[name] = prepare()
            return made[name]

        with pytest.MonkeyPatch.context() as patch:
            for check in own_checks(self.api):
                patch.setattr(f"{check.function.__module__}.prepared", remember)
                attempt(check, target, {})  # nobody tidies up after it
        return made


def own_checks(api: str) -> list[Any]:
    """The checks of the API's prepared objects."""
    return [check for check in checks() if check.name.startswith(f"{api}.test_prepared.")]


def rules(api: str) -> list[str]:
    """The rules that a prepared object of the API makes checkable."""
    return list(dict.fromkeys(rule for check in own_checks(api) for rule in check.rules))


def outcomes(report: Report) -> dict[str, str]:
    """The outcome of each rule."""
    return {checked.rule.id: checked.outcome for checked in report.rules}


@pytest.fixture(scope="module")
def elsewhere() -> Callable[[str], tuple[Elsewhere, dict[str, str]]]:
    """A server of an API, and objects that are prepared there."""
    known: dict[str, tuple[Elsewhere, dict[str, str]]] = {}

    def made(api: str) -> tuple[Elsewhere, dict[str, str]]:
        if api not in known:
            server = Elsewhere(api)
            known[api] = server, server.prepare()
        return known[api]

    return made


@pytest.mark.parametrize("api", apis.NAMES)
def test_each_rule_is_checked_on_its_prepared_object(elsewhere: Any, api: str) -> None:
    """With all objects named, every rule that has one passes on a server without a way to simulate people."""
    server, made = elsewhere(api)
    assert made.keys() == prepared_objects(api).keys()
    report = checking.check_target(server.target(**made), only=rules(api), profile="quick")
    assert set(outcomes(report).values()) == {"passed"}, [checked.reason for checked in report.rules]


@pytest.mark.parametrize(("api", "name"), PREPARED)
def test_a_rule_that_is_not_checked_says_what_to_prepare(api: str, name: str) -> None:
    """Reason and remedy name the object and what it has to be."""
    report = checking.check_target(Elsewhere(api).target(), only=rules(api), profile="quick")
    assert set(outcomes(report).values()) == {"not_checked"}
    reason = next(reason for reason in skip_reasons(report) if reason.reason == f"no `{name}` is prepared")
    assert reason.remedy == f'prepare {prepared_objects(api)[name]}, and name it in the target file: `{name} = "ID"`'
    assert reason.rules
    assert all(
        f"no `{name}` is prepared" in str(checked.reason) for checked in report.rules if checked.rule in reason.rules
    )


@pytest.mark.parametrize("api", apis.NAMES)
def test_an_object_that_is_not_there_is_no_failure(api: str) -> None:
    """A wrong id is a mistake in the target file, not one of the server."""
    unknown = dict.fromkeys(prepared_objects(api), "0123456789abcdef0123456789abcdef")
    report = checking.check_target(Elsewhere(api).target(**unknown), only=rules(api), profile="quick")
    found = {checked.rule.id: str(checked.reason) for checked in report.rules}
    assert "failed" not in outcomes(report).values(), found
    wrong = [reason for reason in found.values() if "of the target file" in reason or "is not listed" in reason]
    assert len(wrong) == len(found), found


def test_an_object_that_is_another_one_is_no_failure(elsewhere: Any) -> None:
    """What shows at once that it is not what it should be is told."""
    server, made = elsewhere("tallyfy")
    client = server.target().open()
    organization = client.call("listMyOrganizations").json()["data"][0]["id"]
    tasks = client.call("listTasks", {"org_id": organization}).json()["data"]
    visible = next(task["id"] for task in tasks if task["status"] == "not-started")
    report = checking.check_target(server.target(hidden_task=visible), only=["tallyfy.tasks.hidden-are-listed"])
    assert "the `hidden_task` of the target file is not-started" in str(report.rules[0].reason)
    nextstep, made = elsewhere("nextstep")
    plain = made["skipped_run"]
    report = checking.check_target(nextstep.target(essential_run=plain), only=["*.essential-cannot-be-skipped"])
    assert "the `essential_run` of the target file has no essential task" in str(report.rules[0].reason)


def test_reading_is_enough_for_most_of_them(elsewhere: Any) -> None:
    """A target that may not be written to has its prepared objects looked at."""
    server, made = elsewhere("kognitos")
    report = checking.check_target(server.target(writes=False, **made), only=rules("kognitos"), profile="quick")
    assert set(outcomes(report).values()) == {"passed"}


def test_a_limited_budget_leaves_room_for_prepared_objects(elsewhere: Any) -> None:
    """What cannot be measured beforehand comes last and has a share that does."""
    server, made = elsewhere("nextstep")
    target = server.target(most=500, **made)
    shares = {step.check.name: step.share for step in plan_steps(target, rules("nextstep"))}
    assert {shares[check.name] for check in own_checks("nextstep")} == {UNKNOWN_SHARE}
    report = checking.check_target(target, only=rules("nextstep"))
    assert set(outcomes(report).values()) == {"passed"}, outcomes(report)


@pytest.mark.parametrize(("api", "name"), PREPARED)
def test_prepared_objects_are_settings(api: str, name: str) -> None:
    """They are given like any other setting, and the page has them."""
    assert load_settings(api, None, [f"{name}=a1"], ()).given == {name: "a1"}
    with pytest.raises(BadSettings, match=f"did you mean {name}"):
        load_settings(api, None, [f"{name}s=a1"], ())
    text = " ".join(PAGE.read_text().split())
    assert f"| {api} | `{name}` | {prepared_objects(api)[name]} |" in text


@pytest.mark.parametrize("api", apis.NAMES)
def test_each_rule_that_needs_an_event_has_an_object_but_where_none_does(api: str) -> None:
    """Only a revocation, and what a person does in a process that the check has launched, have to be watched."""
    document = installed.document(api)
    needing = {
        rule.id
        for rule in document.rules
        if (own := [check for check in checks_for(rule.id) if expand(check, document)])
        and all("events" in check.needs or ".test_prepared." in check.name for check in own)
    }
    watched = {f"{api}.authentication.revocation-is-immediate", "tallyfy.automations.by-hand"}
    assert needing - set(rules(api)) <= watched


def test_a_document_of_no_api_of_ours_has_none() -> None:
    """They are declared in the folder of an API."""
    assert prepared_objects("toy") == {}


@pytest.mark.parametrize("api", apis.NAMES)
def test_our_mock_prepares_its_own(api: str) -> None:
    """Each check of a prepared object passes on our mock, where people are simulated."""
    for check in own_checks(api):
        outcome = attempt(check, mock(api), {})
        assert outcome.result == "passed", f"{check.name}: {outcome.error}"


def test_an_archived_template_that_no_list_shows_is_a_failure() -> None:
    """It is there, and archived: so the filter is broken. One that is not archived is a mistake in the target file."""
    broken = map_list("listTemplates", lambda call, rows: [])
    server = Elsewhere("tallyfy", broken(installed.declared("tallyfy")), **{"tallyfy.templates.archived": "shown"})
    archived, other = (template["id"] for template in server.templates()[:2])
    server.event("archive-template", {"checklist_id": archived})
    for id, outcome in ((archived, "failed"), (other, "not_checked")):
        report = checking.check_target(server.target(archived_template=id), only=["tallyfy.templates.archived-filter"])
        assert set(outcomes(report).values()) == {outcome}, report.rules[0].reason
