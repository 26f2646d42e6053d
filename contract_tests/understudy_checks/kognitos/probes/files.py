"""Kognitos: the names of files, and the upload of their content.

Files cannot be deleted: those that a probe creates stay.
"""

from __future__ import annotations

from typing import Any

from understudy_checks.client import Client
from understudy_checks.kognitos.driver import create_file, post_form, refusal, request_file, upload
from understudy_checks.kognitos.probes.access import NOTHING
from understudy_checks.measurements import by_status, measure_lifetime
from understudy_checks.probes import probe

Json = Any

UNSAFE = "a file (with #signs).pdf"
LIFETIMES = (300, 3600)


@probe("kognitos.files.missing-agent", needs=("write",))
def missing_agent(client: Client) -> Json:
    """Return whether a file may omit its agent with a key of the organization."""
    return by_status(request_file(client, file_name="test-file.pdf"), "accept", "reject")


@probe("kognitos.files.id-form", needs=("write",))
def id_form(client: Client) -> Json:
    """Return whether the id of a file is a storage address or an ordinary id."""
    return "address" if "://" in create_file(client)["id"] else "id"


@probe("kognitos.files.sanitizing", needs=("write",))
def sanitizing(client: Client) -> Json:
    """Return whether a file name with characters unfit for a storage address is kept or changed."""
    return "kept" if create_file(client, UNSAFE)["file_name"] == UNSAFE else "replaced"


@probe("kognitos.files.security-token", needs=("write",))
def security_token(client: Client) -> Json:
    """Return whether the form fields contain a security token."""
    return any("security-token" in name.lower() for name in create_file(client)["upload_fields"])


@probe("kognitos.upload.lifetime", needs=("write", "advance"))
def upload_lifetime(client: Client) -> Json:
    """Return for how many seconds an upload URL is valid; null for ever."""
    files = [create_file(client) for _ in range(2 * len(LIFETIMES) + 1)]
    return measure_lifetime(client, LIFETIMES, lambda: upload(client, files.pop()).status < 300)


@probe("kognitos.upload.refused", needs=("write",))
def upload_refused(client: Client) -> Json:
    """Return the answer to a form for an unknown upload URL."""
    file = create_file(client)
    base, _, _ = file["upload_url"].rpartition("/")
    return refusal(post_form(client, f"{base}/{NOTHING}", file["upload_fields"], b"content"))


@probe("kognitos.upload.fields-checked", needs=("write",))
def upload_fields_checked(client: Client) -> Json:
    """Return whether a form without one of its fields is refused."""
    file = create_file(client)
    fields = dict(list(file["upload_fields"].items())[:-1])
    return by_status(upload(client, file, fields=fields), False, True)


@probe("kognitos.upload.again", needs=("write",))
def upload_again(client: Client) -> Json:
    """Return whether a second upload to the same URL replaces the first or is refused."""
    file = create_file(client)
    first, second = upload(client, file), upload(client, file)
    return by_status(second if first.status < 300 else first, "replace", "reject")
