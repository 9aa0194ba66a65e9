"""Several sources as one: the embedded one and any number by URL, each with all it has."""

from __future__ import annotations

import itertools
import threading
from concurrent import futures
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from jipyo.model.errors import QueryError, QueryErrorKind, SourceError
from jipyo.model.result import (
    Cardinality,
    Matrix,
    QueryResult,
    QueryStats,
    RawMatrix,
    Vector,
    sort_latest,
)
from jipyo.promql import parse_cached
from jipyo.promql.syntax.signatures import ValueType
from jipyo.source.cardinality import add_cardinalities
from jipyo.source.prune import may_have_answer
from jipyo.source.routing import SOURCE, has_selector, label_remote, route_expression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.result import LatestSamples, Value
    from jipyo.model.sample import MetricMetadata
    from jipyo.source.base import Source
    from jipyo.source.remote import Holdings, Remote
    from jipyo.source.via import Via

_T = TypeVar("_T")
_POLL_S = 0.05
_RANKED = 10
_EXPORTED = f"exported_{SOURCE}"
_LISTS_ITSELF = "this jipyo is listed among its own sources"


@dataclass(frozen=True, slots=True)
class CombinedSource:
    """The embedded source and any number of remote ones.

    Each member answers the whole expression, and the series of all stand side by side: nothing
    is added up or joined across members. Series of a remote one have its name as the label
    `source`; a matcher for it selects the member. What a member cannot answer is in `missing`;
    where none can, the error is raised. Members that cannot have an answer, by the names of
    their metrics, are not asked.
    """

    local: Source | None
    remotes: tuple[Remote, ...]
    lane: str = ""
    """Queries of different lanes do not wait for one another."""
    own_id: Via = ()
    """Of this jipyo, which other ones send back to it where they list it as a source."""
    cancelled: threading.Event | None = None
    lookback_ms: int | None = None
    via: Via = ()
    list_gaps: list[JipyoError] = field(default_factory=list, compare=False)
    """What the last list is without, though its member answers."""

    def bind(
        self, cancelled: threading.Event, lookback_ms: int | None = None, via: Via = ()
    ) -> CombinedSource:
        """The same members, whose queries are abandoned once the event is set."""
        local = None if self.local is None else self.local.bind(cancelled, lookback_ms)
        return replace(
            self,
            local=local,
            cancelled=cancelled,
            lookback_ms=lookback_ms,
            via=via,
            list_gaps=[],
        )

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        """The value at one moment."""
        return self._query(
            expr,
            t_ms,
            lambda source, text: source.instant(text, t_ms),
            lambda: build_empty(expr, t_ms),
        )

    def range(self, expr: str, start_ms: int, end_ms: int, step_ms: int) -> QueryResult:
        """The values at `start + i * step` up to and including `end`."""
        return self._query(
            expr,
            end_ms,
            lambda source, text: source.range(text, start_ms, end_ms, step_ms),
            lambda: build_empty_range(start_ms, end_ms, step_ms),
        )

    def newest(self, match: Sequence[str], t_ms: int) -> LatestSamples:
        """The newest sample of each matching series that has not ended."""
        answers = self._list(match, lambda source, texts: source.newest(texts, t_ms))
        samples: dict[Labels, tuple[int, float]] = {}
        for name, newest in answers:
            rows = zip(newest.t_ms.tolist(), newest.values.tolist(), strict=True)
            for labels, sample in zip(_label_all(newest.series, name), rows, strict=True):
                samples.setdefault(labels, sample)
        return sort_latest(samples)

    def series(
        self, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> Iterator[Labels]:
        """The series that any of the selectors matches, one by one, member by member."""

        def read(source: Source, texts: Sequence[str]) -> Iterator[Labels]:
            found = source.series(texts, start_ms, end_ms, limit)
            return found if source is self.local else iter(tuple(found))

        answers = self._list(match, read)
        every = (labels for name, found in answers for labels in _label_all(found, name))
        return itertools.islice(dict.fromkeys(every), limit) if limit else iter(every)

    def label_names(
        self, match: Sequence[str], start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[str]:
        """The label names of those series, sorted; with `source` where a remote one has any."""
        names: set[str] = set()
        for name, found in self._list(
            match, lambda source, texts: source.label_names(texts, start_ms, end_ms, limit)
        ):
            names.update(found)
            if name and found:
                names.update((SOURCE, *((_EXPORTED,) if SOURCE in found else ())))
        return sorted(names)[:limit]

    def label_values(
        self,
        name: str,
        match: Sequence[str],
        start_ms: int,
        end_ms: int,
        limit: int | None = None,
    ) -> list[str]:
        """The values of one label among those series, sorted."""

        def read(source: Source, texts: Sequence[str]) -> list[str]:
            if source is self.local or name not in (SOURCE, _EXPORTED):
                return source.label_values(name, texts, start_ms, end_ms, limit)
            if name == SOURCE:  # of a remote member its name, where it has any such series
                return list(itertools.islice(source.label_names(texts, start_ms, end_ms, 1), 1))
            return source.label_values(SOURCE, texts, start_ms, end_ms, limit)

        values: set[str] = set()
        for member, found in self._list(match, read):
            values.update([member] if member and found and name == SOURCE else found)
        return sorted(values)[:limit]

    def metric_names(self, t_ms: int) -> frozenset[str]:
        """The names of all metrics; those of a remote member as last looked up."""
        answers = self._list(
            (), lambda source, _: source.metric_names(t_ms), recall=lambda known: known.names
        )
        return frozenset().union(*(names for _, names in answers))

    def metadata(self, metric: str | None = None) -> list[MetricMetadata]:
        """Type, help and unit of one metric, or of all; each once."""
        answers = self._list((), lambda source, _: source.metadata(metric))
        return list(dict.fromkeys(row for _, found in answers for row in found))

    def cardinality(self, t_ms: int, limit: int) -> Cardinality:
        """How many series all members have; labels of several members are added up."""
        # What is not among the greatest of a member may be of all together.
        more = _RANKED * limit
        answers = self._list((), lambda source, _: source.cardinality(t_ms, more))
        return add_cardinalities([found for _, found in answers], limit)

    def find_missing(self) -> tuple[JipyoError, ...]:
        """The members that do not answer at the moment, or not with all that there is up to now."""
        local = () if self.local is None else self.local.find_missing()
        problems = filter(None, (remote.find_problem() for remote in self.remotes))
        return tuple(dict.fromkeys((*local, *problems, *self.list_gaps)))

    def _query(
        self,
        expr: str,
        end_ms: int,
        ask: Callable[[Source, str], QueryResult],
        make_empty: Callable[[], Value],
    ) -> QueryResult:
        """What the members answer; empty where no other can have an answer than those that fail."""
        is_constant = not has_selector(expr)
        if is_constant and self.local is not None:
            return ask(self.local, expr)
        found = self._gather((expr,), lambda source, texts: ask(source, texts[0]))
        if not found.answers:
            return QueryResult(make_empty(), missing=found.errors)
        if is_constant:  # every member has the same answer
            return found.answers[0][1]
        answering = {name for name, _ in found.answers}
        stale = [
            remote.find_staleness(end_ms) for remote in self.remotes if remote.name in answering
        ]
        return join_results(found.answers, (*found.errors, *filter(None, stale)))

    def _list(
        self,
        match: Sequence[str],
        ask: Callable[[Source, Sequence[str]], _T],
        recall: Callable[[Holdings], _T] | None = None,
    ) -> tuple[tuple[str, _T], ...]:
        """What each member has; `find_missing` has what that is without."""
        found = self._gather(
            tuple(match),
            lambda source, texts: (ask(source, texts), source.find_missing()),
            recall and (lambda known: (recall(known), known.missing)),
        )
        rejections = (error for error in found.errors if error.key == "source.rejected")
        gaps = (error for _, (_, missing) in found.answers for error in missing)
        self.list_gaps[:] = [*rejections, *gaps]
        return tuple((name, answer) for name, (answer, _) in found.answers)

    def _gather(
        self,
        texts: tuple[str, ...],
        ask: Callable[[Source, Sequence[str]], _T],
        recall: Callable[[Holdings], _T] | None = None,
    ) -> _Gathered[_T]:
        """Ask all members at the same time, the remote ones for what is meant for them.

        Args:
            texts: expressions or selectors.
            ask: the answer of a member to those of the texts that it can have an answer to.
            recall: the answer of a remote one that is already known to have it.

        Raises:
            QueryError: cancelled, or no member answers and one rejected the query.
            SourceError: all members failed.
        """
        if set(self.own_id) & set(self.via):
            if self.via == self.own_id:
                raise QueryError(QueryErrorKind.EXECUTION, _LISTS_ITSELF)
            return _Gathered((), ())
        errors: list[JipyoError] = []
        waiting: list[tuple[Remote, _PendingAnswer[_T]]] = []
        for remote in self.remotes:
            abandoned = threading.Event()
            bound = remote.source.bind(abandoned, self.lookback_ms, (*self.via, *self.own_id))
            # What is looked up is for all callers, so it depends on none of them.
            looking = remote.source.bind(abandoned, None, self.own_id)
            look_up = partial(remote.look_up, looking, wait=not self.via)
            task = _Task(remote, bound, look_up, texts, ask, recall)
            if task.is_pointless():
                continue
            failure = remote.find_failure(wait=True)
            if failure is None:
                waiting.append((remote, _PendingAnswer(remote.submit(task, self.lane), abandoned)))
            else:
                errors.append(failure)
        answers: list[tuple[str, _T]] = []
        for name, answer in self._collect(texts, ask, waiting, errors):
            answers.append((name, answer))
        if errors and not answers:
            causes = (error.__cause__ or error for error in errors)
            rejection = next((cause for cause in causes if isinstance(cause, QueryError)), None)
            if rejection or len(errors) == len(self.remotes) + (self.local is not None):
                raise rejection or sum_up_failures(errors)
        return _Gathered(tuple(answers), tuple(errors))

    def _collect(
        self,
        texts: tuple[str, ...],
        ask: Callable[[Source, Sequence[str]], _T],
        waiting: Sequence[tuple[Remote, _PendingAnswer[_T]]],
        errors: list[JipyoError],
    ) -> Iterator[tuple[str, _T]]:
        """The members' answers; their errors go to `errors`."""
        if self.local is not None:
            try:
                yield "", ask(self.local, texts)
            except (QueryError, SourceError) as error:
                note_error("", error, errors)
        try:
            for remote, pending in waiting:
                try:
                    answer = self._wait(remote, pending.future)
                except (QueryError, SourceError) as error:
                    note_error(remote.name, error, errors)
                else:
                    if answer is not None:
                        yield remote.name, answer
        finally:  # an abandoned query frees its thread and its connection
            for _, pending in waiting:
                pending.abandoned.set()

    def _wait(self, remote: Remote, future: futures.Future[_T | None]) -> _T | None:
        """The answer of a member, unless it turns out to hang, or the caller has left."""
        waited_ms = 0.0
        while not futures.wait([future], _POLL_S).done:
            if self.cancelled is not None and self.cancelled.is_set():
                raise QueryError(QueryErrorKind.CANCELED, "query was canceled")
            waited_ms += _POLL_S * 1000
            if waited_ms >= remote.options.slow_ms:
                remote.check_in_background()
            failure = remote.find_failure()
            if failure is not None:
                raise failure
        return future.result()


@dataclass(frozen=True, slots=True)
class _Gathered(Generic[_T]):
    """What the members answered, by name (``""`` is the local one), and why others did not."""

    answers: tuple[tuple[str, _T], ...]
    errors: tuple[JipyoError, ...]


@dataclass(frozen=True, slots=True)
class _PendingAnswer(Generic[_T]):
    """An answer that is on its way, and the event that abandons it."""

    future: futures.Future[_T | None]
    abandoned: threading.Event


@dataclass(frozen=True, slots=True)
class _Task(Generic[_T]):
    """What one remote member is asked, on a thread of its pool."""

    remote: Remote
    source: Source
    look_up: Callable[[], None]
    texts: tuple[str, ...]
    ask: Callable[[Source, Sequence[str]], _T]
    recall: Callable[[Holdings], _T] | None = None

    def __call__(self) -> _T | None:
        """The answer; None where the names of the member's metrics show that there is none."""
        if self.remote.needs_lookup():
            self.look_up()
        if self.recall is not None and self.remote.holdings is not None:
            return self.recall(self.remote.holdings)
        possible = self._list_possible()
        return self.ask(self.source, possible) if possible or not self.texts else None

    def is_pointless(self) -> bool:
        """Whether the member is known to have no answer."""
        if self.remote.needs_lookup() and self.remote.find_failure() is None:
            return False
        return bool(self.texts) and not self._list_possible()

    def _list_possible(self) -> list[str]:
        """The expressions as the member takes them, without those that have no answer there."""
        holdings = self.remote.holdings
        names = None if holdings is None or holdings.missing else holdings.names
        routed = (route_expression(text, self.remote.name) for text in self.texts)
        return [text for text in routed if may_have_answer(text, names)]


def list_members(source: Source) -> frozenset[str]:
    """The values of the label `source` that a source's series can have; empty without it."""
    if not isinstance(source, CombinedSource):
        return frozenset({""})
    local = () if source.local is None else ("",)
    return frozenset({*local, *(remote.name for remote in source.remotes)})


def list_remotes(source: Source) -> tuple[Remote, ...]:
    """The servers by URL that a source has."""
    return source.remotes if isinstance(source, CombinedSource) else ()


def note_error(name: str, error: QueryError | SourceError, errors: list[JipyoError]) -> None:
    """Add why a member (`""` is the local one) is missing.

    Raises:
        QueryError: it is that the caller has left.
    """
    if isinstance(error, QueryError):
        if error.kind is QueryErrorKind.CANCELED:
            raise error
        if name:
            rejected = SourceError("source.rejected", source=name, reason=error)
            rejected.__cause__ = error
            errors.append(rejected)
            return
    errors.append(error)


def sum_up_failures(errors: Sequence[JipyoError]) -> JipyoError:
    """Why no member answers, as one error: the first, and whose others there are."""
    first = errors[0]
    if len(errors) == 1:
        return first
    names = ", ".join(str(error.values.get("source", "")) for error in errors)
    return SourceError("source.all_missing", n=len(errors), names=names, reason=first)


def join_results(
    answers: Sequence[tuple[str, QueryResult]], missing: Sequence[JipyoError]
) -> QueryResult:
    """The answers of several members side by side, the local one (name ```""``) first.

    Warnings of a remote one begin with its name.
    """
    results = [result for _, result in answers]
    own = (error for result in results for error in result.missing)
    return QueryResult(
        join_values([(name, result.value) for name, result in answers]),
        warnings=_join_notes((name, result.warnings) for name, result in answers),
        infos=_join_notes((name, result.infos) for name, result in answers),
        stats=QueryStats(
            samples=sum(result.stats.samples for result in results),
            series=sum(result.stats.series for result in results),
            seconds=max((result.stats.seconds for result in results), default=0.0),
            bytes=sum(result.stats.bytes for result in results),
        ),
        missing=tuple(dict.fromkeys((*missing, *own))),
        estimated=any(result.estimated and has_series(result.value) for result in results),
    )


def join_values(values: Sequence[tuple[str, Value]]) -> Value:
    """The series of all values; of scalars and strings the first."""
    first = values[0][1]
    labels = [
        labelled
        for name, value in values
        if isinstance(value, Vector | Matrix)
        for labelled in _label_all(value.series, name)
    ]
    if isinstance(first, Vector):
        vectors = [value for _, value in values if isinstance(value, Vector)]
        found = np.concatenate([vector.values for vector in vectors])
        return Vector(first.t_ms, tuple(labels), found)
    if isinstance(first, Matrix):
        matrices = [value for _, value in values if isinstance(value, Matrix)]
        return Matrix(
            tuple(labels),
            first.t_ms,
            np.concatenate([matrix.values for matrix in matrices]),
            np.concatenate([matrix.present for matrix in matrices]),
        )
    if isinstance(first, RawMatrix):
        return RawMatrix(
            tuple(
                replace(block, series=tuple(_label_all(block.series, name)))
                for name, value in values
                if isinstance(value, RawMatrix)
                for block in value.blocks
            )
        )
    return first


def build_empty(expr: str, t_ms: int) -> Value:
    """What an instant query without any answer gives."""
    is_range = parse_cached(expr).value_type is ValueType.MATRIX
    return RawMatrix(()) if is_range else Vector(t_ms, (), np.empty(0))


def build_empty_range(start_ms: int, end_ms: int, step_ms: int) -> Matrix:
    """What a range query without any answer gives."""
    t_ms = np.arange(start_ms, end_ms + 1, step_ms, dtype=np.int64)
    no_rows = np.empty((0, len(t_ms)))
    return Matrix((), t_ms, no_rows, no_rows > 0)


def has_series(value: Value) -> bool:
    """Whether a value has any series; scalars and strings have none."""
    if isinstance(value, RawMatrix):
        return bool(value.blocks)
    return isinstance(value, Vector | Matrix) and bool(value.series)


def _label_all(series: Iterable[Labels], name: str) -> Iterable[Labels]:
    return (label_remote(labels, name) for labels in series) if name else series


def _join_notes(notes: Iterable[tuple[str, Sequence[str]]]) -> tuple[str, ...]:
    texts = (f"{name}: {text}" if name else text for name, of_one in notes for text in of_one)
    return tuple(dict.fromkeys(texts))
