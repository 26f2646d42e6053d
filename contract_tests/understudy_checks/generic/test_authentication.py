"""Authentication and tenancy: keys in every state on every operation, and the isolation of tenants."""

from __future__ import annotations

from itertools import islice, product
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client, Skipped
from understudy_checks.discovery import (
    MAX_ATTEMPTS,
    FoundArguments,
    call,
    find_accepted,
    find_all_arguments,
    find_arguments,
)
from understudy_checks.pagination import assert_no_effect, assert_unchanged, ids, page_of, request_page, walk
from understudy_checks.refusals import assert_envelope, assert_problem, message_of
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

UNKNOWN_KEYS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=60)


@rule("*.authentication.bearer-key", "*.authentication.valid-key")
def test_a_valid_key_is_accepted(target: Target, secured: Operation) -> None:
    """No operation refuses a valid key with 401 or 403 on the objects of its own tenant."""
    with target.open() as client:
        statuses = {
            call(client, secured, known).status for known in islice(find_all_arguments(client, secured), MAX_ATTEMPTS)
        }
        if not statuses:
            raise Skipped(f"no data on this target lead to {secured.id}")
        assert statuses - {401, 403}, f"{secured.id} must accept a valid key, and answers {show(statuses)}"


@rule("*.authentication.missing-key")
def test_a_request_without_a_key_is_refused(target: Target, secured: Operation) -> None:
    """Every operation answers 401 without a key and changes nothing."""
    with target.open() as client:

        def refuse(found_arguments: FoundArguments) -> None:
            for headers in _without_key(client):
                response = _send(client, secured, found_arguments, headers)
                assert_problem(client, response, "missing-credential", "invalid-credential")

        assert_no_effect(client, secured, refuse)


@rule("*.authentication.unknown-key")
@given(unknown=UNKNOWN_KEYS)
@example(unknown="")
def test_an_unknown_key_is_refused(target: Target, secured: Operation, unknown: str) -> None:
    """An unknown key, also one similar to a valid key, is answered 401 with the documented message."""
    with target.open() as client:
        keys = [client.key[:-1], client.key + "0", client.key.swapcase(), client.key + unknown + "x", "x" + unknown]

        def refuse(found_arguments: FoundArguments) -> None:
            for key in keys:
                _assert_invalid(client, call(client, secured, found_arguments, key=key))

        assert_no_effect(client, secured, refuse)


@rule("*.authentication.revoked-key", needs=("revoked-key",))
def test_a_revoked_key_is_refused(target: Target, secured: Operation) -> None:
    """A revoked key is answered 401 with the documented message and changes nothing."""
    with target.open() as client:
        key = client.revoked_key
        assert_no_effect(
            client,
            secured,
            lambda found_arguments: _assert_invalid(client, call(client, secured, found_arguments, key=key)),
        )


@rule("*.authentication.revocation-is-immediate", needs=("events", "spare-key"))
def test_revocation_is_immediate(target: Target, secured: Operation) -> None:
    """A key is refused from the first request after its revocation; other keys stay valid."""
    with target.open() as client:
        key = client.spare_key
        find_accepted(client, secured, key=key)
        client.event("revoke-key", key=key)
        assert_no_effect(
            client,
            secured,
            lambda found_arguments: _assert_invalid(client, call(client, secured, found_arguments, key=key)),
        )


@rule("*.authentication.lapsed-subscription", needs=("lapsed-key",))
def test_a_lapsed_subscription_is_forbidden(target: Target, secured: Operation) -> None:
    """A key of a tenant without an active subscription is answered 403 on reads and writes."""
    with target.open() as client:
        assert_problem(
            client, call(client, secured, find_arguments(client, secured), key=client.lapsed_key), "forbidden"
        )


@rule("*.authentication.lapsed-subscription", needs=("events", "fresh"))
def test_a_subscription_that_lapses_is_forbidden(target: Target, secured: Operation) -> None:
    """A request that was accepted is answered 403 after the subscription lapses."""
    with target.open() as client:
        found_arguments, _ = find_accepted(client, secured)
        client.event("lapse-subscription")
        assert_problem(client, call(client, secured, found_arguments), "forbidden")


@rule("*.authentication.lists-show-the-own-*", needs=("other-tenant",))
def test_lists_show_the_own_tenant(target: Target, listing: Operation) -> None:
    """The same list of two tenants has no object in common, also when filtered by values of the other tenant."""
    with target.open() as client:
        own = _everything(client, listing, client.key)
        foreign = _everything(client, listing, client.other_tenant_key)
        foreign = [item for item in foreign if "email" not in item]  # a person may belong to several tenants
        shared = {item["id"] for item in own} & {item["id"] for item in foreign}
        assert not shared, f"both tenants read {show(sorted(shared))} in {listing.id}"
        if not foreign:
            raise Skipped(f"the other tenant has nothing in {listing.id}")
        for arguments in _filters(listing, foreign):
            response = request_page(client, listing, {**find_arguments(client, listing).arguments, **arguments})
            listed = set(ids(page_of(listing, response).items)) if response.status < 300 else set()
            leaked = sorted(listed & set(ids(foreign)))
            assert not leaked, f"{listing.id} with {show(arguments)} lists another tenant's {show(leaked)}"


@rule("*.authentication.foreign-objects-stay-hidden", needs=("other-tenant",))
def test_foreign_objects_stay_hidden(target: Target, reading: Operation) -> None:
    """Another tenant's object cannot be read by its id, not even under an own parent."""
    with target.open() as client:
        foreign, known = find_accepted(client, reading, key=client.other_tenant_key)
        for mixed in _mixed_arguments(client, reading, foreign):
            response = call(client, reading, mixed)
            assert response.status in (403, 404), (
                f"{reading.id} with another tenant's {show(mixed.arguments)} must not answer {response.status}"
            )
            assert_envelope(client, response)
            leaked = [text for text in _texts(known.json()) if len(text) >= 8 and text in response.body.decode()]
            assert set(leaked) <= set(mixed.arguments.values()), f"the response reveals another tenant's {show(leaked)}"


