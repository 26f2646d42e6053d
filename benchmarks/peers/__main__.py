"""`python -m benchmarks.peers [--quick] [--readme] [--cache DIR] [NAME...]`: ours beside other mock servers.

Each is installed from npm or PyPI into a folder that is removed afterwards unless it is named, and gets the same
document and requests in the same run. Exit codes as those of `python -m benchmarks`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import load
from benchmarks.figures import PEERS, missed, table
from benchmarks.machine import told
from benchmarks.peers.catalogue import CATALOGUE
from benchmarks.peers.contest import against_ours, entered, measure, standing
from benchmarks.report import put_into_readme


def main(arguments: Sequence[str] | None = None) -> int:
    """Install, start, measure and compare; returns the exit code."""
    options = _parser().parse_args(arguments)
    if sys.platform != "linux" or not load.is_there():
        print(f"benchmarks: {load.HINT}; CPU time is read from /proc, so this needs Linux", file=sys.stderr)
        return 3
    chosen = [peer for peer in CATALOGUE if peer.name in (options.names or PEERS)]
    with ExitStack() as stack:
        folder = options.cache or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        entrants = entered(stack, folder.resolve(), chosen)
        taken = measure(entrants, rounds=1, seconds=1, warm=1) if options.quick else measure(entrants)
    rates = standing(entrants, taken, unit="requests per second", value=lambda r: r.rate)
    spent = standing(entrants, taken, unit="microseconds of CPU per request", value=lambda r: r.cpu)
    figures = list(against_ours(taken))
    print(f"\n{told(quick=options.quick)}\n\n{rates}\n\n{spent}\n\n{table(figures)}")
    if options.readme:
        put_into_readme("peers", f"{told(quick=options.quick)}\n\n{rates}")
    faults = missed(figures)
    print("\n" + ("\n".join(f"MISSED: {fault}" for fault in faults) or "Every goal is met."))
    return 1 if faults else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Ours beside other mock servers.")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *PEERS], help=f"of {', '.join(PEERS)}")
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    parser.add_argument("--readme", action="store_true", help="put the table into the README")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="install there, and keep it for the next time")
    return parser


if __name__ == "__main__":
    sys.exit(main())
