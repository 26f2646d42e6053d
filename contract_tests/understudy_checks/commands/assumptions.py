"""`understudy assumptions`: show under which undocumented behaviours the kit, or a command, fails."""

from __future__ import annotations

import argparse

from understudy_checks.commands import variants
from understudy_checks.mutation import alternatives


def run(options: argparse.Namespace) -> int:
    """Run the kit, or a command, under each alternative; the exit code is 1 when one makes it fail."""
    return variants.run(options, "alternatives", list(alternatives(variants.api_of(options))))
