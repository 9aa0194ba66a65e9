"""What selectors, functions and aggregations need of the query that they are part of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.model.sample import SeriesBlock, Times, Values
    from jipyo.model.store import Queryable
    from jipyo.promql.engine.annotations import Annotations
    from jipyo.promql.engine.block import VectorBlock
    from jipyo.promql.engine.budget import QueryBudget
    from jipyo.promql.engine.options import Options
    from jipyo.promql.engine.plan import Node
    from jipyo.promql.engine.samples import Samples
    from jipyo.promql.engine.windows import WindowShape
    from jipyo.promql.syntax.ast import VectorSelector


class Evaluator(Protocol):
    """Evaluates the expressions of one query; `t_ms` are always its steps, shape (steps,)."""

    @property
    def store(self) -> Queryable:
        """Where samples come from."""
        ...

    @property
    def options(self) -> Options:
        """How the engine behaves."""
        ...

    @property
    def budget(self) -> QueryBudget:
        """The limits of the query; raises once they are exceeded or it is cancelled."""
        ...

    @property
    def annotations(self) -> Annotations:
        """The warnings and infos of the answer so far."""
        ...

    @property
    def is_range_query(self) -> bool:
        """Whether this is a range query, whose answer is ordered by labels."""
        ...

    @property
    def delays_names(self) -> bool:
        """Whether names are dropped at the end only."""
        ...

    def stream_vector(self, node: Node, t_ms: Times) -> Iterator[VectorBlock]:
        """The series of a vector expression, some at a time."""
        ...

    def evaluate_vector(self, node: Node, t_ms: Times) -> VectorBlock:
        """All series of a vector expression."""
        ...

    def materialize(self, make: Callable[[], VectorBlock]) -> Iterator[VectorBlock]:
        """One block computed from others, whose memory is given back once it is there."""
        ...

    def evaluate_scalar(self, node: Node, t_ms: Times) -> Values:
        """A scalar expression, shape (steps,)."""
        ...

    def read_samples(self, node: Node, t_ms: Times) -> Iterator[tuple[Samples, WindowShape]]:
        """The samples of a range vector expression, and the shape of its windows."""
        ...

    def read_series(
        self, selector: VectorSelector, start_ms: int, end_ms: int
    ) -> Iterator[SeriesBlock]:
        """The matching series as the store returns them."""
        ...
