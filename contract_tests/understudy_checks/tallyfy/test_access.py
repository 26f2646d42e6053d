"""Tallyfy: tokens, the X-Tallyfy-Client header, organizations, ids and errors."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from understudy.document.operation import Operation
from understudy_checks.discovery import FoundArguments, call, find_arguments
from understudy_checks.pagination import assert_no_effect
from understudy_checks.refusals import assert_envelope, message_of
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    first_organization,
    launch,
    launch_body,
    plain_template,
    read_run,
    run_tasks,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@rule("tallyfy.authentication.one-space")
@given(gap=st.sampled_from(("", "  ", "   ", "\t ", ", ", ":", "=")))
@example(gap="")
@example(gap="  ")
def test_one_space_before_the_token(target: Target, secured: Operation, gap: str) -> None:
    """A request with anything but one space between Bearer and the token answers 401."""
    with target.open() as client:
        found_arguments = find_arguments(client, secured)
        headers = {"authorization": f"Bearer{gap}{client.key}"}
        options: dict[str, Json] = {} if found_arguments.body is None else {"json": found_arguments.body}
        response = client.call(secured, found_arguments.arguments, key=None, headers=headers, **options)
        assert response.status == 401, f"a request with {show(headers)} must answer 401, not {show(response.status)}"
        assert_envelope(client, response)


@rule("tallyfy.authentication.client-header")
def test_the_client_header_is_required(target: Target, secured: Operation) -> None:
    """A request without X-Tallyfy-Client, or with an empty one, answers 401 or 404 and has no effect."""
    with target.open() as client:

        def refuse(found_arguments: FoundArguments) -> None:
            options: dict[str, Json] = {} if found_arguments.body is None else {"json": found_arguments.body}
            response = client.call(secured, found_arguments.arguments, headers={"x-tallyfy-client": ""}, **options)
            assert response.status in (401, 404), (
                f"an empty X-Tallyfy-Client must answer 401 or 404, not {show(response.status)}"
            )
            assert_envelope(client, response)

        assert_no_effect(client, secured, refuse)


@rule("tallyfy.authentication.client-header")
def test_no_client_header_at_all(target: Target) -> None:
    """A request that omits X-Tallyfy-Client answers 401 or 404."""
    with target.open() as client:
        request = client.request("GET", "/me")
        bare = structs.replace(request, headers=tuple(h for h in request.headers if h[0] != b"x-tallyfy-client"))
        assert (got := client.exchange(bare).response.status) in (401, 404), (
            f"a request without X-Tallyfy-Client must answer 401 or 404, not {show(got)}"
        )


@rule("tallyfy.authentication.any-client-name")
@given(name=NAMES)
@example(name="APIClient")
@example(name="TallyfySDK")
@example(name="n8n")
def test_any_client_name_will_do(target: Target, name: str) -> None:
    """X-Tallyfy-Client may have any value."""
    with target.open() as client:
        assert (got := client.send("GET", "/me", headers={"x-tallyfy-client": name}).status) == 200, (
            f"a client that calls itself {show(name)} must be served with 200, not {show(got)}"
        )
        org = first_organization(client)
        path = f"/organizations/{org.id}/runs"
        assert (got := client.send("GET", path, headers={"x-tallyfy-client": name}).status) == 200, (
            f"a client that calls itself {show(name)} must be served with 200, not {show(got)}"
        )


@rule("tallyfy.authentication.foreign-organization", needs=("other-tenant",))
def test_a_foreign_organization_is_closed(target: Target, secured: Operation) -> None:
    """Every operation answers 403 or 404 under another or an unknown organization."""
    with target.open() as client:
        if "{org_id}" not in secured.path:
            return
        foreign = first_organization(client, key=client.other_tenant_key).id
        found_arguments = find_arguments(client, secured)
        for organization in (foreign, UNKNOWN_ID, "no-such-organization"):
            changed = found_arguments._replace(arguments={**found_arguments.arguments, "org_id": organization})
            response = call(client, secured, changed)
            assert response.status in (403, 404), (
                f"{secured.id} under organization {organization} must answer 404 or 403, not {show(response.status)}"
            )
            assert_envelope(client, response)


@rule("tallyfy.envelope.ids")
def test_ids_have_their_types(target: Target) -> None:
    """Ids of processes and tasks are strings; ids of people and numbers are integers."""
    with target.open() as client:
        org = first_organization(client)
        runs = org.get_body("/runs")["data"]
        for run in runs:
            assert isinstance(run["id"], str), f"the id of a process must be a string, not {show(run['id'])}"
            assert all(_is_whole(run[name]) for name in ("increment_id", "started_by", "owner_id")), (
                f"the ids of people and the number of a process must be integers: {show(run)}"
            )
            read = read_run(org, run)
            assert all(_is_whole(person) for person in read["users"]), (
                f"`users` of a process must be integers, not {show(read['users'])}"
            )
            for task in run_tasks(org, run):
                assert isinstance(task["id"], str), f"the id of a task must be a string, not {show(task['id'])}"
                assert _is_whole(task["increment_id"]), f"`increment_id` of a task must be an integer: {show(task)}"
                assert task["completer_id"] is None or _is_whole(task["completer_id"]), (
                    f"`completer_id` of a task must be null or an integer, not {show(task['completer_id'])}"
                )
        assert len({run["increment_id"] for run in runs}) == len(runs), "processes must have different `increment_id`s"


@rule("tallyfy.errors.unknown-path")
@given(name=st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20))
@example(name="nonsense")
def test_an_unknown_path_has_its_code(target: Target, name: str) -> None:
    """An unknown path answers 404 with its documented code and message."""
    with target.open() as client:
        org = first_organization(client)
        for path in (f"/organizations/{org.id}/no-{name}", f"/organizations/{org.id}/runs/{UNKNOWN_ID}/no-{name}"):
            response = client.send("GET", path)
            body = assert_envelope(client, response)
            assert (got := (response.status, body.get("code"))) == (404, "ENDPOINT_NOT_FOUND"), (
                f"the unknown path {path} must answer 404 ENDPOINT_NOT_FOUND, not {show(got)}"
            )
            assert message_of(body) == "API endpoint not found", (
                f"the 404 of an unknown path must have the documented message: {show(body)}"
            )


@rule("tallyfy.errors.unknown-object")
@given(id=st.text("0123456789abcdef", min_size=32, max_size=32))
@example(id=UNKNOWN_ID)
def test_an_unknown_object_has_its_code(target: Target, id: str) -> None:
    """A 404 for an unknown object has its documented code and message."""
    with target.open() as client:
        org = first_organization(client)
        for path in (
            f"/runs/{id}",
            f"/tasks/{id}",
            f"/checklists/{id}",
            f"/runs/{id}/tasks",
            f"/runs/{id}/form-fields",
        ):
            response = org.send("GET", path)
            body = assert_envelope(client, response)
            code_and_message = (body.get("code"), message_of(body))
            assert response.status != 404 or code_and_message == ("RESOURCE_NOT_FOUND", "Resource not found"), (
                f"a 404 of {path} must have the documented code and message: {show(body)}"
            )


@rule("tallyfy.errors.by-member", needs=("write",))
def test_errors_are_told_by_member(target: Target) -> None:
    """A 422 has at least one text for each wrong member."""
    with target.open() as client:
        org = first_organization(client)
        template = plain_template(org)
        run = launch(org, template)
        task = run_tasks(org, run)[0]
        wrong: list[tuple[str, str, Json, set[str]]] = [
            ("POST", "/runs", {}, {"checklist_id"}),
            ("POST", "/runs", launch_body(template, name={"a": 1}, summary=[1]), {"name", "summary"}),
            ("POST", f"/runs/{run['id']}/completed-tasks", {}, {"task_id"}),
            ("POST", f"/tasks/{task['id']}/comment", {}, {"content"}),
            ("PUT", f"/runs/{run['id']}", {"name": "x" * 551}, {"name"}),
            ("PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"title": "x" * 601, "owners": "me"}, {"title", "owners"}),
        ]
        for method, path, body, names in wrong:
            errors = org.assert_refused(method, path, body, status=422)["errors"]
            assert names <= errors.keys(), (
                f"{method} {path} {show(body)} must name the wrong members {show(names)}, not {show(errors)}"
            )
            assert all(texts and all(isinstance(text, str) and text for text in texts) for texts in errors.values()), (
                f"each error of a member must be a list of texts: {show(errors)}"
            )


@rule("tallyfy.me.same-person")
def test_a_token_names_one_person(target: Target) -> None:
    """A token has the same owner in every organization."""
    with target.open() as client:
        keys = [client.key, *client.access.api_keys[1:2]]
        for key in keys:
            person = Organization.data_of(client.send("GET", "/me", key=key))
            assert isinstance(person["id"], int), (
                f"the id of the token's owner must be an integer, not {show(person['id'])}"
            )
            for organization in Organization.data_of(client.send("GET", "/me/organizations", key=key)):
                same = Organization.data_of(client.send("GET", f"/organizations/{organization['id']}/me", key=key))
                assert (got := (same["id"], same["email"])) == (person["id"], person["email"]), (
                    f"a token must have the same owner in each organization; id and address are {show(got)}"
                )


@rule("tallyfy.me.organizations")
def test_my_organizations_can_be_read(target: Target) -> None:
    """Every listed organization can be read."""
    with target.open() as client:
        for listed in Organization.data_of(client.send("GET", "/me/organizations")):
            read = Organization.data_of(client.send("GET", f"/organizations/{listed['id']}"))
            assert (got := (read["id"], read["name"])) == (listed["id"], listed["name"]), (
                f"id and name of an organization must be the same in the list and by id; by id they are {show(got)}"
            )
            assert (actual := client.send("GET", f"/organizations/{listed['id']}/runs").status) == 200, (
                f"the processes of a listed organization must be readable with 200, not {show(actual)}"
            )


@rule("tallyfy.rate-limit.retry-after-is-told", needs=("write", "fresh", "advance"))
def test_a_429_tells_how_long_to_wait(target: Target) -> None:
    """A 429 has a Retry-After of whole seconds."""
    with target.open() as client:
        org = first_organization(client)
        task = run_tasks(org, launch(org))[0]
        seen = 0
        for number in range(130):
            path = f"/organizations/{org.id}/tasks/{task['id']}/comment"
            response = client.without_retries().send("POST", path, json={"content": f"Comment {number}"})
            if response.status == 429:
                seen += 1
                wait = response.header("retry-after") or ""
                assert wait.isdecimal(), f"Retry-After must be a number of seconds, not {show(wait)}"
                assert int(wait) >= 1, f"Retry-After must be at least 1 second, not {show(wait)}"
        assert seen, "130 comments must meet the documented limit"


def _is_whole(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
