"""The first records of an API as a seed file may hold them: what a seed file would refuse is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from shop import SHOP
from understudy.apis import own
from understudy.apis.first_records import first_records
from understudy.engine.api import Api, SeededTenant


def starting_with(folder: Path, *records: Any) -> Api:
    """The shop, whose world starts with these carts."""
    (folder / "shop.yaml").write_text(SHOP.lstrip())
    api, _ = own.declare(own.Own(folder / "shop.yaml", "shop"))
    (seeded,) = api.seed(None, api.contract)
    return replace(api, seed=lambda content, contract: [SeededTenant(seeded.tenant, {"carts": records}, ())])


def test_records_are_kept_as_they_are(tmp_path: Path) -> None:
    """Where a seed file may hold them; there may be none."""
    carts = [{"id": 1, "cents": 5, "paid": False}, {"id": 2, "cents": 6}]
    assert first_records(starting_with(tmp_path, *carts)) == {"carts": carts}
    assert first_records(starting_with(tmp_path)) == {"carts": []}


def test_what_a_seed_file_refuses_is_left_out(tmp_path: Path) -> None:
    """Members that are wrong, and records that are wrong without them."""
    carts = [{"id": 1, "cents": 5, "paid": "no", "x": 1}, {"id": 2}, {"id": 3, "cents": "x"}, {"id": 4, "cents": 7}]
    assert first_records(starting_with(tmp_path, *carts)) == {"carts": [{"id": 1, "cents": 5}, {"id": 4, "cents": 7}]}
