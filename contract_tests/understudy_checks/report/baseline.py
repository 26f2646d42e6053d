"""The failures that were known before, read from an earlier report: they are told, and fail nothing."""

from __future__ import annotations

import json
from pathlib import Path

from understudy_checks.target.settings import BadSettings


def known_failures(path: Path, api: str) -> frozenset[str]:
    """The ids of the rules that failed in a report that `--json` wrote of this API. Raises BadSettings."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"--baseline {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadSettings(f"--baseline {path} is not JSON: {error}") from error
    try:
        apis, outcomes = report["apis"], {rule["id"]: rule["outcome"] for rule in report["rules"]}
    except (KeyError, TypeError) as error:
        raise BadSettings(f"--baseline {path} is no report that `understudy check --json` wrote") from error
    if apis != [api]:
        raise BadSettings(f"--baseline {path} is a report of {', '.join(map(str, apis))}, not of {api}")
    return frozenset(id for id, outcome in outcomes.items() if outcome == "failed")
