"""What the package asks for: what is optional stays optional, what is private is capped."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = {wanted.name: wanted for wanted in map(Requirement, PROJECT["dependencies"])}


def test_uvloop_is_asked_for_only_where_it_exists() -> None:
    """It has no wheels for Windows and none for other Pythons than CPython."""
    marker = NEEDED["uvloop"].marker
    assert marker is not None
    cpython = {"platform_python_implementation": "CPython"}
    assert marker.evaluate({**cpython, "sys_platform": "linux"})
    assert not marker.evaluate({**cpython, "sys_platform": "win32"})
    assert not marker.evaluate({"platform_python_implementation": "PyPy", "sys_platform": "linux"})


def test_the_versions_of_a_usual_fastapi_are_taken() -> None:
    """`fastapi==0.115.12` asks for starlette below 0.47, and is at home beside uvicorn 0.34."""
    assert NEEDED["starlette"].specifier.contains("0.46.0")
    assert NEEDED["uvicorn"].specifier.contains("0.34.0")


def test_private_parts_are_used_of_known_versions_only() -> None:
    """A version of uvicorn that no test has run on is not installed; the one of the constraints is."""
    pinned = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines())
    specifier = NEEDED["uvicorn"].specifier
    version = Version(pinned["uvicorn"])
    assert specifier.contains(str(version))
    assert not specifier.contains(f"{version.major}.{version.minor + 1}.0")


def test_it_serves_without_uvloop() -> None:
    """The loop of asyncio serves then; every import of uvloop fails in this process."""
    program = (
        "import sys, urllib.request\n"
        "sys.modules['uvloop'] = None\n"
        "from understudy import apis\n"
        "from understudy.apis import control\n"
        "from understudy.http.server import serving\n"
        "from understudy.engine.worlds import Worlds\n"
        "declared = [apis.declare('kognitos'), control.declare]\n"
        "with serving(Worlds(declared, seeds=apis.seeds(['kognitos']), seeder=apis.load_checked_seed)) as url:\n"
        "    print(urllib.request.urlopen(url + '/__mock__/health', timeout=5).status)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "200\n", "")


def test_no_module_names_uvloop() -> None:
    """Nobody imports it: uvicorn takes it where it is there."""
    sources = "".join(path.read_text() for path in (ROOT / "mock_server").rglob("*.py"))
    assert re.findall(r"import uvloop|\"uvloop\"", sources) == []
