"""Whether the mock worded a text itself, in a refusal whose words the document leaves open.

Must not know what was recorded instead.
"""

from __future__ import annotations

import re
from typing import Any

from understudy.engine.exchange import Exchange
from understudy.recording.compare import Difference
from understudy.recording.picked import Picked


def is_own_wording(picked: Picked, difference: Difference, exchange: Exchange | None) -> bool:
    """Whether a difference is one of words only: the mock's text is its own message, or one that stands for any.

    So it is in refusals of users' documents, where the document has the status; the vendors' messages are documented.
    """
    if exchange is None or picked.api.refuse is None or picked.operation is None or exchange.reason is None:
        return False
    status = exchange.response.status
    if picked.operation.responses.keys().isdisjoint((str(status), f"{status // 100}XX", "default")):
        return False
    name, actual = difference.pointer.rpartition("/")[2], difference.actual
    is_text = isinstance(difference.expected, str) and isinstance(actual, str)
    return is_text and (actual == exchange.message or _stands_for_any(name, actual))


def _stands_for_any(name: str, text: Any) -> bool:
    """Whether a text was made for a member of which the schema says nothing but that it is a text."""
    return re.fullmatch(rf"{re.escape(name)}-[a-z0-9]+", text) is not None
