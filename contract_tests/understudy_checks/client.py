"""The client of a test: sends requests to one API with a tenant's keys and checks each response against the document.

A Client logs the exchanges of its example, so that a failure shows the calls as a script. It
retries after 429, waits on the world's clock where there is one, and must not know any API by name.
"""

from __future__ import annotations

import json as texts
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, NoReturn, Protocol, Self, TypeVar
from unittest import SkipTest

from understudy.document.contract import Contract
from understudy.document.infer.requests import REPEAT_KEY
from understudy.document.model import Quota
from understudy.document.operation import Operation
from understudy.engine.exchange import Exchange, Request, Response
from understudy_checks.bodies import is_readable
from understudy_checks.creations import Creation, creations
from understudy_checks.examples.replay import replay
from understudy_checks.examples.script import calls
from understudy_checks.examples.story import Event, Secrets, Story, Wait, told, using_up
from understudy_checks.findings import Finding, Findings, Met, resolve
from understudy_checks.keys import each_has_a_quota, names_scheme
from understudy_checks.projection import project
from understudy_checks.routes import Query, find_operation, path_and_query, query_text
from understudy_checks.target.transport import NoAnswer, TooLate, Transport
from understudy_checks.violations import differences, is_unnamed, of_server_errors, rule_of
from understudy_checks.waits import Patience, poll, retry_after

T = TypeVar("T")
Json = Any
Memo = dict[Any, Any]
Capability = Literal[
    "write",
    "fresh",
    "advance",
    "documented-limit",
    "events",
    "second-key",
    "spare-key",
    "revoked-key",
    "lapsed-key",
    "other-tenant",
    "members",
    "requests",
    "waiting",
]

MAX_RETRIES = 3
OTHER_KEYS = ("REVOKED_KEY", "LAPSED_KEY", "OTHER_TENANT_KEY")
CALLS_MADE = "Calls made:"
"""The first line of the note that lists an example's calls on an error."""

DEFAULT_WAIT = 60.0
"""Seconds to wait after a 429 without Retry-After, where the document has no quota either."""
READING_ERRORS = (LookupError, TypeError, ValueError, AttributeError)
"""The errors of reading a body that is not as documented."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LONGEST_WAIT = 3600.0
"""The most seconds to wait after a 429, unless the documented window is longer."""

_ABSENT: Any = object()

LACKING_REASONS: Mapping[Capability, str] = {
    "write": "writing is not allowed on this target",
    "fresh": "this target has no isolated world for each test",
    "advance": "this target's clock cannot be advanced",
    "documented-limit": "this target's rate limit is configured to differ from the documented one",
    "events": "this target cannot simulate what people do in the vendor's own app",
    "second-key": "no second key of the same tenant is known",
    "spare-key": "no key is known that may be revoked",
    "revoked-key": "no revoked key is known",
    "lapsed-key": "no key of a tenant without a subscription is known",
    "other-tenant": "no key of another tenant is known",
    "members": "no members of the tenant are known",
    "requests": "it takes more requests than the budget has left",
    "waiting": "it takes more waiting than is allowed",
}


class Skipped(SkipTest):
    """Skips a rule that cannot be checked on this target, with the reason. unittest, pytest and hypothesis obey it."""

    def __init__(self, reason: str, *skip_lacking: Capability, remedy: str | None = None) -> None:
        self.reason = reason
        self.lacking = skip_lacking
        self.remedy = remedy
        super().__init__(f"not checked: {reason}")


class NoResponse(Skipped):
    """No complete response arrived. `late` after a timeout."""

    def __init__(self, reason: str, *, late: bool) -> None:
        super().__init__(f"no complete response arrived: {reason}")
        self.late = late


class Violation(AssertionError):
    """A response that the document does not allow. Names the operation and the JSON pointer of the difference."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the tenant."""

    user_id: str
    email: str
    active: bool


