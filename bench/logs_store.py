"""The log store: records in, read back, damaged, and every kind of query over seven days of them.

Access lines and messages of five services as in `bench.logs_blocks`, over a week, written by the
store and asked by a process of its own. `BENCH_LOGS=10000000` makes so many records,
`BENCH_LOGS_FOLDER` keeps them. Where VictoriaLogs is there (`make services`), it gets the same
records and is asked the same. Figures are CPU time of all threads, the least of three.
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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

from bench import victoria_logs
from bench.logs_blocks import LAYOUT, NEEDLE, make_access, make_messages
from bench.machine import describe_machine
from bench.peers import cpu_seconds
from jipyo.logs.activity.visits import track_sessions
from jipyo.logs.embedded import EmbeddedLogs
from jipyo.logs.evaluate.values import write_number
from jipyo.logs.query import MESSAGE, SERVICE, AnyOf, Contains, Equals, LogQuery
from jipyo.logs.record import FieldPart, Level, NumberColumn, TextColumn
from jipyo.logs.store.block import MOST_ROWS, take_rows
from jipyo.logs.store.reader import StoredBlock, StoreReader
from jipyo.logs.store.store import LogStore
from jipyo.model.errors import StoreCorrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.peers import Server
    from jipyo.logs.record import LogBatch
    from jipyo.logs.store.segment import LogSegment

RECORDS = 3_000_000
START_NS = 1_795_046_400 * 10**9
HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
DAYS = 7
FLIPS = 200
ACCESS = "nginx"
SERVICES = ("chat-api", "auth", "billing", "rag-search", "gateway")
SEOUL = ZoneInfo("Asia/Seoul")


def main() -> None:
    records = int(os.environ.get("BENCH_LOGS", RECORDS))
    print(f"logs_store: {describe_machine()}\n")
    print(f"| figure | jipyo | VictoriaLogs {victoria_logs.VERSION} | goal |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="jipyo-bench-") as temporary:
        folder = Path(os.environ.get("BENCH_LOGS_FOLDER", temporary))
        if not (folder / "store").exists():
            expected = write(folder / "store", records)
            verify(folder / "store", expected)
            flip_bits(folder / "store")
        if victoria_logs.is_there() and not (folder / "victoria").exists():
            fill_peer(folder / "victoria", records)
        subprocess.run([sys.executable, "-m", "bench.logs_store", str(folder)], check=True)


def show(figure: str, value: str, peer: str = "", goal: str = "") -> None:
    print(f"| {figure} | {value} | {peer} | {goal} |", flush=True)


def write(folder: Path, records: int) -> Counter[str]:
    """Fill a store; the sum of the checksums of each service's messages."""
    expected: Counter[str] = Counter()
    spent, rows = 0.0, 0
    with LogStore.open(folder) as store:
        for batch in make_week(records):
            expected[batch.service] += sum(map(crc32, write_messages(batch)))
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
    show("bytes a record", f"{measure_size(folder) / rows:.2f}")
    show("segments", str(len(list(folder.glob("*.logs")))))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    show("peak memory of ingest and this generator, MB", str(peak), goal="<= 170")
    return expected


def fill_peer(folder: Path, records: int) -> None:
    with victoria_logs.victoria_logs(folder) as server:
        batches = ((batch, write_messages(batch)) for batch in make_week(records))
        spent = victoria_logs.send(server, batches)
    show("VictoriaLogs: ingest, k records/CPU-s", "", f"{records / spent / 1e3:.0f}")
    show("VictoriaLogs: bytes a record", "", f"{measure_size(folder / 'data') / records:.2f}")


def measure_size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


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


