"""`understudy init`: which files it writes, where, and what it never overwrites."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from overlays import PETS, overlay
from understudy import cli
from understudy.apis import own
from understudy.document.infer import Alternative, Inference, Inferred, Key

FOUND = Inference("pets.pets", "resource", "/paths", "Pets are records", "they look so", "records",
                  (Alternative("examples", "answers examples"),), (Key("/x-found", {"a": 1}),))  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder with a document, of which one thing is inferred unless it says it itself."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pets.v1.yaml").write_text(PETS)

    def infer(document: Any, name: str, **_: Any) -> Inferred:
        return Inferred(document, () if "found" in document["info"]["title"] else (FOUND,), ())

    monkeypatch.setattr(own, "infer", infer)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """What `init` prints."""
    assert cli.main(["init", *words]) == 0
    return capsys.readouterr().out.splitlines()


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line of a usage error."""
    assert cli.main(["init", *words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error.removeprefix("understudy: ").rstrip()


def test_drafts_stand_beside_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    """With its name; the last line serves it with them."""
    assert told(capsys, "./pets.v1.yaml") == [
        "wrote pets.v1.overlay.yaml",
        "wrote pets.v1.seed.yaml",
        "understudy serve ./pets.v1.yaml --overlay pets.v1.overlay.yaml --seed-file pets.v1.seed.yaml",
    ]
    found = yaml.safe_load(Path("pets.v1.overlay.yaml").read_text())
    assert (found["overlay"], found["extends"]) == ("1.0.0", "pets.v1.yaml")
    assert found["actions"] == [{"target": "$", "update": {"x-found": {"a": 1}}}]


def test_drafts_go_to_another_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The overlay names the document from there; names with blanks are quoted."""
    (folder / "my drafts").mkdir()
    command = shlex.split(told(capsys, "pets=./pets.v1.yaml@/v2", "--out", "my drafts")[-1])
    assert command[2:4] == ["pets=./pets.v1.yaml@/v2", "--overlay"]
    assert Path(command[4]) == Path("my drafts/pets.v1.overlay.yaml")
    assert yaml.safe_load(Path(command[4]).read_text())["extends"] == "../pets.v1.yaml"


def test_nothing_is_overwritten_without_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither file is written when one of them is there, a broken link included."""
    (folder / "pets.v1.seed.yaml").symlink_to("nowhere")
    assert refused(capsys, "./pets.v1.yaml") == "pets.v1.seed.yaml is there already; --force overwrites it"
    assert not Path("pets.v1.overlay.yaml").exists()
    assert "it is a symbolic link" in refused(capsys, "./pets.v1.yaml", "--force")
    assert not Path("pets.v1.overlay.yaml").exists()
    (folder / "pets.v1.seed.yaml").unlink()
    (folder / "pets.v1.overlay.yaml").write_text("mine")
    assert len(told(capsys, "./pets.v1.yaml", "--force")) == 3
    assert "x-found" in Path("pets.v1.overlay.yaml").read_text()


def test_what_overlays_say_is_not_said_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An overlay that is given stays, and stands in the command; with nothing to infer there is no draft of one."""
    (folder / "fix.yaml").write_text(overlay({"target": "$.info", "update": {"title": "found"}}))
    assert told(capsys, "./pets.v1.yaml", "--overlay", "fix.yaml") == [
        "nothing is inferred that an overlay could say",
        "wrote pets.v1.seed.yaml",
        "understudy serve ./pets.v1.yaml --overlay fix.yaml --seed-file pets.v1.seed.yaml",
    ]


def test_a_folder_gets_the_files_that_it_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--force` replaces its overlay by what is inferred without it; elsewhere the command has flags."""
    shop = folder / "shop"
    shop.mkdir()
    (shop / "openapi.yaml").write_text(PETS)
    lines = ["wrote shop/overlay.yaml", "wrote shop/seed.yaml", "understudy serve ./shop"]
    assert told(capsys, "./shop") == lines
    (shop / "overlay.yaml").write_text(overlay({"target": "$.info", "update": {"title": "found"}}))
    assert told(capsys, "./shop", "--force") == lines
    assert told(capsys, "./shop", "--out", ".")[-1] == (
        "understudy serve ./shop --overlay overlay.yaml --seed-file seed.yaml"
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([], "the following arguments are required: API"),
        (["nextstep"], "nextstep is no document: nothing is inferred of an API that is installed"),
        (["empty.yaml"], "empty.yaml has no operation that can be served"),
        (["none.yaml"], "none.yaml: No such file or directory"),
        (["pets.v1.yaml", "--out", "none"], "--out none: there is no such folder"),
        (["pets.v1.yaml", "--out", ""], "--out: the path is empty"),
        (["pets.v1.yaml", "--overlay", "pets.v1.yaml"], "pets.v1.yaml:1: /: it is no OpenAPI Overlay"),
        (["pets.v1.yaml", "--fource"], "unknown argument --fource; did you mean --force?"),
    ],
)
def test_what_cannot_be_drafted_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], words: list[str], error: str
) -> None:
    """One line; nothing is written."""
    Path("empty.yaml").write_text("openapi: 3.1.0\ninfo: {title: None, version: '1'}\npaths: {}\n")
    assert refused(capsys, *words).startswith(error)
    assert not Path("pets.v1.overlay.yaml").exists()
