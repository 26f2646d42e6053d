"""ETags, preconditions and repeated requests, where a document declares them."""

from __future__ import annotations

from typing import Any

import pytest

from own_document import FOLDER, Served, served
from understudy.engine.exchange import Response

KEYS = ("0b0f8e1c-7d6b-4f37-9e53-0d9d9d4d5a11", "0b0f8e1c-7d6b-4f37-9e53-0d9d9d4d5a12")


def notes(**assume: bool) -> Served:
    """The document of conditions; `conditions` and `repeats` may be switched off."""
    chosen = {f"conditions.notes.{name}": value for name, value in assume.items()}
    return served(FOLDER / "traits/conditions.yaml", assume=chosen)


def add(api: Served, text: str, *, key: str = KEYS[0]) -> Response:
    """A new note."""
    return api.send("POST", "/api/notes", {"text": text}, idempotency_key=key)


def change(api: Served, text: str, tag: str) -> Response:
    """A change of the first note under a condition."""
    return api.send("PUT", "/api/notes/1", {"text": text}, if_match=tag)


def test_an_etag_is_that_of_the_record_until_it_changes() -> None:
    """Creation, reading and change tell the same one for the same content."""
    api = notes()
    first = add(api, "a").header("etag")
    assert first is not None
    assert first.startswith('"')
    assert api.get("/api/notes/1").header("etag") == first
    second = change(api, "b", first).header("etag")
    assert second != first
    assert change(api, "a", f'"other", {second}').header("etag") == first


def test_a_change_of_another_content_is_refused() -> None:
    """412 changes nothing; an unknown record is not found whatever is named."""
    api = notes()
    add(api, "a")
    assert change(api, "b", '"other"').status == 412
    assert api.get("/api/notes/1").json()["text"] == "a"
    assert api.send("DELETE", "/api/notes/1", if_match='"other"').status == 412
    tag = api.get("/api/notes/1").header("etag")
    assert change(api, "b", f"W/{tag}").status == 412
    assert api.get("/api/notes/1", if_none_match=f"W/{tag}").status == 304
    assert api.send("DELETE", "/api/notes/1", if_none_match="*").status == 412
    assert api.send("PUT", "/api/notes/9", {"text": "b"}, if_match='"other"').status == 404
    assert api.send("DELETE", "/api/notes/1", if_match="*").status == 204


def test_what_has_not_changed_is_not_sent_again() -> None:
    """304 without a body, with the ETag; it is no refusal."""
    api = notes()
    tag = add(api, "a").header("etag") or ""
    response = api.get("/api/notes/1", if_none_match=tag)
    assert (response.status, response.body, response.header("etag")) == (304, b"", tag)
    assert response.header("x-mock-reason") is None
    assert api.get("/api/notes/1", if_none_match='"other"').status == 200


def test_a_repeated_request_is_answered_as_before() -> None:
    """With its headers, and without a second record; another key makes one, another body is a conflict."""
    api = notes()
    first, again = add(api, "a"), add(api, "a")
    told = [(one.status, one.body, one.header("etag"), one.header("location")) for one in (first, again)]
    assert told[0] == told[1]
    assert add(api, "a", key=KEYS[1]).json()["id"] == 2
    assert add(api, "b").status == 409
    assert [one["id"] for one in api.get("/api/notes").json()] == [1, 2]


def test_a_refused_request_may_be_sent_again() -> None:
    """A key belongs to a request that succeeded."""
    api = notes()
    assert add(api, "").status == 400
    assert add(api, "a").status == 201


@pytest.mark.parametrize("name", ["conditions", "repeats"])
def test_worlds_may_heed_neither(name: str) -> None:
    """The inference is a switch."""
    api = notes(**{name: False})
    ids: list[Any] = [add(api, "a").json()["id"] for _ in range(2)]
    assert ids == ([1, 2] if name == "repeats" else [1, 1])
    assert change(api, "b", '"other"').status == (412 if name == "repeats" else 200)
