"""Kognitos' runs and processes: members, filters, and unknown ids."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import islice

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Client, Skipped
from understudy_checks.kognitos.driver import (
    MAX_PROCESSES,
    Json,
    known_agents,
    listed_run,
    other_agent,
    processes,
    provided,
    read_run,
    runs,
    sample_runs,
    start_run,
)
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

STAGES = ("Draft", "Published")
ID = re.compile(r"[A-Za-z0-9_-]{1,26}")
UNKNOWN_IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=24).map(lambda text: f"x{text}y")
NEAR_STAGES = st.text("DdraftPpublishe ", min_size=1, max_size=12)
OTHER_STAGES = ("draft", "published", "DRAFT", "Publish", "Drafts", "Draft ", "Draft,Published", "Live", "0")


@rule("kognitos.runs.fields", needs=("write",))
def test_a_run_has_its_fields(target: Target) -> None:
    """A run has seven string members in the list, by its id, and in the response to its start."""
    with target.open() as client:
        for run in _shown(client):
            for name in ("id", "agent_id", "process_id", "name", "created_at", "stage", "status"):
                assert isinstance(run[name], str), f"`{name}` of a run must be a string, not {show(run[name])}"


@rule("kognitos.runs.ids", needs=("write",))
def test_the_ids_of_a_run_fit_the_pattern(target: Target) -> None:
    """The three ids of a run consist of 1 to 26 letters, digits, hyphens and underscores."""
    with target.open() as client:
        for run in _shown(client):
            for name in ("id", "agent_id", "process_id"):
                assert ID.fullmatch(run[name]), (
                    f"`{name}` of a run must be 1 to 26 letters, digits, hyphens and underscores, not {show(run[name])}"
                )


@rule("kognitos.runs.names", needs=("write",))
def test_a_run_has_a_name(target: Target) -> None:
    """The name of a run has 1 to 100 characters."""
    with target.open() as client:
        for run in _shown(client):
            assert 1 <= len(run["name"]) <= 100, f"the name of a run must have 1 to 100 characters: {show(run['name'])}"


@rule("kognitos.runs.stages", needs=("write",))
def test_a_run_has_a_stage(target: Target) -> None:
    """The stage of a run is Draft or Published."""
    with target.open() as client:
        for run in _shown(client):
            assert run["stage"] in STAGES, f"the stage of a run must be one of {show(STAGES)}, not {show(run['stage'])}"


@rule("kognitos.runs.created-at", needs=("write",))
def test_a_run_has_a_time(target: Target) -> None:
    """`created_at` of a run is a date and time in ISO 8601, with or without an offset."""
    with target.open() as client:
        for run in _shown(client):
            assert "T" in run["created_at"], (
                f"`created_at` of a run must be a date and a time, not {show(run['created_at'])}"
            )
            datetime.fromisoformat(run["created_at"])


@rule("kognitos.runs.file-ids", needs=("write",))
def test_the_files_of_a_run_are_texts(target: Target) -> None:
    """`file_ids` of a run is missing, null or a list of strings."""
    with target.open() as client:
        for run in _shown(client):
            files = run.get("file_ids")
            assert files is None or all(isinstance(id, str) for id in files), (
                f"`file_ids` of a run must be null or a list of strings, not {show(files)}"
            )


@rule("kognitos.runs.outputs", needs=("write",))
def test_outputs_have_names_and_values(target: Target) -> None:
    """`outputs` of a run is missing, null or a list of objects with a name and a value."""
    with target.open() as client:
        for run in _shown(client):
            outputs = run.get("outputs")
            assert outputs is None or isinstance(outputs, list), (
                f"`outputs` of a run must be null or a list, not {show(outputs)}"
            )
            for output in outputs or ():
                assert isinstance(output["name"], str), f"an output must have a string as its name: {show(output)}"
                assert "value" in output, f"an output must have a value: {show(output)}"


@rule("kognitos.runs.by-id")
def test_a_listed_run_is_read_by_its_id(target: Target) -> None:
    """Every listed run can be read by its id alone."""
    with target.open() as client:
        for run in islice(sample_runs(client), 60):
            assert (got := read_run(client, run["id"])["id"]) == run["id"], (
                f"a listed run must be read by its own id; {run['id']} returns {show(got)}"
            )


@rule("kognitos.runs.unknown-run")
@given(id=UNKNOWN_IDS)
@example(id="no-such-run")
def test_an_unknown_run_is_not_found(target: Target, id: str) -> None:
    """An unknown run id answers 404, a similar one and another object's id too."""
    with target.open() as client:
        known = next(sample_runs(client))
        runs = {run["id"] for run in sample_runs(client)}
        near = {known["id"][:-1], known["id"] + "0", known["id"].swapcase()} - runs
        others = {process["id"] for process in processes(client)} - runs
        for unknown in (id, *(text for text in sorted(near) if ID.fullmatch(text)), *sorted(others)[:3]):
            assert (got := client.call("getRun", {"run_id": unknown}).status) == 404, (
                f"the unknown run {show(unknown)} must answer 404, not {show(got)}"
            )


