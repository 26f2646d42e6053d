"""Tallyfy: files that are uploaded, described, downloaded, attached and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from understudy.engine.exchange import Response
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    answer_fields,
    first_organization,
    launch,
    launch_with_field,
    plain_template,
    stored_answers,
)
from understudy_checks.tallyfy.test_one_off_tasks import task as one_off
from understudy_checks.target.target import Target
from understudy_checks.wording import show

BOUNDARY = "understudy-7d1a"
EXTENSIONS = (
    "xlsx xls pptx docx ppt doc rtf pdf txt mpga mov qt mp4 webm jpg jpeg gif png ai psd zip xml xps dwg csv tif bmp"
)
REQUIRED = ("subject_id", "subject_type", "uploaded_from")
CONTENTS = (
    b"",
    b"%PDF-1.7 \x00\xff\xfe",
    b"\r\n\r\n",
    f"-- {BOUNDARY}--\r\n\n--{BOUNDARY}".encode(),
    bytes(range(256)) * 64,
)


def upload(
    org: Organization, fields: Json, content: bytes | None = b"a", *, name: str = "a.pdf", path: str = "/file"
) -> Response:
    """Send a form with these fields and a file; without content there is none."""
    pieces = [f'name="{field}"\r\n\r\n{value}'.encode() for field, value in fields.items()]
    if content is not None:
        pieces.append(f'name="name"; filename="{name}"\r\nContent-Type: application/pdf\r\n\r\n'.encode() + content)
    begin = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    body = b"".join(begin + piece + b"\r\n" for piece in pieces) + f"--{BOUNDARY}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return org.client.send("POST", f"/organizations/{org.id}{path}", body=body, headers=headers, key=org.key)


@contextmanager
def uploaded(org: Organization, fields: Json, content: bytes = b"a", **more: str) -> Iterator[Json]:
    """Upload a file, and delete it after the block."""
    asset = org.data_of(upload(org, fields, content, **more))
    try:
        yield asset
    finally:
        org.send("DELETE", f"/file/{asset['id']}")


def of_run(run: Json, **more: str) -> Json:
    """The fields of a form for a process."""
    return {"subject_type": "Run", "subject_id": run["id"], "uploaded_from": "field", **more}


@rule("tallyfy.files.uploaded", "tallyfy.files.metadata", "tallyfy.files.either-path")
def test_a_file_is_uploaded(target: Target) -> None:
    """The answer tells what was given, on both paths; it reads the same."""
    with target.open() as client:
        org = first_organization(client)
        template = plain_template(org)
        run = launch(org, template)
        given = {"step_id": "a-step", "source": "url", "system": "Dropbox"}
        for path in ("/file", "/assets"):
            answer = upload(org, of_run(run, checklist_id=template["id"], **given), path=path)
            assert answer.status == 200, f"an upload must answer 200, not {answer.status}"
            asset = org.data_of(answer)
            wanted = {"filename": "a.pdf", "uploaded_from": "field", "version": 1, "uploaded_to_s3": True, **given}
            wanted["subject"] = {"id": run["id"], "type": "Run"}
            assert asset | wanted == asset, f"a file must have {show(wanted)}, not {show(asset)}"
            assert isinstance(asset["uploaded_at"], str), f"a file must have a time: {show(asset)}"
            assert org.get(f"/assets/{asset['id']}") == asset, "a file must read as it was answered"
            org.send("DELETE", f"/file/{asset['id']}")
        with uploaded(org, of_run(run)) as bare:
            got = [bare[name] for name in given]
            assert got == [None, "local", None], f"what is not given must have its default, not {show(got)}"
        with uploaded(org, of_run(run, uploaded_from="f", source="local")) as short:
            got = [short[name] for name in ("uploaded_from", "source")]
            assert got == ["f", "local"], f"what is given must be kept, not {show(got)}"


@rule("tallyfy.files.required", "tallyfy.files.extensions", "tallyfy.files.subject")
def test_a_file_is_uploaded_with_valid_fields(target: Target) -> None:
    """Fields are required, extensions are listed, and what the file belongs to is there."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        fields = of_run(run)
        for missing in REQUIRED:
            wrong = {name: value for name, value in fields.items() if name != missing}
            assert_refused(org, upload(org, wrong), missing)
        assert_refused(org, upload(org, fields, None), "name")
        assert_refused(org, upload(org, {**fields, "name": "a.pdf"}, None), "name")
        for other in ("exe", "html", "pdf.sh"):
            assert_refused(org, upload(org, fields, name=f"a.{other}"), "name")
        for extension in EXTENSIONS.split():
            for name in (f"a.{extension}", f"A.{extension.upper()}"):
                with uploaded(org, fields, name=name) as asset:
                    assert asset["filename"] == name, f"the name must be kept, not {show(asset['filename'])}"
        for wrong in ({"subject_id": UNKNOWN_ID}, {"subject_type": "Organization"}, {"subject_type": "Task"}):
            assert upload(org, {**fields, **wrong}).status == 422, f"{show(wrong)} must be refused with 422"
        with one_off(org) as task:
            of_others = [("Task", task["id"]), ("Checklist", run["checklist_id"])]
            for kind, id in of_others:
                with uploaded(org, {**fields, "subject_type": kind, "subject_id": id}) as asset:
                    assert asset["subject"] == {"id": id, "type": kind}, f"not its subject: {show(asset)}"


