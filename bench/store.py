"""The sample store: size, loading, appending, reading, starting, memory.

Each figure stands beside a baseline taken in the same run: pcodec alone on the same chunks,
one sync of this disk, a process that only imports. `BENCH_STORE=append,select` runs some.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pcodec
from pcodec import standalone

from bench.machine import describe_machine
from bench.series import DAY_MS, END_MS, STEP_MS, hosts
from jipyo.model.labels import Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import HourStatistic, Scrape
from jipyo.tsdb import Options, Reader, Store, codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Row = tuple[str, str, str, str]
ALL = [Matcher("job", MatchOp.EQ, "node")]
HUNDRED = [
    Matcher("__name__", MatchOp.EQ, "node_cpu_seconds_total"),
    Matcher("cpu", MatchOp.RE, "0|1"),
]
MONTHS = 13
FIGURES = (
    frozenset([HourStatistic.SUM, HourStatistic.MIN, HourStatistic.MAX]),
    frozenset([HourStatistic.MAX]),
)


def main() -> None:
    wanted = os.environ.get("BENCH_STORE", "")
    print(f"store: {describe_machine()}\n")
    print("| figure | measured | at least | beside it |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="jipyo-bench-") as folder:
        for bench in (loading, selecting, hours, starting, appending, memory, many_series):
            if not wanted or bench.__name__ in wanted.split(","):
                for row in bench(Path(folder)):
                    print("| " + " | ".join(row) + " |", flush=True)


def rounds_ms(call: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds of each round, ascending."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1e3)
    return sorted(taken)


def median_ms(call: Callable[[], object], rounds: int = 5) -> float:
    return rounds_ms(call, rounds)[rounds // 2]


# -- size and bulk load ---------------------------------------------------------------------


def loaded(folder: Path, days: int) -> tuple[Path, int, float]:
    """A store of so many days, made once a run: its folder, its samples, CPU seconds."""
    path = folder / f"d{days}"
    samples, spent = 0, 0.0
    if not path.exists():
        with Store.open(path, Options(threads=1), now_ms=lambda: END_MS) as store:
            for block in hosts(days):
                started = time.process_time()
                samples += store.load([block]).samples
                spent += time.process_time() - started
    return path, samples, spent


def encode_alone() -> float:
    """Values a CPU second that pcodec encodes of the same chunks."""
    block = next(hosts(7))
    chunks = [
        np.ascontiguousarray(row[at : at + 5760])
        for row in block.values
        for at in range(0, row.size - 5760, 5760)
    ]
    config = pcodec.ChunkConfig(6)
    started = time.process_time()
    for chunk in chunks:
        standalone.simple_compress(chunk, config)
    return len(chunks) * 5760 / (time.process_time() - started)


def loading(folder: Path) -> Iterator[Row]:
    for days in (7, 31):
        path, samples, spent = loaded(folder, days)
        rate, alone = samples / spent / 1e6, encode_alone() / 1e6
        yield (
            f"bulk load {days} d, one core (CPU time)",
            f"{rate:.1f} M samples/s",
            "8",
            f"pcodec alone {alone:.1f}: {rate / alone:.0%}",
        )
        size = (path / "samples.db").stat().st_size
        hourly = table_bytes(path, "hours")
        yield (
            f"on disk {days} d without / with hourly",
            f"{(size - hourly) / samples:.3f} / {size / samples:.3f} B a sample",
            "1.12 / 1.20",
            f"raw 16 B: 1/{16 * samples / size:.1f}",
        )


def table_bytes(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path / "samples.db")) as db:
        (pages,) = db.execute("SELECT sum(pgsize) FROM dbstat WHERE name = ?", (table,)).fetchone()
    return int(pages)


# -- reading ----------------------------------------------------------------------------------


def decode_alone(path: Path, days: int) -> float:
    """Milliseconds that pcodec takes for the chunks of 100 series, bytes at hand."""
    with closing(sqlite3.connect(path / "samples.db")) as db:
        rows = db.execute(
            "SELECT d.b, s.n FROM chunk c JOIN slab s USING (bid)"
            " JOIN data d ON d.id = (c.bid << 8) | c.place WHERE c.place < 10 LIMIT ?",
            (100 * days,),
        ).fetchall()
    outs = [np.empty(n) for _, n in rows]

    def decode() -> None:
        for (b, _), out in zip(rows, outs, strict=True):
            standalone.simple_decompress_into(b, out)

    return rounds_ms(decode, 15)[0]


def selecting(folder: Path) -> Iterator[Row]:
    path, _, _ = loaded(folder, 7)
    alone = decode_alone(path, 7)
    for threads in (1, 2):
        with Reader.open(path, threads=threads) as reader:
            best, *_, middle = rounds_ms(lambda: list(reader.select(HUNDRED, 0, END_MS)), 15)[:8]
        yield (
            f"select 100 series x 7 d, {threads} thread{'s' * (threads > 1)}",
            f"{middle:.0f} ms (best {best:.0f})",
            "40 ms",
            f"pcodec alone, 1 thread, best {alone:.0f} ms: x {best / alone:.1f}",
        )
    with Reader.open(path) as reader:
        one = [
            *HUNDRED,
            Matcher("mode", MatchOp.EQ, "user"),
            Matcher("instance", MatchOp.EQ, "host03:9100"),
        ]
        taken = median_ms(lambda: list(reader.select(one, 0, END_MS)))
        yield "select 2 series x 7 d", f"{taken:.1f} ms", "", ""
        taken = median_ms(lambda: [None for _ in reader.select(ALL, 0, END_MS)], 3)
        yield "select 1,000 series x 7 d, block by block", f"{taken:.0f} ms", "", ""


def read_hours(reader: Reader, span: tuple[int, int], statistics: frozenset[HourStatistic]) -> None:
    for _ in reader.hours(ALL, *span, statistics):
        pass


def hours(folder: Path) -> Iterator[Row]:
    path, _, _ = loaded(folder, 31)
    with Reader.open(path) as reader:
        span = (END_MS - 31 * DAY_MS, END_MS)
        taken = [rounds_ms(partial(read_hours, reader, span, f), 9)[:5] for f in FIGURES]
        week = median_ms(lambda: [None for _ in reader.select(ALL, END_MS - 7 * DAY_MS, END_MS)], 1)
    for name, (best, *_, middle) in zip(
        ("average, minimum, maximum", "maximum"), taken, strict=True
    ):
        yield (
            f"{name} by hour, 1,000 series x 31 d, from statistics",
            f"{middle:.0f} ms (best {best:.0f})",
            "100 ms",
            f"decoding 7 of the 31 d: {week:.0f} ms",
        )


# -- start ------------------------------------------------------------------------------------

_IMPORTS = """
import jipyo.tsdb
from pathlib import Path
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""

