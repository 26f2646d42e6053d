"""A user's own document: answers that fit it, and refusals as it says."""

from __future__ import annotations

from own_document import Served, shared

EXAMPLES = {"library.books.served": "examples"}  # nothing is remembered


def library() -> Served:
    """A small document of OpenAPI 3.0, served."""
    return shared("library")


def test_the_document_s_own_example_is_the_answer_where_it_is_valid() -> None:
    """An example of the documented response comes first."""
    response = shared("library", assume=EXAMPLES).get("/v1/books/1", x_key="any")
    assert (response.status, response.json()) == (200, {"id": 7, "title": "Middlemarch", "pages": 880})


def test_an_example_that_breaks_its_schema_is_never_answered() -> None:
    """The example of `addBook` has no pages, which its schema excludes: a value that fits is made."""
    client = shared("library", assume=EXAMPLES)
    response = client.send("POST", "/v1/books", {"title": "B", "pages": 2}, x_key="any")
    assert response.status == 201
    assert response.json()["pages"] > 0
    assert (response.header("location") or "").startswith("https://")


def test_each_answer_fits_the_document() -> None:
    """Every operation answers as it documents, headers included."""
    for client in (library(), shared("library", assume=EXAMPLES)):
        for operation in client.api.contract.operations.values():
            body = {"title": "B", "pages": 2} if operation.method == "POST" else None
            response = client.send(operation.method, f"/v1{operation.path.replace('{id}', '7')}", body, x_key="any")
            assert response.status < 300
            assert operation.mismatch(response) is None


def test_any_credential_of_the_declared_form_opens_the_default_world() -> None:
    """Without a credential it is 401, in the declared error schema, with the status in its code."""
    response = library().get("/v1/books")
    assert (response.status, response.json()["error"]) == (401, {"code": 401, "message": "A credential is needed"})
    assert library().get("/v1/books", x_key="whatever").status == 200
    assert library().send("DELETE", "/v1/books/7").status == 204


def test_parameters_are_refused_as_declared() -> None:
    """Types, bounds and items of arrays hold; the error is the declared one."""
    for query in ("limit=0", "limit=x", "limit=51", "tags=new&tags=other"):
        response = library().get(f"/v1/books?{query}", x_key="k")
        assert (response.status, response.json()["error"]["code"]) == (400, 400), query
        assert query.partition("=")[0] in response.json()["error"]["message"]
    assert library().get("/v1/books?limit=50&tags=new&tags=old", x_key="k").status == 200
    assert library().get("/v1/books?tags=", x_key="k").status == 400


def test_a_refusal_without_a_documented_response_is_problem_details() -> None:
    """`GET /books/{id}` documents 200 and 404 only: a refused id is 400 in RFC 9457's form."""
    response = library().get("/v1/books/seven", x_key="k")
    assert (response.status, response.header("content-type")) == (400, "application/problem+json")
    assert "id" in response.json()["detail"]


def test_bodies_are_refused_as_declared() -> None:
    """What is required, readOnly, nullable and exclusive is so as OpenAPI 3.0 says."""
    client = library()
    for body in ({"title": "", "pages": 1}, {"title": "B", "pages": 0}, {"pages": 1}, [], {"title": None, "pages": 1}):
        response = client.send("POST", "/v1/books", body, x_key="k")
        assert (response.status, response.json()["error"]["code"]) == (400, 400), body
    good = {"title": "B", "pages": 1, "subtitle": None, "sequel": {"title": "C", "pages": 3}}
    assert client.send("POST", "/v1/books", good, x_key="k").status == 201
    assert client.send("POST", "/v1/books", x_key="k").status == 400
    assert client.send("POST", "/v1/books", b"{", x_key="k", content_type="application/json").status == 400
    assert client.send("POST", "/v1/books", b"a=b", x_key="k", content_type="text/plain").status == 415


def test_the_same_document_gives_the_same_bytes() -> None:
    """A made value follows from the document alone."""
    assert library().get("/v1/books", x_key="k") == shared("library").get("/v1/books", x_key="k")


def test_a_working_credential_stands_in_the_ready_file() -> None:
    """It is named after its scheme, and belongs to the default world."""
    entry = library().worlds.ready_info(library().worlds.default)["apis"]["library"]
    assert entry["base_url"].endswith("/v1")
    assert entry["credentials"] == {"key": entry["api_key"]}
