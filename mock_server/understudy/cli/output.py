"""Output files: written whole under a name that nobody can foresee, then renamed, so that no half is ever read.

Decides what may be replaced: a regular file and nothing else. Must not know what a file holds.
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
"""Stands for standard output, where a command can print what it would write."""

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
    """No file can be written at a path: one line."""


class NotWritten(CouldNotRun):
    """A file could not be written although its path is good, as on a full disk: one line."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """The file that an option of the command line names; only its owner may read it when it is `secret`."""

    option: str
    path: Path
    secret: bool = False

    def check(self) -> None:
        """Find out before the work whether the file can be written; raises BadPath or NotWritten."""
        with self._failures("written"):
            self._check_kind()
            self._partial("").unlink()

    def write(self, text: str) -> None:
        """Write the file, all of it or nothing; raises BadPath or NotWritten."""
        with self._failures("written"):
            self._check_kind()
            partial = self._partial(text)
            try:
                partial.replace(self.path)
            except BaseException:
                partial.unlink()
                raise

    def remove(self, text: str | None = None) -> None:
        """Remove the file where there is one, with `text` only while it holds that; raises BadPath or NotWritten."""
        with self._failures("removed"):
            self._check_kind()
            if text is None or (self.path.exists() and self.path.read_text("utf-8", "replace") == text):
                self.path.unlink(missing_ok=True)

    def _partial(self, text: str) -> Path:
        """A file beside the path that holds the text."""
        from tempfile import mkstemp  # with O_EXCL and mode 0600; slow to import

        number, name = mkstemp(prefix=".understudy-", dir=self.path.absolute().parent)
        partial = Path(name)
        try:
            with open(number, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123 - a descriptor
                file.write(text)
            if not self.secret:
                partial.chmod(0o666 & ~_umask())
        except BaseException:
            partial.unlink()
            raise
        return partial

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
    def _failures(self, action: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            refused = BadPath if error.errno in _BAD_PATH else NotWritten
            raise refused(f"{self.option} {self.path} cannot be {action}: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
