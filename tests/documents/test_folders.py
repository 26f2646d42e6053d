"""An API as a folder: its document, seed and handlers are found by their names, and what is not read is told."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from shop import PAY, SHOP
from understudy import cli
from understudy.apis.folder import find
from understudy.cli import serve
from understudy.cli.arguments import document
from understudy.cli.parser import parse


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a document, a seed and handlers; the present folder is the one above it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "My Shop"
    made.mkdir()
    (made / "openapi.yaml").write_text(SHOP)
    (made / "seed.yaml").write_text("carts: [{cents: 5}]\n")
    (made / "handlers.py").write_text(PAY)
    return made


def test_a_folder_is_an_api_of_its_name(folder: Path) -> None:
    """With the files that have the usual names; a flag replaces one of them."""
    own = document("./My Shop/")
    assert (own.name, own.file, own.seed) == ("my-shop", Path("My Shop/openapi.yaml"), Path("My Shop/seed.yaml"))
    assert own.handlers == "My Shop/handlers.py"
    assert document("shop=My Shop@/v9", {"--seed-file": ("other.yaml",)}).seed == Path("other.yaml")
    assert document("shop=My Shop@/v9").prefix == "/v9"


def test_the_present_folder_has_a_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.` alone says none."""
    monkeypatch.chdir(folder)
    assert document(".").name == "my-shop"


def test_the_start_line_names_the_files_of_a_folder_that_are_run(folder: Path) -> None:
    """As those of `--handlers`."""
    worlds = serve._worlds(parse(["serve", "./My Shop"]))
    worlds.server.url = "http://127.0.0.1:1"
    assert "my-shop (runs My Shop/handlers.py)" in serve._banner(worlds)[0]


def test_files_that_are_not_read_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Recordings, and names that were probably meant to be others."""
    for name in ("handler.py", "seed.txt", "notes.md"):
        (folder / name).write_text("")
    (folder / "recordings").mkdir()
    assert cli.main(["rules", "./My Shop"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "understudy: My Shop/recordings: the recordings of a folder are not read yet",
        "understudy: My Shop/handler.py is not read; did you mean handlers.py?",
    ]


def test_a_folder_has_one_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """None, or two, is an error; so is a folder that cannot be read."""
    shutil.copy(folder / "openapi.yaml", folder / "openapi.json")
    assert cli.main(["rules", "./My Shop"]) == 2
    assert "My Shop: there are openapi.yaml and openapi.json, and only one" in capsys.readouterr().err
    assert cli.main(["rules", "."]) == 2
    assert ".: there is no openapi.yaml or openapi.yml or openapi.json in this folder" in capsys.readouterr().err


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(Exception, match="nowhere: No such file"):
        find(tmp_path / "nowhere")
