"""The kit's own code for Kognitos, where no check on a well-behaved target with many data would lead."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from understudy.apis import control
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.budget import Budget
from understudy_checks.client import Skipped
from understudy_checks.kognitos import test_creation as creation
from understudy_checks.kognitos import test_files as files
from understudy_checks.kognitos import test_keys as keys
from understudy_checks.kognitos import test_life_cycle as life_cycle
from understudy_checks.kognitos import test_lists as lists
from understudy_checks.kognitos import test_runs as listed_runs
from understudy_checks.kognitos.driver import (
    assert_refused_without_a_run,
    await_final_status,
    other_agent,
    post_form,
    provided,
    sample_runs,
    start_run,
    valid_run_body,
)
from understudy_checks.mutation.operators import set_members
from understudy_checks.target import installed
from understudy_checks.target.mock import START, Mock, mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import Settings
from understudy_checks.target.target import Target
from understudy_checks.target.transport import in_process

KOGNITOS = installed.document("kognitos")
MAX_CREATED = {"name": "Old", "created_at": "2026-02-01T00:00:00"}


def process(id: str, **more: Any) -> dict[str, Any]:
    """One process of a seed."""
    return {"id": id, "agent_id": "a1", "name": "One", "stage": "Draft", **more}


def planted(*processes: Any, runs: Any = ()) -> Worlds:
    """Worlds of an organization with one agent."""
    organization = {
        "id": "o1",
        "keys": [{"key": "whole"}],
        "agents": [{"id": "a1", "name": "Agent"}],
        "processes": list(processes),
        "runs": list(runs),
    }
    return Worlds(
        [installed.declared("kognitos"), control.declare],
        seeds={"kognitos": {"organizations": [organization]}},
        clock=Clock(milliseconds(START), frozen=True),
    )


def ours(*processes: Any, runs: Any = ()) -> Target:
    """Our mock with data of its own."""
    return Mock(KOGNITOS, in_process(App(planted(*processes, runs=runs))))


def foreign(*processes: Any, runs: Any = (), writes: bool = True, **told: Any) -> Target:
    """A server that is none of ours to the kit, whose keys' holder is told of an agent and perhaps more."""
    worlds = planted(*processes, runs=runs)
    settings = Settings(api_keys=("whole",), writes=writes, given={"agent_id": "a1", **told})
    budget = Budget(max_wait=10**9, sleep=partial(worlds.advance, worlds.default))
    return Server(KOGNITOS, in_process(App(worlds)), "/v2", settings, name="elsewhere", budget=budget)


def test_what_is_not_given_is_not_checked() -> None:
    """A key that is not known, or another agent, is a reason not to check."""
    with foreign().open() as client:
        with pytest.raises(Skipped, match="no agent key is known"):
            provided(client, "agent_key")
        with pytest.raises(Skipped, match="no other agent is known"):
            other_agent(client)


@pytest.mark.parametrize("look", [valid_run_body, lambda client: next(sample_runs(client)), listed_runs._process])
def test_a_target_without_data_is_not_checked(look: Callable[[Any], Any]) -> None:
    """An agent without processes or runs is a reason not to check."""
    with foreign().open() as client, pytest.raises(Skipped):
        look(client)


def test_a_run_that_does_not_end_may_wait_for_somebody() -> None:
    """A run that is not over after a long time fails in our world, and is not checked where somebody may be asked."""
    waiting = process("p1", outcome="Waiting")
    with foreign(waiting).open() as client, pytest.raises(Skipped, match="may wait for a person"):
        await_final_status(client, start_run(client))
    with ours(waiting).open() as client, pytest.raises(AssertionError, match="120 s later it still says Running"):
        await_final_status(client, start_run(client))


def test_a_run_that_does_not_end_does_not_change_its_end() -> None:
    """Where no run is over in time, nothing can be said against what it is when it is over."""
    life_cycle.test_a_run_that_is_over_stays_so(foreign(process("p1", outcome="Waiting")))


