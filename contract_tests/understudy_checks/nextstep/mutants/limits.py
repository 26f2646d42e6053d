"""Mutants of NextStep's rate limit: wrong counts, wrong windows, wrong waits."""

from __future__ import annotations

from understudy.engine.api import Api, Step
from understudy.engine.call import Call
from understudy.engine.credential import Credential
from understudy.engine.exchange import Response
from understudy.engine.problem import Problem
from understudy_checks.mutation import Breakage, Table, with_steps
from understudy_checks.mutation.operators import on_step_refusal, perform, replace_step, swap_step_error
from understudy_checks.mutation.steps import count_for, map_retry_after


def admits(requests: int) -> Breakage:
    """Accept another number of requests per minute."""

    def admit(step: Step, call: Call) -> Response | None:
        limits = call.world.limits
        call.world.limits = {**limits, "nextstep": requests}
        try:
            return step(call)
        finally:
            call.world.limits = limits

    return replace_step("limit_rate", admit)


def _answer_by_a_proxy(step: Step, call: Call) -> Response | None:
    try:
        return step(call)
    except Problem as problem:
        return Response(429, ((b"content-type", b"text/html"), problem.headers[0]), b"<h1>429 Too Many Requests</h1>")


def _never_admit_again(api: Api) -> Api:
    refused: set[tuple[str, str]] = set()

    def admit(call: Call) -> Response | None:
        caller = (call.world.id, call.credential.token)
        if caller in refused:
            raise Problem("rate-limited", headers=((b"retry-after", b"30"),))
        try:
            return api.steps.limit_rate(call)
        except Problem:
            refused.add(caller)
            raise

    return with_steps(api, limit_rate=admit)


def _reopen_late(step: Step, call: Call) -> Response | None:
    window = call.world.windows[f"nextstep//{call.assumed('nextstep.rate-limit.window')}", call.credential.token]
    call.now -= 30_000 if window.granted >= 100 and call.now - window.start >= 60_000 and window.start else 0
    return step(call)


MUTANTS: Table = {
    "rate-limit.hundred-requests": {
        "The hundredth request of a minute is refused.": admits(99),
    },
    "rate-limit.next-is-429": {
        "A hundred and one requests of a minute are admitted.": admits(101),
        "There is no limit.": replace_step("limit_rate", lambda step, call: None),
        "Each operation admits a hundred requests.": count_for(
            lambda call: call.credential._replace(token=f"{call.credential.token} {call.operation.id}")
        ),
        "Writes are admitted without end.": replace_step(
            "limit_rate", lambda step, call: step(call) if call.request.method == "GET" else None
        ),
        "Too many requests are answered 403.": swap_step_error(
            "limit_rate", "rate-limited", lambda call, problem: Problem("forbidden")
        ),
        "Too many requests are answered by a proxy in front, in HTML.": replace_step("limit_rate", _answer_by_a_proxy),
    },
    "rate-limit.per-key": {
        "All keys of a team share a hundred requests.": count_for(
            lambda call: call.credential._replace(token=call.credential.tenant)
        ),
        "Everybody shares a hundred requests.": count_for(lambda call: Credential("all", "nextstep", "all")),
    },
    "rate-limit.retry-after": {
        "A 429 has no Retry-After.": map_retry_after(lambda seconds: None),
        "Retry-After is a date, which HTTP allows and the documentation does not.": map_retry_after(
            lambda seconds: "Tue, 01 Jan 2030 09:01:00 GMT"
        ),
        "Retry-After is in milliseconds.": map_retry_after(lambda seconds: f"{seconds}000"),
        "Retry-After is not in whole seconds.": map_retry_after(lambda seconds: f"{seconds}.0"),
    },
    ("rate-limit.retry-after", "rate-limit.admitted-after-the-wait"): {
        "Retry-After is a second too short, and zero at the end.": map_retry_after(
            lambda seconds: str(int(seconds) - 1)
        ),
    },
    "rate-limit.admitted-after-the-wait": {
        "Retry-After is 1 whatever the wait.": map_retry_after(lambda seconds: "1"),
        "The window opens a while after its own Retry-After is over.": replace_step("limit_rate", _reopen_late),
    },
    ("rate-limit.admitted-after-the-wait", "rate-limit.hundred-requests"): {
        "Who was refused once stays refused.": _never_admit_again,
    },
    "rate-limit.refused-does-nothing": {
        "A write over the limit is done before it is refused.": on_step_refusal("limit_rate", perform),
    },
}
