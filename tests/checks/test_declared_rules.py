"""Rules of a document that states none: which there are, which checks they have, and what these tell of a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pet_server import PETS, Pets
from understudy.apis.own import Own
from understudy_checks.budget import Budget
from understudy_checks.check import Report, check_target
from understudy_checks.mutation import alternatives, false_positives, kills
from understudy_checks.mutation.declared import declared_mutants
from understudy_checks.rules import DECLARED, SUBJECTS, checks_for, expand
from understudy_checks.target import installed
from understudy_checks.target.asgi import hosted
from understudy_checks.target.mock import mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import Settings

BUGS = {
    "answers numbers as text": {"answers.addPet"},
    "asks for no key": {f"credentials.{name}" for name in ("listPets", "addPet", "getPet", "changePet", "removePet")},
    "demands nothing": {"required.addPet"},
    "takes long names": {"constraints.addPet", "constraints.changePet"},
    "takes any age": {"parameters.listPets"},
    "knows any id": {"unknown-ids.getPet", "deleted.removePet"},
    "cuts names": {"created.addPet"},
    "repeats ids": {"ids.addPet"},
    "lists one twice": {"listed.listPets"},
    "ignores changes": {"updated.changePet"},
    "changes all": {"updated.changePet"},
    "deletes nothing": {"deleted.removePet"},
    "keeps what it refuses": {"refused.addPet"},
    "repeats the last one": {"pages.listPets"},
    "pages of one more": {"limits.listPets"},
    "filters the rest": {"filters.listPets"},
}
"""What is wrong with a server, and the rules that must tell it."""


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the installed document."""
    file = tmp_path_factory.mktemp("pets") / "pets.yaml"
    file.write_text(PETS)
    known = dict(installed._OWN)
    yield installed.install(Own(file, "pets"))
    installed._OWN.clear()
    installed._OWN.update(known)
    installed.install.cache_clear()


def checked(name: str, bug: str, *, writes: bool = True) -> Report:
    """The report of a server with a bug."""
    settings = Settings(api_keys=("key",), writes=writes)
    with hosted(Pets(bug).app()) as transport:
        budget, clock = Budget(), lambda seconds: None
        target = Server(installed.document(name), transport, "/v1", settings, name="pets", budget=budget, clock=clock)
        return check_target(target, profile="quick")


def failed(report: Report) -> set[str]:
    """The failed rules, without the API's name."""
    return {one.rule.id.removeprefix("pets.") for one in report.rules if one.outcome == "failed"}


def test_a_document_without_rules_has_those_that_it_declares(pets: str) -> None:
    """Each rule has the basis `declared`, a sentence, and a pointer to a place of the document as its source."""
    contract = installed.document(pets)
    assert {rule.basis for rule in contract.rules} == {"declared"}
    assert len({rule.id for rule in contract.rules}) == len(contract.rules)
    rule = next(rule for rule in contract.rules if rule.id == "pets.unknown-ids.getPet")
    assert rule.text == "GET /pets/{id} refuses an id that nothing has."
    assert rule.source == "#/paths/~1pets~1{id}/get/responses"


def test_every_declared_rule_has_a_check(pets: str) -> None:
    """No rule that is derived lacks a check that runs for its operation."""
    contract = installed.document(pets)
    for rule in contract.rules:
        assert any(expand(check, contract) for check in checks_for(rule.id)), rule.id


def test_a_right_server_fails_no_rule(pets: str) -> None:
    """A server that follows the document passes every rule, and what was created there is deleted."""
    report = checked(pets, "")
    assert failed(report) == set()
    left = [one.reason for one in report.rules if one.outcome == "not_checked"]
    assert left == ["it would delete an object that the kit did not create on this target"]
    assert report.left_behind == ()


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_told_by_its_rule(pets: str, bug: str) -> None:
    """Each bug of a server fails the rules that it breaks."""
    assert BUGS[bug] <= failed(checked(pets, bug))


def test_the_mock_fails_no_declared_rule(pets: str) -> None:
    """Our mock of a document passes all of its rules."""
    report = check_target(mock(pets), profile="quick")
    assert [one.reason for one in report.rules if one.outcome != "passed"] == []


def test_each_declared_mutant_is_killed(pets: str) -> None:
    """Every kind of rule has a mutant, and the check of the rule fails on it."""
    mutants = declared_mutants(pets)
    assert {mutant.rules[0].split(".")[1] for mutant in mutants} == {
        rule.id.split(".")[1] for rule in installed.document(pets).rules
    }
    assert [mutant.text for mutant in mutants if any(kill.failure is None for kill in kills(mutant))] == []


def test_no_check_depends_on_an_assumption(pets: str) -> None:
    """All checks of declared rules pass under each alternative."""
    for alternative in alternatives(pets):
        assert [one.error for one in false_positives(alternative, everything=True)] == [], alternative


def test_a_server_that_is_only_read_is_not_written_to(pets: str) -> None:
    """What needs no record and no write is checked, the rest is told as not checked."""
    report = checked(pets, "", writes=False)
    passed = {one.rule.id.removeprefix("pets.") for one in report.rules if one.outcome == "passed"}
    assert passed == {
        "answers.listPets",
        "credentials.listPets",
        "credentials.getPet",
        "parameters.listPets",
        "unknown-ids.getPet",
    }
    assert report.left_behind == ()
    assert all(operation not in ("addPet", "changePet", "removePet") for operation, _ in report.calls)


SITES = """
openapi: 3.1.0
info: {title: Sites, version: "1"}
paths:
  /sites:
    get:
      operationId: listSites
      parameters:
      - {name: region, in: query, required: true, schema: {type: string}}
      - {name: open, in: query, schema: {type: boolean}}
      - {name: slope, in: query, schema: {type: number}}
      responses:
        "200":
          description: Sites
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Site"}}}}
    post:
      operationId: add site!
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Site"}}}}
      responses: {"201": {description: New, content: {application/json: {schema: {$ref: "#/components/schemas/Site"}}}}}
  /sites/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: add-site
      responses: {"200": {description: One, content: {application/json: {schema: {$ref: "#/components/schemas/Site"}}}}}
components:
  schemas:
    Site:
      type: object
      required: [id]
      properties: {id: {type: integer, readOnly: true}, open: {type: boolean}, slope: {type: number}}
"""


def test_a_required_parameter_is_demanded(pets: str, tmp_path: Path) -> None:
    """It is sent with every request but the one that lacks it; a document may name no credential."""
    (tmp_path / "sites.yaml").write_text(SITES)
    name = installed.install(Own(tmp_path / "sites.yaml", "sites"))
    report = check_target(mock(name), profile="quick")
    assert [one.reason for one in report.rules if one.outcome != "passed"] == []
    left = [one.text for one in declared_mutants(name) if any(kill.failure is None for kill in kills(one))]
    assert left == []
    assert "GET /sites does not demand region." in {mutant.text for mutant in declared_mutants(name)}
    ids = [rule.id for rule in installed.document(name).rules if rule.id.startswith("sites.answers.add")]
    assert ids == ["sites.answers.add-site", "sites.answers.add-site-2"]


def test_a_document_that_states_rules_has_none_derived() -> None:
    """Its own rules say what is checked, and of what."""
    contract = installed.document("nextstep")
    assert not any(SUBJECTS[subject](contract) for subject in DECLARED.values())
