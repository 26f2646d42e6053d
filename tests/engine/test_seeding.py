"""A user's seed files: each mutation is accepted, or refused with file, line and pointer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random  # noqa: TID251 - seeded
from typing import Any

import pytest
import yaml

import toy
from understudy import apis, cli, data
from understudy.document import yaml_limits
from understudy.document.read import Unreadable, read
from understudy.document.seed_file import SeedError, check_json, path_of
from understudy.engine.api import Api
from understudy_checks.target import installed

Json = Any
Spot = tuple[Any, Any]

# one of each type that JSON has, and of each that only YAML has; times at and beyond the ends
VALUES: list[Json] = [
    *(None, True, 0, -1, 5, 1.5, 2**63, 10**30, float("nan"), "", "x", "\0", "é" * 2000, [], {}, [None], [[]], [{}]),
    *({"a": 1}, {1: 2}, ["x", 5], [1, 1], {"id": None}),
    *("2026-13-45T00:00:00Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59.999-12:00"),
]
MUTATIONS = 30


@pytest.fixture(scope="module", params=apis.NAMES)
def api(request: pytest.FixtureRequest) -> Api:
    """Each API, declared once."""
    return installed.declared(request.param)


@pytest.fixture(scope="module")
def content(api: Api) -> Json:
    """The seed of an API with few records of each kind, for speed."""
    whole = deepcopy(read(data.path(f"fixtures/{api.name}/seed.yaml")))
    for tenant in next(iter(whole.values())):
        for name in ("runs", "tasks"):
            tenant[name] = tenant.get(name, [])[:8]
            tenant.pop(name) if not tenant[name] else None
    return whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for seed files."""
    for name in apis.NAMES:
        (tmp_path / name).mkdir()
    return tmp_path


def spots(value: Json) -> Iterator[Spot]:
    """Yield each position of a value: its container and its name or index."""
    for name, child in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, name
        if isinstance(child, dict | list):
            yield from spots(child)


def mutated(content: Json, chance: Random) -> Json:
    """The seed with one value replaced, removed, repeated or exchanged."""
    changed = deepcopy(content)
    places = list(spots(changed))
    holder, name = chance.choice(places)
    kind = chance.choice(("value", "value", "value", "remove", "repeat", "swap"))
    if kind == "remove":
        del holder[name]
    elif kind == "repeat" and isinstance(holder, list):
        holder.append(deepcopy(holder[name]))
    elif kind == "swap":
        other, elsewhere = chance.choice(places)
        holder[name] = deepcopy(other[elsewhere])
    else:
        holder[name] = deepcopy(chance.choice(VALUES))
    return changed


@pytest.mark.beside
@pytest.mark.parametrize("seed", range(2))
def test_a_mutated_seed_is_taken_or_refused_with_its_place(api: Api, content: Json, folder: Path, seed: int) -> None:
    """Any error in a seed is reported with file, line and pointer, never as a traceback."""
    chance = Random(f"{api.name}{seed}")
    file = folder / api.name / "seed.yaml"
    refused = 0
    for _ in range(MUTATIONS):
        file.write_text(yaml.dump(mutated(content, chance), Dumper=yaml.CSafeDumper))
        try:
            apis.load_own_seed(api, read(file), file, 0)
        except Unreadable as error:
            refused += 1
            for line in str(error).splitlines():
                assert re.match(rf"{re.escape(str(file))}:([1-9]\d*: /| and \d+ more)", line), line
    assert refused > 5


def written(folder: Path, api: str, text: str) -> Path:
    """Write a seed file with this text."""
    file = folder / api / "seed.yaml"
    file.write_text(text)
    return file


def refusal(capsys: pytest.CaptureFixture[str], folder: Path, *names: str) -> str:
    """Return the message of the command line about a folder that it refuses."""
    # nothing can listen on that address (RFC 5737): a folder that is taken against expectation ends the test, too
    assert cli.main(["serve", *names, "--host", "203.0.113.1", "--fixtures", str(folder)]) == 2
    return capsys.readouterr().err


