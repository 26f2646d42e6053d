"""Kognitos that makes files wrongly, or takes their contents wrongly."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import before, lacking, members, mistaken, refusing, respecified
from contract_tests.mutants.kognitos import answering
from mock_server.api import Api, Call, Reply
from mock_server.store import encode

Json = Any

CREATE = "createFile"
UPLOAD = "uploadFile"
FIELDS = "/components/schemas/CreateFile/properties"
FORM = "/paths/~1uploads~1{token}/post/requestBody/content/multipart~1form-data/schema"


@mutant("kognitos.files.created")
def making_is_answered_200(api: Api) -> Api:
    """Making a file is answered 200."""
    return handled(api, createFile=lambda call: structs.replace(api.handlers[CREATE](call), status=200))


@mutant("kognitos.files.fields")
def no_headers_are_told(api: Api) -> Api:
    """The answer lacks the headers of the upload."""
    return answering(api, lacking("upload_http_headers"), CREATE)


@mutant("kognitos.files.fields")
def fields_are_numbers(api: Api) -> Api:
    """A field of the upload is a number."""
    return answering(api, lambda call, file: {**file, "upload_fields": {"key": 1}}, CREATE)


@mutant("kognitos.files.fields")
def names_are_not_told(api: Api) -> Api:
    """The answer's name is empty."""
    return answering(api, members(file_name=""), CREATE)


@mutant("kognitos.files.upload-method")
def contents_are_put(api: Api) -> Api:
    """The method of the upload is PUT."""
    return answering(api, members(upload_http_method="PUT"), CREATE)


@mutant("kognitos.files.two-calls-two-files")
def equal_names_are_one_file(api: Api) -> Api:
    """A name of a file is answered with the id that it had before."""
    known: dict[str, str] = {}

    def same(call: Call, file: Json) -> Json:
        return {**file, "id": known.setdefault(f"{call.world.id} {file['file_name']}", file["id"])}

    return answering(api, same, CREATE)


@mutant("kognitos.files.two-calls-two-files")
def files_share_an_address(api: Api) -> Api:
    """Equal calls of one moment get one address."""
    known: dict[str, Json] = {}

    def same(call: Call, file: Json) -> Json:
        first: Json = known.setdefault(f"{call.world.id} {call.now} {file['file_name']}", file)
        return {**file, "upload_url": first["upload_url"], "upload_fields": first["upload_fields"]}

    return answering(api, same, CREATE)


@mutant("kognitos.files.file-name-is-required")
def files_need_no_name(api: Api) -> Api:
    """Without a name a file is called file."""
    relaxed = respecified(api, "/components/schemas/CreateFile/required", [])
    return before(relaxed, lambda call: call.body.setdefault("file_name", "file"), CREATE)


@mutant("kognitos.files.file-name-is-required")
def null_is_a_file_name(api: Api) -> Api:
    """Null as a name is taken for file."""
    relaxed = respecified(api, f"{FIELDS}/file_name", {"type": ["string", "null"], "minLength": 1, "maxLength": 256})
    return before(relaxed, lambda call: call.body.update(file_name=call.body["file_name"] or "file"), CREATE)


@mutant("kognitos.files.wrong-types")
def file_names_may_be_anything(api: Api) -> Api:
    """The name of a file that is no text is written as one."""
    relaxed = respecified(api, f"{FIELDS}/file_name", {})
    return before(relaxed, lambda call: call.body.update(file_name=str(call.body["file_name"])), CREATE)


@mutant("kognitos.files.name-length")
def file_names_end_at_255(api: Api) -> Api:
    """A name of 256 characters is refused."""
    return respecified(api, f"{FIELDS}/file_name/maxLength", 255)


@mutant("kognitos.files.name-length")
def file_names_may_be_long(api: Api) -> Api:
    """A name of 257 characters is accepted."""
    return respecified(api, f"{FIELDS}/file_name/maxLength", 257)


@mutant("kognitos.files.name-length")
def file_names_may_be_empty(api: Api) -> Api:
    """An empty name is taken for file."""
    relaxed = respecified(api, f"{FIELDS}/file_name/minLength", 0)
    return before(relaxed, lambda call: call.body.update(file_name=call.body["file_name"] or "file"), CREATE)


