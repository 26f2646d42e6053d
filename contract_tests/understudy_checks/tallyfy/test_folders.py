"""Tallyfy: folders, and what is in them."""

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
    unwrap_items,
)
from understudy_checks.tallyfy.test_tags import tag
from understudy_checks.target.target import Target
from understudy_checks.wording import show


@contextmanager
def folder(org: Organization, name: str = "Folder of the check", **members: Json) -> Iterator[Json]:
    """Make a folder, and delete it after the block unless that is done."""
    made = org.call("POST", "/folders", {"name": name, **members})
    try:
        yield made
    finally:
        org.send("DELETE", f"/folders/{made['id']}")


def names(folders: list[Json]) -> dict[str, Json]:
    """The names of folders, each with those inside it."""
    return {one["name"]: names(unwrap_items(one.get("children", []))) for one in folders}


@rule("tallyfy.folders.created", "tallyfy.folders.updated", "tallyfy.folders.not-inside-itself")
def test_a_folder_is_made_renamed_and_moved(target: Target) -> None:
    """A folder has the name and the place that it is given, and never is inside itself."""
    with target.open() as client:
        org = first_organization(client)
        with folder(org, "Outer") as outer, folder(org, "Inner", parent_id=outer["id"]) as inner:
            path = f"/folders/{inner['id']}"
            for shown in (inner, org.get(path), *(one for one in org.list_all("/folders") if one["id"] == inner["id"])):
                got = (shown["name"], shown["parent_id"])
                assert got == ("Inner", outer["id"]), f"a folder must have what was given, not {show(got)}"
            for change, wanted in (
                ({"name": "R"}, ("R", outer["id"])),
                ({"name": "Renamed"}, ("Renamed", outer["id"])),
                ({"parent_id": None}, ("Renamed", None)),
                ({"parent_id": outer["id"]}, ("Renamed", outer["id"])),
            ):
                for shown in (org.call("PUT", path, change), org.get(path)):
                    got = (shown["name"], shown["parent_id"])
                    assert got == wanted, f"an update by {show(change)} must lead to {show(wanted)}, not {show(got)}"
            for inside in (outer["id"], inner["id"]):
                org.assert_refused("PUT", f"/folders/{outer['id']}", {"parent_id": inside})
            assert org.get(f"/folders/{outer['id']}")["parent_id"] is None, "a refused move must change nothing"


@rule("tallyfy.folders.name-is-required", "tallyfy.folders.unknown-parent")
def test_a_folder_needs_a_name_and_a_place(target: Target) -> None:
    """A folder without a name, or inside one that does not exist, is refused and not made."""
    with target.open() as client:
        org = first_organization(client)
        before = org.list_all("/folders")
        org.assert_refused("POST", "/folders", {"parent_id": None}, status=422)
        org.assert_refused("POST", "/folders", {"name": "Nowhere", "parent_id": UNKNOWN_ID})
        assert org.list_all("/folders") == before, "a refused folder must not be made"


@rule(
    "tallyfy.folders.children",
    "tallyfy.folders.search",
    "tallyfy.folders.type-filter",
    "tallyfy.folders.at-once",
)
def test_folders_are_listed_as_asked(target: Target) -> None:
    """`with=children`, `q`, `folder_type` and `pagination=false` list the folders that they say."""
    with target.open() as client:
        org = first_organization(client)
        with folder(org, "Zebras") as outer, folder(org, "Quagga", parent_id=outer["id"]), folder(org, "A"):
            ordered = [[one["name"] for one in org.list_all("/folders", sort=sort)] for sort in ("name", "position")]
            assert ordered[0] == sorted(ordered[0]), f"`sort=name` must order by name, not {show(ordered[0])}"
            places = [name for name in ordered[1] if name in ("Zebras", "Quagga", "A")]
            assert places == ["Zebras", "Quagga", "A"], f"`sort=position` must keep the order, not {show(places)}"
            whole = names(org.list_all("/folders", with_="children"))
            assert whole.get("Zebras") == {"Quagga": {}}, f"a folder must show those inside it, not {show(whole)}"
            assert "Quagga" not in whole, "a folder inside another one must be listed inside it only"
            assert not any("children" in one for one in org.list_all("/folders")), "`children` must be asked for"
            for text in ("zebra", "quagga", "nowhere at all"):
                got = [one["name"] for one in org.list_all("/folders", q=text)]
                wanted = [name for name in ("Zebras", "Quagga") if text in name.lower()]
                assert got == wanted, f"`q={text}` must list {show(wanted)}, not {show(got)}"
            with folder(org, "Of templates", folder_type="checklist"), folder(org, "Of processes", folder_type="run"):
                for kind, name in (("checklist", "Of templates"), ("run", "Of processes")):
                    found = {one["name"] for one in org.list_all("/folders", folder_type=kind)}
                    got = sorted(found & {"Of templates", "Of processes"})
                    assert got == [name], f"`folder_type={kind}` must list {name}, not {got}"
            everything = {one["id"] for one in org.list_all("/folders")}
            at_once = [one["id"] for one in org.get("/folders", pagination="false", per_page=1)]
            assert set(at_once) == everything, "`pagination=false` must list all folders at once"


