"""Tallyfy: templates, their includes, and the filters of their list."""

from __future__ import annotations

from collections.abc import Callable

from understudy_checks.client import Skipped
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import UNKNOWN_ID, Json, first_organization, included_tag_id, unwrap_items
from understudy_checks.target.target import Target
from understudy_checks.wording import show

PRINTED = (
    "id", "title", "summary", "starred", "webhook", "guidance", "alias", "folder_id", "prerun", "created_by",
    "owner_id",
    "kickoff_title", "kickoff_description", "created_at", "last_updated", "archived_at", "is_public",
    "automated_actions",
    "icon", "type", "is_public_kickoff", "default_process_name_format", "explanation_video", "status",
)  # fmt: skip


@rule("tallyfy.templates.listed-fields")
def test_a_listed_template_has_its_fields(target: Target) -> None:
    """A listed template has its documented members."""
    with target.open() as client:
        for template in first_organization(client).list_all("/checklists"):
            assert {"id", "title", "summary", "starred", "created_at", "last_updated"} <= template.keys(), (
                f"a listed template must have its documented members; it has {show(sorted(template))}"
            )
            assert isinstance(template["starred"], bool), (
                f"`starred` of a template must be true or false, not {show(template['starred'])}"
            )
            assert isinstance(template["title"], str), (
                f"the title of a template must be a string, not {show(template['title'])}"
            )


@rule("tallyfy.templates.fields", "tallyfy.templates.kickoff-is-included")
def test_a_template_has_its_fields(target: Target) -> None:
    """A template has its documented members, kick-off form and automations, with any includes."""
    with target.open() as client:
        org = first_organization(client)
        for listed in org.list_all("/checklists"):
            for query in ({}, {"with_": "steps"}, {"with_": "tags"}):
                template = org.get(f"/checklists/{listed['id']}", **query)
                assert set(PRINTED) <= template.keys(), (
                    f"a template must have the members {show(set(PRINTED) - template.keys())}"
                )
                assert isinstance(template["automated_actions"], list), (
                    f"`automated_actions` must be a list, not {show(template['automated_actions'])}"
                )
                assert all({"id", "alias", "field_type"} <= field.keys() for field in template["prerun"]), (
                    "a kick-off field must have its id, alias and type"
                )
        if not any(template["prerun"] for template in org.templates()):
            raise Skipped("no template has a kick-off form")


@rule("tallyfy.templates.includes-on-request")
def test_includes_appear_on_request(target: Target) -> None:
    """A template has `steps` and `tags` exactly when `with` names them."""
    with target.open() as client:
        org = first_organization(client)
        for listed in org.list_all("/checklists")[:5]:
            for query, wanted in (
                (None, set()),
                ("steps", {"steps"}),
                ("tags", {"tags"}),
                ("steps,tags", {"steps", "tags"}),
            ):
                template = org.get(f"/checklists/{listed['id']}", with_=query)
                assert (got := {"steps", "tags"} & template.keys()) == wanted, (
                    f"a template must have exactly the includes of `with={show(query)}`, not {show(got)}"
                )
                assert all(isinstance(unwrap_items(template[name]), list) for name in wanted), (
                    f"the includes {show(sorted(wanted))} of a template must be lists"
                )


@rule("tallyfy.templates.steps")
def test_included_steps_are_told(target: Target) -> None:
    """A step has a unique id, an alias, a title, its template and its form fields."""
    with target.open() as client:
        org = first_organization(client)
        seen: list[str] = []
        for template in org.templates():
            for step in unwrap_items(template["steps"]):
                assert {"id", "alias", "title"} <= step.keys(), (
                    f"a step must have an id, an alias and a title; it has {show(sorted(step))}"
                )
                assert step["checklist_id"] == template["id"], (
                    f"a step must name its template, not {show(step['checklist_id'])}"
                )
                assert all({"id", "field_type"} <= field.keys() for field in step["captures"]), (
                    "a form field of a step must have an id and a type"
                )
                seen.append(step["id"])
        assert len(set(seen)) == len(seen) > 0, f"steps must have different ids; they are {show(seen)}"
        captured = [
            f["id"] for t in org.templates() for f in org.get(f"/checklists/{t['id']}/form-fields")["form_fields"]
        ]
        assert (got := sorted(captured)) == sorted(
            f["id"] for t in org.templates() for s in unwrap_items(t["steps"]) for f in s["captures"]
        ), f"the form fields of the steps must be those of the template, not {show(got)}"


@rule("tallyfy.templates.unknown-template")
def test_an_unknown_template_is_404(target: Target) -> None:
    """An unknown template answers 404."""
    with target.open() as client:
        org = first_organization(client)
        for id in (UNKNOWN_ID, "no-such-template"):
            for path in (f"/checklists/{id}", f"/checklists/{id}/form-fields"):
                assert (got := org.send("GET", path).status) == 404, (
                    f"an unknown template must answer 404, not {show(got)}"
                )


@rule("tallyfy.templates.form-fields")
def test_form_fields_are_told_apart(target: Target) -> None:
    """Kick-off fields and fields of steps are in separate lists."""
    with target.open() as client:
        org = first_organization(client)
        for template in org.templates():
            fields = org.get(f"/checklists/{template['id']}/form-fields")
            assert (got := [f["id"] for f in fields["ko_form_fields"]]) == [f["id"] for f in template["prerun"]], (
                f"`ko_form_fields` must be the fields of the kick-off form, not {show(got)}"
            )
            wanted = [f["id"] for step in unwrap_items(template["steps"]) for f in step["captures"]]
            assert (got := sorted(f["id"] for f in fields["form_fields"])) == sorted(wanted), (
                f"`form_fields` must be the fields of the steps, not {show(got)}"
            )
            assert all(isinstance(f["field_type"], str) for f in (*fields["ko_form_fields"], *fields["form_fields"])), (
                "the type of a form field must be a string"
            )


@rule("tallyfy.templates.search")
def test_templates_are_searched(target: Target) -> None:
    """`q` finds every template with a word in its title."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/checklists")
        for template in everything[:6]:
            word = max(template["title"].split(), key=len)
            found = org.list_all("/checklists", q=word)
            wanted = {t["id"] for t in everything if word.lower() in t["title"].lower()}
            assert wanted <= {t["id"] for t in found}, (
                f"`q={word}` must list all templates with the word in their title"
            )
            assert all(word.lower() in repr(t).lower() for t in found), (
                f"`q={word}` must list only templates that hold the word"
            )
        assert (got := org.list_all("/checklists", q="no title holds this")) == [], (
            f"a search without a match must list nothing, not {show(got)}"
        )


@rule("tallyfy.templates.filters")
def test_templates_are_filtered(target: Target) -> None:
    """Each filter lists exactly the templates with its value."""
    with target.open() as client:
        org = first_organization(client)
        everything = org.list_all("/checklists", with_="tags")
        values: dict[str, Callable[[Json], list[Json]]] = {
            "type": lambda t: [t["type"]],
            "starred": lambda t: [t["starred"]],
            "owner_id": lambda t: [t["owner_id"]],
            "folder": lambda t: [t["folder_id"]],
            "tag": lambda t: [included_tag_id(tag) for tag in unwrap_items(t["tags"])],
        }
        for name, value in values.items():
            known = {one for template in everything for one in value(template) if one is not None}
            for one in known:
                wanted = [t["id"] for t in everything if one in value(t)]
                assert (got := [t["id"] for t in org.list_all("/checklists", **{name: one})]) == wanted, (
                    f"`{name}={show(one)}` must list exactly the templates with the value, not {show(got)}"
                )
            assert known, f"some template must have a {name}"
