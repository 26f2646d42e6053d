"""What `make test` runs: tests under coverage, beside them those that cover nothing that others do not, and lint.

    python tests/gate.py [--deep]

Three parts at a time, the longest first, so that two cores are busy to the end. Mutants and alternatives run the kit's
checks often, so these draw few examples. `--deep` measures no coverage, adds what is marked deep and draws more
examples, differently on every run: by a seed, which it prints and takes from UNDERSTUDY_SEED.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
AT_ONCE = 3
"""Parts that run at the same time: one more than cores, as some wait for programs that they start."""

LINT = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))
PYTEST = ("pytest", "-p", "tests.garbage")
MUTANTS = (
    "tests/checks/test_mutants.py",
    "tests/checks/test_generated_mutants.py",
    "tests/checks/test_alternatives.py",
)
UNMEASURED = ((*MUTANTS, "-k", "tallyfy"), ("tests/docs",), (*MUTANTS, "-k", "not tallyfy"))
MEASURED = (
    ("tests/engine", "tests/documents", "tests/apis", "tests/recording", "tests/own_api"),
    ("tests/checks", *(f"--ignore={path}" for path in MUTANTS)),
    ("tests/http", "tests/cli", "tests/testing"),
    ("contract_tests", "-p", "tests.measuring"),
)


def main(deep: bool) -> int:
    """Run everything; the exit code is 0 when all of it passed."""
    return run_deep() if deep else run_gate()


def run_gate() -> int:
    """Run the tests of the gate and lint, and demand full coverage."""
    for old in ROOT.glob(".coverage*"):
        old.unlink()
    measured = [["coverage", "run", "-m", *PYTEST, *part, "-m", "not beside"] for part in MEASURED]
    unmeasured = [[*PYTEST, *part] for part in UNMEASURED]
    tallyfy, docs, others = unmeasured
    beside = [*PYTEST, *marked_beside(), "-m", "beside"]
    commands = [tallyfy, measured[0], beside, docs, *measured[1:], others, *map(list, LINT)]
    codes = run_all(commands, {"UNDERSTUDY_PROFILE": "quick"})
    return max(codes, run(["coverage", "combine", "--quiet"]), run(["coverage", "report"]))


def run_deep() -> int:
    """Run all tests, those of the long profile too, with what the seed draws."""
    seed = os.environ.get("UNDERSTUDY_SEED") or str(int.from_bytes(os.urandom(3)))
    sys.stdout.write(f"The same again: UNDERSTUDY_SEED={seed} make test-deep\n")
    sys.stdout.flush()
    commands = [[*PYTEST, f"--hypothesis-seed={seed}", *part] for part in (*UNMEASURED, *MEASURED)]
    return run_all(commands, {"UNDERSTUDY_PROFILE": "deep", "UNDERSTUDY_DEEP": "1", "UNDERSTUDY_SEED": seed})


def marked_beside() -> list[str]:
    """The files that have tests with the mark `beside`."""
    files = ROOT.glob("tests/*/test_*.py")
    return sorted(str(file.relative_to(ROOT)) for file in files if "pytest.mark.beside" in file.read_text())


def run_all(commands: list[list[str]], variables: dict[str, str]) -> int:
    """Run modules of this interpreter, some at a time, and print what each said; the largest exit code.

    They write bytecode, whatever the environment says: a test that starts Python would compile all that it imports.
    """
    environment = {**os.environ, **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return max(pool.map(lambda command: run_quietly(command, environment), commands))


def run_quietly(command: list[str], environment: dict[str, str]) -> int:
    """Run a module of this interpreter and print what it said when it ends; its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    sys.stdout.buffer.write(done.stdout)
    sys.stdout.flush()
    return done.returncode


def run(command: list[str]) -> int:
    """Run a module of this interpreter to its end; its exit code."""
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main("--deep" in sys.argv[1:]))
