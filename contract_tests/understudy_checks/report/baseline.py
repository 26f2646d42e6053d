"""Reads the baseline: failures in an earlier report, which are reported but do not fail a run."""

from __future__ import annotations

import json
from pathlib import Path

from understudy_checks.target.settings import BadSettings


def known_failures(path: Path, api: str) -> frozenset[str]:
    """Read the ids of the failed rules from a report of this API written by `--json`. Raises BadSettings."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"--baseline {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadSettings(f"--baseline {path} is not JSON: {error}") from error
    try:
        apis, outcomes = report["apis"], {rule["id"]: rule["outcome"] for rule in report["rules"]}
    except (KeyError, TypeError) as error:
        raise BadSettings(f"--baseline {path} is not a report written by `understudy check --json`") from error
    if apis != [api]:
        raise BadSettings(f"--baseline {path} is a report of {', '.join(map(str, apis))}, not of {api}")
    return frozenset(id for id, outcome in outcomes.items() if outcome == "failed")
