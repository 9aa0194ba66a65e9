"""Grouping series by where their samples lie."""

from __future__ import annotations

import numpy as np

from jipyo.model.sample import Scrape
from tsdb.support import STEP, T0, Opened, everything, one


def test_series_may_stand_in_different_numbers_of_layouts(opened: Opened) -> None:
    """Some come with every scrape, some with some, some late; one row of cells for each."""
    names = [one("m", n=str(n)) for n in range(7)]
    expected: dict[object, list[int]] = {labels: [] for labels in names}
    opened.clock.t_ms = T0 + 40 * STEP
    for at in range(20):
        chosen = [n for n in range(7) if at % (n + 1) == 0]
        t_ms = T0 + (at if at % 5 else at + 7) * STEP + at
        series = tuple(names[n] for n in chosen)
        opened.store.append([Scrape(t_ms, series, np.full(len(series), float(at)))])
        for n in chosen:
            expected[names[n]].append(t_ms)
    for span in ((T0 - STEP, T0 + 30 * STEP), (T0 + 3 * STEP, T0 + 9 * STEP)):
        found = everything(opened.store, *span)
        for labels, times in expected.items():
            inside = sorted(t_ms for t_ms in times if span[0] <= t_ms <= span[1])
            assert [t_ms for t_ms, _ in found.get(labels, [])] == inside
