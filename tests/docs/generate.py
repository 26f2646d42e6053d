"""Writes the generated parts of the papers, each between two comments: `<!-- name -->` and `<!-- /name -->`.

Run as `python tests/docs/generate.py`, or `make docs`. What surrounds a part is written by hand.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import runpy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any

import keys_page
import yaml
from test_architecture import ORDER, modules

from understudy import apis, data
from understudy.cli.parser import build_parser
from understudy.document.contract import Contract
from understudy.document.infer import KINDS
from understudy.document.read import read

ROOT = Path(__file__).parents[2]
COMMANDS = (
    *("serve", "why", "explain", "init", "rules", "lint", "check", "mutants", "assumptions"),
    *("record", "replay", "redact", "drift"),
)
Json = Any


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(escaped, line))} |" for line in lines)


def escaped(cell: str) -> str:
    """A cell whose bars end no cell, and whose angle brackets outside code begin no HTML."""
    parts = cell.replace("|", r"\|").split("`")
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts))


def levels() -> str:
    """The order of the server's modules, a line for each run of modules of one package."""
    lines = []
    for package, names in groupby(ORDER, key=lambda name: name.rpartition(".")[0]):
        words = " ".join(name.rpartition(".")[2] for name in names)
        lines.append(f"{package}: {words}" if package else words)
    return "```text\n" + "\n".join(lines) + "\n```"


def modules_of(package: str) -> str:
    """The modules of a package, each with the first line of its header docstring."""
    rows = (
        (f"`{name}`", (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0])
        for name, path in modules(package).items()
    )
    return table(["module", "what it is"], (row for row in rows if row[0] != "``"))


# the command line


def options(command: str) -> str:
    """The arguments and options of a command, as its parser describes them."""
    return table(["option", "what it does"], map(option, arguments(command)))


