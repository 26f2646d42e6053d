"""The programs of the page on worlds from any language: each is run where its language is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from papers import Block, blocks

from understudy.apis import control
from understudy.engine.worlds import Worlds
from understudy.http.server import serving
from understudy_checks.target import installed

PAGE = "docs/how-to/worlds-from-any-language.md"
TOOLS = {"bash": ("curl", "jq"), "node": ("node",), "go": ("go",), "java": ("java",)}


@pytest.fixture(scope="module")
def worlds() -> Iterator[Worlds]:
    """A running server."""
    seeds = {"nextstep": installed.seeds()["nextstep"]}
    made = Worlds([installed.declared("nextstep"), control.declare], seeds=seeds, seeder=installed.load_seed_once)
    with serving(made):
        yield made


def programs() -> Iterator[tuple[Block, Block]]:
    """Each program of the page, and the command that runs it."""
    program = None
    for block in blocks(PAGE):
        if "file" in block.marks:
            program = block
        elif program is not None:
            yield program, block
            program = None


def test_each_language_has_a_program() -> None:
    """The page has a program and a command for each language."""
    assert [command.text.split()[0] for _, command in programs()] == list(TOOLS)


@pytest.mark.parametrize(("program", "command"), list(programs()), ids=list(TOOLS))
def test_the_program_of_a_language_runs(program: Block, command: Block, worlds: Worlds, tmp_path: Path) -> None:
    """It makes a world, finds its requests there alone, and removes it."""
    missing = [tool for tool in TOOLS[command.text.split()[0]] if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} is not installed")
    (tmp_path / program.marks["file"]).write_text(program.text)
    removed = len(worlds.gone)
    environment = {**os.environ, "UNDERSTUDY_SERVER": worlds.server.url}
    words = command.text.split()
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(worlds.all) == ["default"]
    assert len(worlds.gone) == removed + 1
    assert list(worlds.default.journal) == []
