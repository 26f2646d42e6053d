"""Renders a report as one self-contained HTML page that works offline.

Text from a target is escaped and unprintable characters are made visible. Only the page's own script may run.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from understudy_checks.check import Report
from understudy_checks.defects import defects
from understudy_checks.examples.script import script
from understudy_checks.probes import ProbeResult
from understudy_checks.report import summary
from understudy_checks.report.heatmap import heat_maps
from understudy_checks.report.summary import with_count

FOUND_ORDER = ("alternative", "other", "default")
"""The order of probe results: differences first."""


def html(report: Report) -> str:
    """Render a report as one self-contained HTML page."""
    probed = [result for kind in FOUND_ORDER for result in report.probe_results if result.found == kind]
    return _template().render(
        report=report,
        verdict=verdict(report),
        areas=summary.areas(report),
        defects=defects(report),
        skip_reasons=summary.skip_reasons(report),
        maps=heat_maps(report),
        left_behind=summary.left_behind(report),
        probed=probed,
        unobserved=_unobserved(report.probe_results),
    )


def verdict(report: Report) -> str:
    """Summarize the outcome in a few words."""
    total, passed, failed = len(report.rules), report.count("passed"), report.count("failed")
    if failed:
        return f"{failed} of {with_count(total, 'rule')} {'is' if failed == 1 else 'are'} broken"
    if not passed:
        return "Nothing could be checked"
    holds = f"{passed} of {with_count(total, 'rule')} {'holds' if passed == 1 else 'hold'}"
    return holds if passed == total else f"{holds}, the others could not be checked"


def _unobserved(results: Sequence[ProbeResult]) -> dict[str, list[str]]:
    """The ids of the assumptions without a probe result, by reason."""
    found: dict[str, list[str]] = {}
    for result in results:
        if result.found == "not observed":
            found.setdefault(result.reason or "", []).append(result.assumption.id)
    return found


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "prose": _prose,
        "to_json": summary.to_json,
        "script": script,
        "by_area": summary.by_area,
        "with_count": with_count,
        "number": lambda number: f"{number:,}",
        "breakable": _breakable,
        "checksum": _checksum,
    }
    environment.globals |= {"WORDS": summary.WORDS, "is_partly_checked": summary.is_partly_checked}
    return environment.get_template("page.html")


def _visible(value: object) -> object:
    """Escape unprintable characters in the text of a template expression. Returns markup unchanged."""
    return summary.escape_unprintable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """Render a sentence with the text between backticks as code."""
    parts = summary.escape_unprintable(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts)
    )


def _breakable(path: str) -> Markup:
    """Render a path with an optional line break after each slash."""
    return Markup("/<wbr>").join(escape(part) for part in path.split("/"))


def _checksum(script: str) -> str:
    """The hash that allows a script in the page's content security policy."""
    return b64encode(hashlib.sha256(script.encode()).digest()).decode()
