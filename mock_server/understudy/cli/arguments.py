"""Types of command-line arguments: functions from the text of an argument to its value.

They raise UsageError with flag, value and valid range, because argparse would speak of Python's types instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from understudy.cli.exits import UsageError

if TYPE_CHECKING:
    from understudy.apis.own import Own, Understood
    from understudy.engine.api import Api

_MOST_LINES = 20  # of what is not understood
_DOCUMENT = (".yaml", ".yml", ".json")
Flags = Mapping[str, tuple[str, ...]]
"""The values of a document's flags, by flag; of all but `--overlay` there is one."""


def whole_number(flag: str, least: int, most: int, *, remedy: str = "") -> Callable[[str], int]:
    """The type of a whole number in decimal digits; `remedy` ends its error message."""
    highest = f"{most:,}" if most > 99_999 else str(most)

    def read(text: str) -> int:
        number = int(text) if re.fullmatch("-?[0-9]{1,18}", text, re.ASCII) else None
        if number is None or not least <= number <= most:
            raise UsageError(f"{flag} {quoted(text)} is not a whole number from {least} to {highest}{remedy}")
        return number

    return read


rate_limit = whole_number("--rate-limit", 1, 10**9, remedy="; --no-rate-limit switches it off")
"""The type of a number of requests."""


def seconds(flag: str, limit: int, *, other: str = "", unit: str = "seconds") -> Callable[[str], float]:
    """The type of a number of a unit between 0 and `limit`, both excluded; the message names an `other` word."""
    neither = f"neither {other} nor" if other else "not"

    def read(text: str) -> float:
        try:
            number = math.nan if "_" in text else float(text)
        except ValueError:
            number = math.nan
        if not 0 < number < limit:
            raise UsageError(f"{flag} {quoted(text)} is {neither} a number of {unit} between 0 and {limit:,}")
        return number

    return read


def shard(text: str) -> tuple[int, int]:
    """The type of a part of equal parts, as `1/4`. Raises UsageError."""
    found = re.fullmatch("([0-9]{1,4})/([0-9]{1,4})", text, re.ASCII)
    number, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= count:
        raise UsageError(f"--shard {quoted(text)} is not K/N with K from 1 to N, as 1/4 is")
    return number, count


def file_path(flag: str) -> Callable[[str], Path]:
    """The type of a path, which `Path` alone would take for the current folder when it is empty."""

    def read(text: str) -> Path:
        if not text:
            raise UsageError(f"{flag}: the path is empty")
        return Path(text)

    return read


def check_api(text: str) -> None:
    """Raises UsageError for what is neither a built-in API, nor a document of the user, nor an API of a package."""
    from understudy.apis import NAMES
    from understudy.messages import suggest

    if text in NAMES or is_document(text):
        return
    from understudy.apis import packages

    known = tuple(dict.fromkeys((*NAMES, *packages.names())))
    if text not in known:
        listed = f"known: {', '.join(known)}, or the path of a document"
        raise UsageError(f"unknown API {text or '(empty)'}{suggest(text, known)}; {listed}")


def is_document(text: str) -> bool:
    """Whether an argument is the path of a document, or NAME=FILE, and no name of an API."""
    lower = text.lower()
    return "/" in text or "=" in text or lower.endswith(_DOCUMENT) or (bool(text) and Path(text).exists())


def document(text: str, flags: Flags | None = None) -> Own:
    """The document of FILE, NAME=FILE or NAME=FILE@/prefix; FILE may be a folder. `flags` are those behind it.

    Raises UsageError for a name or prefix that cannot be, and for a folder without a document.
    """
    from dataclasses import replace

    from understudy.document.read import Unreadable

    try:
        own, given = _document(text), flags or {}
    except Unreadable as error:
        raise UsageError(str(error)) from error
    overlays = (*own.overlays, *map(Path, given.get("--overlay", ())))
    seed, handlers = (given[flag][0] if flag in given else None for flag in ("--seed-file", "--handlers"))
    return replace(own, overlays=overlays, seed=Path(seed) if seed else own.seed, handlers=handlers or own.handlers)


