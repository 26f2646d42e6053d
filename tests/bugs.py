"""Bugs that real servers have, each built into `elsewhere.Elsewhere` by a class of its own, alone or with others.

`rules` are all the rules that a server with only this bug breaks. Must not import anything of the mock or of the kit.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from elsewhere import QUOTA, Elsewhere, Refused, state, without, wrong

RUNS = re.compile(r".*/process-runs").fullmatch
ZULU = re.compile(rb'("[0-9-]{10}T[0-9:.]+)Z"')


class Rewritten(Elsewhere):
    """Changes answers on their way out: `rewrite` gets the method, the path, the status and the decoded body."""

    def answer(self, method: str, path: str, query: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
        status, given, told = super().answer(method, path, query, headers, body)
        status, changed = self.rewrite(method, path, status, json.loads(told))
        return status, given, json.dumps(changed).encode()

    def rewrite(self, method: str, path: str, status: int, told: Any) -> tuple[int, Any]:
        """Leave an answer as it is."""
        return status, told


class LimitPerTeam(Elsewhere):
    rules = ("rate-limit.per-key",)

    def pot(self, key: str) -> str:
        return "everybody"


class OneTooMany(Elsewhere):
    rules = ("rate-limit.next-is-429",)
    quota = QUOTA + 1


class OneTooFew(Elsewhere):
    rules = ("rate-limit.hundred-requests",)
    quota = QUOTA - 1


class WaitInMilliseconds(Elsewhere):
    rules = ("rate-limit.retry-after",)

    def too_many(self, seconds: float) -> Refused:
        return super().too_many(seconds * 1000)


class WaitAsDate(Elsewhere):
    rules = ("rate-limit.retry-after",)

    def too_many(self, seconds: float) -> Refused:
        return Refused(429, "rate_limited", "Easy!", RETRY_AFTER="Tue, 17 May 2033 11:43:07 GMT")


class WaitTooShort(Elsewhere):
    rules = ("rate-limit.admitted-after-the-wait",)

    def too_many(self, seconds: float) -> Refused:
        return super().too_many(seconds / 2)


class DoneAllTheSame(Elsewhere):
    rules = ("rate-limit.refused-does-nothing",)

    def serve(self, method: str, path: str, query: str, headers: Any, body: bytes) -> Any:
        try:
            return super().serve(method, path, query, headers, body)
        except Refused as no:
            if no.status == 429 and method != "GET":
                handler, ids = self.route(method, path)
                with suppress(Refused):
                    self.do(handler, "garden", ids, {}, body)
            raise


class MoreAtTheEnd(Elsewhere):
    rules = ("pagination.has-more-is-exact",)

    def goes_on(self, rows: list[Any], size: int) -> bool:
        return len(rows) >= size


class LastItemAgain(Elsewhere):
    rules = (
        "pagination.cursor-continues",
        "pagination.walk-is-complete",
        "pagination.filters-are-kept",
        "pagination.stable-while-runs-are-created",
        "pagination.stable-while-runs-complete",
    )

    def is_behind(self, mark: int, since: int | None) -> bool:
        return since is None or mark >= since


class FilterOnTheFirstPage(Elsewhere):
    rules = ("pagination.filters-are-kept", "runs.status-filter")

    def passes(self, row: Any, query: Any) -> bool:
        return "cursor" in query or super().passes(row, query)


class PagesOfFifty(Elsewhere):
    rules = ("pagination.limit-sets-the-page-size",)

    def page(self, kind: str, query: Any, *rest: Any) -> Any:
        limit = min(int(query.get("limit", 20)), 50) if query.get("limit", "20").isdecimal() else 20
        return super().page(kind, {**query, "limit": str(limit)}, *rest)


class StaleLists(Elsewhere):
    rules = ("completion.filters-follow", "runs.filters-combine")

    def passes(self, row: Any, query: Any) -> bool:
        late = row["ended"] is not None and self.clock.now() < row["ended"] + 5
        return super().passes({**row, "ended": None} if late else row, query)


class OthersTasks(Elsewhere):
    rules = ("authentication.foreign-objects-stay-unchanged",)

    def patch_task(self, team: str, body: Any, run: str, id: str) -> Any:
        return super().patch_task(self.runs[run]["team"] if run in self.runs else team, body, run, id)


class OthersTemplates(Elsewhere):
    rules = ("authentication.foreign-objects-stay-hidden",)

    def list_steps(self, team: str, query: Any, id: str) -> Any:
        return super().list_steps(self.templates.get(id, {}).get("team", team), query, id)


class OtherWords(Elsewhere):
    rules = ("authentication.revoked-key", "authentication.unknown-key")

    def unknown(self, message: str) -> Refused:
        return Refused(401, "unauthorized", "Unauthorized")


class BadInsteadOfUnknown(Elsewhere):
    rules = ("templates.unknown-template",)

    def template(self, team: str, id: str) -> Any:
        if id not in self.templates:
            raise wrong("There is no such template", 400)
        return super().template(team, id)


class CompletionByCount(Elsewhere):
    rules = ("completion.open-task-keeps-active", "completion.uncompleted-task-counts-as-open")

    def mark(self, task: Any, body: Any) -> None:
        super().mark(task, body)
        task["run"]["count"] = task["run"].get("count", 0) + body["completed"]

    def is_over(self, run: Any) -> bool:
        return run.get("count", 0) >= len(run["tasks"]) or super().is_over(run)


class RunsOfOneStayActive(Elsewhere):
    rules = ("completion.last-task",)

    def close(self, run: Any, now: float) -> None:
        if len(run["tasks"]) != 1:
            super().close(run, now)


class NoCompletionTime(Elsewhere):
    rules = ("runs.completed-at", "envelope.same-in-list-and-single")

    def get_run(self, team: str, id: str) -> Any:
        found = super().get_run(team, id)
        return {"data": {**found["data"], "completed_at": None}}


class LockedLate(Elsewhere):
    rules = ("completion.locked",)

    def patch_task(self, team: str, body: Any, run: str, id: str) -> Any:
        task = self.task(team, run, id)
        if self.values(task, body.get("custom_elements", [])):
            self.change(team, task, without(body, ["completed", "assignee"]))
        return super().patch_task(team, body, run, id)


class KeptThoughRefused(Elsewhere):
    rules = ("updates.refused-value-is-not-kept",)

    def check(self, team: str, task: Any, body: Any) -> None:
        for item in body.get("custom_elements", []):
            for field in task["fields"]:
                if isinstance(item, dict) and field["id"] == item.get("id") and field["type"] != "text":
                    field["value"] = item.get("value")
        super().check(team, task, body)


class ZeroIsNothing(Elsewhere):
    rules = ("elements.number",)

    def values(self, task: Any, items: Any) -> Any:
        return {
            id: "" if value == 0 and value is not False else value for id, value in super().values(task, items).items()
        }


class FalseIsNothing(Elsewhere):
    rules = ("elements.checkbox",)

    def values(self, task: Any, items: Any) -> Any:
        return {id: "" if value is False else value for id, value in super().values(task, items).items()}


class NothingThatIsFalsy(Elsewhere):
    rules = ("elements.number", "elements.checkbox")

    def values(self, task: Any, items: Any) -> Any:
        return {id: value or "" for id, value in super().values(task, items).items()}


class CompletedAlone(Elsewhere):
    rules = ("updates.together",)

    def change(self, team: str, task: Any, body: Any) -> None:
        super().change(team, task, without(body, ["custom_elements"]) if "completed" in body else body)


class SharedFields(Elsewhere):
    rules = ("creation.prefill", "updates.other-tasks-are-unaffected")

    def copied(self, run: Any, step: Any) -> Any:
        return {**super().copied(run, step), "fields": step["fields"]}


class SharedTasks(Elsewhere):
    rules = ("tasks.unique-to-the-run", "tasks.task-of-another-run")

    def copied(self, run: Any, step: Any) -> Any:
        return {**super().copied(run, step), "id": step["id"]}


class StillSomebodys(Elsewhere):
    rules = ("updates.uncomplete",)

    def mark(self, task: Any, body: Any) -> None:
        task["by"] = body.get("actor_email", "api")
        task["ended"] = self.clock.now() if body["completed"] else None


class DueInUtc(Elsewhere):
    rules = ("creation.due-date",)

    def made(self, template: Any, body: Any) -> Any:
        due = body.get("due_date")
        return super().made(template, {**body, "due_date": due and due[:19] + "Z"})


class NoAlias(Elsewhere):
    rules = ("creation.title-alias",)

    def made(self, template: Any, body: Any) -> Any:
        return super().made(template, without(body, ["title"]))


class DraftsRun(Elsewhere):
    rules = ("creation.published-only",)

    def startable(self, team: str, body: Any) -> Any:
        return self.template(team, body["template_id"])


class PositionsFromOne(Elsewhere):
    rules = ("tasks.by-position",)

    def copied(self, run: Any, step: Any) -> Any:
        return {**super().copied(run, step), "mark": step["mark"] + 1}


# what an answer looks like


class NoWait(Elsewhere):
    rules = ("rate-limit.retry-after",)

    def too_many(self, seconds: float) -> Refused:
        return Refused(429, "rate_limited", "Easy!")


class FlatErrors(Rewritten):
    rules = ("envelope.error",)

    def rewrite(self, method: str, path: str, status: int, told: Any) -> tuple[int, Any]:
        status, told = super().rewrite(method, path, status, told)
        error = told.pop("error", {})
        return status, {**told, **error}


class ErrorsAsHtml(Elsewhere):
    rules = ("envelope.json",)

    def answer(self, *asked: Any) -> tuple[int, Any, bytes]:
        status, given, told = super().answer(*asked)
        return status, {**given, "CONTENT-TYPE": "text/html"} if status >= 400 else given, told


class NoDescription(Rewritten):
    rules = ("templates.fields",)

    def rewrite(self, method: str, path: str, status: int, told: Any) -> tuple[int, Any]:
        status, told = super().rewrite(method, path, status, told)
        for row in told["data"] if isinstance(told.get("data"), list) and path.endswith("-templates") else ():
            del row["description"]
        return status, told


class NoTimezone(Rewritten):
    rules = ("creation.created",)

    def rewrite(self, method: str, path: str, status: int, told: Any) -> tuple[int, Any]:
        status, told = super().rewrite(method, path, status, told)
        return status, {**told, "data": without(told["data"], ["timezone"])} if status == 201 and RUNS(path) else told


class CreatedIs200(Rewritten):
    rules = ("creation.created",)

    def rewrite(self, method: str, path: str, status: int, told: Any) -> tuple[int, Any]:
        status, told = super().rewrite(method, path, status, told)
        return 200 if status == 201 and RUNS(path) else status, told


class TimesWithOffset(Elsewhere):
    rules = ("envelope.timestamps",)

    def answer(self, *asked: Any) -> tuple[int, Any, bytes]:
        status, given, told = super().answer(*asked)
        return status, given, ZULU.sub(rb'\1+00:00"', told)


class NoCursorAtTheEnd(Rewritten):
    rules = ("envelope.list",)

    def rewrite(self, method: str, path: str, status: int, told: Any) -> tuple[int, Any]:
        status, told = super().rewrite(method, path, status, told)
        if "pagination" in told and not told["pagination"]["has_more"]:
            del told["pagination"]["next_cursor"]
        return status, told


# what happens


class OnlyTheLastInOrder(Elsewhere):
    rules = ("completion.last-task",)

    def is_over(self, run: Any) -> bool:
        last = [task["id"] for task in run["tasks"][-1:]]
        return super().is_over(run) and run.get("latest", last) == last

    def mark(self, task: Any, body: Any) -> None:
        super().mark(task, body)
        task["run"]["latest"] = [task["id"]]


class OldestFirst(Elsewhere):
    rules = ("runs.newest-first",)

    def made(self, template: Any, body: Any) -> Any:
        row = super().made(template, body)
        row["mark"] = -row["mark"]
        return row


class CompletedAreListedAsActive(Elsewhere):
    rules = ("runs.status-filter", "runs.filters-combine", "completion.filters-follow", "pagination.filters-are-kept")

    def passes(self, row: Any, query: Any) -> bool:
        listed = query.get("status") == "active" and state(row) == "completed"
        return super().passes(row, without(query, ["status"]) if listed else query)


SINGLE = [
    made
    for made in globals().values()
    if isinstance(made, type) and issubclass(made, Elsewhere) and hasattr(made, "rules")
]
"""The servers with one bug."""

TRIPLES = [
    (NoWait, MoreAtTheEnd, OnlyTheLastInOrder),
    (FlatErrors, NoDescription, LockedLate),
    (WaitAsDate, TimesWithOffset, DraftsRun),
    (ErrorsAsHtml, PositionsFromOne, NoAlias),
    (NoTimezone, OneTooMany, RunsOfOneStayActive),
    (NoDescription, NoWait, OthersTemplates),
    (LockedLate, LimitPerTeam, StillSomebodys),
    (NoCursorAtTheEnd, FlatErrors, DueInUtc),
    (PagesOfFifty, SharedFields, NoCompletionTime),
    (CompletionByCount, ErrorsAsHtml, MoreAtTheEnd),
    (DoneAllTheSame, NoTimezone, NoAlias),
    (OneTooFew, LockedLate, NoTimezone),
    (SharedTasks, WaitInMilliseconds, DraftsRun),
    (CreatedIs200, ZeroIsNothing, WaitTooShort),
    (OldestFirst, OtherWords, KeptThoughRefused),
    (BadInsteadOfUnknown, FalseIsNothing, TimesWithOffset),
    (LastItemAgain, NoWait, StillSomebodys),
    (CompletedAreListedAsActive, OthersTasks, DueInUtc),
    (StaleLists, WaitInMilliseconds, PositionsFromOne),
    (FilterOnTheFirstPage, OneTooMany, NoAlias),
]
"""Bugs that stand together in one server."""
