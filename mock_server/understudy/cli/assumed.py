"""Assumptions of a command line: `--assume ID=VALUE`, checked against the documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from understudy.cli.arguments import quoted
from understudy.cli.exits import UsageError

if TYPE_CHECKING:
    from understudy.engine.api import Api


def assumed_of(texts: Sequence[str], apis: Sequence[Api]) -> dict[str, Any]:
    """The values of assumptions by id, of `ID=VALUE` texts. Raises UsageError."""
    from understudy.apis import NAMES
    from understudy.apis.start_states import is_choice
    from understudy.engine.worlds import check_assumptions

    served = [api.name for api in apis]
    known = {id: assumption for api in apis for id, assumption in api.contract.assumptions.items()}
    values: dict[str, Any] = {}
    for text in texts:
        id, value = _assumption(text)
        owner = id.partition(".")[0]
        if owner in NAMES and owner not in served:
            raise UsageError(f"--assume {quoted(text)}: {owner} is not served; served: {', '.join(served)}")
        try:
            values.update({id: value} if is_choice(id) else check_assumptions({id: value}, known))
        except ValueError as error:
            raise UsageError(f"--assume {quoted(text)}: {error}") from error
    return values


def _assumption(text: str) -> tuple[str, Any]:
    """Id and value of `ID=VALUE`, where VALUE is JSON or else text. Raises UsageError."""
    import msgspec

    id, equals, value = text.partition("=")
    if not equals or not id:
        raise UsageError(f"--assume {quoted(text)} is not ID=VALUE")
    try:
        return id, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return id, value
