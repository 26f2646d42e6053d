"""Output files: written to a temporary file of an unpredictable name, then renamed, so that none is read half.

Only a regular file may be replaced. Must not know what a file holds.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from understudy.cli.exits import CouldNotRun, UsageError

STDOUT = Path("-")
"""The path `-`: print the text on standard output instead of writing a file."""

_BAD_PATH = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL),
)
_KINDS = {
    stat.S_IFDIR: "it is a folder",
    stat.S_IFLNK: "it is a symbolic link; give the file that it leads to",
    stat.S_IFCHR: "it is a device",
    stat.S_IFBLK: "it is a device",
    stat.S_IFIFO: "it is a pipe",
    stat.S_IFSOCK: "it is a socket",
}


class BadPath(UsageError):
    """A path where no file can be written."""


class NotWritten(CouldNotRun):
    """A file that could not be written although its path is valid, as on a full disk."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """The file that an option names. A `secret` one is readable by its owner only."""

    option: str
    path: Path
    secret: bool = False

    def check(self) -> None:
        """Check that the file can be written; raises BadPath or NotWritten."""
        with self._os_errors("written"):
            self._check_kind()
            self._temporary("").unlink()

    def write(self, text: str) -> None:
        """Write the whole file or nothing; raises BadPath or NotWritten."""
        with self._os_errors("written"):
            self._check_kind()
            temporary = self._temporary(text)
            try:
                temporary.replace(self.path)
            except BaseException:
                temporary.unlink()
                raise

    def remove(self, text: str | None = None) -> None:
        """Remove the file if it exists, with `text` only if that is its content; raises BadPath or NotWritten."""
        with self._os_errors("removed"):
            self._check_kind()
            if text is None or (self.path.exists() and self.path.read_text("utf-8", "replace") == text):
                self.path.unlink(missing_ok=True)

    def _temporary(self, text: str) -> Path:
        """A temporary file with the text, in the folder of the path."""
        from tempfile import mkstemp  # with O_EXCL and mode 0600; slow to import

        number, name = mkstemp(prefix=".understudy-", dir=self.path.absolute().parent)
        temporary = Path(name)
        try:
            with open(number, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123 - a descriptor
                file.write(text)
            if not self.secret:
                temporary.chmod(0o666 & ~_umask())
        except BaseException:
            temporary.unlink()
            raise
        return temporary

    def _check_kind(self) -> None:
        if not self.path.absolute().parent.is_dir():
            raise BadPath(f"{self.option} {self.path}: there is no folder {self.path.parent}")
        try:
            kind = stat.S_IFMT(self.path.lstat().st_mode)
        except FileNotFoundError:
            return
        if kind != stat.S_IFREG:
            raise BadPath(f"{self.option} {self.path}: {_KINDS.get(kind, 'it is no regular file')}")

    @contextmanager
    def _os_errors(self, action: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            refused = BadPath if error.errno in _BAD_PATH else NotWritten
            raise refused(f"{self.option} {self.path} cannot be {action}: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