@rule("*.authentication.foreign-objects-stay-unchanged", needs=("other-tenant", "write"))
def test_foreign_objects_stay_unchanged(target: Target, writing: Operation) -> None:
    """A write to another tenant's object is refused and changes nothing for either tenant."""
    with target.open() as client:

        def refuse(foreign: FoundArguments) -> None:
            for mixed in _mixed_arguments(client, writing, foreign):
                with assert_unchanged(client, writing, mixed):
                    response = call(client, writing, mixed)
                assert 400 <= response.status < 500, (
                    f"{writing.id} with another tenant's {show(mixed.arguments)} must not answer {response.status}"
                )
                assert_envelope(client, response)

        assert_no_effect(client, writing, refuse, key=client.other_tenant_key)


@rule("*.authentication.keys-of-*-share", needs=("second-key",))
def test_keys_of_a_tenant_see_the_same(target: Target, reading: Operation) -> None:
    """Every key of a tenant reads the same."""
    with target.open() as client:
        found_arguments, response = find_accepted(client, reading)
        again = call(client, reading, found_arguments, key=client.second_key)
        assert again.status == response.status, (
            f"{reading.id} answers {response.status} to one key and {again.status} to another of the same tenant"
        )
        assert again.json() == response.json(), f"{reading.id} shows different data to two keys of the same tenant"


@rule("*.authentication.keys-of-*-share", needs=("second-key", "write"))
def test_keys_of_a_tenant_work_on_the_same(target: Target, writing: Operation) -> None:
    """Every key of a tenant reads what another key of it created or changed."""
    with target.open() as client:
        find_accepted(client, writing)
        for reading in (known for known in client.contract.operations.values() if known.method == "GET"):
            for place in islice(find_all_arguments(client, reading), 3):
                first, second = (call(client, reading, place, key=key) for key in (client.key, client.second_key))
                assert second.json() == first.json(), f"after {writing.id}, two keys see different data in {reading.id}"


@rule("*.authentication.keys-of-*-share", needs=("second-key", "write", "fresh"))
def test_keys_of_a_tenant_may_do_the_same(target: Target, writing: Operation) -> None:
    """Every key of a tenant may write what another key of it may."""
    with target.open() as client:
        offered = list(islice(find_all_arguments(client, writing), MAX_ATTEMPTS))
        numbers = [number for number, known in enumerate(offered) if call(client, writing, known).status < 300]
    with target.open() as client:
        offered = list(islice(find_all_arguments(client, writing), MAX_ATTEMPTS))
        for number in numbers[:1]:
            again = call(client, writing, offered[number], key=client.second_key)
            assert again.status < 300, f"{writing.id} must accept another key of the tenant, not answer {again.status}"


def _without_key(client: Client) -> list[dict[str, str]]:
    scheme = client.contract.schemes[0]
    values = {"bearer": ("", "Bearer", "Basic dXNlcjpwYXNz"), "basic": ("", "Basic")}.get(scheme.kind, ("",))
    return [{}, *({scheme.header: value} for value in values if scheme.location == "header")]


def _send(client: Client, operation: Operation, found_arguments: FoundArguments, headers: dict[str, str]) -> Response:
    options: dict[str, Any] = {} if found_arguments.body is None else {"json": found_arguments.body}
    return client.call(operation, found_arguments.arguments, headers=headers, key=None, **options)


def _assert_invalid(client: Client, response: Response) -> None:
    body = assert_problem(client, response, "invalid-credential")
    wanted = client.contract.errors["invalid-credential"].message
    assert not isinstance(wanted, str) or message_of(body) == wanted, (
        f"the message must be {show(wanted)}, as documented, not {show(message_of(body))}"
    )


def _everything(client: Client, listing: Operation, key: str) -> list[Any]:
    places = islice(find_all_arguments(client, listing, key=key), 5)
    return [item for place in places for item in walk(client, listing, place.arguments, key=key)]


def _filters(listing: Operation, items: list[Any]) -> list[dict[str, Any]]:
    """Queries with the values of these items for every filter of a list."""
    names = [p.name for p in listing.parameters if p.location == "query" and p.name in items[0]]
    return [{name: item[name] for name in names} for item in items[:3]] + [{name: items[0][name]} for name in names]


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for entry in value.values() for text in _texts(entry)]
    if isinstance(value, list):
        return [text for entry in value for text in _texts(entry)]
    return [value] if isinstance(value, str) else []


def _is_id(name: str) -> bool:
    return name.lower().endswith("id")


def _mixed_arguments(client: Client, operation: Operation, foreign: FoundArguments) -> list[FoundArguments]:
    """The other tenant's arguments for an operation, whole and in every combination with own ids."""
    own = find_arguments(client, operation)
    names = [name for name, value in foreign.arguments.items() if _is_id(name) and own.arguments[name] != value]
    members = [name for name, value in (foreign.body or {}).items() if _is_id(name) and own.body[name] != value]
    mixtures = []
    for chosen in product((True, False), repeat=len(names) + len(members)):
        taken = [name for name, take in zip([*names, *members], chosen, strict=True) if take]
        if taken:
            arguments = {**own.arguments, **{name: foreign.arguments[name] for name in names if name in taken}}
            body = own.body and {**own.body, **{name: foreign.body[name] for name in members if name in taken}}
            mixtures.append(FoundArguments(arguments, body))
    return mixtures
