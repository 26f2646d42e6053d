"""Tallyfy: the answers that each type of form field accepts, and how other answers are refused."""

from __future__ import annotations

from datetime import datetime

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.refusals import message_of
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import (
    UNKNOWN_ID,
    Json,
    Organization,
    answer_fields,
    first_organization,
    launch_with_field,
    sample_answer,
    sample_answers,
    stored_answers,
)
from understudy_checks.target.target import Target
from understudy_checks.wording import show


@rule("tallyfy.fields.dropdown", needs=("write",))
def test_a_dropdown_takes_its_options(target: Target) -> None:
    """A dropdown accepts each option and refuses other pairs of id and text with the documented message."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "dropdown")
        first, second = field["options"][:2]
        wrong: list[Json] = [
            {"id": first["id"], "text": second["text"], "value": None}, {"id": 999_999, "text": first["text"]},
            {"id": first["id"], "text": "No such option"}, first["text"], first["id"], [{"id": first["id"],
            "text": first["text"]}],
        ]  # fmt: skip
        errors = _check(org, run, task, field, wrong)
        assert all("Invalid dropdown choice selected." in texts for texts in errors), (
            f"a refused dropdown answer must get the documented message: {show(errors)}"
        )


@rule("tallyfy.fields.radio", needs=("write",))
def test_a_radio_field_takes_its_options(target: Target) -> None:
    """A radio field accepts the text of an option and nothing else."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "radio")
        _check(org, run, task, field, ["No such option", field["options"][0], [field["options"][0]["text"]], 1])


@rule("tallyfy.fields.multiselect", needs=("write",))
def test_a_multiselect_field_takes_a_list(target: Target) -> None:
    """A multiselect field accepts a list of options, with `selected` or without, and nothing else."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "multiselect")
        first = {"id": field["options"][0]["id"], "text": field["options"][0]["text"]}
        for right in ([first], [{**first, "selected": True}], [{**first, "value": None, "selected": True}]):
            answer_fields(org, run, task, {field["id"]: right})
            assert (got := stored_answers(org, run, task)[field["id"]]) == right, (
                f"a multiselect field must store {show(right)}, not {show(got)}"
            )
        wrong: list[Json] = [first, first["text"], [{"id": 999_999, "text": "No such option"}], [first["text"]]]
        _check(org, run, task, field, wrong)


@rule("tallyfy.fields.date", needs=("write",))
@given(moment=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), number=st.integers(0, 2_000_000_000))
@example(moment=datetime(2031, 5, 6), number=1_716_200_000)
def test_a_date_field_takes_a_date(target: Target, moment: datetime, number: int) -> None:
    """A date field accepts a date in ISO 8601 and refuses a number."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "date")
        text = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        answer_fields(org, run, task, {field["id"]: text})
        assert (got := stored_answers(org, run, task)[field["id"]]) == text, (
            f"a date field must store {show(text)}, not {show(got)}"
        )
        _check(org, run, task, field, [number, {"date": text}, [text]])


@rule("tallyfy.fields.table", needs=("write",))
@given(more=st.integers(1, 9))
@example(more=1)
def test_a_table_field_takes_its_columns(target: Target, more: int) -> None:
    """A table field accepts one cell for each column and refuses others with the documented message."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "table")
        cells = sample_answer(field)
        errors = _check(org, run, task, field, [[*cells, *["more"] * more], cells[:-1]])
        assert all("Number of columns does not match required columns" in texts for texts in errors), (
            f"a refused table answer must get the documented message: {show(errors)}"
        )


@rule("tallyfy.fields.text", needs=("write",))
@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=200))
@example(text="x" * 200)
@example(text="0")
def test_a_text_field_takes_text(target: Target, text: str) -> None:
    """A text field accepts up to 200 characters and refuses an object or a list."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "text")
        answer_fields(org, run, task, {field["id"]: text})
        assert (got := stored_answers(org, run, task)[field["id"]]) == text, (
            f"a text field must store {show(text)}, not {show(got)}"
        )
        _check(org, run, task, field, [{"text": text}, [text]])


@rule("tallyfy.fields.file", needs=("write",))
def test_a_file_field_takes_files(target: Target) -> None:
    """A file field accepts a list of files and nothing else."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "file")
        _check(org, run, task, field, ["a.pdf", {"id": UNKNOWN_ID, "filename": "a.pdf"}, 1])


@rule("tallyfy.fields.assignees", needs=("write",))
def test_an_assignees_field_takes_lists(target: Target) -> None:
    """An assignees field accepts an object of lists and nothing else."""
    with target.open() as client:
        org = first_organization(client)
        run, task, field = launch_with_field(org, "assignees_form")
        _check(org, run, task, field, ["me", [1], 1])


def _check(org: Organization, run: Json, task: Json, field: Json, wrong: list[Json]) -> list[list[str]]:
    """Assert that a field stores its valid answers and refuses the wrong ones; returns the error texts."""
    for right in sample_answers(field):
        answer_fields(org, run, task, {field["id"]: right})
        assert (got := stored_answers(org, run, task)[field["id"]]) == right, (
            f"the field must store {show(right)}, not {show(got)}"
        )
    before, errors = stored_answers(org, run, task), []
    for value in wrong:
        body = org.assert_refused(
            "PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"taskdata": {field["id"]: value}}, status=422
        )
        assert stored_answers(org, run, task) == before, f"the refused answer {show(value)} must not be stored"
        errors.append([text for texts in body["errors"].values() for text in texts] + [str(message_of(body))])
    return errors
