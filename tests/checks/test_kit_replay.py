"""How an example is repeated: which requests matter, which values come from earlier responses, what becomes a loop."""

from __future__ import annotations

import json
from dataclasses import replace as replaced
from typing import Any

import pytest

from stories import asked
from understudy.engine.exchange import Exchange, Request, Response
from understudy_checks.examples import replay as replays
from understudy_checks.examples.loops import Loop, with_loops
from understudy_checks.examples.recording import RecordedTarget
from understudy_checks.examples.replay import Action, Count, Earlier, replay
from understudy_checks.examples.story import Event, Secrets, Story, Variable, Wait, told
from understudy_checks.findings import Findings
from understudy_checks.target.mock import mock

CURSOR = Earlier(1, "/cursor", "encoded")
CREATED = {"data": {"id": "run-1", "upload_url": "https://files.example/v2/uploads/u1?x=1"}}


def body(**members: Any) -> bytes:
    """The members as JSON."""
    return json.dumps(members).encode()


def requests(*story: Any) -> list[replays.Request]:
    """The requests that repeat a story."""
    return [step for step in replay(story) if isinstance(step, replays.Request)]


def test_ids_in_paths_come_from_earlier_responses() -> None:
    """A server may choose other ids the next time."""
    *_, last = requests(asked("POST", "/runs", CREATED), asked("GET", "/runs/run-1/tasks"))
    assert last.path == ("/runs/", Earlier(1, "/data/id"), "/tasks")


def test_an_id_that_several_responses_hold_is_taken_where_its_noun_is() -> None:
    """A template and a run may have the same id."""
    templates, run = {"data": [{"id": "66"}]}, {"data": {"id": "66", "template_id": "66"}}
    story = (asked("GET", "/templates", templates), asked("POST", "/runs", run, body=body(template_id="66")))
    *_, posted, read = requests(*story, asked("GET", "/runs/66"))
    assert posted.body == ('{"template_id": "', Earlier(1, "/data/0/id"), '"}')
    assert read.path == ("/runs/", Earlier(2, "/data/id"))


def test_a_cursor_is_encoded() -> None:
    """The next one may hold any character."""
    *_, last = requests(
        asked("GET", "/runs", {"next_cursor": "a+b="}), asked("GET", "/runs", query="limit=1&cursor=a%2Bb%3D")
    )
    assert last.query == ("limit=1&cursor=", Earlier(1, "/next_cursor", "encoded"))


def test_short_texts_are_taken_for_ids_only_where_a_name_says_so() -> None:
    """A limit or a title that equals an id is none; names are never replaced."""
    story = (asked("GET", "/runs", {"data": [{"id": "12"}]}), asked("GET", "/runs", query="limit=12&flag"))
    assert requests(*story)[-1].query == ("limit=12&flag",)
    posted = requests(story[0], asked("POST", "/runs", body=body(title="12", run_id="12", ids=["12"])))[-1]
    assert [part for part in posted.body if isinstance(part, Earlier)] == [Earlier(1, "/data/0/id")] * 2


def test_a_key_in_a_path_or_query_stays_a_variable() -> None:
    """Some APIs take it there."""
    key = Variable("API_KEY")
    (only,) = requests(replaced(asked("GET", "/"), path=("/bot", key, "/me"), query=("a=1&key=", key)))
    assert (only.path, only.query) == (("/bot", key, "/me"), ("a=1&key=", key))


def test_the_path_of_an_upload_url_comes_from_its_response() -> None:
    """Only the end of the URL is the same on another host."""
    uploaded = asked("POST", "/uploads/u1", body=b"--x\r\nrun-1\r\nrun-12345\xff", operation=None)
    long = {"data": {**CREATED["data"], "file_id": "run-12345"}}
    *_, last = requests(asked("POST", "/files", long), uploaded)
    assert last.path == (Earlier(1, "/data/upload_url", "path"),)
    assert last.body == ("--x\r\nrun-1\r\n", Earlier(1, "/data/file_id"), "\udcff")


def test_reads_that_nothing_needs_are_left_out() -> None:
    """What is kept: writes, what they take values from, and what the last request is about."""
    story = (
        asked("GET", "/other", {"id": "unused"}),
        asked("GET", "/templates", {"id": "t1"}),
        asked("POST", "/templates/t1/publish"),
        asked("GET", "/runs", query="limit=1"),
        asked("GET", "/runs", query="limit=2"),
    )
    assert [(step.number, step.call.path[0]) for step in requests(*story)] == [
        (1, "/templates"), (2, "/templates/t1/publish"), (3, "/runs"), (4, "/runs"),
    ]  # fmt: skip
    assert replay(()) == ()


