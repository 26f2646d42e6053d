"""Checks of the clinic's own rules."""

from __future__ import annotations

from typing import Any

from understudy_checks.rules import rule

HEADERS = {"content-type": "application/x-www-form-urlencoded"}


@rule("clinic.invoices.paid-once")
def test_a_part_of_an_invoice_is_not_paid(target: Any) -> None:
    """One cent is less than any invoice of the seed."""
    with target.open() as client:
        response = client.send("POST", "/invoices/1/payments", headers=HEADERS, body=b"amount=0.01&method=cash")
        assert response.status == 409
