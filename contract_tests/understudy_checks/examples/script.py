"""Renders a replay as a shell script: sh, curl and python3, nothing else.

Each call prints its request, the headers and the body of its response. Pasted into a shell or run as a file, it does
the same.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator, Sequence

from understudy_checks.examples.loops import Loop, with_loops
from understudy_checks.examples.replay import Action, Count, Earlier, Part, Parts, Replay, Request, Step
from understudy_checks.examples.story import Variable, Wait

LONGEST = 200
"""The length from which a body is made by an expression."""

PATIENCE = 60
"""The seconds that a person gets for an action."""

MEANINGS = {
    "API_KEY": "a valid key",
    "REVOKED_KEY": "a revoked key",
    "LAPSED_KEY": "a key of a tenant without a subscription",
    "OTHER_TENANT_KEY": "a valid key of another tenant",
}
"""What the variables of a script have to be set to."""

CALL = """\
D=$(mktemp -d); trap 'rm -r "$D"' EXIT
call() { n=$1; shift; : > "$D/$n"; printf '\\n%s. ' "$n"
  curl -sSg --path-as-is -H expect: -D "$D/$n.head" -o "$D/$n" -w '%{method} %{url_effective}\\n' "$@"
  cat "$D/$n.head" "$D/$n"; echo; }"""
"""Defines `call`: it sends a request, prints it with its response, and keeps the response under its number."""

FUNCTIONS = {
    "pick": """\
pick() { n=$1; shift; python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for name in sys.argv[2:]: value = value[int(name) if isinstance(value, list) else name]
print(value)' "$D/$n" "$@"; }""",
    "encode": """\
encode() { python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.stdin.read()[:-1], ""))'; }""",
    "below": """\
below() { python3 -c 'import sys, urllib.parse as url
print(url.urlsplit(sys.stdin.read()[:-1]).path.removeprefix(url.urlsplit(sys.argv[1]).path))' "$BASE_URL"; }""",
}
"""Define what takes a value from a response, percent-encodes it, and leaves the end of a URL behind the base URL."""

_LARGE = 10_000
"""The length from which a text is searched for one long repetition around its middle."""

_LEAST_PERIOD = 64
"""The length of what has to recur there."""

_FILTERS = {"plain": "", "encoded": " | encode", "path": " | below"}
_VARIABLE = re.compile(r"\$(BASE_URL|API_KEY_\d+|API_KEY|REVOKED_KEY|LAPSED_KEY|OTHER_TENANT_KEY|HEADER_\w+)")
_UNSAFE_IN_DOUBLE_QUOTES = re.compile(r'[$`"\\!]')
_RUN = re.compile(r"(.{1,8}?)\1{15,}", re.DOTALL)
"""Matches a piece that is repeated 16 times or more."""


def script(lines: Sequence[str], target: str, title: Sequence[str] = ()) -> str:
    """A whole script of the lines of `calls`: `title` as comments, the variables to set, the functions, the lines."""
    comments = [f"# {line}" for text in title for line in text.split("\n")]
    return "\n".join((*comments, *preamble(lines, target), *lines)) + "\n"


def preamble(lines: Sequence[str], target: str) -> list[str]:
    """The lines that set or ask for the variables of these lines, and define their functions."""
    text = "\n".join(lines)
    names = dict.fromkeys(sorted(_VARIABLE.findall(text)))
    keys = (f'"${{{name}:?set it to {meaning(name)}}}"' for name in names if name != "BASE_URL")
    functions = (code for name, code in FUNCTIONS.items() if f"{name} " in text or f"| {name})" in text)
    return "\n".join((" ".join((":", _base_url(target), *keys)), CALL, *functions)).split("\n")


def _base_url(target: str) -> str:
    """The assignment of the base URL where it is known."""
    if target.startswith(("http://", "https://")):
        return f'"${{BASE_URL:={target.rstrip("/")}}}"'
    return '"${BASE_URL:?set it to the base URL of the server}"'


def calls(replayed: Replay) -> list[str]:
    """The lines of the calls, waits and actions; repeated ones as loops."""
    lines: list[str] = []
    for step in with_loops(replayed):
        lines += _loop(step) if isinstance(step, Loop) else [_line(step)]
        if isinstance(step, Request) and step.call.is_cleanup:
            lines[-1] += ' > "$D/cleanup"'
    return lines


def _loop(loop: Loop) -> list[str]:
    """The lines of a loop. Only a walk prints whole responses, because they differ."""
    shown = "" if loop.is_walk else " | sed -n 3p"
    inner = (f"  {_line(step)}{shown if isinstance(step, Request) else ''}" for step in loop.steps)
    return [f"i=0; while [ $((i += 1)) -le {loop.times} ]; do", *inner, "done"]


