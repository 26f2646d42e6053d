"""The script of a failure, pasted into a shell: a broken server shows the fault, a right one does not."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from elsewhere import PREFIX, QUOTA, TELL, Clock, Elsewhere, Refused, serving, wrong
from stories import asked
from understudy.apis.control import declare as declare_control
from understudy.engine.api import Api
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy_checks.budget import Budget
from understudy_checks.examples.replay import replay
from understudy_checks.examples.script import calls, script
from understudy_checks.examples.story import Event, Variable, Wait
from understudy_checks.mutation import mutants
from understudy_checks.rules import checks_for, run
from understudy_checks.target import installed
from understudy_checks.target.mock import mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import Settings
from understudy_checks.target.target import Target

KEYS = {
    "API_KEY": TELL["api_keys"][0],
    "API_KEY_2": TELL["api_keys"][1],
    "REVOKED_KEY": TELL["revoked_key"],
    "OTHER_TENANT_KEY": TELL["other_tenant_key"],
}
SLEEP = '#!/bin/sh\ncurl -s "$BASE_URL/sleep?$1"\n'
"""Stands in for `sleep`: moves the clock of the server."""


class Moved(Elsewhere):
    """A server whose clock moves when it is asked for `/sleep?SECONDS`."""

    def answer(self, method: str, path: str, query: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
        """Any other answer is the usual one."""
        if path == f"{PREFIX}/sleep":
            self.clock.advance(float(query))
            return 204, {}, b""
        return super().answer(method, path, query, headers, body)


# wrong in one thing each


class WrongStatus(Moved):
    def template(self, team: str, id: str) -> Any:
        if id not in self.templates:
            raise wrong("There is no such template", 400)
        return super().template(team, id)


class WrongMember(Moved):
    def mark(self, task: Any, body: Any) -> None:
        task["by"] = body.get("actor_email", "api")
        task["ended"] = self.clock.now() if body["completed"] else None


class WrongPaging(Moved):
    def is_behind(self, mark: int, since: int | None) -> bool:
        return since is None or mark >= since


class MissingCompletion(Moved):
    def close(self, run: Any, now: float) -> None:
        if len(run["tasks"]) == 1:
            super().close(run, now)


class WrongWait(Moved):
    def too_many(self, seconds: float) -> Refused:
        return Refused(429, "rate_limited", "Easy!")


class OneTooMany(Moved):
    quota = QUOTA + 1


class Drafts(Moved):
    def startable(self, team: str, body: Any) -> Any:
        return self.template(team, body["template_id"])


@dataclass(frozen=True)
class Broken:
    """A broken server, the rule that it breaks, and what the last response shows of a broken and of a right one."""

    made: Callable[[Clock], Moved]
    rule: str
    shown: str
    right: str


BROKEN = [
    Broken(WrongStatus, "nextstep.templates.unknown-template", "400 Bad Request", "404 Not Found"),
    Broken(WrongMember, "nextstep.updates.uncomplete", '"completed_by": "api"', '"completed_by": null'),
    Broken(WrongPaging, "nextstep.pagination.cursor-continues", '"id": "12"', '"id": "30"'),
    Broken(MissingCompletion, "nextstep.completion.last-task", '"status": "active"', '"status": "completed"'),
    Broken(Drafts, "nextstep.creation.published-only", "201 Created", "409 Conflict"),
    Broken(WrongWait, "nextstep.rate-limit.retry-after", "429 Too Many Requests", "RETRY-AFTER: 60"),
    Broken(OneTooMany, "nextstep.rate-limit.next-is-429", "200 OK", "429 Too Many Requests"),
]
SLOW = (WrongMember, MissingCompletion, WrongWait, OneTooMany)
"""Those that take seconds."""


def target(made: Callable[[Clock], Moved]) -> Server:
    """A server in process, as the kit sees it."""
    clock = Clock()
    server = made(clock)

    def send(request: Request) -> Response:
        headers = {name.decode(): value.decode() for name, value in request.headers}
        status, given, body = server.answer(request.method, request.path, request.query, headers, request.body)
        return Response(status, tuple((name.lower().encode(), text.encode()) for name, text in given.items()), body)

    settings = Settings().merged({**TELL, "writes": True}, {}, source="elsewhere")
    budget = Budget(max_wait=10**9, sleep=clock.advance)
    contract = installed.document("nextstep")
    return Server(contract, send, PREFIX, settings, name="elsewhere", budget=budget, clock=clock.advance)


def lines_of(target: Target, rule: str) -> list[str]:
    """The lines that repeat the first failure of a rule."""
    outcomes = (outcome for check in checks_for(rule) for outcome in run(check, target, profile="quick"))
    return calls(replay(next(outcome.story for outcome in outcomes if outcome.result == "failed")))


def pasted(lines: str, url: str, folder: Path, **keys: str) -> list[str]:
    """What a shell prints that reads these lines: one text for each response. Nothing may go wrong."""
    sleep = folder / "sleep"
    sleep.write_text(SLEEP)
    sleep.chmod(0o755)
    environment = {**os.environ, **(keys or KEYS), "BASE_URL": url, "PATH": f"{folder}:{os.environ['PATH']}"}
    run = subprocess.run(["sh"], input=lines, env=environment, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return run.stdout.strip().split("\n\n")


def last(printed: list[str]) -> str:
    """The last response, with its headers."""
    return "\n\n".join(printed[-2:]) if not printed[-1][0].isdecimal() else printed[-1]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(each, marks=[pytest.mark.deep] if each.made in SLOW else [], id=each.made.__name__)
        for each in BROKEN
    ],
)
def test_a_script_shows_the_fault_of_a_broken_server_and_none_of_a_right_one(broken: Broken, tmp_path: Path) -> None:
    """From a fresh start each: the last response has the wrong thing, or the right one."""
    lines = script(lines_of(target(broken.made), broken.rule), "http://elsewhere.example/api")
    with serving(broken.made(Clock())) as url:
        shown = last(pasted(lines, url, tmp_path))
    with serving(Moved(Clock())) as url:
        right = last(pasted(lines, url, tmp_path))
    assert broken.shown in shown
    assert broken.right not in shown
    assert broken.right in right
    assert broken.shown == "429 Too Many Requests" or broken.shown not in right


def served(api: Api) -> Elsewhere:
    """Our mock of an API, served like the other server."""
    app = App(Worlds([api, declare_control], seeds=installed.seeds(), seeder=installed.load_seed_once))

    class Ours(Elsewhere):
        def answer(self, method: str, path: str, query: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
            encoded = tuple((name.encode(), value.encode()) for name, value in headers.items())
            answered = call(app, Request(method, path.replace(PREFIX, "/v2", 1), query, encoded, body))
            return answered.status, {name.decode(): value.decode() for name, value in answered.headers}, answered.body

    return Ours(Clock())


def test_a_long_body_is_made_by_a_short_expression(tmp_path: Path) -> None:
    """A name of 257 characters is one of 257 times a letter, and does what it did."""
    mutant = next(known for known in mutants("kognitos") if known.name == "a-name-of-257-characters-is-accepted")
    broken = mutant.breaks(installed.declared("kognitos"))
    lines = lines_of(mock(broken), mutant.rules[0])
    assert max(map(len, lines)) < 500
    assert any('"n" * 257' in line for line in lines)
    text = script(lines, "http://elsewhere.example")
    with serving(served(broken)) as url:
        assert " 201 " in last(pasted(text, url, tmp_path, API_KEY="YOUR_API_KEY"))
    with serving(served(installed.declared("kognitos"))) as url:
        assert " 400 " in last(pasted(text, url, tmp_path, API_KEY="YOUR_API_KEY"))


class Echo(Moved):
    """Answers with what it was sent."""

    def answer(self, method: str, path: str, query: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
        """The request, as JSON, but for what curl adds."""
        if path == f"{PREFIX}/sleep":
            return super().answer(method, path, query, headers, body)
        kept = {name: text for name, text in headers.items() if name not in ("host", "user-agent")}
        sent = {"method": method, "path": path, "query": query, "headers": kept, "body": body.decode("latin-1")}
        return 200, {}, json.dumps({**CHOSEN, **sent}).encode()


CHOSEN = {"id": "a b/ü", "next_cursor": "cursor-1234", "upload_url": "http://x.example/api/v1/up/load-1"}
"""What the first response holds."""


def echoed(tmp_path: Path, *story: Any) -> list[Any]:
    """What a server gets of a story's script, one request for each call."""
    with serving(Echo(Clock())) as url:
        printed = pasted(script(calls(replay(story)), url), url, tmp_path, API_KEY="key", HEADER_X_TEAM="team")
    return [json.loads(text.split("\n\n")[-1]) for text in "\n\n".join(printed).split("\n\n") if text.startswith("{")]


