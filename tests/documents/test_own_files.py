"""A document is data: which files of it are read, and what bounds them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from own_document import HEAD, served, written
from understudy import cache
from understudy.apis import own
from understudy.document import files, open_world, whole
from understudy.document.normal import UnsupportedDocument
from understudy.document.read import Unreadable

REFERS = "paths: {/x: {get: {responses: {'200': {content: {application/json: {schema: {$ref: '%s'}}}}}}}}\n"


@pytest.fixture(autouse=True)
def empty_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def project(folder: Path, **texts: str) -> Path:
    """A folder `api` with a document of several files, by name; `secret.yaml` stands beside it."""
    (folder / "api/parts").mkdir(parents=True)
    (folder / "secret.yaml").write_text("{const: secret}")
    (folder / "api/parts/pet.yaml").write_text("type: integer\nenum: [7]\nx-note: {$ref: ./name.yaml}\n")
    for name, text in texts.items():
        (folder / "api" / f"{name.replace('__', '/')}.yaml").write_text(text)
    return folder / "api/own.yaml"


def test_several_files_are_one_document(tmp_path: Path) -> None:
    """Paths, operations, parameters and schemas may stand in other files of the folder, relative to each."""
    file = project(
        tmp_path,
        own=HEAD + "paths: {/x: {$ref: './parts/path.yaml'}, /y: {get: {$ref: 'parts/path.yaml#/get'}}}",
        parts__path="get: {parameters: [{$ref: '#/x-p'}], responses: {'200': {$ref: answer.yaml}}}\n"
        "x-p: {name: p, in: query, schema: {type: integer}}",
        parts__answer="content: {application/json: {schema: {$ref: 'pet.yaml'}, examples: {e: {$ref: ex.yaml}}}}",
        parts__ex="{value: 7}",
    )
    client = served(file)
    assert client.notices == []
    for path in ("/x", "/y"):
        assert client.get(path).json() == 7
        assert client.get(f"{path}?p=x").status == 400
    document = json.loads(client.get("/__mock__/openapi/own.yaml").body)
    assert document["components"]["schemas"] == {"pet": {"type": "integer", "enum": [7]}}


def test_sections_may_stand_in_files_of_their_own(tmp_path: Path) -> None:
    """`paths`, `components` and its sections too; references into them are followed on."""
    file = project(
        tmp_path,
        own=HEAD + "security: [{k: []}]\npaths: {$ref: parts/paths.yaml}\ncomponents: {$ref: parts/components.yaml}",
        parts__paths="/x: {get: {responses: {'200': {content: {application/json: {schema: "
        "{$ref: '../own.yaml#/components/schemas/Pet'}}}}}}}",
        parts__components="schemas: {$ref: schemas.yaml}\nsecuritySchemes: {k: {type: apiKey, in: header, name: K}}",
        parts__schemas="Pet: {$ref: pet.yaml}\nOther: {type: string}",
    )
    client = served(file)
    assert client.notices == []
    assert [client.get("/x").status, client.get("/x", k="k").json()] == [401, 7]
    assert client.api.contract.document["components"]["schemas"].keys() == {"Pet", "Other", "pet"}


def test_what_stands_beside_a_reference_refers_to_its_own_file(tmp_path: Path) -> None:
    """Parameters and operations beside the `$ref` of a path item are those of the file that they stand in."""
    file = project(
        tmp_path,
        own=HEAD + "paths:\n  /x:\n    $ref: ./parts/path.yaml\n"
        "    parameters: [{$ref: '#/components/parameters/Q'}]\n"
        "    post: {responses: {'200': {$ref: '#/components/responses/One'}}}\n"
        "components:\n  parameters: {Q: {name: q, in: query, schema: {type: integer}}}\n"
        "  responses: {One: {content: {application/json: {schema: {enum: [1]}}}}}\n",
        parts__path="get: {responses: {'204': {}}}\nparameters: [{name: p, in: query, schema: {type: integer}}]",
    )
    client = served(file)
    assert client.notices == []
    assert [client.get(f"/x?{query}").status for query in ("p=1&q=1", "p=a", "q=a")] == [204, 400, 400]
    assert client.send("POST", "/x").json() == 1


def test_a_missing_file_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    """Where one in its folder has almost its name."""
    project(tmp_path, own=HEAD)
    for name, near in {"owm.yaml": f"; did you mean {tmp_path / 'api/own.yaml'}?", "zebra.yaml": ""}.items():
        path = tmp_path / "api" / name
        with pytest.raises(Unreadable) as raised:
            served(path)
        assert str(raised.value) == f"{path}: No such file or directory{near}"
    with pytest.raises(Unreadable, match=r"No such file or directory$"):
        served(tmp_path / "none/own.yaml")


@pytest.mark.parametrize(
    "components", ["{schemas: {$ref: '#/components/schemas'}}", "{schemas: {$ref: '#/components/schemas/A'}}"]
)
def test_sections_that_refer_to_each_other_lead_nowhere(tmp_path: Path, components: str) -> None:
    """It is told, and the rest is served."""
    client = written(tmp_path, f"{REFERS % '#/components/schemas/Pet'}components: {components}")
    assert client.get("/x").status == 200
    assert "is reached by too many references" in " ".join(client.texts()) or "leads back" in client.texts()[0]


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("https://example.com/pet.yaml", "is a URL, and no URL is fetched; save it beside the document"),
        ("//example.com/pet.yaml", "is a URL, and no URL is fetched"),
        ("file:///etc/passwd", "is a URL, and no URL is fetched"),
        ("../secret.yaml", "leads out of the document's folder, and no file there is read"),
        ("parts/../../secret.yaml", "leads out of the document's folder"),
        ("%2e%2e/secret.yaml", "leads out of the document's folder"),
        ("parts/link.yaml", "leads out of the document's folder"),
        ("parts/loop.yaml", "parts/loop.yaml cannot be resolved"),
        ("/etc/passwd", "is no relative path; only files in the document's folder are read"),
        ("parts\\\\pet.yaml", "is no relative path"),
        ("parts/%00", "is no relative path"),
        ("parts/none.yaml", "parts/none.yaml: No such file or directory"),
        ("parts/pipe", "parts/pipe: it is no regular file"),
        ("parts", "parts: it is no regular file"),
        ("parts/bad.yaml", "parts/bad.yaml:1: "),
        ("parts/pet.yaml#/none/3", "parts/pet.yaml#/none/3 leads nowhere"),
        ("parts/pet.yaml#/enum/x", "leads nowhere"),
    ],
)
def test_what_is_not_read_is_told_with_the_reason(tmp_path: Path, reference: str, text: str) -> None:
    """No URL, no file above the folder or behind a link; the rest of the document is served."""
    file = project(tmp_path, own=HEAD + REFERS.replace("'%s'", f'"{reference}"'), parts__bad="{")
    (tmp_path / "api/parts/link.yaml").symlink_to(tmp_path / "secret.yaml")
    (tmp_path / "api/parts/loop.yaml").symlink_to(tmp_path / "api/parts/loop.yaml")
    os.mkfifo(tmp_path / "api/parts/pipe")
    client = served(file)
    assert [notice.pointer.rpartition("/")[2] for notice in client.notices] == ["$ref"]
    assert text in client.texts()[0]
    assert b"secret" not in client.get("/x").body


def test_a_root_that_is_a_link_has_its_target_s_folder(tmp_path: Path) -> None:
    """As a mounted document has."""
    file = project(tmp_path, own=HEAD + REFERS % "parts/pet.yaml")
    (tmp_path / "link.yaml").symlink_to(file)
    client = served(tmp_path / "link.yaml")
    assert client.get("/x").json() == 7


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("[1]", "own.yaml is no OpenAPI document: it holds no mapping"),
        ("title: x", "own.yaml is no OpenAPI document: `openapi: 3.1.0` (or 3.0.x) is missing"),
        ("opneapi: 3.0.0", "is missing; did you mean opneapi?"),
        ("openapi: 4.0.0", "own.yaml is OpenAPI '4.0.0'; 3.0.x, 3.1.x and 3.2.x are read"),
        ("openapi: 2", "own.yaml is OpenAPI 2; 3.0.x"),
        ("swagger: '2.0'", "own.yaml is Swagger '2.0', which is not read; convert it to OpenAPI 3 first: npx swagger2"),
    ],
)
def test_what_is_no_openapi_3_is_refused_in_one_line(tmp_path: Path, content: str, text: str) -> None:
    """Swagger 2.0 with how to convert it."""
    (tmp_path / "own.yaml").write_text(content)
    with pytest.raises(UnsupportedDocument) as refused:
        served(tmp_path / "own.yaml")
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("openapi: 3.0.0\nopenapi: 3.0.0", "'openapi' is there already, in line 1"),
        ('{"openapi": "3.0.0", "a": 1, "a": 2}', "'a' is there twice in the same object"),
        ("openapi: " + "[" * 101 + "]" * 101, "it nests more than 100 deep"),
        ('{"openapi": ' + "[" * 101 + "]" * 101 + "}", "it nests more than 100 deep"),
        ('{"openapi": ' + "[" * 100_000 + "]" * 100_000 + "}", "it nests more than 100 deep"),
        (BOMB, "its aliases stand for more than 1,000,000 values"),
        ("openapi: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("openapi: \x00", "own.yaml:1: it is no YAML text"),
    ],
)
def test_depth_and_aliases_are_bounded(tmp_path: Path, content: str, text: str) -> None:
    """A document that would take the memory or the stack is refused; nothing in it is run."""
    (tmp_path / "own.yaml").write_text(content)
    with pytest.raises(Unreadable) as refused:
        served(tmp_path / "own.yaml")
    assert text in str(refused.value)


def test_the_size_of_a_document_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes of its files together, and their number."""
    monkeypatch.setattr(files, "MOST_BYTES", 200)
    file = project(tmp_path, own=HEAD + REFERS % "parts/pet.yaml")
    assert "a document has at most" in served(file).texts()[0]
    monkeypatch.setattr(files, "MOST_BYTES", 20)
    with pytest.raises(Unreadable, match="a document has at most"):
        files.Files(file)
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    monkeypatch.setattr(files, "MOST_FILES", 1)
    cache.forget(next(cache.folder().glob("document-*")).stem)
    assert "parts/pet.yaml is one file too many; a document has at most 1" in served(file).texts()[0]