def _line(step: Step) -> str:
    if isinstance(step, Wait):
        return f"sleep {math.ceil(step.seconds)}"
    if isinstance(step, Action):
        return f"echo {_quoted(f'In the app, within {PATIENCE} s: {step.name} ', *step.fields)}; sleep {PATIENCE}"
    return _call(step)


def _call(request: Request) -> str:
    words = [f"call {request.number}"]
    if request.method != "GET" or request.body:
        words.append({"HEAD": "-I"}.get(request.method, f"-X {shlex.quote(request.method)}"))
    words += [f"-H {_header(name, value)}" for name, value in _headers(request)]
    maker = _maker(request.body)
    if maker:
        words.append("--data-binary @-")
    elif request.body:
        words.append(f"--data-raw {_quoted(*request.body)}")
    query: Parts = ("?", *request.query) if request.query else ()
    words.append(_quoted(Variable("BASE_URL"), *request.path, *query))
    return f"{maker}{' '.join(words)}"


def _headers(request: Request) -> Iterator[tuple[str, Parts]]:
    """The headers of a request, and those that keep curl from adding its own."""
    yield from request.headers
    names = {name for name, _ in request.headers}
    if request.body and "content-type" not in names:
        yield "content-type", ()
    if not request.body and request.method not in ("GET", "HEAD") and "content-length" not in names:
        yield "content-length", ("0",)


def _header(name: str, value: Parts) -> str:
    return _quoted(f"{name}: ", *value) if value else _quoted(f"{name}:")


def _maker(body: Parts) -> str:
    """The command that makes a long or unprintable body for a pipe; empty for another body."""
    texts = [part for part in body if isinstance(part, str)]
    if sum(map(len, texts)) <= LONGEST and all(text.replace("\n", " ").isprintable() for text in texts):
        return ""
    arguments = [_quoted(part) for part in body if not isinstance(part, str)]
    numbers = iter(range(1, len(arguments) + 1))
    pieces = [_expression(part) if isinstance(part, str) else f"sys.argv[{next(numbers)}]" for part in body]
    code = f'import sys; sys.stdout.buffer.write(({" + ".join(pieces)}).encode("utf-8", "surrogateescape"))'
    return f"{' '.join(('python3 -c', shlex.quote(code), *arguments))} | "


def _expression(text: str) -> str:
    """A Python expression for a text, in which a piece that is repeated often stands once."""
    terms: list[str] = []
    end = 0
    for start, unit, times in _runs(text):
        terms += [_literal(text[end:start]), f"{_literal(unit)} * {times}"]
        end = start + len(unit) * times
    return " + ".join(term for term in (*terms, _literal(text[end:])) if term) or '""'


def _runs(text: str) -> Iterator[tuple[int, str, int]]:
    """The pieces of a text that are repeated: where, what, how often."""
    middle = len(text) // 2
    period = text.find(text[middle : middle + _LEAST_PERIOD], middle + 1) - middle
    if len(text) > _LARGE and 0 < period < len(text) // 4:
        start, end = middle, middle
        while start > 0 and text[start - 1] == text[start - 1 + period]:
            start -= 1
        while end + period < len(text) and text[end] == text[end + period]:
            end += 1
        yield start, text[start : start + period], (end + period - start) // period
    else:
        yield from ((run.start(), run[1], len(run[0]) // len(run[1])) for run in _RUN.finditer(text))


def _literal(text: str) -> str:
    escaped = text.encode("unicode_escape").decode().replace('"', '\\"')
    return f'"{escaped}"' if text else ""


def _quoted(*parts: Part) -> str:
    """A word of the shell."""
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) == len(parts):
        return shlex.quote("".join(texts))
    if not any(map(_UNSAFE_IN_DOUBLE_QUOTES.search, texts)):
        return f'"{"".join(map(_expansion, parts))}"'
    return "".join(shlex.quote(part) if isinstance(part, str) else f'"{_expansion(part)}"' for part in parts)


def _expansion(part: Part) -> str:
    match part:
        case Variable(name):
            return f"${name}"
        case Count(start):
            return f"$((i + {start - 1}))" if start else "$((i - 1))"
        case Earlier(number, pointer, form):
            names = (name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:])
            return f"$(pick {number} {shlex.join(names)}{_FILTERS[form]})"
    return part


def meaning(name: str) -> str:
    """What a variable has to be set to."""
    if name.startswith("HEADER_"):
        return f"the value of the header {name.removeprefix('HEADER_').replace('_', '-').lower()}"
    return MEANINGS.get(name, "another valid key of the same tenant")