def test_a_script_sends_what_was_sent(tmp_path: Path) -> None:
    """Characters that a shell knows, values of earlier responses, long and binary bodies, empty ones."""
    first = asked("GET", "/first", CHOSEN, headers=())
    odd = "it's $HOME `x` \\ \" ! é"
    headers = (("x-odd", (odd[:-2],)), ("content-type", ("a/b",)))
    story = (
        first,
        asked("POST", "/a%20b%2F%C3%BC/x", query="cursor=cursor-1234&q='$x", headers=headers, body=odd.encode()),
        asked("POST", "/up/load-1", headers=(), body=b"\xff\x00'" + b"ab" * 500 + b"cursor-1234"),
        asked("PUT", "/empty", headers=(("x-team", (Variable("HEADER_X_TEAM"),)),)),
        asked("GET", "/first", headers=(), body=b"{}"),
    )
    one, two, three, four, five = echoed(tmp_path, *story)
    assert (one["method"], one["path"], one["headers"]) == ("GET", f"{PREFIX}/first", {"accept": "*/*"})
    assert (two["path"], two["query"]) == (f"{PREFIX}/a%20b%2F%C3%BC/x", "cursor=cursor-1234&q='$x")
    assert two["body"].encode("latin-1") == odd.encode()
    assert (two["headers"]["x-odd"], two["headers"]["content-type"]) == (odd[:-2].strip(), "a/b")
    assert three["path"] == f"{PREFIX}/up/load-1"
    assert three["body"].encode("latin-1") == b"\xff\x00'" + b"ab" * 500 + b"cursor-1234"
    assert "content-type" not in three["headers"]
    assert (four["method"], four["headers"]["x-team"], four["headers"]["content-length"]) == ("PUT", "team", "0")
    assert (five["method"], five["body"]) == ("GET", "{}")


