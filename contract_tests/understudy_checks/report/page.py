"""A report to read: one page of HTML that needs nothing else, not even a network.

What a target said is text and stays text: escaped, made visible, and no script but the page's own may run.
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
from understudy_checks.probes import ProbeResult
from understudy_checks.report import digest
from understudy_checks.report.digest import with_count
from understudy_checks.report.heatmap import heat_maps

FOUND_ORDER = ("alternative", "other", "default")
"""The order in which assumptions are told: what differs first."""


def html(report: Report) -> str:
    """A report as one self-contained page."""
    probed = [observation for kind in FOUND_ORDER for observation in report.probe_results if observation.found == kind]
    return _template().render(
        report=report,
        verdict=verdict(report),
        areas=digest.areas(report),
        defects=digest.defects(report),
        skip_reasons=digest.skip_reasons(report),
        maps=heat_maps(report),
        left_behind=digest.left_behind(report),
        probed=probed,
        unobserved=_unobserved(report.probe_results),
    )


def verdict(report: Report) -> str:
    """What came of it, in a few words."""
    total, passed, failed = len(report.rules), report.count("passed"), report.count("failed")
    if failed:
        return f"{failed} of {with_count(total, 'rule')} {'is' if failed == 1 else 'are'} broken"
    if not passed:
        return "Nothing could be checked"
    holds = f"{passed} of {with_count(total, 'rule')} {'holds' if passed == 1 else 'hold'}"
    return holds if passed == total else f"{holds}, the others could not be checked"


def _unobserved(probe_results: Sequence[ProbeResult]) -> dict[str, list[str]]:
    """The assumptions (ids) that nothing was seen of, by the reason."""
    found: dict[str, list[str]] = {}
    for observation in probe_results:
        if observation.found == "not observed":
            found.setdefault(observation.reason or "", []).append(observation.assumption.id)
    return found


@cache
def _template() -> Template:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "prose": _prose,
        "to_json": digest.to_json,
        "shell_variables": digest.shell_variables,
        "by_area": digest.by_area,
        "with_count": with_count,
        "number": lambda number: f"{number:,}",
        "breakable": _breakable,
        "checksum": _checksum,
    }
    made.globals |= {"WORDS": digest.WORDS, "is_partly_checked": digest.is_partly_checked}
    return made.get_template("page.html")


def _visible(value: object) -> object:
    """What an expression of the template gives: a text with every character visible, markup as it is."""
    return digest.escape_unprintable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """A sentence of a document, with what stands between backticks as code."""
    parts = digest.escape_unprintable(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts)
    )


def _breakable(path: str) -> Markup:
    """A path that may go on in another line after each slash."""
    return Markup("/<wbr>").join(escape(part) for part in path.split("/"))


def _checksum(script: str) -> str:
    """What allows a script in the page's content security policy."""
    return b64encode(hashlib.sha256(script.encode()).digest()).decode()
