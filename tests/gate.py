"""What `make test` runs after lint: all tests under coverage and, beside them, mutants and alternatives without.

    python tests/gate.py [--deep]

Six processes, so that two cores are always busy; a mutant run under coverage would take twice as long, and papers
cover nothing that others do not. The kit's checks draw few examples here: mutants and alternatives run each of them
often. `--deep` adds what is marked deep and draws many more examples, differently on every run.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
COVERED = (
    ("tests/checks",),
    ("contract_tests",),
    ("tests/engine", "tests/documents", "tests/apis", "tests/recording", "tests/own_api"),
    ("tests/http", "tests/cli", "tests/testing"),
)
PAPERS = ("tests/docs",)
BESIDE = ("tests/checks/test_mutants.py", "tests/checks/test_generated_mutants.py", "tests/checks/test_alternatives.py")


def main(deep: bool) -> int:
    """Run everything; the exit code is 0 when all of it passed."""
    environment = {**os.environ, "UNDERSTUDY_PROFILE": "deep" if deep else "quick"}
    if deep:
        environment["UNDERSTUDY_DEEP"] = "1"
    for old in ROOT.glob(".coverage*"):
        old.unlink()
    ignored = [f"--ignore={path}" for path in BESIDE]
    covered = [start(["coverage", "run", "-m", "pytest", *paths, *ignored], environment) for paths in COVERED]
    beside = [start(["pytest", *paths], environment) for paths in (BESIDE, PAPERS)]
    codes = [*map(told, covered), run(["coverage", "combine", "--quiet"]), run(["coverage", "report"])]
    return max(*codes, *map(told, beside))


def start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a module of this interpreter; its output is kept until it is told."""
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def told(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process and print what it said; its exit code."""
    output, _ = process.communicate()
    sys.stdout.buffer.write(output)
    sys.stdout.flush()
    return process.returncode


def run(command: list[str]) -> int:
    """Run a module of this interpreter to its end; its exit code."""
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main("--deep" in sys.argv[1:]))
