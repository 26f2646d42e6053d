"""A recording file that is written exchange by exchange, and is whole after each: an interrupted one can be read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import mkstemp
from threading import Lock

from understudy.recording.files import end, item, start
from understudy.recording.recorded import Recorded
from understudy.recording.redact import Redactor


class Tape:
    """The file of a recording in one of files.FORMATS. Secrets are replaced before an exchange is written.

    The file is made with the first exchange, readable by its owner only. Thread-safe.
    """

    def __init__(self, path: Path, form: str, redactor: Redactor, kept: Iterable[Recorded] = ()) -> None:
        """`kept` are exchanges of the file, which stay in it."""
        self._path, self._form, self._redactor = path, form, redactor
        self._lock = Lock()
        self._kept = list(kept)
        self.count = 0

    def add(self, recorded: Recorded) -> None:
        """Write an exchange; raises OSError, and Odd for what the format cannot hold."""
        with self._lock:
            self._redactor.learn(recorded)
            clean = self._redactor.redact(recorded)
            if self.count == 0:
                self._begin()
            text = item(clean, self._form, first=self.count == 0 and not self._kept)
            closing = end(self._form).encode()
            with self._path.open("r+b") as file:
                file.seek(-len(closing), 2)
                file.write(text.encode("utf-8", "surrogatepass") + closing)
            self.count += 1

    def hide(self, text: str) -> str:
        """A text with placeholders for the secrets that are known by now."""
        with self._lock:
            return self._redactor.text(text)

    def _begin(self) -> None:
        texts = [start(self._form)]
        texts += [item(one, self._form, first=not number) for number, one in enumerate(self._kept)]
        number, name = mkstemp(prefix=".understudy-", dir=self._path.absolute().parent)
        temporary = Path(name)
        try:
            with open(number, "wb") as file:  # noqa: PTH123 - a descriptor
                file.write("".join([*texts, end(self._form)]).encode("utf-8", "surrogatepass"))
            temporary.replace(self._path)
        except BaseException:
            temporary.unlink()
            raise