@pytest.mark.parametrize("statuses", [[200] * 20, [200, 200, 429]])
def test_reads_that_count_toward_a_limit_are_kept(statuses: list[int]) -> None:
    """But not those of an earlier window; the wait before the first request is no use."""
    story = (asked("GET", "/before"), Wait(61), *(asked("GET", "/runs", status=status) for status in statuses))
    assert len(requests(*story, asked("GET", "/runs/1"))) == len(statuses) + 1
    assert isinstance(replay((*story, asked("GET", "/runs/1")))[0], replays.Request)


def test_what_was_read_until_something_happened_is_read_once() -> None:
    """After the whole wait, whatever the steps of it were."""
    poll = asked("GET", "/runs/1", {"status": "active"})
    story = (
        asked("POST", "/runs"),
        Wait(1),
        poll,
        Wait(2),
        poll,
        Wait(4),
        asked("GET", "/runs/1", {"status": "completed"}),
    )
    _, wait, last = replay(story)
    assert wait == Wait(7)
    assert isinstance(last, replays.Request)
    assert last.call.response.json() == {"status": "completed"}


def test_waits_on_both_sides_of_a_read_that_is_left_out_are_one() -> None:
    """Nothing is left between them."""
    assert replay((asked("POST", "/a"), Wait(1), asked("GET", "/b"), Wait(2), asked("POST", "/c")))[1] == Wait(3)


def test_a_write_that_is_repeated_after_a_wait_is_none_of_these() -> None:
    """It may do something twice, unless it was refused by a rate limit."""
    post = asked("POST", "/runs")
    assert len(requests(post, Wait(1), post)) == 2
    assert len(requests(asked("POST", "/runs", status=429), Wait(1), post)) == 1


def test_what_a_person_does_names_ids_of_earlier_responses() -> None:
    """The person has to do it to the object of this time."""
    story: Story = (asked("POST", "/runs", CREATED), Event("skip-task", {"run_id": "run-1"}), asked("GET", "/tasks"))
    assert replay(story)[1] == Action("skip-task", ('{"run_id": "', Earlier(1, "/data/id"), '"}'))


def test_equal_requests_are_a_loop_that_leaves_the_last_one_out() -> None:
    """The last response is what there is to see."""
    first, loop, last = with_loops(replay((asked("POST", "/x"), *[asked("GET", "/runs")] * 101)))
    assert isinstance(loop, Loop)
    assert (loop.times, loop.is_walk, len(loop.steps)) == (100, False, 1)
    assert [step.number for step in (first, *loop.steps, last) if isinstance(step, replays.Request)] == [1, 2, 102]


def test_repeated_steps_take_values_from_their_own_repetition() -> None:
    """Creating a run and completing it, again and again."""
    each = [(asked("POST", "/runs", {"id": f"run-{n}"}), asked("POST", f"/runs/run-{n}/close")) for n in range(4)]
    loop, *_ = with_loops(replay((*(call for pair in each for call in pair), asked("GET", "/runs"))))
    assert isinstance(loop, Loop)
    assert (loop.times, len(loop.steps)) == (4, 2)
    assert [part for step in loop.steps if isinstance(step, replays.Request) for part in step.path] == [
        "/runs", "/runs/", Earlier(1, "/id"), "/close",
    ]  # fmt: skip


def test_a_walk_takes_each_cursor_from_the_page_before() -> None:
    """All pages share the number of the first one."""
    pages = [asked("GET", "/runs", {"cursor": f"c{n + 1}"}, query=f"cursor=c{n}" if n else "") for n in range(6)]
    first, loop, last = with_loops(replay(tuple(pages)))
    assert isinstance(loop, Loop)
    assert (loop.is_walk, loop.times) == (True, 4)
    assert [step.number for step in (first, *loop.steps) if isinstance(step, replays.Request)] == [1, 1]
    assert isinstance(last, replays.Request)
    assert last.query == ("cursor=", CURSOR)


def test_a_walk_that_had_to_wait_goes_on_from_its_last_page() -> None:
    """Both parts of it share the number of the first page."""
    pages = [asked("GET", "/runs", {"cursor": f"c{n + 1}"}, query=f"cursor=c{n}" if n else "") for n in range(12)]
    first, loop, wait, after, last = with_loops(replay((*pages[:6], Wait(60), *pages[6:])))
    assert isinstance(loop, Loop)
    assert isinstance(after, Loop)
    assert wait == Wait(60)
    walked = [step for step in (first, *loop.steps, *after.steps, last) if isinstance(step, replays.Request)]
    assert [(step.number, step.query[1:]) for step in walked] == [
        (1, ()), (1, (CURSOR,)), (1, (CURSOR,)), (12, (CURSOR,)),
    ]  # fmt: skip


