"""The log store: records in, merged, read back, and every kind of query over seven days of them.

Access lines and messages of five services as in `bench.logs_blocks`, over a week, written by the
store and asked by a process of its own. `BENCH_LOGS=10000000` makes so many records,
`BENCH_LOGS_FOLDER` keeps them. Figures are CPU time of all threads, the least of three.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

from bench.logs_blocks import NEEDLE, make_access, make_messages
from bench.machine import describe_machine
from jipyo.logs.embedded import EmbeddedLogs
from jipyo.logs.query import MESSAGE, SERVICE, AnyOf, Contains, Equals, LogQuery
from jipyo.logs.record import Level, TextColumn
from jipyo.logs.store.block import MOST_ROWS, take_rows
from jipyo.logs.store.reader import StoreReader
from jipyo.logs.store.store import LogStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.logs.record import LogBatch

RECORDS = 3_000_000
START_NS = 1_795_046_400 * 10**9
HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
DAYS = 7
SERVICES = ("chat-api", "auth", "billing", "rag-search", "gateway")
SEOUL = ZoneInfo("Asia/Seoul")


def main() -> None:
    records = int(os.environ.get("BENCH_LOGS", RECORDS))
    print(f"logs_store: {describe_machine()}\n\n| figure | measured | goal |\n|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="jipyo-bench-") as temporary:
        folder = Path(os.environ.get("BENCH_LOGS_FOLDER", temporary)) / "store"
        if not folder.exists():
            expected = write(folder, records)
            verify(folder, expected)
        subprocess.run([sys.executable, "-m", "bench.logs_store", str(folder)], check=True)


def show(figure: str, value: str, goal: str = "") -> None:
    print(f"| {figure} | {value} | {goal} |", flush=True)


def write(folder: Path, records: int) -> Counter[str]:
    """Fill a store; the sum of the checksums of each service's messages."""
    expected: Counter[str] = Counter()
    spent, rows = 0.0, 0
    with LogStore.open(folder) as store:
        for batch in make_week(records):
            if batch.messages is not None:
                expected[batch.service] += sum(map(crc32, batch.messages))
            started = time.process_time()
            store.append([batch])
            spent += time.process_time() - started
            rows += len(batch)
        started = time.process_time()
        store.flush()
        spent += time.process_time() - started
        show("records", f"{rows:,}")
        show("ingest of parsed batches, k records/CPU-s", f"{rows / spent / 1e3:.0f}")
        started = time.process_time()
        store.maintain(0)
        merged = time.process_time() - started
        show("merging, k records/CPU-s", f"{rows / merged / 1e3:.0f}")
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    show("bytes a record", f"{size / rows:.2f}")
    show("segments", str(len(list(folder.glob("*.logs")))))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    show("peak memory of ingest and this generator, MB", str(peak), "<= 170")
    return expected


