"""Records of a document that states no rules: what was created is read, listed, changed and deleted as it declares.

What was inferred of a document, and not declared in it, is no rule: each check passes under every alternative.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from understudy.document.contract import Contract
from understudy.document.model import Validator
from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy.resources.roles import Role
from understudy.resources.rules import filters, plain_queries
from understudy_checks import samples
from understudy_checks.client import Client, Skipped
from understudy_checks.records import Made, Records, differences, first, plain, same, set_by_server
from understudy_checks.refusals import assert_refused
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

Json = Any
COUNT = 3
"""The number of records that are created to look at ids and pages."""


@rule("*.created.*", needs=("write",))
def test_what_is_created_is_read_back(target: Target, creating: Operation) -> None:
    """A record that was created is read by its id with each member as it was sent."""
    with target.open() as client:
        records = Records(client)
        role = records.role(creating)
        with records.of(role):
            for _ in range(2):  # the second one must not be the first one
                made = records.create(role)
                _assert_shown(records, role, made, made.sent, f"{creating.id} was answered {made.response.status}")


@rule("*.ids.*", needs=("write",))
def test_each_record_has_an_id_of_its_own(target: Target, creating: Operation) -> None:
    """Records have different ids, each of the shape that the document declares for it."""
    with target.open() as client:
        records = Records(client)
        role = records.role(creating)
        with records.of(role):
            above = records.parents(creating)
            ids = [records.create(role, above).id for _ in range(COUNT)]
            twice = [id for id, times in Counter(map(str, ids)).items() if times > 1]
            assert not twice, f"{creating.id} gives the id {show(twice[0])} to more than one record"
            for name, validator in _shapes(client, records.reader(role)):
                wrong = [id for id in ids if not any(map(validator.is_valid, _forms(id)))]
                assert not wrong, f"{creating.id} gives the id {show(wrong[:1])}, which {name} excludes"


@rule("*.listed.*", needs=("write",))
def test_a_list_has_each_record_once(target: Target, listed: Operation) -> None:
    """A record that was created stands in the list of its parents, once."""
    with target.open() as client:
        records = Records(client)
        role = records.role(listed)
        with records.of(role):
            made, above = _some(records, records.maker(role), 2)
            times = Counter(records.ids(role, records.listed(role, above)))
            for one in made:
                assert times[str(one.id)] == 1, (
                    f"{listed.id} has {show(one.id)}, which was created, {times[str(one.id)]} times"
                )


@rule("*.updated.*", needs=("write",))
def test_an_update_changes_what_is_asked_for(target: Target, updating: Operation) -> None:
    """An update is read back; what it leaves out is kept or reset, all alike; another record stays as it is."""
    with target.open() as client:
        records = Records(client)
        role = records.role(updating)
        with records.of(role):
            (one, other), _ = _some(records, records.maker(role), 2)
            before, untouched = records.shown(role, one), records.shown(role, other)
            body, response = records.accepted(role, one.path)
            changed = one._replace(sent=records.part(role, body), response=response)
            _assert_shown(records, role, changed, changed.sent, f"{updating.id} was answered {response.status}")
            _assert_rest(records, role, changed, before)
            after = records.shown(role, other)
            assert after == untouched, f"{updating.id} of {show(one.id)} changes {show(other.id)}, too"


@rule("*.deleted.*", needs=("write",))
def test_what_is_deleted_is_gone(target: Target, deleting: Operation) -> None:
    """A record that was deleted is refused when it is read, and in no list; another one stays."""
    with target.open() as client:
        records = Records(client)
        role = records.role(deleting)
        with records.of(role):
            (one, other), above = _some(records, records.maker(role), 2)
            untouched = records.shown(role, other)
            response = records.send(deleting, one.path)
            assert response.status < 300, (
                f"{deleting.id} must take {show(one.id)}, which was created, not {response.status}"
            )
            _assert_gone(client, records, role, one, response)
            assert records.shown(role, other) == untouched, (
                f"{deleting.id} of {show(one.id)} changes {show(other.id)}, too"
            )
            lister = records.lister(role)
            if lister is not None:
                ids = records.ids(lister, records.listed(lister, above))
                assert str(one.id) not in ids, f"{lister.operation.id} still has {show(one.id)}, which was deleted"


@rule("*.refused.*", needs=("write",))
def test_a_refused_request_changes_nothing(target: Target, refusing: Operation) -> None:
    """Invalid bodies are refused, and the list or the record is as before."""
    with target.open() as client:
        records = Records(client)
        role = records.role(refusing)
        with records.of(role):
            made = None if role.action == "create" else _some(records, records.maker(role), 1)[0][0]
            above = records.parents(refusing)
            path = records.target(role, above) if made is None else made.path
            if made is None:
                records.create(role, above)  # what a list shows of a record that was taken
            before = _state(records, role, made, above)
            for body in samples.invalid_bodies(client.contract, refusing, records.body(role, path)):
                response = records.send(refusing, path, body=body)
                if response.status >= 300:
                    after = _state(records, role, made, above)
                    assert after == before, f"{refusing.id} was refused ({response.status}), and something has changed"


@rule("*.unknown-ids.*")
def test_an_unknown_id_is_refused(target: Target, addressed: Operation) -> None:
    """An id that nothing has, of the declared shape, gets a documented refusal."""
    with target.open() as client:
        records = Records(client)
        role = records.role(addressed)
        with records.of(role):
            above = records.parents(addressed)
            for id in records.unknown_ids(role):
                body = {} if addressed.body is None else {"body": records.body(role, (*above, id))}
                response = records.send(addressed, (*above, id), **body)
                assert_refused(client, addressed, response, f"the unknown id {show(id)}", usual=(404, 410))


@rule("*.pages.*", needs=("write",))
def test_pages_have_each_record_once(target: Target, paged: Operation) -> None:
    """The pages of a list, of any size, have each record of it once."""
    with target.open() as client:
        records = Records(client)
        role = records.role(paged)
        with records.of(role):
            made, above = _some(records, records.maker(role), COUNT)
            for limit in _short(paged):
                pages = list(records.pages(role, above, limit=limit))
                if len(pages[0]) > limit:
                    raise Skipped(
                        f"{paged.id} does not page on this target: {paged.id} with limit {limit} answers more"
                    )
                seen = Counter(id for page in pages for id in records.ids(role, page))
                twice = [id for id, times in seen.items() if times > 1]
                assert not twice, f"with {limit} on a page, {paged.id} has {show(twice[0])} on more than one page"
                missing = [one.id for one in made if str(one.id) not in seen]
                assert not missing, f"with {limit} on a page, no page of {paged.id} has {show(missing[0])}"


@rule("*.limits.*", needs=("write",))
def test_a_page_is_no_longer_than_asked_for(target: Target, bounded: Operation) -> None:
    """A page has no more records than were asked for; a larger page than the document allows is refused or shorter."""
    with target.open() as client:
        records = Records(client)
        role = records.role(bounded)
        with records.of(role):
            _, above = _some(records, records.maker(role), COUNT)
            for limit in _short(bounded):
                page = first(records.pages(role, above, limit=limit), 1)[0]
                assert len(page) <= limit, f"{bounded.id} with limit {limit} answers {len(page)} records"


@rule("*.filters.*", needs=("write",))
def test_a_filter_leaves_what_matches(target: Target, sifted: Operation) -> None:
    """A list that is filtered by a value of a record has it, and no record of another value, or is the whole list."""
    with target.open() as client:
        records = Records(client)
        role = records.role(sifted)
        with records.of(role):
            made, above = _some(records, records.maker(role), 2)
            shown = [records.shown(records.maker(role), one) for one in made]
            whole = records.ids(role, records.listed(role, above))
            for parameter, member in _plain_filters(client.contract, role, shown[0]):
                _assert_filtered(records, role, parameter, member, made, shown, whole)


def _some(records: Records, maker: Role, count: int) -> tuple[list[Made], tuple[Json, ...]]:
    """So many new records under the same parents, and the values of their collection's path."""
    above = records.parents(maker.operation)
    return [records.create(maker, above) for _ in range(count)], above


