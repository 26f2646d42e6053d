"""`understudy mutants`: show which mutants of the mock the kit, or a command, kills."""

from __future__ import annotations

import argparse

from understudy_checks.commands import variants
from understudy_checks.mutation import mutants
from understudy_checks.mutation.declared import declared_mutants
from understudy_checks.mutation.generated import noticeable


def run(options: argparse.Namespace) -> int:
    """Run the kit, or a command, on the mutants of an API; the exit code is 1 when one survives.

    The generated mutants are for a command, and for the kit with --all.
    """
    api = variants.api_of(options)
    generated = noticeable(api) if options.command or options.all else ()
    return variants.run(options, "mutants", [*mutants(api), *declared_mutants(api), *generated])
