"""Kognitos: the names of files, and the upload of their content.

Files cannot be deleted: those that a probe creates stay.
"""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.kognitos.driver import create_file, post_form, request_file, upload
from understudy_checks.kognitos.probes.access import NOTHING, refusal
from understudy_checks.probes import observes
from understudy_checks.readings import either, lifetime

Json = Any

UNSAFE = "a file (with #signs).pdf"
LIFETIMES = (300, 3600)


@observes("kognitos.files.missing-agent", needs=("write",))
def missing_agent(client: Client) -> Json:
    """Return whether a file may omit its agent with a key of the organization."""
    return either(request_file(client, file_name="test-file.pdf"), "accept", "reject")


@observes("kognitos.files.id-form", needs=("write",))
def id_form(client: Client) -> Json:
    """Return whether the id of a file is a storage address or an ordinary id."""
    return "address" if "://" in create_file(client)["id"] else "id"


@observes("kognitos.files.sanitizing", needs=("write",))
def sanitizing(client: Client) -> Json:
    """Return whether a file name with characters unfit for a storage address is kept or changed."""
    return "kept" if create_file(client, UNSAFE)["file_name"] == UNSAFE else "replaced"


@observes("kognitos.files.security-token", needs=("write",))
def security_token(client: Client) -> Json:
    """Return whether the form fields contain a security token."""
    return any("security-token" in name.lower() for name in create_file(client)["upload_fields"])


@observes("kognitos.upload.lifetime", needs=("write", "advance"))
def upload_lifetime(client: Client) -> Json:
    """Return for how many seconds an upload URL is valid; null for ever."""
    files = [create_file(client) for _ in range(2 * len(LIFETIMES) + 1)]
    return lifetime(client, LIFETIMES, lambda: upload(client, files.pop()).status < 300)


@observes("kognitos.upload.refused", needs=("write",))
def upload_refused(client: Client) -> Json:
    """Return the answer to a form for an unknown upload URL."""
    file = create_file(client)
    base, _, _ = file["upload_url"].rpartition("/")
    return refusal(post_form(client, f"{base}/{NOTHING}", file["upload_fields"], b"content"))


@observes("kognitos.upload.fields-checked", needs=("write",))
def upload_fields_checked(client: Client) -> Json:
    """Return whether a form without one of its fields is refused."""
    file = create_file(client)
    fields = dict(list(file["upload_fields"].items())[:-1])
    return either(upload(client, file, fields=fields), False, True)


@observes("kognitos.upload.again", needs=("write",))
def upload_again(client: Client) -> Json:
    """Return whether a second upload to the same URL replaces the first or is refused."""
    file = create_file(client)
    first, second = upload(client, file), upload(client, file)
    return either(second if first.status < 300 else first, "replace", "reject")
