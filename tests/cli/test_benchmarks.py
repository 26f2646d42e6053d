"""The benchmarks' own parts work; nothing is timed here."""

import json
import os
import re
import sys
from xml.etree import ElementTree

import pytest
import uvicorn
from msgspec import structs

from benchmarks import __main__ as benchmarks
from benchmarks import constant, growth, inside, kit, load, machine, memory, mock, throughput
from benchmarks import recordings as of_recordings
from benchmarks import tests as of_tests
from benchmarks.figures import GOALS, PEERS, Figure, Goal, missed, ratio, summed_up, table
from benchmarks.figures import growth as growth_of
from benchmarks.load import Sample, lua, read
from benchmarks.peers import contest
from benchmarks.peers.catalogue import CATALOGUE, Peer, Unavailable, stubs
from benchmarks.plot import Curve, Panel, drawn
from benchmarks.report import PAGE, goals_table, put_into_page
from benchmarks.requests import ASKS, as_requests, with_tasks
from benchmarks.servers import Answer, NotStarted, Running, answer, expect, free_port, running
from benchmarks.throughput import Round
from understudy.http.app import App, call
from understudy.http.server import Server

pytestmark = pytest.mark.beside

WRK = """Running 1s test @ http://127.0.0.1:8629
  Latency Distribution
     50%  750.00us
     75%    1.20ms
     90%    1.50ms
     99%    2.50ms
  20100 requests in 1.00s, 3.02MB read
  Socket errors: connect 0, read 2, write 0, timeout 1
  Non-2xx or 3xx responses: 4
Requests/sec:  20099.50
"""


@pytest.fixture(scope="module")
def served() -> App:
    """A server's application; what tests write does not meet."""
    return mock.app(tasks=3)


def test_rounds_become_a_median_with_its_spread():
    """A figure is the middle round, between the lowest and the highest."""
    figure = summed_up("x", [3, 1, 2], "ms")
    assert figure == Figure("x", 2, 1, 3, "ms")
    assert str(figure) == "2 [1 .. 3] ms"
    assert str(summed_up("x", [1234.5])) == "1,234"


def test_ratios_are_taken_round_by_round():
    """Rounds that were measured side by side are compared with each other."""
    assert ratio("x", [1, 9], [2, 10]) == Figure("x", 0.7, 0.5, 0.9, "")


def test_growth_is_told_by_the_costliest_size():
    """The size whose median is worst is compared with the first one."""
    assert growth_of("x", [[2, 2], [6, 8], [3, 3]]).value == 3.5


@pytest.mark.parametrize(("goal", "value", "holds"), [
    (Goal(least=0.7), 0.7, True), (Goal(least=0.7), 0.69, False), (Goal(most=1), 1, True), (Goal(most=1), 1.1, False),
])  # fmt: skip
def test_a_goal_is_reached_up_to_its_bound(goal, value, holds):
    """The bound itself still counts."""
    assert goal.holds(Figure("x", value, value, value, "")) is holds


def test_only_figures_with_a_goal_can_miss_it():
    """A figure that is below its goal is named, one without a goal never."""
    low = summed_up("GET one run: ratio of rates", [0.1])
    assert missed([low, summed_up("anything else", [0])]) == [
        "GET one run: ratio of rates is 0.1, and should be >= 0.7"
    ]
    assert table([low]).endswith(">= 0.7: MISSED")
    assert table([summed_up("install size", [45])]).endswith("<= 50: met")


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.name)
def test_each_request_has_its_goals(ask):
    """Every request that is measured is judged by rate, CPU, latency, dispatch and beside each peer."""
    judged = {name.removeprefix(ask.name) for name in GOALS if name.startswith(ask.name)}
    assert judged >= {": ratio of rates", ": ratio by CPU", ": p99 / p50", ": dispatch", *(f" / {p}" for p in PEERS)}


def test_report_of_wrk_is_read():
    """Rates, latencies in milliseconds, and every kind of failure."""
    assert read(WRK) == (20100, 20099.5, 0.75, 2.5, 7)
    with pytest.raises(ValueError, match="something else"):
        read("unable to connect")


def test_script_of_wrk_holds_every_body():
    """The load sends the bodies in turn, with the headers."""
    script = lua(ASKS[3])
    assert script.count("jane@company.com") == 64
    assert 'wrk.headers["Authorization"] = "Bearer nxs_live_your_key"' in script


def test_pipeline_gets_the_same_requests():
    """Path, query, key and length are those of the wire."""
    listing, created = as_requests(ASKS[1])[0], as_requests(ASKS[2], key="other")[0]
    assert (listing.path, listing.query) == ("/api/v1/process-runs", "limit=20")
    assert created.header("authorization") == "Bearer other"
    assert created.header("content-length") == str(len(created.body))


