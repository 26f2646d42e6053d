"""Mutants of NextStep's form fields: values that are accepted, refused or returned wrongly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from html import escape
from typing import Any

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record, encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    Operations,
    answered,
    ask,
    map_item,
    on_refusal,
    on_request,
    reject_when,
    replace_handler,
)

UPDATE = "updateRunTask"
TASKS = ("listRunTasks", "getRunTask", UPDATE)
ODD = (TypeError, ValueError, AttributeError, LookupError)
"""What a change of a value raises when it cannot take that value, which then stays as it is."""


def reads(kind: str, change: Callable[[Any, Any], Any]) -> Breakage:
    """Store `change(value, element)` for a value of an element type."""

    def read(call: Call) -> None:
        for item, element in given(call, kind):
            with suppress(*ODD):
                item["value"] = change(item["value"], element)

    return on_request(UPDATE, read)


def stores(kind: str, change: Callable[[Any], Any]) -> Breakage:
    """Store `change(value)` for a value of an element type."""
    return reads(kind, lambda value, element: change(value))


def shows(kind: str, change: Callable[[Any], Any]) -> Breakage:
    """Show `change(value)` for a stored value of an element type; null stays null."""

    def show(element: Record) -> Record:
        value = element["value"]
        return {**element, "value": value if value is None else change(value)}

    return map_elements(TASKS, lambda element: show(element) if element["type"] == kind else element)


def ignores(kind: str, when: Callable[[Any], object] = lambda value: True) -> Breakage:
    """Ignore values of an element type for which `when(value)` is true."""
    return on_request(UPDATE, lambda call: drop(call, kind, when))


def refuses(kind: str, problem: str) -> Breakage:
    """Refuse each value for elements of type `kind`, with the error `problem`."""
    return reject_when(UPDATE, lambda call: given(call, kind), problem)


def writes(kind: str) -> Breakage:
    """Accept a value for elements of a display-only type."""

    def update(handler: Handler, call: Call) -> Reply:
        values = {item["id"]: item["value"] for item, _ in given(call, kind)}
        drop(call, kind)
        task = with_values(answered(call, handler(call))["data"], values)
        call.store["tasks"].put(task)
        return Reply(encode({"data": task}))

    return replace_handler(UPDATE, update)


def keeps_refused(kind: str, change: Callable[[Any], Any]) -> Breakage:
    """Refuse a value of an element type, but store `change(value)`."""

    def keep(call: Call) -> None:
        values = {item["id"]: change(item["value"]) for item, _ in given(call, kind)}
        call.store["tasks"].put(with_values(current_task(call), values))

    return on_refusal(UPDATE, keep)


def rewords(change: Callable[[str, Any], str]) -> Breakage:
    """Replace the message about a refused dropdown by `change(message, element)`."""

    def update(handler: Handler, call: Call) -> Reply:
        try:
            return handler(call)
        except Problem as problem:
            named = [element for _, element in given(call, "dropdown")]
            message = change(problem.message or "", named[0]) if named else problem.message
            raise Problem(problem.kind, message) from problem

    return replace_handler(UPDATE, update)


def map_elements(operations: Operations, change: Callable[[Any], Record]) -> Breakage:
    """Show each element of each task as `change(element)`."""
    return map_item(operations, lambda call, task: with_elements(task, change))


def with_elements(task: Any, change: Callable[[Any], Record]) -> Record:
    """Return the task with each element replaced by `change(element)`."""
    return {**task, "custom_elements": [change(element) for element in task["custom_elements"]]}


def with_values(task: Any, values: dict[str, Any]) -> Record:
    """Return the task with these values by element id."""
    return with_elements(task, lambda element: {**element, "value": values.get(element["id"], element["value"])})


def current_task(call: Call) -> Any:
    """Return the task of an update as it is stored."""
    return ask(call, "getRunTask", call.arguments)


def given(call: Call, kind: str) -> list[tuple[Any, Record]]:
    """Return the entries of an update about elements of a type, each with the stored element."""
    elements = {e["id"]: e for e in current_task(call)["custom_elements"] if e["type"] == kind}
    return [(item, elements[item["id"]]) for item in call.body.get("custom_elements", ()) if item["id"] in elements]


def drop(call: Call, kind: str, when: Callable[[Any], object] = lambda value: True) -> None:
    """Remove from an update its entries about elements of a type."""
    dropped = [item for item, _ in given(call, kind) if when(item["value"])]
    if dropped:
        call.body["custom_elements"] = [item for item in call.body["custom_elements"] if item not in dropped]


def _narrow(text: str) -> str:
    return "".join(character for character in text if ord(character) < 1 << 16)


def _keep_when_empty(value: Any, element: Any) -> Any:
    return element["value"] if value == "" else value


def _cut_at_the_plus(address: str) -> str:
    name, _, host = address.partition("@")
    return f"{name.partition('+')[0]}@{host}"


def _fall_over_objects(call: Call) -> None:
    if any(isinstance(item["value"], dict) for item, _ in given(call, "dropdown")):
        raise RuntimeError("objects were not expected")


def _drop_line_breaks_beside_others(call: Call) -> None:
    if len(call.body.get("custom_elements", ())) > 1:
        drop(call, "lineBreak")


def _check_the_first_element(call: Call) -> None:
    items = call.body.get("custom_elements", ())
    read_only = {element["id"] for element in current_task(call)["custom_elements"] if element["display_only"]}
    if items and items[0]["id"] not in read_only:
        call.body["custom_elements"] = [item for item in items if item["id"] not in read_only]


def _match(same: Callable[[str, str], bool]) -> Callable[[Any, Any], Any]:
    """Return a function that reads a text as the first option that is the `same`."""
    return lambda value, element: next((option for option in element["options"] if same(option, value)), value)


def _only_options(value: Any, element: Any) -> list[str]:
    return [choice for choice in value if choice in element["options"]]


def _unknown(call: Call) -> list[Any]:
    """Return the entries of an update about elements that the task does not have."""
    known = {element["id"] for element in current_task(call)["custom_elements"]}
    return [item for item in call.body.get("custom_elements", ()) if item["id"] not in known]


def _with_new(task: Any, items: list[Any]) -> Record:
    made = {"type": "shortText", "required": False, "display_only": False}
    return {**task, "custom_elements": [*task["custom_elements"], *({**i, **made, "label": i["id"]} for i in items)]}


def _add_unknown(handler: Handler, call: Call) -> Reply:
    added = _unknown(call)
    if not added:
        return handler(call)
    call.body["custom_elements"] = [item for item in call.body["custom_elements"] if item not in added]
    task = _with_new(answered(call, handler(call))["data"], added)
    call.store["tasks"].put(task)
    return Reply(encode({"data": task}))


def _add_refused(call: Call) -> None:
    call.store["tasks"].put(_with_new(current_task(call), _unknown(call)))


MUTANTS: Table = {
    "elements.short-text": {
        "A short text is cut after ten characters.": stores("shortText", lambda text: text[:10]),
        "A short text is given back as HTML.": shows("shortText", escape),
        "The short text `0` counts as none.": stores("shortText", lambda text: None if text == "0" else text),
        "A short text that was set keeps its first value.": reads(
            "shortText", lambda text, element: text if element["value"] is None else element["value"]
        ),
        "Empty text for a short text is taken for none, so that it keeps the text that it had.": reads(
            "shortText", _keep_when_empty
        ),
        "A short text loses the characters that do not fit in 16 bits.": stores("shortText", _narrow),
    },
    "elements.long-text": {
        "Empty text for a long text is taken for none, so that it keeps the text that it had.": reads(
            "longText", _keep_when_empty
        ),
        "A long text loses the characters that do not fit in 16 bits.": stores("longText", _narrow),
        "The lines of a long text are joined.": stores("longText", lambda text: text.replace("\n", " ")),
        "A long text is cut after 255 characters.": stores("longText", lambda text: text[:255]),
        "Empty lines of a long text are dropped.": stores(
            "longText", lambda text: "\n".join(line for line in text.split("\n") if line)
        ),
    },
    "elements.number": {
        "The number 0 counts as none.": stores("number", lambda number: number or None),
        "A number is given back without its decimals.": stores("number", int),
        "A number is given back without its sign.": stores("number", abs),
        "A number below 0 is refused.": stores("number", lambda number: number if number >= 0 else "negative"),
        "A number is given back as 32 bits can hold it.": stores(
            "number", lambda number: max(-(2**31), min(number, 2**31 - 1))
        ),
        "A number is given back as text.": shows("number", str),
    },
    "elements.email": {
        "An address is given back without what follows a plus sign in its name.": stores("email", _cut_at_the_plus),
        "An address is given back as a link.": shows("email", lambda address: address and f"mailto:{address}"),
        "An address at a host of more than two parts is refused.": stores(
            "email", lambda address: address if address.count(".") < 2 else {}
        ),
    },
    "elements.website": {
        "A URL is given back without its query and fragment.": stores("website", lambda url: url.partition("?")[0]),
        "A URL is given back without its path.": stores("website", lambda url: "/".join(url.split("/")[:3])),
        "A URL is given back with its percent-encoding undone.": stores("website", lambda url: url.replace("%20", " ")),
    },
    "elements.date": {
        "A date is given back as the day before, as midnight of one zone is in another.": shows(
            "date", lambda day: day and str(date.fromisoformat(day) - timedelta(days=1))
        ),
        "A date is given back as month, day and year.": shows(
            "date", lambda day: day and f"{day[5:7]}/{day[8:]}/{day[:4]}"
        ),
        "A date is given back with the year that its ISO week belongs to.": shows(
            "date", lambda day: day and f"{date.fromisoformat(day):%G-%m-%d}"
        ),
        "The 29th of February is refused.": stores("date", lambda day: {} if day.endswith("02-29") else day),
    },
    "elements.checkbox": {
        "A checkbox that is set to false has no value.": stores("checkbox", lambda checked: checked or None),
        "A checkbox is given back as 0 or 1.": shows("checkbox", int),
        "A checkbox that was true stays true.": reads("checkbox", lambda checked, element: element["value"] or checked),
        "A checkbox takes true only.": stores("checkbox", lambda checked: checked or {}),
    },
    "elements.dropdown": {
        "The last option of a dropdown is refused.": reads(
            "dropdown", lambda option, element: {} if option == element["options"][-1] else option
        ),
        "The first option of a dropdown counts as none.": reads(
            "dropdown", lambda option, element: None if option == element["options"][0] else option
        ),
        "A dropdown gives back the position of its option.": map_elements(
            TASKS,
            lambda element: (
                {**element, "value": str(element["options"].index(element["value"]))}
                if element["type"] == "dropdown" and element["value"]
                else element
            ),
        ),
    },
    "elements.multichoice": {
        "Of several choices only the first is kept.": stores("multichoice", lambda choices: choices[:1]),
        "Choosing all options is refused.": reads(
            "multichoice", lambda choices, element: {} if len(choices) == len(element["options"]) else choices
        ),
        "Choices are given back as one text.": shows("multichoice", lambda choices: choices and ", ".join(choices)),
        "New choices are added to those made before.": reads(
            "multichoice", lambda choices, element: list(dict.fromkeys([*(element["value"] or ()), *choices]))
        ),
    },
    "elements.short-text-wrong-type": {
        "An object or array for a short text becomes text.": stores("shortText", str),
        "An object for a short text is refused, and kept as text.": keeps_refused("shortText", str),
    },
    "elements.long-text-wrong-type": {
        "An array for a long text becomes its lines.": stores(
            "longText", lambda value: "\n".join(map(str, value)) if isinstance(value, list) else value
        ),
    },
    "elements.number-wrong-type": {
        "An empty array for a number is 0, and one of a number is that number.": stores(
            "number", lambda value: (value or [0])[0] if isinstance(value, list) else value
        ),
        "An object for a number clears it.": stores("number", lambda value: None if isinstance(value, dict) else value),
    },
    "elements.email-wrong-type": {
        "Anything that is no text is an address.": stores(
            "email", lambda value: value if isinstance(value, str) else "object@example.com"
        ),
    },
    "elements.website-wrong-type": {
        "A URL that is no text is ignored.": ignores("website", lambda value: not isinstance(value, str)),
    },
    "elements.date-wrong-type": {
        "An empty object or array for a date clears it.": stores("date", lambda value: value or None),
    },
    "elements.checkbox-wrong-type": {
        "A checkbox is true when it is given anything that is not empty.": stores("checkbox", bool),
    },
    "elements.dropdown-wrong-type": {
        "An array of one option is taken for that option.": stores(
            "dropdown", lambda value: value[0] if isinstance(value, list) and len(value) == 1 else value
        ),
        "An object for a dropdown is answered 500.": on_request(UPDATE, _fall_over_objects),
    },
    "elements.multichoice-wrong-type": {
        "An object for a multichoice element chooses the names of its members.": stores(
            "multichoice", lambda value: list(value) if isinstance(value, dict) else value
        ),
        "Objects among the choices are left out.": stores(
            "multichoice",
            lambda value: [one for one in value if isinstance(one, str)] if isinstance(value, list) else value,
        ),
    },
    "elements.text-is-read-only": {
        "A text element takes a value.": writes("text"),
        "Updating a text element is answered as a success and does nothing.": ignores("text"),
    },
    "elements.image-is-read-only": {
        "Updating an image element is answered as a success and does nothing.": ignores("image"),
        "Updating an image element is answered with another status than 400.": refuses("image", "body-too-large"),
    },
    "elements.video-is-read-only": {
        "A video element takes a value.": writes("video"),
        "Updating a video element is answered 403.": refuses("video", "forbidden"),
    },
    "elements.line-break-is-read-only": {
        "A line break is ignored when another element is updated with it.": on_request(
            UPDATE, _drop_line_breaks_beside_others
        ),
        "A line break that is updated after another element is written.": on_request(UPDATE, _check_the_first_element),
    },
    "elements.dropdown-options": {
        "A dropdown takes any text.": reads(
            "dropdown", lambda value, element: value if value in element["options"] else element["options"][0]
        ),
        "A dropdown takes its options in any case.": reads(
            "dropdown", _match(lambda option, text: option.lower() == text.lower())
        ),
        "A dropdown takes the beginning of an option for it.": reads("dropdown", _match(str.startswith)),
        "The message about a dropdown names its id in place of the label.": rewords(
            lambda message, element: message.replace(f'"{element["label"]}"', f'"{element["id"]}"')
        ),
        "The message about a dropdown lists the options without spaces.": rewords(
            lambda message, element: message.replace(", ", ",")
        ),
        "The message about a dropdown lacks the last option.": rewords(
            lambda message, element: message.removesuffix(f", {element['options'][-1]}")
        ),
    },
    "elements.multichoice-options": {
        "Only the first of several choices must be an option.": reads(
            "multichoice",
            lambda value, element: _only_options(value, element) if value[0] in element["options"] else value,
        ),
        "Choices are accepted when one of them is an option.": reads(
            "multichoice", lambda value, element: _only_options(value, element) or value
        ),
        "Choices that are no options are left out.": reads("multichoice", _only_options),
        "Choices are refused for one that is no option, and the others are kept.": keeps_refused(
            "multichoice", lambda value: value[:1]
        ),
    },
    "elements.updates-add-no-fields": {
        "An unknown element id adds an element to the task.": replace_handler(UPDATE, _add_unknown),
        "An unknown element id is refused, and adds an element to the task.": on_refusal(UPDATE, _add_refused),
    },
}
