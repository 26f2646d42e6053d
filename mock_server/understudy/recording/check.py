"""What of an exchange breaks its document, on both sides. Must not know who sends the requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from understudy.engine.api import Api
from understudy.engine.worlds import Worlds
from understudy.recording.access import Access
from understudy.recording.blame import violations
from understudy.recording.picked import Picked, Picker
from understudy.recording.recorded import Recorded, Recording
from understudy.recording.targets import MockTarget


class Checker:
    """Checks exchanges against the document of an API, whatever their host is.

    A request is refused by the document where a mock would refuse it before anything is looked up.
    """

    def __init__(self, api: Api, worlds: Worlds) -> None:
        """`worlds` are those of a mock of the API, which requests are sent to."""
        self._api = api
        self._picker = Picker([api])
        self._target = MockTarget(worlds, timed=False)

    def problems(self, recorded: Recorded) -> Iterator[str]:
        """What is wrong with an exchange, a line each."""
        name = f"{recorded.request.method} {recorded.request.path}"
        picked, _ = self._picker.pick(Recording(Path(), (recorded._replace(origin=""),)))
        if not picked or picked[0].operation is None:
            yield f"{name} is no operation of {self._api.contract.source}"
            return
        refused = self._refused(picked[0])
        if refused is not None and recorded.response.status < 300:
            yield f"{name}: the request breaks the document: {refused}"
        for one in violations(picked[0], recorded.response):
            yield f"{name}: the answer breaks the document: {one.text}"

    def _refused(self, picked: Picked) -> str | None:
        """Why the document refuses a request; None where it does not."""
        access = Access([picked], self._target.key)
        exchange = self._target.send(self._api, access.apply(picked, picked.recorded.request)).exchange
        if exchange is None or exchange.stop != "validate" or exchange.reason != "validation":
            return None
        return exchange.response.header("x-mock-hint") or exchange.response.body.decode("utf-8", "backslashreplace")