def test_all_faults_are_told_at_once_with_file_line_and_place(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """All errors of a seed are reported at once."""
    text = "organizations:\n- id: o\n  agents:\n  - {id: 5, name: a}\n  - id: b\n    nmae: x\n  keys: 7\n"
    file = written(folder, "kognitos", text)
    assert refusal(capsys, folder, "kognitos").splitlines() == [
        f'understudy: {file}:4: /organizations/0/agents/0/id: 5 is not of type "string"',
        f'{file}:5: /organizations/0/agents/1: "name" is a required property',
        f"{file}:5: /organizations/0/agents/1: Additional properties are not allowed ('nmae' was unexpected)",
        f'{file}:7: /organizations/0/keys: 7 is not of type "array"',
    ]


def test_what_does_not_fit_together_is_told_at_once(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Every dangling reference is reported at once."""
    runs = "".join(f"  - {{id: r{n}, template_id: t{n}, created_at: '2026-01-01T00:00:00Z'}}\n" for n in range(25))
    file = written(folder, "nextstep", f"teams:\n- id: a\n  timezone: UTC\n  runs:\n{runs}")
    told = refusal(capsys, folder, "nextstep").splitlines()
    assert told[0] == f"understudy: {file}:5: /teams/0/runs/0: a: run r0: there is no template t0"
    assert told[19] == f"{file}:24: /teams/0/runs/19: a: run r19: there is no template t19"
    assert told[20:] == [f"{file}: and 5 more"]


def test_what_is_there_twice_is_told_with_its_place(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """The later one of two teams with the same id is named."""
    file = written(folder, "nextstep", "teams:\n- {id: a, timezone: UTC}\n- {id: a, timezone: UTC}\n")
    assert refusal(capsys, folder, "nextstep") == f"understudy: {file}:3: /teams/1/id: a is there already\n"


def test_records_that_the_document_refuses_are_told_by_the_record(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """Records that violate the API's document, or each other, are reported at their position."""
    file = written(folder, "kognitos", "organizations:\n- id: o\n  agents:\n  - {id: a 1, name: a}\n")
    assert refusal(capsys, folder, "kognitos").startswith(
        f'understudy: {file}:4: /organizations/0/agents/0: agents a 1: id: "a 1" does not match'
    )
    agents = "organizations:\n- id: o\n  agents: [{id: a1, name: a}]\n  processes:\n"
    file = written(folder, "kognitos", f"{agents}  - {{id: p1, agent_id: zz, name: p, stage: Draft}}\n")
    (told,) = refusal(capsys, folder, "kognitos").splitlines()
    assert told.startswith(
        f"understudy: {file}:5: /organizations/0/processes/0: processes p1: agent_id: there is no zz"
    )


def test_an_api_that_checks_less_is_no_traceback(folder: Path) -> None:
    """An error of a `seed` function without a schema is reported with the file."""

    def careless(content: Json, contract: object) -> Json:
        return content["missing"]

    file = written(folder, "nextstep", "a: 1")
    for content, told in (({}, "missing is missing"), ([], "list indices must be integers or slices, not str")):
        with pytest.raises(Unreadable, match=re.escape(f"{file}: {told}")):
            apis.load_own_seed(toy.api(seed=careless), content, file, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1: x", "1 must be a text; put it in quotes"),
        ("a: [.nan]", "nan is no number of JSON"),
        ("a: {b: 99999999999999999999}", "the number is too large"),
    ],
)
def test_what_json_has_no_word_for_is_refused(folder: Path, text: str, message: str) -> None:
    """YAML values that JSON lacks are refused."""
    with pytest.raises(SeedError, match=message):
        check_json(read(written(folder, "nextstep", text)))


@pytest.mark.parametrize("tag", ["binary aGVsbG8=", "timestamp 2020-01-01", "set {x}", "omap [x: 1]", "pairs [x: 1]"])
def test_what_is_no_json_is_not_read(folder: Path, tag: str) -> None:
    """Bytes, dates and sets in a seed are refused."""
    with pytest.raises(Unreadable, match="could not determine a constructor for the tag"):
        read(written(folder, "nextstep", f"a: !!{tag}"))


def test_a_file_in_a_folder_replaces_that_api_only(
    capsys: pytest.CaptureFixture[str], folder: Path, small: dict[str, Json]
) -> None:
    """A seed file replaces the seed of its API alone."""
    written(folder, "nextstep", json.dumps(small["nextstep"]))
    for name in ("kognitos", "tallyfy"):
        (folder / name).rmdir()
    found = apis.seeds(apis.NAMES, folder)
    assert found == {**apis.seeds(apis.NAMES), "nextstep": small["nextstep"]}
    make_worlds = apis.seeder(apis.NAMES, folder)
    for name in ("nextstep", "kognitos"):
        stores, credentials = make_worlds(installed.declared(name), found[name])
        assert stores
        assert {credential.api for credential in credentials} == {name}


def test_a_folder_is_refused_that_holds_nothing_or_something_unknown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A folder that is empty or has an unknown file is refused."""
    (tmp_path / "notes").mkdir()
    assert "there is no seed file in it; looked for kognitos/seed.yaml" in refusal(capsys, tmp_path, "kognitos")
    (tmp_path / "nextstpe").mkdir()
    (tmp_path / "nextstpe" / "seed.yaml").write_text("")
    assert "there is no API nextstpe; did you mean nextstep?" in refusal(capsys, tmp_path)
    (tmp_path / "kognitos").mkdir()
    (tmp_path / "nextstpe" / "seed.yaml").unlink()
    assert "kognitos/seed.yaml: No such file" in refusal(capsys, tmp_path)


def multiplied(levels: int) -> str:
    """A text whose aliases expand to ten to the power of `levels` values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (multiplied(9), "yaml:6: its aliases stand for more than 1,000,000 values"),
        (multiplied(40), "yaml:6: its aliases stand for more than 1,000,000 values"),
        ("a: &a\n- [*a]", "yaml:2: the alias a stands inside of what it stands for"),
        ("a: &a {<<: *a}", "yaml:1: the alias a stands inside of what it stands for"),
        ("\n" + "[" * 100_000, "yaml:2: it nests more than 100 deep"),
        ("{a: " * 101 + "}" * 101, "yaml:1: it nests more than 100 deep"),
        ("a: *b", "yaml:1: found undefined alias"),
    ],
)
def test_no_text_is_too_much_for_the_reader(folder: Path, text: str, message: str) -> None:
    """Multiplying or recursive aliases and deep nesting are refused at once."""
    with pytest.raises(Unreadable, match=message):
        read(written(folder, "nextstep", text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("teams:\n- id: a\n  name: x\n  id: b\n", "yaml:4: 'id' is there already, in line 2"),
        ("a: {b: 1}\n'a': 2", "yaml:2: 'a' is there already, in line 1"),
        ("{a: [{b: {c: 1}}], d: 1,\n a: 1}", "yaml:2: 'a' is there already, in line 1"),
        ("&x a: 1\n*x : 2", "yaml:2: 'a' is there already, in line 1"),
        ("'': 1\n'': 2", "yaml:2: '' is there already, in line 1"),
    ],
)
def test_a_member_given_twice_is_refused(
    capsys: pytest.CaptureFixture[str], folder: Path, text: str, message: str
) -> None:
    """A repeated member is refused, although PyYAML would take the last one."""
    written(folder, "nextstep", text)
    assert refusal(capsys, folder, "nextstep").endswith(f"{message}\n")


