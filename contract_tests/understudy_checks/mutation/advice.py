"""What a test would have to do to notice a generated mutant that a command cannot notice, in the words of a client.

Derived from the kind of the mutant and from the exchanges in which it shows.
"""

from __future__ import annotations

from collections.abc import Iterator

from understudy.document.contract import Contract
from understudy_checks.mutation.generated import Generated, Kind
from understudy_checks.mutation.marks import Mark

MAX_OPERATIONS = 2
"""The number of operations that are named."""

_TESTS: dict[Kind, str] = {
    "query": "sends {member} with {operations} and checks that the answer obeys it",
    "answer": "reads {member} in an answer of {operations}",
    "body": "sends {member} with {operations} and reads it back",
    "error": "provokes the error `{member}` and checks status and body",
    "tenant": "names an object of another tenant in {operations} and expects a refusal",
    "number": "sends {member} with {operations} at its documented bounds",
    "enum": "sends {member} with {operations} with each of its documented values",
}


def advice(contract: Contract, mutant: Generated) -> str:
    """A test that would notice a generated mutant, without its subject: `sends ... and reads it back`."""
    marks = sorted(mutant.marks)
    if marks[0][0] == "any":
        return "sends as many requests as the rate limit allows, and one more"
    if marks[0][0] == "refused":
        return _TESTS["error"].format(member=mutant.text.removeprefix("The error ").partition(" ")[0])
    if marks[0][0] == "error":
        return f"is refused and reads `{marks[0][1]}` of the body"
    operations = list(dict.fromkeys(_operations(contract, marks)))
    more = f" and {len(operations) - MAX_OPERATIONS} more" if len(operations) > MAX_OPERATIONS else ""
    named = ", ".join(operations[:MAX_OPERATIONS]) + more
    if mutant.kind == "number" and marks[0][0] == "call":
        return f"calls {named} with the defaults, and at the documented bounds"
    return _TESTS[mutant.kind].format(member=f"`{marks[0][-1]}`", operations=named)


def _operations(contract: Contract, marks: list[Mark]) -> Iterator[str]:
    for mark in marks:
        operation = contract.operations[mark[1]]
        yield f"`{operation.method} {operation.path}`"
