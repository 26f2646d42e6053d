"""`python -m benchmarks [--quick]`: prints every figure, its spread and its goal; exit code 1 when one is missed."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks import inside, start, throughput
from benchmarks.figures import Figure, missed, table


def sections(*, quick: bool) -> dict[str, Iterator[Figure]]:
    """What is measured, by title; each section runs when it is read."""
    sizes = [10**n for n in range(2, 6 if quick else 7)]
    return {
        "Against a bare Starlette route, same bytes, same uvicorn flags": throughput.measure(
            rounds=5 if quick else 12, seconds=0.3 if quick else 1
        ),
        "One request in process": inside.dispatch(rounds=5, count=2048 if quick else 8192),
        "A list page, by the size of the store": inside.pages(sizes, rounds=5 if quick else 9, count=500),
        "A fresh world": inside.fresh_worlds(rounds=5 if quick else 9, count=100),
        "Starting": start.measure(rounds=3 if quick else 5),
    }


def main() -> int:
    """Run every section; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What Understudy costs, in one run.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, smaller stores: under 30 s")
    options = parser.parse_args()
    names = ("uvicorn", "starlette", "uvloop", "httptools", "msgspec")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.machine()}, {versions}")
    print("Medians [lowest .. highest]. Compare ratios, not rates: rates are this machine's, at this moment.")
    figures: list[Figure] = []
    for title, measured in sections(quick=options.quick).items():
        print(f"\n{title}", flush=True)
        found = list(measured)
        print(table(found), flush=True)
        figures += found
    faults = missed(figures)
    print("\n" + ("\n".join(f"MISSED: {fault}" for fault in faults) or "Every goal is reached."))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
