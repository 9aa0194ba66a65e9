"""`info()`: labels of `*_info` series joined to others by instance and job (promql/info.go)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.matcher import Matcher, MatchOp, select_all
from jipyo.model.sample import Mask, Times, Values
from jipyo.promql.engine.block import NAME_LABELS, VectorBlock, join_blocks
from jipyo.promql.engine.matching import format_braces
from jipyo.promql.engine.plan import Node, StepInvariant, get_parts
from jipyo.promql.syntax.ast import Call, Subquery, VectorSelector
from jipyo.promql.syntax.signatures import ValueType

LookUp = Callable[[VectorSelector], Iterator[tuple[VectorBlock, Values]]]
"""Reads the newest samples of a selector at each step, and their times in seconds."""

_IDENTIFYING = ("instance", "job")
_Identity = tuple[str, str]
_POSITIVE = (MatchOp.EQ, MatchOp.RE)


@dataclass(frozen=True, slots=True)
class Reference:
    """The moment at which a selector is read: `at_ms`, or else the step, less an offset."""

    at_ms: int | None = None
    offset_ms: int = 0

    def get_moment(self) -> tuple[bool, int]:
        """Equal for two references to the same moment."""
        if self.at_ms is None:
            return False, self.offset_ms
        return True, self.at_ms - self.offset_ms


def find_reference(node: Node) -> tuple[Reference, bool]:
    """The moment that all selectors of an expression share, and whether they do share one."""
    references: list[Reference] = []
    has_free_part = False

    def inspect(node: Node, path: tuple[Subquery, ...]) -> bool:
        nonlocal has_free_part
        if node.value_type not in (ValueType.VECTOR, ValueType.MATRIX):
            return False
        if isinstance(node, VectorSelector):
            references.append(_resolve_selector(node, path))
            return True
        inner = (*path, node) if isinstance(node, Subquery) else path
        parts = get_parts(node)
        if isinstance(node, Call) and node.function.name == "info":
            parts = parts[:1]
        if not sum(inspect(part, inner) for part in parts):
            has_free_part = True
            return False
        return True

    inspect(node, ())
    moments = {reference.get_moment() for reference in references}
    uniform = len(moments) == 1 and not has_free_part
    return (references[0] if uniform else Reference()), uniform


def _resolve_selector(node: VectorSelector, path: Sequence[Subquery]) -> Reference:
    assert isinstance(node.offset, int)
    at_ms = node.at if isinstance(node.at, int) else None
    offset_ms = node.offset
    for subquery in reversed(path):
        if at_ms is not None:
            break
        assert isinstance(subquery.offset, int)
        offset_ms += subquery.offset
        at_ms = subquery.at if isinstance(subquery.at, int) else None
    return Reference(at_ms, offset_ms)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which info series the call selects, and which of their labels."""

    names: tuple[Matcher, ...]
    data: tuple[Matcher, ...]

    @classmethod
    def of(cls, call: Call) -> _Wanted:
        if len(call.args) < 2:
            return cls((_TARGET_INFO,), ())
        selector: Node = call.args[1]
        if isinstance(selector, StepInvariant):
            # Its own time does not matter, but the plan has marked it.
            selector = selector.expr
        assert isinstance(selector, VectorSelector)
        names = tuple(m for m in selector.matchers if m.name == METRIC_NAME)
        data = tuple(m for m in selector.matchers if m.name != METRIC_NAME)
        if not any(matcher.op in _POSITIVE for matcher in names):
            names = (_ANY_INFO, *names) if names else (_TARGET_INFO,)
        return cls(names, data)

    def is_info(self, labels: Labels) -> bool:
        return select_all(self.names, labels)

    def includes(self, label: str) -> bool:
        return not self.data or any(matcher.name == label for matcher in self.data)

    @property
    def keeps_unmatched(self) -> bool:
        """Whether a series without matching info series is kept."""
        return all(matcher.matches("") for matcher in self.data)


_TARGET_INFO = Matcher(METRIC_NAME, MatchOp.EQ, "target_info")
_ANY_INFO = Matcher(METRIC_NAME, MatchOp.RE, ".+_info")


