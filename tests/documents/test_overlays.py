"""Overlays: what their actions do to a document, as OpenAPI Overlay 1.0, 1.1 and 1.2 say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from overlays import PETS, applied, overlay
from understudy.document import overlaid
from understudy.document.overlay import BadOverlay
from understudy.document.pointer import find

LIST = "$.paths['/pets'].get"


def after(folder: Path, *overlays: str, document: str = PETS) -> Any:
    """The document with these overlays."""
    return applied(folder, *overlays, document=document).after


def refusals(folder: Path, text: str, document: str = PETS) -> list[str]:
    """What is wrong with an overlay, without its folder."""
    with pytest.raises(BadOverlay) as raised:
        applied(folder, text, document=document)
    return str(raised.value).replace(f"{folder}/", "").splitlines()


def test_an_update_merges_mappings_at_any_depth(tmp_path: Path) -> None:
    """What only one of them has stays or comes; texts replace texts; the document as it was stays."""
    update = {"info": {"description": "New", "x-more": {"a": 1}}, "x-top": [1]}
    found = applied(tmp_path, overlay({"target": "$", "update": update}))
    info = {"title": "Pets", "version": "1", "description": "New", "x-more": {"a": 1}}
    assert (found.after["info"], found.after["x-top"]) == (info, [1])
    assert found.before["info"]["description"] == "Old"
    assert "x-top" not in found.before


def test_an_update_fills_what_is_empty(tmp_path: Path) -> None:
    """A name with nothing behind it is null in YAML, and takes any value."""
    document = PETS + "components:\nx-list:\n"
    update = {"components": {"schemas": {"A": {}}}, "x-list": [1]}
    found = after(tmp_path, overlay({"target": "$", "update": update}, version="1.0.0"), document=document)
    assert (found["components"], found["x-list"]) == ({"schemas": {"A": {}}}, [1])


@pytest.mark.parametrize(("value", "added"), [({"name": "a"}, [{"name": "a"}]), ([1, 2], [1, 2]), (7, [7])])
def test_an_update_of_a_list_adds_to_its_end(tmp_path: Path, value: Any, added: list[Any]) -> None:
    """One item, or each item of a list."""
    document = after(tmp_path, overlay({"target": f"{LIST}.parameters", "update": value}))
    assert document["paths"]["/pets"]["get"]["parameters"][2:] == added


def test_lists_within_an_update_are_joined(tmp_path: Path) -> None:
    """In an overlay of any version."""
    for version in ("1.0.0", "1.1.0", "1.2"):
        document = after(tmp_path, overlay({"target": LIST, "update": {"tags": ["new"]}}, version=version))
        assert document["paths"]["/pets"]["get"]["tags"] == ["pets", "old", "new"]


def test_a_target_may_select_many_places(tmp_path: Path) -> None:
    """Each is changed once, and by a filter only those that it describes."""
    actions = (
        {"target": "$.paths.*.get", "update": {"x-safe": True}},
        {"target": "$..parameters[?@.in == 'query' && match(@.name, 'li.+')]", "update": {"x-paging": [1]}},
        {"target": "$.paths['/pets', '/pets'].get.tags", "update": "once"},
        {"target": "$.paths[?search(@.get.operationId, '(a+)+t$')]", "update": {"x-none": 1}},
    )
    document = after(tmp_path, overlay(*actions))
    assert [item["get"]["x-safe"] for item in document["paths"].values()] == [True, True]
    limit, dummy = document["paths"]["/pets"]["get"]["parameters"]
    assert (limit["x-paging"], "x-paging" in dummy) == ([1], False)
    assert document["paths"]["/pets"]["get"]["tags"] == ["pets", "old", "once"]


def test_what_is_no_pattern_matches_nothing(tmp_path: Path) -> None:
    """As RFC 9535 says; a pattern that takes exponential time elsewhere takes linear time here."""
    slow = "(a|a)*b" * 3
    for query in ("$.paths[?match(@.get.operationId, '(')]", "$.paths[?match(@.get, 'x')]",
                  f"$.info[?search(@, '{slow}')]"):  # fmt: skip
        found = applied(tmp_path, overlay({"target": query, "remove": True}), document=PETS.replace("Old", "a" * 60))
        assert found.after == found.before


def test_a_removal_takes_members_and_items_out(tmp_path: Path) -> None:
    """Several of one list, and what stands within another one that is selected."""
    actions = (
        {"target": f"{LIST}.parameters[0, 1]", "remove": True},
        {"target": "$..tags[?@ == 'old']", "remove": True},
        {"target": "$.paths['/pets/{id}']..*", "remove": True, "update": {"has": "no effect"}},
    )
    document = after(tmp_path, overlay(*actions))
    assert document["paths"]["/pets"]["get"]["parameters"] == []
    assert document["paths"]["/pets"]["get"]["tags"] == ["pets"]
    assert document["paths"]["/pets/{id}"] == {}


def test_a_copy_merges_one_place_into_others(tmp_path: Path) -> None:
    """With update and removal it is a renaming; what is changed later is not changed in the copy."""
    actions = (
        {"target": "$.paths", "update": {"/cats": {}, "/dogs": {}}},
        {"target": "$.paths['/cats', '/dogs']", "copy": "$.paths['/pets']"},
        {"target": "$.paths['/pets']", "remove": True},
        {"target": "$.paths['/cats'].get", "update": {"summary": "Cats"}},
    )
    paths = after(tmp_path, overlay(*actions))["paths"]
    assert paths.keys() == {"/cats", "/dogs", "/pets/{id}"}
    assert paths["/cats"]["get"].pop("summary") == "Cats"
    assert paths["/cats"] == paths["/dogs"]


def test_a_copy_into_itself_is_of_what_was_there_before(tmp_path: Path) -> None:
    """Each place gets the same, however many places within it are selected."""
    document = PETS + "x-a: {" + ", ".join(f"n{number}: {{x-in: 1}}" for number in range(25)) + "}\n"
    found = after(tmp_path, overlay({"target": "$['x-a'].*", "copy": "$['x-a']"}), document=document)
    before = {f"n{number}": {"x-in": 1} for number in range(25)}
    assert found["x-a"] == {name: {"x-in": 1, **before} for name in before}


def test_a_reusable_action_is_applied_where_it_is_referred_to(tmp_path: Path) -> None:
    """From 1.2 on; what stands beside the reference goes first."""
    fields = {"update": {"404": {"description": "Not found"}}, "description": "Adds a refusal"}
    components = {"actions": {"re/fusal": {"fields": fields, "description": "A refusal"}}}
    reference = {"$ref": "#/components/actions/re~1fusal"}
    actions = (
        {**reference, "target": f"{LIST}.responses"},
        {**reference, "target": "$.paths['/pets/{id}'].get.responses", "update": {"410": {"description": "Gone"}}},
    )
    text = overlay(*actions, version="1.2.0", components=components)
    document = after(tmp_path, text)
    assert document["paths"]["/pets"]["get"]["responses"].keys() == {"200", "404"}
    assert document["paths"]["/pets/{id}"]["get"]["responses"].keys() == {"200", "410"}


def test_overlays_are_applied_in_order(tmp_path: Path) -> None:
    """Each to what the one before it left, as each action is."""
    first = overlay({"target": "$.info", "update": {"x-a": {"n": 1}}}, {"target": "$.info.x-a", "update": {"n": 2}})
    second = overlay({"target": "$.info.x-a", "update": {"n": 3, "m": 4}})
    assert after(tmp_path, first, second)["info"]["x-a"] == {"n": 3, "m": 4}


def test_what_yaml_shares_is_changed_at_one_place(tmp_path: Path) -> None:
    """An alias is a copy, and so is a value that an update puts at several places."""
    document = PETS + "x-one: &one {list: [1]}\nx-two: *one\n"
    actions = (
        {"target": "$['x-one'].list", "update": 2},
        {"target": "$.paths.*", "update": {"x-three": {"list": [3]}}},
        {"target": "$.paths['/pets']['x-three'].list", "update": 4},
    )
    found = after(tmp_path, overlay(*actions), document=document)
    assert (found["x-one"], found["x-two"]) == ({"list": [1, 2]}, {"list": [1]})
    assert [item["x-three"]["list"] for item in found["paths"].values()] == [[3, 4], [3]]


def test_json_and_yaml_go_together(tmp_path: Path) -> None:
    """An overlay in JSON, and a document in JSON; a status may be a number in YAML."""
    document = '{"openapi": "3.1.0", "info": {}, "paths": {"/x": {"get": {"responses": {"200": {}}}}}}'
    text = "overlay: 1.0.0\ninfo: {title: a, version: 1}\nactions:\n" + (
        "- target: $.paths['/x'].get.responses\n  update: {404: {description: Gone}}\n"
    )
    as_json = json.dumps(yaml.safe_load(overlay({"target": "$", "update": {"x-a": 1}})))
    found = after(tmp_path, text, as_json, document=document)
    assert found["paths"]["/x"]["get"]["responses"].keys() == {"200", "404"}
    assert found["x-a"] == 1


@pytest.mark.parametrize(
    ("version", "action", "line", "text"),
    [
        ("1.0.0", {"target": "$.info.title", "update": "New"}, 6,
         "/actions/0/target: it selects a text (/info/title); Overlay 1.1 and later change these: "
         "say `overlay: 1.1.0`"),
        ("1.0.0", {"target": "$.info.title", "remove": True}, 6,
         "/actions/0/target: it selects a text (/info/title); Overlay 1.1 and later change these: "
         "say `overlay: 1.1.0`"),
        ("1.0.0", {"target": "$", "copy": "$.info"}, 7,
         "/actions/0/copy: copy came with Overlay 1.1; say `overlay: 1.1.0`"),
        ("1.1.0", {"target": "$", "$ref": "#/components/actions/a", "remove": True}, 7,
         "/actions/0/$ref: $ref came with Overlay 1.2; say `overlay: 1.2.0`"),
        ("1.2.0", {"target": "$.info", "$ref": "#/components/actions/a", "remove": True}, 7,
         "/actions/0/$ref: '#/components/actions/a' leads to no reusable action; it is #/components/actions/NAME"),
        ("1.1.0", {"target": "$", "update": [1]}, 8,
         "/actions/0/update: a list cannot be merged with a mapping (/); remove that first"),
        ("1.1.0", {"target": "$.info", "update": {"title": {"a": 1}}}, 9,
         "/actions/0/update/title: a mapping cannot be merged with a text (/info/title); remove that first"),
        ("1.1.0", {"target": "$", "update": {"info": None}}, 8,
         "/actions/0/update/info: null cannot be merged with a mapping (/info); remove that first"),
        ("1.1.0", {"target": LIST, "update": {"tags": 5}}, 8,
         "/actions/0/update/tags: a number cannot be merged with a list (/paths/~1pets/get/tags); "
         "write a list with it"),
        ("1.1.0", {"target": "$['info', 'openapi']", "update": {"a": True}}, 6,
         "/actions/0/target: it selects a mapping and a text; what is updated at once must be of one kind"),
        ("1.1.0", {"target": "$", "remove": True}, 6, "/actions/0/target: the whole document cannot be removed"),
        ("1.1.0", {"target": "$.info", "copy": "$.paths.*"}, 7,
         "/actions/0/copy: '$.paths.*' selects 2 places; one is copied"),
        ("1.1.0", {"target": "$.info", "copy": "$.inf"}, 7,
         "/actions/0/copy: '$.inf' selects no places; one is copied"),
        ("1.1.0", {"target": "$.info", "copy": "$.info.title"}, 7,
         "/actions/0/copy: a text cannot be merged with a mapping (/info); remove that first"),
        ("1.1.0", {"target": LIST, "copy": "$['x-a']"}, 7,
         "/actions/0/copy: a boolean cannot be merged with a list (/paths/~1pets/get/tags); write a list with it"),
        ("1.1.0", {"target": "$.info[", "remove": True}, 6,
         "/actions/0/target: '$.info[' is no JSONPath query (RFC 9535): unexpected end of query"),
        ("1.1.0", {"target": "$.paths.[a]", "remove": True}, 6,
         "/actions/0/target: '$.paths.[a]' is no JSONPath query (RFC 9535): expected a shorthand selector "
         "at character 9"),
        ("1.1.0", {"target": "/info", "remove": True}, 6,
         "/actions/0/target: '/info' is no JSONPath query (RFC 9535): it must begin with $"),
        ("1.1.0", {"target": "", "remove": True}, 6,
         "/actions/0/target: the query is empty; `$` selects the whole document"),
        ("1.1.0", {"target": "$" + ".a" * 500, "remove": True}, 6,
         "/actions/0/target: a query has at most 1,000 characters"),
        ("1.1.0", {"target": "$..a..a..a..a", "remove": True}, 6,
         "/actions/0/target: '$..a..a..a..a' has more than 3 `..`, which take too long together"),
        ("1.1.0", {"target": "$" + "[?@" * 200 + "]" * 200, "remove": True}, 6,
         f"/actions/0/target: '${'[?@' * 25}... is no JSONPath query (RFC 9535): maximum recursion depth exceeded"),
        ("1.1.0", {"target": 5, "remove": True}, 6, "/actions/0/target: must be a text, not 5"),
        ("1.1.0", {"remove": True}, 6, "/actions/0: target is missing; add a JSONPath"),
        ("1.1.0", {"target": "$"}, 6, "/actions/0: it changes nothing; add one of update, remove, copy"),
        ("1.0.0", {"target": "$"}, 6, "/actions/0: it changes nothing; add one of update, remove"),
        ("1.1.0", {"target": "$", "update": 1, "copy": "$"}, 6,
         "/actions/0: it has both update and copy; take one out"),
        ("1.1.0", {"target": "$", "remove": "yes"}, 7, "/actions/0/remove: must be true or false, not 'yes'"),
        ("1.1.0", {"target": "$", "updat": {}}, 7,
         "/actions/0/updat: 'updat' is no member of an action; did you mean update?"),
    ],
)  # fmt: skip
def test_an_action_that_cannot_be_applied_is_refused(
    tmp_path: Path, version: str, action: dict[str, Any], line: int, text: str
) -> None:
    """With file, line and pointer, and nothing is applied."""
    document = PETS + "x-a: {tags: true}\n"
    assert f"fix0.yaml:{line}: {text}" in refusals(tmp_path, overlay(action, version=version), document)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", ["1: /: an overlay is a mapping with overlay, info and actions"]),
        ("", ["1: /: an overlay is a mapping with overlay, info and actions"]),
        ("overley: 1.0.0", ["1: /: it is no OpenAPI Overlay: `overlay: 1.0.0` is missing; did you mean overley?"]),
        ("overlay: 2.0.0", ["1: /overlay: Overlay '2.0.0' is not read; 1.0.x, 1.1.x and 1.2.x are"]),
        ("overlay: 1.3.0", ["1: /overlay: Overlay '1.3.0' is not read; 1.0.x, 1.1.x and 1.2.x are"]),
        ("overlay: 1.0\nactions: {}\nextends: 5\ninfo: {tittle: a, description: b}\nacts: 1",
         ["5: /acts: 'acts' is no member of an overlay; did you mean actions?",
          "4: /info/tittle: 'tittle' is no member of info; did you mean title?",
          "4: /info/description: description came with Overlay 1.1; say `overlay: 1.1.0`",
          "4: /info: info has no title; add it",
          "4: /info: info has no version; add it",
          "3: /extends: must be a text, the URL of a document, not 5",
          "2: /actions: actions is missing; it is a list of at least one action"]),
        ("overlay: 1.2.0\ninfo: 1\nactions: [5, {$ref: 7}]",
         ["2: /info: info is missing; add info: {title: ..., version: ...}",
          "3: /actions/0: an action is a mapping with a target, not 5",
          "3: /actions/1/$ref: 7 leads to no reusable action; it is #/components/actions/NAME",
          "3: /actions/1: target is missing; add a JSONPath",
          "3: /actions/1: it changes nothing; add one of update, remove, copy"]),
        ("overlay: 1.2.0\ninfo: {title: a, version: b}\ncomponents: {actions: {a: {fields: {target: $, remove: no}}}}\n"
         "actions: [{target: $, $ref: '#/components/actions/a'}]",
         ["3: /components/actions/a/fields/target: 'target' is no member of the fields of a reusable action",
          "4: /actions/0/remove: must be true or false, not 'no'"]),
        ("overlay: 1.2.0\ninfo: {title: a, version: b}\ncomponents: {actions: {a: {fields: 5}}}\n"
         "actions: [{target: $, $ref: '#/components/actions/a'}]",
         ["4: /actions/0: it changes nothing; add one of update, remove, copy"]),
    ],
)  # fmt: skip
def test_a_file_that_is_no_overlay_is_refused(tmp_path: Path, text: str, expected: list[str]) -> None:
    """With all that is wrong in it."""
    assert refusals(tmp_path, text) == [f"fix0.yaml:{line}" for line in expected]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Each action is tried after those that fail; the second overlay is not."""
    wrong = [{"target": "$.info", "update": 1}, {"target": "$.info.title", "update": []}]
    (tmp_path / "pets.yaml").write_text(PETS)
    with pytest.raises(BadOverlay) as raised:
        applied(tmp_path, overlay(*wrong), overlay({"target": "$.info", "update": 1}))
    assert [pointer for pointer, _ in raised.value.problems] == ["/actions/0/update", "/actions/1/update"]


