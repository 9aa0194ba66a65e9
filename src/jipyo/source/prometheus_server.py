"""What a Prometheus-family server understands: read where it lists that, else tried out.

Prometheus since 3.16 lists the parts of the language (`/api/v1/features`). Of all others each
part is tried with a query of no series; versions are not compared, because Thanos, Mimir and
VictoriaMetrics number theirs otherwise and take over parts one by one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.source.dialect import Dialect

if TYPE_CHECKING:
    from jipyo.source.prometheus_exchange import Exchange

_KEPT_MS = 600_000.0
"""How long it is taken for granted that a server was not replaced."""
_NOTHING = "jipyo_probe"
_FEATURES = {
    "extended_ranges": ("anchored", "smoothed"),
    "duration_expressions": ("duration_expr",),
    "unquoted_names": ("unquoted_utf8_names",),
    "at_modifier": ("at_modifier",),
    "negative_offset": ("negative_offset",),
    "fill_modifiers": ("fill", "fill_left", "fill_right"),
}
"""The parts of a `Dialect`, and what Prometheus calls them (promql/parser/features.go)."""
_PROBES = {
    "extended_ranges": f"increase({_NOTHING}[1m] anchored)",
    "duration_expressions": f"count_over_time({_NOTHING}[1m * 2])",
    "unquoted_names": f'{_NOTHING}{{지표="1"}}',
    "quoted_names": '{"jipyo.probe"}',
    "at_modifier": f"{_NOTHING} @ 0",
    "negative_offset": f"{_NOTHING} offset -1m",
    "fill_modifiers": f"{_NOTHING} + fill(0) {_NOTHING}",
}
_FRACTION = 'histogram_fraction(0, 1, label_replace(vector(1), "le", "+Inf", "", ""))'
"""Has a value where the function knows classic buckets."""
_METRICSQL = "now()"
"""A function of VictoriaMetrics' language that PromQL does not have."""
_EDGES = ("count_over_time(vector(1)[1m:1m])", "60")
"""1 where windows leave out their left edge, 2 where they have both."""


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """A server as it was found."""

    dialect: Dialect
    build: bytes = b""
    """The answer of `/status/buildinfo`: another one means another server."""


@dataclass(slots=True)
class ServerCache:
    """The server of a source, found when it is first asked and again after failures."""

    _known: tuple[float, RemoteServer] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def find(self, exchange: Exchange, cancelled: threading.Event | None) -> RemoteServer:
        """The server as it is now, or was a few minutes ago.

        Raises:
            QueryError: the event was set.
            SourceError: it does not answer.
        """
        now_ms = exchange.clock.monotonic_ms()
        known = self._known
        if known is not None and now_ms - known[0] < _KEPT_MS:
            return known[1]
        # The thread that has the lock may wait for a query that came through another jipyo.
        has_lock = self._lock.acquire(blocking=len(exchange.via) < 2)
        try:
            if self._known is not known and self._known is not None:
                return self._known[1]
            server = _find_server(exchange, cancelled, known[1] if known else None)
            self._known = now_ms, server
            return server
        finally:
            if has_lock:
                self._lock.release()

    def forget(self) -> None:
        """Have the server looked at again: it failed, and may come back as another."""
        if self._known is not None:
            self._known = float("-inf"), self._known[1]


def _find_server(
    exchange: Exchange, cancelled: threading.Event | None, known: RemoteServer | None
) -> RemoteServer:
    build = _fetch(exchange, "status/buildinfo", [], cancelled)
    if known is not None and known.build == build and build:
        return known
    features = _read_features(_fetch(exchange, "features", [], cancelled))
    if features is not None:
        return RemoteServer(features, build=build)
    accepted = {
        name: bool(_fetch(exchange, "query", [("query", expr)], cancelled))
        for name, expr in _PROBES.items()
    }
    is_victoria = bool(_fetch(exchange, "query", [("query", _METRICSQL)], cancelled))
    edges = _fetch(exchange, "query", list(zip(("query", "time"), _EDGES, strict=True)), cancelled)
    fraction = _fetch(exchange, "query", [("query", _FRACTION)], cancelled)
    dialect = Dialect(
        **accepted,
        left_open_windows=b'"2"' not in edges,
        classic_fractions=is_victoria or b'"value"' in fraction,
        metricsql=is_victoria,
    )
    return RemoteServer(dialect, build)


def _fetch(
    exchange: Exchange, path: str, params: list[tuple[str, str]], cancelled: threading.Event | None
) -> bytes:
    """The body of a good answer; empty where the server does not have or take that."""
    response = exchange.probe(path, params, cancelled)
    return response.body if response.status == 200 else b""


def _read_features(body: bytes) -> Dialect | None:
    """The dialect of a server that lists its features."""
    try:
        answer: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    try:
        features = answer["data"]["promql"]
        return Dialect(
            **{part: all(features.get(n) for n in names) for part, names in _FEATURES.items()}
        )
    except (KeyError, TypeError, AttributeError):
        return None