@rule("tallyfy.folders.deleted", "tallyfy.folders.unknown-folder")
def test_a_deleted_folder_is_gone(target: Target) -> None:
    """A deleted folder is neither found nor listed, and no process is in it."""
    with target.open() as client:
        org = first_organization(client)
        with folder(org, "Outer") as outer, folder(org, "Inner", parent_id=outer["id"]):
            run = launch(org, folders=[outer["id"]])
            response = org.send("DELETE", f"/folders/{outer['id']}")
            assert response.status < 300, f"deleting a folder must succeed, not answer {response.status}"
            left = org.list_all("/folders")
            gone = [one["id"] for one in left if outer["id"] in (one["id"], one["parent_id"])]
            assert gone == [], f"a deleted folder must not be listed, nor be the place of another one: {show(gone)}"
        inside = [one["id"] for one in unwrap_items(org.get(f"/runs/{run['id']}", with_="folders")["folders"])]
        assert inside == [], f"a process must not be in a deleted folder, but is in {show(inside)}"
        for id in (outer["id"], UNKNOWN_ID):
            org.assert_missing("GET", f"/folders/{id}")
            org.assert_missing("PUT", f"/folders/{id}", {"name": "Renamed"})
            org.assert_missing("DELETE", f"/folders/{id}")


@rule("tallyfy.folders.object-added", "tallyfy.folders.object-removed", "tallyfy.folders.object-unknown")
def test_a_process_is_put_into_a_folder_and_taken_out(target: Target) -> None:
    """A process in a folder is listed by it, until it is taken out."""
    with target.open() as client:
        org = first_organization(client)
        with folder(org) as made:
            run = launch(org)
            body = {"folder_id": made["id"], "subject_id": run["id"], "subject_type": "Run"}
            added = org.call("POST", "/folders/add-object", body)
            assert isinstance(added["id"], int), f"the association must have a whole number, not {show(added['id'])}"
            listed = [one["id"] for one in org.list_all("/runs", folder=made["id"])]
            assert listed == [run["id"]], f"the folder must list the process, not {show(listed)}"
            for wrong in ({"folder_id": UNKNOWN_ID}, {"subject_id": UNKNOWN_ID}):
                org.assert_refused("POST", "/folders/add-object", {**body, **wrong})
            response = org.send("DELETE", f"/folders-objects/{added['id']}")
            assert response.status < 300, f"taking a process out must succeed, not answer {response.status}"
            assert org.list_all("/runs", folder=made["id"]) == [], "a process that was taken out must not be listed"
            org.assert_refused("DELETE", f"/folders-objects/{added['id']}")


@rule("tallyfy.folders.object-unknown", "tallyfy.tags.added-to-nothing", needs=("other-tenant", "write"))
def test_shelves_of_another_organization_are_closed(target: Target) -> None:
    """Nothing of another organization is tagged or put into a folder, nor taken out again."""
    with target.open() as client:
        org, foreign = first_organization(client), first_organization(client, key=client.other_tenant_key)
        with folder(org) as own, folder(foreign) as other, tag(org) as own_tag, tag(foreign) as other_tag:
            run, other_run = launch(org)["id"], launch(foreign)["id"]
            for folder_id, subject in ((own["id"], other_run), (other["id"], run), (other["id"], other_run)):
                body = {"folder_id": folder_id, "subject_id": subject, "subject_type": "Run"}
                org.assert_refused("POST", "/folders/add-object", body)
            for tag_id, subject in ((own_tag["id"], other_run), (other_tag["id"], run), (other_tag["id"], other_run)):
                body = {"tag_id": tag_id, "subject_id": subject, "subject_type": "Run"}
                org.assert_refused("POST", "/checklists/tags", body)
            body = {"folder_id": other["id"], "subject_id": other_run, "subject_type": "Run"}
            added = foreign.call("POST", "/folders/add-object", body)
            org.assert_refused("DELETE", f"/folders-objects/{added['id']}")
            body = {"tag_id": other_tag["id"], "subject_id": other_run, "subject_type": "Run"}
            tagged = foreign.call("POST", "/checklists/tags", body)
            org.assert_refused("DELETE", f"/checklists/tags/{tagged['id']}")
            for path in ("folder", "tag"):
                kept = {"folder": other["id"], "tag": other_tag["id"]}[path]
                listed = [one["id"] for one in foreign.list_all("/runs", **{path: kept})]
                assert listed == [other_run], f"the other organization must keep its {path}, not list {show(listed)}"
