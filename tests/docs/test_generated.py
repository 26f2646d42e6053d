"""The generated parts of the papers say what parsers and documents say today."""

import generate
import pytest


@pytest.mark.parametrize("page", generate.PARTS)
def test_a_page_is_up_to_date(page: str) -> None:
    """`make docs` changes nothing."""
    assert (generate.ROOT / page).read_text() == generate.filled(page), "run `make docs`"


@pytest.mark.parametrize("command", generate.COMMANDS)
def test_every_option_has_a_meaning(command: str) -> None:
    """No row of the command line's reference is empty."""
    rows = [generate.option(action) for action in generate.arguments(command)]
    assert [written for written, text in rows if not text] == []


def test_every_event_has_a_meaning() -> None:
    """No row of the table of events is empty."""
    assert "|  |\n" not in generate.events()
