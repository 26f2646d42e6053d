"""Mutants of the export of a Tallyfy process."""

from __future__ import annotations

from understudy.engine.call import Call, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import accept_when, set_members, set_record


def _nothing(call: Call) -> Reply:
    return Reply(encode({"data": next(iter(call.store["runs"]))}))


MUTANTS: Table = {
    "export.process": {
        "An export shows another name.": set_members("exportRun", name="Export"),
        "An export stars the process.": set_record("exportRun", "runs", starred=True),
    },
    "export.unknown-run": {
        "An unknown process is exported as another one.": accept_when("exportRun", "not-found", _nothing)
    },
}
