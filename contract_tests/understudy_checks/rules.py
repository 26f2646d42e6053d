"""Which test checks which rule: `@rule` on a test, and everything that is read from it.

A test names the rules that it checks, by id (`nextstep.creation.created`) or by pattern for tests that hold for
every API (`*.pagination.default-limit`). The same tests run under pytest and, one by one, as plain calls.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache, wraps
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from hypothesis.errors import Flaky, UnsatisfiedAssumption

from understudy.document.contract import Contract
from understudy.document.model import Quota
from understudy.document.operation import Operation
from understudy_checks import profiles
from understudy_checks.budget import Spent
from understudy_checks.client import Broken, Capability, NotChecked
from understudy_checks.discovery import required_members, takes_json
from understudy_checks.modules import folders, modules
from understudy_checks.pagination import settled
from understudy_checks.target.target import Target, require

Result = Literal["passed", "failed", "not checked"]
Test = TypeVar("Test", bound=Callable[..., None])
Arguments = Mapping[str, Any]

SUBJECTS: Mapping[str, Callable[[Contract], Sequence[Operation]]] = {
    "operation": lambda contract: _those(contract, lambda operation: True),
    "listing": lambda contract: _those(contract, lambda operation: operation.pagination is not None),
    "continued": lambda contract: _those(contract, lambda operation: _is_continued(operation)),
    "resizable": lambda contract: _those(contract, _is_resizable),
    "growing": lambda contract: _those(contract, lambda operation: _adds_to(contract, operation)),
    "filtered": lambda contract: _those(contract, _is_filtered),
    "matched": lambda contract: _those(contract, _is_filtered) if _declares(contract, ".filters-are-kept") else (),
    "secured": lambda contract: _those(contract, lambda operation: operation.secured is True),
    "limited": lambda contract: _those(contract, lambda operation: _is_limited(contract, operation)),
    "reading": lambda contract: _those(contract, lambda operation: operation.method == "GET"),
    "single": lambda contract: _those(contract, _is_single),
    "demanding": lambda contract: _those(contract, lambda operation: bool(required_members(contract, operation))),
    "writing": lambda contract: _those(contract, takes_json),
}
"""What a test is repeated for when it has an argument of that name: every operation that declares the thing."""


@dataclass(frozen=True, slots=True)
class Check:
    """A test function, the rules (ids or patterns) that it checks, and what it needs of a target."""

    function: Callable[..., None]
    rules: tuple[str, ...]
    needs: tuple[Capability, ...]

    @property
    def name(self) -> str:
        """Folder, module and function: `generic.test_pagination.test_default_limit`."""
        return f"{'.'.join(self.function.__module__.split('.')[-2:])}.{self.function.__name__}"

    def covers(self, rule_id: str) -> bool:
        """Whether the test checks this rule."""
        return any(fnmatchcase(rule_id, pattern) for pattern in self.rules)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of a check gave. `error` is why it failed or could not be checked."""

    check: Check
    arguments: Arguments
    result: Result
    error: Exception | None = None
    examples: int = 1
    """How many examples were run to their end without a failure, or until there was one."""
    example: Arguments = field(default_factory=dict)
    """What the property was called with when it failed, shrunk as far as the profile lets it be."""


def rule(*rules: str, needs: Sequence[Capability] = ()) -> Callable[[Test], Test]:
    """Declare that a test checks these rules, ids or patterns; put it above `@given`.

    `needs` names capabilities; on a target that lacks one the test is reported as not checked.
    """

    def declare(function: Test) -> Test:
        function.check = Check(function, rules, tuple(needs))  # type: ignore[attr-defined]
        return function

    return declare


def check_of(function: object) -> Check | None:
    """The Check that `@rule` made of a test, or None for a test without it."""
    found = getattr(function, "check", None)
    return found if isinstance(found, Check) else None


@cache
def checks() -> tuple[Check, ...]:
    """All checks of the kit, in the order of folders, files and lines."""
    tests = (module for folder in folders() for module in modules(folder) if ".test_" in module.__name__)
    return tuple(check for module in tests for value in vars(module).values() if (check := check_of(value)))


@cache
def checks_for(rule_id: str) -> tuple[Check, ...]:
    """The checks of one rule."""
    return tuple(check for check in checks() if check.covers(rule_id))


