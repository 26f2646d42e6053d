"""Content codings of request bodies."""

from __future__ import annotations

import gzip
import json
import zlib
from hashlib import shake_256

import pytest

from conftest import Client
from understudy.engine.codings import TooLarge, UnknownCoding, decode
from understudy.engine.exchange import Request
from understudy.http.app import call

BODY = json.dumps({"template_id": "CcIJXVzRuiP5HvI26FTE"}).encode()


def zipped(content: bytes) -> bytes:
    """Bytes of a gzip file without a timestamp."""
    return gzip.compress(content, mtime=0)


def raw_deflate(content: bytes) -> bytes:
    """A raw deflate stream, without zlib header and checksum."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(content) + stream.flush()


@pytest.mark.parametrize(("coding", "content"), [
    ("gzip", zipped(BODY)), ("x-gzip", zipped(BODY)), ("GZip", zipped(BODY)),
    ("gzip", zipped(BODY[:9]) + zipped(BODY[9:])), ("deflate", zlib.compress(BODY)),
    ("deflate", raw_deflate(BODY)), ("identity", BODY), ("", BODY), ("gzip, identity", zipped(BODY)),
    ("deflate, gzip", zipped(zlib.compress(BODY))),
])  # fmt: skip
def test_a_coded_body_is_read(client: Client, coding: str, content: bytes) -> None:
    """Gzip and deflate bodies are decoded, nested ones too."""
    response = client.send("POST", "/api/v1/process-runs", raw=content, content_encoding=coding)
    assert response.status == 201


def test_members_of_a_gzip_file_are_read_in_linear_time() -> None:
    """The members of a gzip file are decoded in linear time and bounded in number."""
    one = zipped(BODY)
    assert decode(one * 10_000, "gzip", most=len(BODY) * 10_000) == BODY * 10_000
    with pytest.raises(ValueError, match="more than 10000 gzip members"):
        decode(one * 10_001, "gzip", most=1 << 30)


@pytest.mark.parametrize("size", [4095, 4096, 4097, 100_000])
def test_what_does_not_fit_one_piece_is_read(size: int) -> None:
    """A stream that is decoded in several pieces ends correctly and within its bound."""
    content = shake_256(b"").digest(size)  # cannot be compressed
    for coding, coded in (("gzip", zipped(content)), ("deflate", zlib.compress(content))):
        assert decode(coded, coding, most=size) == content
        with pytest.raises(TooLarge):
            decode(coded, coding, most=size - 1)
        with pytest.raises(ValueError, match=r"cut off|while decompressing"):
            decode(coded[:-1], coding, most=size)
    assert decode(zipped(content) * 2, "gzip", most=2 * size) == content * 2
    with pytest.raises(ValueError, match="something follows"):
        decode(zlib.compress(content) + b"x", "deflate", most=size)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "gzip;q=1", ", ".join(["gzip"] * 5)])
def test_another_coding_is_a_415(client: Client, coding: str) -> None:
    """An unsupported coding answers 415 in the vendor's envelope with the supported ones (RFC 9110, 15.5.16)."""
    response = client.send("POST", "/api/v1/process-runs", raw=BODY, content_encoding=coding)
    assert (response.status, response.header("accept-encoding")) == (415, "gzip, deflate")
    assert response.json()["error"]["code"] == "validation_error"


@pytest.mark.parametrize(("coding", "content"), [
    ("gzip", BODY), ("deflate", BODY), ("gzip", zipped(BODY)[:-9]), ("gzip", zipped(BODY) + b"x"),
    ("deflate", zlib.compress(BODY) + b"x"), ("deflate", raw_deflate(BODY)[:-2]), ("deflate", zlib.compress(BODY)[:-2]),
])  # fmt: skip
def test_a_body_that_is_not_in_its_coding_is_malformed(client: Client, coding: str, content: bytes) -> None:
    """A body that is not in its coding, truncated or too long answers 400 with the coding."""
    response = client.send("POST", "/api/v1/process-runs", raw=content, content_encoding=coding)
    assert (response.status, response.header("x-mock-reason")) == (400, "validation")
    assert coding in response.json()["error"]["message"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, gzip"])
def test_what_comes_out_has_the_bound_of_what_goes_in(client: Client, coding: str) -> None:
    """A body that exceeds the bound once decoded answers 413."""
    content = zipped(b" " * (1 << 24)) if coding.startswith("gzip") else zlib.compress(b" " * (1 << 24))
    content = zipped(content) if "," in coding else content
    assert client.send("POST", "/api/v1/process-runs", raw=content, content_encoding=coding).status == 413


def test_codings_hold_their_bound_exactly() -> None:
    """A decoded body may be exactly as large as the bound, in one member or several."""
    members = zipped(b"a" * 60) + zipped(b"b" * 40)
    assert decode(members, "gzip", most=100) == b"a" * 60 + b"b" * 40
    assert decode(b"", "gzip", most=100) == b""
    for coded, coding in (
        (members, "gzip"),
        (zlib.compress(b"a" * 100), "deflate"),
        (raw_deflate(b"a" * 100), "deflate"),
    ):
        with pytest.raises(TooLarge):
            decode(coded, coding, most=99)
    with pytest.raises(UnknownCoding, match="snappy"):
        decode(b"", "gzip, snappy", most=1)


def test_two_headers_are_one_list(client: Client) -> None:
    """Repeated Content-Encoding headers form one list, in order."""
    content = zipped(zlib.compress(BODY))
    key = (b"authorization", f"Bearer {client.key}".encode())
    codings = (
        (b"content-encoding", b"deflate"),
        (b"content-type", b"application/json"),
        (b"content-encoding", b"gzip"),
    )
    response = call(client.app, Request("POST", "/api/v1/process-runs", "", (key, *codings), content))
    assert response.status == 201