@dataclass(frozen=True, slots=True)
class Access:
    """The keys of a target and facts that its API does not reveal. Names as in a ready file."""

    api_keys: tuple[str, ...]
    revoked_key: str | None = None
    lapsed_key: str | None = None
    other_tenant_key: str | None = None
    members: tuple[Member, ...] = ()
    given: Mapping[str, Json] = field(default_factory=dict, compare=False)
    """The whole entry: also ids that no operation lists, by the name of their parameter."""

    @classmethod
    def read(cls, entry: Mapping[str, Json]) -> Access:
        """Read an API's entry of a ready file."""
        return cls(
            api_keys=tuple(entry["api_keys"] if "api_keys" in entry else filter(None, [entry.get("api_key")])),
            revoked_key=entry.get("revoked_key"),
            lapsed_key=entry.get("lapsed_key"),
            other_tenant_key=entry.get("other_tenant_key"),
            members=tuple(Member(m["user_id"], m["email"], m["active"]) for m in entry.get("members", ())),
            given=entry,
        )

    def turned(self) -> Access:
        """These facts with the next key first."""
        return replace(self, api_keys=(*self.api_keys[1:], *self.api_keys[:1]))

    def ids(self, key: str | None) -> Mapping[str, Json]:
        """The ids that the owner of a key (None: the default key) is given at the start."""
        foreign = key is not None and key == self.other_tenant_key
        return self.given.get("other_tenant", {}) if foreign else self.given

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities that these keys and members provide."""
        known: dict[Capability, object] = {
            "second-key": self.api_keys[1:],
            "revoked-key": self.revoked_key,
            "lapsed-key": self.lapsed_key,
            "other-tenant": self.other_tenant_key,
            "members": self.members,
        }
        return frozenset(capability for capability, value in known.items() if value)


class Account(Protocol):
    """Counts the requests to a target and may refuse to send more."""

    def spend(self) -> None:
        """Count a request before it is sent. Raises Skipped when no more are allowed."""

    def record_response(self, operation: str, status: int) -> None:
        """Record the status of a documented operation's response."""

    @property
    def made(self) -> list[str]:
        """The paths of the objects that the kit created on a shared target."""

    def add(self, created: Sequence[Creation]) -> None:
        """Note what was created."""


class World(Protocol):
    """The world of a client's requests: its clock, events and keys."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities of this world."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that every request to this world carries in addition to its own."""

    @property
    def patience(self) -> Patience | None:
        """What limits real waits for effects; None where waits take no time."""

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass. Raises Skipped when the wait is too long."""

    def wait_between_polls(self, seconds: float) -> None:
        """Let `seconds` pass between two polls of a background job. Raises Skipped when the wait is too long."""

    def event(self, name: str, fields: Mapping[str, Json]) -> None:
        """Simulate what a person does in the vendor's own app. Raises Skipped where that is impossible."""

    def spare_key(self) -> str:
        """Return a key that may be revoked, each key once. Raises Skipped when none is left."""

    def close(self) -> None:
        """Release the world."""


