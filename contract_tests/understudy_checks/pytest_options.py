"""The pytest options of the kit, available in every pytest run where the kit is installed.

An entry point, because pytest parses the command line before it finds the conftest of a package given by `--pyargs`.
Must import only pytest: every pytest run pays for its imports. `conftest` reads the options.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROFILES = ("quick", "default", "deep")
"""The profiles that a user can choose; see `profiles`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the kit, with defaults from the environment."""
    add = parser.getgroup("understudy", "contract tests (pytest --pyargs understudy_checks)").addoption
    add(
        "--understudy-api",
        action="append",
        metavar="API",
        help="an API to check (repeat for several; default: all)",
    )
    add(
        "--understudy-url",
        default=os.environ.get("UNDERSTUDY_URL"),
        metavar="URL",
        help="base URL of the server to check (default: our mock, in process)",
    )
    add(
        "--understudy-api-key",
        action="append",
        default=[key for key in (os.environ.get("UNDERSTUDY_API_KEY"),) if key],
        metavar="KEY",
        help="a valid API key of the server (repeat for more keys of the same tenant)",
    )
    add("--understudy-target", type=Path, metavar="FILE", help="a TOML file with settings of the server")
    add(
        "--understudy-set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one setting of the server, such as agent_id=... (repeat for several)",
    )
    add(
        "--understudy-profile",
        default=os.environ.get("UNDERSTUDY_PROFILE", "default"),
        metavar="|".join(PROFILES),
        help="how many examples each property gets (default: %(default)s)",
    )
