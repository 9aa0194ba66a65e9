"""The records of `bench.logs_store` in VictoriaLogs 1.52.1, and its CPU time for a query."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import orjson

from bench.peers import Server, binary, cpu_seconds, serve_storage, settle
from jipyo.logs.record import Level, NumberColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from jipyo.logs.query import LogQuery
    from jipyo.logs.record import LogBatch

VERSION = "1.52.1"
_INSERT = "/insert/jsonline?_stream_fields=service&_time_field=_time&_msg_field=_msg"
_TICKS = 0.3
"""Seconds of CPU time that are measured at least: the kernel counts them in hundredths."""
_MOST_TRIES = 20


def is_there() -> bool:
    return binary("victoria-logs") is not None


@contextmanager
def victoria_logs(folder: Path) -> Iterator[Server]:
    """A server over the data in the folder."""
    flags = ("-futureRetention=100y", "-memory.allowedPercent=20", "-loggerLevel=WARN")
    with serve_storage("victoria-logs", folder, *flags) as server:
        yield server


def send(server: Server, batches: Iterable[tuple[LogBatch, Sequence[bytes]]]) -> float:
    """Insert records with their messages; its CPU time until it rests, in seconds."""
    started = cpu_seconds(server.pid)
    for batch, messages in batches:
        server.post(_INSERT, b"\n".join(write_documents(batch, messages)))
    settle(server)
    return cpu_seconds(server.pid) - started


def write_documents(batch: LogBatch, messages: Sequence[bytes]) -> Iterator[bytes]:
    """A record as a line of JSON, with all its fields."""
    times = np.datetime_as_string(batch.t_ns.astype("datetime64[ns]")).tolist()
    names = [level.name.lower() for level in Level]
    rows: list[dict[str, object]] = [
        {"_time": f"{t}Z", "service": batch.service, "level": names[level], "_msg": text.decode()}
        for t, level, text in zip(times, batch.level.tolist(), messages, strict=True)
    ]
    for name, column in batch.fields.items():
        present = np.ones(len(batch), bool) if column.present is None else column.present
        if isinstance(column, NumberColumn):
            values = (column.values / 10**column.decimals).tolist() if column.decimals else (
                column.values.tolist())  # fmt: skip
        else:
            values = [text.decode() for text in column.values]
        for row in np.flatnonzero(present).tolist():
            rows[row][name] = values[row]
    return map(orjson.dumps, rows)


def measure(server: Server, text: str, query: LogQuery) -> tuple[float, float]:
    """Seconds of CPU and of the clock that one answer takes, on average of enough of them."""
    started, wall, tries = cpu_seconds(server.pid), time.perf_counter(), 0
    while tries < _MOST_TRIES and (not tries or cpu_seconds(server.pid) - started < _TICKS):
        ask(server, text, query)
        tries += 1
    return (cpu_seconds(server.pid) - started) / tries, (time.perf_counter() - wall) / tries


def ask(server: Server, text: str, query: LogQuery) -> bytes:
    """What LogsQL answers over the query's time."""
    span = {"start": query.start_ns, "end": query.end_ns - 1}
    return server.ask("/select/logsql/query", query=text, **span)
