"""The page of a report: what stands in it, that it needs nothing else, and that a browser shows it as it is meant."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from understudy_checks.check import Failure, Report, RuleResult, Run, Verdict
from understudy_checks.client import LACKING_REASONS
from understudy_checks.probes import ProbeResult
from understudy_checks.report import html_page, summary
from understudy_checks.report.heatmap import LEVELS, heat_maps
from understudy_checks.target import installed

CONTRACT = installed.document("nextstep")
CREATED, WALK, FILTER = (
    "nextstep.creation.created",
    "nextstep.pagination.walk-is-complete",
    "nextstep.runs.status-filter",
)
CURL = 'curl -H "authorization: Bearer $API_KEY" "$BASE_URL"/process-runs  # 200'
HOSTILE = "<script>alert(1)</script></pre><!-- {{ 7 * 7 }} \x1b]0;\x00\ud800\u202e \" onmouseover='x' &lt;"
VOID = {"meta", "wbr", "br", "input"}
INLINE = {"a", "b", "code", "span", "wbr"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def ran(outcome: Verdict, *rules: str, **fields: Any) -> Run:
    """A run of a check that came out so."""
    given: dict[str, Any] = {"check": "test_a.test_one", "subject": "", "reason": None, "lacking": (), "failure": None}
    given |= {"examples": 2, "requests": 3, "calls": Counter()}
    given |= {"failure": Failure("not so", (), ())} if outcome == "failed" else {}
    return Run(outcome=outcome, rules=rules, **{**given, **fields})


def reported(*runs: Run, probe_results: tuple[ProbeResult, ...] = ()) -> Report:
    """The report of these runs on the rules that they name."""
    known = {rule.id: rule for rule in CONTRACT.rules}
    ids = dict.fromkeys(id for run in runs for id in run.rules)
    rules = (RuleResult("nextstep", known[id], tuple(run for run in runs if id in run.rules)) for id in ids)
    return Report("http://127.0.0.1:9101/api/v1", ("nextstep",), "quick", tuple(rules), probe_results, 3456, 4.2, 12.34)


def broken() -> Report:
    """A report with something of everything."""
    one, two, three, *_ = CONTRACT.assumptions.values()
    failure = Failure("expected 201,\ngot 202", ("name = 'a'",), (CURL,))
    calls = {("createProcessRun", 202): 1, ("createProcessRun", 201): 40, ("createProcessRun", 415): 1}
    return reported(
        ran("failed", CREATED, failure=failure, calls=calls, subject="createProcessRun"),
        ran("passed", WALK, calls={("listProcessRuns", 200): 2000}),
        ran("not_checked", FILTER, WALK, lacking=("write",), reason="no writes"),
        ran("not_checked", FILTER, reason="no run on this target"),
        probe_results=(
            ProbeResult(one, "default", one.default),
            ProbeResult(two, "alternative", "clamp"),
            ProbeResult(three, "other", {"status": 418}),
            ProbeResult(three, "not observed", reason="nothing shows it"),
        ),
    )


class Reader(HTMLParser):
    """Reads a page: its elements and text; an element that is not closed where it should be is a failure."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.text += "" if tag in INLINE else " "
        self.elements.append((tag, dict(attrs)))
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        """The innermost element ends."""
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data

    def all(self, name: str) -> list[str]:
        """The values of an attribute, over all elements."""
        return [value for _, attributes in self.elements if (value := attributes.get(name)) is not None]


