"""A range query in pieces of time: split, asked one after another, joined exactly.

Each piece is evaluated at its own steps, which are those of the whole range; so the joined
matrix is the one that a single answer would have been.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.errors import JipyoError, NetError, QueryError, QueryErrorKind, SourceError
from jipyo.model.result import Matrix, QueryResult, QueryStats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times

_DEEPEST = 5
"""How often a piece is halved because its answer is too large: to a 32nd."""
_DEEPEST_SLOW = 2
"""The same where the server ran out of time, which costs as much again each time."""
_TOO_LARGE = (
    "too many samples",
    "exceeded maximum resolution",
    "too many points",
    "more than -search.max",
    "would exceed",
    "exceeds the limit",
    "limit exceeded",
    "err-mimir-max",
)
"""Words of servers whose limits a shorter range may keep (Prometheus: promql/engine.go;
VictoriaMetrics: app/vmselect/promql; Mimir: pkg/util/globalerror)."""


@dataclass(slots=True)
class _Run:
    """The pieces of one query that were answered, and those that are missing."""

    source: str
    ask: Callable[[Times], QueryResult]
    answers: list[QueryResult] = field(default_factory=list)
    missing: list[tuple[Times, JipyoError]] = field(default_factory=list)
    is_lost: bool = False
    """Whether the source failed: what is left is not asked."""

    def read(self, t_ms: Times, depth: int = 0) -> None:
        """Ask for these steps, in halves where they are too many."""
        if self.is_lost:
            self.missing.append((t_ms, self.missing[-1][1]))
            return
        try:
            self.answers.append(self.ask(t_ms))
        except (QueryError, SourceError) as error:
            deepest = _find_deepest_split(error)
            if deepest is None:
                raise
            if depth < deepest and len(t_ms) > 1:
                middle = len(t_ms) // 2
                self.read(t_ms[:middle], depth + 1)
                self.read(t_ms[middle:], depth + 1)
                return
            self.missing.append((t_ms, error))
            # A limit that the first and smallest part does not keep depends on no range.
            self.is_lost = deepest == 0 or not self.answers


def read_pieces(
    source: str, ask: Callable[[Times], QueryResult], t_ms: Times, max_points: int
) -> QueryResult:
    """The answer to a range query as one Matrix, ordered by labels.

    Args:
        source: the name of the source, for what is missing.
        ask: the answer of the server at these steps.
        t_ms: all steps of the query, at least one.
        max_points: how many of them the server accepts at once.

    Raises:
        QueryError: the query itself was rejected or cancelled.
        SourceError: no piece could be read.
    """
    run = _Run(source, ask)
    for first in range(0, len(t_ms), max_points):
        run.read(t_ms[first : first + max_points])
    if not run.answers:
        raise run.missing[0][1]
    return _join(source, t_ms, run.answers, run.missing)


def _find_deepest_split(error: JipyoError) -> int | None:
    """How often the piece may be halved after an error; None where it concerns the whole query."""
    if isinstance(error, SourceError):
        problem = error.values.get("problem")
        return _DEEPEST if isinstance(problem, NetError) and is_too_large(problem) else 0
    assert isinstance(error, QueryError)
    if error.kind in (QueryErrorKind.TIMEOUT, QueryErrorKind.UNAVAILABLE):
        return _DEEPEST_SLOW
    if error.kind is QueryErrorKind.CANCELED:
        return None
    return _DEEPEST if any(words in error.message for words in _TOO_LARGE) else None


def is_too_large(problem: NetError) -> bool:
    """Whether an answer was larger than we or something before the server accept."""
    return problem.key == "net.too_large" or problem.values.get("status") == 413


def _join(
    source: str,
    t_ms: Times,
    answers: Sequence[QueryResult],
    missing: Sequence[tuple[Times, JipyoError]],
) -> QueryResult:
    matrices = [answer.value for answer in answers if isinstance(answer.value, Matrix)]
    series = sorted({labels for matrix in matrices for labels in matrix.series})
    row_of: dict[Labels, int] = {labels: row for row, labels in enumerate(series)}
    values = np.zeros((len(series), len(t_ms)))
    present = np.zeros(values.shape, np.bool_)
    for matrix in matrices:
        if not len(matrix.t_ms):
            continue
        first = int(np.searchsorted(t_ms, matrix.t_ms[0]))
        rows = np.array([row_of[labels] for labels in matrix.series], np.intp)
        values[rows, first : first + len(matrix.t_ms)] = matrix.values
        present[rows, first : first + len(matrix.t_ms)] = matrix.present
    return QueryResult(
        Matrix(tuple(series), t_ms, values, present),
        tuple(dict.fromkeys(text for answer in answers for text in answer.warnings)),
        tuple(dict.fromkeys(text for answer in answers for text in answer.infos)),
        QueryStats(
            samples=sum(answer.stats.samples for answer in answers),
            series=max(answer.stats.series for answer in answers),
            seconds=sum(answer.stats.seconds for answer in answers),
            bytes=sum(answer.stats.bytes for answer in answers),
        ),
        tuple(dict.fromkeys(error for answer in answers for error in answer.missing))
        + tuple(_name_gap(source, steps, error) for steps, error in missing),
    )


def format_moment(t_ms: int) -> str:
    """A moment as errors name it, in UTC.

    >>> format_moment(1_793_500_000_000)
    '2026-11-01 02:26:40Z'
    """
    return datetime.fromtimestamp(t_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _name_gap(source: str, t_ms: Times, error: JipyoError) -> SourceError:
    start, end = format_moment(int(t_ms[0])), format_moment(int(t_ms[-1]))
    return SourceError("source.gap", source=source, start=start, end=end, problem=error)
