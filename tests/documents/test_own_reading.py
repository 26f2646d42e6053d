"""Reading a user's document in an open world: what can be served is, and what cannot is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from own_document import HEAD, Served, written
from understudy.document import notice, open_world
from understudy.document.notice import Notice

OK = "{get: {responses: {'204': {}}}}"


def notices_of(folder: Path, text: str) -> list[str]:
    """The notices of a document whose path /ok is served all the same."""
    client = written(folder, text)
    assert client.get("/ok").status == 204
    return [f"{one.pointer}: {one.text}" for one in client.notices]


@pytest.mark.parametrize(
    ("more", "texts"),
    [
        ("/x: 3", ["/paths/~1x: a path item must be a mapping; its operations are not served"]),
        ("/x: {get: 3}", ["/paths/~1x/get: an operation must be a mapping; it is not served"]),
        ("/x: {query: {}}", ["/paths/~1x/query: 'query' is no method that is served; it is left out"]),
        ("/x: {$ref: '#/nowhere'}", ["/paths/~1x/$ref: own.yaml#/nowhere leads nowhere; "
                                    "what it stands for is left out"]),
        ("/x: {get: {$ref: a:b}}", ["/paths/~1x/get/$ref: a:b is a URL, and no URL is fetched; save it beside the "
                                    "document; what it stands for is left out"]),
        ("'/x?a=1': {get: {}}", ["/paths/~1x?a=1: a path has no query and no fragment; its operations are not served"]),
        ("/x: {parameters: 3}", ["/paths/~1x/parameters: parameters must be a list; it is left out"]),
        ("x-own: 3", []),
        ("/x: {x-own: 3, summary: a, servers: []}", []),
        ("'/x/{a}': {get: {parameters: [&p {name: a, in: path, schema: {}}]}}, '/x/{b}': {get: {parameters: "
         "[{name: b, in: path, schema: {}}]}}",
         ["/paths/~1x~1{b}/get: GET /x/{a} is the same path; it is left out"]),
        ("/x: {get: {operationId: a}, put: {operationId: a}}",
         ["/paths/~1x/put/operationId: operationId 'a' is used twice; it is called PUT /x here"]),
        ("/x: {get: {callbacks: {a: {}}}}", ["/paths/~1x/get/callbacks: callbacks are not sent"]),
        ("/x: {get: {responses: 3}}", ["/paths/~1x/get/responses: responses must be a mapping; it is left out"]),
    ],
)  # fmt: skip
def test_a_part_that_cannot_be_served_is_told(tmp_path: Path, more: str, texts: list[str]) -> None:
    """Each at its place, and the others are served."""
    assert notices_of(tmp_path, f"paths: {{/ok: {OK}, {more}}}") == texts


@pytest.mark.parametrize(
    ("head", "texts"),
    [
        ("webhooks: {a: {}}\n", ["/webhooks: webhooks are not sent"]),
        ("x-webhooks: {a: {}}\n", ["/x-webhooks: webhooks are not sent"]),
        (
            "x-events: {a: {description: A, schema: {type: object}}}\n",
            [
                "/x-events: x-events is left out: what people do in an app of their own needs the Python of a package "
                "(docs/how-to/add-an-api.md)"
            ],
        ),
        ("info: 3\n", ["/info: info must be a mapping; it is left out"]),
        ("components: 3\n", ["/components: components must be a mapping; it is left out"] * 2),
        ("components: {schemas: 3}\n", ["/components/schemas: schemas must be a mapping; it is left out"]),
        ("x-rules: 3\n", ["/x-rules: x-rules is not as this server reads it, and left out: x-rules must be a list"]),
        ("x-pagination: {style: offset}\n", None),
        ("tags: 3\nx-other: 3\n", []),
    ],
)
def test_a_member_of_the_document_that_cannot_be_is_told(tmp_path: Path, head: str, texts: list[str] | None) -> None:
    """Our own keys count where they have our shape: others may use the same names."""
    found = notices_of(tmp_path, f"openapi: 3.1.0\n{head}paths: {{/ok: {OK}}}")
    assert texts is None or found == texts
    assert texts is not None or "x-pagination is not as this server reads it" in found[0]


def test_our_own_keys_count_where_they_have_our_shape(tmp_path: Path) -> None:
    """A rule, an assumption, an error and a limit of a user's document are its own."""
    text = (
        "x-rules: [{id: own.a.b, text: t, source: s, basis: documented}]\n"
        "x-errors: {invalid: {status: 422, message: Bad, reason: validation}}\n"
        "x-rate-limit: {requests: 1, seconds: 60, per: tenant, window: fixed, counts: admitted, headers: true}\n"
        "paths: {/x: {get: {x-success: {assumption: own.c.d}, parameters: [{name: p, in: query, required: true, "
        "schema: {}}], responses: {'200': {}, '202': {}}}}}\n"
        "x-assumptions: [{id: own.c.d, text: t, source: s, default: 202, alternatives: [200]}]\n"
    )
    client = written(tmp_path, text)
    assert client.notices == []
    assert [rule.id for rule in client.api.contract.rules] == ["own.a.b"]
    assert [client.get("/x").status, client.get("/x?p=1").status] == [422, 429]
    assert written(tmp_path, text).get("/x?p=1").status == 202


def test_what_our_own_keys_say_wrongly_is_told(tmp_path: Path) -> None:
    """It is left out, and nothing else."""
    text = f"x-rules: [{{id: b, text: t, source: s, basis: documented}}]\npaths: {{/ok: {OK}}}"
    assert notices_of(tmp_path, text) == ["/x-rules/0: b is no own.<area>.<slug>; it is left out"]