def plain(text: str) -> str:
    """A text with single spaces only."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        (("passed", "passed"), "2 of 2 rules hold"),
        (("passed",), "1 of 1 rule holds"),
        (("passed", "not_checked", "passed"), "2 of 3 rules hold, the others could not be checked"),
        (("failed", "passed", "not_checked"), "1 of 3 rules is broken"),
        (("failed", "failed"), "2 of 2 rules are broken"),
        (("not_checked",), "Nothing could be checked"),
        ((), "Nothing could be checked"),
    ],
)
def test_the_verdict_is_said_first(outcomes: tuple[Verdict, ...], words: str) -> None:
    """In words, whatever the colour."""
    runs = [ran(outcome, rule.id) for outcome, rule in zip(outcomes, CONTRACT.rules, strict=False)]
    report = reported(*runs)
    assert html_page.verdict(report) == words
    text = html_page.html(report)
    assert f"<title>NextStep REST API: {words}</title>" in text
    assert f"</span> {words}</p>" in text


def test_the_page_is_well_formed_and_leads_nowhere_else() -> None:
    """Every element is closed, every id is there once, every link leads to one, nothing is loaded."""
    known = Reader(html_page.html(broken()))
    ids = known.all("id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in known.all("href")} <= set(ids)
    assert {id for name in ("aria-labelledby", "for") for id in known.all(name)} <= set(ids)
    assert known.all("src") == []
    assert "url(" not in html_page.html(broken())
    assert "default-src 'none'" in known.all("content")[0]


def test_tables_have_headers_and_sections_have_headings() -> None:
    """For those who cannot see how it is laid out."""
    known = Reader(html_page.html(broken()))
    tags = Counter(tag for tag, _ in known.elements)
    assert tags["table"] == tags["thead"] == 7
    assert [attributes["lang"] for tag, attributes in known.elements if tag == "html"] == ["en"]
    assert [attributes for tag, attributes in known.elements if tag == "th" and "scope" not in attributes] == []
    assert (tags["h1"], tags["main"], tags["h2"]) == (1, 1, 5)


def test_a_failure_says_what_is_documented_and_what_was_seen() -> None:
    """With its source, the example, and what reproduces it."""
    text = plain(Reader(html_page.html(broken())).text)
    rule = next(rule for rule in CONTRACT.rules if rule.id == CREATED)
    start = text.index("1 failure")
    told = text[start : text.index("Operations and statuses", start)]
    assert f"1. {CREATED} Documented {rule.text.replace('`', '')} ({rule.source}, {rule.basis})" in told
    assert (
        "Seen expected 201, got 202 Example name = 'a' Reproduce : \"${BASE_URL:=http://127.0.0.1:9101/api/v1}\""
        in told
    )
    assert plain(CURL) in told
    assert "Found by test_a.test_one at createProcessRun." in told


def test_a_fault_that_breaks_many_rules_only_names_them() -> None:
    """By area; up to five have their texts."""
    rules = [rule.id for rule in CONTRACT.rules]
    failure = Failure("text", (), ())
    many = plain(Reader(html_page.html(reported(ran("failed", *rules[:20], failure=failure)))).text)
    assert "1. 20 rules at once Documented nextstep.authentication. bearer-key, missing-key" in many
    few = plain(Reader(html_page.html(reported(ran("failed", *rules[:2], failure=failure)))).text)
    assert f"1. 2 rules at once Documented {rules[0]} {CONTRACT.rules[0].text.replace('`', '')}" in few
    runs = [ran("failed", id, failure=Failure("createProcessRun: status 202", (), ())) for id in rules[:5]]
    found = plain(Reader(html_page.html(reported(*runs))).text)
    assert "Found by test_a.test_one." in found
    assert "Example" not in found
    assert "Reproduce" not in found


def test_what_was_not_checked_stands_with_what_would_help() -> None:
    """Reason, remedy, rules."""
    text = plain(Reader(html_page.html(broken())).text)
    assert (
        f"{LACKING_REASONS['write']} {summary.REMEDIES['write'].replace('`', '')} 1 rule nextstep.runs. status-filter"
        in text
    )
    assert "no run on this target not known 1 rule nextstep.runs. status-filter" in text


def test_assumptions_that_differ_come_first() -> None:
    """What the mock does, what this target does, and of how many nothing was seen."""
    one, two, three, *_ = CONTRACT.assumptions.values()
    text = plain(Reader(html_page.html(broken())).text)
    places = [text.index(f"{word} {seen.id}") for word, seen in (("differs", two), ("unforeseen", three))]
    assert [*places, text.index(f"the same {one.id}")] == sorted([*places, text.index(f"the same {one.id}")])
    assert '"clamp"' in text
    assert '{"status": 418}' in text
    assert f"1 assumption of which nothing was seen nothing shows it: {three.id}" in text
    assert "Nothing was observed." in html_page.html(reported())


def test_what_is_left_behind_is_named() -> None:
    """By where it is, so that somebody can remove it."""
    made = ("/api/v1/process-runs/one", "/api/v1/process-runs/two")
    text = plain(Reader(html_page.html(replace(broken(), left_behind=made))).text)
    assert "2 in /api/v1/process-runs one, two" in text
    assert "Left behind" not in html_page.html(broken())


def test_every_rule_is_listed_with_its_checks() -> None:
    """Outcome, source, runs; what was checked in part says so."""
    text = plain(Reader(html_page.html(broken())).text)
    assert "nextstep.creation: 1 failed" in text
    assert "✗ failed nextstep.creation.created" in text
    assert "✓ passed in part nextstep.pagination.walk-is-complete" in text
    assert "2 runs, 6 requests test_a.test_one: passed; 2 examples, 3 requests test_a.test_one: not checked" in text
    rule = next(rule for rule in CONTRACT.rules if rule.id == "nextstep.creation.name")
    assert "(documented) none" in plain(
        Reader(html_page.html(replace(reported(), rules=(RuleResult("nextstep", rule, ()),)))).text
    )


def test_what_a_target_says_stays_text() -> None:
    """Markup, templates and control characters are shown, and nothing of it runs."""
    report = reported(
        ran(
            "failed",
            CREATED,
            failure=Failure(HOSTILE, (HOSTILE,), (HOSTILE,)),
            check=HOSTILE,
            subject=HOSTILE,
        ),
        ran("not_checked", FILTER, reason=HOSTILE),
        probe_results=(
            ProbeResult(next(iter(CONTRACT.assumptions.values())), "other", {"a": HOSTILE}),
            ProbeResult(next(iter(CONTRACT.assumptions.values())), "not observed", reason=HOSTILE),
        ),
    )
    text = html_page.html(replace(report, target=HOSTILE, profile=HOSTILE))
    text.encode()
    known = Reader(text)
    assert Counter(tag for tag, _ in known.elements)["script"] == 1
    assert known.all("onmouseover") == []
    assert r"{{ 7 * 7 }} \x1b]0;\x00\ud800\u202e" in known.text


def test_a_heat_map_has_every_operation_and_status() -> None:
    """Those of the document and those that were seen."""
    (map,) = heat_maps(broken())
    assert map.statuses == (200, 201, 202, 400, 401, 403, 404, 415, 429)
    assert [row.operation.id for row in map.rows] == list(CONTRACT.operations)
    row = next(row for row in map.rows if row.operation.id == "createProcessRun")
    assert (row.calls, [cell.status for cell in row.seen]) == (42, [201, 202, 415])
    assert {cell.status: cell.coverage for cell in row.cells} == {
        200: "none",
        201: "named",
        202: "undocumented",
        400: "not seen",
        401: "not seen",
        403: "not seen",
        404: "not seen",
        415: "in a range",
        429: "not seen",
    }


def test_a_heat_map_shades_by_magnitude_and_knows_the_rules() -> None:
    """The most frequent answer has the deepest shade, a single one the palest."""
    cells = {(cell.operation.id, cell.status): cell for row in heat_maps(broken())[0].rows for cell in row.cells}
    frequent, rare = cells["listProcessRuns", 200], cells["createProcessRun", 202]
    assert (frequent.level, rare.level, cells["listProcessRuns", 400].level) == (LEVELS, 1, 0)
    assert 1 < cells["createProcessRun", 201].level < LEVELS
    assert (frequent.rules, rare.rules) == ((WALK,), (CREATED,))
    assert heat_maps(reported())[0].rows[0].calls == 0


def test_a_heat_map_counts_a_run_of_several_rules_once() -> None:
    """Its calls were made once, for all of them."""
    (map,) = heat_maps(reported(ran("passed", WALK, FILTER, calls={("listProcessRuns", 200): 3})))
    assert [(cell.calls, cell.rules) for row in map.rows for cell in row.seen] == [(3, (WALK, FILTER))]


def test_a_heat_map_takes_the_calls_of_its_own_api_only() -> None:
    """Where a report is of several, each has its map."""
    both = replace(broken(), apis=("nextstep", "kognitos"))
    first, second = heat_maps(both)
    assert sum(row.calls for row in first.rows) == 2042
    assert (second.title, sum(row.calls for row in second.rows)) == ("Kognitos REST API v2", 0)
    assert 415 in first.statuses
    assert 415 not in second.statuses


def test_the_heat_map_is_told_in_words_too() -> None:
    """Colour alone says nothing."""
    text = html_page.html(broken())
    assert f'title="createProcessRun answered 202 1 time, in checks of 1 rule: {CREATED}"' in text
    assert "! not in the document</small>" in text
    assert "only as 4XX</small>" in text
    assert 'title="createProcessRun: 404 is documented and was never seen"' in text
    told = plain(Reader(text).text)
    assert "createProcessRun 202 1 creation.created" in told


@pytest.fixture(scope="module")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[str, str]]:
    """Opens a file in a browser without a window; the page as it is then, and what its console says."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        pytest.skip(f"no browser on PATH: one of {', '.join(BROWSERS)}")
    folder = tmp_path_factory.mktemp("browser")

    def browse(file: Path, *options: str) -> tuple[str, str]:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
        command += [f"--user-data-dir={folder}", "--enable-logging=stderr", "--virtual-time-budget=5000", *options]
        done = subprocess.run([*command, file.as_uri()], check=True, capture_output=True, text=True, timeout=60)
        return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)

    return browse


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a report, as a file."""
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(html_page.html(broken()), encoding="utf-8")
    return file


@pytest.mark.deep
def test_a_browser_opens_the_page_without_a_complaint(browse, written: Path) -> None:
    """Headings and tables are there, the page's own script runs, and the console is silent."""
    shown, console = browse(written, "--dump-dom")
    known = Reader(shown)
    tags = Counter(tag for tag, _ in known.elements)
    assert console == ""
    assert (tags["h1"], tags["h2"], tags["table"]) == (1, 5, 7)
    assert "3 of 3 rules shown" in known.text
    assert [attributes for _, attributes in known.elements if "hidden" in attributes] == []


