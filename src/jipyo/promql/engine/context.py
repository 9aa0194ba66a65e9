"""What the parts of an evaluation ask of it: expressions below them, the store, the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.model.sample import SeriesBlock, Times, Values
    from jipyo.model.store import Queryable
    from jipyo.promql.engine.annotations import Annotations
    from jipyo.promql.engine.block import Block
    from jipyo.promql.engine.budget import Guard
    from jipyo.promql.engine.options import Options
    from jipyo.promql.engine.plan import Node
    from jipyo.promql.engine.ranges import WindowShape
    from jipyo.promql.engine.samples import Samples
    from jipyo.promql.syntax.ast import VectorSelector


class Evaluator(Protocol):
    """One query being answered; `t_ms` are always the steps, shape (steps,)."""

    @property
    def store(self) -> Queryable:
        """Where samples come from."""
        ...

    @property
    def options(self) -> Options:
        """How the engine behaves."""
        ...

    @property
    def guard(self) -> Guard:
        """What stops the query."""
        ...

    @property
    def notes(self) -> Annotations:
        """What there is to say."""
        ...

    @property
    def ranged(self) -> bool:
        """Whether this is a range query, whose answer is ordered by labels."""
        ...

    @property
    def delayed(self) -> bool:
        """Whether names are dropped at the end only."""
        ...

    def stream(self, node: Node, t_ms: Times) -> Iterator[Block]:
        """The series of a vector expression, some at a time."""
        ...

    def block(self, node: Node, t_ms: Times) -> Block:
        """All series of a vector expression."""
        ...

    def gathered(self, make: Callable[[], Block]) -> Iterator[Block]:
        """A block made of others, which are let go once it is made."""
        ...

    def scalar(self, node: Node, t_ms: Times) -> Values:
        """A scalar expression, shape (steps,)."""
        ...

    def samples(self, node: Node, t_ms: Times) -> Iterator[tuple[Samples, WindowShape]]:
        """What a range vector expression looks at, and how its windows lie."""
        ...

    def read(self, selector: VectorSelector, start_ms: int, end_ms: int) -> Iterator[SeriesBlock]:
        """The matching series as the store gives them."""
        ...
