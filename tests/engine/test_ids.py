"""Ids are a function of a seed and a counter, in each vendor's format."""

from __future__ import annotations

import string

from understudy.engine.ids import BASE62, HEX, Ids, digest, secret


def test_the_same_seed_and_count_give_the_same_id() -> None:
    """Two streams of one name yield the same ids, of two names different ones."""
    first, second, other = Ids("a"), Ids("a"), Ids("b")
    ids = [first.take(20) for _ in range(1_000)]
    assert ids == [second.take(20) for _ in range(1_000)]
    assert len({*ids, *(other.take(20) for _ in range(1_000))}) == 2_000


def test_ids_have_the_vendors_alphabet() -> None:
    """Ids have the requested length and alphabet."""
    ids = Ids("a")
    assert all(set(ids.take(20, BASE62)) <= set(string.ascii_letters + string.digits) for _ in range(100))
    assert all(set(ids.take(32, HEX)) <= set("0123456789abcdef") for _ in range(100))
    assert len(ids.take(64)) == 64
    assert digest("x", 8) == digest("x", 8)


def test_a_fork_goes_on_where_its_origin_was() -> None:
    """A fork yields the same next id, or starts a stream of its own."""
    ids = Ids("a")
    ids.take(8)
    fork, fresh = ids.fork(), ids.fork("b")
    assert fork.take(8) == ids.take(8)
    assert (fresh.seed, fresh.count) == ("b", 0)


def test_secrets_do_not_follow_from_a_seed() -> None:
    """Two secrets differ."""
    assert secret(16) != secret(16)
    assert len(secret(16)) == 32
