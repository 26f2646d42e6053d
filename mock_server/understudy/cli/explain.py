"""`understudy explain`: what was understood of a document, what was inferred and why, what is served from examples."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from understudy.cli.arguments import document, is_document, own_errors, packaged
from understudy.cli.documents import add_document, warn
from understudy.cli.exits import OK, UsageError

if TYPE_CHECKING:
    from understudy.apis.explained import Explained, Shown, ShownResource
    from understudy.apis.own import Own
    from understudy.document.changes import Change
    from understudy.document.infer import Alternative, ExamplesOnly, Inference, Update

Credential = dict[str, str]  # scheme, kind, in, name, credential, curl
HELP = "tell what was understood of a document, and what was inferred"
_MOST = 6  # rows of each kind, so that it is read in a minute
_URL = "http://127.0.0.1:8629"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `explain`."""
    parser.description = (
        "Tell what was understood of a document, what was inferred and why, and what has examples only."
    )
    add_document(parser)
    parser.add_argument("--diff", action="store_true", help="show what the overlays change, not what it all means")
    parser.add_argument("--all", action="store_true", help="leave no row out")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(options: argparse.Namespace) -> int:
    """Print what was understood of an API or a document."""
    own = _own(options)
    if options.diff:
        _print_diff(options, own)
        return OK
    found, credentials = _explained(options.api, own)
    if options.json:
        print(_encoded(_as_json(found, credentials)))
    else:
        print("\n".join(_lines(options.api, found, credentials, sys.maxsize if options.all else _MOST)))
    return OK


def _own(options: argparse.Namespace) -> Own | None:
    """The document of the argument; None for an API that is built in, or declared by a package. Raises UsageError."""
    from understudy.apis import NAMES
    from understudy.apis.own import Own

    if options.api in NAMES:
        return None
    if is_document(options.api):
        return document(options.api, options.flags.get(options.api))
    found = packaged(options.api)
    return found if isinstance(found, Own) else None


def _explained(text: str, own: Own | None) -> tuple[Explained, list[Credential]]:
    """What was understood, and how a first call is made with each credential. Raises UsageError."""
    from understudy.apis.explained import explained
    from understudy.cli.arguments import declared, understood

    if own is None:
        found = explained(declared([text])[0])
    else:
        read = understood(own)
        for remark in own.folder.remarks if own.folder else ():
            warn(remark)
        found = explained(read.api, read.inferred, read.notices)
    return found, list(_credentials(found))


def _credentials(found: Explained) -> Iterator[Credential]:
    """Each security scheme with a credential that works, and a call that takes it."""
    from dataclasses import replace

    from understudy.apis import NAMES, control, load_checked_seed, seeds
    from understudy.engine.seed import load_seed
    from understudy.engine.worlds import Worlds
    from understudy.http import index

    api = replace(found.api, start=None)
    given = seeds([api.name]) if api.name in NAMES else {api.name: None}
    worlds = Worlds([api, control.declare], seeds=given, seeder=load_checked_seed if api.name in NAMES else load_seed)
    worlds.server.url = _URL
    entry = worlds.access_info(worlds.default, api.name)
    tokens = entry.get("credentials") or dict.fromkeys([one.name for one in api.contract.schemes], entry["api_key"])
    if not api.contract.schemes:
        line = index.curl(worlds, api.name, entry["api_key"])
        yield {"scheme": "", "kind": "none", "in": "", "name": "", "credential": "", "curl": line}
    lines = index.curls(worlds, api.name)
    for scheme in api.contract.schemes:
        where = {"kind": scheme.kind, "in": scheme.location, "name": scheme.header}
        yield {"scheme": scheme.name, **where, "credential": str(tokens[scheme.name]), "curl": lines[scheme.name]}


