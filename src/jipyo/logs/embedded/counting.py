"""The records of a store as metrics: each is counted once, through kills and restarts.

What was counted and how far is one file, written before anybody sees the numbers: who counts
again after a kill comes to the same numbers. Records that arrive later than `LATE_NS` (a file
of yesterday, what a sender kept while we were down) are counted apart: they would make a rate
of now that never was.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from jipyo.files import atomic_write
from jipyo.logs.activity.columns import DURATION, METHOD, ROUTE, STATUS
from jipyo.logs.activity.metrics import LogMetrics
from jipyo.logs.activity.status_lines import WORD
from jipyo.logs.record import LogBatch
from jipyo.logs.store.paths import make_write_error
from jipyo.logs.store.skeleton import NO_SKELETON
from jipyo.model.errors import StoreCorrupt, StoreError
from jipyo.model.family import Family, counter
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from jipyo.logs.store.reader import StoredBlock, StoreReader
    from jipyo.model.labels import Labels

_LOG = logging.getLogger(__name__)
FILE = "counted.json"
"""Its name in the folder of the store."""
LATE_NS = 300 * 10**9
_VERSION = 1
_FIELDS = (ROUTE, METHOD, STATUS, DURATION)


class LogCounter:
    """Counts what is new in a store whenever it is asked; for one thread."""

    def __init__(self, reader: StoreReader) -> None:
        """Go on where the file says; without one, at the beginning."""
        self._reader = reader
        self._path = reader.folder / FILE
        self._next_seq = 0
        self._late: Counter[str] = Counter()
        self._metrics = LogMetrics()
        self._skeletons_seen = 0
        self._status_skeletons: set[int] = set()
        """Of messages that may be status lines of a model server."""
        self._load()
        self._first_seen = FirstSeen(self._list_families(0))

    def count(self, now_ns: int) -> list[Family]:
        """Count the records that have come, and the metrics of all so far.

        Raises:
            StoreError: the store cannot be read, or what was counted cannot be kept.
        """
        blocks = self._reader.snapshot().blocks
        new = [block for block in blocks if block.summary.last_seq >= self._next_seq]
        self._find_status_skeletons()
        for block in sorted(new, key=lambda each: each.summary.first_seq):
            try:
                self._count_block(block, now_ns - LATE_NS)
            except StoreCorrupt as error:
                _LOG.error("not counted: %s", error)
        if new:
            self._next_seq = max(block.summary.last_seq for block in new) + 1
            self._save()
        return self._first_seen(self._list_families(now_ns))

    def _count_block(self, block: StoredBlock, late_ns: int) -> None:
        summary = block.summary
        rows = np.arange(summary.n)
        if summary.first_seq < self._next_seq:  # a part was counted before it was merged
            rows = rows[block.segment.read_order(summary) >= self._next_seq]
        if summary.last_ns < late_ns:
            self._late[summary.service] += len(rows)
            return
        reader = self._reader.open_block(block)
        times = reader.times()[rows]
        is_late = times < late_ns
        if late := int(is_late.sum()):
            self._late[summary.service] += late
            rows, times = rows[~is_late], times[~is_late]
        if not len(rows):
            return
        columns = {name: reader.column(name, rows) for name in _FIELDS}
        batch = LogBatch(
            service=summary.service,
            t_ns=times,
            level=reader.levels()[rows],
            fields={name: column for name, column in columns.items() if column is not None},
        )
        self._metrics.add(batch)
        if reader.has_messages:
            self._count_status_lines(block, rows)

    def _count_status_lines(self, block: StoredBlock, rows: NDArray[np.int64]) -> None:
        """Read the messages that may be status lines, and no other."""
        reader = self._reader.open_block(block)
        ids = reader.skeleton_ids(rows)
        rows = rows[np.isin(ids, [NO_SKELETON, *self._status_skeletons])]
        if len(rows):
            self._metrics.add_status_lines(
                block.summary.service, reader.times()[rows], reader.messages(rows)
            )

    def _find_status_skeletons(self) -> None:
        texts = self._reader.skeletons.table.texts_from(self._skeletons_seen)
        for number, text in enumerate(texts, self._skeletons_seen):
            if WORD in text:
                self._status_skeletons.add(number)
        self._skeletons_seen += len(texts)

    def _list_families(self, now_ns: int) -> list[Family]:
        late = [((service,), float(n)) for service, n in self._late.items()]
        text = "Log records that arrived too late to be counted as of now."
        return [
            *self._metrics.families(now_ns),
            *([counter("jipyo_log_late_lines_total", text, ("service",), late)] if late else ()),
        ]

    def _save(self) -> None:
        content = {
            "version": _VERSION,
            "next_seq": self._next_seq,
            "late": self._late,
            "metrics": self._metrics.to_json(),
        }
        try:
            with atomic_write(self._path) as file:
                file.write(orjson.dumps(content))
        except OSError as error:
            raise make_write_error(self._path, error) from error

    def _load(self) -> None:
        content = read_counted(self._path)
        if content is not None:
            self._next_seq = content["next_seq"]
            self._late = Counter(content["late"])
            self._metrics = LogMetrics.from_json(content["metrics"])
            return
        if self._path.exists():  # damaged: what is there was counted, so the counters begin anew
            blocks = self._reader.snapshot().blocks
            self._next_seq = max((block.summary.last_seq for block in blocks), default=-1) + 1
            self._save()


class FirstSeen:
    """Shows a new series of a known service once at zero, so that its first increase is one.

    Prometheus takes the first sample of a counter as where it begins: the first errors of a
    service would be in no rate. A service that is new as a whole begins with what it has.
    """

    def __init__(self, known: Sequence[Family]) -> None:
        """These were shown before."""
        self._series: set[Labels] = set()
        self._services: set[str] = set()
        self._add(known)

    def __call__(self, families: Sequence[Family]) -> list[Family]:
        """The same, with zeros for what is new."""
        shown = [family if family.type is MetricType.GAUGE else self._begin(family)
                 for family in families]  # fmt: skip
        self._add(families)
        return shown

    def _begin(self, family: Family) -> Family:
        samples = [
            replace(each, value=0.0) if self._is_new(each.labels) else each
            for each in family.samples
        ]
        return replace(family, samples=tuple(samples))

    def _is_new(self, labels: Labels) -> bool:
        return labels not in self._series and find_service(labels) in self._services

    def _add(self, families: Sequence[Family]) -> None:
        labels = {sample.labels for family in families for sample in family.samples}
        self._services |= {find_service(each) for each in labels - self._series}
        self._series |= labels


def find_service(labels: Labels) -> str:
    """The service that a series is about."""
    return labels.get("job") or labels.get("service") or ""


def read_counted(path: Path) -> dict[str, Any] | None:
    """What was counted; None where there is no file, or one that cannot be used.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        content: dict[str, Any] = orjson.loads(path.read_bytes())
        return content if content["version"] == _VERSION else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError("logs_store.unreadable", path=str(path), reason=str(error)) from error
    except (ValueError, KeyError, TypeError):
        _LOG.error("%s is damaged: the counters of log records begin anew", path)
        return None
