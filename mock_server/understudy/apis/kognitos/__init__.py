"""Kognitos: its seven operations, the storage that files are uploaded to, and what a person does in its app.

Sources: the pages Runs, Processes, Files, Health, API Keys and Platform Capacities; what they say is a rule in
`openapi/kognitos.yaml`, what they leave open an assumption there. Must not know HTTP.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from mimetypes import MimeTypes
from urllib.parse import unquote

from understudy.apis.kognitos import runs as runs
from understudy.apis.kognitos import seed
from understudy.apis.kognitos.records import FINAL, LAYOUTS, WAITING
from understudy.document.compile import load
from understudy.engine import auth
from understudy.engine.api import Api
from understudy.engine.call import Call, Json, Reply
from understudy.engine.clock import rfc3339
from understudy.engine.credential import Credential
from understudy.engine.exchange import Response
from understudy.engine.ids import BASE36, Ids
from understudy.engine.paging import descending
from understudy.engine.pipeline import STEPS
from understudy.engine.problem import Problem, Refusal
from understudy.engine.store import Projected, Record, Store, decode, encode

_ID = re.compile(r"[A-Za-z0-9_-]{1,26}", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_TYPES = MimeTypes()  # the standard ones, not what this machine is configured with
_OK = encode({"status": "OK"})


def list_runs(call: Call) -> Reply:
    """GET /runs."""
    process = _process(call, call.arguments["agent_id"], call.arguments["process_id"])
    kept = call.store["runs"].listing((process["id"], call.arguments.get("stage")), descending=descending(call))
    return Reply(Projected(kept, runs.renderer(call)))


def create_run(call: Call) -> Reply:
    """POST /runs: an independent run, which goes on by itself (Runs > Start a Run)."""
    body, store = call.body, call.store
    process = _process(call, body["agent_id"], body["process_id"])
    _check_stage(call, process["stage"], body["stage"])
    unreadable = [id for id in body.get("file_ids") or () if not _check_file(call, process["agent_id"], id)]
    _check_inputs(call, process, body.get("inputs"))
    most = call.assumed("kognitos.runs.concurrency-cap")
    if most is not None and runs.active(store, call.now) >= most:
        raise Problem("over-capacity")
    run = runs.started(call, process, body) | {"id": _new_id(call.ids)}
    if unreadable:
        run["outcome"] = "Failed"
    shown = decode(runs.renderer(call)(runs.keep(store, run)))
    return Reply(encode({**shown, "status": "Created"}))


def get_run(call: Call) -> Reply:
    """GET /runs/{run_id}."""
    id = call.arguments["run_id"]
    run = call.store["runs"].get(id)
    if run is None:
        raise _missing(call, "runs", id, Problem("run-not-found"))
    if call.credential.scope not in (None, run["agent_id"]):
        raise Problem("out-of-scope")
    return Reply(runs.renderer(call)(encode(run)))


def list_processes(call: Call) -> Reply:
    """GET /processes."""
    agent_id = _agent(call, call.arguments["agent_id"])
    kept = call.store["processes"].listing(agent_id, descending=descending(call))
    return Reply(Projected(kept, lambda row: _shown(decode(row))))


def get_process(call: Call) -> Reply:
    """GET /processes/{process_id}."""
    return Reply(_shown(_process(call, call.arguments["agent_id"], call.arguments["process_id"])))


def create_file(call: Call) -> Reply:
    """POST /files: a file without content, and where to post that (Files > Create File)."""
    given = call.body.get("agent_id", call.credential.scope)
    if given is None and call.assumed("kognitos.files.missing-agent") == "reject":
        raise Problem("invalid", "agent_id is required with a key of the whole organization")
    agent_id = None if given is None else _agent(call, given)
    name = _kept_name(call, call.body["file_name"])
    id = _new_id(call.ids)
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
    """POST /uploads/{token}: the storage's side; the address is all that lets a caller in."""
    store, upload, file = _upload(call, call.arguments["token"])
    lifetime = call.assumed("kognitos.upload.lifetime")
    if lifetime is not None and call.now - upload["made"] >= lifetime * 1000:
        raise Problem("upload-refused", "Policy expired")
    if call.assumed("kognitos.upload.fields-checked"):
        for name, value in upload["fields"].items():
            if call.body.get(name) != value:
                raise Problem("upload-refused", f"The form's {name} is not the one of upload_fields")
    if file["uploaded"] and call.assumed("kognitos.upload.again") == "reject":
        raise Problem("upload-refused", "The content is there already")
    store["files"].put({**file, "uploaded": True})
    return Reply(b"", 204)


def authenticate(call: Call) -> Response | None:
    """Find the caller; for an upload its address, which is looked up before the content is read."""
    if call.operation.id == "uploadFile":
        _upload(call, unquote(call.segments[0]))
    return auth.authenticate(call)


def get_health(call: Call) -> Reply:
    """GET /health."""
    return Reply(_OK)


