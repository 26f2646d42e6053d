"""What can be known at start to go wrong with a resource: records that miss a member, ids that fit no schema.

Diagnostics go to the reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.document.pointer import at
from understudy.document.sample import NoValue
from understudy.engine.ids import Ids
from understudy.resources import schemas
from understudy.resources.declaration import Reader, Resource
from understudy.resources.roles import Role
from understudy.resources.schemas import Member

Json = Any


def check(
    reader: Reader,
    resources: Mapping[str, Resource],
    roles: Mapping[str, Role],
    owners: Mapping[str, Mapping[str, Resource]],
) -> None:
    """Check every resource and role; `owners` are the parents of each resource by path parameter."""
    for resource in resources.values():
        _check_ids(reader, resource)
        _check_parts(reader, resource, resources)
        _check_includes(reader, resource, [one for one in resources.values() if resource in owners[one.name].values()])
    for role in roles.values():
        if role.action == "create" and not role.resource.fill and not role.resource.formed:
            _check_complete(reader, role)
        if role.job is not None and not role.job.resource.fill and not role.job.resource.formed:
            _check_job(reader, role, role.job.resource)


def _check_ids(reader: Reader, resource: Resource) -> None:
    """An id of the declared shape fits the schema of its member."""
    member = resource.members.get(resource.key)
    if member is None or (resource.id is None and not resource.numbered):
        return
    place = f"{at('x-resources', resource.name)}/id"
    try:
        sample: Json = resource.id(Ids("sample")) if resource.id else (1 if member.is_number else "1")
    except NoValue as failure:
        reader.diagnostics.append((place, f"no id was found that fits the member {resource.key}: {failure}"))
        return
    for error in reader.contract.fits(member.schema).iter_errors(sample):
        text = f"an id such as {sample!r} does not fit the member {resource.key}: {error.message}"
        reader.diagnostics.append((place, text))


def _check_parts(reader: Reader, resource: Resource, resources: Mapping[str, Resource]) -> None:
    """The members that name a record together hold its parents; no single member leads to such a record."""
    place = at("x-resources", resource.name)
    for number, member in enumerate(resource.whole[:-1]):
        what = "member of parent, as each but the last is"
        reader.known(member, resource.parent.values(), f"{place}/key/{number}", what)
    for member, target in resource.refers.items():
        if target in resources and resources[target].whole and member not in resource.parent.values():
            text = f"{target} are named by {', '.join(resources[target].whole)} together, and no one member leads there"
            reader.diagnostics.append((f"{place}/refers{at(member)}", text))


def _check_includes(reader: Reader, resource: Resource, children: Sequence[Resource]) -> None:
    """Each include leads to a member of `refers`, or to a resource that has this one as its parent."""
    choices = [*resource.refers, *(child.name for child in children)]
    for include, target in resource.includes.items():
        place = f"{at('x-resources', resource.name)}/includes/members{at(include)}"
        reader.known(target, choices, place, "member of refers, and no resource whose parent this one is")


def _check_complete(reader: Reader, role: Role) -> None:
    """A new record has every member that its schema requires."""
    resource, given = role.resource, _required_in_body(reader, role)
    known = {*given, *(one.member for one in role.parents)}
    _report_missing(reader, resource, known, role.pointer)


def _check_job(reader: Reader, role: Role, job: Resource) -> None:
    assert role.job is not None, "the caller has seen it"
    _report_missing(reader, job, {*role.job.set.constants, *(name for name, _ in role.job.set.computed)}, role.pointer)


def _report_missing(reader: Reader, resource: Resource, known: set[str], pointer: str) -> None:
    created = {*resource.create.constants, *(name for name, _ in resource.create.computed), resource.key}
    for name, one in resource.members.items():
        if one.required and name not in known | created and not _fills_itself(one):
            text = (
                f"a new record of {resource.name} lacks {name}, which {resource.schema} requires; "
                f"set it in create of x-resources, give it a default, or let the request require it"
            )
            reader.diagnostics.append((pointer, text))


def _fills_itself(member: Member) -> bool:
    return "default" in member.schema or "null" in member.types or member.has("writeOnly")


def _required_in_body(reader: Reader, role: Role) -> set[str]:
    """The members that a request must send and a record takes."""
    body = schemas.members(reader.document, role.request)
    own = role.resource.members
    return {name for name, one in body.items() if one.required and not (name in own and own[name].has("readOnly"))}
