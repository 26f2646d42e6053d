"""The commands in README, CONTRIBUTING and docs: each block of shell lines is run, offline, or says why not.

Comments above a block: `file: NAME` writes it into the paper's folder, `exit: N` is the exit code that is expected,
`serves` is a server that runs until it is ended, `serves: on` one that the blocks below it call, `not run: REASON` is
left out. A paper's blocks share a folder, but for those marked `in the checkout`.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

import generate
import pytest
import yaml
from papers import PAPERS, ROOT, Block, blocks, text_of

from understudy import apis
from understudy.apis import control
from understudy.engine.worlds import Worlds
from understudy.http.server import serving

ADDRESS = "http://127.0.0.1:8629"
MOST_SECONDS = 120
WITH_COMMANDS = [paper for paper in PAPERS if any(block.language in ("sh", "yaml") for block in blocks(paper))]


class Folder:
    """The folder of one paper: its files, its blocks' processes, and a server at the usual address."""

    def __init__(self, path: Path, url: str) -> None:
        self.path, self.url = path, url
        self.groups: list[int] = []
        self.servers: list[subprocess.Popen[bytes]] = []

    def run(self, text: str, folder: Path) -> tuple[int, str]:
        """Run shell lines in a folder to their end; the exit code, and what they wrote."""
        with TemporaryFile() as file:
            process = self._start(text.replace(ADDRESS, self.url), file.fileno(), folder)
            code = process.wait(MOST_SECONDS)
            file.seek(0)
            return code, file.read().decode()

    def serve(self, text: str, *, on: bool = False) -> str:
        """Run shell lines that serve until they are ended, or `on` until the paper ends; what they wrote up to then."""
        process = self._start(text, subprocess.PIPE, self.path)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.decode())
            if "Ctrl-C stops it" in lines[-1]:
                break
        if on:
            self.servers.append(process)
            self.url = lines[0].partition(" at ")[2].split()[0]
            return "".join(lines)
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=MOST_SECONDS)
        return "".join(lines)

    def end(self) -> None:
        """End what runs in the background."""
        for group in self.groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)
        for server in self.servers:
            server.communicate(timeout=MOST_SECONDS)

    def _start(self, text: str, output: int, folder: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", on_a_free_port(text)],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.groups.append(process.pid)
        return process


def on_a_free_port(text: str) -> str:
    """Shell lines whose servers take a free port, and whose `make` is that of the checkout and installs nothing."""
    text = re.sub(r"understudy serve(?!.*--port)", "understudy serve --port 0", text)
    text = text.replace(".venv/bin/python", sys.executable)
    make = f"make -s -C {ROOT} BIN={Path(sys.executable).parent} -o .venv/.serves"
    return text.replace("make serve", f"{make} serve ARGS='--port 0'")


def environment() -> dict[str, str]:
    """Our own environment with this interpreter's commands first, and of pytest's plugins only our own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("UNDERSTUDY_", "PYTEST_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    plugins = {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "understudy_checks.pytest_options,understudy.pytest_plugin",
    }
    return kept | {"PATH": path, "NO_COLOR": "1", **plugins}


def runnable(paper: str) -> list[Block]:
    """The blocks of a paper that are files or are run."""
    return [
        block
        for block in blocks(paper)
        if "not run" not in block.marks and (block.language in ("sh", "yaml", "text") or "file" in block.marks)
    ]


def steps(workflow: str) -> Iterator[str]:
    """The shell lines of a CI workflow, without those that install, need GitHub or the user's own package."""
    for job in yaml.safe_load(workflow).get("jobs", {}).values():
        for step in job["steps"]:
            if "run" in step and not re.search("pip install|mypackage|gh pr comment", step["run"]):
                yield step["run"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """An empty folder, and the mock with all APIs in this process."""
    limits = dict.fromkeys(apis.NAMES)
    served = [*map(apis.declare, apis.NAMES), control.declare]
    with serving(Worlds(served, seeds=apis.seeds(apis.NAMES), limits=limits)) as url:
        made = Folder(tmp_path, url)
        yield made
        made.end()


@pytest.mark.parametrize("paper", WITH_COMMANDS)
def test_the_commands_of_a_paper_do_what_it_says(paper: str, folder: Folder) -> None:
    """Each block ends with the expected exit code, and prints the lines that the paper shows below it."""
    output = ""
    for block in runnable(paper):
        if "file" in block.marks:
            file = folder.path / block.marks["file"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
        elif block.language == "text":
            assert_printed(block.text, output)
        elif "serves" in block.marks:
            output = folder.serve(block.text, on=block.marks["serves"] == "on")
            assert "Understudy serves" in output, output
        else:
            for lines in [block.text] if block.language == "sh" else steps(block.text):
                code, output = folder.run(lines, ROOT if "in the checkout" in block.marks else folder.path)
                assert code == int(block.marks.get("exit", 0)), f"{lines}\n{output}"


def assert_printed(shown: str, output: str) -> None:
    """Each line that a paper shows was printed; `...` stands for anything."""
    for line in filter(None, map(str.strip, shown.splitlines())):
        pattern = ".*".join(map(re.escape, line.split("...")))
        assert re.search(pattern, output), f"{line} is not in\n{output}"


@pytest.mark.parametrize("paper", PAPERS)
def test_no_block_escapes(paper: str) -> None:
    """Every block of shell lines stands at the margin, where it is found, and one that is not run has a reason."""
    found = [block for block in blocks(paper) if block.language == "sh"]
    assert len(found) == len(re.findall(r"^\s*```(?:sh|bash|shell|console)\b", text_of(paper), re.MULTILINE))
    assert [block.text for block in found if "not run" in block.marks and not block.marks["not run"]] == []


@pytest.mark.parametrize("paper", PAPERS)
def test_targets_of_make_exist(paper: str) -> None:
    """Every `make TARGET` of a paper is a target of the Makefile, also in blocks that are not run."""
    known = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    lines = [line for block in blocks(paper) if block.language == "sh" for line in block.text.splitlines()]
    assert {name for line in lines for name in re.findall(r"^make ([a-z-]+)", line)} <= known


@pytest.mark.parametrize("paper", PAPERS)
def test_options_exist(paper: str) -> None:
    """Every option of an `understudy` command line of a paper is one of that command, also where it is not run."""
    text = "\n".join(block.text for block in blocks(paper) if block.language in ("sh", "yaml"))
    for command, words in re.findall(rf"understudy ({'|'.join(generate.COMMANDS)})\b([^|&#\n]*)", text):
        known = {name for action in generate.arguments(command) for name in action.option_strings}
        assert set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", words.partition(" -- ")[0])) <= known