def test_an_operation_that_cannot_be_compiled_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is, the others are served."""
    compiled = open_world.OpenCompiler.operation

    def operation(self: open_world.OpenCompiler, path: str, *rest: object) -> object:
        if path == "/x":
            raise ValueError("no")
        return compiled(self, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(open_world.OpenCompiler, "operation", operation)
    found = notices_of(tmp_path, f"paths: {{/ok: {OK}, /x: {OK}}}")
    assert found == ["/paths/~1x/get: the operation cannot be compiled: ValueError: no; it is left out"]


def test_openapi_3_2_is_read_as_3_1(tmp_path: Path) -> None:
    """What is the same in it is served."""
    assert notices_of(tmp_path, f"openapi: 3.2.0\npaths: {{/ok: {OK}}}") == [
        "/openapi: OpenAPI 3.2.0 is read as 3.1; what is new in it is not understood"
    ]


def test_a_version_may_be_a_number(tmp_path: Path) -> None:
    """`openapi: 3.0` is a number to YAML."""
    assert notices_of(tmp_path, f"openapi: 3.0\npaths: {{/ok: {OK}}}") == []


def test_the_title_falls_back_to_the_file(tmp_path: Path) -> None:
    """A document without `info` is shown by its name."""
    client = written(tmp_path, f"openapi: 3.0.0\npaths: {{/ok: {OK}}}")
    assert client.get("/").json()["apis"]["own"]["title"] == "own.yaml"


@pytest.mark.parametrize(
    ("servers", "found"),
    [
        ("[{url: 'https://own.example/v1'}]", ["/v1/ok"]),
        ("[{url: /v1/}, {url: 'https://own.example/v2'}]", ["/v1/ok", "/v2/ok"]),
        ("[{url: v1}]", ["/v1/ok"]),
        ("[{url: ./v1}]", ["/v1/ok"]),
        ("[{url: .}]", ["/ok"]),
        ("[{url: 'https://own.example'}]", ["/ok"]),
        ("[{url: 'https://{host}.example/{v}/a', variables: {host: {default: h}, v: {default: v1, enum: [v1, v2]}}}]",
         ["/v1/a/ok", "/v2/a/ok"]),
        ("[{url: 'https://own.example:{port}/a', variables: {port: {default: 8443}}}]", ["/a/ok"]),
        ("[{url: '/a b/é'}]", ["/a%20b/%C3%A9/ok"]),
    ],
)  # fmt: skip
def test_the_servers_say_the_base_paths(tmp_path: Path, servers: str, found: list[str]) -> None:
    """Variables take their default and their other values."""
    client = written(tmp_path, f"servers: {servers}\npaths: {{/ok: {OK}}}")
    assert client.notices == []
    assert [path for path in found if client.get(path).status != 204] == []
    assert client.api.contract.prefixes == tuple(path.removesuffix("/ok") for path in found)


@pytest.mark.parametrize(
    ("servers", "text"),
    [
        ("[{url: 'http://[/a'}]", "'http://[/a' is no URL; this server is left out"),
        ("[3]", "a server needs a url; this one is left out"),
        ("[{url: '/{v}'}]", "the variable v has no default; it is served as v"),
        ("[{url: '/{v}', variables: {v: {default: x, enum: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]}}}]",
         "its variables make more than 16 base paths; the others are not served"),
    ],
)  # fmt: skip
def test_a_server_that_cannot_be_is_told(tmp_path: Path, servers: str, text: str) -> None:
    """Where no server is left, the document stands at the root."""
    client = written(tmp_path, f"servers: {servers}\npaths: {{/ok: {OK}}}")
    assert client.texts() == [text]


def test_a_path_and_an_operation_have_servers_of_their_own(tmp_path: Path) -> None:
    """They go before those of the document."""
    operation = "{servers: [{url: /files}], responses: {'204': {}}}"
    text = (
        f"servers: [{{url: /v1}}]\npaths: {{/x: {{servers: [{{url: /up}}], get: {{}}, put: {operation}}}, /ok: {OK}}}"
    )
    client = written(tmp_path, text)
    assert [client.get(path).status for path in ("/v1/ok", "/up/x", "/v1/x")] == [204, 200, 404]
    assert client.send("PUT", "/files/x").status == 204


def test_a_line_of_notices_counts_equal_ones() -> None:
    """Each text is told once, with its first place."""
    found = [Notice("a", f"/{number}", "t") for number in range(3)] + [Notice("a", "/x", "u"), Notice("a", "/x", "u")]
    assert notice.lines(found) == ["a#/0: t (and in 2 more places)", "a#/x: u (and in 1 more place)"]
    assert notice.lines(found, 1) == ["a#/0: t (and in 2 more places)", "and 1 more; `understudy lint` lists them all"]


def test_names_of_components_are_those_of_the_document(tmp_path: Path) -> None:
    """Odd ones are made plain, and never two the same."""
    names = "'a b': {enum: [1]}, a_b: {enum: [2]}, 'é': {enum: [3]}"
    media = "application/json: {schema: {$ref: '#/components/schemas/a%20b'}}"
    client: Served = written(
        tmp_path,
        f"{HEAD}paths: {{/ok: {OK}, /x: {{get: {{responses: {{'200': {{content: {{{media}}}}}}}}}}}}}\n"
        f"components: {{schemas: {{{names}}}}}",
    )
    assert client.api.contract.document["components"]["schemas"].keys() == {"a_b", "a_b-2", "_"}
    assert client.get("/x").json() == 1