def test_the_same_name_in_several_objects_is_none_given_twice(folder: Path) -> None:
    """Equal names in different objects, or over merged members, are no repetition."""
    text = "x: &x {a: 1}\ny: &y {b: a}\na: {a: {a: a}, b: [a, a, {a: 1}, {a: 1}]}\nz:\n  <<: *x\n  <<: *y\n  a: 2\n"
    assert read(written(folder, "nextstep", text))["z"] == {"a": 2, "b": "a"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: 1\nb: [\n", ":2: while parsing a flow node, did not find expected node content"),
        (b"a: 1\n\tb: 2", ":2: while scanning a plain scalar, found a tab character that violates indentation"),
        (b"a: 1\n---\nb: 2", ":2: expected a single document in the stream, but found another document"),
        (b"a: 1\nb: \xe9\n", ":2: it is no YAML text: incomplete UTF-8 octet sequence, at byte 8"),
        (b"a: 1\nb: \0", ":2: it is no YAML text: control characters are not allowed, at byte 8"),
        (b"\na: !!float x", ": could not convert string to float: 'x'"),
    ],
)
def test_what_is_no_yaml_has_its_line(folder: Path, content: bytes, message: str) -> None:
    """Invalid YAML is reported with file and line."""
    file = written(folder, "nextstep", "")
    file.write_bytes(content)
    with pytest.raises(Unreadable) as error:
        read(file)
    assert str(error.value) == f"{file}{message}"


def test_usual_aliases_are_understood(folder: Path) -> None:
    """Aliases within the bounds are expanded."""
    text = "a: &a 1\nb: &b [*a, *a]\nc: {<<: &c {d: *b}, e: *c}"
    assert read(written(folder, "nextstep", text)) == {
        "a": 1,
        "b": [1, 1],
        "c": {"d": [1, 1], "e": {"d": [1, 1]}},
    }
    assert yaml_limits.MOST_DEEP == 100
    read(written(folder, "nextstep", "[" * 100 + "]" * 100))


def test_a_fault_behind_a_merge_key_has_the_line_around_it(folder: Path) -> None:
    """An error in a merged member has the line of its container; an empty file has one line."""
    file = written(folder, "nextstep", "x: &x {b: {c: 1}}\na:\n  <<: *x\n")
    error = SeedError([(("a", "b", "c"), "one\n" + "y" * 400), ((), "all")])
    assert error.report(file).splitlines() == [f"{file}:3: /a/b/c: one {'y' * 296}...", f"{file}:1: /: all"]
    assert SeedError([((), "empty")]).report(written(folder, "nextstep", "")) == f"{file}:1: /: empty"


def test_a_record_is_found_by_its_id() -> None:
    """The position of a seeded record is that of the object with its id."""
    content = {"a": [{"id": 5}, {"user_id": "u", "deep": {"id": "x"}}]}
    assert path_of(content, "5") == ("a", 0)
    assert path_of(content, "u") == ("a", 1)
    assert path_of(content, "x") == ("a", 1, "deep")
    assert path_of(content, "nobody") == ()
