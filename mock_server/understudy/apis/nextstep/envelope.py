"""NextStep's envelope around one object (REST API > Response Format)."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.engine.store import decode, encode


def single(row: bytes, omitted: Sequence[str] = ()) -> bytes:
    """Wrap one encoded object, without the `omitted` members."""
    if omitted:
        row = encode({key: value for key, value in decode(row).items() if key not in omitted})
    return b'{"data":' + row + b"}"
