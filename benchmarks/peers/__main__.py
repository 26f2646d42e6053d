"""Ours beside other mock servers: the same document and requests in the same run.

Each is installed from npm or PyPI into a folder that is removed afterwards, unless --cache names one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import load
from benchmarks.command import asked, impossible, judged
from benchmarks.figures import PEERS, table
from benchmarks.machine import told
from benchmarks.peers.catalogue import CATALOGUE
from benchmarks.peers.contest import against_ours, entered, measure, standing
from benchmarks.report import put_into_page
from benchmarks.servers import NotStarted


def main(arguments: Sequence[str] | None = None) -> int:
    """Install, start, measure and compare; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="install there, and keep it for the next time")
    options = asked(parser, arguments, PEERS)
    if sys.platform != "linux" or not load.is_there():
        return impossible(f"{load.HINT}; CPU time is read from /proc, so this needs Linux")
    chosen = [peer for peer in CATALOGUE if peer.name in (options.names or PEERS)]
    with ExitStack() as stack:
        folder = options.cache or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            entrants = entered(stack, folder.resolve(), chosen)
        except NotStarted as reason:
            return impossible(reason)
        taken = measure(entrants, rounds=1, seconds=1, warm=1) if options.quick else measure(entrants)
    rates = standing(entrants, taken, unit="requests per second", value=lambda r: r.rate)
    spent = standing(entrants, taken, unit="microseconds of CPU per request", value=lambda r: r.cpu)
    figures = list(against_ours(taken))
    print(f"\n{told(quick=options.quick)}\n\n{rates}\n\n{spent}\n\n{table(figures)}")
    if options.docs:
        put_into_page("peers", f"{told(quick=options.quick)}\n\n{rates}")
    return judged(figures)


if __name__ == "__main__":
    sys.exit(main())
