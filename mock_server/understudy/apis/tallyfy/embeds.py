"""Templates that are embedded in the texts of other templates and of steps: taken out, and put back.

Sources: Rich text references > Embedded template; Templates > Archive or delete template. Must not know HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from understudy.engine.call import Call, Json
from understudy.engine.store import Record

_EMBED = re.compile(r'<span\b[^<>]*\bdata-blueprint-id="([^"<>]*)"[^<>]*>[^<]*</span>(?:&nbsp;)?')
_OF_TEMPLATE = ("summary", "guidance", "kickoff_description")
_OF_STEP = ("summary",)


def take_out_embeds(call: Call, id: str) -> list[Record]:
    """Take a template out of all texts that embed it; returns what `put_back_embeds` needs."""
    taken = []
    for kind, template, holder in list(_holders(call, id)):
        texts = {name: holder[name] for name in _members(kind) if holder.get(name)}
        after = {name: without_embed(text, id) for name, text in texts.items()}
        changed = {name: [text, after[name]] for name, text in texts.items() if after[name] != text}
        if changed:
            taken.append({**_reference(kind, holder), "checklist_id": template, "texts": changed})
            _change(call, taken[-1], {name: texts[1] for name, texts in changed.items()})
    return taken


def put_back_embeds(call: Call, taken: list[Record]) -> tuple[list[Json], list[Json]]:
    """Put embeds back into texts that nobody changed; returns references to these, and to the others with a reason."""
    restored, others = [], []
    for one in taken:
        holder = _holder(call, one)
        if holder is None:
            others.append(_left_out(call, one, "It was deleted after the archive."))
        elif any(holder[name] != after for name, (_, after) in one["texts"].items()):
            others.append(_left_out(call, one, "It was edited after the archive."))
        else:
            _change(call, one, {name: before for name, (before, _) in one["texts"].items()})
            restored.append(shown(one))
    return restored, others


def shown(one: Record) -> Json:
    """Return the reference to a template or step that embedded another one, as answers show it."""
    return {name: one[name] for name in ("type", "title", "id")}


def without_embed(text: str, id: str) -> str:
    """Return a text without the places that embed a template."""
    return _EMBED.sub(lambda found: "" if found[1] == id else found[0], text)


def _left_out(call: Call, one: Record, reason: str) -> Json:
    resolution = call.assumed("tallyfy.templates.unrestored-resolution")
    return {**shown(one), "resolution": resolution, "reason": reason}


def _holders(call: Call, id: str) -> Iterator[tuple[str, str, Record]]:
    """Each template but this one, and each step of any, with its kind and the id of its template."""
    for template in call.store["templates"]:
        if template["id"] != id:
            yield "Blueprint", template["id"], template
    for definition in call.store["definitions"]:
        yield from (("Step", definition["id"], step) for step in definition["steps"] if not step["archived_at"])


def _members(kind: str) -> tuple[str, ...]:
    return _OF_STEP if kind == "Step" else _OF_TEMPLATE


def _reference(kind: str, holder: Record) -> Record:
    return {"type": kind, "title": holder["title"], "id": holder["id"]}


def _holder(call: Call, one: Record) -> Record | None:
    if one["type"] == "Blueprint":
        return call.store["templates"].get(one["id"])
    steps = (call.store["definitions"].get(one["checklist_id"]) or {"steps": []})["steps"]
    return next((step for step in steps if step["id"] == one["id"] and not step["archived_at"]), None)


def _change(call: Call, one: Record, texts: Record) -> None:
    """Change texts of a template or step; that is no update of it."""
    if one["type"] == "Blueprint":
        call.store["templates"].put(call.store["templates"].require(one["id"]) | texts)
        return
    definition = call.store["definitions"].require(one["checklist_id"])
    steps = [step | texts if step["id"] == one["id"] else step for step in definition["steps"]]
    call.store["definitions"].put({**definition, "steps": steps})