def test_requests_whose_bodies_count_up_are_a_loop() -> None:
    """One number of the body differs; the number of the loop stands for it."""
    posts = [asked("POST", "/notes", body=body(text=f"Note {n}", of=9)) for n in range(7, 14)]
    loop, last = with_loops(replay(tuple(posts)))
    assert isinstance(loop, Loop)
    assert (loop.times, [step.body for step in loop.steps if isinstance(step, replays.Request)]) == (
        6, [('{"text": "Note ', Count(7), '", "of": 9}')],
    )  # fmt: skip
    assert isinstance(last, replays.Request)
    assert last.body == ('{"text": "Note 13", "of": 9}',)


@pytest.mark.parametrize("texts", [["1", "3", "5", "7"], ["1 1", "2 2", "3 3"], ["1", "1 2", "2"], ["a", "b", "c"]])
def test_other_bodies_are_no_loop(texts: list[str]) -> None:
    """Such as those that differ in two numbers, or do not count by one."""
    posts = [asked("POST", "/notes", body=body(text=text)) for text in texts]
    assert not any(isinstance(step, Loop) for step in with_loops(replay((*posts, asked("POST", "/end")))))


def test_what_was_refused_before_a_write_that_was_not_is_left_out() -> None:
    """Where the last request is a read, it may show an effect of what was refused."""
    refused = [asked("POST", "/runs", status=422, body=body(name=name)) for name in ("a", "b")]
    assert len(requests(*refused, asked("POST", "/runs", status=201))) == 1
    assert len(requests(*refused, asked("GET", "/runs"))) == 3


def test_a_cursor_comes_from_the_latest_response_that_holds_it() -> None:
    """And an id from the first one, which may be that of its creation."""
    page = {"next_cursor": "cursor-1", "data": [{"id": "run-1"}]}
    story = (
        asked("GET", "/runs", page),
        asked("GET", "/runs", page),
        asked("GET", "/runs/run-1", query="cursor=cursor-1"),
    )
    *_, last = requests(*story, asked("GET", "/runs"))
    assert requests(*story)[-1].path[1:] == (Earlier(1, "/data/0/id"),)
    assert requests(*story)[-1].query[1:] == (Earlier(2, "/next_cursor", "encoded"),)
    assert last.path == ("/runs",)


def test_a_loop_keeps_its_responses_apart_where_a_later_request_needs_one() -> None:
    """Four runs, of which the second is used."""
    runs = [asked("POST", "/runs", {"id": f"run-{n}"}) for n in range(4)]
    assert not any(isinstance(step, Loop) for step in with_loops(replay((*runs, asked("POST", "/runs/run-1/x")))))


def test_actions_and_waits_are_repeated_too() -> None:
    """A loop may hold them."""
    steps = (asked("POST", "/x"), Event("skip-task", {}), Wait(1)) * 4
    loop, *_ = with_loops(replay((*steps, asked("GET", "/runs"))))
    assert isinstance(loop, Loop)
    assert len(loop.steps) == 3


def test_a_story_has_variables_in_place_of_keys() -> None:
    """The longest key first; headers of the control API are no part of it."""
    request = Request(
        "GET", "/v2/runs", "key=secret-2", ((b"x-mock-world", b"w"), (b"x-key", b"secret"), (b"own", b"o"))
    )
    exchange = Exchange(0, "", "toy", None, 0, request, Response(200), "", None, (), None)
    secrets = Secrets({"secret": "API_KEY", "secret-2": "API_KEY_2"}, {"own": "HEADER_OWN"})
    (call,) = told([exchange], None, "/v2", secrets)
    assert not isinstance(call, Wait | Event)
    assert (call.path, call.query) == (("/runs",), ("key=", Variable("API_KEY_2")))
    assert call.headers == (("x-key", (Variable("API_KEY"),)), ("own", (Variable("HEADER_OWN"),)))
    assert told([exchange], None, "", Secrets({}, {}))[0].query == ("key=secret-2",)  # type: ignore[union-attr]


def test_a_recorded_target_is_the_target_and_tells_its_last_client() -> None:
    """A client that sent nothing is passed over; what was before is forgotten."""
    ours = mock("nextstep")
    recorded = RecordedTarget(ours)
    assert (repr(recorded), recorded.name, recorded.contract) == (repr(ours), ours.name, ours.contract)
    assert (recorded.capabilities, recorded.budget) == (ours.capabilities, ours.budget)
    recorded.findings = Findings()
    assert recorded.findings is ours.findings
    with recorded.open() as client:
        client.call("listProcessTemplates")
    recorded.open()
    assert [step.operation for step in recorded.story() if not isinstance(step, Wait | Event)] == [
        "listProcessTemplates"
    ]
    recorded.forget()
    assert recorded.story() == ()
