"""The form in which answers show records, where that is not the stored one: a function of a user's table SERVED.

Must not know operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from understudy.engine.call import Call
from understudy.engine.store import Record
from understudy.resources.records import Form

Function = Callable[[Call, Record], Any]


def form_of(function: Function, name: str, hidden: frozenset[str]) -> Form:
    """The form that a function of a call and a record makes, without members that are kept and not shown.

    `name` is that of the resource. The form raises TypeError where the function returns no object.
    """

    def form(call: Call) -> Callable[[Record], Record]:
        def shown(record: Record) -> Record:
            result = function(call, record)
            if not isinstance(result, Mapping):
                raise TypeError(f"what is shown of a record of {name} is an object, not {type(result).__name__}")
            return {member: value for member, value in result.items() if member not in hidden}

        return shown

    return form
