"""`understudy mutants`: show which mutants of the mock the kit, or a command, kills."""

from __future__ import annotations

import argparse

from understudy.cli.kit import add_variant_options, find_document, importing

HELP = "show which mutants of the mock are killed"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mutants`."""
    add_variant_options(parser, "mutants")


def run(options: argparse.Namespace) -> int:
    """Run the command of the contract kit."""
    with importing():
        from understudy_checks.commands import mutants
    find_document(options)
    return mutants.run(options)
