"""Form fields: the values that each type of element accepts, and how other values are refused."""

from __future__ import annotations

import string
from collections.abc import Iterable

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Client
from understudy_checks.nextstep.driver import (
    Json,
    fill_elements,
    has_element_of,
    is_element_of,
    options_of,
    read_task,
    request_update,
    same_value,
    sample_value,
    start_run_where,
    value_of,
    writable_elements,
)
from understudy_checks.refusals import assert_problem, message_of
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

LETTERS = st.characters(min_codepoint=33, max_codepoint=0x17F, categories=("L", "N", "P", "S"))
TEXTS = st.text(LETTERS, min_size=1, max_size=80)
NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)
NUMBERS = st.one_of(st.integers(-(2**53) + 1, 2**53 - 1), st.decimals(-(10**6), 10**6, places=2).map(float))
NO_VALUE: tuple[Json, ...] = ({}, {"value": "text"}, [], ["text"], [1], [{}])


@rule("nextstep.elements.short-text", needs=("write",))
@given(texts=st.lists(TEXTS, min_size=1, max_size=2))
@example(texts=["0", "Jane Smith"])
@example(texts=["false"])
@example(texts=["Zoë & <Söhne> 東京 😀"])
def test_short_text_is_kept(target: Target, texts: list[str]) -> None:
    """A shortText element returns the text that was stored."""
    _assert_given_back(target, "shortText", texts)


@rule("nextstep.elements.long-text", needs=("write",))
@given(lines=st.lists(TEXTS, min_size=1, max_size=5))
@example(lines=["First", "", "third"])
@example(lines=["x" * 2000])
@example(lines=["Zoë & <Söhne>", "東京", "😀"])
def test_long_text_is_kept(target: Target, lines: list[str]) -> None:
    """A longText element returns the stored text, of one line or more."""
    _assert_given_back(target, "longText", ["\n".join(lines)])


@rule("nextstep.elements.short-text", needs=("write",))
def test_a_short_text_is_emptied(target: Target) -> None:
    """Empty text, if accepted, replaces the text of a shortText element."""
    _assert_emptied(target, "shortText")


@rule("nextstep.elements.long-text", needs=("write",))
def test_a_long_text_is_emptied(target: Target) -> None:
    """Empty text, if accepted, replaces the text of a longText element."""
    _assert_emptied(target, "longText")


@rule("nextstep.elements.number", needs=("write",))
@given(numbers=st.lists(NUMBERS, min_size=1, max_size=2))
@example(numbers=[42, 0])
@example(numbers=[-1, -0.5])
@example(numbers=[19.99])
@example(numbers=[2**53 - 1])
def test_a_number_is_kept(target: Target, numbers: list[float]) -> None:
    """A number element returns the stored number, whether 0, negative, large or with decimals."""
    _assert_given_back(target, "number", numbers)


@rule("nextstep.elements.email", needs=("write",))
@given(name=NAMES, host=NAMES)
@example(name="first.last+tag", host="mail")
def test_an_address_is_kept(target: Target, name: str, host: str) -> None:
    """An email element returns the stored address."""
    _assert_given_back(target, "email", [f"{name}@{host}.example.com"])


@rule("nextstep.elements.website", needs=("write",))
@given(host=NAMES, path=NAMES)
@example(host="www", path="a/b?c=d&e=%20#f")
def test_a_url_is_kept(target: Target, host: str, path: str) -> None:
    """A website element returns the stored URL."""
    _assert_given_back(target, "website", [f"https://{host}.example.com/{path}"])


@rule("nextstep.elements.date", needs=("write",))
@given(day=st.dates().filter(lambda day: 1970 <= day.year < 2100).map(str))
@example(day="2026-12-31")
@example(day="2026-01-01")
@example(day="2028-02-29")
def test_a_date_is_kept(target: Target, day: str) -> None:
    """A date element returns the stored day."""
    _assert_given_back(target, "date", [day])


@rule("nextstep.elements.checkbox", needs=("write",))
@given(values=st.lists(st.booleans(), min_size=1, max_size=3))
@example(values=[False])
@example(values=[True, False, True])
def test_a_checkbox_is_kept(target: Target, values: list[bool]) -> None:
    """A checkbox returns true and false, and false differs from unset."""
    _assert_given_back(target, "checkbox", values)


@rule("nextstep.elements.dropdown", needs=("write",))
def test_a_dropdown_takes_each_option(target: Target) -> None:
    """A dropdown accepts each of its options and returns it."""
    with target.open() as client:
        task, element = _element(client, "dropdown")
        for option in options_of(element):
            _assert_takes(client, task, element, option)


