"""Latency by route and by group, against a plain reference."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.activity.latency import find_percentiles, summarise_routes
from jipyo.logs.evaluate.source import nearest_rank
from support.log_batches import SECOND, START_NS, make_batch

BIG = st.integers(-(2**40), 2**40) | st.integers(-(2**61), 2**61)
PERCENTS = (0, 50, 95, 99.9, 100)


@given(st.lists(st.tuples(st.integers(-3, 3) | st.integers(-(2**40), 2**40), BIG), max_size=60))
def test_percentiles_are_those_of_the_plain_reference(pairs) -> None:
    plain = defaultdict(list)
    for group, value in pairs:
        plain[group].append(value)
    groups = np.array([group for group, _ in pairs], np.int64)
    values = np.array([value for _, value in pairs], np.int64)
    found = find_percentiles(groups, values, PERCENTS)
    assert found.groups.tolist() == sorted(plain)
    assert found.counts.tolist() == [len(plain[group]) for group in sorted(plain)]
    assert found.values.tolist() == [
        [nearest_rank(plain[group], percent) for percent in PERCENTS] for group in sorted(plain)
    ]


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
        row("/a", None, -1),
    ])  # fmt: skip
    start, end = START_NS, START_NS + 10 * SECOND
    a, b = summarise_routes([first, second], start, end)
    assert (a.route, a.requests, a.errors, a.timed) == (b"/a", 4, 1, 3)
    assert (a.per_second, a.percentiles_s) == (0.4, (0.02, 0.03))
    assert (b.route, b.requests, b.errors, b.timed, b.percentiles_s) == (b"/b", 2, 1, 0, ())
    assert summarise_routes([], start, end) == ()
