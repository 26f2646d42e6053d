"""What a person reads of a failure: sentences about the target, values as JSON, nothing of Python or its libraries."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis.errors import Flaky, Unsatisfiable

from understudy.apis import NAMES
from understudy_checks import check
from understudy_checks.examples.replay import replay
from understudy_checks.examples.script import calls
from understudy_checks.generic import test_pagination
from understudy_checks.modules import folders, modules
from understudy_checks.mutation import Mutant, mutants
from understudy_checks.rules import Outcome, checks, run
from understudy_checks.target import installed
from understudy_checks.target.mock import mock
from understudy_checks.wording import LONGEST, sentence, show

MARKS = re.compile(
    r"\b(True|False|None|assert|Falsifying|frozenset|dict_\w+|Traceback|datetime\.\w+|hypothesis|schemathesis|pytest)\b"
    r"|\w+Error\b|\bb'|<[\w.]* ?(object|function|GET|POST|PUT|PATCH|DELETE)\b|\{'|\['|\('[^']*',|x-mock",
)
"""What Python, its test libraries and our control API would leave in a text."""

JSON_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')
"""A text in JSON, which may be anything that a server says."""

SHELL_TEXT = re.compile("'[^']*'")
"""A text in a script, which may be anything that a check sends."""

KIT = Path(check.__file__).parent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ("it's", '"it\'s"'),
        ("Zoë", '"Zoë"'),
        (b"caf\xc3\xa9 \xff", '"café \\\\xff"'),
        (b'{"a":1}', '{"a": 1}'),
        ((1, None, 2.5), "[1, null, 2.5]"),
        ({"b", "a"}, '["a", "b"]'),
        ({"a": [False], ("task", "element"): 1}, '{"a": [false], "[\\"task\\", \\"element\\"]": 1}'),
        ({1: 2}.keys(), "[1]"),
        (datetime(2030, 1, 2, tzinfo=UTC), '"2030-01-02 00:00:00+00:00"'),
        ("x" * 500, '"' + "x" * (LONGEST - 1) + "..."),
    ],
)
def test_a_value_is_shown_as_json(value: object, text: str) -> None:
    """Also one that JSON has no notation for; a long one is cut."""
    assert show(value) == text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (AssertionError("three is too many"), "three is too many"),
        (AssertionError(), "a check of the kit failed without a message"),
        (KeyError("data"), 'a response lacks the member: "data"'),
        (TypeError(), "a response has a value of another kind than expected"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "odd"), 'a response cannot be read: "utf-8", "", 0, 1, "odd"'),
        (OSError("gone"), 'a response is unexpected: "gone"'),
        (
            Flaky("Hypothesis says"),
            "the target answers the same requests in different ways: what failed once did not fail again",
        ),
        (Unsatisfiable("Hypothesis says"), "no input could be found for this check"),
    ],
)
def test_an_error_is_a_sentence_about_the_target(error: Exception, text: str) -> None:
    """No name of a class."""
    assert sentence(error) == text


@pytest.mark.parametrize(
    ("seen", "message"),
    [
        (["a", "c"], 'item 2 of a walk is "c" and not "b": an item is left out, added or in another place'),
        (["a"], 'item 2 of a walk is null and not "b": an item is left out, added or in another place'),
        (["a", "b", "a"], 'the pages of a walk have the items ["a"] more than once'),
    ],
)
def test_a_walk_that_differs_is_told_by_its_first_item(seen: list[str], message: str) -> None:
    """Lists of a hundred ids say nothing to a person."""
    with pytest.raises(AssertionError, match=re.escape(message)):
        test_pagination._assert_walk(seen, ["a", "b", "c"] if "c" in seen else ["a", "b"], whole=True)


def checks_and_drivers() -> Iterator[tuple[Path, ast.Assert]]:
    """The assertions of checks and of what they share."""
    files = {Path(module.__file__ or "") for folder in folders() for module in modules(folder)}
    for file in sorted(files | set(KIT.glob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assert):
                yield file, node


def test_every_assertion_has_a_message_without_python_notation() -> None:
    """A value in it is shown as JSON, so no `!r` stands there."""
    found = list(checks_and_drivers())
    silent = [f"{file.name}:{node.lineno}" for file, node in found if node.msg is None]
    python = [
        f"{file.name}:{part.lineno}"
        for file, node in found
        for part in ast.walk(node.msg or node)
        if isinstance(part, ast.FormattedValue) and part.conversion == ord("r")
    ]
    assert len(found) > 700
    assert (silent, python) == ([], [])


def sampled(mutant: Mutant) -> bool:
    """Whether a mutant is tried each time: one in a hundred."""
    return sum(mutant.name.encode()) % 100 == 7


ALL = [mutant for api in NAMES for mutant in mutants(api)]


@pytest.mark.parametrize(
    "mutant",
    [pytest.param(m, marks=[] if sampled(m) else [pytest.mark.deep(one_in=10)], id=f"{m.api}-{m.name}") for m in ALL],
)
def test_what_is_said_of_a_broken_server_has_nothing_of_python(mutant: Mutant) -> None:
    """Neither the sentence nor the script of the first failure, nor the reason of a check that could not be made."""
    target = mock(mutant.breaks(installed.declared(mutant.api)))
    known = [made for made in checks() if any(map(made.covers, mutant.rules))]
    for outcome in (outcome for made in known for outcome in run(made, target, profile="quick")):
        assert outcome.error is None or [found[0] for found in MARKS.finditer(said(outcome))] == [], said(outcome)
        if outcome.result == "failed":
            return
    raise AssertionError("no check has failed")


def said(outcome: Outcome) -> str:
    """What a report says of an outcome, less what pytest adds to an assertion, what a script is made of, and data."""
    lines = [SHELL_TEXT.sub("''", line) for line in calls(replay(outcome.story)) if "python3 -c" not in line]
    text = "\n".join((sentence(outcome.error or Exception()).partition("\nassert ")[0], *lines))
    return JSON_TEXT.sub('""', text)
