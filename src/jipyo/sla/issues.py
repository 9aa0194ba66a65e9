"""Issues of a sheet: what was handed in, and what has changed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TIMES = ("planned_ms", "unmeasured_ms", "outage_ms", "not_counted_ms", "up_ms")

SheetFigure = str | float | None


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A figure of a sheet that is not what it was; None where it is new or gone."""

    kind: str
    """What it is, as the end of the key of a text: `value`, `result`, `total`."""
    name: str
    """The indicator, outage or planned work that it is of; empty for one of the whole sheet."""
    before: SheetFigure
    after: SheetFigure


def compare_issues(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FigureChange, ...]:
    """What differs between two sheets, each a `ContractMonth` in plain form (`to_plain`)."""
    old, new = dict(_list_figures(before)), dict(_list_figures(after))
    return tuple(
        FigureChange(kind, name, old.get((kind, name)), new.get((kind, name)))
        for kind, name in dict.fromkeys((*new, *old))
        if old.get((kind, name)) != new.get((kind, name))
    )


def _list_figures(sheet: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], SheetFigure]]:
    for line in sheet["lines"]:
        name = line["indicator"]["id"]
        yield ("value", name), line["rounded"]
        yield ("result", name), line["result"]
        yield ("points", name), line["points"]
    yield ("total", ""), sheet["total"]["rounded"]
    yield ("penalty", ""), sheet["penalty"]["percent"]
    for name in _TIMES:
        yield ("time", name.removesuffix("_ms")), sheet["account"][name]
    yield ("counted_outage", ""), sheet["counted_outage_ms"]
    for outage in sheet["outages"]:
        name = ", ".join(dict.fromkeys(outage["ids"]))
        yield ("outage", name), outage["counted_ms"]
        yield ("attribution", name), outage["attribution"]
    for work in sheet["planned"]:
        yield ("planned_work", f"{work['approval']} {work['title']}".strip()), work["excluded_ms"]
    yield ("profile", ""), sheet["profile"]["digest"]
