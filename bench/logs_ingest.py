"""Ingest as a whole, from log files to durable segments, beside VictoriaLogs with the same records.

A process of its own finds the formats of files of access lines, of JSON and of everything a
service of models writes, parses, redacts, encodes, counts and syncs them. VictoriaLogs gets the
parsed records as JSON. CPU time of each; `BENCH_LOGS_LINES=1000000` writes so many lines.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bench.logs_formats import write_json, write_nginx, write_python
from bench.machine import describe_machine
from bench.victoria_logs import is_there, send, victoria_logs
from jipyo.logs.evaluate import list_texts
from jipyo.logs.formats.parser import LineParser
from jipyo.logs.formats.parser import Options as ParserOptions
from jipyo.logs.ingest.__main__ import open_parsing, open_store
from jipyo.logs.ingest.problems import Problems
from jipyo.logs.ingest.process.ingest import Ingest
from jipyo.logs.ingest.process.main import build_sources
from jipyo.logs.ingest.process.options import IngestOptions
from jipyo.logs.ingest.receive.receiver import LogReceiver
from jipyo.logs.ingest.sources.file_names import FileGroup
from jipyo.logs.ingest.sources.files import FileOptions
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.logs.record import LogBatch

LINES = 400_000
ZONE = "Asia/Seoul"
_NOW_NS = 1_795_000_000_000_000_000
_CHUNK = 1 << 20
_GOALS = {"nginx": "250", "json": "200", "mix": "1.5x VictoriaLogs"}


def write_spring(random: Random, second: int) -> str:
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    head = f"2026-11-16T{clock}.{random.randrange(1000):03}+09:00"
    if random.random() < 0.02:
        return (
            f"{head} ERROR 1 --- [nio-8080-exec-{random.randrange(20)}] k.e.order.OrderService :"
            f" threw\njava.net.SocketTimeoutException: Read timed out\n"
            f"\tat kr.example.Order.find(Order.java:{random.randrange(90)})"
        )
    return (
        f"{head}  INFO 1 --- [nio-8080-exec-{random.randrange(20)}] k.e.order.OrderController :"
        f" 주문 {random.randrange(10**6)} 상태 변경: 대기 -> 완료"
    )


def write_vllm(random: Random, second: int) -> str:
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return (
        f"(APIServer pid=100) INFO 11-16 {clock} [loggers.py:127] Engine 000: Avg prompt"
        f" throughput: {random.random() * 900:.1f} tokens/s, Avg generation throughput:"
        f" {random.random() * 4000:.1f} tokens/s, Running: {random.randrange(64)} reqs,"
        f" Waiting: {random.randrange(9)} reqs, GPU KV cache usage: {random.random() * 90:.1f}%"
    )


def write_uvicorn(random: Random, second: int) -> str:
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return (
        f"2026-11-16T{clock}.{random.randrange(10**9):09}Z stdout F INFO:     "
        f"10.0.2.{random.randrange(250)}:{random.randrange(60000)}"
        ' - "POST /v1/completions HTTP/1.1" 200 OK'
    )


def write_syslog(random: Random, second: int) -> str:
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return (
        f"<86>Nov 16 {clock} node-{random.randrange(9)} sshd[{random.randrange(30000)}]: Failed"
        f" password for invalid user oracle from 10.9.{random.randrange(250)}.1 port"
        f" {random.randrange(60000)} ssh2"
    )


WRITERS: dict[str, list[tuple[str, Callable[[Random, int], str], float]]] = {
    "nginx": [("nginx", write_nginx, 1)],
    "json": [("app", write_json, 1)],
    "mix": [
        ("nginx", write_nginx, 0.45), ("app", write_json, 0.29), ("worker", write_python, 0.08),
        ("order", write_spring, 0.06), ("vllm", write_vllm, 0.05),
        ("uvicorn", write_uvicorn, 0.03), ("syslog", write_syslog, 0.04),
    ],
}  # fmt: skip


def write_files(folder: Path, kind: str, lines: int) -> None:
    """The files of a kind, each a day of lines."""
    folder.mkdir()
    random = Random(11)
    for name, write, share in WRITERS[kind]:
        n = int(lines * share)
        with (folder / f"{name}.log").open("w", encoding="utf-8") as file:
            file.writelines(f"{write(random, row * 86_400 // n)}\n" for row in range(n))


def ingest(folder: Path, pattern: str) -> dict[str, float]:
    """Read all that files have into a store; what that took."""
    options = IngestOptions(
        folder=folder, files=FileOptions(groups=(FileGroup(patterns=(pattern,)),)), zone=ZONE
    )
    clock, stopping = SystemClock(), threading.Event()
    with open_store(options) as store:
        parsing = open_parsing(options)
        sources = build_sources(options, parsing, Problems(), store)
        receiver = LogReceiver(store, parsing, options.limits)
        process = Ingest(store, sources, receiver, Problems(), clock)
        started = time.process_time()
        while True:
            if not process.step():
                if not any(source.count_unread_bytes() for source in sources):
                    break
                clock.wait(stopping, 50.0)  # the last record of a file may still go on
        process.flush()
        spent = time.process_time() - started
        started = time.process_time()
        store.maintain(0)
        merging = time.process_time() - started
        rows = sum(block.summary.n for block in store.reader.snapshot().blocks)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": rows, "spent": spent, "merging": merging, "peak": peak}


def run_apart(folder: Path, pattern: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.logs_ingest", str(folder), pattern]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    result: dict[str, float] = json.loads(found)
    return result


def parse_files(folder: Path) -> Iterator[LogBatch]:
    """The records that VictoriaLogs is given."""
    for path in sorted(folder.iterdir()):
        parser = LineParser(ParserOptions(service=path.stem, zone=ZoneInfo(ZONE)))
        with path.open("rb") as file:
            while data := file.read(_CHUNK):
                yield from parser.feed(data, _NOW_NS)
        yield from parser.feed(b"", _NOW_NS, end=True)


def fill_peer(folder: Path, files: Path) -> tuple[float, float]:
    """CPU seconds and bytes that VictoriaLogs takes."""
    with victoria_logs(folder) as server:
        batches = (
            (batch, [text or b"" for text in list_texts(batch, "message")])
            for batch in parse_files(files)
        )
        spent = send(server, batches)
    return spent, measure_size(folder / "data")


def measure_size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> None:
    lines = int(os.environ.get("BENCH_LOGS_LINES", LINES))
    print(f"logs_ingest: {describe_machine()}\n")
    print("| records | k/CPU-s | with merging | goal | VictoriaLogs | bytes a record"
          " | VictoriaLogs | peak MB (<= 170) |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for kind in WRITERS:
        with tempfile.TemporaryDirectory(prefix="jipyo-bench-") as temporary:
            measure(Path(temporary), kind, lines)


def measure(folder: Path, kind: str, lines: int) -> None:
    write_files(folder / "files", kind, lines)
    ours = run_apart(folder / "store", f"{folder}/files/*.log")
    rows = ours["rows"]
    rate, merged = rows / ours["spent"], rows / (ours["spent"] + ours["merging"])
    theirs = size = "-"
    if is_there():
        spent, peer_bytes = fill_peer(folder / "peer", folder / "files")
        theirs = f"{rows / spent / 1e3:.0f} (x {rate * spent / rows:.2f})"
        size = f"{peer_bytes / rows:.1f}"
    bytes_a_record = measure_size(folder / "store") / rows
    cells = (
        f"{kind}, {rows:,.0f}", f"{rate / 1e3:.0f}", f"{merged / 1e3:.0f}", _GOALS[kind], theirs,
        f"{bytes_a_record:.1f}", size, f"{ours['peak']:.0f}",
    )  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(ingest(Path(sys.argv[1]), sys.argv[2])))
    else:
        main()
