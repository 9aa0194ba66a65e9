"""Scores every new value of the series with an outlook; what was learned survives a restart."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.anomaly import AnomalyDetector, dump_detector, load_detector
from jipyo.analysis.anomaly_steps import WatchedSeries, read_watched
from jipyo.app.insight.series import ANOMALY, identify
from jipyo.files import atomic_write
from jipyo.loops import Periodic
from jipyo.model.errors import StoreCorrupt, StoreFull
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.source.inventory import take_inventory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.catalogue import Catalogue
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.sample import Values
    from jipyo.source.base import Source
    from jipyo.source.inventory import Inventory

_LOG = logging.getLogger(__name__)
STEP_MS = 60_000
SAVE_MS = 3_600_000
_INVENTORY_MS = 600_000
_MOST_ABSENT = 3
"""Times as many series as there are now may be remembered; beyond that only those of now are."""


class AnomalyWatch:
    """One detector over all series, stepped every minute."""

    def __init__(self, clock: Clock, file: Path) -> None:
        """Nothing is read before `start`; `file` has what the detector has learned."""
        self._clock, self._file = clock, file
        self._lock = threading.Lock()
        self._setting: tuple[Source, Catalogue, ZoneInfo, int] | None = None
        self._detector = AnomalyDetector((), (), STEP_MS)
        self._inventory: tuple[int, Inventory] | None = None
        self._saved_ms = clock.now_ms()
        self._samples: tuple[tuple[WatchedSeries, float], ...] = ()
        self._loop = Periodic("anomalies", self.step, interval_ms=STEP_MS, clock=clock)

    def apply(self, setting: tuple[Source, Catalogue, ZoneInfo, int] | None) -> None:
        """Watch the metrics of a catalogue, at most so many series; None: watch nothing."""
        with self._lock:
            self._setting, self._inventory = setting, None
            if setting is None:
                self._samples = ()

    def start(self) -> None:
        """Go on from what was learned before; a file that is no use is begun anew."""
        try:
            self._detector = load_detector(self._file.read_bytes())
        except FileNotFoundError:
            pass
        except (OSError, StoreCorrupt) as error:
            _LOG.warning("what is usual is learned anew: %s", error)
        self._loop.start()

    def stop(self) -> None:
        """End, and keep what was learned."""
        self._loop.stop()
        if self._detector.keys:
            self._save()

    def families(self) -> list[Family]:
        """See `ServerPart.families`."""
        return self._loop.families()

    def list_samples(self, own: Labels) -> Iterator[tuple[Labels, float]]:
        """The newest score of each series that has one."""
        for series, score in self._samples:
            about = identify(series.metric_id, series.labels, own)
            yield about.put({METRIC_NAME: ANOMALY}), score

    def step(self) -> None:
        """Read the newest values and score them.

        Raises:
            SourceError: the source failed.
            StoreFull: what was learned cannot be saved.
        """
        with self._lock:
            setting = self._setting
        if setting is None:
            return
        source, catalogue, zone, most = setting
        now_ms = self._clock.now_ms() // STEP_MS * STEP_MS
        moment = np.array([now_ms], np.int64)
        watched = read_watched(source, catalogue, moment, STEP_MS, self._take_inventory(source))
        series, values = watched.series[:most], watched.values[:most, 0]
        scores = self._score(series, values, now_ms, zone)
        pairs = zip(series, scores, strict=True)
        self._samples = tuple((one, score) for one, score in pairs if np.isfinite(score))
        if now_ms - self._saved_ms >= SAVE_MS:
            self._save()

    def _score(
        self, series: Sequence[WatchedSeries], values: Values, now_ms: int, zone: ZoneInfo
    ) -> list[float]:
        """The score of each series, NaN where it has none."""
        if self._detector.zone != zone:
            self._detector = AnomalyDetector((), (), STEP_MS, zone)
        targets = {one.key: one.target for one in series}
        self._arrange(targets)
        rows = {key: row for row, key in enumerate(self._detector.keys)}
        at = [rows[one.key] for one in series]
        newest = np.full(len(rows), np.nan)
        newest[at] = values
        scores: list[float] = self._detector.step(now_ms, newest).score[at].tolist()
        return scores

    def _arrange(self, targets: Mapping[str, str]) -> None:
        """Add series that are new; those without a value now keep what they learned."""
        detector = self._detector
        if targets.keys() <= set(detector.keys):
            return
        known = dict(zip(detector.keys, detector.target_of, strict=True))
        together = {**known, **targets}
        if len(together) > _MOST_ABSENT * len(targets):
            together = dict(targets)
        detector.arrange(tuple(together), tuple(together.values()))

    def _take_inventory(self, source: Source) -> Inventory:
        now_ms = self._clock.now_ms()
        if self._inventory is None or not 0 <= now_ms - self._inventory[0] < _INVENTORY_MS:
            self._inventory = now_ms, take_inventory(source, now_ms)
        return self._inventory[1]

    def _save(self) -> None:
        self._saved_ms = self._clock.now_ms()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(self._file) as file:
                file.write(dump_detector(self._detector))
        except OSError as error:
            raise StoreFull("insight.not_saved", path=str(self._file), reason=str(error)) from error
