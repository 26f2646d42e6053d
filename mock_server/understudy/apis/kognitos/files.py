"""The operations on Kognitos' files, and the storage that their content is uploaded to.

Source: the page Files.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from mimetypes import MimeTypes

from understudy.apis.kognitos.records import new_id
from understudy.engine.call import Call, Reply
from understudy.engine.clock import rfc3339
from understudy.engine.ids import BASE36
from understudy.engine.problem import Problem
from understudy.engine.store import Record, Store, encode

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_TYPES = MimeTypes()  # the standard library's own table, whatever this machine's configuration


def create_file(call: Call) -> Reply:
    """POST /files: creates a file and the form for the upload of its content (Files > Create File)."""
    given = call.body.get("agent_id", call.credential.scope)
    if given is None and call.assumed("kognitos.files.missing-agent") == "reject":
        raise Problem("invalid", "agent_id is required with a key of the whole organization")
    agent_id = None if given is None else call.find_shared("agents", given)["id"]
    name = _stored_name(call, call.body["file_name"])
    id = new_id(call.ids)
    key = f"{agent_id or 'organization'}/{id}/{name}"
    if call.assumed("kognitos.files.id-form") == "address":
        id = f"s3://bucket/{key}"
    token = call.url_token(32)
    fields = _upload_fields(call, key, name)
    call.store["files"].put({"id": id, "agent_id": agent_id, "file_name": name, "uploaded": False})
    call.store["uploads"].put({"id": token, "file_id": id, "fields": fields, "made": call.now})
    return Reply(encode({
        "id": id,
        "file_name": name,
        "upload_url": call.url(f"/uploads/{token}"),
        "upload_http_method": "POST",
        "upload_http_headers": {},
        "upload_fields": fields,
    }))  # fmt: skip


def upload_file(call: Call) -> Reply:
    """POST /uploads/{token}: takes the content; the URL is the only credential."""
    store, upload, file = find_upload(call, call.arguments["token"])
    lifetime = call.assumed("kognitos.upload.lifetime")
    if lifetime is not None and call.now - upload["made"] >= lifetime * 1000:
        raise Problem("upload-refused", "Policy expired")
    if call.assumed("kognitos.upload.fields-checked"):
        for name, value in upload["fields"].items():
            if call.body.get(name) != value:
                raise Problem("upload-refused", f"The form's {name} is not the one of upload_fields")
    if file["uploaded"] and call.assumed("kognitos.upload.again") == "reject":
        raise Problem("upload-refused", "The content is there already")
    content = call.parts["file"][-1].content
    arrived = {"size": len(content), "sha256": sha256(content).hexdigest()}
    store["files"].put({**file, "uploaded": True, **arrived})
    return Reply(b"", 204)


def find_upload(call: Call, token: str) -> tuple[Store, Record, Record]:
    """Find the store, upload and file of a URL token; raises Problem upload-refused for an unknown one."""
    store = call.owner_store("uploads", token)
    upload = store["uploads"].get(token) if store else None
    file = store["files"].get(upload["file_id"]) if store and upload else None
    if not store or not upload or not file:
        raise Problem("upload-refused")
    return store, upload, file


def _stored_name(call: Call, name: str) -> str:
    if call.assumed("kognitos.files.sanitizing") == "kept":
        return name
    return _UNSAFE.sub("_", name)


def _upload_fields(call: Call, key: str, name: str) -> dict[str, str]:
    """The form fields that accompany the content, as printed in the documentation."""
    policy = encode({"conditions": [{"key": key}], "from": rfc3339(call.now)})
    fields = {
        "key": key,
        "AWSAccessKeyId": call.ids.take(20, BASE36).upper(),
        "policy": b64encode(policy).decode(),
        "signature": call.ids.take(28),
        "Content-Type": _TYPES.guess_type(name)[0] or "application/octet-stream",
    }
    if call.assumed("kognitos.files.security-token"):
        fields["x-amz-security-token"] = call.ids.take(64)
    return fields