@rule("kognitos.runs.process-id-needed")
def test_runs_are_not_listed_without_a_process(target: Target) -> None:
    """A list of runs without `process_id` answers 400."""
    with target.open() as client:
        assert (got := client.call("listRuns", {"agent_id": provided(client, "agent_id")}).status) == 400, (
            f"a list of runs without a process must answer 400, not {show(got)}"
        )


@rule("kognitos.runs.agent-id-needed")
def test_runs_are_not_listed_without_an_agent(target: Target) -> None:
    """A list of runs without `agent_id` answers 400."""
    with target.open() as client:
        assert (got := client.call("listRuns", {"process_id": _process(client)["id"]}).status) == 400, (
            f"a list of runs without an agent must answer 400, not {show(got)}"
        )


@rule("kognitos.runs.unknown-process")
@given(id=UNKNOWN_IDS)
@example(id="no-such-process")
def test_runs_of_an_unknown_process_are_not_found(target: Target, id: str) -> None:
    """The runs of an unknown process answer 404."""
    with target.open() as client:
        response = client.call("listRuns", {"process_id": id, "agent_id": provided(client, "agent_id")})
        assert response.status == 404, (
            f"the runs of the unknown process {id} must answer 404, not {show(response.status)}"
        )


@rule("kognitos.runs.unknown-agent")
@given(id=UNKNOWN_IDS)
@example(id="no-such-agent")
def test_runs_of_an_unknown_agent_are_not_found(target: Target, id: str) -> None:
    """The runs of an unknown agent answer 404, whatever the process."""
    with target.open() as client:
        response = client.call("listRuns", {"process_id": _process(client)["id"], "agent_id": id})
        assert response.status == 404, (
            f"the runs of the unknown agent {id} must answer 404, not {show(response.status)}"
        )


@rule("kognitos.runs.process-of-another-agent")
def test_runs_of_another_agents_process_are_not_found(target: Target) -> None:
    """The runs of a process answer 404 under another agent."""
    with target.open() as client:
        own, other = provided(client, "agent_id"), other_agent(client)
        crossed = [(process["id"], other) for process in processes(client, own)[:3]]
        crossed += [(process["id"], own) for process in processes(client, other)[:3]]
        for process_id, agent_id in crossed:
            response = client.call("listRuns", {"process_id": process_id, "agent_id": agent_id})
            assert response.status == 404, (
                f"the runs of process {process_id} under agent {agent_id} must answer 404, not {show(response.status)}"
            )


