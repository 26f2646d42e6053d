"""Tallyfy's start state as a recording shows it, in the form of its seed file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from understudy.apis.tallyfy.imported_seed import organization
from understudy.apis.tallyfy.reading import Reading
from understudy.engine.call import Json
from understudy.recording.objects import PARTLY, Found, Shown, count_of


def imported(exchanges: Iterable[Shown], usual: Json) -> tuple[Json, list[Found]]:
    """The seed of what exchanges show, and the objects in it; the token is that of the usual seed's first tenant."""
    reading = Reading()
    for one in exchanges:
        reading.take(one)
    reading.objects.settle()
    for kind, more in list(_unread(reading)):
        reading.objects.read(kind, more["id"], "", more, text=PARTLY)
    reading.objects.settle()
    home, *others = usual["organizations"]
    made = organization(reading, home)
    found = [one for one in reading.objects.found.values() if one.kind != "steps"]
    return {"organizations": [made, *(one for one in others if one["id"] != made["id"])]}, found


def _unread(reading: Reading) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """An object for each that a list or a template counts, but that was not read: older than all others."""
    runs = [one.members.get("checklist_id") for one in reading.objects.of("runs")]
    owed = [
        template.id
        for template in reading.objects.of("templates")
        for _ in range(count_of(template.members.get("started_processes")) - runs.count(template.id))
    ]
    listed: int | None = None  # how many more runs a list counts; templates count the archived ones, too
    for kind, (total, ids, last) in reading.totals.items():
        known = ids | {one.id for one in reading.objects.of(kind) if not one.members.get("archived_at")}
        if kind == "templates":
            for number in range(total - len(known)):
                yield kind, {**_OLD, "title": "Not read", "id": f"{last['id']}-{number}"}
        else:
            usual = str(last.get("checklist_id"))
            listed = max(0, total - len(known))
            owed += [usual] * (listed - len(owed))
    for number, template in enumerate(owed):
        hidden = {"archived_at": _OLD["created_at"]} if listed is not None and number >= listed else {}
        made = {"name": "Not read", "id": f"{template}-run-{number}", "checklist_id": template}
        yield "runs", {**_OLD, **hidden, **made}


_OLD = {"created_at": "2000-01-01T00:00:00Z", "last_updated": "2000-01-01T00:00:00Z"}
