"""Ids follow from a seed and a count, in each vendor's own shape."""

from __future__ import annotations

import string

from understudy.engine.ids import BASE62, HEX, Ids, digest, secret


def test_the_same_seed_and_count_give_the_same_id() -> None:
    """Two streams with one name give the same ids; another name gives others."""
    first, second, other = Ids("a"), Ids("a"), Ids("b")
    ids = [first.take(20) for _ in range(1_000)]
    assert ids == [second.take(20) for _ in range(1_000)]
    assert len({*ids, *(other.take(20) for _ in range(1_000))}) == 2_000


def test_ids_have_the_vendors_alphabet() -> None:
    """Length and letters are as asked for."""
    ids = Ids("a")
    assert all(set(ids.take(20, BASE62)) <= set(string.ascii_letters + string.digits) for _ in range(100))
    assert all(set(ids.take(32, HEX)) <= set("0123456789abcdef") for _ in range(100))
    assert len(ids.take(64)) == 64
    assert digest("x", 8) == digest("x", 8)


def test_a_fork_goes_on_where_its_origin_was() -> None:
    """A fork gives the same next id, or begins a stream of its own."""
    ids = Ids("a")
    ids.take(8)
    fork, fresh = ids.fork(), ids.fork("b")
    assert fork.take(8) == ids.take(8)
    assert (fresh.seed, fresh.count) == ("b", 0)


def test_secrets_do_not_follow_from_a_seed() -> None:
    """Two secrets differ."""
    assert secret(16) != secret(16)
    assert len(secret(16)) == 32