def write_messages(batch: LogBatch) -> Sequence[bytes]:
    """The messages, or the lines of an access log, written here and not by the store."""
    if batch.messages is not None:
        return batch.messages
    stamps = np.datetime_as_string((batch.t_ns // 10**9 + 9 * 3600).astype("datetime64[s]"))
    months = {"2026-11": b"Nov/2026"}
    clock = [b"%b/%b:%b +0900" % (t[8:10].encode(), months[t[:7]], t[11:].encode()) for t in stamps]
    columns = [
        write_column(batch, part.name) if isinstance(part, FieldPart) else clock
        for part in LAYOUT.parts
    ]
    pattern = b"%b".join(text.replace(b"%", b"%%") for text in LAYOUT.texts)
    return list(map(pattern.__mod__, zip(*columns, strict=True)))


def write_column(batch: LogBatch, name: str) -> Sequence[bytes]:
    column = batch.fields[name]
    if isinstance(column, NumberColumn):
        return [write_number(value, column.decimals) for value in column.values.tolist()]
    return column.values


def verify(folder: Path, expected: Counter[str]) -> None:
    """Read every message back."""
    source = EmbeddedLogs(StoreReader(folder), EachSkeleton())
    found: Counter[str] = Counter()
    for batch in source.batches(last_days(DAYS), [MESSAGE]):
        found[batch.service] += sum(map(crc32, batch.messages or ()))
    source.close()
    show("messages read back as they were", "yes" if found == expected else "NO", goal="yes")


def flip_bits(folder: Path) -> None:
    """Single bits at random places: what is lost, and whether anything is read that is wrong."""
    random = np.random.default_rng(11)
    segments = StoreReader(folder).snapshot().segments
    sizes = np.array([segment.size for segment in segments], float)
    lost, unseen = 0, 0
    for _ in range(FLIPS):
        segment = segments[int(random.choice(len(segments), p=sizes / sizes.sum()))]
        at, bit = int(random.integers(segment.size)), int(random.integers(8))
        near = [n for n, b in enumerate(segment.blocks) if b.offset <= at < b.offset + b.whole_size]
        chosen = sorted({n + k for n in near for k in (-1, 0, 1)} & set(range(len(segment.blocks))))
        before = read_sums(folder, segment, chosen)
        with flipped(segment.path, at, bit):
            after = read_sums(folder, segment, chosen)
        gone = [n for n in chosen if after[n] is None]
        lost += len(gone)
        unseen += any(n not in near for n in gone) or any(
            after[n] not in (None, before[n]) for n in chosen
        )
    show(f"{FLIPS} bits flipped: blocks lost; other harm", f"{lost}; {unseen}", goal="<= 200; 0")


@contextmanager
def flipped(path: Path, at: int, bit: int) -> Iterator[None]:
    """One bit of a file turned over for the length of a `with`."""
    with path.open("r+b", buffering=0) as file:
        byte = os.pread(file.fileno(), 1, at)
        os.pwrite(file.fileno(), bytes([byte[0] ^ 1 << bit]), at)
        try:
            yield
        finally:
            os.pwrite(file.fileno(), byte, at)


def read_sums(folder: Path, segment: LogSegment, chosen: Sequence[int]) -> dict[int, int | None]:
    """The checksum of all that is read of some blocks; None of those that are damaged."""
    reader = StoreReader(folder)
    opened = next(each for each in reader.snapshot().segments if each.name == segment.name)
    sums: dict[int, int | None] = {}
    for number in chosen:
        block = StoredBlock(opened, opened.blocks[number])
        try:
            batch, seq = reader.read_block(block)
            reader.open_block(block).verify()
        except StoreCorrupt:
            sums[number] = None
            continue
        total = crc32(seq.tobytes(), crc32(batch.t_ns.tobytes(), crc32(batch.level.tobytes())))
        columns = (column.values for column in batch.fields.values())
        texts = b"\0".join(batch.messages or ())
        sums[number] = crc32(repr([list(each) for each in columns]).encode(), crc32(texts, total))
    return sums


class EachSkeleton:
    """Every skeleton a template of its own."""

    def find_templates(self, skeletons: Sequence[bytes]) -> list[tuple[str, str]]:
        texts = [text.decode("utf-8", "replace") for text in skeletons]
        return [(text, text) for text in texts]


def last_days(days: float) -> LogQuery:
    end = START_NS + DAYS * DAY_NS
    return LogQuery(start_ns=end - int(days * DAY_NS), end_ns=end)


@dataclass(frozen=True)
class Question:
    """A query of both."""

    figure: str
    query: LogQuery
    ask: Callable[[EmbeddedLogs, LogQuery], object]
    peer: str = ""
    """The same in LogsQL; empty where it has none."""
    goal: str = ""


def list_questions() -> list[Question]:
    """What is asked, and the goal (ms at 5 M records a day, unless it says otherwise)."""
    week, day, hour = last_days(7), last_days(1), last_days(1 / 24)
    errors = replace(week, levels=frozenset({Level.ERROR}))
    access = replace(week, services=(ACCESS,))
    newest = "level:error | sort by (_time desc) limit 100"
    needle = f'"trace.id":="{NEEDLE}" or _msg:"{NEEDLE}"'
    found = [
        Question("newest 100 errors, 7 d", errors, find_newest, newest, "10"),
        Question("newest 100 errors of one service", replace(errors, services=("gateway",)),
                 find_newest, f"service:gateway {newest}", "10"),
        Question("trace id, 7 d", with_trace(week, NEEDLE), find_newest, needle, "20 over 35 M"),
        Question("absent trace id, 7 d", with_trace(week, NEEDLE[::-1]), find_newest,
                 needle.replace(NEEDLE, NEEDLE[::-1]), "5 over 35 M"),
    ]  # fmt: skip
    for text, goals in (
        ("atchdog time", ("15", "50", "300")),
        ("도를 초과", ("15", "50", "300")),
        ("u100008", ("", "", "1500 over 10 M")),
        ("7777", ("", "", "1500 over 10 M")),
    ):
        spans = (("1 h", hour), ("24 h", day), ("7 d", week))
        for (name, span), goal in zip(spans, goals, strict=True):
            query = replace(span, where=Contains(text, exact_case=True))
            peer = f'_msg:*"{text}"* | count()'
            found.append(
                Question(f"count of {text!r}, {name}", query, EmbeddedLogs.count, peer, goal)
            )
    charts, p95 = "150 over 30 d", 'quantile(0.95,"event.duration")'
    return [
        *found,
        Question("newest 100 with '도를 초과'", replace(week, where=Contains("도를 초과")),
                 find_newest, '_msg:*"도를 초과"* | sort by (_time desc) limit 100'),
        Question("chart by minute and level, 7 d", week,
                 lambda logs, query: logs.histogram(query, 60 * 10**9, SEOUL, "level"),
                 "* | stats by (_time:1m, level) count() n", charts),
        Question("chart by hour and service, 7 d", week,
                 lambda logs, query: logs.histogram(query, HOUR_NS, SEOUL, SERVICE),
                 "* | stats by (_time:1h, service) count() n", charts),
        Question("chart by local day, 7 d", week,
                 lambda logs, query: logs.histogram(query, None, SEOUL),
                 "* | stats by (_time:1d offset 9h) count() n", charts),
        Question("templates, 24 h", day, EmbeddedLogs.templates,
                 "* | collapse_nums | top 20 by (_msg)", "10"),
        Question("templates, 7 d", week, EmbeddedLogs.templates),
        Question("routes and p95, 7 d", access,
                 lambda logs, query: logs.percentiles(query, "event.duration", (95,), "url.route"),
                 f'service:{ACCESS} | stats by ("url.route") count() n, {p95} p', "250"),
        Question("p95 by hour, 7 d", access, find_hourly,
                 f"service:{ACCESS} | stats by (_time:1h) {p95} p", "200"),
        Question("top status codes, 7 d", access,
                 lambda logs, query: logs.terms(query, "http.response.status_code", 20),
                 f'service:{ACCESS} | top 20 by ("http.response.status_code")'),
        Question("sessions of all access lines, 7 d", access, find_sessions,
                 goal="1000 over 5 M lines"),
    ]  # fmt: skip


def find_newest(logs: EmbeddedLogs, query: LogQuery) -> object:
    return logs.search(query, 100)


def find_hourly(logs: EmbeddedLogs, query: LogQuery) -> object:
    starts = range(query.start_ns, query.end_ns, HOUR_NS)
    hours = [replace(query, start_ns=at, end_ns=at + HOUR_NS) for at in starts]
    return [logs.percentiles(hour, "event.duration", (95,)) for hour in hours]


def find_sessions(logs: EmbeddedLogs, query: LogQuery) -> object:
    trackers, _ = track_sessions(logs, query)
    return [tracker.build() for tracker in trackers.values()]


def with_trace(query: LogQuery, trace: str) -> LogQuery:
    return replace(query, where=AnyOf((Equals("trace.id", trace), Contains(trace))))


def ask(folder: Path) -> None:
    """Every query, then ten at once."""
    started = time.process_time()
    logs = EmbeddedLogs(StoreReader(folder / "store"), EachSkeleton())
    logs.services(0, 1)
    show("open: ms", f"{(time.process_time() - started) * 1e3:.0f}")
    *questions, sessions = list_questions()
    with ExitStack() as stack:
        peer: Server | None = None
        if victoria_logs.is_there() and (folder / "victoria").exists():
            peer = stack.enter_context(victoria_logs.victoria_logs(folder / "victoria"))
        for question in questions:
            compare(logs, question, peer)
        at_once = [questions[n] for n in (0, 1, 2, 3, 7, 8, -7, -5, -3, -2)]
        cpu, wall = measure(lambda: ask_all(lambda each: each.ask(logs, each.query), at_once))
        shown = ""
        if peer is not None:
            before, since = cpu_seconds(peer.pid), time.perf_counter()
            ask_all(lambda each: victoria_logs.ask(peer, each.peer, each.query), at_once)
            spent = cpu_seconds(peer.pid) - before
            shown = f"{spent:.2f} ({time.perf_counter() - since:.2f})"
    show("ten queries at once: CPU s (wall)", f"{cpu:.2f} ({wall:.2f})", shown, "1.2 over 10 M")
    status = Path("/proc/self/status").read_text("utf-8")
    anonymous = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    show("anonymous memory, MB", f"{int(anonymous.split()[1]) / 1024:.0f}", goal="<= 100")
    compare(logs, sessions, None)
    logs.close()


def compare(logs: EmbeddedLogs, question: Question, peer: Server | None) -> None:
    measured = [measure(lambda: question.ask(logs, question.query)) for _ in range(3)]
    cpu, wall = (min(each) * 1e3 for each in zip(*measured, strict=True))
    shown = ""
    if peer is not None and question.peer:
        theirs = [1e3 * each for each in victoria_logs.measure(peer, question.peer, question.query)]
        shown = f"{theirs[0]:.1f} ({theirs[1]:.1f})"
    figure = f"{question.figure}: CPU ms (wall, first)"
    first = measured[0][0] * 1e3
    show(figure, f"{cpu:.1f} ({wall:.1f}, {first:.1f})", shown, question.goal)


def ask_all(ask: Callable[[Question], object], questions: Sequence[Question]) -> None:
    with ThreadPoolExecutor(len(questions)) as pool:
        list(pool.map(ask, questions))


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
