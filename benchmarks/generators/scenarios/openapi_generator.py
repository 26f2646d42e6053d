"""What a user does with the client of openapi-generator: argument 1 is the API, 2 its entry of the ready file."""

import importlib
import json
import sys

name, entry = sys.argv[1], json.loads(sys.argv[2])
client = importlib.import_module("openapi_client")
configuration = client.Configuration(host=entry["base_url"], access_token=entry["api_key"])
configuration.api_key["apiKeyHeader"] = entry["api_key"]
calls = client.ApiClient(configuration)


def nextstep() -> None:
    """List, create, complete; the run then completes by itself."""
    runs, tasks = client.ProcessRunsApi(calls), client.TasksApi(calls)
    templates = client.ProcessTemplatesApi(calls).list_process_templates().data
    template = next(one for one in templates if one.is_published)
    run = runs.create_process_run(client.CreateRun(template_id=template.id, name="Generated")).data
    assert run.status == "active"
    assert run.title == "Generated"
    for task in runs.list_run_tasks(run.id).data:
        assert tasks.update_run_task(run.id, task.id, client.UpdateTask(completed=True)).data.completed
    assert runs.get_process_run(run.id).data.status == "completed"


def kognitos() -> None:
    """Upload a file, and run a process with it."""
    files, runs = client.FilesApi(calls), client.RunsApi(calls)
    process = client.ProcessesApi(calls).list_processes(entry["agent_id"]).items[0]
    file = files.create_file(client.CreateFile(agent_id=entry["agent_id"], file_name="invoice.pdf"))
    fields = {"".join(c if c.isalnum() else "_" for c in key).lower(): v for key, v in file.upload_fields.items()}
    fields["aws_access_key_id"] = fields.pop("awsaccesskeyid", None)
    files.upload_file(file.upload_url.rpartition("/")[2], ("invoice.pdf", b"%PDF-1.4"), **fields)
    run = runs.create_run(
        client.CreateRun(
            agent_id=process.agent_id, process_id=process.id, name="Invoice", stage=process.stage, file_ids=[file.id]
        )
    )
    assert runs.get_run(run.id).file_ids == [file.id]
    assert run.id in [one.id for one in runs.list_runs(agent_id=entry["agent_id"], process_id=process.id).items]


def tallyfy() -> None:
    """Launch a process, complete its tasks and archive it."""
    who = ("Generated", entry["organization_id"])
    processes, tasks = client.ProcessesApi(calls), client.TasksApi(calls)
    template = next(one for one in client.TemplatesApi(calls).list_templates(*who).data if not one.prerun)
    run = processes.launch_run(*who, client.LaunchRun(checklist_id=template.id, name="Generated")).data
    for task in tasks.list_run_tasks(*who, run.id).data:
        assert tasks.complete_task(*who, run.id, client.CompleteTask(task_id=task.id)).data.status == "completed"
    assert processes.get_run(*who, run.id).data.status == "complete"
    assert processes.archive_run(*who, run.id).data.archived_at


globals()[name]()