@dataclass(slots=True)
class Client:
    """Sends requests to one API in one world. As a context manager, it adds a script to a failure inside."""

    contract: Contract = field(repr=False)
    transport: Transport = field(repr=False)
    prefix: str
    access: Access = field(repr=False)
    world: World
    account: Account = field(repr=False)
    log: list[Exchange] = field(default_factory=list, repr=False)
    steps: list[Exchange | Wait | Event] = field(default_factory=list, repr=False)
    """The log, with waits and events between its exchanges."""
    failed_at: int | None = None
    """The number of steps before the first one that cleaned up after a failure."""
    handled: BaseException | None = field(default_factory=lambda: sys.exc_info()[1], repr=False)
    """The exception that was being handled when this client was opened."""
    retries: int = MAX_RETRIES
    memo: Memo | None = field(default=None, repr=False)
    """Discovered arguments, valid in every unchanged world of the target. None where they may go stale."""
    findings: Findings | None = field(default=None, repr=False)
    """Where failures of other rules are kept, so that a check goes on. None to raise them."""
    found: Finding | None = field(default=None, repr=False)
    """The latest of them about a response of this client."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, Skipped) and self.log:
            error.add_note("\n".join((CALLS_MADE, *self.curl())))
        self.world.close()
        if self.found is not None and self.findings is not None and isinstance(error, READING_ERRORS):
            self._end_example(self.findings, self.found)

    @property
    def valid_memo(self) -> Memo | None:
        """The memory, or None once a request has written to this world."""
        is_unchanged = all(exchange.request.method in _SAFE_METHODS for exchange in self.log)
        return self.memo if is_unchanged else None

    @property
    def is_isolated(self) -> bool:
        """Whether this world belongs to this client alone."""
        return "fresh" in self.world.capabilities

    def without_retries(self) -> Client:
        """Return a copy of the client that does not retry after 429, for tests of the rate limit itself."""
        return replace(self, retries=0)

    @property
    def key(self) -> str:
        """The key that is sent by default."""
        return self.access.api_keys[0]

    @property
    def second_key(self) -> str:
        """Another valid key of the same tenant."""
        return self.access.api_keys[1] if self.access.api_keys[1:] else skip_lacking("second-key")

    @property
    def revoked_key(self) -> str:
        """A revoked key."""
        return self.access.revoked_key or skip_lacking("revoked-key")

    @property
    def lapsed_key(self) -> str:
        """A key of a tenant whose subscription has lapsed."""
        return self.access.lapsed_key or skip_lacking("lapsed-key")

    @property
    def other_tenant_key(self) -> str:
        """A valid key of another tenant."""
        return self.access.other_tenant_key or skip_lacking("other-tenant")

    @property
    def members(self) -> tuple[Member, ...]:
        """The known members of the tenant."""
        return self.access.members or skip_lacking("members")

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Query = None,
        json: Json = _ABSENT,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = _ABSENT,
    ) -> Response:
        """Send a request, retry after 429, at once with another key where waits are real, and return the response.

        `path` is relative to the API's server path (`/process-runs`) and raw: percent-encode it where needed.
        `query` is a mapping (None values are left out) or raw text. `json` is sent as JSON, otherwise `body` as it
        is. `key` replaces the default key; None sends no credential. Raises Violation when the document does not
        allow the response of a documented operation. On a shared target, the body of a success is reduced to the
        members that the document names; the log keeps it whole.
        """
        request = self.request(method, path, query=query, json=json, body=body, headers=headers, key=key)
        response = self.exchange(request).response
        for _ in self._other_keys(key):
            if response.status != 429:
                break
            self.access = self.access.turned()
            request = self.request(method, path, query=query, json=json, body=body, headers=headers)
            response = self.exchange(request).response
        for attempt in range(self.retries):
            if response.status != 429:
                break
            self._wait(self._pause(response, is_last=attempt == self.retries - 1))
            response = self.exchange(request).response
        if self.is_isolated:  # our mock returns only members that its document names
            return response
        return project(self.contract, find_operation(self.contract, method, path), response)

    def call(
        self,
        operation: str | Operation,
        arguments: Mapping[str, object] | None = None,
        *,
        json: Json = _ABSENT,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = _ABSENT,
    ) -> Response:
        """Send a request for an operation or its id; `arguments` are the path and query parameters by name."""
        known = self.contract.operations[operation] if isinstance(operation, str) else operation
        path, query = path_and_query(known, arguments or {})
        return self.send(known.method, path, query=query, json=json, body=body, headers=headers, key=key)

    def _other_keys(self, key: str | None) -> tuple[str, ...]:
        """The keys to try after a 429 before a real wait; none in place of a key that a check chose."""
        patience = self.world.patience
        saves_time = self.retries > 0 and patience is not None and not patience.is_cheap
        return self.access.api_keys[1:] if saves_time and key is _ABSENT and each_has_a_quota(self.contract) else ()

    def _pause(self, response: Response, *, is_last: bool) -> float:
        """Seconds to wait after a 429: those of its Retry-After, or the whole window when they do not do."""
        limit = self.contract.rate_limit
        window = limit.quota.seconds if limit is not None and isinstance(limit.quota, Quota) else DEFAULT_WAIT
        wait = retry_after(response)
        if wait is None or (is_last and wait < window):
            return window
        return min(wait, max(window, LONGEST_WAIT))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = None,
        json: Json = _ABSENT,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = _ABSENT,
    ) -> Request:
        """Build the request that `send` would send."""
        if key is _ABSENT:
            key = self.key if self.contract.schemes else None
        given = {**self.world.headers, **self.default_headers, **self.credential(key)}
        if json is not _ABSENT:
            body, given["content-type"] = texts.dumps(json).encode(), "application/json"
        given |= {name.lower(): value for name, value in (headers or {}).items()}
        encoded = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in given.items())
        whole = "&".join(part for part in (query_text(query), query_text(self._credential_parts(key)[1])) if part)
        return Request(method, self.prefix + path, whole, encoded, body)

    def exchange(self, request: Request) -> Exchange:
        """Send `request` once, unchanged; log it and check the response. Raises Violation."""
        if request.method not in _SAFE_METHODS and "write" not in self.world.capabilities:
            skip_lacking("write")
        operation = find_operation(self.contract, request.method, request.path.removeprefix(self.prefix))
        self._check_removable(request)
        self.account.spend()
        response = fetch(self.transport, request)
        if operation is not None:
            self.account.record_response(operation.id, response.status)
            if not self.is_isolated:
                self.account.add(creations(self.contract, operation, self.prefix, request, response))
        exchange = Exchange(
            id=len(self.log),
            world="",
            api=self.contract.name,
            operation=operation.id if operation else None,
            at=0,
            request=request,
            response=response,
            stop="",
            reason=None,
            trace=(),
            error=None,
        )
        self.log.append(exchange)
        self._note_failure()
        self.steps.append(exchange)
        self._judge(operation, response)
        return exchange

    def _judge(self, operation: Operation | None, response: Response) -> None:
        """Raise Violation when the document does not allow a response; or record what a rule of the document says.

        Raises Met when the response is recorded and cannot be read.
        """
        if operation is None or is_unnamed(self.contract, operation, response.status):
            return
        if response.status >= 500:
            self._fail(operation, f"status {response.status}: a server error is never the right answer")
        if self.findings is None:
            for difference in differences(operation, response):
                raise Violation(f"{operation.id}: {difference.text}")
            return
        for difference in differences(operation, response):
            text = f"{operation.id}: {difference.text}"
            if (rule := rule_of(self.contract, operation, response, difference)) is None:
                raise Violation(text)
            self.found = self._record(self.findings, rule, text)
        if self.found is not None and response.status < 300 and not is_readable(operation, response):
            self._end_example(self.findings, self.found)

    def _fail(self, operation: Operation, seen: str) -> NoReturn:
        """Raise Violation for a server error, which is a failure of the running check's rules and of refusals."""
        text, rule = f"{operation.id}: {seen}", self._rule(of_server_errors(self.contract, operation))
        if rule is not None and self.findings is not None:
            finding = self._record(self.findings, rule, text)
            if rule in self.findings.own:
                self._end_example(self.findings, finding)
        raise Violation(text)

    def _end_example(self, findings: Findings, finding: Finding) -> NoReturn:
        """Raise Met for a finding; Skipped, which ends the whole check, when that happens often."""
        if findings.is_met_often():
            raise Skipped(finding.met)
        raise Met(finding)

    def _record(self, findings: Findings, rule: str, seen: str) -> Finding:
        used_up = using_up(self.contract.rate_limit, self.steps)
        story = partial(self._told, [*self.steps[:-1], *used_up, self.steps[-1]], None) if used_up else self.story
        length = len(self.log) + len(used_up)
        return findings.record(rule, seen, length=length, calls=lambda: calls(replay(story())), story=story)

    @contextmanager
    def about(self, pattern: str) -> Iterator[None]:
        """Attribute failed assertions in the block to the rule that matches a pattern, such as `*.envelope.json`.

        Where findings are kept, a failure is recorded and the check goes on, unless the rule is the check's only one.
        """
        try:
            yield
        except AssertionError as error:
            rule = self._rule(pattern)
            if rule is None or self.findings is None:
                raise
            self._record(self.findings, rule, str(error))

    @contextmanager
    def depending_on(self, pattern: str) -> Iterator[None]:
        """Attribute failed assertions in the block to another rule, without which the check cannot go on.

        Where findings are kept, raises Met in place of the failure, unless the rule is the check's only one.
        """
        try:
            yield
        except AssertionError as error:
            rule = self._rule(pattern)
            if rule is None or self.findings is None:
                raise
            self._end_example(self.findings, self._record(self.findings, rule, str(error)))

    def _rule(self, pattern: str) -> str | None:
        """The rule of the document that a failure is about; None where it is the only one of the running check."""
        rule = resolve([known.id for known in self.contract.rules], pattern)
        return None if self.findings is not None and tuple(self.findings.own) == (rule,) else rule

    def _note_failure(self) -> None:
        """Note where an assertion has failed: what is sent while it is on its way out only cleans up."""
        error = sys.exc_info()[1]
        if self.failed_at is None and isinstance(error, AssertionError) and error is not self.handled:
            self.failed_at = len(self.steps)

    def _check_removable(self, request: Request) -> None:
        """Raise Skipped unless the kit itself created what a DELETE on a shared target removes."""
        path, is_bold = request.path, request.method == "DELETE" and not self.is_isolated
        if is_bold and not any(path == own or path.startswith(f"{own}/") for own in self.account.made):
            raise Skipped("it would delete an object that the kit did not create on this target")

    @property
    def default_headers(self) -> dict[str, str]:
        """The headers of every request: `accept`, and the examples of required header parameters."""
        number = f"00000000-0000-4000-8000-{len(self.log):012}"  # no request repeats another one
        own = {name: number for name in self.contract.headers if REPEAT_KEY.fullmatch(name)}
        required = {name.lower(): text for name, text in {**self.contract.headers, **own}.items()}
        return {"accept": "application/json", **required}

    def credential(self, key: str | None) -> dict[str, str]:
        """The headers that carry `key`, as the document's security scheme says."""
        return self._credential_parts(key)[0]

    def _credential_parts(self, key: str | None) -> tuple[dict[str, str], dict[str, str]]:
        """The headers and the query parameters that carry `key`."""
        if key is None or not self.contract.schemes:
            return {}, {}
        scheme = self.contract.schemes[0]
        return ({scheme.header: key}, {}) if names_scheme(key, scheme) else scheme.carry(key)

    @property
    def spare_key(self) -> str:
        """A valid key of the same tenant that may be revoked: any key in an isolated world."""
        return self.second_key if self.is_isolated else self.world.spare_key()

    def eventually(self, probe: Callable[[], T], within: float = 10.0, *, subject: str = "it") -> T:
        """Call `probe` until it returns a true value, for at most `within` seconds of the world's time.

        For effects that the document does not promise to be complete when the response arrives.
        """
        return poll(probe, self._wait_between_polls, self.world.patience, within=within, subject=subject)

    def advance(self, seconds: float) -> None:
        """Advance the world's clock. Really waits on a target without such a clock."""
        if seconds:
            self.memo = None
            self._wait(seconds)

    def idle(self, seconds: float, cause: str) -> None:
        """Let `seconds` pass in which nothing may happen; where they are real, so many only once for each cause."""
        patience = self.world.patience
        self.advance(seconds if patience is None else patience.spend(cause, seconds))

    def tick(self, seconds: float) -> float:
        """Advance the clock, so that later times differ; where that takes real time, no more than needed.

        Returns the seconds that have passed at least.
        """
        patience = self.world.patience
        passed = seconds if patience is None else patience.tick(seconds, (e.response.body for e in self.log[-10:]))
        self.advance(passed)
        return passed

    def _wait(self, seconds: float) -> None:
        self.world.wait(seconds)
        self.steps.append(Wait(seconds))

    def _wait_between_polls(self, seconds: float) -> None:
        self.world.wait_between_polls(seconds)
        self.steps.append(Wait(seconds))

    def event(self, name: str, **fields: Json) -> None:
        """Simulate what a person does in the vendor's own app (`skip-task`, `revoke-key` ...)."""
        self.memo = None
        self.world.event(name, fields)
        self.steps.append(Event(name, fields))

    def story(self) -> Story:
        """What this client did so far, without secrets."""
        return self._told(self.steps, self.failed_at)

    def _told(self, steps: Sequence[Exchange | Wait | Event], failed_at: int | None) -> Story:
        basic = [scheme.header for scheme in self.contract.schemes if scheme.kind == "basic"]
        secret = (*self.world.headers, *basic)  # a password is sent encoded
        headers = {name: f"HEADER_{name.upper().replace('-', '_')}" for name in secret}
        return told(steps, failed_at, self.prefix, Secrets(self._key_names(), headers))

    def curl(self) -> list[str]:
        """The calls so far as the lines of a script, with shell variables in place of keys."""
        return calls(replay(self.story()))

    def _key_names(self) -> dict[str, str]:
        """The shell variables of the known keys."""
        access = self.access
        names = {key: f"API_KEY_{number}" for number, key in enumerate(access.api_keys, 1)}
        names |= dict.fromkeys(access.api_keys[:1], "API_KEY")
        others = (access.revoked_key, access.lapsed_key, access.other_tenant_key)
        return names | {key: name for key, name in zip(others, OTHER_KEYS, strict=True) if key}


def fetch(transport: Transport, request: Request) -> Response:
    """Send a request and return the response. Raises NoResponse."""
    try:
        return transport(request)
    except NoAnswer as error:
        raise NoResponse(str(error), late=isinstance(error, TooLate)) from error


def skip_lacking(*capabilities: Capability) -> NoReturn:
    """Raise Skipped with the reasons for these missing capabilities."""
    raise Skipped("; ".join(LACKING_REASONS[capability] for capability in capabilities), *capabilities)
