"""What was found, as a table by document and in all, and as lines that say why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.specs.judge import Found

_HEADS = (
    "document", "ready s", "cached", "MB", "ops", "pairs", "stateful", "trips", "refusals", "pages", "unfit", "undoc",
    "5xx", "hangs",
)  # fmt: skip


def table(found: Sequence[Found]) -> str:
    """A line for each document and one for all."""
    rows = [_HEADS, *(_row(one) for one in found)]
    if len(found) > 1:
        rows.append(_total(found))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def reasons(found: Found) -> Iterator[str]:
    """Each thing that is not as the document says, in a line."""
    for steps in found.pairs:
        for part in (steps.trip, steps.refusals, steps.pages):
            yield from (f"{steps.pair}: {name}: {why}" for name, why in part.items() if why)
    for kind, counted in (
        ("unfit", found.unfit),
        ("undocumented", found.undocumented),
        ("5xx", found.errors),
        ("hangs", found.hangs),
    ):
        yield from (f"{kind}: {what} ({times} times)" for what, times in counted.items())
    if found.ended:
        yield f"not judged to the end: {found.ended}"


def _row(one: Found) -> tuple[str, ...]:
    if not one.loaded:
        return (one.name, *["-"] * (len(_HEADS) - 2), "not loaded")
    return (
        one.name, _seconds(one.ready), _seconds(one.again), f"{one.memory or 0:.0f}", str(one.operations),
        str(len(one.pairs)), *_counts([one]),
    )  # fmt: skip


def _total(found: Sequence[Found]) -> tuple[str, ...]:
    loaded = [one for one in found if one.loaded]
    ready, again, memory = (
        max((getattr(one, name) or 0 for one in loaded), default=0.0) for name in ("ready", "again", "memory")
    )
    return (
        f"all: {len(loaded)} of {len(found)} loaded", f"<={ready:.2f}", f"<={again:.2f}", f"<={memory:.0f}",
        str(sum(one.operations for one in loaded)), str(sum(len(one.pairs) for one in loaded)), *_counts(loaded),
    )  # fmt: skip


def _counts(found: Sequence[Found]) -> tuple[str, ...]:
    pairs = [steps for one in found for steps in one.pairs]
    makers = [steps for steps in pairs if steps.makes]
    return (
        _share(steps.is_stateful for steps in pairs),
        _share(steps.is_whole for steps in makers),
        _share(why is None for steps in pairs for why in steps.refusals.values()),
        _share(why is None for steps in pairs for why in steps.pages.values()),
        *(str(sum(len(getattr(one, kind)) for one in found)) for kind in ("unfit", "undocumented", "errors", "hangs")),
    )


def _share(outcomes: Iterable[bool]) -> str:
    known = list(outcomes)
    return f"{sum(known)}/{len(known)}" if known else "-"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
