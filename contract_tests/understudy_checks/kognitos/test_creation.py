"""Starting a Kognitos run: required members, refusals, and the run in the response."""

from __future__ import annotations

from datetime import datetime

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Skipped
from understudy_checks.kognitos.driver import (
    REQUIRED_MEMBERS,
    Json,
    assert_refused_without_a_run,
    create_file,
    create_uploaded_file,
    listed_run,
    other_agent,
    processes,
    provided,
    read_run,
    request_run,
    sample_run_bodies,
    shows_no_outputs,
    start_run,
    upload,
    valid_run_body,
)
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=100)
BAD = " .:/@!?*+é中\n\t%&=\"'"
FORBIDDEN = st.text("abc019-_", max_size=20).flatmap(
    lambda text: st.sampled_from(BAD).map(lambda bad: text + bad + "z")
)
STAGES = ("draft", "PUBLISHED", "Drafts", "", " Draft", "Live", "Draft\n")


@rule("kognitos.creation.created", needs=("write",))
@given(name=TEXTS)
@example(name="0")
@example(name="Process invoice 42")
def test_a_started_run_is_what_was_asked_for(target: Target, name: str) -> None:
    """Starting a run returns the run with the agent, process, name and stage of the request."""
    with target.open() as client:
        for body in sample_run_bodies(client)[:3]:
            made = start_run(client, body, name=name)
            assert (got := {key: made[key] for key in REQUIRED_MEMBERS}) == {
                **{key: body[key] for key in REQUIRED_MEMBERS},
                "name": name,
            }, f"the new run must have the agent, process, name and stage of the request, not {show(got)}"
            assert isinstance(made["id"], str), f"the id of a new run must be a string, not {show(made['id'])}"


@rule("kognitos.creation.begins-as-created", needs=("write",))
def test_a_started_run_is_created(target: Target) -> None:
    """Starting a run returns it with the status Created, whatever the process."""
    with target.open() as client:
        for body in sample_run_bodies(client):
            assert (got := start_run(client, body)["status"]) == "Created", (
                f"a new run must have the status Created, not {show(got)}"
            )


@rule("kognitos.creation.no-outputs-yet", needs=("write",))
def test_a_started_run_has_no_outputs(target: Target) -> None:
    """Starting a run returns it without outputs, whatever the process."""
    with target.open() as client:
        for body in sample_run_bodies(client):
            made = start_run(client, body)
            assert shows_no_outputs(made), f"a new run must show no outputs: {show(made)}"


@rule("kognitos.creation.can-be-read", needs=("write",))
def test_a_started_run_can_be_read(target: Target) -> None:
    """A new run is read by its id as its start returned it, but for its status."""
    with target.open() as client:
        for body in sample_run_bodies(client):
            made = start_run(client, body)
            seen = read_run(client, made["id"])
            for name in ("id", "agent_id", "process_id", "name", "stage", "created_at"):
                assert seen[name] == made[name], (
                    f"`{name}` of a run must be the same in the response to its start and by its id"
                )


@rule("kognitos.creation.created-now", needs=("write", "advance"))
@given(minutes=st.integers(1, 2000))
@example(minutes=1)
def test_the_time_of_a_run_is_that_of_its_start(target: Target, minutes: int) -> None:
    """`created_at` of two runs differs by the time between their starts."""
    with target.open() as client:
        first = start_run(client)
        client.advance(minutes * 60)
        second = start_run(client)
        moments = [datetime.fromisoformat(run["created_at"]) for run in (first, second)]
        passed = (moments[1] - moments[0]).total_seconds()
        assert minutes * 60 - 1 <= passed < minutes * 60 + 30, (
            f"runs that are started {minutes} minutes apart must not have times {passed} seconds apart"
        )


@rule("kognitos.creation.two-calls-two-runs", needs=("write",))
def test_equal_calls_start_runs_of_their_own(target: Target) -> None:
    """Equal calls start separate runs, and each can be read and is listed."""
    with target.open() as client:
        body = valid_run_body(client)
        made = [start_run(client, body) for _ in range(3)]
        assert len({run["id"] for run in made}) == len(made), (
            f"equal requests must start runs with different ids; the ids are {show([run['id'] for run in made])}"
        )
        for run in made:
            assert (got := read_run(client, run["id"])["id"]) == run["id"], (
                f"each new run must be read by its own id; {run['id']} returns {show(got)}"
            )
            assert (got := listed_run(client, run)["id"]) == run["id"], (
                f"each new run must be listed by its own id; {run['id']} is listed as {show(got)}"
            )


