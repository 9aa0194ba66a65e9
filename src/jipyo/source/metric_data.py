"""A catalogue metric -> its series: for each target the first of its queries that has data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jipyo.catalogue import SERVER, Statistic
from jipyo.model.result import Matrix
from jipyo.source.combined import list_members
from jipyo.source.inventory import identify_host
from jipyo.source.narrow import keeps_label, list_values, narrow
from jipyo.source.recording import ask_for, unwrap
from jipyo.source.routing import SOURCE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from jipyo.catalogue import Metric, MetricQuery
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.result import QueryResult
    from jipyo.model.sample import Mask, Times, Values
    from jipyo.source.base import Source
    from jipyo.source.inventory import HostKey, Inventory

Indices = npt.NDArray[np.intp]
_ONE_DAY: Indices = np.zeros(1, np.intp)
_UNITS = ((3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms"))


@dataclass(frozen=True, slots=True)
class MetricData:
    """The series of a metric over a range, and the queries that answered.

    `matrix` has every step; an answer of NaN (a ratio or a quantile over nothing) counts
    as absent. `queries` has one entry a series.
    """

    metric: Metric
    matrix: Matrix
    queries: tuple[MetricQuery, ...]
    expressions: tuple[tuple[str, str], ...]
    """Exporter and PromQL of each query that gave a series."""
    warnings: tuple[str, ...] = ()
    n: Values | None = None
    """How many cases each value is a share of, shaped as the matrix, NaN where they are not
    counted; None for a metric that is no share of counted cases."""
    missing: tuple[JipyoError, ...] = ()
    """Why there may be more series or values than these, one error each."""
    estimated: bool = False
    """Whether counts are extrapolated, because the source has no anchored windows."""

    @property
    def exporters(self) -> tuple[str, ...]:
        """The exporter of each series."""
        return tuple(query.exporter for query in self.queries)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The series of one query, all of targets that no earlier query covers."""

    query: MetricQuery
    expression: str
    matrix: Matrix
    n: Values | None = None


@dataclass(frozen=True, slots=True)
class _Answers:
    answers: Sequence[_Answer]
    results: Sequence[QueryResult]
    """Of all queries with series of the metric, or with parts missing."""


def read_metric(
    source: Source,
    metric: Metric,
    start_ms: int,
    end_ms: int,
    step_ms: int,
    inventory: Inventory | None = None,
) -> MetricData:
    """Read a metric at `start + i * step` up to and including `end`.

    The rate window is the metric's own, or the step where that is longer, so that no
    time between two steps goes unseen. With an `inventory` of the source, queries that cannot
    have an answer are skipped, and a host that is collected twice is one.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    t_ms = np.arange(start_ms, end_ms + 1, step_ms, dtype=np.int64)
    window = choose_rate_window(metric, step_ms)
    read = _read_answers(source, metric, t_ms, window, inventory, None)
    counted = [
        replace(answer, n=_count_cases(source, metric, answer.query, window, answer.matrix))
        for answer in read.answers
    ]
    return _join_answers(metric, t_ms, replace(read, answers=counted), inventory)


def read_series(  # noqa: PLR0913 - what is read, and when
    source: Source,
    metric: Metric,
    t_ms: Times,
    step_ms: int,
    inventory: Inventory | None = None,
    only: Collection[Labels] | None = None,
    *,
    day_starts: Indices = _ONE_DAY,
) -> MetricData:
    """Read a metric, or only some of its series, without counting cases.

    Args:
        source: answers the queries.
        metric: what to read.
        t_ms: the steps.
        step_ms: how far they are apart.
        inventory: as for `read_metric`.
        only: the labels of the wanted series; the source is asked for no others, as far as
            a query can express that.
        day_starts: the first step of each day: which query answers for a target is decided day
            by day, so that days read together are what they are alone.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    window = choose_rate_window(metric, step_ms)
    read = _read_answers(source, metric, t_ms, window, inventory, only, day_starts=day_starts)
    data = _join_answers(metric, t_ms, read, inventory)
    if only is None:
        return data
    return pick_rows(data, [row for row, one in enumerate(data.matrix.series) if one in only])