def arguments(command: str) -> list[argparse.Action]:
    """The arguments and options of a command, without --help."""
    commands = next(action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    parser: argparse.ArgumentParser = commands.choices[command]
    return [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]


def option(action: argparse.Action) -> tuple[str, str]:
    """The row of an argument: how it is written, and its help."""
    written = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{action.metavar}`"
    if action.option_strings and action.nargs != 0:
        word = action.metavar or "|".join(action.choices or [action.dest.upper()])
        written = ", ".join(f"`{name} {word}`" for name in action.option_strings)
    text = (action.help or "default: %(default)s").replace("%(default)s", str(action.default))
    return written, text[:1].upper() + text[1:]


# the control API


def calls() -> str:
    """Every call of the control API, in one table."""
    rows = ((f"[`{method} {path}`](#{anchor(f'{method} {path}')})", one["summary"]) for method, path, one in control())
    return table(["under `/__mock__`", "what it does"], rows)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def operations() -> str:
    """Every call of the control API: what it takes and what it answers."""
    return "\n\n".join(operation(*known) for known in control())


def operation(method: str, path: str, one: Json) -> str:
    """One call: parameters, body and answers."""
    parts = [f"### `{method} {path}`", f"{one['summary']}."]
    if "description" in one:
        parts.append(one["description"].strip())
    if one.get("parameters"):
        rows = ((f"`{p['name']}`", p["in"], kind(p["schema"]), p.get("description", "")) for p in one["parameters"])
        parts.append(table(["parameter", "in", "value", "meaning"], rows))
    if "requestBody" in one:
        parts += list(body("Body", one["requestBody"]["content"]["application/json"]))
    for status, answer in one["responses"].items():
        if status != "default":
            parts += list(response(status, resolved(answer)))
    return "\n\n".join(parts)


def body(name: str, media: Json) -> Iterator[str]:
    """The members of a JSON body, and an example."""
    members = list(properties(media["schema"]))
    note = media["schema"].get("description")
    yield f"{name}." if note is None else f"{name}: {note}."
    if members:
        yield table(["member", "value", "meaning"], iter(members))
    if "example" in media:
        yield f"```json\n{json.dumps(media['example'])}\n```"


def response(status: str, answer: Json) -> Iterator[str]:
    """The description of an answer, and its members."""
    text = f"Answer {status}: {answer['description']}"
    if "content" not in answer:
        yield f"{text}."
        return
    yield from body(text, answer["content"]["application/json"])


def properties(schema: Json) -> Iterator[tuple[str, str, str]]:
    """The members of an object; those that may be left out in brackets."""
    schema = resolved(schema)
    for part in schema.get("allOf", ()):
        yield from properties(part)
    required = schema.get("required", [])
    for name, value in schema.get("properties", {}).items():
        known = value if isinstance(value, Mapping) else {}
        yield f"`{name}`" if name in required else f"[`{name}`]", kind(value), known.get("description", "")


def kind(schema: Json) -> str:
    """The type of a value in a few words."""
    schema = resolved(schema)
    if not isinstance(schema, Mapping) or not schema.keys() & {"type", "enum", "const", "allOf"}:
        return "any"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    types = [schema.get("type", "object")] if isinstance(schema.get("type", "object"), str) else schema["type"]
    ends = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    usual = [f"default {schema['default']}"] if "default" in schema else []
    return ", ".join([" or ".join(types), *([" ".join(ends)] if ends else []), *usual])


@cache
def source(api: str) -> Json:
    """A document as it is written."""
    return read(data.path(f"openapi/{api}.yaml"))


def control() -> Iterator[tuple[str, str, Json]]:
    """Method, path and operation object of each call of the control API."""
    for path, item in source("control")["paths"].items():
        for method, one in item.items():
            yield method.upper(), path, one


def resolved(value: Json) -> Json:
    """A part of the control API's document, or the component that it refers to."""
    while isinstance(value, Mapping) and "$ref" in value:
        _, *names = value["$ref"].split("/")
        value = source("control")
        for name in names:
            value = value[name]
    return value


def events() -> str:
    """The events of each API with their members."""
    return table(["API", "event", "members", "what happens"], (row for api in apis.NAMES for row in events_of(api)))


def events_of(api: str) -> Iterator[tuple[str, str, str, str]]:
    """The events of one API."""
    for name, event in source(api)["x-events"].items():
        required = event["schema"].get("required", [])
        members = [f"`{one}`" if one in required else f"[`{one}`]" for one in event["schema"].get("properties", {})]
        yield api, f"`{name}`", ", ".join(members), event["description"]


# rules, assumptions and keys of the documents


@cache
def document(api: str) -> Contract:
    """The compiled document of an API."""
    return apis.declare(api).contract


def rules(api: str) -> str:
    """The rules of an API."""
    rows = ((f"`{rule.id}`", rule.text, f"{rule.basis}: {rule.source}") for rule in document(api).rules)
    return table(["rule", "what holds", "basis and source"], map(in_one_line, rows))


def assumptions(api: str) -> str:
    """The assumptions of an API."""
    rows = (
        (f"`{one.id}`", one.text, shown(one.default), ", ".join(map(shown, one.alternatives)), one.source)
        for one in document(api).assumptions.values()
    )
    head = ["assumption", "what is not documented", "the mock takes", "alternatives", "source"]
    return table(head, map(in_one_line, rows))


def sdk_methods() -> str:
    """The methods of Tallyfy's Python SDK, what each sends, and whether it works."""
    methods = runpy.run_path(str(ROOT / "tests/sdk_methods.py"))
    rows = (
        (
            f"`{name}`",
            ", ".join(f"`{one}`" for one in method.sends) or "nothing",
            "works" if method.refused is None else f"refused: {method.refused}",
        )
        for name, method in methods["METHODS"].items()
    )
    return table(["method", "operations", "result"], rows)


def refused_inputs() -> str:
    """The refusals of inputs that a schema allows, and what decides them."""
    rows = (
        (
            ", ".join(f"`{one}`" for one in entry["operations"]),
            str(entry["status"]),
            entry["text"],
            f"`{entry['decided']}`",
        )
        for entry in yaml.safe_load((ROOT / "tests/checks/refused_inputs.yaml").read_text())
    )
    return table(["operations", "status", "what is refused", "rule or assumption"], rows)


def in_one_line(cells: Sequence[str]) -> list[str]:
    """The cells of a row without line breaks."""
    return [" ".join(cell.split()) for cell in cells]


def shown(value: Json) -> str:
    """A value as JSON."""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def inferences() -> str:
    """The kinds of inferences, each with what it decides."""
    return table(["kind", "what it decides"], ((f"`{kind}`", text) for kind, text in KINDS.items()))


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "ARCHITECTURE.md": {"levels": levels},
    "docs/reference/modules.md": {name: partial(modules_of, name) for name in ("understudy", "understudy_checks")},
    "docs/reference/inferences.md": {"inferences": inferences},
    "docs/reference/command-line.md": {name: partial(options, name) for name in COMMANDS},
    "docs/reference/control-api.md": {"calls": calls, "operations": operations, "events": events},
    "docs/reference/document-keys.md": {
        "keys": lambda: table(["key", "stands on", "value", "states"], keys_page.own_keys()),
        "members": lambda: table(["object", "member", "value", "meaning"], keys_page.key_members()),
    },
    "docs/reference/tallyfy-python-sdk.md": {"methods": sdk_methods},
    "docs/reference/refused-inputs.md": {"refused": refused_inputs},
    **{
        f"docs/reference/rules-{api}.md": {"rules": partial(rules, api), "assumptions": partial(assumptions, api)}
        for api in apis.NAMES
    },
}
"""The generated parts by page and name."""


def filled(page: str) -> str:
    """A page with its parts as they are now; raises ValueError when it has no place for one."""
    text = (ROOT / page).read_text()
    for name, make in PARTS[page].items():
        marks = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not marks.search(text):
            raise ValueError(f"{page} has no <!-- {name} -->")
        content = make()
        text = marks.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text)  # noqa: B023 - called at once
    return text


def main() -> None:
    """Write every page that has generated parts."""
    for page in PARTS:
        (ROOT / page).write_text(filled(page))


if __name__ == "__main__":
    main()
