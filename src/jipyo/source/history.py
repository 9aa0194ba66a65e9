"""Raw samples of a source, in answers of bounded size: history to be copied.

One way serves every server: an instant query of `selector[range]`. How much is asked for at a
time follows from the answers: fewer metrics where one was too large, then less time.

Prometheus leaves stale markers out of `[range]`. Where a series has no sample for longer than
the lookback, one is put an interval after its last sample, where Prometheus has put its own;
otherwise the series would seem to live for another lookback. VictoriaMetrics shows markers, as
NaN, and stores no other NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jipyo.model.errors import MalformedBody, NetError, QueryError, QueryErrorKind, SourceError
from jipyo.model.labels import METRIC_NAME
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.result import RawMatrix, Vector
from jipyo.model.sample import STALE_NAN, SeriesBlock
from jipyo.promql.syntax.printer import format_matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.result import QueryResult
    from jipyo.model.sample import Times
    from jipyo.model.store import Selector
    from jipyo.source.base import Source

LOOKBACK_MS = 300_000
"""How long a series without samples seems to live, at Prometheus and here."""
OVERLAP_MS = 2 * LOOKBACK_MS
"""How much before a window is read again, to see which series do not go on in it."""
SAMPLES = 250_000
"""In one answer, as far as can be foreseen: some 60 MB of memory while it is decoded."""
_MAX_NAMES = 200
_FIRST_NAMES = 4
_SHORTEST_MS = 60_000
_TIMEOUTS = 3
"""So many in a row are no matter of size: the server does not answer."""
_SIZE_KINDS = frozenset({QueryErrorKind.EXECUTION, QueryErrorKind.TIMEOUT, QueryErrorKind.INTERNAL})
_SIZE_STATUS = frozenset({413, 422, 504})
_SPECIAL = frozenset("\\.+*?()|[]{}^$")


class HistoryWindow(NamedTuple):
    """A stretch of time, (start, end], in milliseconds UTC."""

    start_ms: int
    end_ms: int

    def halves(self) -> tuple[HistoryWindow, HistoryWindow]:
        """The earlier and the later half."""
        middle = (self.start_ms + self.end_ms) // 2
        return HistoryWindow(self.start_ms, middle), HistoryWindow(middle, self.end_ms)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some samples, and how many of the metrics asked for are complete with them."""

    blocks: tuple[SeriesBlock, ...]
    done: int


@dataclass(frozen=True, slots=True)
class SeriesTotals:
    """Count and sum of a series' samples; stale markers are none."""

    count: int
    sum: float


def shows_markers(source: Source, t_ms: int) -> bool:
    """Whether the NaN that a source shows in `[range]` are stale markers.

    A source that leaves NaN out of its answers stores none; only markers are left to be seen.

    Raises:
        SourceError: it does not answer.
    """
    answer = source.instant("vector(NaN)", t_ms).value
    assert isinstance(answer, Vector), "BUG: a vector is a vector"
    return not answer.series


def select_metrics(names: Sequence[str], selector: Selector) -> str:
    """The selector, narrowed to metrics of these names, as text."""
    # Each character on its own: names may be any text since Prometheus 3.
    escaped = ("".join(f"\\{one}" if one in _SPECIAL else one for one in name) for name in names)
    pattern = "|".join(escaped)
    matchers = [
        Matcher(METRIC_NAME, MatchOp.RE, pattern)
        if len(names) > 1
        else Matcher(METRIC_NAME, MatchOp.EQ, names[0]),
        *(matcher for matcher in selector if matcher.name != METRIC_NAME),
    ]
    return format_selector(matchers)


def format_selector(selector: Sequence[Matcher]) -> str:
    """The selector as text that every server of the family can parse."""
    inside = ",".join(format_matcher(matcher, unquoted_utf8=False) for matcher in selector)
    return f"{{{inside}}}"


