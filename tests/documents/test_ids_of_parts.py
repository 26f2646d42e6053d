"""Ids of several parts, and ids that stand below another member, as requests see them."""

from __future__ import annotations

from typing import Any

from own_document import FOLDER, Served, served
from understudy.engine.exchange import Response

TRAIT = FOLDER / "traits" / "several-parts.yaml"


def client() -> Served:
    """The document with such ids, served."""
    return served(TRAIT)


def made(response: Response) -> Any:
    """The body of a success."""
    assert response.status < 300, response
    return response.json() if response.body else None


def test_two_parameters_in_a_row_name_an_item_together() -> None:
    """The same last part below two owners is two records; each is read, listed and deleted by itself."""
    api = client()
    made(api.send("PUT", "/repos/ann/site", {"about": "a"}))
    made(api.send("PUT", "/repos/bob/site", {"about": "b"}))
    assert made(api.get("/repos/ann/site"))["about"] == "a"
    assert made(api.get("/repos/bob/site")) == {"owner": "bob", "name": "site", "about": "b"}
    assert [one["owner"] for one in made(api.get("/repos"))][-2:] == ["ann", "bob"]
    assert api.send("DELETE", "/repos/ann/site").status == 204
    assert [api.get(f"/repos/{one}/site").status for one in ("ann", "bob", "cy")] == [404, 200, 404]


def test_numbers_count_below_each_parent() -> None:
    """Each repository has an issue 1; a number is not given again; a deleted repository takes only its own along."""
    api = client()
    for owner in ("ann", "bob"):
        made(api.send("PUT", f"/repos/{owner}/site", {}))
        numbers = [made(api.send("POST", f"/repos/{owner}/site/issues", {"title": n}))["number"] for n in "xy"]
        assert numbers == [1, 2]
    assert api.send("DELETE", "/repos/ann/site/issues/2").status == 204
    assert made(api.send("POST", "/repos/ann/site/issues", {"title": "z"}))["number"] == 3
    assert [one["title"] for one in made(api.get("/repos/ann/site/issues"))] == ["x", "z"]
    assert api.send("POST", "/repos/cy/site/issues", {"title": "x"}).status == 404
    api.send("DELETE", "/repos/ann/site")
    assert api.get("/repos/ann/site/issues/1").status == 404
    assert made(api.get("/repos/bob/site/issues/2"))["title"] == "y"


def test_a_list_may_stand_at_a_path_that_ends_with_a_parameter() -> None:
    """Tags of one owner are listed and created there; a name is taken below its owner only."""
    api = client()
    assert made(api.send("POST", "/tags/ann", {"name": "red", "color": "f00"}))["name"] == "red"
    assert api.send("POST", "/tags/ann", {"name": "red"}).status == 409
    made(api.send("POST", "/tags/bob", {"name": "red"}))
    assert made(api.get("/tags/ann"))["tags"] == [{"name": "red", "color": "f00"}]
    assert made(api.get("/tags/ann/red"))["color"] == "f00"
    assert api.send("DELETE", "/tags/ann/red").status == 204
    assert [api.get(f"/tags/{one}/red").status for one in ("ann", "bob")] == [404, 200]


def test_an_id_may_stand_below_another_member() -> None:
    """It is chosen in the request, read back there, kept by a replacement, and taken once."""
    api = client()
    pod = {"metadata": {"name": "web", "labels": {"a": "1"}}, "spec": {"image": "x"}}
    assert made(api.send("POST", "/pods", pod)) == pod
    assert api.send("POST", "/pods", pod).status == 409
    assert made(api.get("/pods/web")) == pod
    changed = made(api.send("PUT", "/pods/web", {"metadata": {"name": "other"}, "spec": {"image": "y"}}))
    assert (changed["metadata"]["name"], changed["spec"]) == ("web", {"image": "y"})
    assert [one["metadata"]["name"] for one in made(api.get("/pods"))["items"]] == ["web"]
    assert api.send("DELETE", "/pods/web").status == 204
    assert api.get("/pods/web").status == 404


def test_three_parameters_may_name_an_item_of_a_list_before_them() -> None:
    """Two cells differ in the first coordinate only."""
    api = client()
    for x in (1, 2):
        made(api.send("PUT", f"/grid/{x}/5/5", {"info": {"text": str(x)}}))
    assert made(api.get("/grid/1/5/5")) == {"x": 1, "y": 5, "z": 5, "info": {"text": "1"}}
    assert [one["x"] for one in made(api.get("/grid"))] == [1, 2]
    assert api.get("/grid/3/5/5").status == 404


def test_what_shows_no_id_has_that_of_its_path() -> None:
    """Neither the record nor a member of it is called like an id."""
    api = client()
    assert api.send("PUT", "/plans/a", {"info": {"text": "t"}}).status == 204
    assert made(api.get("/plans/a")) == {"info": {"text": "t"}}
    assert [api.get(f"/plans/{one}").status for one in "ab"] == [200, 404]


def test_numbers_go_on_where_a_request_chose_the_highest() -> None:
    """The next record has the first free number, and an answer that fits the document."""
    api = served(FOLDER / "traits" / "highest-ids.yaml")
    highest = (1 << 63) - 1
    assert made(api.send("POST", "/pets", {"id": highest}))["id"] == highest
    assert [made(api.send("POST", "/pets", {}))["id"] for _ in range(2)] == [1, 2]
