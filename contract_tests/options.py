"""The kit's command-line options for pytest.

`conftest` adds them. pytest reads the command line before it finds the conftest of a package given by `--pyargs`:
to use them there, name this module too (`pytest -p contract_tests.options --pyargs contract_tests --url ...`),
or set the variables of the environment, which are the same options.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contract_tests import profiles, targets
from contract_tests.settings import Settings
from mock_server import apis


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the kit; defaults are read from the environment."""
    group = parser.getgroup("understudy", "contract tests")
    group.addoption(
        "--api",
        action="append",
        choices=apis.NAMES,
        help="an API to check (repeat for several; default: all)",
    )
    group.addoption("--url", default=os.environ.get("UNDERSTUDY_URL"), help="base URL of the server to check")
    group.addoption(
        "--api-key",
        action="append",
        default=[key for key in (os.environ.get("UNDERSTUDY_API_KEY"),) if key],
        help="a valid API key of the server at --url (repeat for more keys of the same tenant)",
    )
    group.addoption("--target", type=Path, metavar="FILE", help="what is known of the server at --url, as TOML")
    group.addoption(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the same, one by one, such as agent_id=... (repeat for several)",
    )
    group.addoption(
        "--profile",
        choices=list(profiles.CHOICES),
        default=os.environ.get(profiles.ENVIRONMENT, "default"),
        help="how many examples each property gets",
    )


def settings(config: pytest.Config, api: str) -> Settings:
    """What the options tell about the server at `--url`; raises BadSettings."""
    return targets.told(api, config.getoption("--target"), config.getoption("--set"), config.getoption("--api-key"))
