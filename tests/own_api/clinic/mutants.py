"""Breakages of the clinic's own rules."""

from __future__ import annotations

from typing import Any

from understudy import Call, Reply
from understudy_checks.mutation import with_handlers


def _pays_all(api: Any) -> Any:
    def pay(call: Call) -> Reply:
        invoices = call.store["invoices"]
        return Reply(invoices.put({**invoices.get(str(call.arguments["invoice_id"])), "paid": True}))

    return with_handlers(api, payInvoice=pay)


MUTANTS = {"invoices.paid-once": {"A part is taken as the whole": _pays_all}}
