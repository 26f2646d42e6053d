"""Files of the Tallyfy mock: the bytes of every upload come back, and what is told of them."""

from __future__ import annotations

from typing import Any

import pytest
from test_tallyfy import ORGANIZATION, REPORT, Assuming, Tallyfy, assuming, client, declared

from understudy.apis.tallyfy.assets import disposition
from understudy.engine.exchange import Response

__all__ = ["assuming", "client", "declared"]  # fixtures
BOUNDARY = "xYz"
RUN = {"subject_type": "Run", "subject_id": "PROCESS_RUN_ID", "uploaded_from": "field"}
HEADERS = {"x_tallyfy_client": "x", "accept": "application/json"}
CONTENTS = {
    "nothing": b"",
    "line ends": b"\r\n\r\n--\r\n",
    "a boundary": f"--{BOUNDARY}--\r\n--{BOUNDARY}".encode().replace(b"--x", b"-- x") + f"\n--{BOUNDARY}".encode(),
    "NUL and no text": b"%PDF-1.7\x00\xff\xfe\x80" + bytes(range(256)),
    "UTF-8": "Vertrag für é".encode(),
    "UTF-8, cut off": "é".encode()[:1],
    "large": b"\x00\xff\r\n" * 100_000,
}


def form(*parts: tuple[str, str, bytes], **fields: str) -> bytes:
    """A multipart form of fields, and of parts with name, other parameters and content."""
    plain = [(name, "", value.encode()) for name, value in fields.items()]
    heads = [(f'form-data; name="{name}"{more}'.encode("latin-1"), content) for name, more, content in (*plain, *parts)]
    begin = f"--{BOUNDARY}\r\nContent-Disposition: ".encode()
    return b"".join(begin + head + b"\r\n\r\n" + content + b"\r\n" for head, content in heads) + (
        f"--{BOUNDARY}--\r\n".encode()
    )


def post(client: Tallyfy, body: bytes, path: str = "file") -> Response:
    """Upload a form."""
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    return client.send("POST", f"/organizations/{ORGANIZATION}/{path}", raw=body, content_type=content_type, **HEADERS)


def uploaded(client: Tallyfy, content: bytes = b"%PDF", filename: str = "a.pdf", **fields: str) -> Any:
    """Upload a file; returns what the answer tells of it."""
    response = post(client, form(("name", f'; filename="{filename}"', content), **{**RUN, **fields}))
    assert response.status == 200, response.body
    return response.json()["data"]


def download(client: Tallyfy, asset: Any, end: str = "/dl") -> Response:
    """Download a file."""
    return client.ask("GET", f"/file/{asset['id']}{end}")


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("end", ["/dl", ""])
def test_the_bytes_come_back(client: Tallyfy, content: bytes, end: str) -> None:
    """A download has the bytes that were uploaded, one by one."""
    response = download(client, uploaded(client, content), end)
    assert (response.status, response.body) == (200, content)
    assert response.header("content-length") in (None, str(len(content)))


@pytest.mark.parametrize(
    ("name", "shown", "told"),
    [
        ("a.pdf", "a.pdf", 'filename="a.pdf"'),
        ("Ã¼.pdf", "ü.pdf", "filename=\"_.pdf\"; filename*=UTF-8''%C3%BC.pdf"),
        ("\x82\xa0.pdf", "\x82\xa0.pdf", "filename=\"__.pdf\"; filename*=UTF-8''%C2%82%C2%A0.pdf"),
        ('a\\"b.PDF', 'a"b.PDF', "filename=\"a_b.PDF\"; filename*=UTF-8''a%22b.PDF"),
        ("../../etc/a.txt", "../../etc/a.txt", 'filename="../../etc/a.txt"'),
        ("%0d%0ax: y.txt", "%0d%0ax: y.txt", "filename*=UTF-8''%250d%250ax%3A%20y.txt"),
    ],
)
def test_file_names(client: Tallyfy, name: str, shown: str, told: str) -> None:
    """A name is kept, also one that is no UTF-8, and a download tells it in a header of one line."""
    asset = uploaded(client, filename=name)
    assert asset["filename"] == shown
    header = download(client, asset).header("content-disposition") or ""
    assert header.startswith('attachment; filename="'), header
    assert told in header, header


