"""What the body of a response shows: whether it can be read, and the id of its object. Must not know any API."""

from __future__ import annotations

from understudy.document.operation import Operation
from understudy.engine.exchange import Response


def is_readable(operation: Operation, response: Response) -> bool:
    """Whether a success has JSON where the operation documents any."""
    try:
        response.json()
    except ValueError:
        return all(known.body is None for name, known in operation.responses.items() if name.startswith("2"))
    return True


def response_ids(response: Response) -> list[str]:
    """The id of the object in a response body or its `data`, as a list of one. Empty without JSON or without an id."""
    try:
        body = response.json()
    except ValueError:  # conformance checks report a body that is not JSON
        return []
    item = body.get("data", body) if isinstance(body, dict) else None
    return [str(item["id"])] if isinstance(item, dict) and "id" in item else []
