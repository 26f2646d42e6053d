"""Tallyfy: authentication, and refusals that only this API has.

A probe deletes each process that it launches.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import structs

from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.generic import probes
from understudy_checks.measurements import by_status, skip, skip_unless
from understudy_checks.probes import probe
from understudy_checks.refusals import code_of, message_of
from understudy_checks.tallyfy.driver import (
    Organization,
    first_organization,
    launch,
    launch_body,
    plain_template,
    template_where,
)

Json = Any

NOBODY = 999_999_999
"""The number of a person whom no organization has."""


def the(client: Client, operation: str) -> Operation:
    """Return an operation by its id."""
    return client.contract.operations[operation]


def refusal(response: Response) -> Json:
    """Return status and code of a refusal; None for a success."""
    return probes.status_and_code(response) if probes.is_refused(response) else None


@contextmanager
def process(org: Organization, template: Json = None, **body: Json) -> Iterator[Json]:
    """Launch a process, by default of a plain template, and delete it after the block."""
    run = launch(org, template, **body)
    try:
        yield run
    finally:
        discard(org, run)


def discard(org: Organization, run: Json) -> None:
    """Archive and delete a process, with a key that is allowed to if one is known."""
    org.send("DELETE", f"/runs/{run['id']}")
    client = org.client
    keys = (key for key in (org.key, *client.access.api_keys) if _deletes(Organization(client, org.id, key), run))
    next(keys, None)


def launch_badly(org: Organization, template: Json = None, **body: Json) -> Response:
    """Request a process that may be refused; deletes it if it is launched."""
    response = org.send("POST", "/runs", json=launch_body(template or plain_template(org), **body))
    if response.status < 300:
        discard(org, Organization.data_of(response))
    return response


def first(org: Organization, path: str, **query: Json) -> Json:
    """Return the first item of a list; raises NotChecked when it is empty."""
    found = org.get_body(path, per_page=1, **query)["data"]
    asked = "&".join(f"{name.rstrip('_')}={value}" for name, value in query.items())
    return found[0] if found else skip(f"nothing is listed by {path}?{asked}")


def member(client: Client, *, administrator: bool) -> Organization:
    """Return the organization as an administrator or another member sees it; raises NotChecked without such a key."""
    home = first_organization(client).id
    places = (first_organization(client, key=key) for key in client.access.api_keys)
    found = (org for org in places if org.id == home and _administers(org) == administrator)
    return next(found, None) or skip(f"no key is known of {'an administrator' if administrator else 'another member'}")


@probe("tallyfy.authentication.missing-client")
def missing_client(client: Client) -> Json:
    """Return the answer to a request without `X-Tallyfy-Client`."""
    return refusal(_without(client, b"x-tallyfy-client"))


@probe("tallyfy.authentication.accept")
def accept(client: Client) -> Json:
    """Return whether `Accept` may be omitted."""
    return by_status(_without(client, b"accept"), "any", "required")


@probe("tallyfy.errors.unauthenticated-code")
def unauthenticated_code(client: Client) -> Json:
    """Return the `code` of a 401."""
    return code_of(probes.send_without_key(client).json())


@probe("tallyfy.errors.forbidden-message", needs=("write", "second-key"))
def forbidden_message(client: Client) -> Json:
    """Return the message to a member who deletes a process, which only administrators may."""
    org = member(client, administrator=False)
    with process(first_organization(client)) as run:
        response = org.send("DELETE", f"/runs/{run['id']}/delete")
    skip_unless(response.status == 403, f"a member who deletes gets {response.status}")
    return message_of(response.json())


@probe("tallyfy.errors.foreign-organization", needs=("other-tenant",))
def foreign_organization(client: Client) -> Json:
    """Return the answer to reading an organization that the token does not belong to."""
    other = first_organization(client, key=client.other_tenant_key)
    return refusal(client.call("getOrganization", {"org_id": other.id}))


@probe("tallyfy.errors.foreign-object", needs=("other-tenant",))
def foreign_object(client: Client) -> Json:
    """Return whether another organization's process is unknown or forbidden in one's own."""
    theirs = first(first_organization(client, key=client.other_tenant_key), "/runs")
    status = first_organization(client).send("GET", f"/runs/{theirs['id']}").status
    return {404: "not-found", 403: "forbidden"}.get(status, status)


@probe("tallyfy.errors.validation-message", needs=("write",))
def validation_message(client: Client) -> Json:
    """Return the message of a 422."""
    return message_of(_invalid(client)) or skip("a 422 has no message here")


@probe("tallyfy.errors.validation-members", needs=("write",))
def validation_members(client: Client) -> Json:
    """Return the members of the body of a 422."""
    body = _invalid(client)
    return [name for name in ("error", "message", "errors") if name in body]


@probe("tallyfy.errors.answer-names", needs=("write",))
def answer_names(client: Client) -> Json:
    """Return how the errors name a form field: by its id, or with its container and a dot in front."""
    org = first_organization(client)
    template = template_where(org, _demands, "whose kick-off form must be answered")
    errors = org.send("POST", "/runs", json={"checklist_id": template["id"]}).json()["errors"]
    names = {"bare": _demands(template), "dotted": {f"prerun.{id}" for id in _demands(template)}}
    return next((form for form, wanted in names.items() if wanted <= set(errors)), sorted(errors))


def _administers(org: Organization) -> bool:
    return bool(org.get("/me").get("role") == "admin")


def _deletes(org: Organization, run: Json) -> bool:
    return org.send("DELETE", f"/runs/{run['id']}/delete").status < 300


def _demands(template: Json) -> set[str]:
    """Return the required fields of a kick-off form."""
    return {field["id"] for field in template["prerun"] if field["required"]}


def _without(client: Client, header: bytes) -> Response:
    """Return the response to a request that lacks a header."""
    request = client.request("GET", "/me")
    kept = tuple((name, value) for name, value in request.headers if name != header)
    return client.exchange(structs.replace(request, headers=kept)).response


def _invalid(client: Client) -> Json:
    """Return the body of a 422."""
    response = launch_badly(first_organization(client), user_id=NOBODY)
    skip_unless(response.status == 422, f"a launch for nobody gets {response.status}")
    return response.json()
