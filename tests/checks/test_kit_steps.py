"""Mutation operators for the pipeline's steps: the same ones work on every API, wherever its keys stand."""

from __future__ import annotations

from typing import Any

import pytest
from test_kit_operators import broken, step

from understudy import apis
from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.mutation import Breakage
from understudy_checks.mutation.operators import chain, reject_when
from understudy_checks.mutation.steps import (
    accept_as_first,
    accept_similar,
    accept_state,
    count_for,
    map_retry_after,
    swap_denial,
)
from understudy_checks.target.mock import mock

LISTS = {"nextstep": "listProcessRuns", "kognitos": "listRuns", "tallyfy": "listRuns"}
each_api = pytest.mark.parametrize("api", apis.NAMES)


def listed(client: Client, key: str | None) -> Response:
    """What the list of runs answers to a key, or without one."""
    request = step(client.contract.name, LISTS[client.contract.name])
    return client.transport(client.request("GET", request["path"], query=request["query"], key=key))


def statuses(breakage: Breakage, api: str, *keys: str | None) -> list[int]:
    """The statuses with which a broken API answers requests with these keys."""
    with broken(breakage, api) as client:
        return [listed(client, key).status for key in keys]


@each_api
def test_one_kind_of_refused_key_is_accepted(api: str) -> None:
    """A request without a key passes where that is accepted; an unknown key does not."""
    assert statuses(lambda declared: declared, api, None, "unknown") == [401, 401]
    assert statuses(accept_as_first("missing-credential"), api, None, "unknown") == [200, 401]
    assert statuses(accept_as_first("missing-credential", when=lambda call: False), api, None) == [401]


@each_api
def test_keys_in_a_state_are_accepted(api: str) -> None:
    """A revoked key passes, for some calls or for all; an unknown one and a missing one do not."""
    with mock(api).open() as client:
        revoked = client.revoked_key
    assert statuses(accept_state("revoked"), api, revoked, "unknown", None) == [200, 401, 401]
    assert statuses(accept_state("revoked", when=lambda call: False), api, revoked) == [401]


def test_keys_in_another_state_stay_refused() -> None:
    """A key of a team without a subscription is not accepted as a revoked one."""
    with mock("nextstep").open() as client:
        assert statuses(accept_state("revoked"), "nextstep", client.lapsed_key) == [403]


@each_api
def test_keys_like_a_valid_one_are_accepted(api: str) -> None:
    """An unknown key passes when it is like a valid one; a revoked key does not, whatever it is like."""
    longer = accept_similar(lambda token, key: key.startswith(token))
    with mock(api).open() as client:
        key, revoked = client.key, client.revoked_key
    assert statuses(longer, api, f"{key}x", "unknown", None) == [200, 401, 401]
    assert statuses(accept_similar(lambda token, key: True), api, revoked, None) == [401, 401]


@each_api
def test_a_key_is_refused_with_another_error(api: str) -> None:
    """An unknown key gets the other status; a missing one gets what it should."""
    assert statuses(swap_denial("invalid-credential", "forbidden"), api, "unknown", None) == [403, 401]


def test_requests_are_counted_for_another_credential() -> None:
    """Keys that count as one share the limit, and go on as themselves."""
    shared = count_for(lambda call: call.credential._replace(token="all"))
    themselves = reject_when(LISTS["nextstep"], lambda call: call.credential.token == "all", "forbidden")
    with broken(chain(shared, themselves)) as client:
        for _ in range(50):
            assert [listed(client, key).status for key in (client.key, client.second_key)] == [200, 200]
        assert [listed(client, key).status for key in (client.key, client.second_key)] == [429, 429]


@pytest.mark.parametrize(
    ("change", "message"), [(lambda seconds: f"{seconds}.5", "60.5"), (lambda seconds: None, None)]
)
def test_another_wait_is_told(change: Any, message: str | None) -> None:
    """Retry-After says what is made of the true wait, or is left out."""
    with broken(map_retry_after(change)) as client:
        answers = [listed(client, client.key) for _ in range(101)]
    assert [answer.status for answer in answers[-2:]] == [200, 429]
    assert answers[-1].header("retry-after") == message