def test_a_target_that_selects_nothing_is_told(tmp_path: Path) -> None:
    """The overlay is applied all the same, as the specification says."""
    found = applied(tmp_path, overlay({"target": "$.infos", "update": {}}, {"target": "$.info", "update": {"a": 1}}))
    assert [tuple(one) for one in found.odd] == [
        ("fix0.yaml", "/actions/0/target", "'$.infos' selects nothing; this action changes nothing", True)
    ]
    assert found.after["info"]["a"] == 1


@pytest.mark.parametrize(
    ("extends", "told"),
    [
        ("pets.yaml", False),
        ("./pets.yaml", False),
        ("https://example.com/v1/pets.yaml", False),
        ("cats.yaml", True),
        ("https://example.com/v1/cats.yaml", True),
    ],
)
def test_what_an_overlay_extends_is_compared_and_not_fetched(tmp_path: Path, extends: str, told: bool) -> None:
    """An overlay for another document is applied, since the user says so, and it is told."""
    found = applied(tmp_path, overlay({"target": "$", "update": {"x-a": 1}}, extends=extends))
    text = f"it extends {extends!r}, and is applied to pets.yaml"
    assert [(one.pointer, one.text, one.wrong) for one in found.odd] == [("/extends", text, False)] * told
    assert found.after["x-a"] == 1


