"""Tallyfy: the steps of templates, their form fields, and automated actions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    first_organization,
    launch,
    plain_template,
    run_tasks,
    template_steps,
)
from understudy_checks.tallyfy.test_groups import group
from understudy_checks.tallyfy.test_guests import guest
from understudy_checks.tallyfy.test_one_off_tasks import FIELD_TYPES, TYPES
from understudy_checks.target.target import Target
from understudy_checks.wording import show

FLAGS = (
    *("allow_guest_owners", "can_complete_only_assignees", "everyone_must_complete", "assign_run_starter"),
    "prevent_guest_comment",
)
UNITS = ("minutes", "hours", "days", "weeks", "months")
UNITS = ("minutes", "hours", "days", "weeks", "months")
DUE = tuple({"value": 2, "unit": unit, "option": "from"} for unit in UNITS)
EMIT = {"action_type": "webhook", "action_verb": "emit_webhook"}
LATER: Json = {"action_type": "deadline", "action_verb": "deadline"}
CONDITION = {"conditionable_type": "Step", "operation": "completed", "logic": "and"}
ACTION = {"action_type": "visibility", "action_verb": "hide"}


@contextmanager
def step(org: Organization, template: Json, **body: Json) -> Iterator[Json]:
    """Add a step to a template, and delete it after the block."""
    made = org.call("POST", f"{at(template)}/steps", {"title": "Checked", **body})
    try:
        yield made
    finally:
        org.send("DELETE", f"{at(template)}/steps/{made['id']}")


def at(template: Json, *names: str) -> str:
    """The path of a template, or of a step of it."""
    return "/".join((f"/checklists/{template['id']}", *(f"steps/{name}" for name in names)))


def ids(found: list[Json]) -> list[str]:
    """The ids of what was listed."""
    return [one["id"] for one in found]


@rule("tallyfy.steps.listed", "tallyfy.steps.created", "tallyfy.steps.updated", "tallyfy.steps.read")
def test_a_step_is_made_and_changed(target: Target) -> None:
    """A step has what is given and is the last one; a change leaves the rest, but for whom it is assigned to."""
    with target.open() as client:
        org = first_organization(client)
        template, me = plain_template(org), org.get("/me")["id"]
        first: Json = {"summary": "Both pages", "step_type": "email", "webhook": "https://hooks.example/a"}
        first |= {
            "max_assignable": 2,
            "deadline": {"value": 3, "unit": "weeks", "option": "from", "step": "start_run"},
            "start_date": {"value": 1},
        }
        first |= dict.fromkeys(FLAGS, True) | {"assign_run_starter": False}
        with guest(org) as invited, group(org, members=[me]) as own:
            assigned = {"assignees": [me], "guests": [invited["email"]], "groups": [own["id"]]}
            before = org.list_all(f"{at(template)}/steps")
            with step(org, template, **first, **assigned) as made:
                wanted = {"title": "Checked", "checklist_id": template["id"], "captures": [], **first, **assigned}
                assert made | wanted == made, f"a step must have {show(wanted)}, not {show(made)}"
                for name in ("alias", "created_at", "last_updated", "archived_at"):
                    assert name in made, f"a step must have {name}: {show(made)}"
                path = at(template, made["id"])
                listed = org.list_all(f"{at(template)}/steps")
                assert ids(listed) == [*ids(before), made["id"]], f"a new step must be the last: {show(ids(listed))}"
                assert listed[-1] == made == org.get(path), "a step must be listed and read as it was answered"
                shown = org.get(at(template), with_="steps")
                assert ids(template_steps(shown)) == ids(listed), "a template must include its steps"
                assert shown["steps_count"] == len(listed), f"`steps_count` must be {len(listed)}: {show(shown)}"
                assert [one["position"] for one in listed] == list(range(1, len(listed) + 1)), "positions must count"
                kinds: list[Json] = [{"step_type": kind} for kind in TYPES]
                dates: list[Json] = [{"deadline": {"value": 1, "unit": unit}} for unit in UNITS]
                others: list[Json] = [
                    {"summary": "One page"},
                    {"webhook": None},
                    {"max_assignable": 3},
                    {"start_date": None},
                ]
                flags: list[Json] = [{flag: not first[flag]} for flag in FLAGS]
                for change in (*kinds, *dates, *others, *flags, {"title": "A"}):
                    old = org.get(path) | change
                    changed = org.call("PUT", path, {"title": "Checked", **assigned, **change})
                    kept = {name: old[name] for name in old.keys() - {"last_updated", "alias"}}
                    assert changed | kept == changed, f"{show(change)} must lead to {show(kept)}, not {show(changed)}"
                    assert org.get(path) == changed, "an updated step must read as it was answered"
                bare = org.call("PUT", path, {"title": "Checked"})
                left = [bare[name] for name in assigned]
                assert left == [[], [], []], f"who is not given must be taken from the step, not {show(left)}"


@rule("tallyfy.steps.title", "tallyfy.steps.unknown-step", "tallyfy.steps.deleted", "tallyfy.steps.cloned")
def test_a_step_is_copied_and_deleted(target: Target) -> None:
    """A copy has ids of its own; a deleted step is gone but for the tasks of running processes."""
    with target.open() as client:
        org = first_organization(client)
        template = plain_template(org)
        plain = org.list_all(f"{at(template)}/steps")
        with step(org, template, summary="Both pages") as made:
            path = at(template, made["id"])
            field = org.call("POST", f"{path}/captures", {"label": "Remark", "field_type": "text"})
            run = launch(org, template)
            task = next(one for one in run_tasks(org, run) if one["step_id"] == made["id"])
            copy = org.call("POST", f"{path}/clone")
            same = {name: made[name] for name in ("title", "summary", "step_type", "checklist_id", "assignees")}
            assert copy | same == copy, f"a copy must have {show(same)}, not {show(copy)}"
            labels = [one["label"] for one in copy["captures"]]
            assert labels == ["Remark"], f"a copy must have the form fields, not {show(labels)}"
            assert (copy["id"], copy["captures"][0]["id"]) != (made["id"], field["id"]), "a copy must have its own ids"
            assert copy["captures"][0]["id"] != field["id"], "a copied field must have its own id"
            assert org.get(at(template, copy["id"])) == copy, "a copy must read as it was answered"
            wrong: tuple[Json, ...] = ({}, {"title": None}, {"summary": "No title"})
            for body in wrong:
                org.assert_refused("POST", f"{at(template)}/steps", body, status=422)
                org.assert_refused("PUT", path, body, status=422)
            unknown: tuple[Json, ...] = (
                {"step_type": "other"},
                {"deadline": {"value": 1}},
                {"deadline": {"unit": "days"}},
            )
            for body in unknown:
                org.assert_refused("PUT", path, {"title": "Checked", **body}, status=422)
            deadline = {"value": 1, "unit": "years"}
            org.assert_refused("PUT", path, {"title": "Checked", "deadline": deadline}, status=422)
            for gone in (copy, made):
                response = org.send("DELETE", at(template, gone["id"]))
                assert response.status < 300, f"a deletion must succeed, not answer {response.status}"
        listed = org.list_all(f"{at(template)}/steps")
        assert ids(listed) == ids(plain), f"a deleted step must not be listed: {show(ids(listed))}"
        shown = org.get(at(template), with_="steps")
        assert ids(template_steps(shown)) == ids(plain), "a template must not include a deleted step"
        assert shown["steps_count"] == len(plain), f"`steps_count` must be {len(plain)}, not {shown['steps_count']}"
        assert org.get(f"/tasks/{task['id']}")["id"] == task["id"], "a task of a deleted step must stay"
        fields = ids(org.get(f"{at(template)}/form-fields")["form_fields"])
        assert field["id"] not in fields, "a template must not show the fields of a deleted step"
        steps = [one["step_id"] for one in run_tasks(org, launch(org, template))]
        assert made["id"] not in steps, "a deleted step must give no task to a new process"
        for gone in (made["id"], UNKNOWN_ID):
            path = at(template, gone)
            for method, end in (("GET", ""), ("DELETE", ""), ("POST", "/clone")):
                org.assert_missing(method, f"{path}{end}")
            org.assert_missing("PUT", path, {"title": "Checked"})
            org.assert_missing("PUT", f"{path}/reorder", {"position": 1})
            org.assert_missing("POST", f"{path}/captures", {"label": "Remark", "field_type": "text"})
            org.assert_missing("PUT", f"{path}/captures", {"capture_id": field["id"], "position": 1})
        nowhere = f"/checklists/{UNKNOWN_ID}/steps"
        org.assert_missing("GET", nowhere)
        org.assert_missing("POST", nowhere, {"title": "Checked"})


@rule("tallyfy.steps.reordered")
def test_a_step_is_moved(target: Target) -> None:
    """A moved step is where it was wanted."""
    with target.open() as client:
        org = first_organization(client)
        template = plain_template(org)
        before = ids(org.list_all(f"{at(template)}/steps"))
        with step(org, template) as made:
            path = at(template, made["id"])
            for position in (1, 2, len(before) + 1):
                moved = org.call("PUT", f"{path}/reorder", {"position": position})
                assert moved["position"] == position, f"the step must be at {position}, not {moved['position']}"
                wanted = [*before[: position - 1], made["id"], *before[position - 1 :]]
                got = ids(org.list_all(f"{at(template)}/steps"))
                assert got == wanted, f"the steps must be {show(wanted)}, not {show(got)}"
            for body in ({}, {"position": 0}, {"position": "first"}):
                org.assert_refused("PUT", f"{path}/reorder", body, status=422)


@rule("tallyfy.step-fields.created", "tallyfy.step-fields.updated", "tallyfy.step-fields.required")
def test_a_form_field_is_made_and_changed(target: Target) -> None:
    """A form field has what is given; a change leaves the rest."""
    with target.open() as client:
        org = first_organization(client)
        template = plain_template(org)
        with step(org, template) as made:
            path = f"{at(template, made['id'])}/captures"
            body: Json = {"label": "Way", "field_type": "radio", "guidance": "How", "position": 1, "required": True}
            body |= {"options": [{"id": 7, "text": "Post", "value": None}], "columns": [{"id": 1, "label": "Way"}]}
            body |= {"default_value": "Post", "default_value_enabled": True, "collect_time": True}
            body |= {"use_wysiwyg_editor": True, "field_validation": ["email"]}
            other = org.call("POST", path, {"label": "Before", "field_type": "text"})
            field = org.call("POST", path, body)
            assert field | body == field, f"a form field must have {show(body)}, not {show(field)}"
            got = ids(org.get(at(template, made["id"]))["captures"])
            assert got == [field["id"], other["id"]], f"a form field must be at its position, not {show(got)}"
            kinds = [{"field_type": kind} for kind in FIELD_TYPES]
            options = [{"options": [{"id": 4, "text": "Mail", "value": "m"}]}, {"columns": []}, {"guidance": None}]
            for change in (*kinds, *options, {"label": "Road"}, {"required": False}, {"position": 2}, {"position": 1}):
                old = org.get(at(template, made["id"]))["captures"]
                before = next(one for one in old if one["id"] == field["id"]) | change
                changed = org.call("PUT", f"{path}/{field['id']}", change)
                kept = {name: before[name] for name in before.keys() - {"last_updated", "alias"}}
                assert changed | kept == changed, f"{show(change)} must lead to {show(kept)}, not {show(changed)}"
                assert changed in org.get(at(template, made["id"]))["captures"], "a changed field must be in its step"
            wrong: tuple[Json, ...] = (
                *({"label": "No type"}, {"field_type": "text"}, {"label": "Other", "field_type": "other"}),
                *({**body, "position": 0}, {**body, "options": [{"id": 1}]}),
            )
            for one in wrong:
                org.assert_refused("POST", path, one, status=422)
            for one in ({"field_type": "other"}, {"position": 0}, {"options": [{"id": 1}]}):
                org.assert_refused("PUT", f"{path}/{field['id']}", one, status=422)
            for kind in FIELD_TYPES:
                made = org.call("POST", path, {"label": "Any", "field_type": kind})
                assert made["field_type"] == kind, f"a new field must be {show(kind)}, not {show(made['field_type'])}"


@rule(
    *("tallyfy.step-fields.reordered", "tallyfy.step-fields.moved", "tallyfy.step-fields.deleted"),
    "tallyfy.step-fields.unknown-field",
)
def test_a_form_field_is_moved_and_deleted(target: Target) -> None:
    """A form field goes to another position or step, and away."""
    with target.open() as client:
        org = first_organization(client)
        template = plain_template(org)
        with step(org, template) as made, step(org, template) as other:
            path = f"{at(template, made['id'])}/captures"
            a, b, c = (org.call("POST", path, {"label": name, "field_type": "text"})["id"] for name in "abc")
            d = org.call("POST", f"{at(template, other['id'])}/captures", {"label": "d", "field_type": "text"})["id"]

            def placed(where: Json) -> list[str]:
                found = org.get(at(template, where["id"]))["captures"]
                assert [one["position"] for one in found] == list(range(1, len(found) + 1)), "positions must count"
                assert {one["step_id"] for one in found} <= {where["id"]}, "a form field must name its step"
                return ids(found)

            assert placed(made) == [a, b, c], "a new form field must be the last"
            for position, wanted in ((1, [c, a, b]), (2, [a, c, b]), (3, [a, b, c])):
                org.call("PUT", path, {"capture_id": c, "position": position})
                assert placed(made) == wanted, f"position {position} must lead to {show(wanted)}"
            org.call("PUT", f"{path}/{a}/move-out", {"target_step_id": other["id"], "position": 2})
            org.call("PUT", f"{path}/{b}/move-out", {"target_step_id": other["id"], "position": 1})
            got = (placed(made), placed(other))
            assert got == ([c], [b, d, a]), f"moved form fields must be in the other step, not {show(got)}"
            org.assert_missing("PUT", f"{path}/{c}/move-out", {"target_step_id": UNKNOWN_ID})
            for body in ({}, {"target_step_id": other["id"], "position": 0}):
                org.assert_refused("PUT", f"{path}/{c}/move-out", body, status=422)
            for one in ({"position": 1}, {"capture_id": c}, {"capture_id": c, "position": 0}):
                org.assert_refused("PUT", path, one, status=422)
            response = org.send("DELETE", f"{path}/{c}")
            assert response.status < 300, f"a deletion must succeed, not answer {response.status}"
            assert placed(made) == [], "a deleted form field must be gone"
            for gone in (c, a, UNKNOWN_ID):
                org.assert_missing("PUT", f"{path}/{gone}", {"label": "Gone"})
                org.assert_missing("DELETE", f"{path}/{gone}")
                org.assert_missing("PUT", f"{path}/{gone}/move-out", {"target_step_id": other["id"]})
                org.assert_missing("PUT", path, {"capture_id": gone, "position": 1})


@rule(
    *("tallyfy.automations.created", "tallyfy.automations.updated", "tallyfy.automations.deleted"),
    *("tallyfy.automations.required", "tallyfy.automations.unknown-automation"),
)
def test_automated_actions_are_kept(target: Target) -> None:
    """An automated action is made, shown in its template, changed and deleted."""
    with target.open() as client:
        org = first_organization(client)
        template = plain_template(org)
        path = f"{at(template)}/automated-actions"
        with step(org, template) as one, step(org, template) as other:
            body = _automation(org, template, one, other)
            for left in ("conditions", "then_actions"):
                org.assert_refused("POST", path, {n: v for n, v in body.items() if n != left}, status=422)
            before = org.get(at(template))["automated_actions"]
            made = org.call("POST", path, body)
            try:
                for name, value in body.items():
                    assert _within(value, made[name]), f"`{name}` must be {show(value)}, not {show(made[name])}"
                listed = org.get(at(template))["automated_actions"]
                assert listed == [*before, made], f"the template must have the new action, not {show(listed)}"
                changes: tuple[Json, ...] = (
                    *({"automated_alias": "Skip both"}, {"condition_logic": "or"}),
                    {"conditions": list(reversed(body["conditions"]))},
                    {"then_actions": list(reversed(body["then_actions"]))},
                    {"conditions": [{**CONDITION, "conditionable_id": other["id"], "id": made["conditions"][0]["id"]}]},
                    {"then_actions": [{**ACTION, "target_step_id": one["id"], "id": made["then_actions"][0]["id"]}]},
                    {"then_actions": [{**EMIT, "target_step_id": one["id"]}]},
                    {"then_actions": [{**LATER, "target_step_id": one["id"], "deadline": due} for due in DUE]},
                )
                for change in changes:
                    old, changed = made, org.call("PUT", f"{path}/{made['id']}", change)
                    ((name, value),) = change.items()
                    assert _within(value, changed[name]), f"`{name}` must be {show(value)}, not {show(changed[name])}"
                    made = changed
                    assert changed == {**old, name: changed[name]}, f"the rest must stay: {show(changed)}"
                    assert org.get(at(template))["automated_actions"] == [*before, made], "a template must show it so"
            finally:
                response = org.send("DELETE", f"{path}/{made['id']}")
            assert response.status < 300, f"a deletion must succeed, not answer {response.status}"
            assert org.get(at(template))["automated_actions"] == before, "a deleted action must be gone"
            for gone in (made["id"], UNKNOWN_ID):
                org.assert_missing("PUT", f"{path}/{gone}", {"automated_alias": "Gone"})
                org.assert_missing("DELETE", f"{path}/{gone}")
        org.assert_missing("POST", f"/checklists/{UNKNOWN_ID}/automated-actions", body)


@rule(
    *("tallyfy.steps.unknown-step", "tallyfy.step-fields.unknown-field", "tallyfy.automations.unknown-automation"),
    needs=("other-tenant", "write"),
)
def test_steps_of_another_organization_are_closed(target: Target) -> None:
    """Nobody else moves, changes or deletes a step, its form fields or an automated action."""
    with target.open() as client:
        org, foreign = first_organization(client), first_organization(client, key=client.other_tenant_key)
        template = foreign.templates()[0]
        with step(foreign, template) as made, step(foreign, template) as other:
            path = at(template, made["id"])
            field = foreign.call("POST", f"{path}/captures", {"label": "Remark", "field_type": "text"})
            action = foreign.call("POST", f"{at(template)}/automated-actions", {"conditions": [], "then_actions": []})
            before = foreign.get(at(template), with_="steps")
            captures, actions = f"{path}/captures/{field['id']}", f"{at(template)}/automated-actions/{action['id']}"
            for method, end, body in (
                *(("PUT", f"{path}/reorder", {"position": 1}), ("PUT", captures, {"label": "Theirs"})),
                *(("PUT", actions, {"automated_alias": "Theirs"}), ("PUT", path, {"title": "Theirs"})),
                ("PUT", f"{path}/captures", {"capture_id": field["id"], "position": 1}),
                ("PUT", f"{captures}/move-out", {"target_step_id": other["id"]}),
                *(("DELETE", captures, None), ("DELETE", actions, None), ("DELETE", path, None)),
            ):
                org.assert_refused(method, end, body)
            after = foreign.get(at(template), with_="steps")
            assert after == before, f"the template must stay as it was, not {show(after)}"
            foreign.send("DELETE", actions)


def _automation(org: Organization, template: Json, one: Json, other: Json) -> Json:
    """The body of an automated action with each member that conditions and actions have."""
    table: Json = {"label": "Prices", "field_type": "table", "columns": [{"label": "Item"}], "required": False}
    field = org.call("POST", f"{at(template, one['id'])}/captures", table)
    cell = {"conditionable_type": "Capture", "conditionable_id": field["id"], "operation": "contains", "logic": "or"}
    deadline = {"value": 2, "unit": "weeks", "option": "before"}
    owners: Json = {"users": [], "guests": ["a@company.example"], "groups": []}
    target, start = {"target_step_id": other["id"]}, {"actionable_id": one["id"], "actionable_type": "Step"}
    return {
        "automated_alias": "Skip the gift",
        "conditions": [
            {**CONDITION, "conditionable_id": one["id"], "statement": "any_time", "position": 1},
            {**cell, "statement": "Pen", "position": 2, "column_contains_name": "Item"},
        ],
        "then_actions": [
            {**ACTION, **target, "position": 1},
            {
                "action_type": "deadline",
                "action_verb": "deadline",
                **target,
                **start,
                "deadline": deadline,
                "position": 2,
            },
            {"action_type": "assignment", "action_verb": "assign", **target, "assignees": owners, "position": 3},
        ],
        "condition_logic": "and",
    }


def _within(given: Json, shown: Json) -> bool:
    """Whether something has all that was given; conditions and actions get an id besides."""
    if isinstance(given, list):
        return len(given) == len(shown) and all(s | g == s for g, s in zip(given, shown, strict=True))
    return bool(given == shown)