def test_template_has_the_tasks_that_it_is_given(served):
    """A run that is started from it has as many."""
    run = mock.expect(served, as_requests(ASKS[2])[0]).json()["data"]
    tasks = mock.expect(
        served, structs.replace(as_requests(ASKS[1])[0], path=f"/api/v1/process-runs/{run['id']}/tasks")
    )
    assert len(tasks.json()["data"]) == 3
    assert len(list(with_tasks(3))) == 3


def test_a_refused_request_is_not_measured(served):
    """What is no 2xx stops the measurement, with the answer."""
    with pytest.raises(RuntimeError, match="401"):
        mock.expect(served, as_requests(ASKS[0], key="unknown")[0])


def test_constant_answers_the_same_bytes_and_headers(served, monkeypatch, tmp_path):
    """The baseline sends what our server sent; without answers, hello."""
    given = call(served, as_requests(ASKS[2])[0])
    headers = [[name.decode(), value.decode()] for name, value in given.headers]
    content = tmp_path / "answers.json"
    content.write_text(json.dumps([["POST", ASKS[2].target, given.status, headers, given.body.decode()]]))
    monkeypatch.setattr(constant, "_ready", constant._read(str(content)))
    assert _asked(constant.app, as_requests(ASKS[2])[0]) == given
    assert _asked(constant.app, as_requests(ASKS[0])[0]).body == b"hello"


def _asked(app, request):
    return call(lambda scope, receive, send: app(scope, receive, send), request)


def test_constant_runs_on_the_flags_of_our_server(served):
    """Whatever differs in speed is ours, not uvicorn's."""
    shipped = Server(served, sockets=[], ready=lambda: None).config
    context = uvicorn.main.make_context("uvicorn", ["benchmarks.constant:app", *constant.FLAGS])
    flags = {name: context.params[name] for name in ("access_log", "server_header", "date_header", "proxy_headers")}
    assert flags == {name: getattr(shipped, name) for name in flags}
    assert (context.params["loop"], context.params["ws"], context.params["lifespan"]) == (
        shipped.loop, shipped.ws, shipped.lifespan,
    )  # fmt: skip


def test_a_server_is_told_by_its_first_answer(tmp_path):
    """A process counts as started once it answers, and is gone afterwards; its CPU time and memory can be read."""
    port, get = free_port(), ASKS[0]._replace(target="/")
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(tmp_path)]
    with running(command, port, get) as server:
        assert server.cpu_seconds() >= 0
        assert server.resident() > 1
        assert answer(get, port).status == 200
        with pytest.raises(NotStarted, match="404"):
            expect(ASKS[0], port)
    with pytest.raises(OSError, match=r"refused|reset"):
        answer(get, port)


def test_a_server_that_does_not_start_says_why():
    """The reason is the line that names the error."""
    command = [sys.executable, "-c", "import sys; sys.exit('first\\nSome Error: so it is\\nlast')"]
    with pytest.raises(NotStarted, match=r"^Some Error: so it is$"), running(command, free_port(), ASKS[0]):
        pass


def test_every_way_to_call_in_process_is_measured(served, monkeypatch):
    """Each request goes through each client."""
    monkeypatch.setattr(mock, "app", lambda: served)
    names = [figure.name for figure in inside.clients(rounds=1, count=50)]
    assert len(names) == 4 * len(ASKS)
    assert "GET one run: starlette.testclient.TestClient" in names


def test_dispatch_is_measured_for_each_request(served, monkeypatch):
    """One figure each, all with a goal."""
    monkeypatch.setattr(mock, "app", lambda: served)
    assert {figure.name for figure in inside.dispatch(rounds=1, count=64)} <= GOALS.keys()


def test_rounds_alternate(monkeypatch):
    """After one to warm up, each server is loaded in turn, another one first each time."""
    loaded = _load(monkeypatch, Sample(10, 5.0, 1.0, 2.0, 0))
    servers = [(ASKS[0], Running(port, os.getpid())) for port in (1, 2)]
    taken = throughput.alternate(servers, 2, 1, ())
    assert loaded == [1, 2, 2, 1, 1, 2]
    assert [[r.rate for r in rounds] for rounds in taken] == [[5.0, 5.0], [5.0, 5.0]]


def test_a_failed_request_is_no_figure(monkeypatch):
    """The constant or a peer that refuses would look fast: a refusal ends the comparison."""
    _load(monkeypatch, Sample(10, 5.0, 1.0, 2.0, 3))
    with pytest.raises(RuntimeError, match="GET one run: 3 of 10 requests failed"):
        throughput.sample(ASKS[0], Running(1, os.getpid()), 1, ())


