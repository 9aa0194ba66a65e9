"""What a source has of targets over a window, with what could not be read of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME
from jipyo.model.result import RawMatrix, Vector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.analysis.window import Window
    from jipyo.model.errors import JipyoError
    from jipyo.model.labels import Labels
    from jipyo.model.result import Value
    from jipyo.model.sample import Times, Values
    from jipyo.source.base import Source


@dataclass(frozen=True, slots=True)
class WindowReader:
    """Reads at the end of a window. A query that is rejected has no answer, and is noted.

    Its methods raise `SourceError` where the source failed.
    """

    source: Source
    window: Window
    missing: dict[JipyoError, None] = field(default_factory=dict)
    """Why there may be more than was read, each reason once."""

    @property
    def range(self) -> str:
        """The whole window as the range of a selector: `86400s`."""
        return f"{self.window.duration_ms // 1000}s"

    def read_numbers(self, expr: str) -> dict[Labels, float]:
        """The value of each series of an instant vector."""
        value = self._read(expr)
        if value is None:
            return {}
        assert isinstance(value, Vector), f"BUG: {expr} gave {type(value).__name__}"
        return dict(zip(value.series, value.values.tolist(), strict=True))

    def read_samples(self, expr: str) -> Iterator[tuple[Labels, Times, Values]]:
        """The raw samples of each series of a range vector."""
        value = self._read(expr)
        if value is None:
            return
        assert isinstance(value, RawMatrix), f"BUG: {expr} gave {type(value).__name__}"
        for block in value.blocks:
            for row, labels in enumerate(block.series):
                yield labels.drop((METRIC_NAME,)), block.t_ms, block.values[row]

    def _read(self, expr: str) -> Value | None:
        try:
            result = self.source.instant(expr, self.window.end_ms)
        except QueryError as error:
            self.missing[error] = None
            return None
        self.missing.update(dict.fromkeys(result.missing))
        return result.value