def test_what_overlays_add_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of copies would double a document each time; nor may it nest deeper than a file."""
    monkeypatch.setattr(overlaid, "MOST_VALUES", 10_000)
    double = [{"target": "$", "update": {f"x-{n}": {}}} for n in range(25)]
    copies = [{"target": f"$['x-{n}']", "copy": "$"} for n in range(25)]
    assert refusals(tmp_path, overlay(*double, *copies))[-1].endswith("the overlays add more than 10,000 values")
    nested: Any = {}
    for _ in range(60):
        nested = {"a": nested}
    deep = {"target": "$" + ".a" * 60, "copy": "$"}
    deeper = [{"target": "$" + ".a" * 60 * n, "update": nested} for n in range(1, 9)]
    far = {"target": "$..b", "remove": True}
    assert refusals(tmp_path, overlay({"target": "$", "update": nested}, *deeper, far))[0].endswith(
        "/actions/9: '$..b' cannot be run: recursion limit exceeded"
    )
    assert refusals(tmp_path, overlay({"target": "$", "update": nested}, deep)) == [
        "fix0.yaml:6: /actions: the document nests more than 100 deep with it"
    ]


def test_the_origin_of_each_part_is_known(tmp_path: Path) -> None:
    """Also after items were removed from a list, added to one, and parts copied."""
    actions = (
        {"target": f"{LIST}.parameters", "update": [{"name": "a"}, {"name": "b"}]},
        {"target": f"{LIST}.parameters[2]", "update": {"in": "query"}},
        {"target": f"{LIST}.parameters[0]", "remove": True},
        {"target": f"{LIST}.parameters", "update": {"name": "c"}},
        {"target": "$.paths['/pets/{id}']", "copy": "$.paths['/pets']"},
        {"target": "$.info.title", "update": "New"},
    )
    found = applied(tmp_path, overlay(*actions))
    parameters = "/paths/~1pets/get/parameters"
    origins = {
        f"{parameters}/0/name": ("pets.yaml", f"{parameters}/1/name"),
        f"{parameters}/1/name": ("fix0.yaml", "/actions/0/update/0/name"),
        f"{parameters}/1/in": ("fix0.yaml", "/actions/1/update/in"),
        f"{parameters}/2/name": ("fix0.yaml", "/actions/0/update/1/name"),
        f"{parameters}/3/name": ("fix0.yaml", "/actions/3/update/name"),
        "/paths/~1pets~1{id}/get/tags/0": ("pets.yaml", "/paths/~1pets/get/tags/0"),
        "/paths/~1pets~1{id}/get/operationId": ("pets.yaml", "/paths/~1pets/get/operationId"),
        "/info/title": ("fix0.yaml", "/actions/5/update"),
        "/info/version": ("pets.yaml", "/info/version"),
    }
    assert {pointer: tuple(found.origins.of(pointer)) for pointer in origins} == origins
    for pointer in origins:
        find(found.after, pointer)
