"""Requests, errors and latency by route."""

from __future__ import annotations

from jipyo.logs.activity.routes import summarise_routes
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.query import LogQuery
from support.log_batches import SECOND, START_NS, make_batch

QUERY = LogQuery(start_ns=START_NS, end_ns=START_NS + 10 * SECOND)


def row(route: str | None, status: int | None, ms: int | None) -> dict[str, object]:
    return {
        "t": 0,
        "url.route": route,
        "http.response.status_code": status,
        "event.duration": None if ms is None else ms * 10**6,
    }


def test_routes_have_requests_errors_and_percentiles() -> None:
    first = make_batch("web", [row("/a", 200, 10), row("/a", 500, 30), row("/b", 404, None)])
    second = make_batch("web", [
        row("/a", 200, 20), row("/metrics", 200, 1), row(None, 200, 5), row("/b", 503, None),
        row("/a", None, None),
    ])  # fmt: skip
    found = summarise_routes(BatchLogSource([first, second]), QUERY, (50, 95))
    a, b = found.routes
    assert (a.route, a.requests, a.errors, a.timed) == ("/a", 4, 1, 3)
    assert (a.per_second, a.percentiles_s) == (0.4, (0.02, 0.03))
    assert (b.route, b.requests, b.errors, b.timed, b.percentiles_s) == ("/b", 2, 1, 0, ())
    assert (found.total.requests, found.total.errors, found.total.timed) == (7, 2, 4)
    assert (found.monitors, found.others, found.estimated) == (1, 0, False)


def test_without_requests_there_are_no_routes() -> None:
    found = summarise_routes(BatchLogSource([make_batch("web", [{"t": 0}])]), QUERY)
    assert found.routes == ()
    assert (found.total.requests, found.total.percentiles_s) == (0, ())