@rule("kognitos.runs.stage-filter")
def test_a_stage_lists_its_runs(target: Target) -> None:
    """`stage` lists exactly the runs of that stage, in the order of the whole list."""
    with target.open() as client:
        seen = set()
        for id in known_agents(client):
            for process in processes(client, id)[:MAX_PROCESSES]:
                everything = runs(client, process)
                for stage in STAGES:
                    expected = [run["id"] for run in everything if run["stage"] == stage]
                    listed = runs(client, process, stage=stage)
                    assert [run["id"] for run in listed] == expected, (
                        f"`stage={stage}` must list exactly the {stage} runs of {process['id']}, in order"
                    )
                seen |= {run["stage"] for run in everything}
        if seen < set(STAGES):
            raise Skipped("the known runs are all of one stage")


@rule("kognitos.runs.unknown-stage-filter")
@given(stage=st.one_of(st.sampled_from(OTHER_STAGES), NEAR_STAGES.filter(lambda text: text not in STAGES)))
@example(stage="draft")
@example(stage="PUBLISHED")
def test_a_stage_that_does_not_exist_lists_nothing(target: Target, stage: str) -> None:
    """An unknown `stage`, upper and lower case included, answers 400."""
    with target.open() as client:
        process = _process(client)
        named = {"process_id": process["id"], "agent_id": process["agent_id"], "stage": stage}
        assert (got := client.call("listRuns", named).status) == 400, (
            f"the unknown stage {show(stage)} must answer 400, not {show(got)}"
        )


@rule("kognitos.runs.only-of-the-process")
def test_a_list_holds_runs_of_its_process(target: Target) -> None:
    """Every listed run is of the process and agent in the query."""
    with target.open() as client:
        for id in known_agents(client):
            for process in processes(client, id)[:MAX_PROCESSES]:
                for run in runs(client, process):
                    assert (got := (run["process_id"], run["agent_id"])) == (process["id"], id), (
                        f"run {run['id']} must be of the listed process and agent, not of {show(got)}"
                    )


@rule("kognitos.processes.fields")
def test_a_process_has_its_fields(target: Target) -> None:
    """A process has four string members, by its id and in the list."""
    with target.open() as client:
        for process in _shown_processes(client):
            for name in ("agent_id", "id", "name", "stage"):
                assert isinstance(process[name], str), (
                    f"`{name}` of a process must be a string, not {show(process[name])}"
                )


@rule("kognitos.processes.stages")
def test_a_process_has_a_stage(target: Target) -> None:
    """The stage of a process is Draft or Published."""
    with target.open() as client:
        for process in _shown_processes(client):
            assert process["stage"] in STAGES, (
                f"the stage of a process must be one of {show(STAGES)}, not {show(process['stage'])}"
            )


@rule("kognitos.processes.agent-id-needed")
def test_processes_are_not_listed_without_an_agent(target: Target) -> None:
    """A list of processes without `agent_id` answers 400."""
    with target.open() as client:
        assert (got := client.call("listProcesses", {}).status) == 400, (
            f"a list of processes without an agent must answer 400, not {show(got)}"
        )


@rule("kognitos.processes.unknown-agent")
@given(id=UNKNOWN_IDS)
@example(id="no-such-agent")
def test_processes_of_an_unknown_agent_are_not_found(target: Target, id: str) -> None:
    """The processes of an unknown agent answer 404."""
    with target.open() as client:
        assert (got := client.call("listProcesses", {"agent_id": id}).status) == 404, (
            f"the processes of the unknown agent {id} must answer 404, not {show(got)}"
        )


@rule("kognitos.processes.only-of-the-agent")
def test_a_list_holds_processes_of_its_agent(target: Target) -> None:
    """Every listed process is of the agent in the query, and no two agents share one."""
    with target.open() as client:
        seen: set[str] = set()
        for id in known_agents(client):
            listed = processes(client, id)
            assert (got := {process["agent_id"] for process in listed}) <= {id}, (
                f"a list of agent {id} must hold its processes only; it holds those of {show(got)}"
            )
            assert not seen & {process["id"] for process in listed}, (
                f"no process must be listed for two agents; {show([process['id'] for process in listed])} overlaps"
            )
            seen |= {process["id"] for process in listed}


