"""Mutants of Kognitos' files: creation and upload."""

from __future__ import annotations

from typing import Any

from understudy.engine import auth
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    chain,
    coerce_body,
    drop_members,
    map_item,
    on_request,
    optional_body,
    patch_document,
    reject_when,
    replace_handler,
    replace_step,
    set_body,
    set_members,
    set_status,
    swap_error,
    with_notes,
)

CREATE = "createFile"
UPLOAD = "uploadFile"
SCHEMA = "/components/schemas/CreateFile"
NAME = f"{SCHEMA}/properties/file_name"
AGENT = f"{SCHEMA}/properties/agent_id"
FORM = "/paths/~1uploads~1{token}/post/requestBody/content/multipart~1form-data/schema"
TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 256}


def _keep_ids(ids: dict[str, Any]) -> Breakage:
    def keep(call: Call, file: Any) -> Any:
        return {**file, "id": ids.setdefault(f"{call.world.id} {file['file_name']}", file["id"])}

    return map_item(CREATE, keep)


def _keep_addresses(files: dict[str, Any]) -> Breakage:
    def keep(call: Call, file: Any) -> Any:
        first = files.setdefault(f"{call.world.id} {call.now} {file['file_name']}", file)
        return {**file, "upload_url": first["upload_url"], "upload_fields": first["upload_fields"]}

    return map_item(CREATE, keep)


def _is_unknown_agent(call: Call) -> bool:
    return call.store["agents"].row(call.body.get("agent_id", "")) is None


def _answer_with_a_body(handler: Handler, call: Call) -> Reply:
    handler(call)
    return Reply(encode({}), 200)


_without_address_check: Breakage = replace_step("authenticate", lambda step, call: auth.authenticate(call))


def _complete_the_address(call: Call) -> None:
    given = call.arguments["token"]
    known = (record["id"] for store in call.tenants.values() for record in store["uploads"])
    call.arguments["token"] = next((id for id in known if id[:20] == given[:20]), given)


MUTANTS: Table = {
    "files.created": {
        "Making a file is answered 200.": set_status(CREATE, 200),
    },
    "files.fields": {
        "The answer lacks the headers of the upload.": drop_members(CREATE, "upload_http_headers"),
        "A field of the upload is a number.": set_members(CREATE, upload_fields={"key": 1}),
        "The answer's name is empty.": set_members(CREATE, file_name=""),
    },
    "files.upload-method": {
        "The method of the upload is PUT.": set_members(CREATE, upload_http_method="PUT"),
    },
    "files.two-calls-two-files": {
        "A name of a file is answered with the id that it had before.": with_notes(_keep_ids),
        "Equal calls of one moment get one address.": with_notes(_keep_addresses),
    },
    "files.file-name-is-required": {
        "Without a name a file is called file.": optional_body(CREATE, SCHEMA, file_name="file"),
        "Null as a name is taken for file.": coerce_body(
            CREATE, NAME, lambda name: name or "file", {**TEXT, "type": ["string", "null"]}
        ),
    },
    "files.wrong-types": {
        "The name of a file that is no text is written as one.": coerce_body(CREATE, NAME, str),
    },
    "files.name-length": {
        "A name of 256 characters is refused.": patch_document(f"{NAME}/maxLength", 255),
        "A name of 257 characters is accepted.": patch_document(f"{NAME}/maxLength", 257),
        "An empty name is taken for file.": coerce_body(
            CREATE, NAME, lambda name: name or "file", {**TEXT, "minLength": 0}
        ),
    },
    "files.agent-id-form": {
        "The agent of a file is looked up, whatever it looks like.": patch_document(AGENT, {"type": "string"}),
        "The agent of a file may have 27 characters.": patch_document(
            AGENT, {**TEXT, "maxLength": 27, "pattern": "^[A-Za-z0-9_-]+$"}
        ),
    },
    "files.unknown-agent": {
        "A file's agent that does not exist is answered 400.": swap_error(CREATE, "agent-not-found", "invalid"),
        "A file is made for an agent that does not exist.": set_body(
            CREATE, agent_id=lambda call: next(iter(call.store["agents"]))["id"], when=_is_unknown_agent
        ),
    },
    "files.agent-of-the-key": {
        "Without an agent no file is made, whatever the key.": reject_when(
            CREATE, lambda call: "agent_id" not in call.body
        ),
    },
    "upload.accepted": {
        "An upload is answered 200 with a body.": replace_handler(UPLOAD, _answer_with_a_body),
        "The content of a file whose key has an underscore is refused.": reject_when(
            UPLOAD, lambda call: "_" in call.body.get("key", ""), "upload-refused"
        ),
    },
    "upload.any-content": {
        "A content that is no ASCII text is refused.": reject_when(
            UPLOAD, lambda call: not call.body["file"].isascii()
        ),
        "An empty content is refused.": reject_when(UPLOAD, lambda call: not call.body["file"]),
        "A content of more than a megabyte is refused.": reject_when(
            UPLOAD, lambda call: len(call.body["file"]) > 1 << 20, "body-too-large"
        ),
    },
    "upload.needs-no-key": {
        "An upload without a key is refused.": reject_when(
            UPLOAD, lambda call: not call.request.header("x-api-key"), "missing-credential"
        ),
    },
    "upload.without-file": {
        "A form without content is accepted.": patch_document(f"{FORM}/required", []),
    },
    "upload.unknown-address": {
        "A form to any address is accepted.": chain(
            _without_address_check, replace_handler(UPLOAD, lambda handler, call: Reply(b"", 204))
        ),
        "A form is accepted when its address begins as one that was given out.": chain(
            _without_address_check, on_request(UPLOAD, _complete_the_address)
        ),
    },
}
