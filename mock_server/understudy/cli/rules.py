"""`understudy rules`: list what is documented and what is assumed, with sources."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from understudy.cli.arguments import declared
from understudy.cli.documents import add_documents, warn
from understudy.cli.exits import OK

if TYPE_CHECKING:
    from understudy.engine.api import Api

HELP = "list rules and assumptions"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `rules`."""
    parser.description = "List rules and assumptions."
    add_documents(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace) -> int:
    """Print the rules and assumptions of the chosen APIs."""
    listing = _listing(declared(options.api, report=warn, flags=options.flags))
    if options.format == "json":
        print(_json(listing, indent=2))
    else:
        _print_table(**listing)
    return OK


def _listing(apis: Sequence[Api]) -> dict[str, list[dict[str, Any]]]:
    """Rules and assumptions as JSON objects."""
    from msgspec.structs import asdict

    from understudy.resources.rules import with_rules

    contracts = [with_rules(api).contract for api in apis]
    return {
        "rules": [{"api": c.name, **asdict(rule)} for c in contracts for rule in c.rules],
        "assumptions": [{"api": c.name, **asdict(known)} for c in contracts for known in c.assumptions.values()],
    }


def _print_table(rules: Sequence[dict[str, Any]], assumptions: Sequence[dict[str, Any]]) -> None:
    for rule in rules:
        print(f"{rule['id']}  [{rule['basis']}: {rule['source']}]\n    {rule['text']}")
    for assumption in assumptions:
        alternatives = ", ".join(map(_json, assumption["alternatives"]))
        print(f"{assumption['id']}  [assumed: {assumption['source']}]\n    {assumption['text']}")
        print(f"    {_json(assumption['default'])}; alternatives: {alternatives}")
    print(f"{len(rules)} rules, {len(assumptions)} assumptions")


def _json(value: object, indent: int | None = None) -> str:
    import json

    return json.dumps(value, indent=indent)
