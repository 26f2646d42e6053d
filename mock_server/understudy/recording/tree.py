"""The items of a recording file as JSON values: bounded in size, without constructing what YAML tags name.

Of a truncated or damaged file the items that are whole are read. Must not know what an item holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from understudy.document import yaml_limits
from understudy.document.lines import Lines
from understudy.document.read import Unreadable, without_collections, yaml_fault

Json = Any
MOST_BYTES = 1 << 28
"""The largest file that is read."""

_LISTS = ("interactions", "http_interactions", "entries")
_JSON_LIST = re.compile(rf'"({"|".join(_LISTS)})"\s*:\s*\[')
_YAML_LIST = re.compile(rf"^({'|'.join(_LISTS[:2])}):[ \t]*(?:#.*)?\n", re.MULTILINE)
_YAML_ITEM = re.compile(r"(?:[ \t]*(?:#.*)?\n)*( *)- ")
_OBJECT = re.compile(r'\{(?=\s*")')
MOST_TRIED = 10_000
"""The most places behind a damage that are tried as the beginning of an exchange."""

_BETWEEN = re.compile(r"[\s,]*")
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


class NoRecording(Unreadable):
    """A file that holds no list of exchanges: it is something else."""


class Tagged(NamedTuple):
    """A YAML value with a tag that is not read."""

    tag: str


class Item(NamedTuple):
    """One item of a recording, and its number in the file, from 1."""

    number: int
    value: Json


class Tree(NamedTuple):
    """The items of a file; `member` is the name of the one that holds them, `head` what stands beside it.

    `problems` are the places that cannot be read, a line each.
    """

    member: str
    head: dict[str, Json]
    items: list[Item]
    problems: list[str]
    line: Callable[[int], int]  # of an item, by its number


def read_tree(path: Path) -> Tree:
    """The items of a recording; raises Unreadable for a file that is no recording, or too large."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise Unreadable(f"{path}: it is a folder; name a file")
        if size > MOST_BYTES:
            raise Unreadable(f"{path}: it has {size:,} bytes; at most {MOST_BYTES:,} are read")
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except ValueError as error:  # a zero byte in the name
        raise Unreadable(f"{str(path)!r}: {error}") from error
    return parse(content, str(path))


def parse(content: bytes, name: str) -> Tree:
    """The items of the text of a recording; `name` stands for it in messages. Raises Unreadable."""
    text = _text(content, name)
    with without_collections():
        return _of_json(text, name) if text.lstrip()[:1] == "{" else _of_yaml(text, name)


def _text(content: bytes, name: str) -> str:
    encoding = next((encoding for bom, encoding in _BOMS if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable(f"{name}:{line}: it is no {encoding} text: {error.reason}, at byte {error.start}") from error
    return text.replace("\r\n", "\n")


def _of_json(text: str, name: str) -> Tree:
    try:
        return _tree(json.loads(text), text, name)
    except RecursionError as error:
        raise Unreadable(f"{name}: it nests too deep") from error
    except json.JSONDecodeError as error:
        found = _JSON_LIST.search(text)
        if found is None:
            raise NoRecording(f"{name}:{error.lineno}: it is no JSON: {error.msg}") from error
        scan = _scan(text, found.end())
        damages = scan.damages or [(error.lineno, error.msg, len(scan.items))]
        problems = [
            f"{name}:{line}: it is cut off or damaged there: {told}; {_counted(before)} before"
            + (f", {len(scan.items) - before} behind" if len(scan.items) > before else "")
            for line, told, before in damages
        ]
        starts = scan.starts
        return Tree(found[1], {}, scan.items, problems, lambda number: text.count("\n", 0, starts[number - 1]) + 1)


class _Scan(NamedTuple):
    """The whole items of a damaged JSON list, where each of its items begins, and the damages.

    Of a damage: its line, what is wrong, and how many items before it are whole.
    """

    items: list[Item]
    starts: list[int]
    damages: list[tuple[int, str, int]]


def _scan(text: str, start: int) -> _Scan:
    """Read the items of a JSON list one by one; behind one that is damaged, go on with the next that is an exchange."""
    decoder, scan = json.JSONDecoder(), _Scan([], [], [])
    at: int | None = _next(text, start)
    while at is not None and text[at : at + 1] not in ("]", ""):
        scan.starts.append(at)
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            scan.damages.append((error.lineno, error.msg.removesuffix(" starting at"), len(scan.items)))
            at = _exchange_behind(decoder, text, at + 1)
        except RecursionError:
            scan.damages.append((text.count("\n", 0, at) + 1, "it nests too deep", len(scan.items)))
            at = _exchange_behind(decoder, text, at + 1)
        else:
            scan.items.append(Item(len(scan.starts), value))
            at = _next(text, end)
    return scan


def _exchange_behind(decoder: json.JSONDecoder, text: str, start: int) -> int | None:
    """Where the next object with a request and a response begins; None where none is found in a bounded search."""
    for found in islice(_OBJECT.finditer(text, start), MOST_TRIED):
        try:
            value, _ = decoder.raw_decode(text, found.start())
        except (json.JSONDecodeError, RecursionError):
            continue
        if "request" in value and "response" in value:
            return found.start()
    return None


def _next(text: str, start: int) -> int:
    """Where the next item of a JSON list begins."""
    found = _BETWEEN.match(text, start)
    return found.end() if found else start


def _of_yaml(text: str, name: str) -> Tree:
    import yaml

    try:
        yaml_limits.check(text.encode())
        return _tree(_load(text), text, name)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        tree = _by_chunk(text, name)
        if tree is None:
            line, told = yaml_fault(error, text.encode())
            raise NoRecording(f"{name}{line and f':{line}'}: {told}") from error
        return tree


def _by_chunk(text: str, name: str) -> Tree | None:
    """The items of a damaged YAML text, each parsed by itself; None where no list of items is found."""
    list_start = _YAML_LIST.search(text)
    first = None if list_start is None else _YAML_ITEM.match(text, list_start.end())
    if list_start is None or first is None:
        return None
    pattern = re.compile(rf"^{first[1]}- ", re.MULTILINE)
    starts = [one.start() for one in pattern.finditer(text, list_start.end())]
    items, problems = [], []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), 1):
        chunk = re.sub(r"(?ms)^[A-Za-z_].*\Z", "", text[start:end])  # members of the file behind the list
        try:
            yaml_limits.check(chunk.encode())
            items.append(Item(number, _load(chunk)[0]))
        except Exception as error:  # whatever PyYAML raises on a damaged text
            at, told = yaml_fault(error, chunk.encode())
            line = text.count("\n", 0, start) + (at if isinstance(at, int) else 1)
            problems.append(f"{name}:{line}: interaction {number} cannot be read: {told}")
    return Tree(list_start[1], {}, items, problems, lambda number: text.count("\n", 0, starts[number - 1]) + 1)


