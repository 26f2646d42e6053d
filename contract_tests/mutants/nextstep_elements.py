"""NextStep with form fields that take too little, too much, or give back something else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from html import escape
from typing import Any

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import TASKS, answered, before, refused, showing
from mock_server.api import Api, Call, Problem, Reply
from mock_server.store import Record, encode

UPDATE = "updateRunTask"
Convert = Callable[[Any], Any]


@mutant("nextstep.elements.short-text")
def short_texts_are_cut(api: Api) -> Api:
    """A short text is cut after ten characters."""
    return _taking(api, "shortText", lambda value: value[:10])


@mutant("nextstep.elements.short-text")
def short_texts_are_escaped(api: Api) -> Api:
    """A short text is given back as HTML."""
    return _giving(api, "shortText", lambda value: value and escape(value))


@mutant("nextstep.elements.short-text")
def a_short_text_of_zero_is_none(api: Api) -> Api:
    """The short text `0` counts as none."""
    return _taking(api, "shortText", lambda value: None if value == "0" else value)


@mutant("nextstep.elements.short-text")
def a_filled_short_text_stays(api: Api) -> Api:
    """A short text that was set keeps its first value."""
    return _overlaying(api, "shortText", lambda was, value: value if was is None else was)


@mutant("nextstep.elements.short-text")
def short_texts_cannot_be_emptied(api: Api) -> Api:
    """Empty text for a short text is taken for none, so that it keeps the text that it had."""
    return _overlaying(api, "shortText", lambda was, value: was if value == "" else value)


@mutant("nextstep.elements.short-text")
def short_texts_have_characters_of_16_bits(api: Api) -> Api:
    """A short text loses the characters that do not fit in 16 bits."""
    return _taking(api, "shortText", _narrow)


@mutant("nextstep.elements.long-text")
def long_texts_cannot_be_emptied(api: Api) -> Api:
    """Empty text for a long text is taken for none, so that it keeps the text that it had."""
    return _overlaying(api, "longText", lambda was, value: was if value == "" else value)


@mutant("nextstep.elements.long-text")
def long_texts_have_characters_of_16_bits(api: Api) -> Api:
    """A long text loses the characters that do not fit in 16 bits."""
    return _taking(api, "longText", _narrow)


@mutant("nextstep.elements.long-text")
def long_texts_have_one_line(api: Api) -> Api:
    """The lines of a long text are joined."""
    return _taking(api, "longText", lambda value: value.replace("\n", " "))


@mutant("nextstep.elements.long-text")
def long_texts_are_short(api: Api) -> Api:
    """A long text is cut after 255 characters."""
    return _taking(api, "longText", lambda value: value[:255])


@mutant("nextstep.elements.long-text")
def long_texts_lose_empty_lines(api: Api) -> Api:
    """Empty lines of a long text are dropped."""
    return _taking(api, "longText", lambda value: "\n".join(line for line in value.split("\n") if line))


@mutant("nextstep.elements.number")
def zero_is_no_number(api: Api) -> Api:
    """The number 0 counts as none."""
    return _taking(api, "number", lambda value: value or None)


@mutant("nextstep.elements.number")
def numbers_are_whole(api: Api) -> Api:
    """A number is given back without its decimals."""
    return _taking(api, "number", int)


@mutant("nextstep.elements.number")
def numbers_are_positive(api: Api) -> Api:
    """A number is given back without its sign."""
    return _taking(api, "number", abs)


@mutant("nextstep.elements.number")
def negative_numbers_are_refused(api: Api) -> Api:
    """A number below 0 is refused."""
    return _taking(api, "number", lambda value: value if value >= 0 else "negative")


@mutant("nextstep.elements.number")
def numbers_are_small(api: Api) -> Api:
    """A number is given back as 32 bits can hold it."""
    return _taking(api, "number", lambda value: max(-(2**31), min(value, 2**31 - 1)))


@mutant("nextstep.elements.number")
def numbers_are_text(api: Api) -> Api:
    """A number is given back as text."""
    return _giving(api, "number", lambda value: value if value is None else str(value))


@mutant("nextstep.elements.email")
def addresses_are_cut_at_the_plus(api: Api) -> Api:
    """An address is given back without what follows a plus sign in its name."""
    return _taking(
        api, "email", lambda value: value[: value.find("+")] + value[value.find("@") :] if "+" in value else value
    )


@mutant("nextstep.elements.email")
def addresses_are_linked(api: Api) -> Api:
    """An address is given back as a link."""
    return _giving(api, "email", lambda value: value and f"mailto:{value}")


@mutant("nextstep.elements.email")
def addresses_have_no_subdomain(api: Api) -> Api:
    """An address at a host of more than two parts is refused."""
    return _taking(api, "email", lambda value: value if value.count(".") < 2 else {})


@mutant("nextstep.elements.website")
def websites_lose_their_query(api: Api) -> Api:
    """A URL is given back without its query and fragment."""
    return _taking(api, "website", lambda value: value.partition("?")[0])


@mutant("nextstep.elements.website")
def websites_lose_their_path(api: Api) -> Api:
    """A URL is given back without its path."""
    return _taking(api, "website", lambda value: "/".join(value.split("/")[:3]))


@mutant("nextstep.elements.website")
def websites_are_decoded(api: Api) -> Api:
    """A URL is given back with its percent-encoding undone."""
    return _taking(api, "website", lambda value: value.replace("%20", " "))


@mutant("nextstep.elements.date")
def dates_are_a_day_early(api: Api) -> Api:
    """A date is given back as the day before, as midnight of one zone is in another."""
    return _giving(api, "date", lambda value: value and str(date.fromisoformat(value) - timedelta(days=1)))


@mutant("nextstep.elements.date")
def dates_are_american(api: Api) -> Api:
    """A date is given back as month, day and year."""
    return _giving(api, "date", lambda value: value and f"{value[5:7]}/{value[8:]}/{value[:4]}")


@mutant("nextstep.elements.date")
def dates_have_the_year_of_their_week(api: Api) -> Api:
    """A date is given back with the year that its ISO week belongs to."""
    return _giving(api, "date", lambda value: value and f"{date.fromisoformat(value):%G-%m-%d}")


@mutant("nextstep.elements.date")
def leap_days_are_refused(api: Api) -> Api:
    """The 29th of February is refused."""
    return _taking(api, "date", lambda value: {} if value.endswith("02-29") else value)


@mutant("nextstep.elements.checkbox")
def false_is_unset(api: Api) -> Api:
    """A checkbox that is set to false has no value."""
    return _taking(api, "checkbox", lambda value: value or None)


@mutant("nextstep.elements.checkbox")
def checkboxes_are_numbers(api: Api) -> Api:
    """A checkbox is given back as 0 or 1."""
    return _giving(api, "checkbox", lambda value: value if value is None else int(value))


@mutant("nextstep.elements.checkbox")
def checkboxes_stay_checked(api: Api) -> Api:
    """A checkbox that was true stays true."""
    return _overlaying(api, "checkbox", lambda was, value: was or value)


@mutant("nextstep.elements.checkbox")
def unset_checkboxes_are_all_that_is_set(api: Api) -> Api:
    """A checkbox takes true only."""
    return _taking(api, "checkbox", lambda value: value or {})


@mutant("nextstep.elements.dropdown")
def the_last_option_is_refused(api: Api) -> Api:
    """The last option of a dropdown is refused."""
    return _choosing(api, "dropdown", lambda value, options: {} if value == options[-1] else value)


@mutant("nextstep.elements.dropdown")
def the_first_option_is_none(api: Api) -> Api:
    """The first option of a dropdown counts as none."""
    return _choosing(api, "dropdown", lambda value, options: None if value == options[0] else value)


@mutant("nextstep.elements.dropdown")
def options_are_numbers(api: Api) -> Api:
    """A dropdown gives back the position of its option."""

    def number(call: Call, task: Any) -> Any:
        return _each(task, "dropdown", lambda e: {**e, "value": e["value"] and str(e["options"].index(e["value"]))})

    return showing(api, number, *TASKS)


@mutant("nextstep.elements.multichoice")
def one_choice_is_enough(api: Api) -> Api:
    """Of several choices only the first is kept."""
    return _taking(api, "multichoice", lambda value: value[:1])


@mutant("nextstep.elements.multichoice")
def all_choices_are_too_many(api: Api) -> Api:
    """Choosing all options is refused."""
    return _choosing(api, "multichoice", lambda value, options: {} if len(value) == len(options) else value)


@mutant("nextstep.elements.multichoice")
def choices_are_text(api: Api) -> Api:
    """Choices are given back as one text."""
    return _giving(api, "multichoice", lambda value: value and ", ".join(value))


@mutant("nextstep.elements.multichoice")
def choices_add_up(api: Api) -> Api:
    """New choices are added to those made before."""
    return _overlaying(api, "multichoice", lambda was, value: list(dict.fromkeys([*(was or ()), *value])))


@mutant("nextstep.elements.short-text-wrong-type")
def objects_are_short_text(api: Api) -> Api:
    """An object or array for a short text becomes text."""
    return _taking(api, "shortText", str)


@mutant("nextstep.elements.short-text-wrong-type")
def a_refused_object_is_kept_as_short_text(api: Api) -> Api:
    """An object for a short text is refused, and kept as text."""
    return refused(api, lambda call: _keep(call, "shortText", str), UPDATE)


@mutant("nextstep.elements.long-text-wrong-type")
def lists_are_lines_of_long_text(api: Api) -> Api:
    """An array for a long text becomes its lines."""
    return _taking(api, "longText", lambda value: "\n".join(map(str, value)) if isinstance(value, list) else value)


@mutant("nextstep.elements.number-wrong-type")
def an_empty_array_is_zero(api: Api) -> Api:
    """An empty array for a number is 0, and one of a number is that number."""
    return _taking(api, "number", lambda value: (value or [0])[0] if isinstance(value, list) else value)


@mutant("nextstep.elements.number-wrong-type")
def objects_are_no_number(api: Api) -> Api:
    """An object for a number clears it."""
    return _taking(api, "number", lambda value: None if isinstance(value, dict) else value)


@mutant("nextstep.elements.email-wrong-type")
def objects_are_addresses(api: Api) -> Api:
    """Anything that is no text is an address."""
    return _taking(api, "email", lambda value: value if isinstance(value, str) else "object@example.com")


@mutant("nextstep.elements.website-wrong-type")
def objects_are_dropped_from_websites(api: Api) -> Api:
    """A URL that is no text is ignored."""
    return _dropping(api, "website", lambda value: not isinstance(value, str))


@mutant("nextstep.elements.date-wrong-type")
def an_empty_object_is_no_date(api: Api) -> Api:
    """An empty object or array for a date clears it."""
    return _taking(api, "date", lambda value: value or None)


@mutant("nextstep.elements.checkbox-wrong-type")
def objects_are_true(api: Api) -> Api:
    """A checkbox is true when it is given anything that is not empty."""
    return _taking(api, "checkbox", bool)


@mutant("nextstep.elements.dropdown-wrong-type")
def an_array_of_one_option_is_the_option(api: Api) -> Api:
    """An array of one option is taken for that option."""
    return _taking(api, "dropdown", lambda value: value[0] if isinstance(value, list) and len(value) == 1 else value)


@mutant("nextstep.elements.dropdown-wrong-type")
def objects_break_the_dropdown(api: Api) -> Api:
    """An object for a dropdown is answered 500."""

    def fall_over(call: Call) -> None:
        elements = _elements(call, "dropdown")
        given = [item["value"] for item in call.body.get("custom_elements", ()) if item["id"] in elements]
        assert not any(isinstance(value, dict) for value in given), "objects were not expected"

    return before(api, fall_over, UPDATE)


@mutant("nextstep.elements.multichoice-wrong-type")
def objects_choose_their_names(api: Api) -> Api:
    """An object for a multichoice element chooses the names of its members."""
    return _taking(api, "multichoice", lambda value: list(value) if isinstance(value, dict) else value)


@mutant("nextstep.elements.multichoice-wrong-type")
def objects_are_left_out_of_choices(api: Api) -> Api:
    """Objects among the choices are left out."""
    return _taking(
        api, "multichoice", lambda value: [v for v in value if isinstance(v, str)] if isinstance(value, list) else value
    )


@mutant("nextstep.elements.text-is-read-only")
def text_elements_are_written(api: Api) -> Api:
    """A text element takes a value."""
    return _writable(api, "text")


@mutant("nextstep.elements.text-is-read-only")
def text_elements_are_ignored(api: Api) -> Api:
    """Updating a text element is answered as a success and does nothing."""
    return _dropping(api, "text", lambda value: True)


@mutant("nextstep.elements.image-is-read-only")
def image_elements_are_ignored(api: Api) -> Api:
    """Updating an image element is answered as a success and does nothing."""
    return _dropping(api, "image", lambda value: True)


@mutant("nextstep.elements.image-is-read-only")
def image_elements_are_unprocessable(api: Api) -> Api:
    """Updating an image element is answered with another status than 400."""
    return _answering_read_only(api, "image", "body-too-large")


@mutant("nextstep.elements.video-is-read-only")
def video_elements_are_written(api: Api) -> Api:
    """A video element takes a value."""
    return _writable(api, "video")


@mutant("nextstep.elements.video-is-read-only")
def video_elements_are_forbidden(api: Api) -> Api:
    """Updating a video element is answered 403."""
    return _answering_read_only(api, "video", "forbidden")


@mutant("nextstep.elements.line-break-is-read-only")
def line_breaks_are_ignored_beside_others(api: Api) -> Api:
    """A line break is ignored when another element is updated with it."""

    def drop(call: Call) -> None:
        if len(call.body.get("custom_elements", ())) > 1:
            _drop(call, "lineBreak", lambda value: True)

    return before(api, drop, UPDATE)


@mutant("nextstep.elements.line-break-is-read-only")
def only_the_first_element_is_looked_at(api: Api) -> Api:
    """A line break that is updated after another element is written."""

    def update(call: Call) -> Reply:
        items = call.body.get("custom_elements", ())
        read_only = {e["id"] for e in _task(call)["custom_elements"] if e["display_only"]}
        if items and items[0]["id"] not in read_only:
            call.body["custom_elements"] = [item for item in items if item["id"] not in read_only]
        return api.handlers[UPDATE](call)

    return handled(api, updateRunTask=update)


@mutant("nextstep.elements.dropdown-options")
def any_text_is_an_option(api: Api) -> Api:
    """A dropdown takes any text."""
    return _choosing(api, "dropdown", lambda value, options: value if value in options else options[0])


@mutant("nextstep.elements.dropdown-options")
def options_match_in_any_case(api: Api) -> Api:
    """A dropdown takes its options in any case."""

    def match(value: Any, options: list[str]) -> Any:
        return next((option for option in options if isinstance(value, str) and option.lower() == value.lower()), value)

    return _choosing(api, "dropdown", match)


@mutant("nextstep.elements.dropdown-options")
def options_match_by_their_beginning(api: Api) -> Api:
    """A dropdown takes the beginning of an option for it."""

    def match(value: Any, options: list[str]) -> Any:
        return next((option for option in options if isinstance(value, str) and option.startswith(value)), value)

    return _choosing(api, "dropdown", match)


@mutant("nextstep.elements.dropdown-options")
def the_message_has_no_label(api: Api) -> Api:
    """The message about a dropdown names its id in place of the label."""
    return _telling(api, lambda message, e: message.replace(f'"{e["label"]}"', f'"{e["id"]}"'))


@mutant("nextstep.elements.dropdown-options")
def the_message_joins_options_tightly(api: Api) -> Api:
    """The message about a dropdown lists the options without spaces."""
    return _telling(api, lambda message, e: message.replace(", ", ","))


@mutant("nextstep.elements.dropdown-options")
def the_message_lacks_an_option(api: Api) -> Api:
    """The message about a dropdown lacks the last option."""
    return _telling(api, lambda message, e: message.removesuffix(f", {e['options'][-1]}"))


@mutant("nextstep.elements.multichoice-options")
def only_the_first_choice_is_checked(api: Api) -> Api:
    """Only the first of several choices must be an option."""

    def choose(value: Any, options: list[str]) -> Any:
        return [v for v in value if v in options] if value[0] in options else value

    return _choosing(api, "multichoice", choose)


@mutant("nextstep.elements.multichoice-options")
def one_good_choice_is_enough(api: Api) -> Api:
    """Choices are accepted when one of them is an option."""
    return _choosing(api, "multichoice", lambda value, options: [v for v in value if v in options] or value)


@mutant("nextstep.elements.multichoice-options")
def unknown_choices_are_left_out(api: Api) -> Api:
    """Choices that are no options are left out."""
    return _choosing(api, "multichoice", lambda value, options: [v for v in value if v in options])


@mutant("nextstep.elements.multichoice-options")
def good_choices_are_kept_though_refused(api: Api) -> Api:
    """Choices are refused for one that is no option, and the others are kept."""

    def keep(call: Call) -> None:
        _keep(call, "multichoice", lambda value: value[:1])

    return refused(api, keep, UPDATE)


@mutant("nextstep.elements.updates-add-no-fields")
def unknown_elements_are_added(api: Api) -> Api:
    """An unknown element id adds an element to the task."""

    def update(call: Call) -> Reply:
        task = _task(call)
        known = {element["id"] for element in task["custom_elements"]}
        items = call.body.get("custom_elements", ())
        added = [_made(item) for item in items if item["id"] not in known]
        call.body = {**call.body, "custom_elements": [item for item in items if item["id"] in known]}
        body = answered(call, api.handlers[UPDATE](call))
        if added:
            body["data"]["custom_elements"] += added
            call.store["tasks"].put(body["data"])
        return Reply(encode(body))

    return handled(api, updateRunTask=update)


@mutant("nextstep.elements.updates-add-no-fields")
def refused_elements_are_added(api: Api) -> Api:
    """An unknown element id is refused, and adds an element to the task."""

    def add(call: Call) -> None:
        task = _task(call)
        known = {element["id"] for element in task["custom_elements"]}
        task["custom_elements"] += [_made(i) for i in call.body.get("custom_elements", ()) if i["id"] not in known]
        call.store["tasks"].put(task)

    return refused(api, add, UPDATE)


def _made(item: Any) -> Record:
    return {**item, "type": "shortText", "label": item["id"], "required": False, "display_only": False}


def _task(call: Call) -> Record:
    """The task that is to be updated, as it is."""
    task: Record = answered(call, call.api.handlers["getRunTask"](call))["data"]
    return task


def _narrow(text: str) -> str:
    return "".join(character for character in text if ord(character) < 1 << 16)


def _elements(call: Call, kind: str) -> dict[str, Record]:
    return {e["id"]: e for e in _task(call)["custom_elements"] if e["type"] == kind}


def _taking(api: Api, kind: str, convert: Convert) -> Api:
    """Values for elements of a type are converted before they are looked at."""
    return _choosing(api, kind, lambda value, options: convert(value))


def _choosing(api: Api, kind: str, convert: Callable[[Any, list[str]], Any]) -> Api:
    """Values for elements of a type are converted, knowing the options, before they are looked at."""

    def act(call: Call) -> None:
        elements = _elements(call, kind)
        for item in call.body.get("custom_elements", ()):
            if item["id"] in elements:
                with suppress(TypeError, ValueError, AttributeError, LookupError):  # odd values stay what they are
                    item["value"] = convert(item["value"], elements[item["id"]].get("options", []))

    return before(api, act, UPDATE)


def _overlaying(api: Api, kind: str, convert: Callable[[Any, Any], Any]) -> Api:
    """Values for elements of a type are converted, knowing the value before, before they are looked at."""

    def act(call: Call) -> None:
        elements = _elements(call, kind)
        for item in call.body.get("custom_elements", ()):
            if item["id"] in elements:
                with suppress(TypeError):  # odd values stay what they are
                    item["value"] = convert(elements[item["id"]]["value"], item["value"])

    return before(api, act, UPDATE)


def _each(task: Any, kind: str, change: Callable[[Record], Record]) -> Any:
    return {**task, "custom_elements": [change(e) if e["type"] == kind else e for e in task["custom_elements"]]}


def _giving(api: Api, kind: str, convert: Convert) -> Api:
    """Values of elements of a type are converted when they are shown."""

    def show(call: Call, task: Any) -> Any:
        return _each(task, kind, lambda element: {**element, "value": convert(element["value"])})

    return showing(api, show, *TASKS)


def _drop(call: Call, kind: str, when: Callable[[Any], bool]) -> None:
    elements = _elements(call, kind)
    if "custom_elements" in call.body:
        items = call.body["custom_elements"]
        call.body["custom_elements"] = [i for i in items if i["id"] not in elements or not when(i["value"])]


def _dropping(api: Api, kind: str, when: Callable[[Any], bool]) -> Api:
    """Some values for elements of a type are ignored."""
    return before(api, lambda call: _drop(call, kind, when), UPDATE)


def _writable(api: Api, kind: str) -> Api:
    """Elements of a display-only type take a value."""

    def update(call: Call) -> Reply:
        elements = _elements(call, kind)
        values = {i["id"]: i["value"] for i in call.body.get("custom_elements", ()) if i["id"] in elements}
        _drop(call, kind, lambda value: True)
        task = answered(call, api.handlers[UPDATE](call))["data"]
        task = _each(task, kind, lambda element: {**element, "value": values.get(element["id"], element["value"])})
        call.store["tasks"].put(task)
        return Reply(encode({"data": task}))

    return handled(api, updateRunTask=update)


def _answering_read_only(api: Api, kind: str, problem: str) -> Api:
    """Updating a display-only element of a type is another kind of problem."""

    def update(call: Call) -> Reply:
        elements = _elements(call, kind)
        if any(item["id"] in elements for item in call.body.get("custom_elements", ())):
            raise Problem(problem)
        return api.handlers[UPDATE](call)

    return handled(api, updateRunTask=update)


def _telling(api: Api, change: Callable[[str, Record], str]) -> Api:
    """The message about a dropdown is another one."""

    def update(call: Call) -> Reply:
        try:
            return api.handlers[UPDATE](call)
        except Problem as refusal:
            elements = _elements(call, "dropdown")
            named = [elements[i["id"]] for i in call.body.get("custom_elements", ()) if i["id"] in elements]
            message = change(refusal.message or "", named[0]) if named else refusal.message
            raise Problem(refusal.kind, message) from refusal

    return handled(api, updateRunTask=update)


def _keep(call: Call, kind: str, convert: Convert) -> None:
    """Keep the values that an update gives to elements of a type, converted, whatever it was answered."""
    elements = _elements(call, kind)
    values = {i["id"]: convert(i["value"]) for i in call.body.get("custom_elements", ()) if i["id"] in elements}
    task = _each(_task(call), kind, lambda element: {**element, "value": values.get(element["id"], element["value"])})
    call.store["tasks"].put(task)
