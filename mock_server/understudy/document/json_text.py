"""JSON texts, which YAML's parser would refuse for a tab: the same limits and no repeated keys.

Must not know what a text means.
"""

from __future__ import annotations

import json
from typing import Any

from understudy.document.yaml_limits import MOST_DEEP

NO_JSON = object()
"""What `load` returns for a text that is no JSON: it may be YAML."""


class Refused(ValueError):
    """A JSON text over a limit."""


def load(content: bytes) -> Any:
    """The value of a JSON text, or NO_JSON; raises Refused for repeated keys and deep nesting."""
    try:
        value = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_members)
    except Refused:
        raise
    except RecursionError:
        raise Refused(f"it nests more than {MOST_DEEP} deep") from None
    except ValueError:
        return NO_JSON
    _check_depth(value)
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        repeated = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Refused(f"{repeated[:80]!r} is there twice in the same object")
    return members


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MOST_DEEP + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise Refused(f"it nests more than {MOST_DEEP} deep")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