def _assert_shown(records: Records, role: Role, made: Made, sent: Json, said: str) -> None:
    """Assert that a record shows what was sent; at once, unless the answer says that it is only accepted."""
    client = records.client

    def different() -> list[str]:
        got = records.shown(role, made)
        return (
            differences(client.contract, role.resource, sent, got, left_out=set_by_server(role))
            if isinstance(sent, dict)
            else []
        )

    if made.response.status == 202:
        client.eventually(lambda: not different(), subject=f"what {role.operation.id} was sent")
    found = different()
    assert not found, f"{said}, and {records.reader(role).operation.id} of {show(made.id)}: {'; '.join(found[:3])}"


def _assert_rest(records: Records, role: Role, made: Made, before: Json) -> None:
    """Assert that the members that an update left out are all as before, or all as if they had never been sent."""
    after = records.shown(role, made)
    sent = made.sent if isinstance(made.sent, dict) else ()  # a body may leave out what holds the record
    asked = {*map(plain, sent), *map(plain, set_by_server(role))}
    rest = [name for name in before if plain(name) not in asked and not records.is_computed(role, name)]
    lost = [name for name in rest if after.get(name) != before[name]]
    odd = [name for name in lost if not records.is_reset(role, name, after)]
    kept = [name for name in rest if name not in lost and not records.is_reset(role, name, after)]
    assert not odd, f"{role.operation.id} gives {odd[0]} the value {show(after.get(odd[0]))}, which nobody asked for"
    assert not (lost and kept), f"{role.operation.id} resets {lost[0]} and keeps {kept[0]}, of which neither was sent"