def test_odd_numbers_and_keys_are_as_json_has_them(tmp_path: Path) -> None:
    """Statuses are texts, large numbers are floats, and what JSON has not is null."""
    example = "{1: a, false: b, null: c, 1.5: d, n: .nan, i: 123456789012345678901234567890, t: é}"
    media = f"{{schema: {{type: object}}, example: {example}}}"
    text = f"paths: {{/x: {{get: {{responses: {{200: {{content: {{application/json: {media}}}}}}}}}}}}}\n"
    known = {"1": "a", "false": "b", "null": "c", "1.5": "d", "n": None, "i": 1.2345678901234568e29, "t": "é"}
    assert written(tmp_path, text).get("/x").json() == known
    assert files._plain(10**400, {}) is None


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Also a link that leads to itself."""
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    for name, text in (("none.yaml", "No such file"), ("loop.yaml", "loop")):
        with pytest.raises(Unreadable, match=text):
            files.Files(tmp_path / name)
        with pytest.raises(Unreadable, match=text):
            served(tmp_path / name)


def test_a_document_that_was_read_comes_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as no file of it has changed, those that it refers to included."""
    file = project(tmp_path, own=HEAD + REFERS % "parts/pet.yaml")
    reads: list[str] = []
    normalized = whole.normalized
    monkeypatch.setattr(whole, "normalized", lambda found: reads.append("read") or normalized(found))
    assert [served(file).get("/x").json(), served(file).get("/x").json()] == [7, 7]
    assert len(reads) == 1
    (tmp_path / "api/parts/pet.yaml").write_text("enum: [8]")
    assert [served(file).get("/x").json(), len(reads)] == [8, 2]
    (tmp_path / "api/parts/pet.yaml").unlink()
    assert "No such file" in served(file).texts()[0]
    assert len(reads) == 3


def test_notices_come_from_the_cache_too(tmp_path: Path) -> None:
    """What is not understood is told on every start."""
    (tmp_path / "own.yaml").write_text(HEAD + REFERS % "../secret.yaml")
    assert served(tmp_path / "own.yaml").notices == served(tmp_path / "own.yaml").notices != []


def test_the_cache_keeps_the_newest_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old one is removed."""
    monkeypatch.setattr(open_world, "_MOST_CACHED", 2)
    for number in range(4):
        written(tmp_path, "paths: {/x: {get: {responses: {'204': {}}}}}", name=f"own{number}.yaml")
    assert len(list(cache.folder().glob("document-*"))) == 2


@pytest.mark.parametrize(
    ("file", "name"), [("Pet Store.v2.yaml", "pet-store"), ("openapi.json", "openapi"), ("日.yaml", "api")]
)
def test_the_file_names_the_api(file: str, name: str) -> None:
    """In lower case, with dashes, up to the first dot."""
    assert own.name_for(Path("folder") / file) == name