def test_a_peer_that_refuses_under_load_is_told_so(monkeypatch):
    """The others are measured all the same."""
    _load(monkeypatch, Sample(10, 5.0, 1.0, 2.0, 0), failing=2)
    servers = [contest.Entrant(name, "1", Running(port, os.getpid())) for port, name in ((1, "ours"), (2, "Prism"))]
    taken = contest.measure([*servers, contest.Entrant("Mockoon", reason="no node")], rounds=1, seconds=1, warm=1)
    assert taken["list of 20"]["Prism"] == "list of 20: 1 of 1 requests failed"
    assert taken["list of 20"]["Mockoon"] == "no node"
    assert [r.rate for r in taken["list of 20"]["ours"]] == [5.0]


def _load(monkeypatch, sample, failing=None):
    """Rounds of load that are always the same; one port refuses. The ports that were loaded."""
    loaded = []

    def load(ask, port, seconds, *, pin):
        loaded.append(port)
        return Sample(1, 1.0, 1.0, 1.0, 1) if port == failing else sample

    monkeypatch.setattr(throughput, "load", load)
    return loaded


@pytest.mark.deep
def test_growth_is_measured_and_drawn(tmp_path, monkeypatch):
    """Each curve has its growth, judged, and a line in the plot."""
    monkeypatch.setattr(growth, "PLOT", tmp_path / "growth.svg")
    figures = list(growth.measure(sizes=[100, 200, 300], tasks=[2, 4], rounds=1, count=2, keep=True))
    grown = [figure.name for figure in figures if figure.name.endswith(": growth")]
    assert {"first page: growth", "fork of a world: growth"} < set(grown) < GOALS.keys()
    assert (tmp_path / "growth.svg").read_text().count("<polyline") == len(grown)


def test_plot_is_well_formed():
    """Curves with one value, and names with marks, are drawn too."""
    root = ElementTree.fromstring(drawn("<all>", [Panel("a & b", [Curve("c < d", {10: [5], 100: [5]})])]))
    assert [line.get("points") for line in root.iter("{http://www.w3.org/2000/svg}polyline")] == [
        "50.0,120.2 350.0,120.2"
    ]


def test_committed_plot_is_there():
    """The page on speed links to it."""
    assert growth.PLOT.exists()


@pytest.mark.deep
def test_memory_is_measured_of_each_kind():
    """Worlds, runs, the journal and requests; here in this process."""
    size, took = memory.of_worlds(2, 0)
    assert took > 0
    assert isinstance(size, float)
    assert isinstance(memory.of_runs(2, 3), float)
    assert 0 < memory.of_journal(0) < memory.of_journal(1000)
    few, many = memory.of_requests(10, 20)
    assert min(few, many) > 1


@pytest.mark.deep
def test_schemathesis_and_mutants_are_measured():
    """Requests are counted, and a sample of the gate runs."""
    assert kit._schemathesis(1) > 0
    assert [figure.unit for figure in kit._gate(10**6)] == ["ms of CPU", "ms of CPU"]


def test_a_missed_goal_is_exit_code_1(monkeypatch, capsys):
    """The command fails when a figure misses its goal, and says which."""
    _only(monkeypatch, summed_up("--help: ratio", [5]))
    assert benchmarks.main(["--quick"]) == 1
    assert "MISSED: --help: ratio is 5" in capsys.readouterr().out
    _only(monkeypatch, summed_up("anything else", [5]))
    assert benchmarks.main(["start"]) == 0


def test_without_wrk_the_command_says_how_to_get_it(monkeypatch, capsys):
    """Groups under load need it, others run without."""
    monkeypatch.setattr(load.shutil, "which", lambda name: None)
    group = benchmarks.Group("Speed", lambda: pytest.fail("it ran"), {}, {}, under_load=True)
    monkeypatch.setattr(benchmarks, "GROUPS", {"throughput": group})
    assert benchmarks.main(["throughput"]) == 3
    assert "apt-get install wrk" in capsys.readouterr().err
    _only(monkeypatch, summed_up("anything else", [5]))
    assert benchmarks.main(["start"]) == 0


def test_an_unknown_group_is_exit_code_2(capsys):
    """It is named, with the nearest one."""
    with pytest.raises(SystemExit, match="2"):
        benchmarks.main(["starts"])
    assert "unknown name starts; did you mean start?" in capsys.readouterr().err


def test_what_does_not_start_is_exit_code_3(monkeypatch, capsys):
    """The reason is one line, not a traceback."""

    def fail():
        raise NotStarted("no port is free")

    monkeypatch.setattr(benchmarks, "GROUPS", {"start": benchmarks.Group("Starting", fail, {}, {})})
    assert benchmarks.main(["start"]) == 3
    assert capsys.readouterr().err == "benchmarks: no port is free\n"