def _tree(value: Json, text: str, name: str) -> Tree:
    """The items of a parsed file; raises Unreadable where there are none."""
    first = value[0] if isinstance(value, list) and value else None
    if isinstance(first, dict) and "request" in first and "host" in first:
        raise NoRecording(f"{name}: it is a session of Charles; export it as HAR (Export Session..., HTTP Archive)")
    if isinstance(first, dict) and "request" in first:
        raise Unreadable(f"{name}: it is a cassette of before VCR.py 1.0; record it anew")
    within = isinstance(value, dict) and "log" in value
    where, found = ("/log", value["log"]) if within else ("", value)
    holder = found if isinstance(found, dict) else {}
    key = next((one for one in _LISTS if one in holder), None)
    if key is None:
        expected = "neither a cassette (interactions, http_interactions) nor a HAR (log.entries)"
        raise NoRecording(f"{name}: it is no recording: it is {expected}")
    items = holder[key]
    if items is None:
        items = []
    if not isinstance(items, list):
        raise Unreadable(f"{name}: {where}/{key} is no list")
    head = {name: one for name, one in holder.items() if name != key}
    lines = Lines(text.encode())
    return Tree(
        key,
        head,
        [Item(number, one) for number, one in enumerate(items, 1)],
        [],
        lambda number: lines.of(f"{where}/{key}/{number - 1}"),
    )


def _load(text: str) -> Json:
    import yaml

    return yaml.load(text, Loader=_loader())  # noqa: S506 - a subclass of the safe loader


@cache
def _loader() -> type:
    """A loader of plain values and bytes. Times stay texts, other tags become Tagged."""
    import yaml

    class Loader(yaml.CSafeLoader):
        yaml_constructors = {  # noqa: RUF012 - as in PyYAML
            tag: construct
            for tag, construct in yaml.CSafeLoader.yaml_constructors.items()
            if str(tag).rpartition(":")[2] not in ("timestamp", "set", "omap", "pairs")
        }
        yaml_multi_constructors: ClassVar[dict[str | None, Any]] = {}
        yaml_implicit_resolvers = {  # noqa: RUF012 - as in PyYAML
            first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
            for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
        }

    own: dict[str | None, Any] = {"!binary": yaml.CSafeLoader.construct_yaml_binary}  # Ruby's
    for tag in ("unicode", "str"):  # of cassettes that Python 2 wrote
        own[f"tag:yaml.org,2002:python/{tag}"] = yaml.CSafeLoader.construct_yaml_str
    own[None] = lambda loader, node: Tagged(node.tag)
    hashes: dict[str | None, Any] = {
        "!ruby/hash:": lambda loader, suffix, node: loader.construct_mapping(node, deep=True)
    }  # plain ones, too
    Loader.yaml_constructors |= own
    Loader.yaml_multi_constructors = hashes
    return Loader


def _counted(count: int) -> str:
    return f"{count} interaction is whole" if count == 1 else f"{count} interactions are whole"
