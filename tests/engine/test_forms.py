"""Multipart forms."""

from __future__ import annotations

import logging

import pytest

from understudy.engine.forms import Part, read_form, read_parts

TYPE = "multipart/form-data; boundary=b"


def form(*parts: str | bytes, end: str = "--b--\r\n") -> bytes:
    """A form of parts, each with its headers."""
    contents = [part if isinstance(part, bytes) else part.encode() for part in parts]
    return b"".join(b"--b\r\n" + content + b"\r\n" for content in contents) + end.encode()


def part(name: str, value: str = "v", **more: str) -> str:
    """A part of a form."""
    own = "".join(f'; {key}="{text}"' for key, text in more.items())
    return f'Content-Disposition: form-data; name="{name}"{own}\r\n\r\n{value}'


def test_parts_are_read_by_name() -> None:
    """Parts are read by name, the last of a name counts; file names, other headers and trailing bytes are ignored."""
    typed = 'content-type: text/plain\r\ncontent-disposition: form-data; name=c; filename="c.txt"\r\n\r\n1\r\n2\r\n'
    content = form(part("a", "1"), part("b", ""), typed, part("a", "2", filename="x")) + b"behind"
    assert read_form(TYPE, content) == {"a": "2", "b": "", "c": "1\r\n2\r\n"}


@pytest.mark.parametrize("boundary", ["b", '"b"'])
def test_a_boundary_may_be_quoted(boundary: str) -> None:
    """The boundary may be quoted, and the type in upper or lower case."""
    assert read_form(f"Multipart/Form-Data; charset=utf-8; boundary={boundary}", form(part("a"))) == {"a": "v"}


def test_bytes_that_are_no_text_are_kept_one_by_one() -> None:
    """UTF-8 is decoded; any other byte becomes one character."""
    content = form(part("é", "ü"), b'Content-Disposition: form-data; name="f"\r\n\r\n\xff\x00\xfe')
    assert read_form(TYPE, content) == {"é": "ü", "f": "\xff\x00\xfe"}


def test_a_part_has_its_bytes_and_what_its_headers_say() -> None:
    """Bytes are as they were sent; a name that is no UTF-8 is kept one by one; what is not said is None."""
    named = b'Content-Disposition: form-data; name="f"; filename="\x82\xa0.pdf"\r\ncontent-type: a/b; c=d\r\n\r\n'
    bare = b'Content-Disposition: form-data; name="f"\r\n\r\n'
    contents = [b"", b"\r\n\r\n--c\n--b--", b"\x00\xff\xfe\r\n", "é".encode()]
    parts = read_parts(TYPE, form(*(head + content for content in contents for head in (named, bare))))["f"]
    assert parts[::2] == [Part(content, "\x82\xa0.pdf", "a/b; c=d") for content in contents]
    assert parts[1::2] == [Part(content) for content in contents]
    assert [part.text for part in parts[1::2]] == ["", "\r\n\r\n--c\n--b--", "\x00\xff\xfe\r\n", "é"]


@pytest.mark.parametrize(("content_type", "content"), [
    ("", form(part("a"))), ("multipart/form-data", form(part("a"))),
    ("multipart/form-data; boundary=", form(part("a"))),
    ("text/plain; boundary=b", form(part("a"))), (TYPE, b""), (TYPE, b"hello"), (TYPE, form(part("a"), end="")),
    (TYPE, form(part("a"), end="--b")), (TYPE, form(part("a"), end="--c--\r\n")), (TYPE, form("x: y\r\n\r\nv")),
    (TYPE, form("\r\nv")), (TYPE, form("no colon\r\n\r\nv")), (TYPE, form('Content-Disposition: form-data; name="a"')),
    ("multipart/form-data; boundary=" + "b" * 300, form(part("a"))),
])  # fmt: skip
def test_what_is_no_form_is_refused(content_type: str, content: bytes) -> None:
    """A form without boundary, without end, with an unnamed part or a broken header is refused with the reason."""
    with pytest.raises(ValueError, match=r"form|boundary"):
        read_form(content_type, content)


def test_a_bad_form_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The warnings of the form parser are not logged."""
    assert logging.getLogger("python_multipart").hasHandlers() is True
    with pytest.raises(ValueError, match="form"):
        read_form(TYPE, b"hello")
    assert [type(handler) for handler in logging.getLogger("python_multipart").handlers] == [logging.NullHandler]


def test_parts_and_headers_have_bounds() -> None:
    """A form has at most 1000 parts, a part at most 16 headers of 8 kB each."""
    assert len(read_form(TYPE, form(*(part(str(number)) for number in range(1000))))) == 1000
    assert read_form(TYPE, form("x: y\r\n" * 15 + part("a"))) == {"a": "v"}
    for content in (
        form(*[part("a")] * 1001), form("x: y\r\n" * 16 + part("a")), form(f"x: {'y' * 9000}\r\n" + part("a")),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="form"):
            read_form(TYPE, content)


@pytest.mark.parametrize("named", ["a header of a part", "the content type"])
def test_parameters_have_a_bound(named: str) -> None:
    """A header has at most 100 parameters; a file name may contain some semicolons."""
    semicolons = {"a header of a part": ("", ";"), "the content type": (";", "")}[named]
    for number in (97, 101):
        of_type, of_part = (sign * number for sign in semicolons)
        content = form(f'Content-Disposition: form-data; name="a"; filename="{of_part}"\r\n\r\nv')
        if number == 97:
            assert read_form(TYPE + of_type, content) == {"a": "v"}
        else:
            with pytest.raises(ValueError, match="more than 100 parameters"):
                read_form(TYPE + of_type, content)


def test_a_form_within_a_form_is_content() -> None:
    """A nested form, 1000 levels deep, is the content of its part."""
    inner = "".join(f"Content-Type: multipart/mixed; boundary=i{n}\r\n\r\n--i{n}\r\n" for n in range(1000))
    assert read_form(TYPE, form(part("a", inner))) == {"a": inner}
