"""What both commands share: the names that they take, and how they end.

Exit codes: 0 every goal is met, 1 one is missed, 2 usage, 3 something that is needed is not here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence

from benchmarks.figures import Figure, missed
from understudy.messages import suggest


def asked(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None, known: Collection[str]
) -> argparse.Namespace:
    """The options; `names` are known ones, else it exits with 2."""
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {'; '.join(known)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, less data")
    parser.add_argument("--docs", action="store_true", help="put what is measured into docs/explanation/speed.md")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in known:
            parser.error(f"unknown name {name}{suggest(name, known) or '; known: ' + '; '.join(known)}")
    return options


def impossible(reason: object) -> int:
    """Say why nothing can be measured; the exit code."""
    print(f"benchmarks: {reason}", file=sys.stderr)
    return 3


def judged(figures: Sequence[Figure]) -> int:
    """Say which goals are missed; the exit code."""
    faults = missed(figures)
    print("\n" + ("\n".join(f"MISSED: {fault}" for fault in faults) or "Every goal is met."))
    return 1 if faults else 0
