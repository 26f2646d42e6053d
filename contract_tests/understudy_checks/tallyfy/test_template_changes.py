"""Tallyfy: templates that are made, changed, duplicated, archived and deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    as_no_administrator,
    field_answer,
    first_organization,
    launch,
    read_run,
    run_tasks,
    template_steps,
)
from understudy_checks.tallyfy.test_groups import group, member
from understudy_checks.target.target import Target
from understudy_checks.wording import show

PRINTED = (
    *("id", "increment_id", "title", "summary", "starred", "webhook", "guidance", "alias", "folder_id", "prerun"),
    *("created_by", "owner_id", "kickoff_title", "kickoff_description", "started_processes", "created_at"),
    *("last_updated", "archived_at", "is_public", "automated_actions", "topic_tags", "industry_tags", "public_cover"),
    *("icon", "type", "steps_count", "is_public_kickoff", "default_process_name_format", "dual_version_enabled"),
    *("is_published_state", "is_featured", "auto_naming", "last_updated_by", "status", "explanation_video", "users"),
    *("groups", "is_pinned", "folderize_process", "tag_process", "allow_launcher_change_name"),
    *("ko_form_blueprint_id", "default_folder", "folder_changeable_by_launcher", "can_add_oot"),
    "kickoff_sharing_user_id",
)
EMPTY = ("prerun", "automated_actions", "topic_tags", "industry_tags", "users", "groups")
FLAGS = (
    *("starred", "is_public", "is_featured", "is_public_kickoff", "auto_naming", "dual_version_enabled"),
    *("folderize_process", "tag_process", "allow_launcher_change_name", "can_add_oot"),
)
TEXTS = {
    "summary": "Step by step",
    "guidance": "Read it",
    "icon": "fa-users",
    "public_cover": "https://a.example/c.png",
    "webhook": "https://hooks.example/a",
    "explanation_video": "http://video.example/v?x=1",
    "default_process_name_format": "{{TEMPLATE_NAME}}",
}
KINDS = ("procedure", "form", "document")
FIELD: Json = {"label": "Way", "field_type": "radio", "required": True, "options": [{"id": 7, "text": "Post"}]}
FILE: Json = {"label": "Contract", "field_type": "file", "required": False}
NOTE: Json = {"label": "Why", "field_type": "textarea", "required": False, "guidance": "In a few words"}
FORM: tuple[Json, ...] = (
    {"label": "W", "field_type": "text", "required": False, "default_value_enabled": True, "default_value": "Here"},
    {"label": "Why", "field_type": "textarea", "required": True, "use_wysiwyg_editor": True, "guidance": "In full"},
    {"label": "Way", "field_type": "radio", "required": True, "options": [{"id": 1, "text": "Post", "value": "p"}]},
    {"label": "Which", "field_type": "dropdown", "required": False, "options": [{"id": 1, "text": "This one"}]},
    {"label": "Who all", "field_type": "multiselect", "required": False, "options": [{"id": 1, "text": "Ana"}]},
    {"label": "When", "field_type": "date", "required": False, "collect_time": True},
    {"label": "Where to", "field_type": "email", "required": False, "field_validation": ["required"]},
    {"label": "Proof", "field_type": "file", "required": False},
    {"label": "What", "field_type": "table", "required": False, "columns": [{"id": 1, "label": "Item"}]},
    {"label": "Who", "field_type": "assignees_form", "required": False},
)
"""A field of each type, and each member of a field that is given."""
LONGEST_FORMAT = 550
MANY = 2000
NOBODY = 999_999_999


@contextmanager
def made_template(org: Organization, title: str = "Checked", **body: Json) -> Iterator[Json]:
    """Make a template; it is archived and deleted after the block."""
    made = org.call("POST", "/checklists", {"title": title, "type": "procedure", **body})
    try:
        yield made
    finally:
        path = f"/checklists/{made['id']}"
        org.send("DELETE", path)
        org.send("DELETE", f"{path}/delete")


def embed(template: Json) -> str:
    """The markup that embeds a template in a text (Rich text references > Embedded template)."""
    span = '<span class="insert-blueprint-tag fr-deletable" contenteditable="false"'
    return f'{span} data-blueprint-id="{template["id"]}">[[{template["title"]}]]</span>&nbsp;'


def listed(org: Organization, template: Json, **query: object) -> bool:
    """Whether a template is in the list."""
    return template["id"] in [one["id"] for one in org.list_all("/checklists", **query)]


def assert_archived(body: Json) -> None:
    """Assert that an answer has a message and no references."""
    assert isinstance(body["message"], str), f"there must be a message: {show(body)}"
    assert body["deleted_references"] == [], f"there must be no references: {show(body)}"


def assert_form(shown: list[Json], given: Sequence[Json]) -> None:
    """Assert that a kick-off form has the fields that were given, by their positions."""
    kept = {field["label"]: field for field in shown}
    for field in given:
        found = kept.get(field["label"], {})
        assert found | field == found, f"a kick-off field must have {show(field)}, not {show(found)}"


@rule("tallyfy.templates.created", "tallyfy.templates.new-members", "tallyfy.templates.new-kickoff")
def test_a_template_is_made(target: Target) -> None:
    """A new template has what is given and all printed members, and reads as it was answered."""
    with target.open() as client:
        org = first_organization(client)
        me, folder = member(org), org.call("POST", "/folders", {"name": "Of the check"})
        with group(org, members=[me]) as own:
            given: Json = {**TEXTS, **dict.fromkeys(FLAGS, True), "owner_id": me, "folder_id": folder["id"]}
            given |= {"users": [me], "groups": [own["id"]]}
            response = org.send("POST", "/checklists", json={"title": "A", "type": "form", "user_id": me, **given})
            assert response.status == 201, f"creating a template must answer 201, not {response.status}"
            full = org.data_of(response)
            wanted = {"title": "A", "type": "form", **given}
            assert full | wanted == full, f"a template must have {show(wanted)}, not {show(full)}"
            _discard(org, full)
        org.send("DELETE", f"/folders/{folder['id']}")
        for kind in KINDS:
            with made_template(org, type=kind) as bare:
                assert bare["type"] == kind, f"the template must be a {kind}, not {show(bare['type'])}"
                assert set(PRINTED) <= bare.keys(), f"a template must have {show(set(PRINTED) - bare.keys())}"
                lists = {name: bare[name] for name in EMPTY}
                assert lists == {name: [] for name in EMPTY}, f"lists must be empty at first, not {show(lists)}"
                facts = [bare[name] for name in ("steps_count", "started_processes", "archived_at")]
                assert facts == [0, 0, None], f"a new template must have nothing yet, not {show(facts)}"
                flags = [name for name in (*FLAGS, "is_pinned") if bare[name]]
                assert flags == [], f"nothing must be set that was not given, but {show(flags)} is"
                assert bare["owner_id"] == bare["created_by"] == me, "whoever makes a template must own it"
                assert listed(org, bare), "a new template must be listed"
                assert org.get(f"/checklists/{bare['id']}") == bare, "a template must read as it was answered"
                assert template_steps(org.get(f"/checklists/{bare['id']}", with_="steps")) == [], (
                    "it must have no steps"
                )
        with made_template(org, prerun=[FIELD, FILE, NOTE]) as asking:
            for field, given in zip(asking["prerun"], (FIELD, FILE, NOTE), strict=True):
                assert field | given == field, f"a kick-off field must have {show(given)}, not {show(field)}"
            places = [(field["position"], field["checklist_id"]) for field in asking["prerun"]]
            wanted_places = [(place, asking["id"]) for place in (1, 2, 3)]
            assert places == wanted_places, f"fields must be numbered, not {show(places)}"
            assert len({field["id"] for field in asking["prerun"]}) == len(places), "fields must have ids of their own"
        turned = [{**field, "position": len(FORM) - place} for place, field in enumerate(FORM)]
        with made_template(org, prerun=turned) as whole:
            assert_form(whole["prerun"], turned)
        for name in FIELD.keys() - {"options"}:
            field = {key: value for key, value in FIELD.items() if key != name}
            org.assert_refused("POST", "/checklists", {"title": "A", "type": "form", "prerun": [field]}, status=422)


@rule(
    "tallyfy.templates.required", "tallyfy.templates.lengths", "tallyfy.templates.urls", "tallyfy.templates.own-people"
)
def test_a_template_is_made_of_valid_members(target: Target) -> None:
    """Title and type are required; lengths, URLs, people and folders are checked."""
    with target.open() as client:
        org = first_organization(client)
        name_format = "c" * LONGEST_FORMAT
        with made_template(org, "a" * 250, summary="b" * MANY, default_process_name_format=name_format) as long:
            got = tuple(len(long[name]) for name in ("title", "summary", "default_process_name_format"))
            assert got == (250, MANY, LONGEST_FORMAT), f"texts must be kept whole, not with {show(got)} characters"
        valid: Json = {"title": "A", "type": "procedure"}
        wrong: list[Json] = [{"title": "A"}, {"type": "procedure"}, {**valid, "title": ""}, {**valid, "type": "other"}]
        wrong += [{**valid, "title": "a" * 251}, {**valid, "summary": "a" * (MANY + 1)}]
        wrong.append({**valid, "default_process_name_format": f"{name_format}c"})
        wrong += [{**valid, name: "not a link"} for name in ("webhook", "explanation_video")]
        wrong += [{**valid, "owner_id": NOBODY}, {**valid, "user_id": NOBODY}, {**valid, "folder_id": UNKNOWN_ID}]
        before = len(org.list_all("/checklists"))
        for body in wrong:
            org.assert_refused("POST", "/checklists", body, status=422)
        after = len(org.list_all("/checklists"))
        assert after == before, f"a refused template must not be made: {before} became {after}"


@rule("tallyfy.template-update.changed", "tallyfy.template-update.people", "tallyfy.template-update.title")
def test_a_template_is_changed(target: Target) -> None:
    """What is given changes, and nothing else; lists of people and groups are replaced."""
    with target.open() as client:
        org = first_organization(client)
        me = member(org)
        folder = org.call("POST", "/folders", {"name": "Of the check"})
        with group(org, members=[me]) as own, made_template(org, prerun=[FIELD]) as template:
            path = f"/checklists/{template['id']}"
            changes: list[Json] = [{name: text} for name, text in TEXTS.items()]
            changes += [{flag: True} for flag in (*FLAGS, "is_pinned", "folder_changeable_by_launcher")]
            changes += [{"kickoff_title": "Start"}, {"kickoff_description": "Tell"}, {"alias": "own-alias"}]
            changes += [{"users": [me]}, {"groups": [own["id"]]}, {"owner_id": me}, {"title": "New"}, {"title": "N"}]
            changes += [{"type": kind} for kind in (*reversed(KINDS), "form")]
            changes += [{"default_folder": folder["id"]}, {"default_folder": None}, {"title": "n" * 250}]
            changes += [{"summary": "s" * MANY}, {"default_process_name_format": "f" * LONGEST_FORMAT}]
            changes += [{"users": []}, {"groups": []}, {"guidance": None}]
            for change in changes:
                old = org.get(path)
                new = org.call("PUT", path, {"title": old["title"], **change})
                wanted = {**old, **change, "last_updated": new["last_updated"]}
                assert new == wanted, f"{show(change)} must lead to {show(wanted)}, not {show(new)}"
                assert org.get(path) == new, "a changed template must read as it was answered"
            for body in ({}, {"guidance": "No title"}, {"title": "a" * 251}, {"title": ""}):
                org.assert_refused("PUT", path, body, status=422)
            bad: list[Json] = [
                {"owner_id": NOBODY},
                {"webhook": "not a link"},
                {"folder_id": UNKNOWN_ID},
                {"type": "x"},
                {"summary": "s" * (MANY + 1)},
                {"default_process_name_format": "f" * (LONGEST_FORMAT + 1)},
            ]
            for one in bad:
                org.assert_refused("PUT", path, {"title": "A", **one}, status=422)
            assert org.get(path) == new, "a refused change must leave the template as it was"
        org.send("DELETE", f"/folders/{folder['id']}")


@rule("tallyfy.template-update.kickoff", "tallyfy.template-update.unknown-template")
def test_a_kickoff_form_is_changed(target: Target) -> None:
    """Fields are known by their ids; new ones are added; a file field takes a list of files."""
    with target.open() as client:
        org = first_organization(client)
        with made_template(org, prerun=[FIELD, FILE]) as template:
            path, (one, other) = f"/checklists/{template['id']}", template["prerun"]
            files = [{"id": UNKNOWN_ID, "filename": "a.pdf", "source": "local"}]
            sent = [
                {"id": other["id"], "value": files},
                {"id": one["id"], "label": "Road"},
                {**FIELD, "label": "Third"},
            ]
            changed = org.call("PUT", path, {"title": "Checked", "prerun": sent})["prerun"]
            assert [field["label"] for field in changed] == ["Contract", "Road", "Third"], (
                "fields must be as they are sent"
            )
            assert [field["id"] for field in changed[:2]] == [other["id"], one["id"]], (
                "known fields must keep their ids"
            )
            assert changed[2]["options"] == FIELD["options"], f"options must be as sent, not {show(changed[2])}"
            assert field_answer(changed[0]) == files, f"the value must be the files, not {show(changed[0])}"
            kept = {name: one[name] for name in ("field_type", "required", "options")}
            assert changed[1] | kept == changed[1], f"what is not sent must stay, not {show(changed[1])}"
            assert org.get(path)["prerun"] == changed, "the form must read as it was answered"
            wrong: list[Json] = [{"label": "No type", "required": True}, {"id": other["id"], "value": "no list"}]
            for field in wrong:
                org.assert_refused("PUT", path, {"title": "Checked", "prerun": [field]}, status=422)
            assert org.get(path)["prerun"] == changed, "a refused change must leave the form as it was"
            turned = [{**field, "position": len(FORM) - place} for place, field in enumerate(FORM)]
            assert_form(org.call("PUT", path, {"title": "Checked", "prerun": turned})["prerun"], turned)
        org.assert_missing("PUT", f"/checklists/{UNKNOWN_ID}", {"title": "Checked"})


@rule("tallyfy.templates.published")
def test_a_template_is_published(target: Target) -> None:
    """It keeps its title, its steps and its form; an unknown one is not there."""
    with target.open() as client:
        org = first_organization(client)
        with made_template(org, "To publish", prerun=[FIELD]) as template:
            path = f"/checklists/{template['id']}"
            org.call("POST", f"{path}/steps", {"title": "Call"})
            before = org.get(path, with_="steps")
            response = org.send("PUT", f"{path}/publish")
            assert response.status < 300, f"publishing must succeed, not answer {response.status}"
            after = org.get(path, with_="steps")
            for name in ("title", "steps", "prerun"):
                assert after[name] == before[name], f"{name} must stay {show(before[name])}, not {show(after[name])}"
        org.assert_missing("PUT", f"/checklists/{UNKNOWN_ID}/publish")


@rule("tallyfy.templates.published", needs=("other-tenant", "write"))
def test_templates_are_published_in_their_own_organization(target: Target) -> None:
    """The path of another organization is closed."""
    with target.open() as client:
        org, foreign = first_organization(client), first_organization(client, key=client.other_tenant_key)
        with made_template(org) as template:
            closed = Organization(client, foreign.id, org.key)
            closed.assert_refused("PUT", f"/checklists/{template['id']}/publish")


@rule("tallyfy.templates.cloned")
def test_a_template_is_duplicated(target: Target) -> None:
    """A copy has what the template has, with ids of its own."""
    with target.open() as client:
        org = first_organization(client)
        with made_template(org, prerun=[FIELD], guidance="Read it") as template:
            path = f"/checklists/{template['id']}"
            step = org.call("POST", f"{path}/steps", {"title": "Call", "summary": "Them"})
            field = org.call("POST", f"{path}/steps/{step['id']}/captures", {"label": "Note", "field_type": "text"})
            condition = {"conditionable_id": step["id"], "conditionable_type": "Step", "operation": "completed"}
            action = {"action_type": "visibility", "action_verb": "hide", "target_step_id": step["id"]}
            rules = {"automated_alias": "Hide it", "conditions": [condition], "then_actions": [action]}
            org.call("POST", f"{path}/automated-actions", rules)
            before = org.get(path, with_="steps")
            copy = org.call("POST", f"{path}/clone", {"tenant": org.id, "title": "Copied"})
            try:
                shown = org.get(f"/checklists/{copy['id']}", with_="steps")
                assert (copy["title"], copy["guidance"]) == ("Copied", "Read it"), f"not a copy: {show(copy)}"
                assert listed(org, copy), "a copy must be a template of its own"
                (new,) = template_steps(shown)
                labels = (new["title"], new["summary"], [one["label"] for one in new["captures"]])
                assert labels == ("Call", "Them", ["Note"]), f"a copy must have the steps, not {show(labels)}"
                assert new["checklist_id"] == copy["id"], "a copied step must name its template"
                own = {
                    new["id"],
                    new["captures"][0]["id"],
                    shown["prerun"][0]["id"],
                    shown["automated_actions"][0]["id"],
                }
                old = {step["id"], field["id"], before["prerun"][0]["id"], before["automated_actions"][0]["id"]}
                assert not own & old, f"copies must have ids of their own, not {show(own & old)}"
                named = shown["automated_actions"][0]
                refers = [named["conditions"][0]["conditionable_id"], named["then_actions"][0]["target_step_id"]]
                assert refers == [new["id"]] * 2, f"a copied action must be about the copied step, not {show(refers)}"
                assert org.get(path, with_="steps") == before, "the template must stay as it was"
            finally:
                _discard(org, copy)
            longest = org.call("POST", f"{path}/clone", {"tenant": org.id, "title": "c" * 250})
            _discard(org, longest)
            assert longest["title"] == "c" * 250, "a title of 250 characters must be kept"
            org.assert_refused("POST", f"{path}/clone", {"tenant": org.id, "title": "c" * 251}, status=422)
        org.assert_missing("POST", f"/checklists/{UNKNOWN_ID}/clone", {"tenant": org.id})


@rule(
    *("tallyfy.templates.archiving", "tallyfy.templates.archived-is-hidden", "tallyfy.templates.restored"),
    "tallyfy.templates.archive-unknown",
)
def test_a_template_is_archived_and_restored(target: Target) -> None:
    """An archived template is hidden while its processes go on; restored, it is as it was."""
    with target.open() as client:
        org = first_organization(client)
        with made_template(org, prerun=[{**FIELD, "required": False}]) as template:
            path = f"/checklists/{template['id']}"
            step = org.call("POST", f"{path}/steps", {"title": "Call"})
            org.call("POST", f"{path}/steps/{step['id']}/captures", {"label": "Note", "field_type": "text"})
            org.call("POST", f"{path}/automated-actions", {"conditions": [], "then_actions": []})
            run = launch(org, template)
            before, tasks = org.get(path, with_="steps"), run_tasks(org, run)
            answer = org.send("DELETE", path)
            assert answer.status == 200, f"archiving must answer 200, not {answer.status}"
            body = answer.json()
            assert_archived(body)
            assert not listed(org, template), "an archived template must not be listed"
            assert listed(org, template, archived="only"), "it must be among the archived ones"
            org.assert_refused("POST", "/runs", {"checklist_id": template["id"], "name": "A"})
            assert run_tasks(org, run) == tasks, "its processes must keep their tasks"
            org.call("POST", f"/runs/{run['id']}/completed-tasks", {"task_id": tasks[0]["id"]})
            assert read_run(org, run)["archived_at"] is None, "its processes must go on"
            response = org.send("PUT", f"{path}/restore")
            shown = org.data_of(response)
            assert (response.status, shown["archived_at"]) == (200, None), f"it must be restored: {show(shown)}"
            assert listed(org, template), "a restored template must be listed"
            assert org.get(path, with_="steps") == before, "a restored template must be as it was"
            launch(org, template)
        for method, end in (("DELETE", ""), ("PUT", "/restore"), ("DELETE", "/delete")):
            org.assert_missing(method, f"/checklists/{UNKNOWN_ID}{end}")


@rule("tallyfy.templates.embeds-are-taken-out", "tallyfy.templates.embeds-are-put-back")
def test_embeds_of_a_template_go_and_come_back(target: Target) -> None:
    """Archiving takes embeds out of texts, restoring puts those back whose text nobody changed."""
    with target.open() as client:
        org = first_organization(client)
        with made_template(org) as template, made_template(org, "Holds it") as holder:
            path, text = f"/checklists/{template['id']}", f"See {embed(template)}and {embed(holder)}."
            without = f"See and {embed(holder)}."
            holding = f"/checklists/{holder['id']}"
            org.call("PUT", holding, {"title": "Holds it", "summary": text})
            steps = [org.call("POST", f"{holding}/steps", {"title": "Call", "summary": text}) for _ in range(3)]
            body = org.send("DELETE", path).json()
            told = {one["id"]: (one["type"], one["title"]) for one in body["deleted_references"]}
            wanted = {holder["id"]: ("Blueprint", "Holds it"), **{one["id"]: ("Step", "Call") for one in steps}}
            assert told == wanted, f"the references must be {show(wanted)}, not {show(told)}"

            def texts() -> list[str]:
                return [org.get(holding)["summary"], *(one["summary"] for one in org.list_all(f"{holding}/steps"))]

            assert texts() == [without] * 4, f"the embeds must be gone, not {show(texts())}"
            org.call("PUT", f"{holding}/steps/{steps[0]['id']}", {"title": "Call", "summary": "Other words"})
            org.send("DELETE", f"{holding}/steps/{steps[1]['id']}")
            meta = org.send("PUT", f"{path}/restore").json()["meta"]
            back = {one["id"] for one in meta["restored_references"]}
            assert back == {holder["id"], steps[2]["id"]}, f"two embeds must be back, not {show(back)}"
            lost = {one["id"]: one for one in meta["unrestored_references"]}
            assert lost.keys() == {steps[0]["id"], steps[1]["id"]}, f"two must not be back, not {show(lost)}"
            assert all(one["resolution"] and one["reason"] for one in lost.values()), f"no reason: {show(lost)}"
            assert texts() == [text, "Other words", text], f"embeds must be as they were, not {show(texts())}"


@rule("tallyfy.templates.purged", "tallyfy.templates.purged-only-archived")
def test_a_template_is_deleted_for_good(target: Target) -> None:
    """An archived template can be deleted, and is nowhere afterwards."""
    with target.open() as client:
        org = first_organization(client)
        with made_template(org) as template:
            path = f"/checklists/{template['id']}"
            org.assert_refused("DELETE", f"{path}/delete")
            assert listed(org, template), "a refused deletion must leave the template"
            org.send("DELETE", path)
            response = org.send("DELETE", f"{path}/delete")
            assert response.status == 200, f"a deletion must answer 200, not {response.status}"
            body = response.json()
            assert_archived(body)
            assert not listed(org, template, archived="true"), "a deleted template must not be listed"
            for method, end in (("GET", ""), ("PUT", "/restore"), ("DELETE", "/delete")):
                org.assert_missing(method, f"{path}{end}")


@rule("tallyfy.templates.purged-only-by-administrators", needs=("write", "second-key"))
def test_only_an_administrator_deletes_a_template(target: Target) -> None:
    """A member who is no administrator gets 403 for a deletion, and the template stays."""
    with target.open() as client:
        org = first_organization(client)
        other = as_no_administrator(client, org)
        with made_template(org) as template:
            org.send("DELETE", f"/checklists/{template['id']}")
            other.assert_refused("DELETE", f"/checklists/{template['id']}/delete", status=403)
            assert listed(org, template, archived="only"), "a refused deletion must leave the template"


def _discard(org: Organization, template: Json) -> None:
    org.send("DELETE", f"/checklists/{template['id']}")
    org.send("DELETE", f"/checklists/{template['id']}/delete")
