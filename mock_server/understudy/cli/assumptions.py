"""`understudy assumptions`: run the kit, or a user's command, under each undocumented behaviour; show failures."""

from __future__ import annotations

import argparse

from understudy.cli.kit import add_variant_options, find_document, importing

HELP = "show which undocumented behaviours break a client"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `assumptions`."""
    add_variant_options(parser, "assumptions")


def run(options: argparse.Namespace) -> int:
    """Run the command of the contract kit."""
    with importing():
        from understudy_checks.commands import assumptions
    find_document(options)
    return assumptions.run(options)