def _read_answers(  # noqa: PLR0913 - as `read_series`
    source: Source,
    metric: Metric,
    t_ms: Times,
    window: str,
    inventory: Inventory | None,
    only: Collection[Labels] | None,
    *,
    day_starts: Indices = _ONE_DAY,
) -> _Answers:
    answers: list[_Answer] = []
    results: list[QueryResult] = []
    members = list_members(unwrap(source))
    lengths = np.diff(np.append(day_starts, len(t_ms)))
    covered = _Covered(len(lengths), len(members) <= 1)
    # Sorting is stable: fallbacks come last, all else keeps its order.
    for query in sorted(metric.queries, key=lambda query: query.fallback):
        is_alternative = query.fallback or not metric.labels
        if is_alternative and covered.is_everything(members):
            break
        expression = query.expression(window)
        if inventory is not None and not inventory.may_have_answer(expression):
            continue
        text = expression
        if only is not None:
            text = narrow_query(expression, query, only, inventory)
        result, matrix = _query_range(source, text, metric, query, t_ms)
        targets = [find_target(metric, labels) for labels in matrix.series]
        closed = [covered.find(target, is_alternative) for target in targets]
        by_day = np.logical_or.reduceat(matrix.present, day_starts, axis=1)
        for target, days in zip(targets, by_day, strict=True):
            covered.add(target, days)
        matrix = _leave_out(matrix, closed, lengths)
        if matrix.series or result.missing:
            results.append(result)
        if matrix.series:
            answers.append(_Answer(query, expression, matrix))
    return _Answers(answers, results)


def _leave_out(matrix: Matrix, closed: Sequence[Mask], lengths: Indices) -> Matrix:
    """Without the days of each series on which an earlier query answered for its target."""
    if not any(days.any() for days in closed):
        return matrix
    is_open = ~np.repeat(np.array(closed, bool), lengths, axis=1)
    present = matrix.present & is_open
    left = Matrix(matrix.series, matrix.t_ms, matrix.values, present)
    return _keep_rows(left, np.asarray(present.any(axis=1)))


def read_stepwise(
    source: Source,
    metric: Metric,
    t_ms: Times,
    step_ms: int,
    inventory: Inventory | None = None,
) -> MetricData:
    """Read a metric as if each step were read alone.

    `read_metric` decides for a range which query answers for a target, this for each step. Series
    that are only a mean of what the metric is about answer for their targets, and are left out.

    Raises:
        QueryError: an expression was rejected.
        SourceError: the source failed.
    """
    window = choose_rate_window(metric, step_ms)
    is_only = len(list_members(unwrap(source))) <= 1
    covered = _Covered(len(t_ms), is_only)
    rows: dict[Labels, tuple[MetricQuery, Values, Mask]] = {}
    results: list[QueryResult] = []
    for query in sorted(metric.queries, key=lambda query: query.fallback):
        expression = query.expression(window)
        if inventory is not None and not inventory.may_have_answer(expression):
            continue
        result, matrix = _query_range(source, expression, metric, query, t_ms)
        results.append(result)
        targets = [find_target(metric, labels) for labels in matrix.series]
        is_alternative = query.fallback or not metric.labels
        closed = [covered.find(target, is_alternative) for target in targets]
        for row, labels in enumerate(matrix.series):
            covered.add(targets[row], matrix.present[row])
            if query.statistic is Statistic.FULL:
                _fill_row(
                    rows, labels, query, matrix.values[row], matrix.present[row] & ~closed[row]
                )
    missing = tuple(dict.fromkeys(error for result in results for error in result.missing))
    data = _join_rows(metric, t_ms, rows, missing)
    return data if inventory is None else merge_same_hosts(data, inventory.hosts)