_FIRST_ANSWER = """
import sys, time
started = time.perf_counter()
from pathlib import Path
from jipyo.tsdb import Store
from jipyo.model.matcher import Matcher, MatchOp
imported = time.perf_counter()
store = Store.open(Path(sys.argv[1]), now_ms=lambda: int(sys.argv[2]))
opened = time.perf_counter()
selector = [Matcher("__name__", MatchOp.EQ, "node_load1")]
found = list(store.select(selector, int(sys.argv[2]) - 300_000, int(sys.argv[2])))
assert sum(len(block.series) for block in found) == 50
print(imported - started, opened - imported, time.perf_counter() - opened)
"""


def starting(folder: Path) -> Iterator[Row]:
    path, _, _ = loaded(folder, 31)
    samples = copy_months(path)
    taken = child(_FIRST_ANSWER, str(path), str(END_MS))
    importing, opening, answering = (float(word) for word in taken.split())
    gib = (path / "samples.db").stat().st_size / 2**30
    yield (
        f"start with 13 months, {samples / 1e9:.2f} G samples, {gib:.1f} GiB",
        f"{(opening + answering) * 1e3:.0f} ms to the first answer",
        "1,000 ms",
        f"import of the program {importing * 1e3:.0f} ms",
    )
    with Reader.open(path) as reader:
        one = [Matcher("__name__", MatchOp.EQ, "node_load1"), Matcher("slot", MatchOp.EQ, "1")]
        one.append(Matcher("instance", MatchOp.EQ, "host03:9100"))
        raw = median_ms(lambda: list(reader.select(one, 0, END_MS)), 3)
        hourly = median_ms(lambda: list(reader.hours(one, 0, END_MS, FIGURES[1])), 3)
    yield "13 months of 1 series: samples / maximum by hour", f"{raw:.0f} / {hourly:.0f} ms", "", ""