def test_a_loop_prints_a_status_a_request_and_a_walk_whole_pages(tmp_path: Path) -> None:
    """The last response is printed whole in either case."""
    equal = [asked("GET", "/runs", headers=())] * 5
    with serving(Echo(Clock())) as url:
        printed = pasted(script(calls(replay(tuple(equal))), url), url, tmp_path, API_KEY="key")
        pages = [
            asked("GET", "/runs", {"next_cursor": f"cursor-{n}"}, query=f"cursor=cursor-{n - 1}" if n else "")
            for n in range(5)
        ]
        walked = pasted(script(calls(replay(tuple(pages))), url), url, tmp_path, API_KEY="key")
    assert printed[0].splitlines() == ["HTTP/1.1 200 OK"] * 4
    assert sum(text.startswith("{") for text in walked) == 5


def test_a_loop_counts_and_a_long_period_is_written_once(tmp_path: Path) -> None:
    """Each body of a loop has its own number; three megabytes are a short line."""
    posts = [asked("POST", "/notes", body=f'{{"n": "Note {n}"}}'.encode(), headers=()) for n in range(4)]
    large = b"--x\r\n" + bytes(range(256)) * 1000 + b"\r\n--x--"
    story = (*posts, asked("POST", "/end", body=large, headers=()))
    lines = calls(replay(story))
    assert max(map(len, lines)) < 1500
    sent: list[bytes] = []

    class Kept(Echo):
        def answer(self, method: str, path: str, query: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
            sent.append(body)
            return super().answer(method, path, query, headers, b"")

    with serving(Kept(Clock())) as url:
        pasted(script(lines, url), url, tmp_path, API_KEY="key")
    assert sent == [*(f'{{"n": "Note {n}"}}'.encode() for n in range(4)), large]


def test_a_person_is_told_what_to_do_and_gets_a_minute(tmp_path: Path) -> None:
    """A wait is slept through; what cleans up prints nothing."""
    clock = Clock()
    before = clock.now()
    story = (
        asked("POST", "/runs", CHOSEN, headers=()),
        Event("skip-task", {"task_id": "cursor-1234"}),
        Wait(1.2),
        asked("GET", "/runs", headers=()),
        asked("POST", "/undo", headers=(), is_cleanup=True),
    )
    with serving(Echo(clock)) as url:
        printed = "\n".join(pasted(script(calls(replay(story)), url), url, tmp_path, API_KEY="key"))
    assert clock.now() - before == 62
    assert 'In the app, within 60 s: skip-task {"task_id": "cursor-1234"}' in printed
    assert "/undo" not in printed


def test_a_script_asks_for_what_it_needs(tmp_path: Path) -> None:
    """Without a base URL or a key it ends with one line that names it."""
    lines = ['call 1 -H "authorization: Bearer $API_KEY" -H "x: $HEADER_X_TEAM" "$BASE_URL/x"']
    known = script(lines, "http://a.example/", ["documented:\nso"])
    assert known.startswith(
        '# documented:\n# so\n: "${BASE_URL:=http://a.example}" "${API_KEY:?set it to a valid key}" "${HEADER_X_'
    )
    environment = {"PATH": os.environ["PATH"]}
    for text, missing in (
        (known, "API_KEY: set it to a valid key"),
        (script(lines, "mock in process"), "BASE_URL: set it to"),
    ):
        ended = subprocess.run(["sh"], input=text, env=environment, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
        assert missing in ended.stderr
    assert "another valid key of the same tenant" in script(['"$API_KEY_2"'], "x")