def add_info_labels(call: Call, base: VectorBlock, look_up: LookUp) -> VectorBlock:
    """The series of `info()`: with the labels of their info series, step by step.

    Raises:
        QueryError: info series contradict one another.
    """
    wanted = _Wanted.of(call)
    plain = [wanted.is_info(labels) for labels in base.series]
    identities = {
        _get_identity(labels)
        for labels, is_info in zip(base.series, plain, strict=True)
        if not is_info and any(_get_identity(labels))
    }
    steps = base.values.shape[1]
    infos = _Infos.read(call, wanted, identities, look_up, steps) if identities else None
    parts: list[VectorBlock] = []
    for row, is_info in enumerate(plain):
        single = base.take_rows([row])
        if is_info or infos is None:
            parts.extend([single] if is_info or wanted.keeps_unmatched else [])
        else:
            parts.extend(infos.join_to(single, wanted))
    return join_blocks(parts, steps).drop_empty().merge_duplicates()


def _get_identity(labels: Labels) -> _Identity:
    return labels.get(_IDENTIFYING[0], ""), labels.get(_IDENTIFYING[1], "")


@dataclass(frozen=True, slots=True)
class _Infos:
    """Info series by identity: for each info metric the row at each step (-1: none)."""

    series: tuple[Labels, ...]
    newest: dict[_Identity, list[Times]]

    @classmethod
    def read(
        cls,
        call: Call,
        wanted: _Wanted,
        identities: set[_Identity],
        look_up: LookUp,
        steps: int,
    ) -> _Infos:
        when, _ = find_reference(call.args[0])
        selector = VectorSelector(
            "", (*wanted.data, *wanted.names), offset=when.offset_ms, at=when.at_ms
        )
        blocks, seconds = [], []
        for block, at in look_up(selector):
            blocks.append(block)
            seconds.append(np.broadcast_to(at, block.values.shape))
        whole = join_blocks(blocks, steps)
        times = np.concatenate(seconds) if seconds else whole.values
        rows: dict[tuple[_Identity, str], list[int]] = {}
        for row, labels in enumerate(whole.series):
            if _get_identity(labels) in identities:
                rows.setdefault((_get_identity(labels), labels.metric), []).append(row)
        newest: dict[_Identity, list[Times]] = {}
        for (identity, _name), same in sorted(rows.items()):
            picked = _pick_newest(whole, times, np.array(same))
            newest.setdefault(identity, []).append(picked)
        return cls(whole.series, newest)

    def join_to(self, single: VectorBlock, wanted: _Wanted) -> Iterator[VectorBlock]:
        """A block of one series, split by the labels that it has at a step."""
        chosen = self.newest.get(_get_identity(single.series[0]), [])
        present = single.present[0]
        if not chosen:
            if wanted.keeps_unmatched:
                yield single
            return
        for rows, at_steps in _split_by_combination(np.array(chosen), present):
            infos = [self.series[row] for row in rows if row >= 0]
            if infos or wanted.keeps_unmatched:
                labels = _merge_info_labels(single.series[0], infos, wanted)
                yield replace(single, series=(labels,), present=at_steps[None, :])


def _pick_newest(block: VectorBlock, seconds: Values, rows: Times) -> Times:
    """The row that was sampled last, of rows with the same identity; (steps,), -1: none."""
    present = block.present[rows]
    when = np.where(present, seconds[rows], -np.inf)
    best = when.max(axis=0)
    tied = (present & (when == best)).sum(axis=0) > 1
    if tied.any():
        step = int(tied.argmax())
        first, second = (block.series[row] for row in rows[present[:, step]][:2])
        at = int(best[step] * 1000)
        raise QueryError.execution(
            f"found duplicate series for info metric: existing {format_braces(first)} @ {at}, "
            f"new {format_braces(second)} @ {at}"
        )
    return np.where(present.any(axis=0), rows[when.argmax(axis=0)], -1)


def _split_by_combination(chosen: Times, present: Mask) -> Iterator[tuple[list[int], Mask]]:
    """Each combination of info rows that occurs, and at which steps (steps,)."""
    unique, which = np.unique(chosen, axis=1, return_inverse=True)
    for nth, rows in enumerate(unique.T):
        at_steps = present & (which.reshape(-1) == nth)
        if at_steps.any():
            yield rows.tolist(), at_steps


def _merge_info_labels(base: Labels, infos: Sequence[Labels], wanted: _Wanted) -> Labels:
    added: dict[str, str] = {}
    for info in infos:
        for name, value in info.pairs:
            if name in NAME_LABELS or not wanted.includes(name):
                continue
            if added.get(name, value) != value:
                raise QueryError.execution(f"conflicting label: {name}")
            if name not in base:
                added[name] = value
    return base.put(added)