def _as_json(found: Explained, credentials: Sequence[Credential]) -> dict[str, Any]:
    from dataclasses import asdict

    contract = found.api.contract
    return {
        "api": contract.name,
        "title": contract.document["info"]["title"],
        "base_paths": contract.prefixes,
        "operations": len(contract.operations),
        "resources": [
            {**asdict(one), "operations": [row._asdict() for row in one.operations]} for one in found.resources
        ],
        "handlers": [one._asdict() for one in found.handled],
        "examples_only": [one._asdict() for one in found.examples],
        "inferences": [
            {
                **{
                    name: getattr(one, name)
                    for name in ("id", "kind", "pointer", "statement", "reason", "default", "tie")
                },
                "alternatives": [_alternative(other) for other in one.alternatives],
            }
            for one in found.inferences
        ],
        "security": credentials,
        "left_out": [one._asdict() for one in found.left_out],
    }


def _alternative(one: Alternative) -> dict[str, Any]:
    """An alternative; `overlay` is the action that takes it for good, where it is another reading of the document."""
    by = {} if one.reading is None else {"overlay": _action(one.reading)}
    return {"value": one.value, "meaning": one.meaning, **by}


def _lines(text: str, found: Explained, credentials: Sequence[Credential], most: int) -> Iterator[str]:
    """The text for people; of each kind at most `most` rows."""
    contract = found.api.contract
    at = " and ".join(one or "/" for one in contract.prefixes)
    yield f"{contract.name}: {contract.document['info']['title']}, {len(contract.operations)} operations at {at}"
    if found.resources:
        yield from ("", "RESOURCES: what is created is kept, and found again")
        yield from _first(["\n".join(_resource(one)) for one in found.resources], most)
    if found.handled:
        yield from ("", "WITHOUT A RESOURCE")
        yield from _first([f"  {_call(one)}  {one.does}" for one in found.handled], most)
    if found.examples:
        yield from ("", "EXAMPLES ONLY: a valid answer each time, and nothing is remembered")
        yield from _examples(found.examples, most)
    if found.inferences:
        yield from ("", f"INFERRED: each is an assumption; `understudy serve {text} --assume ID=VALUE` switches it")
        yield from _inferences(found.inferences, most)
    if found.left_out:
        from understudy.document.notice import lines

        yield from ("", f"LEFT OUT, or wrong in the document (`understudy lint {text}` has the lines)")
        yield from _first([f"  {line}" for line in lines(found.left_out)], most)
    yield from ("", "A FIRST CALL" if len(credentials) < 2 else "A FIRST CALL with each kind of credential")
    yield from (f"  {one['scheme'] + ': ' if one['scheme'] else ''}{one['curl']}" for one in credentials)


def _resource(one: ShownResource) -> Iterator[str]:
    parents = "".join(f", by {{{name}}}{f' in {owner}' if owner else ''}" for name, owner in one.parents.items())
    yield f"  {one.name}: {one.schema}{parents}; {one.key} is {one.id}"
    width = max(len(row.does) for row in one.operations)
    for row in one.operations:
        listed = ", ".join(filter(None, (one.order, row.pages))) if row.does == "list" else ""
        yield f"    {row.does:<{width}}  {_call(row)}{f'  ({listed})' if listed else ''}"
    places = [f"an object stands at {one.object}"] if one.object else []
    places += [f"a list at {one.list}"] if one.list else []
    if places:
        yield f"    in answers {', '.join(places)}"
    yield from (f"    step {step}" for step in one.states)


def _call(row: Shown | ExamplesOnly) -> str:
    return f"{row.method:<6} {row.path}"


def _examples(rows: Sequence[ExamplesOnly], most: int) -> Iterator[str]:
    """The operations by reason."""
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        by_reason.setdefault(row.reason, []).append(f"    {_call(row)}")
    for reason, calls in by_reason.items():
        yield f"  {reason}:"
        yield from _first(calls, most)