def _document(text: str) -> Own:
    from understudy.apis.own import given, name_for

    name, equals, rest = text.partition("=")
    if not equals or Path(text).exists() or "/" in name:
        return _free(given(Path(text), name_for(Path(text))), text)
    file, moved, prefix = (rest, "", "") if Path(rest).exists() else rest.rpartition("@/")
    if not moved:
        file, prefix = rest, ""
    if not re.fullmatch("[a-z][a-z0-9-]*", name):
        raise UsageError(f"{quoted(text)}: {quoted(name)} is no name; it takes a-z, 0-9 and -, such as petstore")
    if not re.fullmatch("[A-Za-z0-9._~/-]*", prefix):
        raise UsageError(f"{quoted(text)}: {quoted('/' + prefix)} is no prefix; it takes letters, digits and /._~-")
    return _free(given(Path(file), name, f"/{prefix}".rstrip("/") if moved else None), text)


def _free(own: Own, text: str) -> Own:
    from understudy.apis import NAMES

    if own.name in (*NAMES, "control"):
        remedy = f"name the document with my-{own.name}={own.file}"
        raise UsageError(f"{quoted(text)}: {own.name} is the name of a built-in API; {remedy}")
    return own


def declared(
    texts: Sequence[str],
    *,
    strict: bool = False,
    report: Callable[[str], None] = lambda line: None,
    flags: Mapping[str, Flags] | None = None,
) -> list[Api]:
    """The APIs of these names and documents, each once, or all that are built in.

    `report` gets a line for what is not understood in a document; with `strict` that raises UsageError, as does a
    document that cannot be served. `flags` are those of a document, by its text.
    """
    from understudy.apis import NAMES, declare
    from understudy.document.compile import ContractError

    try:
        apis = [
            declare(text) if text in NAMES else _other(text, (flags or {}).get(text), strict=strict, report=report)
            for text in dict.fromkeys(texts or NAMES)
        ]
    except ContractError as error:
        raise UsageError(str(error)) from error
    seen: set[str] = set()
    for api, text in zip(apis, dict.fromkeys(texts or NAMES), strict=True):
        if api.name in seen:
            raise UsageError(f"{quoted(text)}: there is another API {api.name}; name this one with NAME={text}")
        seen.add(api.name)
    return apis


def _other(text: str, flags: Flags | None, *, strict: bool, report: Callable[[str], None]) -> Api:
    """The API of a document, or of a package. Raises UsageError."""
    from understudy.apis.own import Own

    found = packaged(text) if not is_document(text) else document(text, flags)
    return own_api(found, strict=strict, report=report) if isinstance(found, Own) else found


def packaged(name: str) -> Api | Own:
    """What a package declares under a name. Raises UsageError."""
    from understudy.apis.packages import BadPackage, find
    from understudy.document.read import Unreadable

    try:
        return find(name)
    except (BadPackage, Unreadable) as error:
        raise UsageError(str(error)) from error


@contextmanager
def own_errors() -> Iterator[None]:
    """Turn what is wrong with a user's document into UsageError."""
    from understudy.apis.handlers import BadHandlers
    from understudy.document.compile import ContractError
    from understudy.document.normal import UnsupportedDocument
    from understudy.document.read import Unreadable

    try:
        yield
    except (Unreadable, UnsupportedDocument, BadHandlers, ContractError) as error:
        raise UsageError(str(error)) from error


def understood(own: Own) -> Understood:
    """What a user's document means. Raises UsageError, also where nothing of it can be served."""
    from understudy.apis.own import understand
    from understudy.document.notice import lines

    with own_errors():
        found = understand(own)
    if not found.api.contract.operations:
        first = "".join(f"; {line}" for line in lines(found.notices, 1)[:1])
        raise UsageError(f"{own.file} has no operation that can be served{first}")
    return found


def own_api(own: Own, *, strict: bool, report: Callable[[str], None]) -> Api:
    """The API of a user's document. Raises UsageError."""
    from understudy.document.notice import lines

    api, notices, *_ = understood(own)
    for line in [*lines(notices, _MOST_LINES), *(own.folder.remarks if own.folder else ())]:
        report(line)
    if strict and notices:
        text = f"in {len(notices)} places something is wrong or not understood; `understudy lint {own.file}` lists them"
        raise UsageError(f"--strict: {own.file}: {text}")
    return api


def quoted(text: str) -> str:
    """An argument as a message shows it: in quotes, and cut, unless it is a short ASCII word."""
    from understudy.messages import shorten

    return text if re.fullmatch("[!-~]{1,80}", text) else shorten(text)