def _join_rows(
    metric: Metric,
    t_ms: Times,
    rows: Mapping[Labels, tuple[MetricQuery, Values, Mask]],
    missing: tuple[JipyoError, ...],
) -> MetricData:
    no_rows = np.empty((0, len(t_ms)))
    joined = Matrix(
        tuple(rows),
        t_ms,
        np.vstack([no_rows, *(values for _, values, _ in rows.values())]),
        np.vstack([no_rows > 0, *(present for _, _, present in rows.values())]),
    )
    queries = tuple(query for query, _, _ in rows.values())
    return MetricData(metric, joined, queries, expressions=(), missing=missing)


def _fill_row(
    rows: dict[Labels, tuple[MetricQuery, Values, Mask]],
    labels: Labels,
    query: MetricQuery,
    values: Values,
    present: Mask,
) -> None:
    """Add a series, or what it adds to one of the same labels."""
    if labels in rows:
        query, known, known_present = rows[labels]
        values = np.where(known_present, known, values)
        present = known_present | present
    if present.any():
        rows[labels] = query, values, present


class _Covered:
    """When earlier queries have answered, for each target and each source.

    Masks have the shape (stretches,): the steps or the days that are decided one by one.
    """

    def __init__(self, stretches: int, is_only: bool) -> None:
        self.never = np.zeros(stretches, bool)
        self.anywhere = self.never
        self.is_only = is_only
        """Whether there is one source alone."""
        self.by_target: dict[Target, Mask] = {}
        self.by_source: dict[str, Mask] = {}

    def find(self, target: Target, is_alternative: bool) -> Mask:
        """When a query has nothing to say about a target."""
        own = self.by_target.get(target, self.never)
        if not is_alternative:
            return own
        others = self.anywhere if self.is_only else self.by_source.get(target[0], self.never)
        mask: Mask = own | others
        return mask

    def add(self, target: Target, present: Mask) -> None:
        """A query has answered for a target."""
        self.anywhere = self.anywhere | present
        self.by_target[target] = self.by_target.get(target, self.never) | present
        self.by_source[target[0]] = self.by_source.get(target[0], self.never) | present

    def is_everything(self, members: Collection[str]) -> bool:
        """Whether alternatives have nothing left to say."""
        if self.is_only:
            return bool(self.anywhere.all())
        return all(self.by_source.get(name, self.never).all() for name in members)


def narrow_query(
    expression: str,
    query: MetricQuery,
    series: Collection[Labels],
    inventory: Inventory | None = None,
) -> str:
    """An expression of a query that gives these series, and others only where it must.

    Args:
        expression: the query's expression.
        query: knows the labels of its answer under other names.
        series: labels as `label_series` gives them.
        inventory: where one host has several names, all of them are asked for.
    """
    renamed: dict[str, list[str]] = {}
    for old, new in query.rename.items():
        renamed.setdefault(new, []).append(old)
    wanted: list[tuple[str, tuple[str, ...]]] = []
    hosts = {} if inventory is None else inventory.hosts
    own = {identify_host(labels) for labels in series}
    aliases = tuple(instance for (_, instance), host in hosts.items() if host in own)
    # Another source may fill the gaps of a host, so the source is no condition.
    for name, values in list_values([labels.drop((SERVER, SOURCE)) for labels in series]):
        others = aliases if name == "instance" else ()
        # A label that came under another name is like one that was there already.
        if name not in renamed:
            wanted.append((name, values + others))
        elif len(renamed[name]) == 1 and not keeps_label(expression, name):
            wanted.append((renamed[name][0], values + others))
    return narrow(expression, tuple(wanted))


