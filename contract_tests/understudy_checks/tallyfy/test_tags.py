"""Tallyfy: tags, and what gives them to templates and processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from understudy_checks.measurements import skip_unless
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    first_organization,
    included_tag_id,
    launch,
    plain_template,
    unwrap_items,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show


@contextmanager
def tag(org: Organization, title: str = "Tag of the check", **members: Json) -> Iterator[Json]:
    """Make a tag, and delete it after the block unless that is done."""
    made = org.call("POST", "/tags", {"title": title, **members})
    try:
        yield made
    finally:
        org.send("DELETE", f"/tags/{made['id']}")


def tags_of(org: Organization, path: str) -> list[Json]:
    """The tags that are included in a template or process."""
    return unwrap_items(org.get(path, with_="tags")["tags"])


def subject(org: Organization, kind: str) -> tuple[str, str]:
    """The id and the path of a template or a process without tags."""
    if kind == "Run":
        run = launch(org)
        return run["id"], f"/runs/{run['id']}"
    template = plain_template(org)
    return template["id"], f"/checklists/{template['id']}"


@rule("tallyfy.tags.created", "tallyfy.tags.updated")
def test_a_tag_is_made_and_changed(target: Target) -> None:
    """A tag is made with its title and color, and changed in what is given."""
    with target.open() as client:
        org = first_organization(client)
        for given in ({"title": "Colored", "color": "#3498db"}, {"title": "Plain"}):
            response = org.send("POST", "/tags", json=given)
            assert response.status == 201, f"creating a tag must answer 201, not {response.status}"
            made = org.data_of(response)
            path = f"/tags/{made['id']}"
            try:
                for shown in (made, org.get(path)):
                    assert shown | given == shown, f"a tag must have what was given, not {show(shown)}"
                    state = (shown["auto_generated"], shown["deleted_at"])
                    assert state == (False, None), f"a new tag must be neither automatic nor deleted, not {state}"
                for change in ({"title": "Renamed"}, {"title": "Renamed", "color": "#ff0000"}):
                    changed = org.call("PUT", path, change)
                    wanted = {"color": made["color"]} | change
                    assert changed | wanted == changed, f"an update must lead to {show(wanted)}, not {show(changed)}"
                    assert org.get(path) == changed, "an updated tag must read as it was answered"
            finally:
                org.send("DELETE", path)


@rule("tallyfy.tags.title-is-required", "tallyfy.tags.unique-title", "tallyfy.tags.long-title", "tallyfy.tags.color")
def test_a_tag_needs_a_title_of_its_own(target: Target) -> None:
    """A tag without a title, with one that is taken or too long, or with a wrong color, is refused and not made."""
    with target.open() as client:
        org = first_organization(client)
        with tag(org, "Only once"), tag(org, "t" * 30):
            before = org.list_all("/tags")
            wrong: tuple[Json, ...] = (
                *({"color": "#3498db"}, {"title": "Only once"}, {"title": "u" * 31}),
                *({"title": "Wrong", "color": color} for color in ("#3498d", "#3498db0", "red")),
            )
            for body in wrong:
                org.assert_refused("POST", "/tags", body, status=422)
            assert org.list_all("/tags") == before, "a refused tag must not be made"
        with tag(org, "s") as made:
            path = f"/tags/{made['id']}"
            for title in ("u" * 30, "u"):
                org.call("PUT", path, {"title": title, "color": "#3498db"})
            for change in ({"title": "u" * 31}, {"title": "u", "color": "#3498d"}, {"title": "u", "color": "#3498db0"}):
                org.assert_refused("PUT", path, change, status=422)


@rule("tallyfy.tags.search", "tallyfy.tags.sort")
def test_tags_are_searched_and_sorted(target: Target) -> None:
    """`q` lists the tags whose title holds it, and `sort` orders them both ways."""
    with target.open() as client:
        org = first_organization(client)
        with tag(org, "Zebra crossing"), tag(org, "Aardvark"):
            everything = org.list_all("/tags")
            for text in ("ZEBRA", "nowhere at all"):
                wanted = sorted(one["id"] for one in everything if text.lower() in one["title"].lower())
                got = sorted(one["id"] for one in org.list_all("/tags", q=text))
                assert got == wanted, f"`q={text}` must list {show(wanted)}, not {show(got)}"
            for member in ("title", "created_at"):
                up = [one[member] for one in org.list_all("/tags", sort=member)]
                down = [one[member] for one in org.list_all("/tags", sort=f"-{member}")]
                assert (up, down) == (sorted(up), sorted(down, reverse=True)), f"`sort` by {member} must order the list"


@rule("tallyfy.tags.automatic")
def test_automatic_tags_are_listed_on_request(target: Target) -> None:
    """A tag that was made automatically is listed with `all=true` only."""
    with target.open() as client:
        org = first_organization(client)
        usual, everything = org.list_all("/tags"), org.list_all("/tags", all="true")
        automatic = org.list_all("/tags", all="true", auto_generated="true")
        assert not any(one["auto_generated"] for one in usual), "no automatic tag must be listed unless asked for"
        assert all(one["auto_generated"] for one in automatic), "`auto_generated=true` must list automatic tags only"
        ids = [sorted(one["id"] for one in found) for found in (everything, [*usual, *automatic])]
        assert ids[0] == ids[1], f"`all=true` must list the usual and the automatic tags, not {show(ids[0])}"
        skip_unless(automatic, "no tag of this target was made automatically")


@rule("tallyfy.tags.statistics")
def test_statistics_count_what_has_a_tag(target: Target) -> None:
    """`statistics` counts templates and processes by whether they are archived, and appears on request only."""
    with target.open() as client:
        org = first_organization(client)
        with tag(org) as made:
            path = f"/tags/{made['id']}"
            assert "statistics" not in org.get(path), "`statistics` must appear on request only"
            template, run, old = (
                plain_template(org)["id"],
                launch(org, tags=[made["id"]]),
                launch(org, tags=[made["id"]]),
            )
            org.call("DELETE", f"/runs/{old['id']}")
            body = {"subject_id": template, "subject_type": "Checklist", "tag_id": made["id"]}
            org.call("POST", "/checklists/tags", body)
            wanted = {"active_template": 1, "archived_template": 0, "active_process": 1, "archived_process": 1}
            listed = next(one for one in org.list_all("/tags", with_="statistics") if one["id"] == made["id"])
            for shown in (org.get(path, with_="statistics"), listed):
                got = shown["statistics"]["data"]
                assert got == wanted, f"the statistics of a tag must be {show(wanted)}, not {show(got)}: {run['id']}"


@rule("tallyfy.tags.added", "tallyfy.tags.removed", "tallyfy.tags.added-to-nothing")
def test_a_tag_is_given_and_taken(target: Target) -> None:
    """A tag that is given to a template or process is shown and listed by it once, until it is taken."""
    with target.open() as client:
        org = first_organization(client)
        with tag(org) as made:
            for kind, collection in (("Run", "/runs"), ("Checklist", "/checklists")):
                id, path = subject(org, kind)
                body = {"subject_id": id, "subject_type": kind, "tag_id": made["id"]}
                association = org.call("POST", "/checklists/tags", {**body, "tag_type": "public"})
                got = {name: association.get(name) for name in (*body, "tag_type")}
                assert got == {**body, "tag_type": "public"}, (
                    f"the association must have what was sent, not {show(got)}"
                )
                org.send("POST", "/checklists/tags", json=body)
                times = [included_tag_id(one) for one in tags_of(org, path)].count(made["id"])
                assert times == 1, f"{path} must have the tag once, not {times} times"
                listed = [one["id"] for one in org.list_all(collection, tag=made["id"])]
                assert listed == [id], f"the tag must list {id}, not {show(listed)}"
                for wrong in ({"tag_id": UNKNOWN_ID}, {"subject_id": UNKNOWN_ID}):
                    org.assert_refused("POST", "/checklists/tags", {**body, **wrong})
                response = org.send("DELETE", f"/checklists/tags/{association['id']}")
                assert response.status < 300, f"taking a tag must succeed, not answer {response.status}"
                left = [included_tag_id(one) for one in tags_of(org, path)]
                assert made["id"] not in left, f"{path} must not have a tag that was taken from it"
                org.assert_refused("DELETE", f"/checklists/tags/{association['id']}")
            assert org.get(f"/tags/{made['id']}")["title"] == made["title"], "a tag that is taken must stay"


@rule("tallyfy.tags.deletion", "tallyfy.tags.unknown-tag")
def test_a_deleted_tag_leaves_everything(target: Target) -> None:
    """A deleted tag is neither found nor listed, and nothing has it."""
    with target.open() as client:
        org = first_organization(client)
        with tag(org) as made:
            run, template = launch(org, tags=[made["id"]]), plain_template(org)["id"]
            org.call(
                "POST", "/checklists/tags", {"subject_id": template, "subject_type": "Checklist", "tag_id": made["id"]}
            )
            response = org.send("DELETE", f"/tags/{made['id']}")
            assert response.status < 300, f"deleting a tag must succeed, not answer {response.status}"
            shown = org.data_of(response) if response.body else made
            assert shown["id"] == made["id"], f"the answer must be about the tag, not {show(shown)}"
        assert made["id"] not in [one["id"] for one in org.list_all("/tags", all="true")], "it must not be listed"
        for path in (f"/runs/{run['id']}", f"/checklists/{template}"):
            assert made["id"] not in map(included_tag_id, tags_of(org, path)), f"{path} must not have a deleted tag"
        for id in (made["id"], UNKNOWN_ID):
            org.assert_missing("GET", f"/tags/{id}")
            org.assert_missing("PUT", f"/tags/{id}", {"title": "Renamed"})
            org.assert_missing("DELETE", f"/tags/{id}")
