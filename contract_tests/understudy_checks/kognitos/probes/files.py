"""What a server does where Kognitos' pages leave open how files are named, and how their content is posted.

Files cannot be deleted, so those that are made stay.
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
    """Whether the agent of a file may be left out with a key of the organization."""
    return either(request_file(client, file_name="test-file.pdf"), "accept", "reject")


@observes("kognitos.files.id-form", needs=("write",))
def id_form(client: Client) -> Json:
    """Whether the id of a file is a storage address, or an id like all others."""
    return "address" if "://" in create_file(client)["id"] else "id"


@observes("kognitos.files.sanitizing", needs=("write",))
def sanitizing(client: Client) -> Json:
    """Whether a file's name is kept that may not stand in a storage address, or something in it is replaced."""
    return "kept" if create_file(client, UNSAFE)["file_name"] == UNSAFE else "replaced"


@observes("kognitos.files.security-token", needs=("write",))
def security_token(client: Client) -> Json:
    """Whether there is a security token among the fields of the form."""
    return any("security-token" in name.lower() for name in create_file(client)["upload_fields"])


@observes("kognitos.upload.lifetime", needs=("write", "advance"))
def upload_lifetime(client: Client) -> Json:
    """How many seconds the address of an upload is good; null for ever."""
    files = [create_file(client) for _ in range(2 * len(LIFETIMES) + 1)]
    return lifetime(client, LIFETIMES, lambda: upload(client, files.pop()).status < 300)


@observes("kognitos.upload.refused", needs=("write",))
def upload_refused(client: Client) -> Json:
    """What a form gets whose address was never given out."""
    file = create_file(client)
    place, _, _ = file["upload_url"].rpartition("/")
    return refusal(post_form(client, f"{place}/{NOTHING}", file["upload_fields"], b"content"))


@observes("kognitos.upload.fields-checked", needs=("write",))
def upload_fields_checked(client: Client) -> Json:
    """Whether a form is refused that lacks one of its fields."""
    file = create_file(client)
    fields = dict(list(file["upload_fields"].items())[:-1])
    return either(upload(client, file, fields=fields), False, True)


@observes("kognitos.upload.again", needs=("write",))
def upload_again(client: Client) -> Json:
    """Whether a second upload to the same address replaces the first or is refused."""
    file = create_file(client)
    first, second = upload(client, file), upload(client, file)
    return either(second if first.status < 300 else first, "replace", "reject")
