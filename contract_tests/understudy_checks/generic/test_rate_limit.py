"""Rate limits: the documented number of requests in a window for each key, then 429 with a correct Retry-After.

Holds for fixed, calendar and sliding windows: each test starts after a quiet window and, unless it says
otherwise, sends its requests at one moment of a frozen clock, or as fast as possible.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from understudy.document.model import Quota
from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.discovery import FoundArguments, call, find_accepted
from understudy_checks.pagination import assert_no_effect
from understudy_checks.refusals import assert_problem
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.waits import retry_after
from understudy_checks.wording import show

Prepared = tuple[Operation, FoundArguments]


@rule("*.rate-limit.hundred-requests", needs=("advance", "documented-limit"))
@given(turns=st.lists(st.integers(0, 99), min_size=1, max_size=5), step=st.sampled_from((0.0, 0.25, 0.5)))
@example(turns=[0], step=0.0)
def test_the_documented_number_is_admitted(target: Target, turns: list[int], step: float) -> None:
    """After a quiet window the documented number of requests is accepted, also for a key that was refused before."""
    with target.open() as client:
        calls = _reading(client)
        for _ in range(2):
            limit = _quiet(client)
            for number in range(limit.requests):
                response = _once(client, *calls[turns[number % len(turns)] % len(calls)])
                assert response.status < 300, _too_few(number, limit, response)
                client.advance(step)
            for _ in range(3):
                _once(client, *calls[0])


@rule("*.rate-limit.next-is-429", needs=("advance", "documented-limit"))
def test_the_next_request_is_refused(target: Target, limited: Operation) -> None:
    """A request right after the documented number of successful ones is answered 429, on any operations."""
    with target.open() as client:
        found_arguments, _ = find_accepted(client, limited)
        _exhaust(client)
        for _ in range(3):
            assert_problem(client, _once(client, limited, found_arguments), "rate-limited")


@rule("*.rate-limit.next-is-429", needs=("advance", "documented-limit"))
@given(turns=st.lists(st.integers(0, 99), min_size=1, max_size=5))
def test_operations_share_the_limit(target: Target, turns: list[int]) -> None:
    """Requests to different operations count towards the same limit."""
    with target.open() as client:
        calls = _reading(client)
        _exhaust(client, *(calls[turn % len(calls)] for turn in turns))
        assert_problem(client, _once(client, *calls[0]), "rate-limited")


@rule("*.rate-limit.retry-after", needs=("advance", "documented-limit"))
@given(passed=st.floats(0, 1))
@example(passed=0)
@example(passed=0.01)
@example(passed=0.99)
@example(passed=0.999)
def test_retry_after_is_whole_seconds(target: Target, passed: float) -> None:
    """The Retry-After of every 429 is a whole number of seconds from one to the length of the window."""
    with target.open() as client:
        calls = _reading(client)
        limit = _exhaust(client)
        client.advance(passed * limit.seconds)
        response = _once(client, *calls[0])
        assert response.status < 300 or 1 <= _wait(response) <= limit.seconds, (
            f"Retry-After of a 429 must be 1 to {limit.seconds:g} seconds, not {_wait(response)}"
        )


@rule("*.rate-limit.admitted-after-the-wait", needs=("advance", "documented-limit"))
@given(passed=st.floats(0, 1), spread=st.sampled_from((0.0, 0.1, 0.9)))
@example(passed=0, spread=0.0)
@example(passed=0.01, spread=0.0)
@example(passed=0.5, spread=0.0)
def test_a_request_after_the_wait_is_admitted(target: Target, passed: float, spread: float) -> None:
    """A request sent after the wait of a 429 is accepted, every time."""
    with target.open() as client:
        calls = _reading(client)
        limit = _quiet(client)
        for _ in range(limit.requests):
            _once(client, *calls[0])
            client.advance(spread * limit.seconds / limit.requests)
        client.advance(passed * limit.seconds)
        for _ in range(limit.requests):
            response = _once(client, *calls[0])
            if response.status == 429:
                with client.depending_on("*.rate-limit.retry-after*"):
                    wait = retry_after(response)
                    assert wait is not None, (
                        f"a 429 must say when to come back, and Retry-After is {show(response.header('retry-after'))}"
                    )
                client.advance(wait)
                again = _once(client, *calls[0]).status
                assert again < 300, (
                    f"{wait:g} s after a 429 that said so, a request must be accepted, not answer {again}"
                )


@rule("*.rate-limit.per-key", needs=("advance", "documented-limit", "second-key"))
def test_keys_do_not_share_the_limit(target: Target, limited: Operation) -> None:
    """A key keeps its whole quota while another key of the same tenant is refused."""
    with target.open() as client:
        found_arguments, _ = find_accepted(client, limited)
        reader, known = _reading(client)[0]
        limit = _exhaust_wholly(client)
        operations = [(limited, found_arguments)] + [(reader, known)] * (limit.requests - 1)
        for number, (operation, given) in enumerate(operations, 1):
            response = call(client.without_retries(), operation, given, key=client.second_key)
            assert response.status != 429, (
                f"one key has used up its limit, and request {number} of another key is refused with it"
            )
        if _is_frozen(client):
            assert_problem(client, _once(client, limited, found_arguments), "rate-limited")


@rule("*.rate-limit.refused-does-nothing", needs=("advance", "documented-limit", "write"))
def test_a_429_changes_nothing(target: Target, writing: Operation) -> None:
    """A request answered with 429 changes nothing."""
    with target.open() as client:

        def refuse(found_arguments: FoundArguments) -> None:
            limit = _exhaust_wholly(client)
            for _ in range(3):
                _once(client, writing, found_arguments)
            client.advance(limit.seconds + 1)

        assert_no_effect(client, writing, refuse)


def _reading(client: Client) -> Sequence[Prepared]:
    """All GET operations with a key, each with accepted arguments."""
    readers = [known for known in client.contract.operations.values() if known.secured and known.method == "GET"]
    return [(operation, find_accepted(client, operation)[0]) for operation in readers]


def _quiet(client: Client) -> Quota:
    """Let a whole window pass without a request."""
    limit = client.contract.rate_limit
    assert limit is not None, "only limited operations are tested"
    assert isinstance(limit.quota, Quota), "only documented limits are tested"
    client.advance(limit.quota.seconds + 1)
    return limit.quota


def _exhaust(client: Client, *calls: Prepared) -> Quota:
    """Use up the quota after a quiet window with successful requests: `calls` in turn, by default a GET.

    On a running clock, a calendar window may end meanwhile. It cannot end again so soon, so the requests are
    repeated once.
    """
    calls = calls or (_reading(client)[0],)
    limit = _spend(client, calls)
    if not _is_frozen(client) and _once(client, *calls[0]).status != 429:
        limit = _spend(client, calls)
    return limit


def _exhaust_wholly(client: Client) -> Quota:
    """Use up the quota, and whatever more the target admits, until it refuses a request."""
    reading = _reading(client)[0]
    limit = _exhaust(client, reading)
    answers = [_once(client, *reading).status]
    with client.about("*.rate-limit.next-is-429"):
        assert answers[0] == 429, f"request {limit.requests + 1} in a window is answered {answers[0]}"
    while answers[-1] != 429 and len(answers) < limit.requests:
        answers.append(_once(client, *reading).status)
    with client.depending_on("*.rate-limit.next-is-429"):
        assert answers[-1] == 429, f"{2 * limit.requests} requests in a window are admitted"
    return limit


def _spend(client: Client, calls: Sequence[Prepared]) -> Quota:
    """Send the documented number of requests after a quiet window, or as many as the target admits; returns these."""
    limit = _quiet(client)
    for number in range(limit.requests):
        response = _once(client, *calls[number % len(calls)])
        with client.about("*.rate-limit.hundred-requests"):
            assert response.status < 300, _too_few(number, limit, response)
        if response.status >= 300:
            return limit._replace(requests=number)
    return limit


def _too_few(number: int, limit: Quota, response: Response) -> str:
    """What a refusal within the quota is."""
    return f"{limit.requests} requests must be accepted, and request {number + 1} is answered {response.status}"


def _is_frozen(client: Client) -> bool:
    """Whether the clock is frozen, so that only the test advances it."""
    return "fresh" in client.world.capabilities


def _once(client: Client, operation: Operation, found_arguments: FoundArguments) -> Response:
    return call(client.without_retries(), operation, found_arguments)


def _wait(response: Response) -> int:
    text = response.header("retry-after")
    seen = "is missing" if text is None else f"is {show(text)}"
    assert text is not None and text.isdecimal(), (  # noqa: PT018 - one sentence for both
        f"a 429 must say in Retry-After how many whole seconds to wait, which {seen}"
    )
    return int(text)
