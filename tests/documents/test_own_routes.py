"""Paths of users' documents: beside each other, beside ours, and with parameters inside of a segment."""

from __future__ import annotations

from pathlib import Path

import pytest

from own_document import HEAD, written
from understudy.apis import own
from understudy.apis.control import declare as declare_control
from understudy.engine.api import Api
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call

OK = "{get: {responses: {'200': {content: {application/json: {example: %s}}}}}}"


def document(folder: Path, name: str, paths: str, *, servers: str = "[]", prefix: str | None = None) -> Api:
    """The API of a document with these paths."""
    file = folder / f"{name}.yaml"
    file.write_text(f"{HEAD}servers: {servers}\npaths: {paths}\n")
    return own.declare(own.Own(file, name, prefix))[0]


def get(app: App, path: str, method: str = "GET") -> Response:
    """One request."""
    return call(app, Request(method, path))


def serving(*apis: Api) -> App:
    """A server of these APIs."""
    return App(Worlds([*apis, declare_control], seeds={api.name: None for api in apis}))


@pytest.mark.parametrize("servers", ["[]", "[{url: /api}]", "[{url: /api/v1}]"])
def test_documents_share_a_base_path(tmp_path: Path, servers: str) -> None:
    """Each answers its own paths, and what is unknown below them; nobody owns the rest."""
    base = "" if servers == "[]" else servers[7:-2]
    one = document(tmp_path, "one", f"{{/a: {OK % 1}, /c: {OK % 1}, /c/x: {OK % 1}}}", servers=servers)
    two = document(tmp_path, "two", f"{{/b: {OK % 2}, '/c/{{id}}/d': {OK % 2}, /: {OK % 3}}}", servers=servers)
    app = serving(one, two)
    found = [get(app, f"{base}{path}").json() for path in ("/a", "/b", "/c", "/c/x", "/c/7/d", "/c/x/d", "/")]
    assert found == [1, 2, 1, 1, 2, 2, 3]
    assert app.worlds.router.find(f"{base}/a/none").api is one
    assert app.worlds.router.find(f"{base}/c/none").api is None
    assert app.worlds.router.find(f"{base}/none").api is None
    assert get(app, f"{base}/none").status == 404


def test_an_operation_elsewhere_does_not_count_at_a_shared_base_path(tmp_path: Path) -> None:
    """One with servers of its own is found there alone."""
    paths = f"{{/a: {OK % 1}, /b: {{servers: [{{url: /up}}], get: {{responses: {{'204': {{}}}}}}}}}}"
    one, two = document(tmp_path, "one", paths), document(tmp_path, "two", f"{{/c: {OK % 2}}}")
    app = serving(one, two)
    assert [get(app, path).status for path in ("/a", "/up/b", "/b", "/c")] == [200, 204, 404, 200]


def test_two_documents_share_a_path_by_methods(tmp_path: Path) -> None:
    """A method that neither has is refused by the one that is read."""
    one = document(tmp_path, "one", f"{{'/a/{{id}}': {OK % 1}}}")
    two = document(tmp_path, "two", "{'/a/{key}': {put: {responses: {'200': {}}}}}")
    app = serving(one, two)
    assert [get(app, "/a/7", method).status for method in ("GET", "PUT", "HEAD", "DELETE")] == [200, 200, 200, 405]
    assert app.worlds.default.journal.find(2).api == "two"  # type: ignore[union-attr]


def test_an_equal_method_and_path_is_refused_with_both_names(tmp_path: Path) -> None:
    """A prefix moves one of them away."""
    one, two = document(tmp_path, "one", f"{{/a: {OK % 1}}}"), document(tmp_path, "two", f"{{/a: {OK % 2}}}")
    with pytest.raises(ValueError, match=r"/a: one and two both answer GET; .*NAME=FILE@/prefix"):
        serving(one, two)
    app = serving(one, document(tmp_path, "two", f"{{/a: {OK % 2}}}", prefix="/two"))
    assert [get(app, "/a").json(), get(app, "/two/a").json()] == [1, 2]


def test_a_document_at_the_root_goes_before_our_index(tmp_path: Path) -> None:
    """Its own route wins; the pages are still there."""
    app = serving(document(tmp_path, "one", f"{{/: {OK % 1}}}"))
    assert get(app, "/").json() == 1
    assert get(app, "/__mock__/health").status == 200


def test_a_collection_at_its_base_path_has_two_spellings(tmp_path: Path) -> None:
    """`/v1` and `/v1/` are the same where the path is `/` below a base path."""
    app = serving(document(tmp_path, "one", f"{{/: {OK % 1}, '/{{id}}': {OK % 2}}}", servers="[{url: /v1}]"))
    assert [get(app, path).json() for path in ("/v1", "/v1/", "/v1/7")] == [1, 1, 2]


@pytest.mark.parametrize(
    ("path", "target", "arguments"),
    [
        ("/files/{name}.{ext}", "/files/a.b.c", ("a", "b.c")),
        ("/x/{id}:cancel", "/x/7:cancel", ("7",)),
        ("/x/{a}-{b}", "/x/1-2", ("1", "2")),
        ("/x({id})", "/x(7)", ("7",)),
        ("/x/a b", "/x/a%20b", ()),
        ("/x/$meta", "/x/$meta", ()),
        ("x/y", "/x/y", ()),
        ("/x/", "/x/", ()),
    ],
)
def test_a_segment_may_hold_parameters_and_text(
    tmp_path: Path, path: str, target: str, arguments: tuple[str, ...]
) -> None:
    """The literal parts are matched, the rest are the parameters."""
    app = serving(document(tmp_path, "one", f"{{'{path}': {OK % 1}}}"))
    match = app.worlds.router.find(target)
    assert (get(app, target).status, match.segments) == (200, arguments)
    assert get(app, "/x/none/at/all").status == 404


def test_the_most_literal_segment_goes_first(tmp_path: Path) -> None:
    """A way that ends nowhere is left for the next one."""
    paths = f"{{/a/b: {OK % 1}, '/a/{{x}}.json': {OK % 2}, '/a/{{x}}': {OK % 3}, '/a/{{x}}/c': {OK % 4}}}"
    app = serving(document(tmp_path, "one", paths))
    assert [get(app, path).json() for path in ("/a/b", "/a/y.json", "/a/y", "/a/b/c", "/a/y.json/c")] == [1, 2, 3, 4, 4]


def test_an_unknown_path_is_refused_by_its_document(tmp_path: Path) -> None:
    """With a suggestion."""
    client = written(tmp_path, f"servers: [{{url: /v1}}]\npaths: {{/books: {OK % 1}}}")
    response = client.get("/v1/boks")
    assert (response.status, response.header("x-mock-hint")) == (404, "did you mean /v1/books?")