@cache
def expand(check: Check, contract: Contract) -> Sequence[Arguments]:
    """The arguments, beside `target`, of each run of a check on one API; none when it checks no rule of it."""
    if not any(check.covers(known.id) for known in contract.rules):
        return []
    names = [name for name in inspect.signature(check.function).parameters if name in SUBJECTS]
    rows = itertools.product(*(SUBJECTS[name](contract) for name in names))
    return [dict(zip(names, row, strict=True)) for row in rows]


def run(check: Check, target: Target, *, profile: str = "gate") -> Iterator[Outcome]:
    """Run a check as plain calls, once for each of its arguments, in the given profile."""
    return (attempt(check, target, arguments, profile=profile) for arguments in expand(check, target.contract))


def attempt(check: Check, target: Target, arguments: Arguments, *, profile: str = "gate") -> Outcome:
    """Run a check as a plain call with these arguments.

    A property whose budget is spent passes with the examples that it had, and one that fails only once has failed.
    """
    tally = Tally()

    def outcome(result: Result, error: Exception | None = None) -> Outcome:
        return Outcome(check, arguments, result, error, tally.examples, tally.example)

    try:
        require(target, check.needs)
        with profiles.profile(profile, check.function), tallied(check.function, tally):
            check.function(target=target, **arguments)
    except (Spent, Flaky) as error:
        if tally.failure is not None or tally.spent is None:
            return outcome("failed", tally.failure or error)
        return outcome("passed") if tally.examples else outcome("not checked", tally.spent)
    except Broken as error:
        return outcome("failed", tally.failure) if tally.failure else outcome("not checked", error)
    except NotChecked as reason:
        return outcome("not checked", reason)
    except Exception as error:
        return outcome("failed", error)
    return outcome("passed")


@dataclass(slots=True)
class Tally:
    """What came of the examples of a property so far."""

    examples: int = 0
    failure: Exception | None = None
    spent: Spent | None = None
    example: Arguments = field(default_factory=dict)


@contextmanager
def tallying(tally: Tally, arguments: Arguments = MappingProxyType({})) -> Iterator[None]:
    """Add what comes of the block, one example, to the tally."""
    try:
        yield
    except Spent as reason:
        tally.spent = reason
        raise
    except (NotChecked, UnsatisfiedAssumption):
        raise
    except Exception as error:
        tally.failure, tally.example = error, arguments
        raise
    tally.examples += 1


@contextmanager
def tallied(test: Callable[..., None], tally: Tally) -> Iterator[None]:
    """Count the examples of a property while the block runs, and keep the last one that failed."""
    handle = getattr(test, "hypothesis", None)
    if handle is None:
        with tallying(tally):
            yield
        return
    inner = handle.inner_test

    @wraps(inner)
    def counting(*positional: Any, **arguments: Any) -> None:
        with tallying(tally, arguments):
            inner(*positional, **arguments)

    handle.inner_test = counting
    try:
        yield
    finally:
        handle.inner_test = inner


def _those(contract: Contract, holds: Callable[[Operation], bool]) -> tuple[Operation, ...]:
    return tuple(operation for operation in contract.operations.values() if holds(operation))


def _is_single(operation: Operation) -> bool:
    """Whether an operation reads one object, named by the end of its path."""
    return operation.method == "GET" and operation.pagination is None and operation.path.endswith("}")


def _is_continued(operation: Operation) -> bool:
    """Whether each page of a list names the place where the next one starts."""
    return operation.pagination is not None and "cursor" in operation.pagination.settings


def _is_resizable(operation: Operation) -> bool:
    """Whether the document settles that the pages of a list may have different sizes on one walk."""
    return _is_continued(operation) and settled(operation, "limit-may-change")


def _declares(contract: Contract, ending: str) -> bool:
    return any(known.id.endswith(ending) for known in contract.rules)


def _is_limited(contract: Contract, operation: Operation) -> bool:
    """Whether the document says how often an operation may be called, and does not only assume it."""
    limit = contract.rate_limit
    return limit is not None and isinstance(limit.quota, Quota) and operation.secured is True


def _is_filtered(operation: Operation) -> bool:
    if operation.pagination is None:
        return False
    paging = set(operation.pagination.settings.values())
    return any(p.location == "query" and p.name not in paging for p in operation.parameters)


def _adds_to(contract: Contract, listing: Operation) -> bool:
    """Whether items can be added to a list: by POST on its own path."""
    return listing.pagination is not None and any(
        known.method == "POST" and known.path == listing.path for known in contract.operations.values()
    )
