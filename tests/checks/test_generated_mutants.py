"""Each mutant that a document suggests is killed by a check, or is listed with the reason why nobody can notice it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests import toy
from understudy import apis
from understudy.engine.api import Api
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy_checks.mutation import mutants
from understudy_checks.mutation.footprints import find_kill, footprints
from understudy_checks.mutation.generated import Generated, equivalent_mutants, generated
from understudy_checks.rules import Check, attempt, checks, expand
from understudy_checks.target import installed
from understudy_checks.target.installed import document
from understudy_checks.target.mock import mock

GENERATED = {api: tuple(generated(document(api))) for api in apis.NAMES}
RUNS = [(api, check) for api in apis.NAMES for check in checks() if expand(check, document(api))]


def marked(mutant: Generated) -> Any:
    """A mutant as a parameter: what is not in the sample is for the long profile."""
    return pytest.param(
        mutant, marks=() if mutant.is_sampled else pytest.mark.deep(one_in=2), id=f"{mutant.api}-{mutant.name}"
    )


@pytest.mark.parametrize("mutant", [marked(mutant) for api in apis.NAMES for mutant in GENERATED[api]])
def test_generated_mutant_is_killed(mutant: Generated) -> None:
    """A check fails on it, unless it is listed: then none does."""
    outcome, reason = find_kill(mutant), equivalent_mutants(mutant.api).get(mutant.text)
    assert reason is not None or outcome is not None, f"no check notices it: {mutant.text}"
    assert reason is None or outcome is None, f"{mutant.text} is listed, and {outcome and outcome.check.name} kills it"


@pytest.mark.parametrize("api", apis.NAMES)
def test_only_generated_mutants_are_listed(api: str) -> None:
    """What is listed as unnoticeable is a mutant of the document, and has a reason."""
    listed = equivalent_mutants(api)
    assert sorted(listed.keys() - {mutant.text for mutant in GENERATED[api]}) == []
    assert all(reason.endswith(".") for reason in listed.values())


@pytest.mark.parametrize("api", apis.NAMES)
def test_generated_mutants_are_told_apart(api: str) -> None:
    """Every generated mutant has a name of its own, and every kind is there."""
    names = Counter(mutant.name for mutant in GENERATED[api])
    assert [name for name, count in names.items() if count > 1] == []
    assert {mutant.kind for mutant in GENERATED[api]} == {
        "query", "answer", "body", "error", "tenant", "number", "enum"
    }  # fmt: skip


@pytest.mark.parametrize(("api", "check"), RUNS, ids=[f"{api}-{check.name}" for api, check in RUNS])
def test_check_fails_on_a_mutant(api: str, check: Check) -> None:
    """Every check can fail: it does so on a mutant of a rule that it checks, or on a generated one."""
    assert any(fails(check, api, changed) for changed in candidates(api, check)), f"{check.name} never fails"


def candidates(api: str, check: Check) -> Iterator[Api]:
    """The mutants that a check could fail on, those of its rules first."""
    own = (mutant for mutant in mutants(api) if any(check.covers(rule) for rule in mutant.rules))
    yield from (mutant.breaks(installed.declared(api)) for mutant in own)
    marks = {mark for footprint in footprints(api) if footprint.check is check for mark in footprint.marks}
    others = (mutant for mutant in GENERATED[api] if mutant.marks & marks)
    yield from (mutant.breaks(installed.declared(api)) for mutant in others)


def fails(check: Check, api: str, changed: Api) -> bool:
    """Whether a check fails on a changed API."""
    target = mock(changed)
    return any(attempt(check, target, given).result == "failed" for given in expand(check, document(api)))


def answered(changed: Api, method: str, path: str, query: str = "", body: bytes = b"", key: str = "k1") -> Response:
    """What the toy API answers."""
    headers = ((b"x-toy", key.encode()), (b"content-type", b"application/json"))
    return call(App(Worlds([changed], seeds={"toy": toy.TOYS})), Request(method, f"/api{path}", query, headers, body))


REQUESTS: dict[str, tuple[Any, ...]] = {
    "listToys ignores the query parameter size.": ("GET", "/toys", "size=1"),
    "No answer shows Toy.made.": ("POST", "/toys", "", b'{"id":"z","name":"Top","made":"2026-01-01T00:00:00Z"}'),
    "makeToy does not keep weight of its body.": ("POST", "/toys", "", b'{"id":"z","name":"Top","weight":2}'),
    "makeToy does not keep name of its body.": ("POST", "/toys", "", b'{"id":"z","name":"Top"}'),
    "The error invalid-credential is answered as forbidden.": ("GET", "/toys", "", b"", "nobody"),
    "listToys is open to other tenants.": ("GET", "/toys", "", b"", "k4"),
    "Size takes 2 rather than 3 as maximum.": ("GET", "/toys", "size=3"),
    "Size takes 3 rather than 2 as default.": ("GET", "/toys"),
    "Toy.name takes 2 rather than 1 as minLength.": ("POST", "/toys", "", b'{"id":"z","name":"T"}'),
    'listToys.kind does not know the value "car".': ("GET", "/toys", "kind=car"),
    "The rate limit of all operations is 2 rather than 3 requests.": ("GET", "/toys"),
}
"""One mutant of each kind that the document of an unknown API suggests, and a request that tells it from the API."""


@pytest.mark.parametrize("text", REQUESTS)
def test_mutants_of_an_unknown_document_differ(text: str) -> None:
    """The mutants of any document answer something else than the API that they were made from."""
    own = toy.api()
    mutant = next(mutant for mutant in generated(own.contract) if mutant.text == text)
    assert answered(mutant.breaks(own), *REQUESTS[text]) != answered(own, *REQUESTS[text])


def test_a_list_without_end_fails_its_check() -> None:
    """A server that ignores the number of a page is a failure, not a check that never ends."""
    text = "listMyOrganizations ignores the query parameter page."
    mutant = next(mutant for mutant in GENERATED["tallyfy"] if mutant.text == text)
    target = mock(mutant.breaks(installed.declared("tallyfy")), max_requests=1000)
    check = next(
        known for known in checks() if known.name == "generic.test_conformance.test_a_list_is_answered_in_its_envelope"
    )
    listing = document("tallyfy").operations["listMyOrganizations"]
    outcome = attempt(check, target, {"listing": listing})
    assert outcome.result == "failed"
    assert "never ends" in str(outcome.error)
