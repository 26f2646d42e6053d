"""`understudy drift`: document, mock and recordings: who disagrees, who is old, who is unused."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from understudy.cli import live, recordings
from understudy.cli.exits import FINDINGS, OK, UsageError
from understudy.cli.output import STDOUT
from understudy.cli.replay import add_comparison, add_reports, outputs_of, play_all, redactor_of, write, write_files

if TYPE_CHECKING:
    from understudy.engine.api import Api
    from understudy.recording.drift import Settled
    from understudy.recording.recorded import Recording
    from understudy.recording.report import Report

HELP = "compare document, mock and recordings, and learn from them"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `drift`."""
    parser.description = "Play all recordings on the mock; tell who disagrees, and which assumptions they settle."
    recordings.add_files(parser, "a recording, or a folder of them", least=0)
    recordings.add_apis(parser)
    add_comparison(parser)
    suggest = "print the change of the document that fits what was recorded, as an overlay"
    parser.add_argument("--suggest", action="store_true", help=suggest)
    add_reports(parser)
    live.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Play the recordings; exits with 1 if something disagrees."""
    from understudy.recording.drift import settle

    live.check(options)
    if options.live is not None:
        return live.run(options)
    outputs = outputs_of(options)
    taken = next((output.option for output in outputs.values() if output.path == STDOUT and options.suggest), None)
    if taken is not None:
        raise UsageError(f"{taken} -: --suggest takes standard output; name a file")
    apis = recordings.apis_of(options)
    loaded, unread = recordings.read_all(options.file)
    if not loaded and not unread:
        raise UsageError(f"there is no recording in {', '.join(map(str, options.file))}")
    report = play_all(options, apis, loaded, unread=unread)

    def replay(some: Sequence[Recording], assume: Mapping[str, Any]) -> Report:
        return play_all(options, apis, some, assume=assume)

    hide = redactor_of(report).text
    settled = [replace(one, gone=tuple(map(hide, one.gone))) for one in settle(report, replay)]
    if options.suggest:
        _suggest(settled, apis)
        write_files(report, outputs)
        return FINDINGS if report.failed else OK
    write(report, options, outputs)
    if not options.quiet and all(output.path != STDOUT for output in outputs.values()):
        _tell(report, settled)
    return FINDINGS if report.failed else OK


def _tell(report: Report, settled: Sequence[Settled]) -> None:
    """Print who is to blame how often, and what recordings say of assumptions."""
    blamed = Counter(fault.blame.who for one in report.differing for fault in one.faults)
    if blamed:
        print("to blame: " + ", ".join(f"the {who} {count}" for who, count in blamed.most_common()))
    for one in settled:
        print(f"learned: {one}")


def _suggest(settled: Sequence[Settled], apis: Sequence[Api]) -> None:
    import yaml

    from understudy.recording.drift import overlay

    if settled:
        for one in settled:
            print(f"# {one}")
        print(yaml.safe_dump(overlay(settled, apis), sort_keys=False, allow_unicode=True, width=200), end="")
    else:
        print("# no recording speaks for another value of an assumption")
