"""Overlays on the command line: which document a flag belongs to, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlays import PETS, overlay
from understudy import cli
from understudy.apis.lint import kind_of
from understudy.cli.arguments import document
from understudy.cli.parser import parse

TAG = overlay({"target": "$.paths['/pets'].get", "update": {"operationId": "allPets"}})
RULE = {"id": "pets.pets.listed", "text": "Pets are listed.", "source": "/paths", "basis": "documented"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, with a document and overlays; the cache is in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pets.yaml").write_text(PETS)
    (tmp_path / "tag.yaml").write_text(TAG)
    (tmp_path / "rule.yaml").write_text(overlay({"target": "$.paths['/pets'].get", "update": {"x-rules": [RULE]}}))
    return tmp_path


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a usage error says."""
    assert cli.main(words) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve", "rules", "check", "mutants", "assumptions"])
def test_every_command_on_documents_takes_overlays(command: str) -> None:
    """Several belong to the document before them, in order."""
    options = parse(
        [command, "./pets.yaml", "--overlay", "tag.yaml", "--overlay", "rule.yaml", "--seed-file", "a.yaml"]
    )
    own = document("./pets.yaml", options.flags["./pets.yaml"])
    assert (own.overlays, own.seed) == ((Path("tag.yaml"), Path("rule.yaml")), Path("a.yaml"))


def test_an_overlay_belongs_to_the_document_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside a built-in API and another document."""
    words = ["rules", "nextstep", "./pets.yaml", "--overlay", "rule.yaml", "other=./pets.yaml@/v2"]
    assert cli.main(words) == 0
    told = capsys.readouterr()
    assert told.out.count("pets.pets.listed") == 1
    assert "nextstep.runs." in told.out


def test_the_overlay_of_a_folder_is_applied_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One of a flag comes after it; `check` has it, too."""
    own = folder / "pets"
    own.mkdir()
    (own / "openapi.yaml").write_text(PETS)
    (own / "overlay.yaml").write_text(overlay({"target": "$.info", "update": {"x-a": {}}}))
    (folder / "more.yaml").write_text(
        overlay({"target": "$.info['x-a']", "update": {}}, {"target": "$", "update": {"x-rules": [RULE]}})
    )
    assert cli.main(["rules", "./pets", "--overlay", "more.yaml"]) == 0
    told = capsys.readouterr()
    assert "pets.pets.listed" in told.out
    assert "selects nothing" not in told.err


def test_what_an_overlay_does_in_vain_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line at start; with --strict it is an error."""
    (folder / "vain.yaml").write_text(overlay({"target": "$.inf", "update": {}}))
    assert cli.main(["rules", "./pets.yaml", "--overlay", "vain.yaml"]) == 0
    line = "understudy: vain.yaml#/actions/0/target: '$.inf' selects nothing; this action changes nothing\n"
    assert line in capsys.readouterr().err
    assert "--strict: pets.yaml: in 1 places" in refusal(
        capsys, "serve", "./pets.yaml", "--overlay", "vain.yaml", "--strict", "--port", "0"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--overlay", "tag.yaml"], "--overlay tag.yaml stands before any document; it belongs to the one before it"),
        (["nextstep", "--overlay", "tag.yaml"],
         "--overlay tag.yaml stands after nextstep, an API that is installed; it is for a document"),
        (["./pets.yaml", "--overlay", ""], "--overlay: the path is empty"),
        (["./pets.yaml", "--overlay"], "argument --overlay: expected at least one argument"),
        (["./pets.yaml", "--overlay", "none.yaml"], "none.yaml: No such file or directory"),
        (["./pets.yaml", "--overlay", "."], ".: it is no regular file"),
        (["./pets.yaml", "--overlay", "torn.yaml"], "torn.yaml:2: "),
        (["./pets.yaml", "--overlay", "pets.yaml"], "pets.yaml:1: /: it is no OpenAPI Overlay: "),
        (["./pets.yaml", "--overlay", "bad.yaml"],
         "bad.yaml:6: /actions/0/target: '$.[' is no JSONPath query (RFC 9535): expected a shorthand selector"),
        (["./pets.yaml", "--overlay", "key.yaml"], "key.yaml#/actions/0/update/x-resources: "),
        (["./pets.yaml", "--overlay", "old.yaml"], "pets.yaml is OpenAPI '2.9'; 3.0.x, 3.1.x and 3.2.x are read"),
    ],
)  # fmt: skip
def test_an_overlay_that_cannot_be_used_is_a_usage_error(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """One line that names the file, the line and the place; nothing is served."""
    (folder / "torn.yaml").write_text("overlay: 1.0.0\nactions: [\n")
    (folder / "bad.yaml").write_text(overlay({"target": "$.[", "remove": True}))
    (folder / "key.yaml").write_text(overlay({"target": "$", "update": {"x-resources": {"pets": 5}}}))
    (folder / "old.yaml").write_text(overlay({"target": "$.openapi", "update": "2.9"}))
    error = refusal(capsys, "rules", *words)
    assert error.startswith(f"understudy: {told}")
    assert error.count("\n") == 1


def test_lint_tells_overlays_by_their_content(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Alone only their form is checked; behind a document, what they do to it."""
    (folder / "none.yaml").write_text(overlay({"target": "$.inf", "update": {}}))
    (folder / "typo.yaml").write_text(TAG.replace("overlay:", "overly:"))
    (folder / "seed.json").write_text('{"cats": []}')
    assert cli.main(["lint", "none.yaml", "typo.yaml", "pets.yaml", "none.yaml", "seed.json"]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines()[:2] == [
        "typo.yaml:1: /: it is no OpenAPI Overlay: `overlay: 1.0.0` is missing; did you mean overly?",
        "none.yaml:6: /actions/0/target: '$.inf' selects nothing; this action changes nothing",
    ]
    assert told.out.splitlines()[2].startswith("seed.json:1: /cats: ")
    assert told.err.endswith("in 5 files\n")
    assert cli.main(["lint", "pets.yaml", "--overlay", "seed.json"]) == 1
    assert capsys.readouterr().out.startswith("seed.json:1: /: it is no OpenAPI Overlay")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("overlay: 1.0.0", "overlay"),
        ("overlay: 1.1", "overlay"),
        ("info: {}\nactions: [{target: $}]", "overlay"),
        ("overlay: [{name: a}]", "seed"),
        ("actions: [{target: a}]", "seed"),
        ("actions: []", "seed"),
        ("", "seed"),
        ("openapi: 3.1.0\noverlay: 1.0.0", "document"),
        ("[1]", "document"),
        ("a: [", "document"),
    ],
)
def test_what_a_file_is_follows_from_its_content(folder: Path, text: str, kind: str) -> None:
    """A seed file may have records of a resource that is called overlay, or actions."""
    (folder / "file.yaml").write_text(text)
    assert kind_of(folder / "file.yaml") == kind


def test_lint_names_the_overlay_that_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the place where it declares something wrong."""
    (folder / "torn.yaml").write_text("overlay: 1.0.0\nactions: [\n")
    assert cli.main(["lint", "pets.yaml", "--overlay", "torn.yaml"]) == 1
    assert capsys.readouterr().out.startswith("torn.yaml:2: /: ")
    resources = {"pets": {"schema": "Pet"}}
    (folder / "key.yaml").write_text(overlay({"target": "$", "update": {"x-resources": resources}}))
    assert cli.main(["lint", "pets.yaml", "key.yaml"]) == 1
    assert "key.yaml:" in capsys.readouterr().out