def merge_same_hosts(data: MetricData, hosts: Mapping[HostKey, HostKey]) -> MetricData:
    """The series with those of one and the same host as one, so that a sum counts it once.

    Of several the one of the host itself stays, and the others fill its gaps. Targets
    (metrics by job) stay apart.
    """
    matrix = data.matrix
    if not hosts or data.metric.labels[:1] != ("instance",):
        return data
    dropped = () if "job" in data.metric.labels else ("job",)
    rows: dict[Labels, list[int]] = {}
    for row, labels in enumerate(matrix.series):
        host = identify_host(labels)
        of_source, instance = hosts.get(host, host)
        of_host = labels.drop(dropped).put({SOURCE: of_source, "instance": instance})
        rows.setdefault(of_host, []).append(row)
    if len(rows) == len(matrix.series):
        return data
    keep: list[int] = []
    values, present = matrix.values.copy(), matrix.present.copy()
    n = None if data.n is None else data.n.copy()
    for same in rows.values():
        first, *others = sorted(same, key=lambda row: identify_host(matrix.series[row]) in hosts)
        keep.append(first)
        for row in others:
            gaps = present[row] & ~present[first]
            values[first, gaps], present[first, gaps] = values[row, gaps], True
            if n is not None:
                n[first, gaps] = n[row, gaps]
    merged = Matrix(matrix.series, matrix.t_ms, values, present)
    return pick_rows(replace(data, matrix=merged, n=n), sorted(keep))


def pick_rows(data: MetricData, rows: Sequence[int]) -> MetricData:
    """The data with only some of its series, and the expressions that gave them."""
    matrix = data.matrix
    queries = [query for query, _ in groupby(data.queries)]
    left = [data.queries[row] for row in rows]
    return replace(
        data,
        matrix=Matrix(
            tuple(matrix.series[row] for row in rows),
            matrix.t_ms,
            matrix.values[rows],
            matrix.present[rows],
        ),
        queries=tuple(left),
        expressions=tuple(
            expression
            for query, expression in zip(queries, data.expressions, strict=True)
            if query in left
        ),
        n=None if data.n is None else data.n[rows],
    )


def choose_rate_window(metric: Metric, step_ms: int) -> str:
    """The duration that replaces `$w` at this step: `5m`."""
    ms = max(metric.window_ms, step_ms)
    size, unit = next((size, unit) for size, unit in _UNITS if ms % size == 0)
    return f"{ms // size}{unit}"


def label_series(labels: Labels, metric: Metric, query: MetricQuery) -> Labels:
    """An answer's labels under the catalogue's names.

    A label that exists already stays. Where the metric has the label `server`, it is the
    exporter of the query: two model servers never measure the same requests. A sum over all
    series has no labels.
    """
    moved = {
        new: labels[old] for old, new in query.rename.items() if old in labels and new not in labels
    }
    named = labels.drop(query.rename).put(moved) if moved else labels
    is_sum = not named.drop([SOURCE])
    return (
        named
        if is_sum or not query.names_server_of(metric)
        else named.put({SERVER: query.exporter})
    )


Target = tuple[str, str, str]


def find_target(metric: Metric, labels: Labels) -> Target:
    """What a series is from: its source, the metric's first label, and its server, if any."""
    first = labels.get(metric.labels[0], "") if metric.labels else ""
    server = labels.get(SERVER, "") if SERVER in metric.labels else ""
    return labels.get(SOURCE, ""), first, server


def _query_range(
    source: Source, expression: str, metric: Metric, query: MetricQuery, t_ms: Times
) -> tuple[QueryResult, Matrix]:
    """The answer to an expression, and its series that have any value, renamed."""
    step_ms = int(t_ms[1] - t_ms[0]) if len(t_ms) > 1 else 1
    asking = ask_for(source, metric.id, query.exporter)
    result = asking.range(expression, int(t_ms[0]), int(t_ms[-1]), step_ms)
    matrix = result.value
    assert isinstance(matrix, Matrix), "BUG: a range query is answered by a Matrix"
    series = tuple(label_series(labels, metric, query) for labels in matrix.series)
    present = matrix.present & ~np.isnan(matrix.values)
    matrix = Matrix(series, matrix.t_ms, matrix.values, present)
    return result, _keep_rows(matrix, np.asarray(present.any(axis=1)))


