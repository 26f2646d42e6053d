"""Mutants of Tallyfy's files."""

from __future__ import annotations

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import (
    accept_when,
    ignore_body,
    map_bytes,
    optional_body,
    patch_document,
    replace_handler,
    set_members,
    set_status,
)

UPLOADS = ("uploadFile", "uploadAsset")
FORM = "/components/schemas/Upload"


def _first(call: Call) -> Reply:
    asset = next(iter(call.store["assets"]), {"id": "", "filename": "a.pdf", "uploaded_from": "", "subject": {}})
    return Reply(encode({"data": asset}))


def _empty(call: Call) -> Reply:
    return Reply(b"", 200)


def _text(handler: Handler, call: Call) -> Reply:
    """Send the content of a file as if it were text in UTF-8."""
    reply = handler(call)
    return Reply(bytes(reply.body).decode("utf-8", "replace").encode(), reply.status, reply.head)  # type: ignore[arg-type]


def _unnamed(handler: Handler, call: Call) -> Reply:
    reply = handler(call)
    return Reply(reply.body, reply.status, ((b"content-disposition", b"attachment"), *reply.head[:1]))


def _attached(handler: Handler, call: Call) -> Reply:
    reply = handler(call)
    name, told = reply.head[1]
    return Reply(reply.body, reply.status, (reply.head[0], (name, told.replace(b"inline", b"attachment"))))


def _keep(handler: Handler, call: Call) -> Reply:
    kept = [(name, call.store[name].get(call.arguments["asset_id"])) for name in ("assets", "contents")]
    reply = handler(call)
    for name, record in kept:
        if record is not None:
            call.store[name].put(record)
    return reply


def _forget_files(handler: Handler, call: Call) -> Reply:
    """Keep only the first file of a list."""
    for answer in (call.body.get("taskdata") or {}).values():
        if isinstance(answer, list):
            del answer[1:]
    return handler(call)


MUTANTS: Table = {
    "files.uploaded": {
        "An upload is answered 201.": set_status("uploadFile", 201),
        "A file has no step.": ignore_body(UPLOADS, "step_id"),
    },
    "files.metadata": {"A file has another version when it is read.": set_members("getAsset", version=2)},
    "files.either-path": {"The other path is answered 201.": set_status("uploadAsset", 201)},
    "files.required": {"A file need not belong to a field.": optional_body(UPLOADS, FORM, uploaded_from="field")},
    "files.extensions": {"A file may have any name.": accept_when(UPLOADS, "invalid", _first)},
    "files.subject": {
        "A file may belong to anything.": patch_document(f"{FORM}/properties/subject_type", {"type": "string"})
    },
    "files.attached": {"A field takes one file only.": replace_handler("updateTask", _forget_files)},
    "files.downloaded": {
        "A download is text.": replace_handler("downloadFile", _text),
        "A download ends with a line end.": map_bytes("downloadFile", lambda content: content + b"\n"),
    },
    "files.viewed": {"What is viewed is an attachment.": replace_handler("viewFile", _attached)},
    "files.download-name": {"A download has no name.": replace_handler("downloadFile", _unnamed)},
    "files.deleted": {
        "A deleted file stays.": replace_handler("deleteFile", _keep),
        "A deletion is answered 204.": set_status("deleteFile", 204),
    },
    "files.archived": {"An archived file stays.": replace_handler("archiveAsset", _keep)},
    "files.unknown-file": {
        "Deleting an unknown file is answered 200.": accept_when("deleteFile", "not-found", _empty),
        "An unknown file is read as another one.": accept_when("getAsset", "not-found", _first),
    },
}