class History:
    """Reads the samples of metrics; learns how much can be asked for at a time."""

    def __init__(self, source: Source, shows_markers: bool, samples: int = SAMPLES) -> None:
        """Nothing is asked yet; see `shows_markers`."""
        self._source = source
        self._shows_markers = shows_markers
        self._samples = samples
        self._names = _FIRST_NAMES
        self._spans_ms: dict[str, int] = {}
        """Of metrics of which a whole window is too large: how much of it is not."""
        self._timeouts = 0

    def read(
        self, selector: Selector, names: Sequence[str], window: HistoryWindow, first_ms: int
    ) -> Iterator[Piece]:
        """The samples of these metrics in a window, some metrics at a time.

        Args:
            selector: what else must match.
            names: of metrics that it matches, in the order in which they are read. One whose
                answer cannot be read (native histograms) is left out, for `total` to report.
            window: of the samples; stale markers may lie up to a lookback before it.
            first_ms: the start of all that is copied: series that ended before it get no marker.

        Raises:
            QueryError: the source rejects even a minute of one metric.
            SourceError: it failed.
        """
        at = 0
        while at < len(names):
            batch = names[at : at + self._names]
            # One of which a whole window is too large comes alone.
            large = next((n for n, name in enumerate(batch) if name in self._spans_ms), None)
            batch = batch if large is None else batch[: max(1, large)]
            blocks: tuple[SeriesBlock, ...] = ()
            try:
                if large == 0:
                    for part in self._read_by_time(batch[0], selector, window, first_ms):
                        yield Piece(part, at)
                else:
                    blocks = self._read_blocks(select_metrics(batch, selector), window, first_ms)
                    samples = sum(block.values.size for block in blocks)
                    growth = min(4.0, self._samples / max(samples, 1))
                    self._names = max(1, min(_MAX_NAMES, int(len(batch) * growth)))
                    if len(batch) == 1 and growth < 0.5:
                        self._spans_ms[batch[0]] = (window.end_ms - window.start_ms) // 2
            except (_TooLargeError, _UnreadableError) as error:
                if len(batch) > 1:
                    self._names = len(batch) // 2
                    continue
                if isinstance(error, _TooLargeError):
                    self._spans_ms[batch[0]] = (window.end_ms - window.start_ms) // 2
                    continue
                # `total` raises the reason.
            at += len(batch)
            yield Piece(blocks, at)

    def total(self, selector: str, window: HistoryWindow) -> dict[Labels, SeriesTotals]:
        """Count and sum of the samples of each series of one metric, by labels without its name.

        Raises:
            QueryError: the source rejects even a minute of it.
            SourceError: it failed; where `is_unreadable` holds, on this metric only.
        """
        totals: dict[Labels, SeriesTotals] = {}
        for values in self._split(window, lambda part: self._ask_totals(selector, part)):
            for labels, (count, total) in values.items():
                known = totals.get(labels, SeriesTotals(0, 0.0))
                totals[labels] = SeriesTotals(known.count + int(count), known.sum + total)
        return totals

    def _read_by_time(
        self, name: str, selector: Selector, window: HistoryWindow, first_ms: int
    ) -> Iterator[tuple[SeriesBlock, ...]]:
        """One metric of which the window is too large, piece by piece."""
        text = select_metrics([name], selector)
        start_ms = window.start_ms
        while start_ms < window.end_ms:
            span_ms = self._spans_ms[name]
            part = HistoryWindow(start_ms, min(start_ms + span_ms, window.end_ms))
            try:
                blocks = self._read_blocks(text, part, first_ms)
            except _TooLargeError as error:
                if span_ms < 2 * _SHORTEST_MS:
                    raise error.problem from error
                self._spans_ms[name] = span_ms // 2
                continue
            start_ms = part.end_ms
            yield blocks

    def _read_blocks(
        self, selector: str, window: HistoryWindow, first_ms: int
    ) -> tuple[SeriesBlock, ...]:
        before_ms = 0 if self._shows_markers else OVERLAP_MS
        wide = HistoryWindow(window.start_ms - before_ms, window.end_ms)
        raw = self._ask(f"{selector}{_format_range(wide)}", window.end_ms).value
        assert isinstance(raw, RawMatrix), "BUG: a range is answered by raw samples"
        if self._shows_markers:
            stale = np.array([STALE_NAN])
            return tuple(
                replace(block, values=np.where(np.isnan(block.values), stale, block.values))
                for block in raw.blocks
            )
        ended = (end_series(block, window, first_ms) for block in raw.blocks)
        return tuple(block for block in ended if len(block.t_ms))

    def _ask_totals(
        self, selector: str, window: HistoryWindow
    ) -> dict[Labels, tuple[float, float]]:
        span = _format_range(window)
        counts, sums = (
            self._ask(f"{name}_over_time({selector}{span})", window.end_ms).value
            for name in ("count", "sum")
        )
        assert isinstance(counts, Vector), "BUG: counts are a vector"
        assert isinstance(sums, Vector), "BUG: sums are a vector"
        sum_of = dict(zip(sums.series, sums.values.tolist(), strict=True))
        return {
            labels: (count, sum_of.get(labels, float("nan")))
            for labels, count in zip(counts.series, counts.values.tolist(), strict=True)
        }

    def _split(
        self,
        window: HistoryWindow,
        ask: Callable[[HistoryWindow], dict[Labels, tuple[float, float]]],
    ) -> Iterator[dict[Labels, tuple[float, float]]]:
        """The answers for a window, in halves where one is too large."""
        left = [window]
        while left:
            part = left.pop()
            try:
                yield ask(part)
            except _TooLargeError as error:
                if part.end_ms - part.start_ms < 2 * _SHORTEST_MS:
                    raise error.problem from error
                left += reversed(part.halves())
            except _UnreadableError as error:
                raise error.problem from error

    def _ask(self, promql: str, t_ms: int) -> QueryResult:
        try:
            result = self._source.instant(promql, t_ms)
        except (QueryError, SourceError) as error:
            is_timeout = isinstance(error, SourceError) and _find_problem(error) == "net.timeout"
            self._timeouts = self._timeouts + 1 if is_timeout else 0
            if isinstance(error, SourceError) and is_unreadable(error):
                raise _UnreadableError(error) from error
            if self._timeouts < _TIMEOUTS and _may_be_size(error):
                raise _TooLargeError(error) from error
            raise
        self._timeouts = 0
        if result.missing:
            raise result.missing[0]
        return result


