"""Log lines -> metrics: requests and their durations, lines by level, status of model servers."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.logs.activity.columns import (
    DURATION,
    METHOD,
    NO_CODE,
    ROUTE,
    CodeTable,
    encode_column,
    read_numbers,
    read_statuses,
)
from jipyo.logs.activity.status_lines import COUNTERS, GAUGES, StatusTracker
from jipyo.logs.activity.visitors import is_monitor_route
from jipyo.logs.record import Level, decode_text
from jipyo.model.family import Family, FamilySample, counter, gauge, intern_labels
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch

EDGES_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Those of client libraries, and 2 s, by which the specification judges."""
MAX_ROUTES = 300
"""Of a service; requests of further ones are under `OTHER_ROUTES`."""
OTHER_ROUTES = "other"
_SILENCE_NS = 300 * 10**9
"""After which the gauges of a model server end."""
_DURATION = "http_request_duration_seconds"
_NS = 10**9


class LogMetrics:
    """Counts the lines of batches in order of time; counters begin at zero with it."""

    def __init__(self) -> None:
        """Begin without lines."""
        self._lines: Counter[tuple[str, str]] = Counter()
        self._monitors: Counter[str] = Counter()
        self._requests: Counter[tuple[str, str, str, str]] = Counter()
        self._durations: dict[tuple[str, str], NDArray[np.int64]] = {}
        self._sums_s: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._names: dict[str, set[str]] = {}
        self._status = StatusTracker()

    def add(self, batch: LogBatch) -> None:
        """Count the records that follow."""
        for level, n in enumerate(np.bincount(batch.level, minlength=len(Level)).tolist()):
            if n:
                self._lines[batch.service, Level(level).name.lower()] += n
        self.add_status_lines(batch.service, batch.t_ns, batch.messages or ())
        if ROUTE in batch.fields:
            self._add_requests(batch)

    def add_status_lines(
        self, service: str, t_ns: NDArray[np.int64], messages: Sequence[bytes]
    ) -> None:
        """Read what model servers say of themselves, of records that are counted already."""
        self._status.add(service, t_ns, messages)

    def _add_requests(self, batch: LogBatch) -> None:
        """Count requests by route, method and status, those of monitors as a number only."""
        routes, methods = CodeTable(), CodeTable()
        route = encode_column(batch, ROUTE, routes)
        method = encode_column(batch, METHOD, methods)
        status = read_statuses(batch)
        monitor = np.array([*map(is_monitor_route, routes.texts), True], np.bool_)[route]
        self._monitors[batch.service] += int((monitor & (route != NO_CODE)).sum())
        names = {code: self._name(batch.service, text) for code, text in enumerate(routes.texts)
                 if not is_monitor_route(text)}  # fmt: skip
        keys = np.stack([route, method, status], axis=1)[~monitor]
        rows, counts = np.unique(keys, axis=0, return_counts=True)
        texts = (*map(decode_text, methods.texts), "")
        for (code, verb, number), n in zip(rows.tolist(), counts.tolist(), strict=True):
            shown = str(number) if number else ""
            self._requests[batch.service, names[code], texts[verb], shown] += n
        self._add_durations(batch, np.where(monitor, NO_CODE, route), names)

    def _add_durations(
        self, batch: LogBatch, route: NDArray[np.int64], names: dict[int, str]
    ) -> None:
        durations, present = read_numbers(batch, DURATION)
        timed = present & (route != NO_CODE) & (durations >= 0)
        edges_ns = np.array([round(edge * _NS) for edge in EDGES_S])
        buckets = np.searchsorted(edges_ns, durations[timed])
        codes = route[timed]
        for code in np.unique(codes).tolist():
            key, own = (batch.service, names[code]), codes == code
            counts = np.bincount(buckets[own], minlength=len(EDGES_S) + 1)
            self._durations[key] = self._durations.get(key, 0) + counts
            self._sums_s[key] += float(durations[timed][own].sum() / _NS)

    def _name(self, service: str, route: bytes) -> str:
        """The label of a route: its text, as long as there are not too many."""
        names, text = self._names.setdefault(service, set()), decode_text(route)
        if text not in names and len(names) >= MAX_ROUTES:
            return OTHER_ROUTES
        names.add(text)
        return text

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        durations = self._durations.items()
        return {
            "lines": [[*key, n] for key, n in self._lines.items()],
            "monitors": dict(self._monitors),
            "requests": [[*key, n] for key, n in self._requests.items()],
            "durations": [[*key, n.tolist(), self._sums_s[key]] for key, n in durations],
            "status": self._status.to_json(),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> LogMetrics:
        """The counters as they were."""
        metrics = cls()
        metrics._lines.update({(service, level): n for service, level, n in content["lines"]})
        metrics._monitors.update(content["monitors"])
        for *key, n in content["requests"]:
            service, handler, method, status = key
            metrics._requests[service, handler, method, status] = n
            metrics._names.setdefault(service, set()).add(handler)
        for service, handler, counts, seconds in content["durations"]:
            metrics._durations[service, handler] = np.array(counts, np.int64)
            metrics._sums_s[service, handler] = seconds
        metrics._status = StatusTracker.from_json(content["status"])
        return metrics

    def families(self, now_ns: int | None = None) -> list[Family]:
        """All metrics as they stand; with a time, without gauges of servers silent by then."""
        requests = ("job", "handler", "method", "status")
        found = [
            counter("jipyo_log_lines_total", "Log lines", ("service", "level"),
                    [(key, n) for key, n in self._lines.items()]),
            counter("jipyo_log_monitor_requests_total", "Requests for health and metrics",
                    ("service",), [((service,), n) for service, n in self._monitors.items()]),
            counter("http_requests_total", "Requests, from access logs", requests,
                    [(key, n) for key, n in self._requests.items()]),
            Family(_DURATION, MetricType.HISTOGRAM, "Durations of requests, from access logs",
                   tuple(self._list_durations())),
            *self._list_status(now_ns),
        ]  # fmt: skip
        return [family for family in found if family.samples]

    def _list_durations(self) -> list[FamilySample]:
        samples = []
        edges = [*(f"{edge:g}" for edge in EDGES_S), "+Inf"]
        for key, counts in self._durations.items():
            for edge, n in zip(edges, np.cumsum(counts).tolist(), strict=True):
                labels = intern_labels(
                    f"{_DURATION}_bucket", ("job", "handler", "le"), (*key, edge)
                )
                samples.append(FamilySample(labels, n))
            for suffix, value in (("sum", self._sums_s[key]), ("count", int(counts.sum()))):
                labels = intern_labels(f"{_DURATION}_{suffix}", ("job", "handler"), key)
                samples.append(FamilySample(labels, value))
        return samples

    def _list_status(self, now_ns: int | None) -> list[Family]:
        labels, rows = ("job", "engine", "model_name"), defaultdict(list)
        for (service, engine), status in self._status.engines.items():
            is_heard = now_ns is None or (status.last_ns or 0) >= now_ns - _SILENCE_NS
            for name, value in status.values.items():
                if is_heard or name in COUNTERS:
                    # The line names no model; the catalogue tells servers apart by it.
                    rows[name].append(((service, engine, service), value))
        gauges = [gauge(name, text, labels, rows[name]) for name, text in GAUGES.items()]
        return gauges + [counter(name, text, labels, rows[name]) for name, text in COUNTERS.items()]
