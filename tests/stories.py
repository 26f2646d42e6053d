"""Stories made by hand, for tests of how they are told."""

from __future__ import annotations

import json
from typing import Any

from understudy.engine.exchange import Response
from understudy_checks.examples.story import Call, Text, Variable

KEY: Text = ("Bearer ", Variable("API_KEY"))


def asked(
    method: str, path: str, answer: Any = None, *, status: int = 200, query: str = "", body: bytes = b"", **more: Any
) -> Call:
    """A call with the sample key; `answer` is the JSON of its response."""
    return Call(
        method=method,
        path=(path,),
        query=(query,) if query else (),
        headers=more.pop("headers", (("authorization", KEY),)),
        body=body,
        response=Response(status, (), json.dumps(answer).encode()),
        **{"operation": "listProcessRuns", **more},
    )
