"""NextStep with a rate limit that counts wrongly, lets in too many, or tells a wait that is not true."""

from __future__ import annotations

from collections.abc import Callable

from contract_tests.mutants import mutant, stepped
from mock_server.api import Api, Call, Credential, Problem
from mock_server.exchange import Response

Step = Callable[[Call], Response | None]


@mutant("nextstep.rate-limit.hundred-requests")
def the_limit_is_99(api: Api) -> Api:
    """The hundredth request of a minute is refused."""
    return _limited(api, 99)


@mutant("nextstep.rate-limit.next-is-429")
def the_limit_is_101(api: Api) -> Api:
    """A hundred and one requests of a minute are admitted."""
    return _limited(api, 101)


@mutant("nextstep.rate-limit.next-is-429")
def nothing_is_limited(api: Api) -> Api:
    """There is no limit."""
    return stepped(api, admit=lambda call: None)


@mutant("nextstep.rate-limit.next-is-429")
def operations_have_limits_of_their_own(api: Api) -> Api:
    """Each operation admits a hundred requests."""
    return _counted(api, lambda call: call.credential._replace(token=f"{call.credential.token} {call.operation.id}"))


@mutant("nextstep.rate-limit.next-is-429")
def only_reading_is_limited(api: Api) -> Api:
    """Writes are admitted without end."""
    return stepped(api, admit=lambda call: api.steps.admit(call) if call.request.method == "GET" else None)


@mutant("nextstep.rate-limit.next-is-429")
def too_many_requests_are_unavailable(api: Api) -> Api:
    """Too many requests are answered 403."""
    return stepped(api, admit=_relabelled(api, "forbidden"))


@mutant("nextstep.rate-limit.next-is-429")
def a_proxy_refuses(api: Api) -> Api:
    """Too many requests are answered by a proxy in front, in HTML."""

    def admit(call: Call) -> Response | None:
        try:
            return api.steps.admit(call)
        except Problem as problem:
            headers = ((b"content-type", b"text/html"), problem.headers[0])
            return Response(429, headers, b"<h1>429 Too Many Requests</h1>")

    return stepped(api, admit=admit)


@mutant("nextstep.rate-limit.per-key")
def keys_of_a_team_share_a_limit(api: Api) -> Api:
    """All keys of a team share a hundred requests."""
    return _counted(api, lambda call: call.credential._replace(token=call.credential.tenant))


@mutant("nextstep.rate-limit.per-key")
def all_the_world_shares_a_limit(api: Api) -> Api:
    """Everybody shares a hundred requests."""
    return _counted(api, lambda call: Credential("all", "nextstep", "all"))


@mutant("nextstep.rate-limit.retry-after")
def the_wait_is_missing(api: Api) -> Api:
    """A 429 has no Retry-After."""
    return _waiting(api, lambda text: None)


@mutant("nextstep.rate-limit.retry-after")
def the_wait_is_a_date(api: Api) -> Api:
    """Retry-After is a date, which HTTP allows and the documentation does not."""
    return _waiting(api, lambda text: "Tue, 01 Jan 2030 09:01:00 GMT")


@mutant("nextstep.rate-limit.retry-after")
def the_wait_is_in_milliseconds(api: Api) -> Api:
    """Retry-After is in milliseconds."""
    return _waiting(api, lambda text: f"{int(text)}000")


@mutant("nextstep.rate-limit.retry-after")
def the_wait_has_decimals(api: Api) -> Api:
    """Retry-After is not in whole seconds."""
    return _waiting(api, lambda text: f"{text}.0")


@mutant("nextstep.rate-limit.retry-after", "nextstep.rate-limit.admitted-after-the-wait")
def the_wait_is_rounded_down(api: Api) -> Api:
    """Retry-After is a second too short, and zero at the end."""
    return _waiting(api, lambda text: str(int(text) - 1))


@mutant("nextstep.rate-limit.admitted-after-the-wait")
def the_wait_is_always_a_second(api: Api) -> Api:
    """Retry-After is 1 whatever the wait."""
    return _waiting(api, lambda text: "1")


@mutant("nextstep.rate-limit.admitted-after-the-wait", "nextstep.rate-limit.hundred-requests")
def the_window_never_opens_again(api: Api) -> Api:
    """Who was refused once stays refused."""
    refused: set[tuple[str, str]] = set()

    def admit(call: Call) -> Response | None:
        caller = (call.world.id, call.credential.token)
        if caller in refused:
            raise Problem("rate-limited", headers=((b"retry-after", b"30"),))
        try:
            return api.steps.admit(call)
        except Problem:
            refused.add(caller)
            raise

    return stepped(api, admit=admit)


@mutant("nextstep.rate-limit.admitted-after-the-wait")
def asking_too_early_starts_the_wait_again(api: Api) -> Api:
    """The window opens a while after its own Retry-After is over."""

    def admit(call: Call) -> Response | None:
        kind = call.assumed("nextstep.rate-limit.window")
        window = call.world.windows[f"nextstep//{kind}", call.credential.token]
        before = window.start
        call.now -= 30_000 if window.granted >= 100 and call.now - before >= 60_000 and before else 0
        return api.steps.admit(call)

    return stepped(api, admit=admit)


@mutant("nextstep.rate-limit.refused-does-nothing")
def a_429_comes_after_the_work(api: Api) -> Api:
    """A write over the limit is done before it is refused."""

    def admit(call: Call) -> Response | None:
        try:
            return api.steps.admit(call)
        except Problem:
            api.steps.validate(call)
            api.handlers[call.operation.id](call)
            raise

    return stepped(api, admit=admit)


def _relabelled(api: Api, kind: str) -> Step:
    def admit(call: Call) -> Response | None:
        try:
            return api.steps.admit(call)
        except Problem as problem:
            raise Problem(kind) from problem

    return admit


def _limited(api: Api, requests: int) -> Api:
    def admit(call: Call) -> Response | None:
        limits = call.world.limits
        call.world.limits = {**limits, "nextstep": requests}
        try:
            return api.steps.admit(call)
        finally:
            call.world.limits = limits

    return stepped(api, admit=admit)


def _counted(api: Api, by: Callable[[Call], Credential]) -> Api:
    """Requests are counted for somebody else than the credential."""

    def admit(call: Call) -> Response | None:
        credential, call.credential = call.credential, by(call)
        try:
            return api.steps.admit(call)
        finally:
            call.credential = credential

    return stepped(api, admit=admit)


def _waiting(api: Api, tells: Callable[[str], str | None]) -> Api:
    """Retry-After says something else."""

    def admit(call: Call) -> Response | None:
        try:
            return api.steps.admit(call)
        except Problem as problem:
            text = tells(problem.headers[0][1].decode())
            headers = () if text is None else ((b"retry-after", text.encode()),)
            raise Problem("rate-limited", headers=headers) from problem

    return stepped(api, admit=admit)