@rule("kognitos.creation.null-is-no-value", needs=("write",))
def test_null_is_refused_where_a_value_is_needed(target: Target) -> None:
    """Null for a required member answers 400 and starts no run."""
    with target.open() as client:
        body = valid_run_body(client)
        assert_refused_without_a_run(client, [{**body, name: None} for name in REQUIRED_MEMBERS], 400)


@rule("kognitos.creation.name-length", needs=("write",))
@given(size=st.integers(1, 100), letter=st.sampled_from("a0é中😀"))
@example(size=1, letter="a")
@example(size=100, letter="a")
@example(size=100, letter="😀")
def test_a_name_of_the_right_length_is_kept(target: Target, size: int, letter: str) -> None:
    """A name of 1 to 100 characters is stored as it is."""
    with target.open() as client:
        made = start_run(client, name=letter * size)
        assert made["name"] == letter * size, (
            f"the name of {size} characters must be kept; the new run is called {show(made['name'])}"
        )
        assert (got := read_run(client, made["id"])["name"]) == letter * size, (
            f"the name of {size} characters must be kept; the run, read by its id, is called {show(got)}"
        )


@rule("kognitos.creation.name-length", needs=("write",))
@given(size=st.integers(101, 2000))
@example(size=101)
def test_a_name_of_a_wrong_length_is_refused(target: Target, size: int) -> None:
    """An empty name, or one of more than 100 characters, answers 400 and starts no run."""
    with target.open() as client:
        body = valid_run_body(client)
        assert_refused_without_a_run(client, [{**body, "name": ""}, {**body, "name": "n" * size}], 400)


@rule("kognitos.creation.id-length", needs=("write",))
@given(size=st.integers(27, 200))
@example(size=27)
def test_an_id_of_a_wrong_length_is_refused(target: Target, size: int) -> None:
    """An empty id, or one of more than 26 characters, answers 400 and starts no run."""
    with target.open() as client:
        body = valid_run_body(client)
        wrong = [{**body, name: text} for name in ("agent_id", "process_id") for text in ("", "a" * size)]
        assert_refused_without_a_run(client, wrong, 400)


@rule("kognitos.creation.id-length", needs=("write",))
@given(size=st.integers(1, 26))
@example(size=1)
@example(size=26)
def test_an_id_of_the_right_length_is_looked_up(target: Target, size: int) -> None:
    """An unknown id of 1 to 26 characters answers 404, not 400."""
    with target.open() as client:
        body = valid_run_body(client)
        for name in ("agent_id", "process_id"):
            assert (got := request_run(client, body, **{name: "-" * size}).status) == 404, (
                f"an unknown {name} of {size} characters must answer 404, not {show(got)}"
            )


@rule("kognitos.creation.id-characters", needs=("write",))
@given(id=FORBIDDEN)
@example(id="a b")
@example(id="a.b")
@example(id="é")
def test_an_id_with_another_character_is_refused(target: Target, id: str) -> None:
    """An id with a character other than letters, digits, `-` and `_` answers 400 and starts no run."""
    with target.open() as client:
        body = valid_run_body(client)
        assert_refused_without_a_run(client, [{**body, name: id} for name in ("agent_id", "process_id")], 400)


@rule("kognitos.creation.stages", needs=("write",))
def test_a_stage_that_does_not_exist_is_refused(target: Target) -> None:
    """An unknown stage, upper and lower case included, answers 400 and starts no run."""
    with target.open() as client:
        body = valid_run_body(client)
        assert_refused_without_a_run(client, [{**body, "stage": stage} for stage in STAGES], 400)


@rule("kognitos.creation.optional-fields", needs=("write",))
def test_files_and_inputs_may_be_left_out(target: Target) -> None:
    """`file_ids` and `inputs` may be null or missing."""
    with target.open() as client:
        body = valid_run_body(client)
        for members in ({}, {"file_ids": None}, {"inputs": None}, {"file_ids": None, "inputs": None}):
            start_run(client, body, **members)


