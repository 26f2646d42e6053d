"""`understudy mutants`: which breakages of the mock the kit, or a command, catches."""

from __future__ import annotations

import argparse

from understudy_checks.commands import trying
from understudy_checks.mutation import mutants


def run(options: argparse.Namespace) -> int:
    """Try the mutants of an API; the exit code, 1 when one survives."""
    return trying.run(options, "mutants", mutants(trying.known(options.api)))