def _keep_rows(matrix: Matrix, rows: Mask) -> Matrix:
    series = tuple(labels for labels, keep in zip(matrix.series, rows, strict=True) if keep)
    return Matrix(series, matrix.t_ms, matrix.values[rows], matrix.present[rows])


def _count_cases(
    source: Source, metric: Metric, query: MetricQuery, window: str, matrix: Matrix
) -> Values:
    """How many cases each value is a share of, shaped as the matrix; NaN: not counted."""
    n = np.full(matrix.values.shape, np.nan)
    if query.total_promql is None:
        return n
    counting = replace(query, promql=query.total_promql)
    expression = counting.expression(window)
    _, cases = _query_range(source, expression, metric, query, matrix.t_ms)
    row_of = {labels: row for row, labels in enumerate(cases.series)}
    for row, labels in enumerate(matrix.series):
        if labels in row_of:
            counted = row_of[labels]
            n[row] = np.where(cases.present[counted], cases.values[counted], np.nan)
    return n


def _merge_same_series(answers: Sequence[_Answer]) -> list[_Answer]:
    """The answers with each series once: with the query that has most of its values.

    What other queries say of it on other days fills its gaps, unless one gives a mean only.
    """
    places: dict[Labels, list[tuple[int, int]]] = {}
    for at, answer in enumerate(answers):
        for row, labels in enumerate(answer.matrix.series):
            places.setdefault(labels, []).append((at, row))
    repeated = [same for same in places.values() if len(same) > 1]
    if not repeated:
        return list(answers)
    values = [answer.matrix.values.copy() for answer in answers]
    present = [answer.matrix.present.copy() for answer in answers]
    keep = [np.ones(len(answer.matrix.series), bool) for answer in answers]
    for same in repeated:
        first, row = max(same, key=lambda place: int(present[place[0]][place[1]].sum()))
        for at, other in same:
            if (at, other) == (first, row):
                continue
            keep[at][other] = False
            if answers[at].query.statistic is answers[first].query.statistic:
                gaps = present[at][other] & ~present[first][row]
                values[first][row, gaps] = values[at][other, gaps]
                present[first][row, gaps] = True
    merged = (
        replace(one, matrix=_keep_rows(Matrix(one.matrix.series, one.matrix.t_ms, v, p), rows))
        for one, v, p, rows in zip(answers, values, present, keep, strict=True)
    )
    return [one for one in merged if one.matrix.series]


def _join_answers(
    metric: Metric, t_ms: Times, read: _Answers, inventory: Inventory | None
) -> MetricData:
    no_rows = np.empty((0, len(t_ms)))
    answers, results = _merge_same_series(read.answers), read.results
    matrices = [answer.matrix for answer in answers]
    counts = [
        np.full(one.matrix.values.shape, np.nan) if one.n is None else one.n for one in answers
    ]
    data = MetricData(
        metric=metric,
        matrix=Matrix(
            series=tuple(labels for matrix in matrices for labels in matrix.series),
            t_ms=t_ms,
            values=np.concatenate([no_rows, *(matrix.values for matrix in matrices)]),
            present=np.concatenate([no_rows > 0, *(matrix.present for matrix in matrices)]),
        ),
        queries=tuple(answer.query for answer in answers for _ in answer.matrix.series),
        expressions=tuple((answer.query.exporter, answer.expression) for answer in answers),
        warnings=tuple(dict.fromkeys(text for result in results for text in result.warnings)),
        n=np.concatenate([no_rows, *counts]) if metric.has_total else None,
        missing=tuple(dict.fromkeys(text for result in results for text in result.missing)),
        estimated=any(result.estimated for result in results),
    )
    return data if inventory is None else merge_same_hosts(data, inventory.hosts)
