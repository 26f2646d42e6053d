"""Output files: whole or not at all, never through a link, never in place of what is no file."""

from __future__ import annotations

import errno
import os
import resource
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from understudy.cli.output import BadPath, NotWritten, OutputFile


@pytest.fixture
def file(tmp_path: Path) -> OutputFile:
    """A file that does not exist yet."""
    return OutputFile("--json", tmp_path / "report.json")


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow beyond four bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("secret", "mode"), [(False, 0o640), (True, 0o600)])
def test_a_file_is_written_with_the_mode_of_its_content(tmp_path: Path, secret: bool, mode: int) -> None:
    """A secret file is readable by its owner only, whatever mode it had before; any other file follows the umask."""
    file = OutputFile("--x", tmp_path / "x", secret=secret)
    file.path.write_text("before")
    file.path.chmod(0o666)
    before = os.umask(0o027)
    try:
        file.check()
        assert file.path.read_text() == "before"
        file.write("after\ud800")
    finally:
        os.umask(before)
    assert file.path.read_text() == "after\\ud800"
    assert stat.S_IMODE(file.path.stat().st_mode) == mode
    assert list(tmp_path.iterdir()) == [file.path]


def test_what_is_no_regular_file_is_refused_and_stays(file: OutputFile) -> None:
    """Folder, link, pipe, socket and device are refused with their kind, by check and write; nothing changes."""
    target = file.path.with_name("target")
    target.write_text("mine")
    makers = {
        "it is a folder": file.path.mkdir,
        "it is a symbolic link; give the file that it leads to": lambda: file.path.symlink_to(target),
        "it is a pipe": lambda: os.mkfifo(file.path),
        "it is a socket": lambda: socket.socket(socket.AF_UNIX).bind(os.fspath(file.path)),
    }
    for message, make in makers.items():
        if "socket" in message:
            with socket.socket(socket.AF_UNIX) as unix:
                unix.bind(os.fspath(file.path))
        else:
            make()
        kind = file.path.lstat().st_mode
        for action in (file.check, lambda: file.write("x"), file.remove):
            with pytest.raises(BadPath, match=rf"report\.json: {message}"):
                action()
        assert file.path.lstat().st_mode == kind
        (file.path.rmdir if message == "it is a folder" else file.path.unlink)()
    assert target.read_text() == "mine"


def test_a_device_stays_a_device() -> None:
    """`--ready-file /dev/null` is refused."""
    for device in ("/dev/null", "/dev/full", "/dev/stdout"):
        with pytest.raises(BadPath, match=r"it is a (device|symbolic link)"):
            OutputFile("--x", Path(device)).write("text")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no/where", "there is no folder"),
        ("file/below", "there is no folder"),
        ("x" * 300, "cannot be written: File name too long"),
        ("/proc/1/nothing", "cannot be written|there is no folder"),
    ],
)
def test_a_bad_path_is_reported(tmp_path: Path, path: str, message: str) -> None:
    """A path where no file can be is a usage error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(BadPath, match=message):
        OutputFile("--x", tmp_path / path).check()


def test_a_forbidden_folder_is_a_bad_path(file: OutputFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system forbids is one line. A fake raises the error, because root may do anything."""

    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", forbid)
    with pytest.raises(BadPath, match=r"report\.json cannot be written: Permission denied"):
        file.check()


def test_on_a_full_disk_the_old_file_stays_and_no_half_is_left(file: OutputFile) -> None:
    """A file is written whole or not at all; a full disk is no usage error."""
    file.path.write_text("old")
    with full_disk(), pytest.raises(NotWritten, match=r"report\.json cannot be written: File too large"):
        file.write("longer than the disk")
    assert file.path.read_text() == "old"
    assert list(file.path.parent.iterdir()) == [file.path]


def test_a_file_that_cannot_be_renamed_leaves_nothing_behind(file: OutputFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """No temporary file is left when the rename fails."""

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(NotWritten, match="Input/output error"):
        file.write("text")
    assert list(file.path.parent.iterdir()) == []


def test_a_predictable_name_is_not_used(file: OutputFile) -> None:
    """A link at a predictable name is not followed."""
    victim = file.path.with_name("victim")
    victim.write_text("mine")
    for name in (f"{file.path.name}.partial", f"{file.path.name}.tmp", f"{file.path.name}.{os.getpid()}"):
        file.path.with_name(name).symlink_to(victim)
    file.write("text")
    assert (file.path.read_text(), victim.read_text()) == ("text", "mine")


def test_only_the_own_content_is_removed(file: OutputFile) -> None:
    """A file that another process has written since stays; without `text` any file is removed."""
    file.remove("mine")
    file.path.write_text("another's")
    file.remove("mine")
    assert file.path.exists()
    file.remove("another's")
    assert not file.path.exists()
    file.remove()
