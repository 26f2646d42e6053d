"""The API that the arguments of a command name: a built-in one, one of a package, or a document of the user."""

from __future__ import annotations

import argparse

from understudy.apis.handlers import BadHandlers
from understudy.cli.exits import UsageError
from understudy.document.compile import ContractError
from understudy.document.normal import UnsupportedDocument
from understudy.document.read import Unreadable
from understudy.engine.worlds import Worlds
from understudy_checks.target import installed


def install(options: argparse.Namespace) -> str:
    """Load what the options name; returns its name. Raises UsageError for what cannot be served."""
    try:
        name = installed.install(options.document or options.api)
        Worlds([installed.declared(name)], seeds=installed.seeds(), seeder=installed.load_seed_once)
    except (Unreadable, UnsupportedDocument, ContractError, BadHandlers) as error:
        raise UsageError(str(error)) from error
    return name