def _assert_gone(client: Client, records: Records, role: Role, made: Made, response: Response) -> None:
    reader = records.reader(role)
    if response.status == 202:
        client.eventually(lambda: records.read(role, made).status >= 400, subject=f"the end of {made.id}")
    after = records.read(role, made)
    assert_refused(client, reader.operation, after, f"{show(made.id)}, which was deleted", usual=(404, 410))


def _state(records: Records, role: Role, made: Made | None, path: tuple[Json, ...]) -> Json:
    """What can be read of what an operation writes to: the record, or the list."""
    if made is not None:
        return records.shown(role, made)
    lister = records.lister(role)
    assert lister is not None, f"nothing lists what {role.operation.id} creates"
    return sorted(records.ids(lister, records.listed(lister, path)))


def _forms(id: Json) -> list[Json]:
    """An id as an answer shows it and as a path has it, where digits are a number, too."""
    text = str(id)
    return [id, text, *([int(text)] if text.isdigit() else [])]


def _shapes(client: Client, reader: Role) -> list[tuple[str, Validator]]:
    """What declares the shape of an id: the path parameter, and the member."""
    parameter = next(one for one in reader.operation.parameters if one.location == "path" and one.name == reader.item)
    member = reader.resource.members.get(reader.resource.key)
    found = [(f"the path parameter {parameter.name}", client.contract.fits(parameter.schema))]
    return (
        found
        if member is None
        else [*found, (f"the member {reader.resource.key}", client.contract.fits(member.schema))]
    )


def _plain_filters(contract: Contract, role: Role, record: Json) -> list[tuple[str, str]]:
    """The parameters that filter by equality with a plain value of a record, each with its member; no fractions."""
    names = {one.name for one in plain_queries(role.operation) if one.kind != "number"}
    known = [one for one in filters(contract, role) if one.test is None and one.parameter in names]
    return [(one.parameter, one.member) for one in known if isinstance(record.get(one.member), str | int)]


def _assert_filtered(
    records: Records, role: Role, parameter: str, member: str, made: list[Made], shown: list[Json], whole: list[str]
) -> None:
    """Assert that a list that is filtered by a value of the first record has what has this value, or is the whole."""
    value = shown[0].get(member)
    found = records.listed(role, made[0].path[:-1], {parameter: value})
    ids, asked = records.ids(role, found), f"{role.operation.id} with {parameter}={value}"
    fitting = [str(one.id) for one, seen in zip(made, shown, strict=True) if seen.get(member) == value]
    wrong = [item for item in found if not same(str(value), str(item.get(member, value)))]
    assert ids == whole or not wrong, f"{asked} has a record whose {member} is another"
    lacking = [id for id in fitting if id not in ids]
    assert not lacking, f"{asked} lacks {show(lacking[0])}"


def _short(listing: Operation) -> list[int]:
    """The sizes of short pages that one may ask for."""
    paging = listing.pagination
    assert paging is not None, f"{listing.id} is not a list"
    known = next(one for one in listing.parameters if one.name == paging.settings["limit"])
    return [limit for limit in (1, 2) if known.validator.is_valid(limit)]