def test_no_name_begins_another_header() -> None:
    """Line ends and other controls of a name are no part of the header."""
    assert disposition("inline", "a\r\nx: y") == b"inline; filename=\"a__x: y\"; filename*=UTF-8''a%0D%0Ax%3A%20y"


def test_of_several_files_the_last_counts(client: Tallyfy) -> None:
    """Two parts of one name are as two fields of one name."""
    two = [("name", f'; filename="{name}.pdf"', name.encode()) for name in "ab"]
    asset = post(client, form(*two, **RUN)).json()["data"]
    assert (asset["filename"], download(client, asset).body) == ("b.pdf", b"b")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", "must be a file"),
        ('; filename=""', "must be a file"),
        ('; filename="a.exe"', "file of type"),
        ('; filename="pdf"', None),
    ],
)
def test_what_is_no_file_is_refused(client: Tallyfy, more: str, told: str | None) -> None:
    """A part without a file name, and one with another extension, is refused with the reason, under its name."""
    response = post(client, form(("name", more, b"x"), **RUN))
    assert response.status == (200 if told is None else 422)
    assert told is None or told in response.json()["errors"]["name"][0]


@pytest.mark.parametrize(
    ("policy", "media_type"), [("octet-stream", "application/octet-stream"), ("guessed", "image/png")]
)
def test_the_media_type_of_a_download(assuming: Assuming, policy: str, media_type: str) -> None:
    """It is that of bytes of any kind, or by assumption that of the name; what is viewed has the latter."""
    client = assuming({"files.download-type": policy})
    asset = uploaded(client, filename="a.png")
    types = [download(client, asset, end).header("content-type") for end in ("/dl", "")]
    assert types == [media_type, "image/png"]


@pytest.mark.parametrize(("policy", "status"), [("downloaded", 200), ("not-found", 404)])
def test_an_archived_file(assuming: Assuming, policy: str, status: int) -> None:
    """It is not found and not archived again; its bytes can still be had, or by assumption not."""
    client = assuming({"files.archived-content": policy})
    run, _ = client.launched()
    asset = uploaded(client, subject_id=run)
    assert client.ask("DELETE", f"/assets/{asset['id']}").status == 204
    assert [client.ask(method, f"/assets/{asset['id']}").status for method in ("GET", "DELETE")] == [404, 404]
    assert download(client, asset).status == status
    assert client.data("GET", f"/runs/{run}?with=assets")["assets"]["data"] == []


def test_files_go_with_what_they_belong_to(client: Tallyfy) -> None:
    """A deleted process, template or one-off task leaves no file."""
    run, _ = client.launched()
    task = client.data("POST", "/tasks", {"title": "A", "task_type": "task", "deadline": "2031-01-01", "owners": {}})[
        "id"
    ]
    template = client.data("POST", "/checklists", {"title": "A", "type": "form"})["id"]
    of_run, of_task, of_template = (
        uploaded(client, subject_type=kind, subject_id=id)
        for kind, id in (("Run", run), ("Task", task), ("Checklist", template))
    )
    assert client.data("GET", f"/runs/{run}?with=assets")["assets"]["data"] == [of_run]
    for path in (f"/runs/{run}", f"/runs/{run}/delete", f"/tasks/{task}", f"/tasks/{task}/delete",
                 f"/checklists/{template}", f"/checklists/{template}/delete"):  # fmt: skip
        assert client.ask("DELETE", path).status in (200, 204), path
    assert [download(client, asset).status for asset in (of_run, of_task, of_template)] == [404] * 3
    assert client.ask("GET", f"/checklists/{REPORT}").status == 200
