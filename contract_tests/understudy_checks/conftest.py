"""Runs the kit under pytest: options, the fixture `target`, and one run of a test for each operation it applies to.

Tests that check no rule of an API are not collected for it. Rules that cannot be checked are reported with the reason.
"""

from __future__ import annotations

from collections import Counter
from typing import cast

import pytest

from understudy import apis
from understudy.messages import suggest
from understudy_checks import profiles, pytest_options
from understudy_checks.rules import Arguments, Check, check_of, expand
from understudy_checks.target import connect, installed, sources
from understudy_checks.target.connect import Unreachable
from understudy_checks.target.mock import mock
from understudy_checks.target.settings import BadSettings, Settings
from understudy_checks.target.target import Target, require

_PREFIX = "not checked: "


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options where pytest loads no entry points (`PYTEST_DISABLE_PLUGIN_AUTOLOAD`)."""
    if not pluginmanager.is_registered(pytest_options):
        pytest_options.pytest_addoption(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Load the profile before any test module is imported: hypothesis reads it when a test is decorated."""
    config.addinivalue_line("markers", "rule(*ids): the rules, or patterns of rules, that a contract test checks")
    for name in config.getoption("--understudy-api") or ():
        if name not in apis.NAMES:
            raise pytest.UsageError(f"unknown API {name}{suggest(name, apis.NAMES)}; known: {', '.join(apis.NAMES)}")
    try:
        profiles.load(config.getoption("--understudy-profile"))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a check by API and by the operations that it applies to."""
    check = check_of(metafunc.function)
    if check is None:
        return
    rows = _rows(metafunc.config, check)
    names = list(rows[0][1]) if rows else []
    metafunc.parametrize(
        ["target", *names],
        [pytest.param(api, *given.values(), id=_name(api, given)) for api, given in rows],
        indirect=["target"],
        scope="session",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark an item with its rules and add them to its JUnit properties."""
    check = _check(item)
    if check is not None:
        item.add_marker(pytest.mark.rule(*check.rules))
        item.user_properties.extend(("rule", id) for id in check.rules)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect checks that apply to none of the chosen APIs."""
    left_out = [item for item in items if (check := _check(item)) and not _rows(config, check)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """The target of the tests: our mock in process, or the server at `--understudy-url`."""
    url = request.config.getoption("--understudy-url")
    if url is None:
        return mock(request.param)
    try:
        return connect.url(request.param, url, _settings(request.config, request.param))
    except (BadSettings, Unreachable) as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Skip a check as not checked when the target lacks a capability."""
    check, target = _check(pyfuncitem), pyfuncitem.funcargs.get("target")
    if check is not None:
        require(cast("Target", target), check.needs)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many tests were not checked, by reason."""
    texts = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ())]
    reasons = Counter(text.partition(_PREFIX)[2] for text in texts if _PREFIX in text)
    if reasons:
        terminalreporter.section("not checked")
        for reason, count in reasons.most_common():
            terminalreporter.line(f"{count:4} {reason}")


def _check(item: pytest.Item) -> Check | None:
    return check_of(item.function) if isinstance(item, pytest.Function) else None


def _rows(config: pytest.Config, check: Check) -> list[tuple[str, Arguments]]:
    """The API and the arguments of each run of a check."""
    chosen = config.getoption("--understudy-api") or apis.NAMES
    return [(api, arguments) for api in chosen for arguments in expand(check, installed.document(api))]


def _settings(config: pytest.Config, api: str) -> Settings:
    """Read the settings of the server at `--understudy-url` from the options. Raises BadSettings."""
    file, words, keys = (config.getoption(f"--understudy-{name}") for name in ("target", "set", "api-key"))
    return sources.load_settings(api, file, words, keys)


def _name(api: str, arguments: Arguments) -> str:
    return "-".join([api, *(operation.id for operation in arguments.values())])