def end_run(outcome: str) -> Callable[[Call], Json]:
    """What ends a run at once with this outcome: a person's Cancel, an error, too much time."""

    def end(call: Call) -> Json:
        return _changed(call, runs.ended(_open_run(call), outcome, call.now))

    return end


def wait_for_person(call: Call) -> Json:
    """An exception: the run stops until somebody answers it (Platform Capacities > Concurrency)."""
    run = _open_run(call)
    if runs.status(run, call.now) == WAITING:
        raise Problem("refused", f"run {run['id']} waits for a person already")
    return _changed(call, runs.waiting(run, _course(call, run), call.now))


def resume_run(call: Call) -> Json:
    """Somebody answers the exception: the run goes on."""
    run = _open_run(call)
    if runs.status(run, call.now) != WAITING:
        raise Problem("refused", f"run {run['id']} waits for nobody")
    return _changed(call, runs.resumed(run, _course(call, run), call.now))


def revoke_key(call: Call) -> Json:
    """A key is deleted in the app: at once, for all requests (API Keys)."""
    credential = call.world.credentials.get(("kognitos", call.body["key"]))
    if credential is None:
        raise Problem("not-found", f"this world has no key {call.body['key']}")
    call.world.credentials["kognitos", credential.token] = credential._replace(state="revoked")
    return {"key": credential.token, "state": "revoked"}


def error_body(call: Call, refusal: Refusal) -> Json:
    """The body of an error: the documented ErrorModel, or what its `code` names (see `x-errors`)."""
    status, code, message, _ = refusal
    if code == "gateway":
        return {"message": "Forbidden" if status == 403 else message}
    if code == "status-code":
        return {"statusCode": status, "message": message}
    body: dict[str, Json] = {"status_code": status, "message": message, "details": None}
    if code == "absent":
        del body["details"]
    if code == "list":
        body["details"] = [{"message": message}]
    return body


def new_key(ids: Ids) -> str:
    """A key: opaque, no shape is documented (API Keys)."""
    return ids.take(40)


def access_info(credentials: Sequence[Credential], tenants: Mapping[str, Store]) -> dict[str, Json]:
    """The keys of a world by what they are good for, and the ids that no operation lists; the first tenant is home."""
    home, *others = tenants
    valid = [c for c in credentials if c.state == "valid"]
    whole = [c.token for c in valid if c.tenant == home and c.scope is None]
    scoped = next((c for c in valid if c.tenant == home and c.scope is not None), None)
    agents = [agent["id"] for agent in tenants[home]["agents"]]
    own = scoped.scope if scoped and scoped.scope else next(iter(agents), None)
    return {
        "api_key": whole[0] if whole else None,
        "api_keys": whole,
        "agent_key": scoped.token if scoped else None,
        "revoked_key": next((c.token for c in credentials if c.state == "revoked"), None),
        "lapsed_key": None,
        "other_tenant_key": next((c.token for c in valid if c.tenant in others and c.scope is None), None),
        **_ids_of(tenants[home], own),
        "other_agent": _ids_of(tenants[home], next((id for id in agents if id != own), None)),
        "other_tenant": next((_ids_of(tenants[id], next(iter(_agents(tenants[id])), None)) for id in others), {}),
        "members": [],
    }


def declare() -> Api:
    """The API with its document compiled. Raises ContractError."""
    return Api(
        name="kognitos",
        contract=load("kognitos"),
        handlers={
            "listRuns": list_runs,
            "createRun": create_run,
            "getRun": get_run,
            "listProcesses": list_processes,
            "getProcess": get_process,
            "createFile": create_file,
            "uploadFile": upload_file,
            "getHealth": get_health,
        },
        steps=replace(STEPS, authenticate=authenticate),
        error_body=error_body,
        error_type=b"application/json",
        layouts=LAYOUTS,
        inconsistencies=seed.inconsistencies,
        seed=seed.seed,
        new_key=new_key,
        access_info=access_info,
        events={
            "fail-run": end_run("Failed"),
            "cancel-run": end_run("Cancelled"),
            "time-out-run": end_run("TimedOut"),
            "wait-for-person": wait_for_person,
            "resume-run": resume_run,
            "revoke-key": revoke_key,
        },
        timers={},
        larger_bodies={"uploadFile": 32 << 20},
    )


def _new_id(ids: Ids) -> str:
    """An id in the printed shape: 25 digits and small letters (Runs > Get Run)."""
    return ids.take(25, BASE36)


def _shown(process: Record) -> bytes:
    return encode({name: process[name] for name in ("id", "agent_id", "name", "stage")})


def _agent(call: Call, id: str) -> str:
    """The id of an agent that exists and that the caller's key is good for."""
    if call.credential.scope not in (None, id):
        raise Problem("out-of-scope")
    if call.store["agents"].row(id) is None:
        raise _missing(call, "agents", id, Problem("agent-not-found"))
    return id