def make_week(records: int) -> Iterator[LogBatch]:
    """Half access lines, half messages of five services that go on side by side."""
    random = np.random.default_rng(7)
    pieces = max(records // (2 * MOST_ROWS), 1)
    span = DAYS * DAY_NS // pieces
    for piece in range(pieces):
        start = START_NS + piece * span
        access = make_access(random, piece)
        seconds = np.sort(random.integers(0, span // 10**9, MOST_ROWS)) * 10**9
        if piece == pieces // 3:
            trace = list(access.fields["trace.id"].values)
            trace[100] = NEEDLE.encode()
            access = replace(access, fields={**access.fields, "trace.id": TextColumn(trace)})
        yield replace(access, t_ns=start + seconds)
        messages = make_messages(random, piece)
        whole = replace(
            messages, t_ns=start + np.sort(random.integers(0, span // 10**6, MOST_ROWS)) * 10**6
        )
        for number, service in enumerate(SERVICES):
            rows = np.arange(number, MOST_ROWS, len(SERVICES))
            yield replace(take_rows(whole, rows), service=service)


def verify(folder: Path, expected: Counter[str]) -> None:
    """Read every message back."""
    source = EmbeddedLogs(StoreReader(folder), EachSkeleton())
    found: Counter[str] = Counter()
    everything = replace(last_days(DAYS), services=SERVICES)
    for batch in source.batches(everything, [MESSAGE]):
        found[batch.service] += sum(map(crc32, batch.messages or ()))
    source.close()
    show("messages read back as they were", "yes" if found == expected else "NO", "yes")


class EachSkeleton:
    """Every skeleton a template of its own."""

    def find_templates(self, skeletons: Sequence[bytes]) -> list[tuple[str, str]]:
        texts = [text.decode("utf-8", "replace") for text in skeletons]
        return [(text, text) for text in texts]


def last_days(days: float) -> LogQuery:
    end = START_NS + DAYS * DAY_NS
    return LogQuery(start_ns=end - int(days * DAY_NS), end_ns=end)


def list_queries(source: EmbeddedLogs) -> list[tuple[str, Callable[[], object], str]]:
    """What is asked, and the goal (of 5 M lines a day, unless it says otherwise)."""
    week, day, hour = last_days(7), last_days(1), last_days(1 / 24)
    spans = (("1 h", hour), ("24 h", day), ("7 d", week))
    errors = replace(week, levels=frozenset({Level.ERROR}))
    access = replace(week, services=("nginx",))
    found: list[tuple[str, Callable[[], object], str]] = [
        ("newest 100 errors, 7 d", lambda: source.search(errors, 100), "10"),
        ("newest 100 errors of one service",
         lambda: source.search(replace(errors, services=("gateway",)), 100), "10"),
        ("trace id, 7 d", lambda: source.search(with_trace(week, NEEDLE), 100), "20 over 35 M"),
        ("absent trace id, 7 d", lambda: source.search(with_trace(week, NEEDLE[::-1]), 100),
         "5 over 35 M"),
    ]  # fmt: skip
    for text in ("atchdog time", "도를 초과", "u100008", "7777"):
        for name, span in spans:
            goal = {"1 h": "15", "24 h": "50", "7 d": "300"}[name]
            query = replace(span, where=Contains(text, exact_case=True))
            found.append((f"count of {text!r}, {name}", partial(source.count, query), goal))
    hours = [
        replace(access, start_ns=at, end_ns=at + HOUR_NS)
        for at in range(week.start_ns, week.end_ns, HOUR_NS)
    ]
    return [
        *found,
        ("newest 100 with '도를 초과'",
         lambda: source.search(replace(week, where=Contains("도를 초과")), 100), ""),
        ("chart by minute and level, 7 d",
         lambda: source.histogram(week, 60 * 10**9, SEOUL, "level"), "150 over 30 d"),
        ("chart by hour and service, 7 d",
         lambda: source.histogram(week, HOUR_NS, SEOUL, SERVICE), "150 over 30 d"),
        ("chart by local day, 7 d", lambda: source.histogram(week, None, SEOUL), "150 over 30 d"),
        ("templates, 24 h", lambda: source.templates(day), "10"),
        ("templates, 7 d", lambda: source.templates(week), ""),
        ("methods and p95, 7 d",
         lambda: source.percentiles(access, "event.duration", (95,), "http.request.method"), "250"),
        ("p95 by hour, 7 d",
         lambda: [source.percentiles(q, "event.duration", (95,)) for q in hours], "200"),
        ("top status codes, 7 d",
         lambda: source.terms(access, "http.response.status_code", 20), ""),
    ]  # fmt: skip


def with_trace(query: LogQuery, trace: str) -> LogQuery:
    return replace(query, where=AnyOf((Equals("trace.id", trace), Contains(trace))))


def ask(folder: Path) -> None:
    """Every query, then ten at once."""
    started = time.process_time()
    source = EmbeddedLogs(StoreReader(folder), EachSkeleton())
    source.services(0, 1)
    show("open: ms", f"{(time.process_time() - started) * 1e3:.0f}")
    queries = list_queries(source)
    for name, query, goal in queries:
        measured = [measure(query) for _ in range(3)]
        cpu, wall = (min(each) * 1e3 for each in zip(*measured, strict=True))
        first = measured[0][0] * 1e3
        show(f"{name}: CPU ms (wall, first)", f"{cpu:.1f} ({wall:.1f}, {first:.1f})", goal)
    at_once = [queries[n][1] for n in (0, 1, 2, 3, 7, 8, -7, -5, -3, -2)]
    with ThreadPoolExecutor(10) as pool:
        cpu, wall = measure(lambda: list(pool.map(lambda query: query(), at_once)))
    show("ten queries at once: CPU s (wall)", f"{cpu:.2f} ({wall:.2f})", "1.2 over 10 M")
    status = Path("/proc/self/status").read_text("utf-8")
    anonymous = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    show("anonymous memory, MB", f"{int(anonymous.split()[1]) / 1024:.0f}", "<= 100")
    source.close()


def measure(query: Callable[[], object]) -> tuple[float, float]:
    """Seconds of CPU and of the clock."""
    started, wall = time.process_time(), time.perf_counter()
    query()
    return time.process_time() - started, time.perf_counter() - wall


if __name__ == "__main__":
    if sys.argv[1:]:
        ask(Path(sys.argv[1]))
    else:
        main()
