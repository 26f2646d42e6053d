"""The kit's command-line options for pytest.

`conftest` adds them. pytest reads the command line before it finds the conftest of a package given by `--pyargs`:
to use them there, name this module too (`pytest -p contract_tests.options --pyargs contract_tests --url ...`),
or set the variables of the environment, which are the same options.
"""

from __future__ import annotations

import os

import pytest

from contract_tests import profiles
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
    group.addoption(
        "--given",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an id that no operation of the server at --url lists, such as agent_id=... (repeat for several)",
    )
    group.addoption(
        "--profile",
        choices=list(profiles.PROFILES),
        default=os.environ.get(profiles.ENVIRONMENT, "default"),
        help="how many examples each property gets",
    )
