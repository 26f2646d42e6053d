"""Kognitos' files: creating a file, uploading its content; and the health check."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Skipped
from understudy_checks.kognitos.driver import Json, create_file, post_form, provided, request_file, start_run, upload
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

FIELDS = ("id", "file_name", "upload_url", "upload_http_method", "upload_http_headers", "upload_fields")


@rule("kognitos.files.created", needs=("write",))
@given(name=st.text(st.characters(codec="utf-8", min_codepoint=32), min_size=1, max_size=256))
@example(name="test-file.pdf")
def test_a_file_is_made(target: Target, name: str) -> None:
    """Creating a file answers 201, whatever its name."""
    with target.open() as client:
        assert (got := request_file(client, agent_id=provided(client, "agent_id"), file_name=name).status) == 201, (
            f"creating a file called {show(name)} must answer 201, not {show(got)}"
        )


@rule("kognitos.files.fields", needs=("write",))
def test_a_file_has_its_fields(target: Target) -> None:
    """A new file has four strings that are not empty, and two objects of strings."""
    with target.open() as client:
        file = create_file(client)
        for name in FIELDS[:4]:
            assert isinstance(file[name], str), f"`{name}` of a file must be a string, not {show(file[name])}"
            assert file[name], f"`{name}` of a file must not be empty"
        for name in FIELDS[4:]:
            assert all(isinstance(value, str) for value in file[name].values()), (
                f"`{name}` of a file must be an object of strings, not {show(file[name])}"
            )


@rule("kognitos.files.upload-method", needs=("write",))
def test_content_is_to_be_posted(target: Target) -> None:
    """The upload method of a file is POST."""
    with target.open() as client:
        assert (got := create_file(client)["upload_http_method"]) == "POST", (
            f"the upload method of a file must be POST, not {show(got)}"
        )


@rule("kognitos.files.two-calls-two-files", needs=("write",))
def test_equal_calls_make_files_of_their_own(target: Target) -> None:
    """Equal calls create separate files with different ids, URLs and fields."""
    with target.open() as client:
        files = [create_file(client) for _ in range(3)]
        assert len({file["id"] for file in files}) == len(files), (
            f"equal requests must create files with different ids; the ids are {show([file['id'] for file in files])}"
        )
        targets = {(file["upload_url"], file["upload_fields"].get("key")) for file in files}
        assert len(targets) == len(files), "files must have different upload URLs and fields"


@rule("kognitos.files.file-name-is-required", needs=("write",))
def test_a_file_needs_a_name(target: Target) -> None:
    """A file without a name, or with null, answers 400."""
    with target.open() as client:
        agent_id = provided(client, "agent_id")
        assert (got := request_file(client, agent_id=agent_id).status) == 400, (
            f"a file without a name must answer 400, not {show(got)}"
        )
        assert (got := request_file(client, agent_id=agent_id, file_name=None).status) == 400, (
            f"a file with a null name must answer 400, not {show(got)}"
        )


@rule("kognitos.files.name-length", needs=("write",))
@given(size=st.integers(1, 256), more=st.integers(257, 2000))
@example(size=1, more=257)
@example(size=256, more=257)
def test_a_file_name_has_a_length(target: Target, size: int, more: int) -> None:
    """A file name of 1 to 256 characters is accepted; an empty or longer one answers 400."""
    with target.open() as client:
        agent_id = provided(client, "agent_id")
        assert (got := request_file(client, agent_id=agent_id, file_name="n" * size).status) < 300, (
            f"a file name of {size} characters must be accepted, not answer {show(got)}"
        )
        for wrong in ("", "n" * more):
            assert (got := request_file(client, agent_id=agent_id, file_name=wrong).status) == 400, (
                f"a file name of {len(wrong)} characters must answer 400, not {show(got)}"
            )


@rule("kognitos.files.agent-id-form", needs=("write",))
@given(size=st.integers(27, 200), bad=st.sampled_from(" .:/@!?*+é中%"))
@example(size=27, bad=" ")
def test_the_agent_of_a_file_has_a_form(target: Target, size: int, bad: str) -> None:
    """An agent id that is empty, too long or of other characters answers 400."""
    with target.open() as client:
        for id in ("", "a" * size, f"a{bad}z"):
            assert (got := request_file(client, agent_id=id, file_name="test-file.pdf").status) == 400, (
                f"the agent id {show(id)} must answer 400, not {show(got)}"
            )


@rule("kognitos.files.unknown-agent", needs=("write",))
@given(id=st.text("abcdefghij0123456789", max_size=25))
@example(id="nobody")
@example(id="a" * 25)
def test_a_file_needs_an_agent_that_exists(target: Target, id: str) -> None:
    """A file of an unknown agent answers 404."""
    with target.open() as client:
        assert (got := request_file(client, agent_id=f"{id}_", file_name="test-file.pdf").status) == 404, (
            f"a file of an unknown agent must answer 404, not {show(got)}"
        )


@rule("kognitos.files.agent-of-the-key", needs=("write",))
def test_a_key_of_an_agent_needs_no_agent(target: Target) -> None:
    """A file may omit its agent with a key of one agent."""
    with target.open() as client:
        made = request_file(client, key=provided(client, "agent_key"), file_name="test-file.pdf")
        assert made.status < 300, (
            f"a file without an agent must be made with a key of one agent, not answered {show(made.status)}"
        )
        assert (got := upload(client, made.json()).status) == 204, f"an upload must answer 204, not {show(got)}"


@rule("kognitos.upload.accepted", "kognitos.upload.needs-no-key", needs=("write",))
@given(name=st.sampled_from(("test-file.pdf", "a b.csv", "Größe.txt", "x")))
@example(name="test-file.pdf")
def test_content_is_accepted(target: Target, name: str) -> None:
    """A complete form answers 204 without a body, and needs no key."""
    with target.open() as client:
        file = create_file(client, name)
        response = upload(client, file)
        assert response.status == 204, f"an upload must answer 204, not {show(response.status)}"
        assert not response.body, f"an upload must answer no body, not {show(response.body)}"


@rule("kognitos.upload.any-content", needs=("write",))
@given(content=st.binary(max_size=2000))
@example(content=b"")
@example(content=b"\x00\xff\r\n--\r\n")
@example(content=b"%PDF-1.7\n\xe2\xe3\xcf\xd3")
@example(content="Größe 中".encode())
def test_any_bytes_are_accepted(target: Target, content: bytes) -> None:
    """The content may be any bytes, or none."""
    with target.open() as client:
        assert (got := upload(client, create_file(client), content).status) == 204, (
            f"an upload of {len(content)} bytes must answer 204, not {show(got)}"
        )


@rule("kognitos.upload.any-content", needs=("write",))
def test_large_content_is_accepted(target: Target) -> None:
    """The content may be of several megabytes."""
    with target.open() as client:
        assert (got := upload(client, create_file(client), bytes(range(256)) * (3 << 12)).status) == 204, (
            f"an upload of 3 MiB must answer 204, not {show(got)}"
        )


@rule("kognitos.upload.without-file", needs=("write",))
def test_a_form_needs_content(target: Target) -> None:
    """A form without its content part, or with that part under another name, answers 4xx."""
    with target.open() as client:
        file = create_file(client)
        for part in (None, "content", "File"):
            response = upload(client, file, part=part)
            assert 400 <= response.status < 500, (
                f"a form whose content is called {show(part)} must be refused, not answer {response.status}"
            )
        assert (got := upload(client, file).status) == 204, f"a complete form must answer 204, not {show(got)}"


@rule("kognitos.upload.unknown-address", needs=("write",))
def test_an_address_is_not_to_be_guessed(target: Target) -> None:
    """A form to an upload URL that no file has answers 4xx."""
    with target.open() as client:
        file = create_file(client)
        head, _, token = file["upload_url"].rpartition("/")
        if len(token) < 8:
            raise Skipped("the upload's address has no token at its end")
        swapped = token[:-1] + ("a" if token[-1] != "a" else "b")
        for guess in ("guess", token[:-1], token + "a", swapped, token[::-1]):
            response = post_form(client, f"{head}/{guess}", file["upload_fields"], b"content")
            assert 400 <= response.status < 500, (
                f"a form to the unknown URL {guess} must be refused, not answer {response.status}"
            )
        assert (got := upload(client, file).status) == 204, (
            f"the upload URL of a file must accept its form with 204, not {show(got)}"
        )


@rule("kognitos.upload.accepted", needs=("write",))
def test_an_uploaded_file_is_read_by_a_run(target: Target) -> None:
    """A run accepts a file that was created and uploaded as in the documented examples."""
    with target.open() as client:
        file: Json = create_file(client)
        assert (got := upload(client, file, b"total;42").status) == 204, f"an upload must answer 204, not {show(got)}"
        assert (got := start_run(client, file_ids=[file["id"]])["file_ids"]) == [file["id"]], (
            f"the new run must show the uploaded file {file['id']}, not {show(got)}"
        )


@rule("kognitos.health.ok")
def test_the_service_is_up(target: Target) -> None:
    """The health check answers 200 with the status OK."""
    with target.open() as client:
        response = client.call("getHealth")
        assert response.status == 200, f"the health check must answer 200, not {show(response.status)}"
        assert (got := response.json()["status"]) == "OK", f"the health check must have the status OK, not {show(got)}"