def _only(monkeypatch, figure):
    group = benchmarks.Group("Starting", lambda: iter([figure]), {}, {})
    monkeypatch.setattr(benchmarks, "GROUPS", {"start": group})


def test_a_part_of_the_page_is_replaced(tmp_path):
    """Only what stands between the part's own marks."""
    page = tmp_path / "speed.md"
    page.write_text("a\n<!-- goals -->\nold\n<!-- /goals -->\nb\n<!-- peers -->\n<!-- /peers -->\n")
    put_into_page("goals", goals_table([summed_up("install size", [40], "MB")]), page=page)
    assert "<!-- goals -->\n| what |" in page.read_text()
    assert (
        "| install size | 40 MB | <= 50: met |\n<!-- /goals -->\nb\n<!-- peers -->\n<!-- /peers -->" in page.read_text()
    )
    with pytest.raises(ValueError, match="other"):
        put_into_page("other", "", page=page)


def test_the_page_has_the_places_for_its_figures():
    """The commands that fill it find them."""
    text = PAGE.read_text()
    assert all(f"<!-- {part} -->\n" in text and f"<!-- /{part} -->" in text for part in ("goals", "peers"))


def test_machine_is_told_with_versions():
    """Date, Python and what decides the speed."""
    assert re.match(r"\d{4}-\d\d-\d\d, Python 3\.\d+\.\d+, uvicorn .*; \d+ cores of .+", machine.told())


def test_peers_get_the_same_requests_at_their_own_paths():
    """Some serve the document's paths at the root."""
    targets = {peer.name: peer.ask(ASKS[1]).target for peer in CATALOGUE}
    assert targets["Prism"] == "/process-runs?limit=20"
    assert targets["WireMock, journal off"] == ASKS[1].target
    assert tuple(targets) == PEERS


def test_stubs_hold_our_answers(tmp_path):
    """WireMock answers the same bytes to the same request with the same key."""
    stubs(tmp_path, [(ASKS[1], Answer(200, [], "[]"))])
    stub = json.loads((tmp_path / "mappings" / "0.json").read_text())
    assert stub["request"]["queryParameters"] == {"limit": {"equalTo": "20"}}
    assert stub["request"]["headers"] == {"Authorization": {"equalTo": "Bearer nxs_live_your_key"}}
    assert (stub["response"]["status"], stub["response"]["body"]) == (200, "[]")


def test_a_peer_whose_program_is_missing_is_not_installed(tmp_path):
    """The reason is what is missing."""
    with pytest.raises(Unavailable, match="no-such-program is not here"):
        Peer("x", ("x",), lambda folder, port: [], needs=("no-such-program",)).install(tmp_path)


def test_standing_tells_why_a_peer_was_not_measured():
    """One that runs has its medians, one that does not its reason, and no ratio."""
    entrants = [contest.Entrant(contest.OURS), contest.Entrant("Prism"), contest.Entrant("Mockoon", reason="no node")]
    rounds = {contest.OURS: [Round(30.0, 1, 1, 1)], "Prism": [Round(2.0, 1, 1, 1)], "Mockoon": "no node"}
    taken = {ask.name: rounds for ask in ASKS}
    table = contest.standing(entrants, taken, unit="per second", value=lambda r: r.rate).splitlines()
    assert table[0].startswith("| per second | version | GET one run |")
    assert table[2:] == [
        "| Understudy, as shipped | - | 30 | 30 | 30 | 30 |",
        "| Prism | - | 2 | 2 | 2 | 2 |",
        "| Mockoon | - | not measured: no node | - | - | - |",
    ]
    figures = list(contest.against_ours(taken))
    assert [(figure.name, figure.value) for figure in figures] == [(f"{ask.name} / Prism", 15) for ask in ASKS]
    assert not missed(figures)


def test_the_world_of_a_test_is_measured():
    """Both ways to a server, and a server for itself; each way has a goal."""
    figures = list(of_tests.measure(rounds=1, count=1))
    assert [figure.unit for figure in figures] == ["ms"] * 3
    assert [figure.name in GOALS for figure in figures] == [True, True, False]


def test_recordings_are_measured():
    """Importing is compared with reading the file, replaying with sending the requests, in both formats."""
    figures = list(of_recordings.measure(rounds=1, count=16))
    assert [figure.unit for figure in figures] == ["s", "", "s", ""] * 2
    assert all(figure.value > 0 for figure in figures)
    assert figures[0].name == "a HAR, 16 exchanges imported"
