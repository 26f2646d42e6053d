"""The operations on Tallyfy's files, which the API calls assets: uploaded, described, downloaded and deleted.

Source: Files > *. The bytes are kept apart from what is told of them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from mimetypes import MimeTypes
from urllib.parse import quote

from understudy.apis.tallyfy.envelope import nothing, single
from understudy.apis.tallyfy.records import find, new_id, stamp
from understudy.engine.call import Call, Json, Reply
from understudy.engine.exchange import Headers
from understudy.engine.forms import Part
from understudy.engine.problem import Problem
from understudy.engine.store import Record, Store, decode

_EXTENSIONS = (
    "xlsx xls pptx docx ppt doc rtf pdf txt mpga mov qt mp4 webm jpg jpeg gif png ai psd zip xml xps dwg csv tif bmp"
)
ALLOWED = frozenset(_EXTENSIONS.split(" "))
"""The extensions of file names that an upload takes (Files > Upload & attach file > Allowed file types)."""
ASSET_DEFAULTS: Record = {
    "version": 1,
    "uploaded_from": "ko_field",
    "step_id": None,
    "source": "local",
    "system": None,
    "uploaded_to_s3": True,
}
"""The members of a file that nothing gives."""
_SUBJECTS = {"Run": "runs", "Checklist": "templates", "Task": "tasks"}
_TYPES = MimeTypes()  # the standard library's own table, whatever this machine's configuration
_BYTES = "application/octet-stream"


def upload_asset(call: Call) -> Reply:
    """POST /organizations/{org_id}/file, and /assets: stores a file."""
    part = _file(call)
    _check_subject(call)
    id, body = new_id(call), call.body
    given = {name: body[name] for name in ("uploaded_from", "step_id", "source", "system") if name in body}
    asset = {**ASSET_DEFAULTS, **given, "id": id, "filename": part.filename, "uploaded_at": stamp(call.now)}
    asset |= {"subject": {"id": body["subject_id"], "type": body["subject_type"]}, "_": {"archived_at": None}}
    call.store["contents"].put({"id": id, "base64": b64encode(part.content).decode()})
    call.store["assets"].put(asset)
    return Reply(single(shown_asset(asset)))


def get_asset(call: Call) -> Reply:
    """GET /organizations/{org_id}/assets/{asset_id}."""
    asset = find(call, "assets", call.arguments["asset_id"])
    if asset["_"]["archived_at"]:
        raise Problem("not-found")
    return Reply(single(shown_asset(asset)))


def archive_asset(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/assets/{asset_id}: archives the record and keeps the file."""
    asset = find(call, "assets", call.arguments["asset_id"])
    if asset["_"]["archived_at"]:
        raise Problem("not-found")
    asset["_"]["archived_at"] = stamp(call.now)
    call.store["assets"].put(asset)
    return Reply(nothing(call))


def delete_asset(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/file/{asset_id}: deletes the record and the file."""
    asset = find(call, "assets", call.arguments["asset_id"])
    _remove(call.store, asset["id"])
    return Reply(b"", 200)


def download_file(call: Call) -> Reply:
    """GET /organizations/{org_id}/file/{asset_id}/dl."""
    return _content(call, "attachment", inline=False)


def view_file(call: Call) -> Reply:
    """GET /organizations/{org_id}/file/{asset_id}."""
    return _content(call, "inline", inline=True)


def shown_asset(asset: Record) -> Json:
    """Return the served form of a file."""
    return {name: value for name, value in asset.items() if name != "_"}


def assets_of(call: Call, subject: str) -> list[Json]:
    """Return the files of a process, template or one-off task that are not archived, oldest first."""
    rows = call.store["assets"].query([("subject", subject)])
    found = [decode(row) for row in rows.slice(0, rows.size())]
    return [shown_asset(asset) for asset in found if not asset["_"]["archived_at"]]


def remove_assets(store: Store, subject: str) -> None:
    """Delete the files of what is deleted."""
    for id in list(store["assets"].query([("subject", subject)]).ids):
        _remove(store, id)


def disposition(kind: str, name: str) -> bytes:
    """Return a `Content-Disposition` with a file name (RFC 6266): in ASCII, and as it is where that differs."""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{kind}; filename="{plain}"{extended}'.encode()


def _content(call: Call, kind: str, *, inline: bool) -> Reply:
    asset = find(call, "assets", call.arguments["asset_id"])
    if asset["_"]["archived_at"] and call.assumed("tallyfy.files.archived-content") == "not-found":
        raise Problem("not-found")
    name = asset["filename"]
    guessed = inline or call.assumed("tallyfy.files.download-type") == "guessed"
    media_type = (_TYPES.guess_type(name)[0] if guessed else None) or _BYTES
    head: Headers = ((b"content-type", media_type.encode()), (b"content-disposition", disposition(kind, name)))
    return Reply(b64decode(call.store["contents"].require(asset["id"])["base64"]), 200, head)


def _file(call: Call) -> Part:
    """The file of a form; raises Problem invalid for a part that is none, or whose name is not allowed."""
    part = call.parts["name"][-1]
    if not part.filename:
        raise Problem("invalid", fields={"name": ["The name must be a file."]})
    extension = part.filename.rpartition(".")[2].lower()
    if extension not in ALLOWED:
        raise Problem("invalid", fields={"name": [f"The name must be a file of type: {', '.join(sorted(ALLOWED))}."]})
    return part


def _check_subject(call: Call) -> None:
    """Raise Problem invalid unless what the file belongs to is there."""
    collection = _SUBJECTS[call.body["subject_type"]]
    if call.store[collection].row(call.body["subject_id"]) is None:
        raise Problem("invalid", fields={"subject_id": ["The selected subject id is invalid."]})


def _remove(store: Store, id: str) -> None:
    store["assets"].remove(id)
    store["contents"].remove(id)
