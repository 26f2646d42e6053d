"""`understudy explain`: what was understood, inferred, served from examples and left out; and what overlays change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from overlays import overlay
from own_document import FOLDER, HEAD
from shop import PAY, SHOP
from understudy import cli
from understudy.apis import own
from understudy.cli import serve
from understudy.cli.parser import parse
from understudy.document.changes import changes
from understudy.document.infer import Alternative, ExamplesOnly, Inference, Inferred

LIFE = """
openapi: 3.1.0
info: {title: Desk, version: "1"}
security: [{token: []}, {basic: []}]
paths:
  /desks/{desk_id}/tickets:
    parameters: [{name: desk_id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: listTickets
      x-pagination: {style: offset, limit: limit, offset: offset, items: /data, order: newest-first}
      parameters:
      - {name: limit, in: query, schema: {type: integer, default: 5, maximum: 50}}
      - {name: offset, in: query, schema: {type: integer, default: 0}}
      responses: {"200": {description: All, content: {application/json: {schema: {
        type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Ticket"}}}}}}}}
    post:
      operationId: open
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Ticket"}}}}
      responses: {"201": {description: One, content: {application/json: {schema: {
        type: object, properties: {data: {$ref: "#/components/schemas/Ticket"}}}}}}}
  /desks/{desk_id}/tickets/{id}/close:
    parameters:
    - {name: desk_id, in: path, required: true, schema: {type: string}}
    - {name: id, in: path, required: true, schema: {type: string}}
    post: {operationId: close, responses: {"204": {description: Closed}}}
  /desks/{desk_id}/tickets/{id}:
    parameters:
    - {name: desk_id, in: path, required: true, schema: {type: string}}
    - {name: id, in: path, required: true, schema: {type: string}}
    delete:
      operationId: drop
      x-operation: {job: {resource: jobs}}
      responses: {"202": {content: {application/json: {schema: {$ref: "#/components/schemas/Job"}}}}}
  /desks/{desk_id}:
    parameters: [{name: desk_id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getDesk
      responses: {"200": {description: One, content: {application/json: {schema: {$ref: "#/components/schemas/Desk"}}}}}
  /names/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    put:
      operationId: name
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Name"}}}}
      responses: {"200": {description: One, content: {application/json: {schema: {$ref: "#/components/schemas/Name"}}}}}
  /health: {get: {operationId: health, x-operation: {answer: {up: true}}, responses: {"200": {description: Up,
    content: {application/json: {schema: {type: object}}}}}}}
components:
  securitySchemes: {token: {type: apiKey, in: query, name: key}, basic: {type: http, scheme: basic}}
  schemas:
    Desk: {type: object, properties: {id: {type: string}}}
    Job: {type: object, properties: {id: {type: string}, state: {type: string, default: waiting}}}
    Name: {type: object, properties: {id: {type: string}, name: {type: string}}}
    Ticket:
      type: object
      properties: {id: {type: string}, desk_id: {type: string}, state: {type: string}, at: {type: string}}
x-resources:
  desks: {schema: Desk}
  jobs: {schema: Job, life-cycle: {member: state, finish: {from: [waiting], to: done, after: 5}}}
  names: {schema: Name, key: name, id: $request.path.name}
  tickets:
    schema: Ticket
    id: "t_{hex:8}"
    order: -at
    parent: {desk_id: desk_id}
    life-cycle:
      member: state
      close: {from: [open], to: closed}
      archive: {from: [closed], to: archived, after: 60}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, with the cache in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explain(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What `explain` prints."""
    assert cli.main(["explain", *words]) == 0
    return capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What `explain --json` prints."""
    found: dict[str, Any] = json.loads(explain(capsys, *words, "--json"))
    return found


def inferring(monkeypatch: pytest.MonkeyPatch, *found: Inference, examples: tuple[ExamplesOnly, ...] = ()) -> None:
    """Let this be what is inferred of any document."""
    monkeypatch.setattr(own, "infer", lambda document, name, without: Inferred(document, found, examples))


def inference(id: str, **changed: Any) -> Inference:
    """An inference with this id."""
    others = (Alternative("whole", "what is not sent is removed"),)
    known = Inference(id, "update", "/paths/~1x", "PATCH changes what is sent", "of its name", "partial", others, ())
    return replace(known, **changed)


def test_resources_and_what_has_none_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With ids, parents, places in answers, paging, order, life cycle, and how each credential is sent."""
    (folder / "desk.yaml").write_text(LIFE.lstrip())
    lines = explain(capsys, "./desk.yaml").splitlines()
    assert lines[:-3] == [
        "desk: Desk, 7 operations at /",
        "",
        "RESOURCES: what is created is kept, and found again",
        "  desks: Desk; id is made to fit its schema",
        "    read  GET    /desks/{desk_id}",
        "  names: Name; name is the request's $request.path.name",
        "    replace  PUT    /names/{name}",
        "  tickets: Ticket, by {desk_id} in desks; id is made as t_{hex:8}",
        "    list                      GET    /desks/{desk_id}/tickets  (newest-first, offsets (limit, offset))",
        "    create                    POST   /desks/{desk_id}/tickets",
        "    step close                POST   /desks/{desk_id}/tickets/{id}/close",
        "    delete, by a job of jobs  DELETE /desks/{desk_id}/tickets/{id}",
        "    in answers an object stands at /data, a list at /data",
        "    step close: open -> closed",
        "    step archive: closed -> archived after 60 s",
        "",
        "WITHOUT A RESOURCE",
        "  GET    /health  the answer that x-operation declares",
        "",
    ]
    assert lines[-3] == "A FIRST CALL with each kind of credential"
    assert lines[-2].startswith("  token: curl 'http://127.0.0.1:8629/")
    assert lines[-1].startswith("  basic: curl -H 'Authorization: Basic ")
    assert "' 'http://127.0.0.1:8629/" in lines[-1]


def test_the_same_stands_in_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs: every part by a name."""
    (folder / "desk.yaml").write_text(LIFE.lstrip())
    told = as_json(capsys, "./desk.yaml")
    assert list(told) == [
        "api", "title", "base_paths", "operations", "resources", "handlers", "examples_only", "inferences", "security",
        "left_out",
    ]  # fmt: skip
    tickets = told["resources"][2]
    assert (tickets["name"], tickets["parents"], tickets["list"]) == ("tickets", {"desk_id": "desks"}, "/data")
    listing = {"operation": "listTickets", "method": "GET", "path": "/desks/{desk_id}/tickets", "does": "list"}
    assert tickets["operations"][0] == {**listing, "pages": "offsets (limit, offset)"}
    assert [(one["scheme"], one["kind"], one["in"], one["name"]) for one in told["security"]] == [
        ("token", "apiKey", "query", "key"), ("basic", "basic", "header", "authorization")
    ]  # fmt: skip
    assert all(one["credential"] for one in told["security"])


def test_handlers_seeds_and_a_document_without_security(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A handler stands for its operation; numbers are counted up; a seed file is not needed."""
    (folder / "shop.yaml").write_text(SHOP.replace("{carts: {schema: Cart}}", "{carts: {schema: Cart, order: cents}}"))
    (folder / "handlers.py").write_text(PAY)
    told = explain(capsys, "./shop.yaml", "--handlers", "handlers.py", "--seed-file", "shop.yaml")
    assert "  carts: Cart; id is counted up from 1\n" in told
    assert "  POST   /carts/{id}/pay  a handler in Python\n" in told
    assert told.endswith("\nA FIRST CALL\n  curl 'http://127.0.0.1:8629/v1/total'\n")


def test_examples_are_told_by_reason(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A few of each, with `--all` all of them; an operation without a reason of its own has the usual one."""
    library = str(FOLDER / "library.yaml")
    inferring(monkeypatch, examples=(ExamplesOnly("GET /books/{id}", "GET", "/books/{id}", "nothing makes one"),))
    told = as_json(capsys, library)["examples_only"]
    assert {one["path"]: one["reason"] for one in told if one["method"] == "GET"} == {
        "/books": "no resource is declared or inferred on its path",
        "/books/{id}": "nothing makes one",
    }
    lines = explain(capsys, library).splitlines()
    assert "  nothing makes one:" in lines
    assert "    GET    /books/{id}" in lines


def test_rows_are_left_out_of_a_long_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Six of a kind, and how many more there are; one more than that is shown."""
    paths = [f"  /p{number}: {{get: {{responses: {{'204': {{}}}}}}}}\n" for number in range(9)]
    (folder / "long.yaml").write_text(f"{HEAD}paths:\n{''.join(paths)}")
    assert "    GET    /p5\n    and 3 more: --all shows them\n" in explain(capsys, "./long.yaml")
    assert "    GET    /p8\n" in explain(capsys, "./long.yaml", "--all")
    (folder / "long.yaml").write_text(f"{HEAD}paths:\n{''.join(paths[:7])}")
    assert "    GET    /p6\n" in explain(capsys, "./long.yaml")


def test_each_inference_has_its_reason_and_alternatives(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By kind, ties first; a long value is cut in the text."""
    long = inference("library.books.pages", kind="pages", default={"style": "x" * 80})
    tie = inference("library.loans.update", tie=True)
    inferring(monkeypatch, long, inference("library.books.update"), tie)
    library = str(FOLDER / "library.yaml")
    lines = explain(capsys, library).splitlines()
    start = lines.index(f"INFERRED: each is an assumption; `understudy serve {library} --assume ID=VALUE` switches it")
    assert lines[start + 1 : start + 8] == [
        "  Whether an update changes the members that are sent, or replaces the whole record.",
        '    library.loans.update = "partial": PATCH changes what is sent '
        "A tie: another reading is as good, and this one is the safer.",
        "      because of its name",
        '      or "whole": what is not sent is removed',
        '    library.books.update = "partial": PATCH changes what is sent',
        "      because of its name",
        '      or "whole": what is not sent is removed',
    ]
    assert any(line.startswith("    library.books.pages = {") and "...: " in line for line in lines)
    told = as_json(capsys, library)["inferences"]
    assert told[2] == {
        "id": "library.loans.update", "kind": "update", "pointer": "/paths/~1x", "default": "partial", "tie": True,
        "statement": "PATCH changes what is sent", "reason": "of its name",
        "alternatives": [{"value": "whole", "meaning": "what is not sent is removed"}],
    }  # fmt: skip


def test_inferences_that_differ_by_their_names_are_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the names of some; `--all` tells each."""
    library = str(FOLDER / "library.yaml")
    inferring(monkeypatch, *(inference(f"library.n{number}.update") for number in range(4)))
    told = explain(capsys, library)
    assert "      the same: library.n1.update, library.n2.update, library.n3.update\n" in told
    inferring(monkeypatch, *(inference(f"library.n{number}.update") for number in range(9)))
    assert "library.n6.update and 2 more\n" in explain(capsys, library)
    assert explain(capsys, library, "--all").count("      because of its name\n") == 9


def test_the_operations_of_a_resource_are_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Among the resources, and not again where it is said that they are one."""
    inferring(monkeypatch, inference("library.books.served", kind="resource"))
    assert '    library.books.served = "partial"\n' in explain(capsys, str(FOLDER / "library.yaml"))


def test_what_is_left_out_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As at a start, and where to read the rest."""
    (folder / "own.yaml").write_text(
        f"{HEAD}paths: {{/x: {{get: {{responses: {{'204': {{}}}}}}}}}}\nwebhooks: {{a: {{}}}}"
    )
    told = explain(capsys, "./own.yaml")
    assert "LEFT OUT, or wrong in the document (`understudy lint ./own.yaml` has the lines)\n" in told
    assert "  own.yaml#/webhooks: webhooks are not sent\n" in told
    assert as_json(capsys, "./own.yaml")["left_out"][0]["pointer"] == "/webhooks"


@pytest.mark.parametrize("name", ["nextstep", "kognitos"])
def test_a_built_in_api_is_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is inferred of it, and its own key is in the first call."""
    told = as_json(capsys, name)
    assert (told["api"], told["inferences"], told["left_out"], told["examples_only"]) == (name, [], [], [])
    assert sum(len(one["operations"]) for one in told["resources"]) + len(told["handlers"]) == told["operations"]
    assert told["security"][0]["credential"] in told["security"][0]["curl"]


def test_a_diff_shows_what_overlays_change(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By pointer, in the order of the document; the values as YAML."""
    (folder / "own.yaml").write_text(f"{HEAD}paths: {{/x: {{get: {{tags: [a, b], responses: {{'204': {{}}}}}}}}}}")
    (folder / "fix.yaml").write_text(
        overlay(
            {"target": "$.info", "update": {"title": "New"}},
            {"target": "$.paths['/x'].get.tags[0]", "remove": True},
            {"target": "$", "update": {"x-new": {"a": [1], "b": "two\nlines"}}},
        )
    )
    words = ["./own.yaml", "--overlay", "fix.yaml", "--diff"]
    assert explain(capsys, *words).splitlines() == [
        "--- own.yaml",
        "+++ own.yaml with fix.yaml",
        "@@ /info/title @@",
        "-Own",
        "+New",
        "@@ /paths/~1x/get/tags/0 @@",
        "-a",
        "@@ /x-new @@",
        "+a:",
        "+- 1",
        "+b: 'two",
        "+",
        "+  lines'",
    ]
    assert as_json(capsys, *words)["changes"][:2] == [
        {"pointer": "/info/title", "before": "Own", "after": "New"},
        {"pointer": "/paths/~1x/get/tags/0", "before": "a"},
    ]


def test_a_parent_without_a_resource_is_told_by_its_parameter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no resource is found on the path before it."""
    (folder / "desk.yaml").write_text(LIFE.lstrip().replace("/desks/{desk_id}:", "/offices/{desk_id}:"))
    assert "  tickets: Ticket, by {desk_id}; id is made as t_{hex:8}\n" in explain(capsys, "./desk.yaml")
    assert as_json(capsys, "./desk.yaml")["resources"][2]["parents"] == {"desk_id": None}


def test_changes_are_the_smallest_places_that_differ() -> None:
    """Items of a list are compared with those that they stand for; `1` and `true` differ."""
    before = {"a": [{"n": 1}, {"n": 2}, {"n": 3}], "b": 1, "c": {}, "d": [1, 2]}
    after = {"a": [{"n": 1}, {"n": 2, "m": 3}, {"n": 3}], "b": True, "c": {}, "d": [0, 9, 1]}
    assert [tuple(one[:2]) for one in changes(before, after)] == [
        ("/a/1/m", changes.__globals__["ABSENT"]), ("/b", 1), ("/d/0", changes.__globals__["ABSENT"]),
        ("/d/1", changes.__globals__["ABSENT"]), ("/d/1", 2),
    ]  # fmt: skip
    assert list(changes(after, after)) == []
    assert [one.pointer for one in changes({"a": []}, {"a": {}})] == ["/a"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the following arguments are required: API"),
        (["none.yaml"], "none.yaml: No such file or directory"),
        (["empty.yaml"], "empty.yaml has no operation that can be served"),
        (["nextsteb"], "unknown API nextsteb; did you mean nextstep?"),
        (["nextstep", "--overlay", "fix.yaml"], "--overlay fix.yaml stands after nextstep, an API that is installed"),
        (["nextstep", "--diff"], "--diff: nextstep has no overlay; name one with --overlay FILE"),
        (["own.yaml", "--diff"], "--diff: own.yaml has no overlay; name one with --overlay FILE"),
        (["own.yaml", "--diff", "--overlay", "own.yaml"], "own.yaml:1: /: it is no OpenAPI Overlay"),
        (["own.yaml", "--dif"], ""),
        (["own.yaml", "--jsn"], "unknown argument --jsn; did you mean --json?"),
    ],
)
def test_what_cannot_be_explained_is_a_usage_error(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """One line that names the value."""
    (folder / "own.yaml").write_text(f"{HEAD}paths: {{/x: {{get: {{responses: {{'204': {{}}}}}}}}}}")
    (folder / "empty.yaml").write_text(f"{HEAD}paths: {{}}")
    assert cli.main(["explain", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"understudy: {told}")
    assert error.count("\n") == 1


def test_an_api_of_a_package_is_explained(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether its entry point gives a folder or a whole API."""
    from understudy import apis
    from understudy.cli import arguments, documents
    from understudy.cli import explain as command

    found = {"made": apis.declare("kognitos"), "lib": own.Own(FOLDER / "library.yaml", "lib")}
    for module in (arguments, command):
        monkeypatch.setattr(module, "packaged", found.__getitem__)
    monkeypatch.setattr(documents, "check_api", lambda text: None)
    monkeypatch.setattr("understudy.cli.parser.check_api", lambda text: None)
    assert as_json(capsys, "lib")["title"] == "Library"
    assert as_json(capsys, "made")["api"] == "kognitos"


def test_a_start_says_in_a_line_what_was_understood(folder: Path) -> None:
    """The resources, how much was inferred, and the command that tells it: of the document, with its overlays."""
    (folder / "a shop").mkdir()
    (folder / "a shop/openapi.yaml").write_text(SHOP.lstrip())
    (folder / "library.yaml").write_text((FOLDER / "library.yaml").read_text())
    (folder / "fix.yaml").write_text(overlay({"target": "$.info", "update": {"title": "Books"}}))
    (folder / "none.yaml").write_text(f"{HEAD}paths: {{/x: {{get: {{responses: {{'204': {{}}}}}}}}}}")
    words = ["./a shop", "library.yaml", "--overlay", "fix.yaml", "none.yaml", "kognitos"]
    worlds = serve._worlds(parse(["serve", *words]))
    worlds.server.url = "http://127.0.0.1:1"
    banner = serve._banner(worlds)
    assert "  a-shop keeps 1 resource (carts): understudy explain 'a shop'" in banner
    assert "  none answers examples only: understudy explain none.yaml" in banner
    (line,) = [line for line in banner if line.startswith("  library keeps 1 resource (books); ")]
    assert line.endswith(" inferences: understudy explain library.yaml --overlay fix.yaml")
    assert not any(line.startswith("  kognitos keeps") for line in banner)


def test_what_a_folder_has_and_nobody_reads_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As at a start."""
    (folder / "shop").mkdir()
    (folder / "shop/openapi.yaml").write_text(SHOP.lstrip())
    (folder / "shop/overlays.yaml").write_text("")
    assert cli.main(["explain", "./shop"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("shop: Shop, 5 operations")
    assert told.err == "understudy: shop/overlays.yaml is not read; did you mean overlay.yaml?\n"


def test_many_resources_are_named_in_part(folder: Path) -> None:
    """Six of them stand for the others."""
    names = [f"n{number}" for number in range(8)]
    resources = ", ".join(f"{name}: {{schema: A}}" for name in names)
    paths = "".join(f"  /{name}: {{get: {{responses: {{'204': {{}}}}}}}}\n" for name in names)
    schemas = "components: {schemas: {A: {type: object, properties: {id: {type: string}}}}}\n"
    (folder / "many.yaml").write_text(f"{HEAD}paths:\n{paths}{schemas}x-resources: {{{resources}}}\n")
    api, _ = own.declare(own.Own(Path("many.yaml"), "many"))
    assert api.understood.startswith("keeps 8 resources (n0, n1, n2, n3, n4, n5, ...): ")