def _inferences(rows: Sequence[Inference], most: int) -> Iterator[str]:
    """The inferences by kind, ties first; those that differ by their names only are told once."""
    from understudy.document.infer import KINDS

    by_kind: dict[str, dict[object, list[Inference]]] = {}
    for row in sorted(rows, key=lambda one: not one.tie):
        meant = tuple(one[:2] for one in row.alternatives)
        alike = row.id if most == sys.maxsize else (_short(row.default), row.reason, row.tie, meant)
        by_kind.setdefault(row.kind, {}).setdefault(alike, []).append(row)
    for kind in sorted(by_kind, key=list(KINDS).index):
        yield f"  {KINDS[kind]}"
        yield from _first(["\n".join(_inference(alike)) for alike in by_kind[kind].values()], most)


def _inference(alike: Sequence[Inference]) -> Iterator[str]:
    one, *others = alike
    tie = " A tie: another reading is as good, and this one is the safer." if one.tie else ""
    statement = "" if one.kind == "resource" else f": {one.statement}"  # its operations stand above
    yield f"    {one.id} = {_short(one.default)}{statement}{tie}"
    yield f"      because {one.reason}"
    for other in one.alternatives:
        yield f"      or {_short(other.value)}: {other.meaning}"
        if other.reading is not None:
            yield f"         for good, by an overlay: {_one_line(_action(other.reading))}"
    if others:
        more = f" and {len(others) - _MOST} more" if len(others) > _MOST + 1 else ""
        shown = others[:_MOST] if more else others
        yield f"      the same: {', '.join(other.id for other in shown)}{more}"


def _first(rows: Sequence[str], most: int) -> Iterator[str]:
    """The first rows, and how many more there are."""
    shown = rows if len(rows) <= most + 1 else rows[:most]  # a line that says "and 1 more" could be that one
    yield from shown
    if len(shown) < len(rows):
        indent = " " * (len(rows[0]) - len(rows[0].lstrip()))
        yield f"{indent}and {len(rows) - len(shown)} more: --all shows them"


def _action(reading: Update) -> dict[str, Any]:
    """The action of an overlay that reads a document so."""
    from understudy.document.targets import query_of

    parts = [one.replace("~1", "/").replace("~0", "~") for one in reading.pointer.split("/")[1:]]
    return {"target": query_of(tuple(parts)), "update": reading.value}


def _one_line(action: Mapping[str, Any]) -> str:
    """An action in JSON, which is YAML."""
    import json

    return json.dumps(action, ensure_ascii=False)


def _short(value: object) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _print_diff(options: argparse.Namespace, own: Own | None) -> None:
    """Print what the overlays change. Raises UsageError where there is none."""
    from understudy.document.changes import changes
    from understudy.document.overlay import read_overlay
    from understudy.document.whole import whole

    if own is None or not own.overlays:
        raise UsageError(f"--diff: {options.api} has no overlay; name one with --overlay FILE")
    with own_errors():
        found = whole(own.file, [read_overlay(one) for one in own.overlays])
    rows = list(changes(found.before, found.after))
    if options.json:
        from understudy.document.changes import ABSENT

        named = ({"pointer": one.pointer, "before": one.before, "after": one.after} for one in rows)
        print(_encoded({"changes": [{k: v for k, v in one.items() if v is not ABSENT} for one in named]}))
        return
    print(f"--- {own.file}\n+++ {own.file} with {', '.join(map(str, own.overlays))}")
    for row in rows:
        print("\n".join(_hunk(row)))


def _hunk(change: Change) -> Iterator[str]:
    """The lines of a change: the pointer, what is gone, and what is new, as YAML."""
    yield f"@@ {change.pointer or '/'} @@"
    yield from (f"-{line}" for line in _yaml(change.before))
    yield from (f"+{line}" for line in _yaml(change.after))


def _yaml(value: Any) -> list[str]:
    """The lines of a value as YAML; none for one that is not there."""
    import yaml

    from understudy.document.changes import ABSENT

    if value is ABSENT:
        return []
    text = yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120)
    return text.removesuffix("...\n").splitlines()


def _encoded(value: object) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
