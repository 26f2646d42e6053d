"""How the kit gets in at a real server, what a person does there for it, and that no secret is shown."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from raw_server import answered, wired
from understudy import apis, cli
from understudy.apis.control import declare as declare_control
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks import check
from understudy_checks.budget import Budget
from understudy_checks.client import Skipped
from understudy_checks.plan import rehearsal_target
from understudy_checks.target import connect, installed, sources
from understudy_checks.target.connect import Unreachable
from understudy_checks.target.control_api import control
from understudy_checks.target.credentials import PATIENCE, renewing, resolve_variables, sign_in
from understudy_checks.target.mock import START, mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import BadSettings, Settings, settings_of_entry
from understudy_checks.target.transport import NoAnswer, Transport, in_process

BASIC = "Basic bWU6c2VjcmV0"
ONE = "nextstep.runs.unknown-run"


def nowhere(request: Request) -> Response:
    """A transport that nothing is sent through."""
    raise AssertionError(request)


def entered(settings: Settings, api: str = "nextstep") -> Settings:
    """The settings once a client is in."""
    return sign_in(resolve_variables(settings), installed.document(api), nowhere)[0]


def test_a_document_without_security_needs_no_key() -> None:
    """Whatever the server asks for, the document does not say it."""
    contract = dataclasses.replace(installed.document("nextstep"), schemes=())
    settings = Settings()
    assert sign_in(settings, contract, nowhere) == (settings, nowhere)


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key as a whole, a header in part; what names nothing is sent as it is."""
    monkeypatch.setenv("OUR_KEY", "hidden")
    told = resolve_variables(
        Settings(api_keys=("$OUR_KEY", "a$b"), headers={"X-Team": "team ${OUR_KEY}!"}, auth="me:${OUR_KEY}")
    )
    assert (told.api_keys, told.headers, told.auth) == (("hidden", "a$b"), {"x-team": "team hidden!"}, "me:hidden")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(api_keys=("$NOT_SET_HERE",)), "api_keys is to come from the environment, where NOT_SET_HERE is not"),
        (Settings(headers={"X-Key": "a\nsecret"}), "the header X-Key cannot be sent in a header: only printable ASCII"),
        (Settings(revoked_key="sécret"), "revoked_key cannot be sent in a header: only printable ASCII can"),
        (Settings(headers={"X Key": "secret"}), "'X Key' is no name of a header"),
        (Settings(auth="secret"), "auth is not USER:PASS"),
        (Settings(auth="me:secret", api_keys=("k",)), "auth and a key both go in the header authorization: give one"),
        (Settings(auth_command="echo secret", api_keys=("k",)), "a login and a key both go in the header auth"),
        (
            Settings(headers={"Authorization": "secret"}, api_keys=("k",)),
            "headers and a key both go in the header auth",
        ),
        (Settings(api_keys=("secret",), spare_keys=("secret",)), "spare_keys are revoked for good, and one of them is"),
    ],
)
def test_what_cannot_be_meant_is_told_without_its_value(settings: Settings, words: str) -> None:
    """Before anything is sent."""
    with pytest.raises(BadSettings) as caught:
        entered(settings)
    assert str(caught.value).startswith(words)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "api", "key", "headers"),
    [
        (Settings(auth="me:secret"), "nextstep", BASIC, {}),
        (Settings(auth="me:secret", api_keys=("k",)), "kognitos", "k", {"authorization": BASIC}),
        (Settings(headers={"authorization": "bearer  k", "Cookie": "a=b"}), "nextstep", "k", {"cookie": "a=b"}),
        (Settings(headers={"X-Api-Key": "k"}), "kognitos", "k", {}),
        (Settings(auth_command="echo; echo ' k '; echo"), "nextstep", "k", {}),
        (Settings(auth_command="echo k", auth="me:secret"), "kognitos", "k", {"authorization": BASIC}),
    ],
)
def test_there_are_many_ways_in(settings: Settings, api: str, key: str, headers: dict[str, str]) -> None:
    """User and password, headers and cookies, a command; two at once where each has a header of its own."""
    found = entered(settings, api)
    assert (found.api_keys, found.headers) == ((key,), headers)


@pytest.mark.parametrize(
    ("command", "code"), [("exit 3", 3), ("echo secret; exit 1", 1), ("true", 0), ("printf 'é'", 0)]
)
def test_a_command_that_gives_no_token_is_told(command: str, code: int) -> None:
    """With its exit code, without what it printed."""
    with pytest.raises(NoAnswer) as caught:
        entered(Settings(auth_command=command))
    assert str(caught.value) == f"auth_command printed no token that a header can carry (exit code {code})"


