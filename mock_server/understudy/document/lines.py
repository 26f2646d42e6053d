"""Lines of values in a YAML or JSON text, found by JSON pointer."""

from __future__ import annotations

from functools import cached_property
from typing import Any


class Lines:
    """The lines of one text, which is parsed when the first line is asked for."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def of(self, pointer: str) -> int:
        """The line of the value at a JSON pointer, or of its nearest parent that is there; 1 where none is."""
        node, line = self._root, 1
        for part in pointer.split("/")[1:]:
            node = node and _child(node, part.replace("~1", "/").replace("~0", "~"))
            line = node.start_mark.line + 1 if node else line
        return line

    @cached_property
    def _root(self) -> Any:
        import yaml

        try:
            return yaml.compose(self._content, Loader=yaml.CSafeLoader)
        except yaml.YAMLError:  # JSON that YAML refuses, such as one with tabs
            return None


def _child(node: Any, part: str) -> Any:
    if isinstance(node.value, str):
        return None
    if node.id == "sequence":
        return node.value[int(part)] if part.isdigit() and int(part) < len(node.value) else None
    return next((value for name, value in node.value if getattr(name, "value", None) == part), None)
