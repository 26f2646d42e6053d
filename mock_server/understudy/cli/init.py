"""`understudy init`: writes what was inferred of a document as an overlay, and first records as a seed file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from understudy.cli.arguments import document, file_path, is_document, own_errors, understood
from understudy.cli.documents import add_document
from understudy.cli.exits import OK, UsageError

if TYPE_CHECKING:
    from understudy.apis.own import Own

HELP = "write an overlay and a seed file for a document, to be edited"


class Files(NamedTuple):
    """Where the two drafts go."""

    overlay: Path
    seed: Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `init`."""
    parser.description = "Write what was inferred of a document as an overlay, and first records as a seed file."
    add_document(parser)
    out = "write there (default: beside the document)"
    parser.add_argument("--out", type=file_path("--out"), metavar="DIR", help=out)
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")


def run(options: argparse.Namespace) -> int:
    """Write the drafts, both or none, and print how to serve with them."""
    from understudy.cli.output import OutputFile

    own = _own(options)
    files = _files(own, options.out)
    present = [file for file in files if os.path.lexists(file)]
    if present and not options.force:
        raise UsageError(f"{present[0]} is there already; --force overwrites it")
    texts = _texts(options.api, own, files)
    outputs = [(OutputFile("--out", file), text) for file, text in zip(files, texts, strict=True) if text]
    for output, _ in outputs:
        output.check()
    if not texts[0]:
        print("nothing is inferred that an overlay could say")
    for output, text in outputs:
        output.write(text)
        print(f"wrote {output.path}")
    print(_command(options.api, own, files, texts))
    return OK


def _own(options: argparse.Namespace) -> Own:
    """The document of the argument; raises UsageError for an API that is installed."""
    if not is_document(options.api):
        raise UsageError(f"{options.api} is no document: nothing is inferred of an API that is installed")
    return document(options.api, options.flags.get(options.api))


def _files(own: Own, out: Path | None) -> Files:
    """The paths of the drafts: those that a folder reads, or with the document's name. Raises UsageError."""
    if out is not None and not out.is_dir():
        raise UsageError(f"--out {out}: there is no such folder")
    folder = out or own.file.parent
    stem = "" if own.folder is not None else f"{own.file.name.removesuffix(own.file.suffix)}."
    return Files(folder / f"{stem}overlay.yaml", folder / f"{stem}seed.yaml")


def _texts(text: str, own: Own, files: Files) -> tuple[str, str]:
    """The drafts; empty for an overlay that would say nothing. Raises UsageError."""
    from dataclasses import replace

    from understudy.apis.drafts import Basis, overlay_text, seed_text
    from understudy.apis.first_records import first_records
    from understudy.document.overlay import beside, read_overlay
    from understudy.document.whole import seen, whole

    kept = tuple(one for one in own.overlays if one.resolve() != files.overlay.resolve())
    found = understood(replace(own, overlays=kept, seed=None))
    with own_errors():
        document = whole(own.file, [read_overlay(one) for one in kept])
    extends = beside(files.overlay, own.file)
    basis = Basis(seen(document), document.normal.document, found.inferred)
    serve = _command(text, own, files, ("overlay", "seed"))
    overlay = overlay_text(basis, extends=extends, serve=serve) if found.inferred.inferences else ""
    resources = list(found.api.contract.document.get("x-resources", {}))
    return overlay, seed_text(first_records(found.api), resources, document=own.file.name)


def _command(text: str, own: Own, files: Files, texts: tuple[str, str]) -> str:
    """The command that serves the document with the drafts; a folder has its own without flags."""
    flags = {"--overlay": files.overlay, "--seed-file": files.seed}
    is_own = own.folder is not None and files.overlay.parent.resolve() == own.file.parent.resolve()
    words = [f"{flag} {quote(str(file))}" for (flag, file), text in zip(flags.items(), texts, strict=True) if text]
    kept = [f"--overlay {quote(str(one))}" for one in own.overlays if one not in files and own.folder is None]
    return " ".join(["understudy serve", quote(text), *kept, *([] if is_own else words)])