@rule("nextstep.elements.multichoice", needs=("write",))
def test_a_multichoice_takes_its_options(target: Target) -> None:
    """A multichoice element accepts one, some or all of its options and returns them."""
    with target.open() as client:
        task, element = _element(client, "multichoice")
        known = options_of(element)
        for chosen in (*([option] for option in known), known[:-1] or known, known, known[::-1], known[-1:]):
            _assert_takes(client, task, element, chosen)


@rule("nextstep.elements.short-text-wrong-type", needs=("write",))
def test_short_text_is_no_object(target: Target) -> None:
    """A shortText element refuses an object or an array."""
    _assert_refused(target, "shortText", NO_VALUE)


@rule("nextstep.elements.long-text-wrong-type", needs=("write",))
def test_long_text_is_no_object(target: Target) -> None:
    """A longText element refuses an object or an array."""
    _assert_refused(target, "longText", NO_VALUE)


@rule("nextstep.elements.number-wrong-type", needs=("write",))
def test_a_number_is_no_object(target: Target) -> None:
    """A number element refuses an object or an array."""
    _assert_refused(target, "number", NO_VALUE)


@rule("nextstep.elements.email-wrong-type", needs=("write",))
def test_an_address_is_no_object(target: Target) -> None:
    """An email element refuses an object or an array."""
    _assert_refused(target, "email", NO_VALUE)


@rule("nextstep.elements.website-wrong-type", needs=("write",))
def test_a_url_is_no_object(target: Target) -> None:
    """A website element refuses an object or an array."""
    _assert_refused(target, "website", NO_VALUE)


@rule("nextstep.elements.date-wrong-type", needs=("write",))
def test_a_date_is_no_object(target: Target) -> None:
    """A date element refuses an object or an array."""
    _assert_refused(target, "date", NO_VALUE)


@rule("nextstep.elements.checkbox-wrong-type", needs=("write",))
def test_a_checkbox_is_no_object(target: Target) -> None:
    """A checkbox refuses an object or an array."""
    _assert_refused(target, "checkbox", NO_VALUE)


@rule("nextstep.elements.dropdown-wrong-type", needs=("write",))
def test_a_dropdown_is_no_object(target: Target) -> None:
    """A dropdown refuses an object or an array, even an array of one option."""
    with target.open() as client:
        task, element = _element(client, "dropdown")
        for value in (*NO_VALUE, options_of(element)[:1]):
            _refuse(client, task, element, value)


@rule("nextstep.elements.multichoice-wrong-type", needs=("write",))
def test_a_multichoice_is_no_object(target: Target) -> None:
    """A multichoice element refuses an object, and a list with an object in it."""
    with target.open() as client:
        task, element = _element(client, "multichoice")
        first = options_of(element)[0]
        values: tuple[Json, ...] = ({}, {first: True}, [{}], [first, {}], [{"value": first}])
        for value in values:
            _refuse(client, task, element, value)


@rule("nextstep.elements.text-is-read-only", needs=("write",))
def test_a_text_is_read_only(target: Target) -> None:
    """An update of a text element answers 400."""
    _assert_read_only(target, "text")


@rule("nextstep.elements.image-is-read-only", needs=("write",))
def test_an_image_is_read_only(target: Target) -> None:
    """An update of an image element answers 400."""
    _assert_read_only(target, "image")


@rule("nextstep.elements.video-is-read-only", needs=("write",))
def test_a_video_is_read_only(target: Target) -> None:
    """An update of a video element answers 400."""
    _assert_read_only(target, "video")


@rule("nextstep.elements.line-break-is-read-only", needs=("write",))
def test_a_line_break_is_read_only(target: Target) -> None:
    """An update of a lineBreak element answers 400."""
    _assert_read_only(target, "lineBreak")


@rule("nextstep.elements.dropdown-options", needs=("write",))
@given(text=TEXTS)
@example(text="Something else")
def test_a_dropdown_refuses_other_text(target: Target, text: str) -> None:
    """A dropdown refuses text that is none of its options, with the documented message."""
    with target.open() as client:
        task, element = _element(client, "dropdown")
        known = options_of(element)
        near = (
            text,
            known[0].swapcase(),
            known[0][:-1],
            known[0] + "x",
            ", ".join(known),
            element["label"],
            element["id"],
        )
        message = f'Invalid value for dropdown "{element["label"]}". Must be one of: {", ".join(known)}'
        for value in (value for value in near if value and value not in known):
            assert (got := message_of(_refuse(client, task, element, value))) == message, (
                f"a refused dropdown value must get the documented message, not {show(got)}"
            )