def _process(call: Call, agent_id: str, id: str) -> Record:
    """A process of an agent; one of another agent does not exist here."""
    _agent(call, agent_id)
    process = call.store["processes"].get(id)
    if process is None:
        raise _missing(call, "processes", id, Problem("process-not-found"))
    if process["agent_id"] != agent_id:
        raise Problem("process-not-found")
    return process


def _missing(call: Call, collection: str, id: str, usual: Problem) -> Problem:
    """Why there is no such object for this caller."""
    if not _ID.fullmatch(id) and collection != "files" and call.assumed("kognitos.errors.malformed-id") == "invalid":
        return Problem("invalid", "An id has 1 to 26 letters, digits, hyphens and underscores")
    if call.assumed("kognitos.errors.foreign-object") == "forbidden" and call.exists_elsewhere(collection, id):
        return Problem("forbidden")
    return usual


def _check_stage(call: Call, shown: str, wanted: str) -> None:
    usable = call.assumed("kognitos.runs.usable-stages")
    if wanted != shown and usable != "any" and (usable == "own" or wanted != "Draft"):
        raise Problem("stage-not-found")


def _check_file(call: Call, agent_id: str, id: str) -> bool:
    """Whether a run will be able to read a file; raises Problem when it is refused at once."""
    file = call.store["files"].get(id)
    if file is None:
        unknown = call.assumed("kognitos.runs.unknown-file")
        if unknown == "invalid":
            raise Problem("invalid", "file_ids: there is no such file")
        if unknown == "not-found":
            raise _missing(call, "files", id, Problem("file-not-found"))
        return True
    elsewhere = file["agent_id"] not in (None, agent_id)
    if elsewhere and call.credential.scope is not None:
        raise Problem("out-of-scope")
    if elsewhere and call.assumed("kognitos.runs.file-of-another-agent") == "not-found":
        raise Problem("file-not-found")
    if file["uploaded"]:
        return True
    missing = call.assumed("kognitos.runs.file-not-uploaded")
    if missing == "not-found":
        raise Problem("file-not-found")
    return bool(missing == "accept")


def _check_inputs(call: Call, process: Record, inputs: Json) -> None:
    """The inputs of a run: names and values, of which no operation shows anything (Runs > Start a Run)."""
    if isinstance(inputs, dict):
        if call.assumed("kognitos.runs.inputs-map") == "reject":
            raise Problem("invalid", "inputs must be a list of names and values")
        inputs = [{"name": name, "value": value} for name, value in inputs.items()]
    if not inputs or not call.assumed("kognitos.runs.inputs-checked"):
        return
    for number, item in enumerate(inputs):
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name or "value" not in item:
            raise Problem("invalid", f"inputs.{number} must be an object with a name and a value")
        if name not in process["inputs"] and call.assumed("kognitos.runs.unknown-input") == "reject":
            raise Problem("invalid", f"inputs.{number}: the process has no input {name[:80]!r}")


def _kept_name(call: Call, name: str) -> str:
    if call.assumed("kognitos.files.sanitizing") == "kept":
        return name
    return _UNSAFE.sub("_", name)


def _upload(call: Call, token: str) -> tuple[Store, Record, Record]:
    """The store, upload and file of an address; raises the Problem upload-refused for one that was not given out."""
    store = call.owner("uploads", token)
    upload = store["uploads"].get(token) if store else None
    file = store["files"].get(upload["file_id"]) if store and upload else None
    if not store or not upload or not file:
        raise Problem("upload-refused")
    return store, upload, file


def _upload_fields(call: Call, key: str, name: str) -> dict[str, str]:
    """What is to be posted beside the content: the printed fields of a storage's form."""
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


def _open_run(call: Call) -> Record:
    """The run that an event names, which must not be over."""
    run = call.store["runs"].get(call.body["run_id"])
    if run is None:
        raise Problem("not-found", f"organization {call.credential.tenant} has no run {call.body['run_id']}")
    state = runs.status(run, call.now)
    if state in FINAL:
        raise Problem("refused", f"run {run['id']} is {state}")
    return run


def _changed(call: Call, run: Record) -> Json:
    return decode(runs.renderer(call)(runs.keep(call.store, run)))


def _course(call: Call, run: Record) -> Json:
    process = call.store["processes"].get(run["process_id"])
    assert process is not None, "processes are never removed"
    return process["course"]


def _agents(store: Store) -> Sequence[str]:
    return [agent["id"] for agent in store["agents"]]


def _ids_of(store: Store, agent_id: str | None) -> dict[str, Json]:
    """An agent, its first process and the names of that one's inputs, as a caller needs them."""
    rows = store["processes"].listing(agent_id).page(None, 1).rows if agent_id else []
    process = decode(rows[0]) if rows else {"id": None, "inputs": []}
    return {"agent_id": agent_id, "process_id": process["id"], "inputs": process["inputs"]}
