"""What is different in a window, against another: which values of which fields, and how surely.

Of every value the share of the records is compared by a G-test of independence (Woolf 1957;
chi-squared with one degree of freedom), and the tests of all values together by the false
discovery rate (Benjamini and Hochberg 1995). Records come in bursts, so a small p is no proof:
a difference must also be one in records a second, by a factor that matters to people.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import erfc, inf, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.activity.columns import CodeTable, encode_column
from jipyo.logs.query import LEVEL, SERVICE
from jipyo.logs.record import Level, decode_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jipyo.logs.answer import LogTemplates
    from jipyo.logs.record import LogBatch


@dataclass(frozen=True, slots=True)
class WindowCounts:
    """How many records of a window have which values."""

    records: int
    duration_s: float
    counts: Mapping[str, Mapping[str, int]]
    """By field (also `service`, `level` and `template`) and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowDifference:
    """A value that is more or less frequent than before."""

    field: str
    value: str
    records: int
    """In the window."""
    before: int
    """In the baseline."""
    ratio: float
    """Records a second against the baseline; infinite for a new value, 0 for a vanished one."""
    g: float
    """The statistic: twice the log-likelihood ratio."""
    p: float
    q: float
    """The false discovery rate of all differences that are as sure as this one, or surer."""


def count_values(
    batches: Iterable[LogBatch], fields: Sequence[str], duration_s: float
) -> WindowCounts:
    """The counts of a window's records, by service, level and these fields."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in (SERVICE, LEVEL, *fields)}
    tables = {name: CodeTable() for name in fields}
    records = 0
    for batch in batches:
        records += len(batch)
        counts[SERVICE][batch.service] += len(batch)
        for level, n in enumerate(np.bincount(batch.level, minlength=len(Level)).tolist()):
            counts[LEVEL][Level(level).name.lower()] += n
        for name, table in tables.items():
            codes = encode_column(batch, name, table)
            found = np.bincount(codes[codes >= 0], minlength=len(table.texts)).tolist()
            for text, n in zip(table.texts, found, strict=True):
                counts[name][decode_text(text)] += n
    return WindowCounts(records, duration_s, {name: +found for name, found in counts.items()})


def count_templates(found: LogTemplates, duration_s: float) -> WindowCounts:
    """The counts of a window's records by template."""
    counts = {template.id: template.n for template in found.templates}
    return WindowCounts(found.total, duration_s, {"template": counts})


def compare_windows(
    window: WindowCounts,
    baseline: WindowCounts,
    false_discovery_rate: float = 0.01,
    least_ratio: float = 2.0,
) -> tuple[WindowDifference, ...]:
    """The values whose frequency differs by the least ratio or more, the surest first."""
    found = [
        _compare(field, value, window, baseline)
        for field in sorted({*window.counts, *baseline.counts})
        for value in sorted({*window.counts.get(field, ()), *baseline.counts.get(field, ())})
    ]
    found.sort(key=lambda each: (-each.g, each.field, each.value))
    rates = adjust_p_values([each.p for each in found])
    return tuple(
        replace(each, q=rate)
        for each, rate in zip(found, rates, strict=True)
        if rate <= false_discovery_rate
        and (each.ratio >= least_ratio or each.ratio <= 1 / least_ratio)
    )


def _compare(
    field: str, value: str, window: WindowCounts, baseline: WindowCounts
) -> WindowDifference:
    records = window.counts.get(field, {}).get(value, 0)
    before = baseline.counts.get(field, {}).get(value, 0)
    g = find_g(records, window.records, before, baseline.records)
    old_rate = before / baseline.duration_s
    ratio = records / window.duration_s / old_rate if old_rate else inf
    p = erfc(sqrt(g / 2))
    return WindowDifference(
        field=field, value=value, records=records, before=before, ratio=ratio, g=g, p=p, q=p
    )


def find_g(some: int, of: int, others: int, of_others: int) -> float:
    """The G statistic of two shares, `some` in `of` and `others` in `of_others`."""
    total, both = of + of_others, some + others
    cells = (
        (some, of * both),
        (of - some, of * (total - both)),
        (others, of_others * both),
        (of_others - others, of_others * (total - both)),
    )
    g = 2 * sum(seen * log(seen * total / product) for seen, product in cells if seen)
    return max(g, 0.0)


def adjust_p_values(ascending: Sequence[float]) -> list[float]:
    """Of p values in ascending order the false discovery rates (Benjamini and Hochberg)."""
    rates, lowest = [], 1.0
    for rank in range(len(ascending), 0, -1):
        lowest = min(lowest, ascending[rank - 1] * len(ascending) / rank)
        rates.append(lowest)
    return rates[::-1]
