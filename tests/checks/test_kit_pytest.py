"""How pytest runs the kit: its options, from a checkout and from anywhere, and what it reports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from understudy.engine.worlds import Worlds
from understudy.http.server import serving
from understudy_checks.target import installed

pytest_plugins = ["pytester"]
ONE = "test_the_default_page_is_of_the_documented_size"
QUICK = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "--understudy-profile", "quick")


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """A server of NextStep that is none of ours to the kit."""
    limits = {"nextstep": 10**9}
    worlds = Worlds(
        [installed.declared("nextstep")], seeds=installed.seeds(), seeder=installed.load_seed_once, limits=limits
    )
    with serving(worlds) as url:
        yield f"{url}/api/v1"


def kit(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest on the installed kit, from an empty folder."""
    return pytester.runpytest_inprocess(*QUICK, "--pyargs", "understudy_checks", *options)


def test_the_kit_runs_from_anywhere(pytester: pytest.Pytester) -> None:
    """`--pyargs understudy_checks` checks our mock in process, each test once for each operation that it is about."""
    result = kit(pytester, "-k", ONE, "-v", "--understudy-api", "nextstep")
    result.assert_outcomes(passed=4, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["*test_pagination.py::*documented_size?nextstep-listRunTasks? PASSED*"])


def test_a_url_and_its_keys_are_options(pytester: pytest.Pytester, served: str) -> None:
    """A server is checked by URL with its keys; what it does not offer is reported as not checked, with the reason."""
    options = ("--understudy-api", "nextstep", "--understudy-url", served, "--understudy-api-key", "nxs_live_your_key")
    result = kit(
        pytester,
        *options,
        "-k",
        "test_keys_of_a_tenant_may_do_the_same and publishProcessTemplate or listRunTasks and documented_size",
    )
    assert result.parseoutcomes()["passed"] == 1
    assert result.parseoutcomes()["skipped"] == 1
    result.stdout.fnmatch_lines(
        [
            "*= not checked =*",
            "*1 no second key of the same tenant is known; this target has no isolated world for each test",
        ]
    )


def test_a_url_that_takes_a_key_is_a_mistake(pytester: pytest.Pytester, served: str) -> None:
    """Without a key nothing runs, and one line says why."""
    result = kit(pytester, "--understudy-api", "nextstep", "--understudy-url", served, "-k", ONE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines([f"*{served} is no server of Understudy, so it takes a key*"])


def test_the_environment_gives_the_options(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    """URL, key and profile can stand in the environment, where no plugin has to be named for them."""
    monkeypatch.setenv("UNDERSTUDY_URL", served)
    monkeypatch.setenv("UNDERSTUDY_API_KEY", "nxs_live_your_key")
    monkeypatch.setenv("UNDERSTUDY_PROFILE", "quick")
    result = pytester.runpytest_inprocess(
        *QUICK[:4],
        "--pyargs",
        "understudy_checks",
        "-k",
        "test_keys_of_a_tenant_may_do_the_same and publishProcessTemplate",
    )
    assert result.parseoutcomes()["skipped"] == 1


def test_an_unknown_profile_is_a_mistake(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of the environment that there is not is refused at start."""
    monkeypatch.setenv("UNDERSTUDY_PROFILE", "slow")
    result = pytester.runpytest_inprocess(*QUICK[:4], "--pyargs", "understudy_checks")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*UsageError: unknown profile 'slow', known: quick, default, deep*"])


def test_checks_of_other_apis_are_left_out(pytester: pytest.Pytester) -> None:
    """A check that concerns none of the chosen APIs is not run, and other tests beside it are."""
    pytester.makeconftest("from understudy_checks.conftest import *")
    pytester.makepyfile("""
        from understudy_checks.rules import rule

        @rule("elsewhere.runs.created")
        def test_elsewhere(target):
            raise AssertionError

        @rule("nextstep.runs.fields")
        def test_here(target, request):
            assert [mark.args for mark in request.node.iter_markers("rule")] == [("nextstep.runs.fields",)]
            assert request.node.user_properties == [("rule", "nextstep.runs.fields")]

        def test_plain():
            pass
    """)
    pytester.runpytest_inprocess(*QUICK).assert_outcomes(passed=2, deselected=1)


def test_a_target_file_is_an_option(pytester: pytest.Pytester, served: str) -> None:
    """What `understudy check` is told, pytest is told with the same options; what cannot be meant is one line."""
    pytester.makefile(".toml", target='api_keys = ["nxs_live_your_key"]\nmax_wait = 1')
    options = ("--understudy-api", "nextstep", "--understudy-url", served, "--understudy-target", "target.toml")
    result = kit(pytester, *options, "--understudy-set", "rate_limit=0", "-k", f"{ONE} and listRunTasks")
    assert result.parseoutcomes()["passed"] == 1
    result = kit(pytester, *options, "--understudy-set", "rate_limits=0", "-k", ONE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*--set: unknown setting rate_limits; did you mean rate_limit?*"])


def test_an_unknown_api_is_a_mistake(pytester: pytest.Pytester) -> None:
    """The nearest one is named, and nothing runs."""
    result = kit(pytester, "--understudy-api", "nextstop")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*unknown API nextstop; did you mean nextstep?; known: kognitos, nextstep, tallyfy*"])


def test_options_are_there_without_entry_points(pytester: pytest.Pytester) -> None:
    """Where pytest loads no entry points the kit's conftest adds its options itself."""
    pytester.makeconftest("from understudy_checks.conftest import *")
    result = pytester.runpytest_inprocess("-p", "no:understudy_checks", *QUICK, "--help")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*--understudy-api-key=KEY*"])