def copy_months(path: Path) -> int:
    """The month twelve times more, each 31 days earlier; how many samples there are then."""
    with closing(sqlite3.connect(path / "samples.db", isolation_level=None)) as db:
        db.create_function("row_crc", -1, codec.row_crc, deterministic=True)
        most, tids = db.execute(
            "SELECT (SELECT max(bid) FROM slab), (SELECT max(tid) FROM times)"
        ).fetchone()
        times = db.execute("SELECT tid, day, n, codec, crc, b FROM times").fetchall()
        for month in range(1, MONTHS):
            back, bid, tid = 31 * month, most * month, tids * month
            db.execute("BEGIN")
            for row in times:
                b = codec.encode(codec.decode_times(row[5], row[3], row[4], row[2]) - back * DAY_MS)
                db.execute(
                    "INSERT INTO times VALUES (?, ?, ?, ?, ?, ?)",
                    (row[0] + tid, row[1] - back, row[2], row[3], codec.crc(b), b),
                )
            db.execute(
                "INSERT INTO slab SELECT *, row_crc(day, tid, t0, t1, n, sids) FROM ("
                "SELECT bid + ?1, day - ?2 AS day, tid + ?3 AS tid, t0 - ?4 AS t0, t1 - ?4 AS t1,"
                " n, sids FROM slab WHERE bid <= ?5)",
                (bid, back, tid, back * DAY_MS, most),
            )
            db.execute(
                "INSERT INTO chunk SELECT sid, day - ?1, bid + ?2, place FROM chunk"
                " WHERE bid <= ?3",
                (back, bid, most),
            )
            for table in ("data", "hours"):
                columns = "codec, crc, b" if table == "data" else "crc, b"
                db.execute(
                    f"INSERT INTO {table} SELECT id + ?1, {columns} FROM {table} WHERE id < ?2",
                    (bid << 8, (most + 1) << 8),
                )
            db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (samples,) = db.execute("SELECT sum(s.n) FROM chunk JOIN slab s USING (bid)").fetchone()
    return int(samples)


def child(program: str, *arguments: str) -> str:
    """What another Python prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


# -- appending --------------------------------------------------------------------------------


def one_sync(folder: Path) -> str:
    """What this disk takes to write one page of 64 KiB and sync it."""
    with (folder / "sync").open("wb") as file:

        def write() -> None:
            file.write(bytes(65536))
            file.flush()
            os.fdatasync(file.fileno())

        taken = []
        for _ in range(1000):
            started = time.perf_counter()
            write()
            taken.append(time.perf_counter() - started)
    return "{:.2f} / {:.2f} / {:.1f} ms".format(
        *np.percentile(np.array(taken) * 1e3, [50, 99, 100])
    )


def appending(folder: Path) -> Iterator[Row]:
    sync, held = one_sync(folder), 0.0
    for name, busy in (("alone", False), ("while compacting and reading", True)):
        taken, slices, held = append_all(folder / f"append-{busy}", busy=busy)
        p50, p99, worst = np.percentile(np.array(taken[10:]) * 1e3, [50, 99, 100])
        yield (
            f"durable append of 1,000 samples {name}: p50 / p99 / max",
            f"{p50:.2f} / {p99:.2f} / {worst:.1f} ms",
            "1 ms + sync; p99 5 ms",
            f"one sync of 64 KiB {sync}" + (f"; {len(slices)} slices" if busy else ""),
        )
    yield (
        "longest that maintenance delayed an append, 1,000 series",
        f"{held * 1e3:.1f} ms",
        "20 ms",
        "",
    )


def append_all(path: Path, *, busy: bool) -> tuple[list[float], list[float], float]:
    """Seconds of 3,000 appends, of the slices of upkeep beside them, of its longest hold.

    Threads take turns as in `jipyo up`.
    """
    sys.setswitchinterval(0.001)
    series, values = thousand()
    clock = [END_MS]
    taken: list[float] = []
    slices: list[float] = []
    stop = threading.Event()
    # Alone nothing is compacted before the day is over; the journal is folded all the same.
    options = Options() if busy else Options(head_ms=DAY_MS)
    with Store.open(path, options, now_ms=lambda: clock[0]) as store:
        threads = [threading.Thread(target=upkeep, args=(store, stop, slices))]
        if busy:
            threads.append(threading.Thread(target=read, args=(store, stop, clock)))
        for thread in threads:
            thread.start()
        for n in range(3000):
            clock[0] = END_MS + n * STEP_MS
            scrape = Scrape(clock[0], series, values[n % len(values)])
            started = time.perf_counter()
            store.append([scrape])
            taken.append(time.perf_counter() - started)
            time.sleep(0.002)
        stop.set()
        for thread in threads:
            thread.join()
        own = {family.name: family.samples[0].value for family in store.families()}
    return taken, slices, own["jipyo_tsdb_maintenance_longest_hold_seconds"]


def thousand() -> tuple[tuple[Labels, ...], np.ndarray]:
    blocks = list(hosts(1, count=10))
    shortest = min(block.values.shape[1] for block in blocks)
    values = np.concatenate([block.values[:, :shortest] for block in blocks])
    return tuple(s for block in blocks for s in block.series), np.ascontiguousarray(values.T)


def upkeep(store: Store, stop: threading.Event, slices: list[float]) -> None:
    while not stop.is_set():
        started = time.perf_counter()
        busy = store.maintain()
        if busy:
            slices.append(time.perf_counter() - started)
        time.sleep(0.005 if busy else 0.05)


def read(store: Store, stop: threading.Event, clock: list[int]) -> None:
    while not stop.is_set():
        for _ in store.select(HUNDRED, clock[0] - DAY_MS // 4, clock[0]):
            pass
        time.sleep(0.05)


# -- memory -----------------------------------------------------------------------------------


def memory(folder: Path) -> Iterator[Row]:
    path = folder / "memory"
    peak = int(child("import bench.store as s, sys; s.ingest(sys.argv[1])", str(path)))
    idle = int(child(_IMPORTS))
    yield (
        "peak RSS while ingesting 1,000 series of ten targets for 12 h",
        f"{peak / 1024:.0f} MiB",
        "110 MB",
        f"imports alone {idle / 1024:.0f} MiB",
    )


def peak_kib() -> int:
    """Of this program alone: getrusage would tell the parent's peak too."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def ingest(path: str) -> None:
    """Twelve hours of scrapes with upkeep as `jipyo up` has it; prints the peak RSS in KiB."""
    clock = [END_MS]
    names = [
        tuple(
            Labels.of({"__name__": f"m{n}", "instance": f"host{host}", "job": "node"})
            for n in range(100)
        )
        for host in range(10)
    ]
    rng = np.random.default_rng(1)
    with Store.open(Path(path), Options(durable=False), now_ms=lambda: clock[0]) as store:
        for n in range(12 * 240):
            clock[0] = END_MS + n * STEP_MS
            for series in names:
                store.append([Scrape(clock[0], series, rng.normal(size=100))])
            while store.maintain():
                pass
    print(peak_kib())


