"""What the clinic does that is a rule over several records."""

from __future__ import annotations

from datetime import UTC, datetime

from understudy import Call, Problem, Reply

STAFF_DISCOUNT = 0.5


def issueInvoice(call: Call) -> Reply:  # noqa: N802 - the operation's id
    """Add up the lines; an owner with a debt gets no further invoice."""
    owner = call.store["owners"].get(call.body["owner_id"])
    if owner is None:
        raise Problem("invalid", "There is no such owner")
    invoices = call.store["invoices"]
    if sum(not invoice["paid"] for invoice in invoices if invoice["owner_id"] == owner["id"]) > 2:
        raise Problem("conflict", "Three invoices are open")
    number = 1 + max((int(invoice["id"]) for invoice in invoices), default=0)
    total = round(sum(line["price"] * (1 - _discount(line)) for line in call.body["lines"]), 2)
    record = {"id": number, **call.body, "total": total, "paid": False, "paid_with": None, "issued_at": _now(call)}
    return Reply(invoices.put(record))


def payInvoice(call: Call) -> Reply:  # noqa: N802 - the operation's id
    """Take the whole amount, once."""
    invoices = call.store["invoices"]
    invoice = invoices.get(str(call.arguments["invoice_id"]))
    if invoice is None:
        raise Problem("not-found")
    if invoice["paid"] or call.body["amount"] != invoice["total"]:
        raise Problem("conflict", f"Due is {0 if invoice['paid'] else invoice['total']}")
    return Reply(invoices.put({**invoice, "paid": True, "paid_with": call.body["method"]}))


def _statistics(call: Call) -> dict[str, float]:
    unpaid = sum(invoice["total"] for invoice in call.store["invoices"] if not invoice["paid"])
    return {"pets": len(list(call.store["pets"])), "unpaid": unpaid}


def _discount(line: dict[str, object]) -> float:
    given = line.get("discount", 0)
    return STAFF_DISCOUNT if given == "staff" else float(given)  # type: ignore[arg-type]


def _now(call: Call) -> str:
    return datetime.fromtimestamp(call.now / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


HANDLERS = {"GET /statistics": _statistics}