def _format_range(window: HistoryWindow) -> str:
    return f"[{window.end_ms - window.start_ms}ms]"


class _TooLargeError(Exception):
    """The source may answer if it is asked for less."""

    def __init__(self, problem: QueryError | SourceError) -> None:
        super().__init__(problem)
        self.problem = problem


class _UnreadableError(Exception):
    """One of the metrics has an answer that cannot be read."""

    def __init__(self, problem: SourceError) -> None:
        super().__init__(problem)
        self.problem = problem


def is_unreadable(error: SourceError) -> bool:
    """Whether the source answered, but not in what values can be read from."""
    return isinstance(error.values.get("problem"), MalformedBody)


def _find_problem(error: SourceError) -> str:
    """The key of what failed underneath; empty where it is unknown."""
    problem = error.values.get("problem")
    return problem.key if isinstance(problem, NetError) else ""


def _may_be_size(error: QueryError | SourceError) -> bool:
    """Whether less may succeed: too many samples, too large an answer, too long a query."""
    if isinstance(error, QueryError):
        return error.kind in _SIZE_KINDS
    problem = error.values.get("problem")
    if isinstance(problem, NetError) and problem.key == "net.http_status":
        return problem.values.get("status") in _SIZE_STATUS
    return _find_problem(error) in {"net.timeout", "net.too_large"}


def end_series(block: SeriesBlock, window: HistoryWindow, first_ms: int) -> SeriesBlock:
    """The samples of a window, with a stale marker where its series end.

    Args:
        block: samples of the window and of `OVERLAP_MS` before it.
        window: only samples in it are returned; markers may lie before it.
        first_ms: a series whose last sample is not after it gets no marker.
    """
    t_ms = block.t_ms
    markers = _find_ends(t_ms, window, first_ms)
    inside = t_ms > window.start_ms
    if not len(markers):
        return SeriesBlock(block.series, t_ms[inside], block.values[:, inside])
    ends = np.full((len(block.series), len(markers)), np.uint64(0)).view(np.float64)
    ends[:] = np.array([STALE_NAN])
    times = np.concatenate((t_ms[inside], markers))
    order = np.argsort(times, kind="stable")
    values = np.concatenate((block.values[:, inside], ends), axis=1)
    return SeriesBlock(block.series, times[order], values[:, order])


def _find_ends(t_ms: Times, window: HistoryWindow, first_ms: int) -> Times:
    """The moments at which the stale markers of a series belong."""
    if len(t_ms) < 2:
        return np.empty(0, np.int64)  # an interval is between two samples
    gaps = np.diff(t_ms)
    interval_ms = int(np.median(gaps))
    longest_ms = max(LOOKBACK_MS, 2 * interval_ms)
    # What lies after the window is unknown, so the last gap ends with it.
    ended = np.append(gaps, window.end_ms - t_ms[-1]) > longest_ms
    # The window before has seen the ends that it could see.
    ended &= (t_ms + longest_ms > window.start_ms) & (t_ms > first_ms)
    return t_ms[ended] + interval_ms