@mutant("kognitos.files.agent-id-form")
def agents_of_files_may_be_anything(api: Api) -> Api:
    """The agent of a file is looked up, whatever it looks like."""
    return respecified(api, f"{FIELDS}/agent_id", {"type": "string"})


@mutant("kognitos.files.agent-id-form")
def agents_of_files_may_be_long(api: Api) -> Api:
    """The agent of a file may have 27 characters."""
    return respecified(
        api, f"{FIELDS}/agent_id", {"type": "string", "minLength": 1, "maxLength": 27, "pattern": "^[A-Za-z0-9_-]+$"}
    )


@mutant("kognitos.files.unknown-agent")
def an_unknown_agent_of_a_file_is_invalid(api: Api) -> Api:
    """A file's agent that does not exist is answered 400."""
    return mistaken(api, "agent-not-found", "invalid", CREATE)


@mutant("kognitos.files.unknown-agent")
def the_agent_of_a_file_is_not_checked(api: Api) -> Api:
    """A file is made for an agent that does not exist."""

    def known(call: Call) -> None:
        if call.store["agents"].row(call.body.get("agent_id", "")) is None:
            call.body["agent_id"] = next(iter(call.store["agents"]))["id"]

    return before(api, known, CREATE)


@mutant("kognitos.files.agent-of-the-key")
def files_always_need_an_agent(api: Api) -> Api:
    """Without an agent no file is made, whatever the key."""
    return refusing(api, lambda call: "agent_id" not in call.body, CREATE)


@mutant("kognitos.upload.accepted")
def uploading_is_answered_200(api: Api) -> Api:
    """An upload is answered 200 with a body."""

    def upload(call: Call) -> Reply:
        api.handlers[UPLOAD](call)
        return Reply(encode({}), 200)

    return handled(api, uploadFile=upload)


@mutant("kognitos.upload.accepted")
def uploads_of_names_with_spaces_are_refused(api: Api) -> Api:
    """The content of a file whose key has an underscore is refused."""
    return refusing(api, lambda call: "_" in call.body.get("key", ""), UPLOAD, kind="upload-refused")


@mutant("kognitos.upload.any-content")
def contents_must_be_text(api: Api) -> Api:
    """A content that is no ASCII text is refused."""
    return refusing(api, lambda call: not call.body["file"].isascii(), UPLOAD)


@mutant("kognitos.upload.any-content")
def contents_must_not_be_empty(api: Api) -> Api:
    """An empty content is refused."""
    return refusing(api, lambda call: not call.body["file"], UPLOAD)


@mutant("kognitos.upload.any-content")
def contents_must_be_small(api: Api) -> Api:
    """A content of more than a megabyte is refused."""
    return refusing(api, lambda call: len(call.body["file"]) > 1 << 20, UPLOAD, kind="body-too-large")


@mutant("kognitos.upload.needs-no-key")
def uploading_needs_a_key(api: Api) -> Api:
    """An upload without a key is refused."""
    return refusing(api, lambda call: not call.request.header("x-api-key"), UPLOAD, kind="missing-credential")


@mutant("kognitos.upload.without-file")
def a_form_needs_no_file(api: Api) -> Api:
    """A form without content is accepted."""
    return respecified(api, f"{FORM}/required", [])


@mutant("kognitos.upload.unknown-address")
def every_address_is_known(api: Api) -> Api:
    """A form to any address is accepted."""
    return handled(api, uploadFile=lambda call: Reply(b"", 204))


@mutant("kognitos.upload.unknown-address")
def an_address_is_known_by_its_beginning(api: Api) -> Api:
    """A form is accepted when its address begins as one that was given out."""

    def upload(call: Call) -> Reply:
        start = call.arguments["token"][:20]
        stores = call.world.tenants["kognitos"].values()
        known = (record["id"] for store in stores for record in store["uploads"] if record["id"][:20] == start)
        call.arguments["token"] = next(known, call.arguments["token"])
        return api.handlers[UPLOAD](call)

    return handled(api, uploadFile=upload)
