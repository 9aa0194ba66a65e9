"""What a destination gets of a scrape: external labels, and relabelling of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.collect.relabel import Relabel
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from jipyo.send.options import RemoteWriteOptions

_MOST_SERIES = 200_000


class Rewriter:
    """Rewrites the series of scrapes; remembers what becomes of those that come again."""

    def __init__(self, options: RemoteWriteOptions) -> None:
        """Use the labels and the rules of a destination.

        Raises:
            ConfigError: a rule is wrong.
        """
        self._external = options.external_labels
        self._relabel = Relabel(options.write_relabel)
        self._known: dict[
            tuple[Labels, ...], tuple[tuple[Labels, ...], npt.NDArray[np.intp] | None]
        ] = {}
        self._known_series = 0

    def __call__(self, scrapes: Iterable[Scrape]) -> list[Scrape]:
        """The scrapes as the destination gets them, without those of which nothing is left."""
        if not self._external and not self._relabel:
            return list(scrapes)
        rewritten = (self._rewrite(scrape) for scrape in scrapes)
        return [scrape for scrape in rewritten if scrape.series]

    def _rewrite(self, scrape: Scrape) -> Scrape:
        known = self._known.get(scrape.series)
        if known is None:
            known = self._rewrite_series(scrape.series)
            if self._known_series > _MOST_SERIES:
                self._known.clear()
                self._known_series = 0
            self._known[scrape.series] = known
            self._known_series += len(scrape.series)
        series, at = known
        return Scrape(scrape.t_ms, series, scrape.values if at is None else scrape.values[at])

    def _rewrite_series(
        self, series: tuple[Labels, ...]
    ) -> tuple[tuple[Labels, ...], npt.NDArray[np.intp] | None]:
        """The series that are left, and where they are among all; None where all are left."""
        rewritten = [self._apply(labels) for labels in series]
        kept = tuple(labels for labels in rewritten if labels is not None)
        if len(kept) == len(series):
            return kept, None
        at = [n for n, labels in enumerate(rewritten) if labels is not None]
        return kept, np.array(at, np.intp)

    def _apply(self, labels: Labels) -> Labels | None:
        pairs = {**dict(self._external), **dict(labels.pairs)}
        if not self._relabel:
            return Labels.of(pairs)
        changed = self._relabel(pairs)
        return Labels.of(changed) if changed else None
