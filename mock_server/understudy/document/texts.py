"""Texts that match a pattern or have a format, made from a number: the same number gives the same text.

Python parses the pattern; where its dialect differs from ECMA's, the caller's check of the result decides.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

_parser: Any = vars(re)["_parser"]  # the one parser of patterns that there is
_PROPERTIES = {
    "L": "A-Za-z", "Letter": "A-Za-z", "Lu": "A-Z", "Ll": "a-z", "N": "0-9", "Nd": "0-9", "P": "._-", "S": "+=",
    "Z": " ", "Zs": " ", "M": "",
}  # fmt: skip
_ALPHABET = string.ascii_letters + string.digits + "-_. ~!@#$%&*()+=/:;,?"
_PERIOD = 64  # characters after which a text repeats itself
_LONGEST = 4_096  # characters of a text that is made


class Numbers:
    """A stream of numbers that follows from a text."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def below(self, bound: int) -> int:
        """The next number from 0 up to, but not including, `bound`."""
        self._count += 1
        digest = blake2b(f"{self._seed}/{self._count}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) % max(1, bound)

    def text(self, length: int, alphabet: str = string.ascii_lowercase + string.digits) -> str:
        """A text of this length; a long one repeats itself."""
        part = "".join(alphabet[self.below(len(alphabet))] for _ in range(min(length, _PERIOD)))
        return part if length <= _PERIOD else (part * (length // _PERIOD + 1))[:length]


def matching(pattern: str, numbers: Numbers, *, least: int = 0, most: int | None = None) -> str | None:
    """A text that a pattern is likely to match, of a length from `least` to `most`; None for an unknown construct."""
    try:
        tree = _parser.parse(_as_python(pattern))
    except (re.error, OverflowError, RecursionError):
        return None
    text = ""
    for extra in sorted({0, 1, 2, 4, 8, 16, 32, least}):
        written = _Writer(numbers, extra).write(tree)
        if written is None or (most is not None and len(written) > most):
            return text or written
        text = written
        if len(text) >= least:
            break
    anchored = pattern.endswith("$") and not pattern.endswith(r"\$")
    return text if len(text) >= least or anchored else text + "a" * (least - len(text))


def _as_python(pattern: str) -> str:
    """An ECMA pattern as Python reads it: without its Unicode properties and its escaped slashes."""

    def ranges(match: re.Match[str]) -> str:
        inside = _PROPERTIES.get(match[1].partition("=")[2] or match[1], "A-Za-z")
        opened = match.string[: match.start()].count("[") > match.string[: match.start()].count("]")
        return inside if opened else f"[{inside}]"

    pattern = re.sub(r"\\p\{([^}]*)\}", ranges, pattern)
    return re.sub(r"\(\?<(?![=!])", "(?P<", pattern.replace(r"\/", "/"))


class _Writer:
    """Writes a text for a parsed pattern; repeats are `extra` longer than they must be."""

    def __init__(self, numbers: Numbers, extra: int) -> None:
        self._numbers = numbers
        self._extra = extra
        self._groups: dict[int, str] = {}
        self._length = 0
        self._writers: dict[str, Callable[[Any], str | None]] = {
            "LITERAL": chr,
            "NOT_LITERAL": lambda code: self._other([("LITERAL", code)]),
            "ANY": lambda _: "a",
            "IN": self._in,
            "BRANCH": lambda branch: self.write(branch[1][self._numbers.below(len(branch[1]))]),
            "SUBPATTERN": self._group,
            "ATOMIC_GROUP": self.write,
            "GROUPREF": lambda number: self._groups.get(number, ""),
            "MAX_REPEAT": self._repeat,
            "MIN_REPEAT": self._repeat,
            "POSSESSIVE_REPEAT": self._repeat,
            "AT": lambda _: "",
            "ASSERT": lambda _: "",
            "ASSERT_NOT": lambda _: "",
        }

    def write(self, tree: Any) -> str | None:
        """A text for a part of the pattern; None for a construct that is unknown, or a text that is too long."""
        parts = []
        for operator, argument in tree:
            writer = self._writers.get(str(operator))
            part = None if writer is None else writer(argument)
            if part is None:
                return None
            parts.append(part)
        return "".join(parts)

    def _group(self, group: Any) -> str | None:
        text = self.write(group[3])
        if group[0] is not None and text is not None:
            self._groups[group[0]] = text
        return text

    def _repeat(self, repeat: Any) -> str | None:
        least, most, tree = repeat
        count = min(int(most), least + self._extra)
        parts: list[str] = []
        for _ in range(count):
            part = self.write(tree)
            self._length += len(part or "")
            if part is None or self._length > _LONGEST:
                return None
            parts.append(part)
        return "".join(parts)

    def _in(self, items: Any) -> str | None:
        if items[0][0] is not None and str(items[0][0]) == "NEGATE":
            return self._other(items[1:])
        known = [code for item in items for code in _codes(item)]
        return chr(known[self._numbers.below(len(known))]) if known else None

    def _other(self, items: Any) -> str | None:
        """A character that is none of these."""
        excluded = {code for name, argument in items for code in _codes((name, argument))}
        allowed = [one for one in _ALPHABET if ord(one) not in excluded]
        return allowed[self._numbers.below(len(allowed))] if allowed else None


def _codes(item: Any) -> list[int]:
    """The characters of one item of a class; a few of a large one."""
    name, argument = str(item[0]), item[1]
    if name == "LITERAL":
        return [argument]
    if name == "RANGE":
        return list(range(argument[0], min(argument[1], argument[0] + 127) + 1))
    classes = {"CATEGORY_DIGIT": string.digits, "CATEGORY_WORD": string.ascii_letters + string.digits + "_",
               "CATEGORY_SPACE": " "}  # fmt: skip
    wanted = classes.get(str(argument).replace("NOT_", ""), "")
    if "NOT_" in str(argument):
        return [ord(one) for one in _ALPHABET if one not in wanted]
    return [ord(one) for one in wanted]


def formatted(format: str, numbers: Numbers) -> str | None:
    """A text of a format; None for one that is unknown here."""
    make = _FORMATS.get(format)
    return None if make is None else make(numbers)


def _date(numbers: Numbers) -> str:
    return f"2026-{numbers.below(12) + 1:02}-{numbers.below(28) + 1:02}"


def _time(numbers: Numbers) -> str:
    return f"{numbers.below(24):02}:{numbers.below(60):02}:{numbers.below(60):02}Z"


def _uuid(numbers: Numbers) -> str:
    digits = numbers.text(32, "0123456789abcdef")
    variant = "89ab"[numbers.below(4)]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


_FORMATS: dict[str, Callable[[Numbers], str]] = {
    "date-time": lambda numbers: f"{_date(numbers)}T{_time(numbers)}",
    "date": _date,
    "time": _time,
    "duration": lambda numbers: f"PT{numbers.below(59) + 1}M",
    "uuid": _uuid,
    "guid": _uuid,
    "email": lambda numbers: f"{numbers.text(6)}@example.com",
    "idn-email": lambda numbers: f"{numbers.text(6)}@example.com",
    "uri": lambda numbers: f"https://example.com/{numbers.text(6)}",
    "url": lambda numbers: f"https://example.com/{numbers.text(6)}",
    "iri": lambda numbers: f"https://example.com/{numbers.text(6)}",
    "uri-reference": lambda numbers: f"/{numbers.text(6)}",
    "iri-reference": lambda numbers: f"/{numbers.text(6)}",
    "uri-template": lambda numbers: f"/{numbers.text(6)}/{{id}}",
    "hostname": lambda numbers: f"{numbers.text(6)}.example.com",
    "idn-hostname": lambda numbers: f"{numbers.text(6)}.example.com",
    "ipv4": lambda numbers: f"192.0.2.{numbers.below(254) + 1}",
    "ipv6": lambda numbers: f"2001:db8::{numbers.below(65535) + 1:x}",
    "json-pointer": lambda numbers: f"/{numbers.text(6)}",
    "relative-json-pointer": lambda numbers: "1",
    "regex": lambda numbers: "^a+$",
    "byte": lambda numbers: numbers.text(8, string.ascii_letters),
    "decimal": lambda numbers: f"{numbers.below(1000)}.{numbers.below(100):02}",
}
