"""What somebody would write by hand with FastAPI: key, typed bodies and answers, runs in a list, no rate limit."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from benchmarks.requests import KEY, RUN

app = FastAPI()
bearer = HTTPBearer()


class Section(BaseModel):
    """A section of a run."""

    id: str
    title: str
    order: int
    color: str | None


class Run(BaseModel):
    """A run as it is answered."""

    id: str
    template_id: str
    title: str
    status: str
    started_by: str
    team_id: str
    timezone: str
    due_date: str | None
    is_shared: bool
    sections: list[Section]
    created_at: datetime
    updated_at: datetime | None
    completed_at: datetime | None


class Pagination(BaseModel):
    """Where the next page starts."""

    next_cursor: str | None
    has_more: bool


class OneRun(BaseModel):
    """The envelope of a run."""

    data: Run


class Runs(BaseModel):
    """The envelope of a page."""

    data: list[Run]
    pagination: Pagination


class NewRun(BaseModel):
    """What starts a run."""

    template_id: str
    name: str | None = None
    due_date: str | None = None
    actor_email: str | None = None


class Value(BaseModel):
    """A value for a form element."""

    id: str
    value: Any


class TaskUpdate(BaseModel):
    """What may be changed of a task."""

    completed: bool | None = None
    assignee: str | None = None
    actor_email: str | None = None
    custom_elements: list[Value] = []


class Element(BaseModel):
    """A form element."""

    id: str
    type: str
    label: str
    value: Any
    required: bool
    display_only: bool


class Task(BaseModel):
    """A task as it is answered."""

    id: str
    instance_id: str
    title: str
    completed: bool
    completed_at: datetime | None
    order: int
    assignee: str | None
    custom_elements: list[Element]


class OneTask(BaseModel):
    """The envelope of a task."""

    data: Task


def known(credential: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> None:
    """Refuse an unknown key."""
    if credential.credentials != KEY:
        raise HTTPException(401, "Invalid API key")


numbers = itertools.count()
runs: dict[str, Run] = {}
tasks: dict[tuple[str, str], Task] = {}


@app.get("/api/v1/process-runs/{id}", dependencies=[Depends(known)])
async def get_run(id: str) -> OneRun:
    """One run."""
    if id not in runs:
        raise HTTPException(404, "Process run not found")
    return OneRun(data=runs[id])


@app.get("/api/v1/process-runs", dependencies=[Depends(known)])
async def list_runs(
    limit: Annotated[int, Query(ge=1, le=100)] = 50, status: str | None = None, template_id: str | None = None
) -> Runs:
    """The newest runs."""
    chosen = (
        run
        for run in reversed(runs.values())
        if (status is None or run.status == status) and (template_id is None or run.template_id == template_id)
    )
    page = list(itertools.islice(chosen, limit + 1))
    return Runs(data=page[:limit], pagination=Pagination(next_cursor=page[limit - 1].id, has_more=len(page) > limit))


@app.post("/api/v1/process-runs", status_code=201, dependencies=[Depends(known)])
async def create_run(body: NewRun) -> OneRun:
    """A new run of ten tasks."""
    run = _run(f"run{next(numbers):017d}", body.name or "Run")
    runs[run.id] = run
    return OneRun(data=run)


@app.patch("/api/v1/process-runs/{run_id}/tasks/{task_id}", dependencies=[Depends(known)])
async def update_task(run_id: str, task_id: str, body: TaskUpdate) -> OneTask:
    """Change a task; its values are laid over those that it has."""
    if run_id not in runs:
        raise HTTPException(404, "Process run not found")
    task = tasks.setdefault((run_id, task_id), _task(run_id, task_id))
    values = {element.id: element.value for element in body.custom_elements}
    for element in task.custom_elements:
        element.value = values.get(element.id, element.value)
    if body.completed is not None:
        task.completed, task.completed_at = body.completed, datetime.now(UTC)
    return OneTask(data=task)


def _run(id: str, title: str) -> Run:
    section = Section(id="sec_abc", title="First Week", order=0, color="#EC4899")
    now = datetime.now(UTC)
    return Run(
        id=id, template_id="CcIJXVzRuiP5HvI26FTE", title=title, status="active", started_by="api", team_id="team_abc",
        timezone="Pacific/Auckland", due_date=None, is_shared=False, sections=[section], created_at=now,
        updated_at=now, completed_at=None,
    )  # fmt: skip


def _task(run_id: str, task_id: str) -> Task:
    elements = [
        Element(id=f"elem_00{n}", type="shortText", label=f"Field {n}", value=None, required=False, display_only=False)
        for n in (1, 2)
    ]
    return Task(
        id=task_id, instance_id=run_id, title="Review employee details", completed=False, completed_at=None, order=0,
        assignee=None, custom_elements=elements,
    )  # fmt: skip


for _ in range(78):  # as many as in the fixtures
    first = _run(f"run{next(numbers):017d}", "Onboarding")
    runs[first.id] = first
runs[RUN] = _run(RUN, "Onboarding: Jane Smith")
