"""Query parameters that are inferred beside those that a document declares."""

from __future__ import annotations

from urllib.parse import urlsplit

from own_document import FOLDER, served


def test_a_token_is_read_where_an_object_of_its_members_is_declared() -> None:
    """The URL of the next page leads on, although its parameter is a member of an exploded object, too."""
    api = served(FOLDER / "traits/next-url.yaml")
    made = {api.send("POST", "/notes", {"text": text}).json()["id"] for text in ("a", "b", "c")}
    seen, url = [], "/notes?limit=1"
    while url:
        page = api.get(url).json()
        seen += [note["id"] for note in page["data"]]
        assert len(seen) <= 10
        parts = urlsplit(page["next_url"] or "")
        url = parts.path and f"{parts.path}?{parts.query}"
    assert made <= set(seen)
    assert len(seen) == len(set(seen))
