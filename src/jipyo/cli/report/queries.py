"""`--explain` of `jipyo report`: what the report asked its sources, and at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jipyo.cli.options import build_table, open_terminal

if TYPE_CHECKING:
    from jipyo.i18n import Texts
    from jipyo.source.recording import SentQuery

Queries = Sequence["SentQuery"]

_COLUMNS = ("metric", "exporter", "kind", "series", "points", "samples", "bytes", "seconds", "expr")


def print_queries(queries: Queries, t: Texts) -> None:
    """A table with a query a line, the slowest first, and their sum below."""
    table = build_table([t(f"cli.report.explain.{column}") for column in _COLUMNS])
    for query in sorted(queries, key=lambda query: -query.seconds):
        table.add_row(
            _name_purpose(query, t),
            query.exporter,
            t(f"cli.report.explain.kind.{query.kind.value}"),
            t.number(query.series),
            t.number(query.points),
            t.number(query.stats.samples) if query.stats.samples else "",
            t.number(query.stats.bytes, "bytes") if query.stats.bytes else "",
            f"{query.seconds:.3f}",
            query.expr if query.problem is None else f"{query.expr}\n{t.error(query.problem)}",
        )
    console = open_terminal()
    console.print(table)
    totals = add_up_queries(queries)
    console.print(
        t(
            "cli.report.explain.total",
            n=totals["queries"],
            metrics=totals["metrics"],
            points=t.number(totals["points"]),
            bytes=t.number(totals["bytes"], "bytes"),
            seconds=t.number(totals["seconds"], "seconds"),
        )
    )


def list_queries(queries: Queries, t: Texts) -> list[dict[str, object]]:
    """The queries as rows of JSON, in the order in which they were answered."""
    return [
        {
            "metric": query.purpose,
            "exporter": query.exporter,
            "kind": query.kind.value,
            "expr": query.expr,
            "series": query.series,
            "points": query.points,
            "samples": query.stats.samples,
            "bytes": query.stats.bytes,
            "seconds": query.seconds,
            "server_seconds": query.stats.seconds,
            "problem": None if query.problem is None else t.error(query.problem),
        }
        for query in queries
    ]


def add_up_queries(queries: Queries) -> dict[str, float]:
    """What all queries cost together; those of several threads overlap in time."""
    return {
        "queries": len(queries),
        "metrics": len({query.purpose for query in queries if "." in query.purpose}),
        "points": sum(query.points for query in queries),
        "bytes": sum(query.stats.bytes for query in queries),
        "seconds": sum(query.seconds for query in queries),
    }


def _name_purpose(query: SentQuery, t: Texts) -> str:
    """The id of the metric, or what else a query is for."""
    key = f"cli.report.explain.purpose.{query.purpose or 'other'}"
    return t(key) if key in t else query.purpose
