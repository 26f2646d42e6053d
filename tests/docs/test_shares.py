"""The long profile tries a share of each large family, and over its runs all of it."""

from __future__ import annotations

from shares import is_drawn

NAMES = [f"tests/checks/test_mutants.py::test_mutant_is_caught[{number}]" for number in range(600)]
SEEDS = [str(seed) for seed in range(60)]


def drawn(seed: str | None, one_in: int) -> set[str]:
    """The names that a run tries."""
    return {name for name in NAMES if is_drawn(name, seed, one_in=one_in)}


def test_a_run_tries_about_its_share() -> None:
    """One in so many, and the same ones for the same seed."""
    assert all(70 <= len(drawn(seed, 6)) <= 130 for seed in SEEDS)
    assert drawn("1", 6) == drawn("1", 6)


def test_every_member_has_its_turn() -> None:
    """Another seed draws others, and after some runs none is left out."""
    assert drawn("1", 6) != drawn("2", 6)
    assert set().union(*(drawn(seed, 6) for seed in SEEDS)) == set(NAMES)


def test_all_are_tried_where_nothing_is_drawn() -> None:
    """Without a seed, and in a family without a share."""
    assert drawn(None, 6) == drawn("1", 1) == set(NAMES)
