"""`understudy mutants`: which breakages of the mock the kit, or a command, catches."""

from __future__ import annotations

import argparse

from contract_tests.commands import trying
from contract_tests.mutants import mutants


def run(options: argparse.Namespace) -> int:
    """Try the mutants of an API; the exit code, 1 when one survives."""
    return trying.run(options, "mutants", mutants(trying.known(options.api)))