def test_a_command_that_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended."""
    monkeypatch.setattr("understudy_checks.target.credentials.PATIENCE", 0.01)
    with pytest.raises(NoAnswer, match=r"auth_command took longer than 0\.01 seconds"):
        entered(Settings(auth_command="exec sleep 60"))
    assert PATIENCE > 1


def accepting(*valid: str) -> tuple[Transport, list[str | None]]:
    """A transport that lets in these values of the header, and what it was sent."""
    sent: list[str | None] = []

    def send(request: Request) -> Response:
        sent.append(request.header("authorization"))
        return Response(200 if sent[-1] in valid else 401)

    return send, sent


def asked(value: str) -> Request:
    """A request with a credential."""
    return Request("GET", "/", "", ((b"accept", b"*/*"), (b"authorization", value.encode())))


def test_a_token_that_is_refused_is_got_again() -> None:
    """The request is sent once more, and later ones have the new token; other credentials are left alone."""
    transport, sent = accepting("two", "four")
    given = iter(("two", "three", "four"))
    send = renewing(transport, lambda: {"authorization": next(given)}, {"authorization": "one"})
    assert [send(asked("one")).status for _ in range(2)] == [200, 200]
    assert sent == ["one", "two", "two"]
    assert [send(asked(value)).status for value in ("onex", "two")] == [401, 200]
    assert sent[3:] == ["onex", "two"]


def test_a_login_is_not_tried_for_ever() -> None:
    """Where a new token does not help, the next is got only after one has worked again."""
    transport, sent = accepting()
    times: list[int] = []

    def login() -> Mapping[str, str]:
        times.append(len(sent))
        return {"authorization": "two"}

    send = renewing(transport, login, {"authorization": "one"})
    assert [send(asked("one")).status for _ in range(3)] == [401] * 3
    assert (times, sent) == ([1], ["one", "two", "two", "two"])


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs a check: its exit code, and all that it said."""

    def run(*words: str) -> tuple[int, str]:
        code = cli.main(["check", "nextstep", *words])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_every_request_carries_what_is_told(command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the command line and the target file, also the first one; nothing of it is shown, not even in a failure."""
    monkeypatch.setenv("OUR_SECRET", "hidden-in-the-environment")
    file, report = tmp_path / "target.toml", tmp_path / "report.json"
    file.write_text('headers = {X-Team = "${OUR_SECRET}"}\nauth_command = "echo $OUR_SECRET"\n')
    with wired(lambda _: answered(b"[]")) as wire:
        words = ("--target", str(file), "--header", "Cookie: session=hidden-in-the-jar", "--only", "*.envelope.list")
        code, said = command("--url", wire.origin, *words, "--json", str(report))
    assert code == 1
    assert [request for request in wire.requests if b"\r\nx-team: hidden-in-the-environment\r\n" not in request] == []
    assert all(b"\r\ncookie: session=hidden-in-the-jar\r\n" in request for request in wire.requests)
    assert b"\r\nauthorization: Bearer hidden-in-the-environment\r\n" in wire.requests[-1]
    assert '-H "x-team: $HEADER_X_TEAM" -H "cookie: $HEADER_COOKIE"' in said
    assert "${HEADER_COOKIE:?set it to the value of the header cookie}" in said
    assert "hidden" not in said + report.read_text()


def test_a_login_that_fails_is_exit_code_3(command) -> None:
    """One line says which; a header that is none is exit code 2."""
    with wired(lambda _: answered(b"[]")) as wire:
        code, said = command("--url", wire.origin, "--auth-command", "exit 7")
        assert (code, said) == (
            3,
            f"understudy: nothing answers at {wire.origin}: auth_command printed no token that a header can carry "
            "(exit code 7)\n",
        )
        assert command("--url", wire.origin, "--header", "X-Key") == (
            2,
            "understudy: --header is not 'Name: value'\n",
        )


def test_the_first_login_needs_a_server() -> None:
    """Where nothing answers, that is what is told."""
    with pytest.raises(Unreachable, match=r"^nothing answers at http://127\.0\.0\.1:1"):
        connect.url("nextstep", "http://127.0.0.1:1", Settings(auth_command="echo k"))


# what people do in the vendor's app


def peopled(api: str, person: Any = None, **more: Any) -> Server:
    """A server that is none of ours to the kit, on which somebody does what people do."""
    names = [installed.declared(api), declare_control]
    clock = Clock(milliseconds(START), frozen=True)
    worlds = Worlds(names, seeds=installed.seeds(), clock=clock, limits={api: 10**9})
    transport = in_process(App(worlds))

    def usual(name: str, fields: Mapping[str, Any]) -> None:
        control(transport, "POST", "/events", {"api": api, "event": name, **fields})

    first, *spare = worlds.access_info(worlds.default, api)["api_keys"]
    told = replace(
        settings_of_entry(worlds.access_info(worlds.default, api)),
        api_keys=(first,),
        spare_keys=tuple(spare),
        writes=True,
        **more,
    )
    advance = partial(worlds.advance, worlds.default)
    budget = Budget(max_wait=10**9, sleep=advance)
    known = installed.document(api)
    return Server(
        known,
        transport,
        known.prefixes[0],
        told,
        name="elsewhere",
        budget=budget,
        clock=advance,
        person=person or usual,
    )


@pytest.mark.parametrize("api", apis.NAMES)
def test_what_people_do_is_checked_where_somebody_does_it(api: str) -> None:
    """No rule fails for it, and none is left unchecked for want of it."""
    target = peopled(api)
    assert rehearsal_target(target).capabilities == target.capabilities
    rules = {rule for known in check.plan_steps(target, [rule.id for rule in target.contract.rules])
             if "events" in known.check.needs and "fresh" not in known.check.needs for rule in known.rules}  # fmt: skip
    report = check.check_target(target, profile="minimal", only=sorted(rules))
    found = {checked.rule.id: checked.reason for checked in report.rules if checked.outcome != "passed"}
    assert found == {}


def test_what_people_do_is_rehearsed() -> None:
    """What such a check costs is known beforehand, and no key of the rehearsal is lost for it."""
    target = peopled("nextstep")
    target.budget.max_requests = 10**6
    rules = ["nextstep.completion.skipped-is-shown", "nextstep.authentication.revocation-is-immediate"]
    steps = check.plan_steps(target, rules)
    assert {rule for step in steps for rule in step.rules} == set(rules)
    assert all((step.share or 0) > 3 for step in steps)
    assert target.budget.requests == 0


def does_nothing(name: str, fields: Mapping[str, Any]) -> None:
    """A person who can do nothing of it."""
    raise NotImplementedError


def refused(name: str, fields: Mapping[str, Any]) -> None:
    """A person whom the app refuses everything."""
    raise RuntimeError("not\nhere")


def breaks(name: str, fields: Mapping[str, Any]) -> None:
    """A person who makes mistakes."""
    raise KeyError(name)


@pytest.mark.parametrize(
    ("person", "message"),
    [
        (does_nothing, "the event skip-task cannot be done on this target"),
        (refused, "the event skip-task was not done: RuntimeError: not here"),
        (breaks, "the event skip-task was not done: KeyError: 'skip-task'"),
    ],
)
def test_what_a_person_cannot_do_is_no_failure(person: Any, message: str) -> None:
    """It says nothing about the server; a refusal can be told from the rest."""
    rules = ["nextstep.completion.skipped-is-shown"]
    report = check.check_target(peopled("nextstep", person), profile="gate", only=rules)
    assert [(checked.outcome, checked.reason) for checked in report.rules] == [("not_checked", message)]
    with pytest.raises(RuntimeError if person is refused else Skipped):
        peopled("nextstep", person).event("skip-task", {})


def test_a_spare_key_is_given_once() -> None:
    """A key that was revoked is of no use to the next check; in a world of one's own every key is spare."""
    target = peopled("nextstep")
    assert target.open().spare_key not in (target.open().spare_key, target.open().key)
    target = Server(target.contract, nowhere, "", Settings(api_keys=("a",)), name="", budget=Budget())
    with pytest.raises(Skipped, match="no key is known that may be revoked"):
        assert target.open().spare_key
    with mock("nextstep").open() as client:
        assert client.spare_key == client.second_key
        with pytest.raises(Skipped, match="no key is known that may be revoked"):
            client.world.spare_key()


def test_a_person_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target file names the function."""
    settings = sources.load_settings("nextstep", None, [f"event={__name__}:does_nothing"], [])
    assert settings.person() is sys.modules[__name__].does_nothing
    assert Settings().person() is None
