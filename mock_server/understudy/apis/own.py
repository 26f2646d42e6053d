"""A user's own document as an API: its operations answer checked examples, and refuse what the document refuses.

Credentials of the declared forms are minted from the API's name, so that they stay the same. Must not know how
a document is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from understudy.apis.folder import Folder, find
from understudy.apis.handlers import Handlers
from understudy.apis.handlers import load as load_handlers
from understudy.apis.readings import Basis, readings_of, with_trace
from understudy.document.answers import Answers
from understudy.document.argument import argument
from understudy.document.compile import ContractError
from understudy.document.contract import Contract
from understudy.document.infer import Inferred, infer
from understudy.document.model import Scheme
from understudy.document.notice import Notice
from understudy.document.open_world import Read, compile_own, read_own
from understudy.document.origins import Origins
from understudy.document.read import read, without_collections
from understudy.document.seed_file import Start
from understudy.engine.api import Api, SeededTenant
from understudy.engine.call import Json
from understudy.engine.credential import Credential
from understudy.engine.examples import example_handler
from understudy.engine.ids import HEX, Ids, digest
from understudy.engine.pipeline import STEPS
from understudy.engine.refusals import Refusals, Template
from understudy.engine.requirements import TENANT, authenticate
from understudy.engine.store import Store
from understudy.resources import access
from understudy.resources import declare as declare_resources

NO_HANDLERS = Handlers({}, {}, ())
_MOST_NAMES = 6  # of resources in one line
_RESOURCE_KEYS = ("x-resources", "x-operation", "x-filter")


@dataclass(frozen=True, slots=True)
class Own:
    """A document of a user: its file, the name of its API, and where it is moved to (None: it stays).

    `handlers` is a Python file or the name of a module, `seed` a seed file, `folder` the folder that the API is,
    `overlays` are applied in order.
    """

    file: Path
    name: str
    prefix: str | None = None
    handlers: str | None = None
    seed: Path | None = None
    folder: Folder | None = None
    overlays: tuple[Path, ...] = ()


class WrongDeclaration(ContractError):
    """What is declared wrongly in a document or its overlays; `notices` has the places."""

    def __init__(self, notices: Sequence[Notice]) -> None:
        self.notices = notices
        self.diagnostics = [(one.pointer, one.text) for one in notices]
        Exception.__init__(self, "\n".join(f"{one.file}#{one.pointer}: {one.text}" for one in notices))


def name_for(file: Path) -> str:
    """The name of an API whose document is this file or folder: its stem, in lower case, with dashes."""
    stem = (file.resolve() if file.is_dir() else file).name.partition(".")[0]
    return re.sub("[^a-z0-9]+", "-", stem.lower()).strip("-") or "api"


def given(path: Path, name: str, prefix: str | None = None) -> Own:
    """The document in a file, or in a folder with all that stands beside it. Raises Unreadable."""
    if not path.is_dir():
        return Own(path, name, prefix)
    folder = find(path)
    handlers = None if folder.handlers is None else str(folder.handlers)
    overlays = () if folder.overlay is None else (folder.overlay,)
    return Own(folder.document, name, prefix, handlers, folder.seed, folder, overlays)


class Understood(NamedTuple):
    """The API of a document, what is not understood in it, what was inferred of it, and where its parts come from."""

    api: Api
    notices: list[Notice]
    inferred: Inferred
    origins: Origins


def declare(own: Own) -> tuple[Api, list[Notice]]:
    """The API of a document, and what is not understood in it; raises as `understand` does."""
    found = understand(own)
    return found.api, found.notices


def understand(own: Own) -> Understood:
    """What a document means.

    Raises Unreadable for a file that cannot be read, BadOverlay for an overlay that cannot be applied,
    UnsupportedDocument for what is no OpenAPI 3 document, WrongDeclaration for resources that are declared wrongly, and
    BadHandlers for Python that cannot be run or fits nothing.
    """
    found = read_own(own.file, own.overlays)
    _check_resource_keys(found)
    try:
        return _understand(own, found)
    except ContractError as error:
        wrong = [Notice(found.origins.file, *one) for one in dict.fromkeys(error.diagnostics)]
        raise WrongDeclaration(found.origins.traced(wrong)) from error


def _understand(own: Own, found: Read) -> Understood:
    """What a document means that was read; raises ContractError and BadHandlers."""
    document, notices, content, origins = found
    with without_collections():
        if own.prefix is not None:
            document = {**document, "servers": [{"url": own.prefix}]}
        left: dict[str, str] = {}
        errors = document.get("x-errors", {})
        while True:
            inferred = infer(document, own.name, without=left)
            try:
                serving = _serving(own, inferred, errors)
                break
            except ContractError as error:
                wrong = _inferred_wrongly(document, error, left)
                if not wrong:
                    raise
                left |= wrong
    understood = _in_short(own, serving.api, inferred)

    def finished(api: Api) -> Api:
        api = replace(api, contract=replace(api.contract, content=content), understood=understood)
        return with_trace(api, inferred.inferences)

    api = finished(serving.api)
    basis = Basis(document, inferred, api, left)
    readings = readings_of(basis, lambda other: finished(_serving(own, other, errors, serving.handlers).api))
    return Understood(replace(api, readings=readings), [*notices, *origins.traced(serving.notices)], inferred, origins)


def _in_short(own: Own, api: Api, inferred: Inferred) -> str:
    """What was understood, in one line: the resources, how much was inferred, and the command that tells it."""
    names = list(api.contract.document.get("x-resources", {}))
    shown = ", ".join(names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
    kept = f"keeps {_counted(len(names), 'resource')} ({shown})" if names else "answers examples only"
    inferences = f"; {_counted(len(inferred.inferences), 'inference')}" if inferred.inferences else ""
    overlays = () if own.folder is not None else own.overlays
    words = [str(own.folder.path if own.folder else own.file), *(f"--overlay {quote(str(one))}" for one in overlays)]
    return f"{kept}{inferences}: understudy explain {' '.join((quote(words[0]), *words[1:]))}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


class _Serving(NamedTuple):
    """The API of a normal form, what is not understood of it, and the handlers of its user."""

    api: Api
    notices: list[Notice]
    handlers: Handlers


def _serving(own: Own, inferred: Inferred, own_errors: Container[str], handlers: Handlers | None = None) -> _Serving:
    """The API of a normal form with what was inferred of it; handlers that are given are not loaded again."""
    contract, others = compile_own(inferred.document, own.name, source=own.file.name)
    contract = replace(contract, headers=_headers(contract))
    if handlers is None:
        handlers = NO_HANDLERS if own.handlers is None else load_handlers(own.handlers, contract)
    start = None if own.seed is None else Start(read(own.seed), own.seed)
    api = _api(contract, handlers, own_errors, inferred.seed if start is None else {})
    return _Serving(replace(api, start=start), others, handlers)


def _inferred_wrongly(document: Json, error: ContractError, left: Mapping[str, str]) -> dict[str, str]:
    """The resources that were inferred and cannot be served, each with the reason."""
    declared, found = document.get("x-resources", {}), {}
    for pointer, text in error.diagnostics:
        parts = pointer.split("/")
        if parts[1] == "x-resources" and parts[2] not in declared and parts[2] not in left:
            found[parts[2]] = f"it cannot be served as a resource: {text}"
    return found


def _headers(contract: Contract) -> dict[str, str]:
    """The headers that operations require, each with a value: an example, or one that is made."""
    schemas = contract.document.get("components", {}).get("schemas", {})
    required = (
        one
        for operation in contract.operations.values()
        for one in operation.parameters
        if one.location == "header" and one.required
    )
    return {name: argument(one, schemas) for name, one in {one.name: one for one in required}.items()}


def _check_resource_keys(found: Read) -> None:
    """Raise WrongDeclaration where a key of declared resources was left out: it is meant for this server."""
    meant = _RESOURCE_KEYS if "x-resources" in found.document else _RESOURCE_KEYS[:1]
    wrong = [one for one in found.notices if one.pointer.rpartition("/")[2] in meant]
    if wrong:
        raise WrongDeclaration(wrong)


def _api(contract: Contract, own: Handlers, own_errors: Container[str], first: Mapping[str, Json]) -> Api:
    answers = Answers(contract)
    example = example_handler(answers)
    resources = declare_resources(
        contract, replaced=own.by_operation, served=own.served, answers=answers, example=example
    )
    credentials = _credentials(contract)
    template = None
    if "x-error-body" in contract.document:
        template = Template(resources.error_body, access.error_type(contract))
    refusals = Refusals(contract, answers, declared=own_errors, template=template)
    return Api(
        name=contract.name,
        contract=contract,
        handlers={**dict.fromkeys(contract.operations, example), **resources.handlers, **own.by_operation},
        steps=replace(STEPS, authenticate=authenticate),
        error_body=refusals.body,
        error_type=b"application/problem+json" if template is None else template.media_type,
        layouts=resources.layouts,
        inconsistencies=lambda tenant, store: (),
        seed=lambda content, contract: [SeededTenant(TENANT, resources.first(first), credentials)],
        new_key=_new_key(contract),
        access_info=lambda credentials, tenants: _access_info(contract.schemes, credentials, tenants),
        events={},
        timers=resources.timers,
        add=resources.add,
        refuse=refusals.refuse,
        ran=tuple(map(str, own.files)),
        roles=resources.roles,
        served=own.served,
        find=resources.find,
    )


def _credentials(contract: Contract) -> tuple[Credential, ...]:
    """One credential for each form that the document declares: a key, and a user with a password."""
    api = contract.name
    forms = dict.fromkeys(scheme.kind == "basic" for scheme in contract.schemes)
    key = _new_key(contract)(Ids(api)) if "x-keys" in contract.document else digest(api, 32, HEX)
    tokens = [f"user:{digest(f'{api}/basic', 16, HEX)}" if basic else key for basic in forms]
    return tuple(Credential(token, api, TENANT) for token in tokens)


def _new_key(contract: Contract) -> Callable[[Ids], str]:
    """What makes a key: in the shape that the document declares, else of 32 hex digits."""
    declared = "x-keys" in contract.document
    return access.new_key(contract)[0] if declared else lambda ids: ids.take(32, HEX)


def _access_info(
    schemes: Sequence[Scheme], credentials: Sequence[Credential], tenants: Mapping[str, Store]
) -> dict[str, Json]:
    """One credential for each scheme, by its name; `api_key` is that of the first scheme."""
    by_form = {":" in one.token: one.token for one in credentials}
    tokens = {scheme.name: by_form[scheme.kind == "basic"] for scheme in schemes}
    keys = list(dict.fromkeys(tokens.values()))
    return {"api_key": keys[0] if keys else None, "api_keys": keys, "credentials": tokens}