def test_a_run_that_is_over_at_once_is_not_ended() -> None:
    """What is over already is not cancelled."""
    quick = process("p1", seconds={"created": 0, "pending": 0, "running": 0})
    life_cycle.test_a_run_that_was_ended_has_no_outputs(ours(quick))


def test_the_life_cycle_knows_what_people_do() -> None:
    """The model lets runs wait, go on and end, and leaves alone what is over."""
    machine = life_cycle.LifeCycle(mock("kognitos"))
    machine.find_processes()
    machine.start_a_run(0, "One")
    for seconds in (1.0, 2.5):
        machine.let_a_run_wait(0)
        machine.let_time_pass(seconds)
        machine.runs_only_go_on()
    assert (machine.runs[0].waits, machine.runs[0].waited) == (False, True)
    machine.end_a_run(0, "cancel-run")
    machine.runs_only_go_on()
    machine.let_a_run_wait(0)
    machine.end_a_run(0, "fail-run")
    machine.runs_only_go_on()
    assert machine.runs[0].end == "Cancelled"
    machine.teardown()


def test_on_a_shared_target_only_the_runs_that_were_refused_count() -> None:
    """Runs that others start meanwhile are no effect of what was refused."""
    with foreign(process("p1")).open() as client:
        body = valid_run_body(client)
        assert_refused_without_a_run(client, [{**body, "stage": "Live"}], 400)
        with pytest.raises(AssertionError):
            assert_refused_without_a_run(client, [body], 400)


def test_content_that_goes_elsewhere_is_not_checked() -> None:
    """Forms are posted to the target itself, and nowhere else."""
    with foreign().open() as client, pytest.raises(Skipped, match="another server"):
        post_form(client, "https://storage.example/file", {}, b"")


def test_an_address_without_a_token_is_not_guessed() -> None:
    """Where the upload's address has no token at its end, there is nothing to guess."""
    api = installed.declared("kognitos")
    short = set_members("createFile", upload_url="http://understudy/v2/uploads/x")(api)
    with pytest.raises(Skipped, match="no token"):
        files.test_an_address_is_not_to_be_guessed(mock(short))


def test_inputs_are_given_to_their_process_only() -> None:
    """Inputs are known of one process; where that is not in the list, they are not checked."""
    with pytest.raises(Skipped, match="not in the list"):
        creation.test_named_values_are_accepted_as_inputs(foreign(process("p1"), process_id="p2", inputs=["order"]))


def test_refusals_are_looked_at_where_nothing_may_be_written() -> None:
    """On a target that may only be read, what reading refuses is enough."""
    keys.test_declared_errors_have_the_documented_body(foreign(process("p1"), writes=False))


def test_a_list_of_over_a_hundred_has_no_page_of_all() -> None:
    """Limits that are not allowed are left out where a list is as long."""
    runs = [{"id": f"r{number}", "process_id": "p1", **MAX_CREATED, "status": "Failed"} for number in range(101)]
    lists.test_every_list_ends_with_null(foreign(process("p1"), runs=runs), KOGNITOS.operations["listRuns"])


def test_an_id_that_is_its_own_neighbour_is_not_unknown() -> None:
    """An id without letters is the same in capitals, and is not asked for as an unknown one."""
    numbered = {"id": "12345", "process_id": "p1", **MAX_CREATED, "status": "Failed"}
    listed_runs.test_an_unknown_run_is_not_found(foreign(process("p1"), runs=[numbered]))


def test_a_filter_needs_runs_of_both_stages() -> None:
    """Where all known runs are of one stage, the filter is not checked."""
    run = {"id": "r1", "process_id": "p1", **MAX_CREATED, "status": "Failed"}
    with pytest.raises(Skipped, match="all of one stage"):
        listed_runs.test_a_stage_lists_its_runs(foreign(process("p1"), runs=[run]))
