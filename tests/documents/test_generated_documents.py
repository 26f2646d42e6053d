"""What generators of documents write: items without a collection, defaults beside references, bodies in text/json."""

from __future__ import annotations

import pytest

from own_document import Served, shared


@pytest.fixture
def api() -> Served:
    """The document with one project, 1."""
    api = shared("generated")
    assert api.send("POST", "/projects/", {"name": "Move"}).status == 201
    return api


def test_a_default_beside_a_reference_is_filled_in(api: Served) -> None:
    """The member is the schema that it refers to, with what stands beside the reference."""
    assert api.get("/projects/1").json() == {"id": 1, "name": "Move", "status": "draft"}


@pytest.mark.parametrize("media_type", ["application/json", "text/json", "text/json; charset=utf-8"])
def test_a_body_in_a_further_type_of_json_changes_the_record(api: Served, media_type: str) -> None:
    """It is read and checked as any JSON is."""
    sent = api.send("PUT", "/projects/1", b'{"name": "Stay"}', content_type=media_type)
    assert (sent.status, api.get("/projects/1").json()["name"]) == (204, "Stay")
    assert api.send("PUT", "/projects/1", b'{"name": ""}', content_type=media_type).status == 400


def test_an_item_without_a_collection_is_listed_and_created_below_a_parent(api: Served) -> None:
    """`/tasks/{id}` reads and deletes what `/projects/{id}/tasks/` has, and nothing that was not created."""
    made = api.send("POST", "/projects/1/tasks/", {"title": "Pack"}).json()
    assert api.get(f"/tasks/{made['id']}").json() == made
    assert api.get("/tasks/99").status == 404
    assert api.send("DELETE", f"/tasks/{made['id']}").status == 204
    assert (api.get("/projects/1/tasks/").json(), api.get(f"/tasks/{made['id']}").status) == ([], 404)


def test_a_further_path_of_an_item_does_not_take_the_collection_of_another(api: Served) -> None:
    """`/support/projects/{id}` has no collection; `/projects/` is that of `/projects/{id}`, and keeps records."""
    made = api.send("POST", "/projects/", {"name": "Paint"}).json()
    assert api.get(f"/projects/{made['id']}").json() == made
