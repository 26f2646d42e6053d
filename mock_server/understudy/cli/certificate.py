"""The options of `serve` for TLS: certificate and key of the user, or a certificate that is made at start."""

from __future__ import annotations

import argparse
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from understudy.cli.arguments import file_path, quoted
from understudy.cli.exits import CouldNotRun, UsageError

if TYPE_CHECKING:
    from ssl import SSLContext

_LOCAL = ("localhost", "127.0.0.1", "::1")


class Tls(NamedTuple):
    """The TLS settings of a server, and the file of the CA that issued its certificate where we made it."""

    context: SSLContext
    ca_file: str | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for TLS."""
    made = "serve https with a certificate that is made at start; the ready file names the CA's (`ca_file`)"
    parser.add_argument("--tls", action="store_true", help=made)
    certificate, key = file_path("--tls-cert"), file_path("--tls-key")
    parser.add_argument("--tls-cert", type=certificate, metavar="F", help="serve https with this certificate, in PEM")
    parser.add_argument("--tls-key", type=key, metavar="F", help="its private key, where that is in another file")


@contextmanager
def tls(options: argparse.Namespace) -> Iterator[Tls | None]:
    """The TLS settings that the options ask for; None without any. Raises UsageError, CouldNotRun without `trustme`."""
    if options.tls and (options.tls_cert or options.tls_key):
        raise UsageError("--tls makes a certificate, --tls-cert names one; give one of the two")
    if options.tls_key and not options.tls_cert:
        raise UsageError(f"--tls-key {quoted(str(options.tls_key))}: --tls-cert is missing")
    if options.tls:
        with ExitStack() as stack:
            yield _made(stack, options.host)
    else:
        yield Tls(_from_files(options.tls_cert, options.tls_key)) if options.tls_cert else None


def _made(stack: ExitStack, host: str) -> Tls:
    """TLS settings with a new certificate, whose CA's file is removed with the stack. Raises CouldNotRun."""
    from understudy.http.tls import made

    try:
        context, ca_file = stack.enter_context(made(dict.fromkeys((*_LOCAL, *_names(host)))))
    except ModuleNotFoundError as error:
        remedy = "pip install 'understudy[tls]', or give --tls-cert and --tls-key"
        raise CouldNotRun(f"--tls needs {error.name}: {remedy}") from error
    return Tls(context, str(ca_file))


def url_host(host: str) -> str | None:
    """The host name by which a certificate is most likely checked; None where `--host` is an address."""
    try:
        ip_address(host)
    except ValueError:
        return host
    return None


def _names(host: str) -> list[str]:
    """What clients may call the server that listens on a host."""
    name = socket.gethostname() if host in ("0.0.0.0", "::") else host  # noqa: S104
    return [name] if re.fullmatch("[A-Za-z0-9.:-]+", name) else []


def _from_files(certificate: Path, key: Path | None) -> SSLContext:
    from understudy.http.tls import BadCertificate, from_files

    try:
        return from_files(certificate, key)
    except BadCertificate as error:
        flag, file = ("--tls-key", key) if error.is_key and key else ("--tls-cert", certificate)
        raise UsageError(f"{flag} {quoted(str(file))} {error}") from error
    except OSError as error:
        flag = "--tls-key" if key and error.filename == str(key) else "--tls-cert"
        raise UsageError(f"{flag} {quoted(str(error.filename))}: {error.strerror}") from error
