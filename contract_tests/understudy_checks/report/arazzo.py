"""Renders examples as Arazzo 1.0.1 workflows: the failing ones, and the passing ones that a report kept.

What Arazzo has no words for (a wait, a person's action) stands in `x-` members. An example with a request that the
document does not know is left out and named: Arazzo's steps are operations.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, unquote_plus

from understudy import data
from understudy.document.operation import Operation
from understudy.document.paths import parameters_of
from understudy_checks.check import Report, RuleResult
from understudy_checks.examples.replay import Action, Earlier, Part, Parts, Replay, Request, replay
from understudy_checks.examples.script import meaning
from understudy_checks.examples.story import Story, Variable, Wait
from understudy_checks.report.summary import WORDS, with_count
from understudy_checks.target import installed

Json = Any

VERSION = "1.0.1"

_NAME = re.compile(r"[^A-Za-z0-9_]+")


def arazzo(report: Report) -> str | None:
    """Render the examples of a report as an Arazzo description: JSON, which is YAML too. None without any example."""
    described = as_json(report)
    return json.dumps(described, indent=2) + "\n" if described["workflows"] else None


def as_json(report: Report) -> Json:
    """The Arazzo description of a report. One example of several rules is one workflow."""
    examples = _examples(report)
    operations = {id: known for api in report.apis for id, known in installed.document(api).operations.items()}
    replays = {key: replay(story) for key, (story, _) in examples.items()}
    untellable = [key for key, steps in replays.items() if not _is_tellable(steps)]
    return {
        "arazzo": VERSION,
        "info": _info(report, [checked.rule.id for key in untellable for checked in examples[key][1]]),
        "sourceDescriptions": [_source(api) for api in report.apis],
        "workflows": [
            _workflow(replays[key], rules, operations) for key, (_, rules) in examples.items() if key not in untellable
        ],
    }


def _examples(report: Report) -> dict[int, tuple[Story, list[RuleResult]]]:
    """The examples of a report by identity, each with its rules, the failing ones first."""
    found: dict[int, tuple[Story, list[RuleResult]]] = {}
    for checked in sorted(report.rules, key=lambda checked: checked.outcome != "failed"):
        story = _story(checked)
        if story:
            found.setdefault(id(story), (story, []))[1].append(checked)
    return found


def _story(checked: RuleResult) -> Story:
    """The shortest failing example of a rule, or of a rule that passed its shortest passing one; empty without any."""
    failing = [run.failure.story for run in checked.runs if run.failure is not None]
    passing = [run.passing for run in checked.runs] if checked.outcome == "passed" else []
    return min(filter(None, (*failing, *passing)), key=len, default=())


def _is_tellable(steps: Replay) -> bool:
    return all(step.call.operation is not None for step in steps if isinstance(step, Request))


def _info(report: Report, left_out: Sequence[str]) -> Json:
    described = f"What `understudy check` saw on {report.target}, told as calls that can be repeated."
    if left_out:
        described += f" Left out, because they take calls that the document does not know: {', '.join(left_out)}."
    names = ", ".join(report.apis)
    summary = f"{with_count(report.count('failed'), 'rule')} of {names} failed"
    return {"title": f"Examples of {names}", "version": "1", "summary": summary, "description": described}


def _source(api: str) -> Json:
    document = data.path(f"openapi/{api}.yaml").resolve()
    return {"name": api, "url": document.as_uri(), "type": "openapi"}


def _workflow(steps: Replay, rules: Sequence[RuleResult], operations: Mapping[str, Operation]) -> Json:
    """One example as a workflow. Of a failing one, the step that was wrong has no criterion: it is there to be seen."""
    first = rules[0]
    requests = [step for step in steps if isinstance(step, Request)]
    seen = [request.number for request in requests if not request.call.is_cleanup]
    wrong = seen[-1] if first.outcome == "failed" else None
    variables = sorted({part.name for step in requests for part in step.parts if isinstance(part, Variable)})
    described = "\n\n".join(f"{each.rule.text} ({each.rule.source}; {each.rule.basis})" for each in rules)
    return {
        "workflowId": _NAME.sub("_", first.rule.id),
        "summary": f"{first.rule.id}: {WORDS[first.outcome]}",
        "description": described if first.reason is None else f"{described}\n\nSeen: {first.reason}",
        **({"inputs": _inputs(variables)} if variables else {}),
        "steps": list(_steps(steps, operations, wrong)),
        "x-rules": [each.rule.id for each in rules],
        "x-outcome": first.outcome,
    }


def _inputs(variables: Sequence[str]) -> Json:
    properties = {name: {"type": "string", "description": meaning(name)} for name in variables}
    return {"type": "object", "properties": properties, "required": list(variables)}


def _steps(steps: Replay, operations: Mapping[str, Operation], wrong: int | None) -> Iterator[Json]:
    """The requests as steps. A wait or an action is told with the step that follows it."""
    used = {part for step in steps if not isinstance(step, Wait) for part in step.parts if isinstance(part, Earlier)}
    before: dict[str, Json] = {}
    for step in steps:
        if isinstance(step, Wait):
            before["x-wait-before"] = step.seconds
        elif isinstance(step, Action):
            before["x-action-before"] = {
                "name": step.name,
                "fields": json.loads("".join(map(_expression, step.fields))),
            }
        else:
            outputs = {_output(part): f"$response.body#{part.pointer}" for part in used if part.number == step.number}
            criteria = [{"condition": f"$statusCode == {step.call.response.status}"}] if step.number != wrong else []
            yield (
                _step(step, operations[step.call.operation or ""])
                | before
                | _given(successCriteria=criteria, outputs=dict(sorted(outputs.items())))
            )
            before = {}


def _step(request: Request, operation: Operation) -> dict[str, Json]:
    return {
        "stepId": f"call_{request.number}",
        "description": f"{request.method} answered {request.call.response.status}",
        "operationId": operation.id,
        **_given(parameters=list(_parameters(request, operation)), requestBody=_body(request)),
    }


def _given(**members: Json) -> dict[str, Json]:
    """The members that are not empty."""
    return {name: value for name, value in members.items() if value}


def _parameters(request: Request, operation: Operation) -> Iterator[Json]:
    """Path, query and header parameters. A runner encodes their values itself."""
    path = operation.path.split("/")
    values = _split(request.path, "/")
    if len(values) != len(path):  # the path of a URL, which no expression can name
        values = _split(request.call.path, "/")
    for segment, value in zip(path, values, strict=True):
        names = parameters_of(segment)
        if names and segment == f"{{{names[0]}}}":
            yield {"name": names[0], "in": "path", "value": _text(value, unquote)}
        elif names:
            yield from _within(segment, names, str(_text(value, unquote)))
    for pair in _split(request.query, "&") if request.query else ():
        name, *given = _split(pair, "=", 1)
        yield {"name": _text(name, unquote_plus), "in": "query", "value": _text((given or [()])[0], unquote_plus)}
    for header, parts in request.headers:
        if header != "content-type":
            yield {"name": header, "in": "header", "value": _text(parts)}


def _within(segment: str, names: Sequence[str], value: str) -> Iterator[Json]:
    """Path parameters that share a segment with other text, such as `{id}.json`."""
    pattern = "(.+?)".join(map(re.escape, re.split(r"\{[^{}]*\}", segment)))
    found = re.fullmatch(pattern, value)
    for name, text in zip(names, found.groups() if found else (), strict=False):
        yield {"name": name, "in": "path", "value": text}


def _split(parts: Parts, separator: str, times: int = -1) -> list[Parts]:
    """Split parts at a separator in their texts."""
    pieces: list[list[Part]] = [[]]
    for part in parts:
        first, *others = part.split(separator, times) if isinstance(part, str) else [part]
        pieces[-1].append(first)
        pieces += [[other] for other in others]
        times -= len(others) if times > 0 else 0
    return [tuple(part for part in piece if part != "") for piece in pieces]


def _body(request: Request) -> dict[str, Json]:
    """The body: JSON as it is, other text as text, anything else in base64."""
    if not request.body:
        return {}
    kind = next((_text(value) for name, value in request.headers if name == "content-type"), None)
    return _given(contentType=kind) | _payload(request)


def _payload(request: Request) -> dict[str, Json]:
    text = _text(request.body)
    try:
        request.call.body.decode()
    except UnicodeDecodeError:
        return {"payload": b64encode(request.call.body).decode(), "x-payload-encoding": "base64"}
    try:
        return {"payload": json.loads("".join(map(_expression, request.body)))}
    except (ValueError, RecursionError):
        return {"payload": text}


def _text(parts: Parts, decode: Callable[[str], str] = str) -> str:
    """A value as Arazzo writes it: one expression as it is, expressions within a text in braces."""
    if len(parts) == 1:
        return decode(_expression(parts[0])) if isinstance(parts[0], str) else _expression(parts[0])
    return "".join(decode(part) if isinstance(part, str) else f"{{{_expression(part)}}}" for part in parts)


def _expression(part: Part) -> str:
    """A part as a runtime expression; a text as it is."""
    match part:
        case Variable(name):
            return f"$inputs.{name}"
        case Earlier(number):
            return f"$steps.call_{number}.outputs.{_output(part)}"
    assert isinstance(part, str), "only a loop counts, and a workflow has none"
    return part


def _output(earlier: Earlier) -> str:
    """The name of a value in a response."""
    return _NAME.sub("_", earlier.pointer).strip("_") or "body"
