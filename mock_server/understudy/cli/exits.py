"""How a command ends: its exit code, and the two errors that end it with a message of one line.

Imports nothing, since the commands of the contract kit build on it too.
"""

from __future__ import annotations

OK, FINDINGS, USAGE, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: nothing to do, something failed, wrong arguments or files, could not run, Ctrl-C."""


class UsageError(Exception):
    """The user has to correct an argument or a file. The message is one line; exit code 2."""


class CouldNotRun(Exception):
    """The command cannot do its work although its arguments are valid. The message is one line; exit code 3."""