@pytest.mark.deep
@pytest.mark.parametrize("size", ["1280,2000", "500,2000"])
def test_a_browser_draws_the_page(browse, written: Path, tmp_path: Path, size: str) -> None:
    """Wide and narrow, and no part of it is wider than the window."""
    picture = tmp_path / "html_page.png"
    _, console = browse(written, f"--screenshot={picture}", f"--window-size={size}", "--hide-scrollbars")
    assert console == ""
    assert picture.read_bytes().startswith(b"\x89PNG")
    seen = tried(
        browse, written, "shown.innerWidth - shown.document.documentElement.scrollWidth", f"--window-size={size}"
    )
    assert int(seen) >= 0


@pytest.mark.deep
def test_the_rules_can_be_filtered(browse, written: Path) -> None:
    """By text and by outcome; a link to a rule that is filtered out shows it again."""
    shown = "[...all('tr[data-outcome]')].filter((row) => row.offsetParent).map((row) => row.id).join()"
    areas = "[...all('section.area')].filter((area) => area.offsetParent).length"
    type_a_word = "const field = all('#filter-text')[0]; field.value = ' STATUS-filter '; field.dispatchEvent(input)"
    follow = f"shown.location.hash = '{WALK}'; shown.dispatchEvent(new Event('hashchange'))"
    assert tried(browse, written, f"all('#filter input[value=passed]')[0].click(); {shown}") == f"{CREATED},{FILTER}"
    assert tried(browse, written, f"{type_a_word}; {shown}") == FILTER
    assert tried(browse, written, f"{type_a_word}; {areas}") == "1"
    assert tried(browse, written, f"{type_a_word}; all('#filter-count')[0].textContent") == "1 of 3 rules shown"
    assert tried(browse, written, f"{type_a_word}; {follow}; {shown}") == f"{CREATED},{WALK},{FILTER}"


