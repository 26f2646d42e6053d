"""The command line: `understudy serve`, `rules`, `check`, `mutants` and `assumptions`, a module each.

Each command imports what it needs when it runs, so that `--help` is fast. The last three run the contract kit.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from understudy.cli.exits import COULD_NOT_RUN, INTERRUPTED, OK, USAGE, CouldNotRun, UsageError
from understudy.cli.parser import build_parser, parse
from understudy.cli.streams import forgiving


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code, whatever becomes of standard output."""
    with forgiving():
        return _main(list(sys.argv[1:] if arguments is None else arguments))


def _main(words: list[str]) -> int:
    try:
        if not words:
            build_parser().print_help()
            return OK
        options = parse(words)
        return int(options.run(options))
    except (UsageError, CouldNotRun) as error:
        print(f"understudy: {error}", file=sys.stderr)
        return USAGE if isinstance(error, UsageError) else COULD_NOT_RUN
    except KeyboardInterrupt:
        return INTERRUPTED
