"""The fault step: answers that a user asked for in advance (a 503, a 429 with Retry-After), some times or always.

Must not know why: whoever tests a client does.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mock_server.api import Call, Refusal
from mock_server.exchange import Headers, Response
from mock_server.store import encode


class Fault(msgspec.Struct):
    """One fault: what it is for (None: everything), what it answers, and how often still (None: always)."""

    id: str
    api: str | None
    operation: str | None
    status: int
    headers: Headers
    body: Any
    times: int | None

    def concerns(self, call: Call) -> bool:
        """Whether this fault is for the call."""
        return self.api in (None, call.api.name) and self.operation in (None, call.operation.id)


def inject(call: Call) -> Response | None:
    """The answer of the first fault that concerns the call; a fault that is used up is removed."""
    faults = call.world.faults
    if not faults or call.api.name == "control":
        return None
    fault = next((fault for fault in faults if fault.concerns(call)), None)
    if fault is None:
        return None
    call.step = "fault"
    if fault.times is not None:
        fault.times -= 1
        if fault.times == 0:
            faults.remove(fault)
    if fault.status in (204, 304):  # RFC 9110, 6.4.1: without content
        return Response(fault.status, fault.headers)
    body = fault.body if fault.body is not None else _default_body(call, fault.status)
    own_type = any(name == b"content-type" for name, _ in fault.headers)
    headers = fault.headers if own_type else ((b"content-type", b"application/json"), *fault.headers)
    return Response(fault.status, headers, encode(body))


def _default_body(call: Call, status: int) -> Any:
    """The API's own error shape, with the code that it documents for the status."""
    kinds = call.api.contract.errors.values()
    code = next((call.value(kind.code) for kind in kinds if kind.status == status), f"injected_{status}")
    return call.api.error_body(call, Refusal(status, code, "Injected fault", {}))