@rule("tallyfy.files.downloaded", "tallyfy.files.viewed", "tallyfy.files.download-name")
def test_a_file_is_downloaded(target: Target) -> None:
    """A download has the uploaded bytes, as an attachment with the name of the file."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        for content in CONTENTS:
            with uploaded(org, of_run(run), content, name="b.pdf") as asset:
                for end, attached in (("/dl", True), ("", False)):
                    response = org.send("GET", f"/file/{asset['id']}{end}")
                    assert response.status == 200, f"a download must answer 200, not {response.status}"
                    assert response.body == content, f"the bytes must be {show(content)}, not {show(response.body)}"
                    told = response.header("content-disposition") or ""
                    assert told.startswith("attachment") == attached, f"the disposition must not be {show(told)}"
                    assert not attached or 'filename="b.pdf"' in told, f"the name is missing in {show(told)}"


@rule("tallyfy.files.attached")
def test_a_file_is_attached_to_a_field(target: Target) -> None:
    """A list of uploaded files is the answer of a file field, as it was sent."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "file")
        sent = of_run(run, uploaded_from=field["id"], step_id=task["step_id"], checklist_id=run["checklist_id"])
        with uploaded(org, sent) as asset, uploaded(org, sent, name="b.pdf") as other:
            for files in ([asset], [asset, other], [other]):
                changed = answer_fields(org, run, task, {field["id"]: files})
                got = changed.get("taskdata", {}).get(field["id"], files)  # no page prints it
                assert got == files, f"the answer must be {show(files)}, not {show(got)}"
                shown = stored_answers(org, run, task)[field["id"]]
                assert shown == files, f"the field must show {show(files)}, not {show(shown)}"


@rule("tallyfy.files.deleted", "tallyfy.files.archived", "tallyfy.files.unknown-file")
def test_a_file_is_archived_and_deleted(target: Target) -> None:
    """An archived file is not found; nothing of a deleted one is."""
    with target.open() as client:
        org = first_organization(client)
        run = launch(org)
        with uploaded(org, of_run(run)) as asset:
            response = org.send("DELETE", f"/assets/{asset['id']}")
            assert response.status < 300, f"archiving must succeed, not answer {response.status}"
            org.assert_missing("GET", f"/assets/{asset['id']}")
            response = org.send("DELETE", f"/file/{asset['id']}")
            got = (response.status, bool(response.body))
            assert got == (200, False), f"a deletion must answer 200 without a body, not {show(got)}"
            for id in (asset["id"], UNKNOWN_ID):
                for path in (f"/file/{id}/dl", f"/file/{id}", f"/assets/{id}"):
                    org.assert_missing("GET", path)
                org.assert_missing("DELETE", f"/file/{id}")
                org.assert_missing("DELETE", f"/assets/{id}")


@rule("tallyfy.files.unknown-file", "tallyfy.files.subject", needs=("other-tenant", "write"))
def test_files_of_another_organization_are_closed(target: Target) -> None:
    """Nothing of them is read or deleted, and no file is added to what is of another organization."""
    with target.open() as client:
        org, foreign = first_organization(client), first_organization(client, key=client.other_tenant_key)
        run = launch(foreign)
        for path in ("/file", "/assets"):
            answer = upload(org, of_run(run), path=path)
            assert answer.status in (403, 404, 422), f"a file must not be added to it, as {answer.status} says"
        with uploaded(foreign, of_run(run), b"theirs") as asset:
            for path in (f"/file/{asset['id']}/dl", f"/file/{asset['id']}", f"/assets/{asset['id']}"):
                org.assert_missing("GET", path)
            org.assert_missing("DELETE", f"/assets/{asset['id']}")
            org.assert_missing("DELETE", f"/file/{asset['id']}")
            kept = foreign.send("GET", f"/file/{asset['id']}/dl")
            assert (kept.status, kept.body) == (200, b"theirs"), "a refused deletion must leave the file"


def assert_refused(org: Organization, response: Response, name: str) -> None:
    """Assert a 422 that names a field of the form."""
    assert response.status == 422, f"a form with a wrong {name} must be answered 422, not {response.status}"
    assert name in response.json()["errors"], f"the errors must name {name}: {show(response.body)}"
