"""What a user does with the client of openapi-python-client: argument 1 is the API, 2 its entry of the ready file."""

import importlib
import json
import sys
from io import BytesIO
from types import ModuleType
from typing import Any

name, entry = sys.argv[1], json.loads(sys.argv[2])
models = importlib.import_module("client.models")
header = {"auth_header_name": "x-api-key", "prefix": ""} if name == "kognitos" else {}
calls = importlib.import_module("client").AuthenticatedClient(entry["base_url"], token=entry["api_key"], **header)


def call(operation: str, *arguments: Any, **others: Any) -> Any:
    """The parsed answer of an operation, such as `tasks.get_run_task`."""
    module: ModuleType = importlib.import_module(f"client.api.{operation}")
    answer = module.sync_detailed(*arguments, client=calls, **others)
    assert answer.status_code < 300, answer
    return answer.parsed


def nextstep() -> None:
    """List, create, complete; the run then completes by itself."""
    templates = call("process_templates.list_process_templates").data
    template = next(one for one in templates if one.is_published)
    body = models.CreateRun(template_id=template.id, name="Generated")
    run = call("process_runs.create_process_run", body=body).data
    assert run.status == "active"
    assert run.title == "Generated"
    for task in call("process_runs.list_run_tasks", run.id).data:
        assert call("tasks.update_run_task", run.id, task.id, body=models.UpdateTask(completed=True)).data.completed
    assert call("process_runs.get_process_run", run.id).data.status == "completed"


def kognitos() -> None:
    """Upload a file, and run a process with it."""
    process = call("processes.list_processes", agent_id=entry["agent_id"]).items[0]
    file = call("files.create_file", body=models.CreateFile(agent_id=entry["agent_id"], file_name="invoice.pdf"))
    content = importlib.import_module("client.types").File(BytesIO(b"%PDF-1.4"), "invoice.pdf", "application/pdf")
    body = models.UploadFileBody(file=content)
    body.additional_properties = dict(file.upload_fields.to_dict())
    call("files.upload_file", file.upload_url.rpartition("/")[2], body=body)
    body = models.CreateRun(
        agent_id=process.agent_id, process_id=process.id, name="Invoice", stage=process.stage, file_ids=[file.id]
    )
    run = call("runs.create_run", body=body)
    assert call("runs.get_run", run.id).file_ids == [file.id]
    listed = call("runs.list_runs", agent_id=entry["agent_id"], process_id=process.id).items
    assert run.id in [one.id for one in listed]


def tallyfy() -> None:
    """Launch a process, complete its tasks and archive it."""
    org, who = entry["organization_id"], {"x_tallyfy_client": "Generated"}
    template = next(one for one in call("templates.list_templates", org, **who).data if not one.prerun)
    body = models.LaunchRun(checklist_id=template.id, name="Generated")
    run = call("processes.launch_run", org, body=body, **who).data
    for task in call("tasks.list_run_tasks", org, run.id, **who).data:
        done = call("tasks.complete_task", org, run.id, body=models.CompleteTask(task_id=task.id), **who).data
        assert done.status == "completed"
    assert call("processes.get_run", org, run.id, **who).data.status == "complete"
    assert call("processes.archive_run", org, run.id, **who).data.archived_at


globals()[name]()