@pytest.mark.deep
def test_what_a_target_says_does_not_run(browse, tmp_path: Path) -> None:
    """No script but the page's own may run, even if one came to stand in it."""
    evil = "<script>document.title = 'evil'</script><img src=x onerror=\"document.title = 'evil'\">"
    file = tmp_path / "evil.html"
    file.write_text(html_page.html(broken()).replace("<footer>", f"{evil}<footer>"), encoding="utf-8")
    shown, console = browse(file, "--dump-dom")
    assert "<title>NextStep REST API: 1 of 3 rules is broken</title>" in shown
    assert "Content Security Policy" in console


def tried(browse: Callable[..., tuple[str, str]], file: Path, script: str, *options: str) -> str:
    """What a script gives that acts on a page (`shown`, and `all` to find things there) from another one around it."""
    around = file.with_name("around.html")
    *statements, value = script.split("; ")
    around.write_text(
        f"""<!doctype html><style>body {{ margin: 0 }}</style><pre></pre>
        <iframe src="{file.name}" style="border: 0; width: 100vw; height: 900px"></iframe>
        <script>
        onload = () => {{
          const shown = frames[0], input = new Event("input");
          const all = (selector) => shown.document.querySelectorAll(selector);
          {"; ".join(statements)};
          document.querySelector("pre").textContent = {value};
        }};
        </script>"""
    )
    told, console = browse(around, "--dump-dom", *options)
    assert console == ""
    return told[told.index("<pre>") + len("<pre>") : told.index("</pre>")]
