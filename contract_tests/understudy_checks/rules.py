"""The mapping of tests to rules: the decorator `@rule`, and checks as values that can be listed and run.

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
from functools import cache, partial, wraps
from types import MappingProxyType, ModuleType
from typing import Any, Literal, TypeVar

from hypothesis.errors import Flaky, Unsatisfiable, UnsatisfiedAssumption

from understudy.document.contract import Contract
from understudy.document.model import Quota
from understudy.document.operation import Operation
from understudy.document.paths import is_item
from understudy.resources.rules import is_declared, stated_of
from understudy_checks import profiles
from understudy_checks.budget import BudgetSpent
from understudy_checks.client import Capability, NoResponse, Skipped
from understudy_checks.discovery import required_members, takes_json
from understudy_checks.examples.recording import RecordedTarget
from understudy_checks.examples.story import Story
from understudy_checks.findings import Finding, Met
from understudy_checks.modules import folders, modules
from understudy_checks.pagination import is_documented
from understudy_checks.target import installed
from understudy_checks.target.target import Target, require

Result = Literal["passed", "failed", "not checked"]
Test = TypeVar("Test", bound=Callable[..., None])
Arguments = Mapping[str, Any]

DECLARED = {
    "answers": "answering",
    "required": "requiring",
    "constraints": "constrained",
    "parameters": "parametrized",
    "credentials": "protected",
    "unknown-ids": "addressed",
    "created": "creating",
    "ids": "creating",
    "listed": "listed",
    "updated": "updating",
    "deleted": "deleting",
    "refused": "refusing",
    "pages": "paged",
    "limits": "bounded",
    "filters": "sifted",
}
"""The argument for the operations that have a rule of each kind, in a document that states no rules itself."""


def _with_declared_rule(contract: Contract, kind: str) -> tuple[Operation, ...]:
    """The operations under which a rule of a kind stands that follows from the document's declarations."""
    beginning = f"{contract.name}.{kind}."
    if not is_declared(contract):
        return ()
    return _operations_where(contract, lambda one: any(id.startswith(beginning) for id in stated_of(contract, one)))


SUBJECTS: Mapping[str, Callable[[Contract], Sequence[Operation]]] = {
    "operation": lambda contract: _operations_where(contract, lambda operation: True),
    "listing": lambda contract: _operations_where(contract, lambda operation: operation.pagination is not None),
    "continued": lambda contract: _operations_where(contract, lambda operation: _is_continued(operation)),
    "resizable": lambda contract: _operations_where(contract, _is_resizable),
    "growing": lambda contract: _operations_where(contract, lambda operation: _adds_to(contract, operation)),
    "filtered": lambda contract: _operations_where(contract, _is_filtered),
    "matched": lambda contract: (
        _operations_where(contract, _is_filtered) if _declares(contract, ".filters-are-kept") else ()
    ),
    "secured": lambda contract: _operations_where(contract, lambda operation: operation.secured is True),
    "limited": lambda contract: _operations_where(contract, lambda operation: _is_limited(contract, operation)),
    "reading": lambda contract: _operations_where(contract, lambda operation: operation.method == "GET"),
    "single": lambda contract: _operations_where(contract, _is_single),
    "demanding": lambda contract: _operations_where(
        contract, lambda operation: bool(required_members(contract, operation))
    ),
    "writing": lambda contract: _operations_where(contract, takes_json),
    **{subject: partial(_with_declared_rule, kind=kind) for kind, subject in DECLARED.items()},
}
"""The operations that a test with an argument of this name is repeated for."""