@rule("nextstep.elements.multichoice-options", needs=("write",))
@given(text=TEXTS)
@example(text="Something else")
def test_a_multichoice_refuses_other_text(target: Target, text: str) -> None:
    """A multichoice element refuses a list as a whole if one entry is not an option."""
    with target.open() as client:
        task, element = _element(client, "multichoice")
        known = options_of(element)
        for other in (other for other in (text, known[0].swapcase(), ", ".join(known) + ",") if other not in known):
            for value in ([other], [*known, other], [other, *known], [known[0], other]):
                _refuse(client, task, element, value)


@rule("nextstep.elements.updates-add-no-fields", needs=("write",))
def test_updates_add_no_fields(target: Target) -> None:
    """An update with an unknown element id, or one of another task, adds no element to a task."""
    with target.open() as client:
        _, tasks = start_run_where(
            client, lambda tasks: len(tasks) > 1 and bool(writable_elements(tasks)), "a writable element"
        )
        task, element = writable_elements(tasks)[0]
        other = next(entry for entry in tasks if entry["id"] != task["id"])
        known, unknown = ({"id": id, "value": sample_value(element)} for id in (element["id"], "no-such-element"))
        before = _ids(tasks)
        for target_task, items in (
            (task, [unknown]),
            (task, [known, unknown]),
            (task, [unknown, known]),
            (other, [known]),
        ):
            request_update(client, target_task, custom_elements=items)
            after = _ids(read_task(client, entry) for entry in tasks)
            assert after == before, f"an update with {show(items)} must not change the elements of a task"


def _element(client: Client, kind: str) -> tuple[Json, Json]:
    """Start a run with an element of type `kind`; returns its task and the element."""
    _, tasks = start_run_where(client, has_element_of(kind), f"an element of type {kind}")
    return next(
        (task, element) for task in tasks for element in task["custom_elements"] if is_element_of(element, kind)
    )


def _assert_given_back(target: Target, kind: str, values: Iterable[Json]) -> None:
    with target.open() as client:
        task, element = _element(client, kind)
        for value in values:
            _assert_takes(client, task, element, value)


def _assert_takes(client: Client, task: Json, element: Json, value: Json) -> None:
    fill_elements(client, task, {element["id"]: value})
    seen = value_of(read_task(client, task), element["id"])
    assert same_value(element, seen, value), (
        f"an element of type {element['type']} must keep the value {show(value)}, not turn it into {show(seen)}"
    )


def _assert_emptied(target: Target, kind: str) -> None:
    """Assert that accepted empty text is stored as "" or null, and that refused empty text changes nothing."""
    with target.open() as client:
        task, element = _element(client, kind)
        _assert_takes(client, task, element, "Text")
        response = request_update(client, task, custom_elements=[{"id": element["id"], "value": ""}])
        expected = ("", None) if response.status < 300 else ("Text",)
        assert (got := value_of(read_task(client, task), element["id"])) in expected, (
            f"an element must be empty after accepted empty text and unchanged after refused text, not {show(got)}"
        )


def _assert_refused(target: Target, kind: str, values: Iterable[Json]) -> None:
    with target.open() as client:
        task, element = _element(client, kind)
        for value in values:
            _refuse(client, task, element, value)


def _refuse(client: Client, task: Json, element: Json, value: Json) -> Json:
    """Assert that a value is refused and changes nothing; returns the body."""
    before = read_task(client, task)
    body = assert_problem(
        client, request_update(client, task, custom_elements=[{"id": element["id"], "value": value}]), "invalid"
    )
    with client.about("nextstep.updates.refused-value-is-not-kept"):
        assert read_task(client, task) == before, f"the refused value {show(value)} must not change the task"
    return body


def _assert_read_only(target: Target, kind: str) -> None:
    with target.open() as client:
        task, element = _element(client, kind)
        item = {"id": element["id"], "value": "text"}
        others = [{"id": other["id"], "value": sample_value(other)} for _, other in writable_elements([task])[:1]]
        for items in ([item], [item, *others], [*others, item]):
            assert_problem(client, request_update(client, task, custom_elements=items), "display-only-element")
        with client.about("nextstep.updates.refused-value-is-not-kept"):
            assert (got := value_of(read_task(client, task), element["id"])) == element["value"], (
                f"a refused update must not change the {kind} element; its value is now {show(got)}"
            )


def _ids(tasks: Iterable[Json]) -> list[list[str]]:
    return [[element["id"] for element in task["custom_elements"]] for task in tasks]
