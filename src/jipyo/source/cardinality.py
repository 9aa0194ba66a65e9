"""What makes series many: how many each metric, label and label pair accounts for."""

from __future__ import annotations

from collections import Counter
from heapq import nsmallest
from typing import TYPE_CHECKING

from jipyo.model.result import Cardinality

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.result import Ranking


def count_cardinality(series: Iterable[Labels], limit: int) -> Cardinality:
    """Count series by metric, label and pair; every ranking keeps its `limit` greatest."""
    total = 0
    metrics: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for labels in series:
        total += 1
        metrics[labels.metric] += 1
        pairs.update(labels.pairs)
    value_bytes: Counter[str] = Counter()
    for name, value in pairs:
        value_bytes[name] += len(value.encode("utf-8", "surrogateescape"))
    return Cardinality(
        series=total,
        label_pairs=len(pairs),
        series_by_metric=_rank(metrics, limit),
        values_by_label=_rank(Counter(name for name, _ in pairs), limit),
        bytes_by_label=_rank(value_bytes, limit),
        series_by_pair=_rank(
            Counter({f"{n}={v}": count for (n, v), count in pairs.items()}), limit
        ),
    )


def add_cardinalities(counts: Sequence[Cardinality], limit: int) -> Cardinality:
    """The cardinalities of several sources together.

    What more than one source has (a label pair, a value) counts once for each.
    """

    def add(rankings: Iterable[Ranking]) -> Ranking:
        added: Counter[str] = Counter()
        for ranking in rankings:
            added.update(dict(ranking))
        return _rank(added, limit)

    return Cardinality(
        series=sum(one.series for one in counts),
        label_pairs=sum(one.label_pairs for one in counts),
        series_by_metric=add(one.series_by_metric for one in counts),
        values_by_label=add(one.values_by_label for one in counts),
        bytes_by_label=add(one.bytes_by_label for one in counts),
        series_by_pair=add(one.series_by_pair for one in counts),
    )


def _rank(counts: Counter[str], limit: int) -> Ranking:
    return tuple(nsmallest(limit, counts.items(), key=lambda item: (-item[1], item[0])))