@rule("kognitos.creation.inputs", needs=("write",))
@given(values=st.lists(st.one_of(TEXTS, st.integers(-(2**53), 2**53), st.just("")), min_size=1, max_size=3))
@example(values=["b4fznghynbdemslfd5k044fgd"])
@example(values=[42])
@example(values=[0])
def test_named_values_are_accepted_as_inputs(target: Target, values: list[Json]) -> None:
    """A list of known inputs with strings or numbers as values is accepted."""
    with target.open() as client:
        names = provided(client, "inputs")
        named = {"agent_id": provided(client, "agent_id"), "process_id": provided(client, "process_id")}
        body = next((body for body in sample_run_bodies(client) if named.items() <= body.items()), None)
        if body is None:
            raise Skipped("the process that is given is not in the list")
        inputs = [{"name": name, "value": value} for name, value in zip(names, values, strict=False)]
        start_run(client, body, inputs=inputs)


@rule("kognitos.creation.file-ids-are-texts", needs=("write",))
@given(element=st.one_of(st.integers(), st.booleans(), st.lists(st.text(), max_size=1), st.just({"id": "x"})))
@example(element=1)
@example(element=None)
def test_files_are_named_by_texts(target: Target, element: Json) -> None:
    """An entry of `file_ids` that is not a string answers 400 and starts no run."""
    with target.open() as client:
        assert_refused_without_a_run(client, [{**valid_run_body(client), "file_ids": [element]}], 400)


@rule("kognitos.creation.file-ids-are-kept", needs=("write",))
@given(count=st.integers(1, 4))
@example(count=1)
@example(count=2)
def test_a_run_shows_its_files(target: Target, count: int) -> None:
    """A run shows its uploaded files in the order of the request."""
    with target.open() as client:
        files = [create_uploaded_file(client) for _ in range(count)][::-1]
        made = start_run(client, file_ids=files)
        assert made["file_ids"] == files, f"the new run must show its files {show(files)}, not {show(made['file_ids'])}"
        assert (got := read_run(client, made["id"])["file_ids"]) == files, (
            f"the run, read by its id, must show its files {show(files)}, not {show(got)}"
        )
        assert (got := listed_run(client, made)["file_ids"]) == files, (
            f"the run, in the list, must show its files {show(files)}, not {show(got)}"
        )


@rule("kognitos.creation.file-ids-are-kept", needs=("write",))
def test_files_of_many_names_serve(target: Target) -> None:
    """An uploaded file is accepted by a run whatever its name."""
    with target.open() as client:
        for name in ("invoice.pdf", "a b.csv", "Größe.txt", "x" * 256, "noextension"):
            file = create_file(client, name)
            assert (got := upload(client, file).status) == 204, (
                f"an upload of {show(file['file_name'])} must answer 204, not {show(got)}"
            )
            assert (got := start_run(client, file_ids=[file["id"]])["file_ids"]) == [file["id"]], (
                f"the new run must show the file {file['id']}, not {show(got)}"
            )


@rule("kognitos.creation.unknown-agent", needs=("write",))
@given(id=st.text("abcdefghij0123456789", min_size=1, max_size=25))
@example(id="nobody")
def test_a_run_needs_an_agent_that_exists(target: Target, id: str) -> None:
    """A run of an unknown agent answers 404 and is not started."""
    with target.open() as client:
        assert_refused_without_a_run(client, [{**valid_run_body(client), "agent_id": f"{id}_"[:26]}], 404)


@rule("kognitos.creation.unknown-process", needs=("write",))
@given(id=st.text("abcdefghij0123456789", min_size=1, max_size=25))
@example(id="nothing")
def test_a_run_needs_a_process_that_exists(target: Target, id: str) -> None:
    """A run of an unknown process answers 404 and is not started."""
    with target.open() as client:
        assert_refused_without_a_run(client, [{**valid_run_body(client), "process_id": f"{id}_"[:26]}], 404)


@rule("kognitos.creation.process-of-another-agent", needs=("write",))
def test_a_run_needs_a_process_of_its_agent(target: Target) -> None:
    """A run of another agent's process answers 404 and is not started."""
    with target.open() as client:
        body, other = valid_run_body(client), other_agent(client)
        crossed = [{**body, "agent_id": other}]
        crossed += [
            {**body, "process_id": process["id"], "stage": process["stage"]} for process in processes(client, other)[:3]
        ]
        assert_refused_without_a_run(client, crossed, 404)