@rule("kognitos.processes.by-id")
def test_a_listed_process_is_read_by_its_id(target: Target) -> None:
    """Every listed process can be read by its id and its agent's id."""
    with target.open() as client:
        for process in (process for id in known_agents(client) for process in processes(client, id)[:30]):
            response = client.call("getProcess", {"process_id": process["id"], "agent_id": process["agent_id"]})
            assert response.status == 200, (
                f"the listed process {process['id']} must be read with 200, not {show(response.status)}"
            )
            assert (got := response.json()["id"]) == process["id"], (
                f"a listed process must be read by its own id; {process['id']} returns {show(got)}"
            )


@rule("kognitos.processes.agent-id-needed-for-one")
def test_a_process_is_not_read_without_an_agent(target: Target) -> None:
    """A process without `agent_id` answers 400."""
    with target.open() as client:
        assert (got := client.call("getProcess", {"process_id": _process(client)["id"]}).status) == 400, (
            f"a process without an agent must answer 400, not {show(got)}"
        )


@rule("kognitos.processes.unknown-process")
@given(id=UNKNOWN_IDS)
@example(id="no-such-process")
def test_an_unknown_process_is_not_found(target: Target, id: str) -> None:
    """An unknown process id answers 404, a similar one too."""
    with target.open() as client:
        known = {process["id"] for process in processes(client)}
        near = {text[:-1] for text in list(known)[:2]} | {text.swapcase() for text in list(known)[:2]}
        for unknown in sorted({id, *near} - known):
            response = client.call("getProcess", {"process_id": unknown, "agent_id": provided(client, "agent_id")})
            assert response.status == 404, (
                f"the unknown process {show(unknown)} must answer 404, not {show(response.status)}"
            )


@rule("kognitos.processes.unknown-agent-of-one")
@given(id=UNKNOWN_IDS)
@example(id="no-such-agent")
def test_a_process_of_an_unknown_agent_is_not_found(target: Target, id: str) -> None:
    """A process answers 404 under an unknown agent."""
    with target.open() as client:
        response = client.call("getProcess", {"process_id": _process(client)["id"], "agent_id": id})
        assert response.status == 404, (
            f"a process under the unknown agent {id} must answer 404, not {show(response.status)}"
        )


@rule("kognitos.processes.process-of-another-agent")
def test_a_process_of_another_agent_is_not_found(target: Target) -> None:
    """A process answers 404 under another agent."""
    with target.open() as client:
        own, other = provided(client, "agent_id"), other_agent(client)
        crossed = [(process["id"], other) for process in processes(client, own)[:3]]
        crossed += [(process["id"], own) for process in processes(client, other)[:3]]
        for process_id, agent_id in crossed:
            response = client.call("getProcess", {"process_id": process_id, "agent_id": agent_id})
            assert response.status == 404, (
                f"process {process_id} under agent {agent_id} must answer 404, not {show(response.status)}"
            )


def _process(client: Client) -> Json:
    found = processes(client)
    if not found:
        raise Skipped("the agent that is given has no process")
    return found[0]


def _shown(client: Client) -> list[Json]:
    """Yield runs in each of their forms: listed, by id, and in the response to their start."""
    listed = list(sample_runs(client))
    made = start_run(client)
    return [
        *listed,
        *(read_run(client, run["id"]) for run in listed[:40]),
        made,
        read_run(client, made["id"]),
        listed_run(client, made),
    ]


def _shown_processes(client: Client) -> list[Json]:
    listed = [process for id in known_agents(client) for process in processes(client, id)]
    single = [
        client.call("getProcess", {"process_id": process["id"], "agent_id": process["agent_id"]}).json()
        for process in listed[:20]
    ]
    return listed + single
