"""TLS: the certificate of a server, from files or made when it starts. Must not know what is served.

Imports `trustme`, the optional part, only where a certificate is made: that takes 100 ms.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


class BadCertificate(ValueError):
    """A file holds no certificate or no key that fits. `is_key` says which file."""

    def __init__(self, message: str, *, is_key: bool) -> None:
        super().__init__(message)
        self.is_key = is_key


def from_files(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """The TLS settings of a server with the certificate (and its chain) and key in PEM files.

    Without a `key`, both stand in one file. Raises OSError for a file that cannot be read, and BadCertificate.
    """
    for file in filter(None, (certificate, key)):
        file.read_bytes()
    context = _server_context()
    try:
        context.load_cert_chain(certificate, key, _no_password)
    except ssl.SSLError as error:
        raise _blamed(error, certificate, key) from error
    return context


@contextmanager
def made(names: Iterable[str]) -> Iterator[tuple[ssl.SSLContext, Path]]:
    """TLS settings with a new certificate for these host names and addresses, and the file of the CA that issued it.

    The file is removed at the end of the block. Raises ModuleNotFoundError without `trustme`.
    """
    import trustme

    authority, context = trustme.CA(), _server_context()
    authority.issue_cert(*names).configure_cert(context)
    with TemporaryDirectory(prefix="understudy-") as folder:
        file = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(str(file))
        yield context, file


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])  # clients that offer HTTP/2, too, need an answer
    return context


def _no_password() -> str:
    raise BadCertificate("is encrypted; openssl pkey writes one that is not", is_key=True)


def _blamed(error: ssl.SSLError, certificate: Path, key: Path | None) -> BadCertificate:
    """What is wrong with which file; OpenSSL does not say."""
    if error.reason == "KEY_VALUES_MISMATCH":
        return BadCertificate("is not the key of the certificate", is_key=True)
    text = certificate.read_text("latin-1")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text[text.index("-----BEGIN CERT") :])
    except (ssl.SSLError, ValueError):
        return BadCertificate("holds no certificate in PEM format", is_key=False)
    if key is None:
        return BadCertificate("holds no private key; --tls-key names the file that does", is_key=False)
    return BadCertificate("holds no private key in PEM format", is_key=True)