@dataclass(frozen=True, slots=True)
class Check:
    """A test function, the rules (ids or patterns) that it checks, and the capabilities that it needs."""

    function: Callable[..., None]
    rules: tuple[str, ...]
    needs: tuple[Capability, ...]

    @property
    def name(self) -> str:
        """Folder, module and function: `generic.test_pagination.test_default_limit`."""
        return f"{'.'.join(self.function.__module__.split('.')[-2:])}.{self.function.__name__}"

    @property
    def follows_profile(self) -> bool:
        """Whether a profile decides how many examples there are: a property, or a test that reads its settings."""
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        return hasattr(self.function, "hypothesis") or "settings" in getattr(code, "co_names", ())

    def covers(self, rule_id: str) -> bool:
        """Whether the check covers this rule."""
        return any(fnmatchcase(rule_id, pattern) for pattern in self.rules)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one run of a check. `error` is why it failed or could not be checked."""

    check: Check
    arguments: Arguments
    result: Result
    error: Exception | None = None
    examples: int = 1
    """The number of examples that passed."""
    example: Arguments = field(default_factory=dict)
    """The arguments of the failing example, shrunk as far as the profile allows."""
    story: Story = ()
    """What the failing example did; of a check that passed, its shortest example if it was asked for."""


def rule(*rules: str, needs: Sequence[Capability] = ()) -> Callable[[Test], Test]:
    """Declare that a test checks these rules, ids or patterns; put it above `@given`.

    `needs` names capabilities. On a target without one of them the test is reported as not checked.
    """

    def declare(function: Test) -> Test:
        function.check = Check(function, rules, tuple(needs))  # type: ignore[attr-defined]
        return function

    return declare


def check_of(function: object) -> Check | None:
    """The Check of a test with `@rule`, or None for any other function."""
    found = getattr(function, "check", None)
    return found if isinstance(found, Check) else None


def checks() -> tuple[Check, ...]:
    """All checks of the kit, in the order of folders, files and lines, and those of folders that were installed."""
    own = installed.parts("checks").values()
    return (*_kit_checks(), *(check for module in own for check in _checks_in(module)))


@cache
def _kit_checks() -> tuple[Check, ...]:
    tests = (module for folder in folders() for module in modules(folder) if ".test_" in module.__name__)
    return tuple(check for module in tests for check in _checks_in(module))


def _checks_in(module: ModuleType) -> Iterator[Check]:
    return (check for value in vars(module).values() if (check := check_of(value)))


@cache
def checks_for(rule_id: str) -> tuple[Check, ...]:
    """The checks of one rule."""
    return tuple(check for check in checks() if check.covers(rule_id))


@cache
def expand(check: Check, contract: Contract) -> Sequence[Arguments]:
    """The arguments, without `target`, of each run of a check on one API. Empty when it checks none of its rules."""
    if not any(check.covers(known.id) for known in contract.rules):
        return []
    names = [name for name in inspect.signature(check.function).parameters if name in SUBJECTS]
    rows = itertools.product(*(SUBJECTS[name](contract) for name in names))
    return [dict(zip(names, row, strict=True)) for row in rows]


def run(check: Check, target: Target, *, profile: str = "gate") -> Iterator[Outcome]:
    """Run a check by plain function calls, once for each of its arguments, in the given profile."""
    return (attempt(check, target, arguments, profile=profile) for arguments in expand(check, target.contract))


def attempt(
    check: Check, target: Target, arguments: Arguments, *, profile: str = "gate", keep_passing: bool = False
) -> Outcome:
    """Run a check by a plain function call with these arguments. `keep_passing` keeps its shortest passing example.

    When the budget ends early, a property passes with the examples it had. A flaky failure counts as failed.
    """
    recorded = RecordedTarget(target)
    tally = Tally(recorded, keep_passing)
    tally.begin()

    def outcome(result: Result, error: Exception | None = None) -> Outcome:
        story = tally.failing if result == "failed" else tally.passing if result == "passed" else ()
        return Outcome(check, arguments, result, error, tally.examples, tally.example, story)

    try:
        require(target, check.needs)
        with profiles.profile(profile, check.function), count_examples(check.function, tally):
            check.function(target=recorded, **arguments)
    except (BudgetSpent, Flaky) as error:
        if tally.failure is not None or tally.spent is None:
            return outcome("failed", tally.failure or error)
        return outcome("passed") if tally.examples else outcome("not checked", tally.spent)
    except NoResponse as error:
        return outcome("failed", tally.failure) if tally.failure else outcome("not checked", error)
    except Skipped as reason:
        return outcome("passed") if tally.met and tally.examples else outcome("not checked", reason)
    except (Met, Unsatisfiable) as error:  # hypothesis found no example that could go on
        return outcome("not checked", Skipped(tally.met.met)) if tally.met else outcome("failed", error)
    except Exception as error:
        return outcome("failed", error)
    if tally.met and not tally.examples:
        return outcome("not checked", Skipped(tally.met.met))
    return outcome("passed")


@dataclass(slots=True)
class Tally:
    """Counts the examples of a property and keeps its last failure, with what that example did."""

    recorded: RecordedTarget
    keep_passing: bool = False
    examples: int = 0
    failure: Exception | None = None
    spent: BudgetSpent | None = None
    met: Finding | None = None
    """The latest failure of another rule that ended an example."""
    example: Arguments = field(default_factory=dict)
    failing: Story = ()
    passing: Story = ()
    """The shortest of the passing examples, if they are kept."""

    def begin(self) -> None:
        """Wait for effects as long as asked for, until the property fails."""
        if self.recorded.patience is not None:
            self.recorded.patience.is_shrinking = False

    def fail(self, error: Exception, arguments: Arguments) -> None:
        """Keep a failing example; hypothesis looks for shorter ones from now on."""
        self.failure, self.example, self.failing = error, arguments, self.recorded.story()
        if self.recorded.patience is not None:
            self.recorded.patience.is_shrinking = True

    def succeed(self) -> None:
        """Count an example that passed."""
        self.examples += 1
        if self.keep_passing and (story := self.recorded.story()):
            self.passing = min(filter(None, (self.passing, story)), key=len)


@contextmanager
def count_example(tally: Tally, arguments: Arguments = MappingProxyType({})) -> Iterator[None]:
    """Run one example in the block and add its outcome to the tally."""
    tally.recorded.forget()
    try:
        yield
    except BudgetSpent as reason:
        tally.spent = reason
        raise
    except Met as met:
        tally.met = met.finding
        raise
    except (Skipped, UnsatisfiedAssumption):
        raise
    except Exception as error:
        tally.fail(error, arguments)
        raise
    tally.succeed()


@contextmanager
def count_examples(test: Callable[..., None], tally: Tally) -> Iterator[None]:
    """Count the examples of a property in the block and keep the last failing one."""
    handle = getattr(test, "hypothesis", None)
    if handle is None:
        with count_example(tally):
            yield
        return
    inner = handle.inner_test

    @wraps(inner)
    def counting(*positional: Any, **arguments: Any) -> None:
        with count_example(tally, arguments):
            inner(*positional, **arguments)

    handle.inner_test = counting
    try:
        yield
    finally:
        handle.inner_test = inner


def _operations_where(contract: Contract, holds: Callable[[Operation], bool]) -> tuple[Operation, ...]:
    return tuple(operation for operation in contract.operations.values() if holds(operation))


def _is_single(operation: Operation) -> bool:
    """Whether an operation reads one object whose id ends its path."""
    return operation.method == "GET" and operation.pagination is None and is_item(operation.path)


def _is_continued(operation: Operation) -> bool:
    """Whether the pages of a list have cursors."""
    return operation.pagination is not None and "cursor" in operation.pagination.settings


def _is_resizable(operation: Operation) -> bool:
    """Whether the document says that pages of one walk may have different sizes."""
    return _is_continued(operation) and is_documented(operation, "limit-may-change")


def _declares(contract: Contract, ending: str) -> bool:
    return any(known.id.endswith(ending) for known in contract.rules)


def _is_limited(contract: Contract, operation: Operation) -> bool:
    """Whether the document states, rather than assumes, a rate limit for an operation."""
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