# -- many series --------------------------------------------------------------------------------


def many_series(folder: Path) -> Iterator[Row]:
    """100,000 series of 100 targets, 1,000 new ones an hour."""
    clock = [END_MS]
    targets = [
        tuple(
            Labels.of({"__name__": f"m{n % 200}", "pod": f"pod-{n}", "host": f"h{host}"})
            for n in range(1000)
        )
        for host in range(100)
    ]
    values = np.random.default_rng(1).normal(size=1000)

    def round_of(n: int) -> None:
        clock[0] = END_MS + n * STEP_MS
        for series in targets:
            store.append([Scrape(clock[0], series, values)])

    with Store.open(folder / "many", now_ms=lambda: clock[0]) as store:
        yield "100,000 new series", f"{median_ms(lambda: round_of(0), 1) / 1e3:.1f} s", "", ""
        steady = [median_ms(partial(round_of, n), 1) for n in range(1, 21)]
        yield "one round of 100 targets x 1,000", f"{np.median(steady):.0f} ms", "15,000 ms", ""
        for n in range(20, 20 + 1000 // 240 + 1):
            host = targets[n % 100]
            new = Labels.of({"__name__": "m0", "pod": f"new-{n}", "host": "h0"})
            targets[n % 100] = (*host[1:], new)
        churn = median_ms(lambda: round_of(30), 1)
        yield "the same after churn in 5 targets", f"{churn:.0f} ms", "", ""
        span = (clock[0] - 300_000, clock[0])
        one = [Matcher("pod", MatchOp.EQ, "pod-7"), Matcher("__name__", MatchOp.EQ, "m7")]
        taken = median_ms(lambda: list(store.select(one, *span)))
        yield "select 100 of them, 5 min", f"{taken:.0f} ms", "", ""
        taken = median_ms(lambda: store.label_values("pod", [], *span), 3)
        yield "1,000 values of a label", f"{taken:.0f} ms", "", ""
        started = time.perf_counter()
        store.compact_head()
        yield "compact the head", f"{time.perf_counter() - started:.1f} s", "", ""
    started = time.perf_counter()
    with Store.open(folder / "many", now_ms=lambda: clock[0]) as store:
        list(store.select(one, *span))
        yield (
            "open, first answer",
            f"{(time.perf_counter() - started) * 1e3:.0f} ms",
            "1,000 ms",
            "",
        )
    yield "peak RSS of this process", f"{peak_kib() / 1024:.0f} MiB", "", ""


if __name__ == "__main__":
    main()
