"""`understudy assumptions`: under which undocumented behaviours the kit, or a command, fails."""

from __future__ import annotations

import argparse

from understudy_checks.commands import trying
from understudy_checks.mutation import alternatives


def run(options: argparse.Namespace) -> int:
    """Try every alternative of every assumption of an API, one at a time; exit code 1 when one breaks something."""
    return trying.run(options, "alternatives", list(alternatives(trying.known(options.api))))
