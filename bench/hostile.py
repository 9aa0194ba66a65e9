"""What hostile bodies cost a receiver and the store, and a push beside many groups.

A body is small when sent and huge when built: it is refused by a bound on its elements. Those
that stay just below the bound are built and stored, and cost the most that one request can.

    python -m bench hostile        # every body in a process of its own
    python -m bench.hostile NAME   # one of them, here
"""

from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from jipyo.collect.receive import otlp
from jipyo.collect.receive.push_groups import PushGroups
from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.collect.receive.text import parse_text_body
from jipyo.model.errors import BodyError, TooLarge
from jipyo.model.labels import Labels
from jipyo.tsdb.store import Store
from jipyo.web.ingest.options import ReceiverOptions
from jipyo.wire.compression import decompress
from jipyo.wire.elements import WorkLimit
from jipyo.wire.protobuf import encode_field, encode_varint

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.collect.receive.batch import ReceivedBatch

MIB = 1 << 20
LIMITS = ReceiverOptions()
_MOST_CPU_S, _MOST_MIB = 1.0, 200
_GROUPS, _PUSHES = 3000, 50
_NAME = encode_field(1, encode_field(1, b"__name__") + encode_field(2, b"a"))
_METRIC = b"\x0a\x01a"


@dataclass(frozen=True, slots=True)
class Body:
    """A hostile body, and the receiver that it is for."""

    name: str
    build: Callable[[], bytes]
    read: Callable[[bytes, WorkLimit], ReceivedBatch]


def read_v1(body: bytes, limit: WorkLimit) -> ReceivedBatch:
    return RemoteWriteParser().parse_v1(body, limit)


def read_v2(body: bytes, limit: WorkLimit) -> ReceivedBatch:
    return RemoteWriteParser().parse_v2(body, limit)


def read_text(body: bytes, limit: WorkLimit) -> ReceivedBatch:
    return parse_text_body(body, {}, _read_clock_ms(), work_limit=limit)


def read_otlp(body: bytes, limit: WorkLimit) -> ReceivedBatch:
    request = otlp.parse_request(body, as_json=False, work_limit=limit)
    return otlp.OtlpConverter().convert(request, limit)


def read_otlp_json(body: bytes, limit: WorkLimit) -> ReceivedBatch:
    request = otlp.parse_request(body, as_json=True, work_limit=limit)
    return otlp.OtlpConverter().convert(request, limit)


def _read_clock_ms() -> int:
    return time.time_ns() // 1_000_000


def nest_json(item: bytes, count: int) -> bytes:
    return b'{"resourceMetrics":[' + b",".join([item] * count) + b"]}"


def build_points(item: bytes, count: int) -> bytes:
    points = b",".join([item] * count)
    metric = b'{"name":"a","gauge":{"dataPoints":[' + points + b"]}}"
    return b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[' + metric + b"]}]}]}"


def build_sample(t_ms: int) -> bytes:
    return encode_field(2, b"\x10" + encode_varint(t_ms))


def build_labels(lines: int) -> bytes:
    labels = ",".join(f'a{n}=""' for n in range(1000))
    return f"x{{{labels}}} 1\n".encode() * lines


BOMBS = [
    Body("resources of OTLP", lambda: b"\x0a\x00" * (16 * MIB), read_otlp),
    Body("objects of JSON", lambda: nest_json(b"{}", 10**7), read_otlp_json),
    Body("numbers of JSON", lambda: nest_json(b"1", 10**7), read_otlp_json),
    Body("equal lines", lambda: b"a 1\n" * (8 * 10**6), read_text),
    Body("empty lines", lambda: b"\n" * (64 * MIB), read_text),
    Body("labels of lines", lambda: build_labels(7000), read_text),
    Body("series of 1.0", lambda: b"\x0a\x00" * (16 * MIB), read_v1),
    Body("samples of a series of 1.0", lambda: encode_field(1, b"\x12\x00" * (16 * MIB)), read_v1),
    Body(
        "unknown fields of a label of 1.0",
        lambda: encode_field(1, encode_field(1, b"\x78\x01" * (16 * MIB))),
        read_v1,
    ),
    Body("labels of a series of 1.0", lambda: encode_field(1, b"\x0a\x00" * (16 * MIB)), read_v1),
    Body("symbols of 2.0", lambda: b"\x22\x00" * (16 * MIB), read_v2),
    Body("series of 2.0", lambda: b"\x2a\x00" * (16 * MIB), read_v2),
    Body(
        "references of a series of 2.0",
        lambda: b"\x22\x00" + encode_field(5, encode_field(1, bytes(32 * MIB))),
        read_v2,
    ),
]
"""Refused before they are built."""
_MOST = LIMITS.max_elements - 100
JUST_BELOW = [
    Body("just below: lines", lambda: b"a 1\n" * _MOST, read_text),
    Body(
        "just below: distinct lines",
        lambda: b"".join(b"a%d 1\n" % n for n in range(_MOST)),
        read_text,
    ),
    Body(
        "just below: lines with times",
        lambda: b"".join(b"a 1 %d\n" % n for n in range(_MOST)),
        read_text,
    ),
    Body(
        "just below: samples of one time",
        lambda: encode_field(1, _NAME + build_sample(_read_clock_ms()) * (_MOST * 4 // 5 - 10)),
        read_v1,
    ),
    Body("just below: points of JSON", lambda: build_points(b"{}", _MOST // 2), read_otlp_json),
    Body(
        "just below: points of OTLP",
        lambda: encode_field(
            1,
            encode_field(2, encode_field(2, _METRIC + encode_field(5, b"\x0a\x00" * (_MOST - 10)))),
        ),
        read_otlp,
    ),
    Body(
        "just below: samples of a series",
        lambda: encode_field(1, _NAME + b"\x12\x00" * (_MOST - 10)),
        read_v1,
    ),
    Body(
        "just below: unknown fields",
        lambda: encode_field(1, encode_field(1, b"\x78\x01" * 4 * (_MOST - 10))),
        read_v1,
    ),
    Body("just below: labels", lambda: encode_field(1, b"\x0a\x00" * 4 * (_MOST - 10)), read_v1),
    Body("just below: series of 2.0", lambda: b"\x22\x00" + b"\x2a\x00" * (_MOST - 10), read_v2),
    Body("long line", lambda: b"a" * 20_000 + b" 1 2 3\n", read_text),
    Body("long name without a value", lambda: b"a" * 20_000, read_text),
]
"""Within the bound, so that they are read."""
BODIES = {body.name: body for body in (*BOMBS, *JUST_BELOW)}


def measure(body: Body) -> dict[str, object]:
    """Seconds of CPU and MiB, from the compressed body to the batch or the refusal.

    Beside them the seconds of CPU in which the store takes the batch.
    """
    plain = body.build()
    sent = gzip.compress(plain, 9)
    del plain
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    before, start = _read_peak_mib(), time.process_time()
    outcome, batch = "read", None
    try:
        limit = WorkLimit(LIMITS.max_elements)
        batch = body.read(decompress(sent, "gzip", LIMITS.max_body_bytes), limit)
    except TooLarge:
        outcome = "refused as too large"
    except BodyError:
        outcome = "refused"
    cpu_s = time.process_time() - start
    mib = _read_peak_mib() - before
    store_s = 0.0 if batch is None else measure_store_s(batch)
    return {
        "outcome": outcome,
        "sent": len(sent),
        "cpu_s": cpu_s,
        "mib": mib,
        "store_s": store_s,
    }


def measure_store_s(batch: ReceivedBatch) -> float:
    """Seconds of CPU of an append to a new store, while no other can append."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store = Store.open(Path(folder) / "store", now_ms=_read_clock_ms)
        start = time.process_time()
        store.append(batch.scrapes)
        cpu_s = time.process_time() - start
        store.close()
    return cpu_s


def _read_peak_mib() -> float:
    status = Path("/proc/self/status").read_bytes()
    return int(status.partition(b"VmHWM:")[2].split(None, 1)[0]) / 1024


def measure_push_ms(groups: int) -> float:
    """Milliseconds of a push by the clock, synced to disk, the median of many."""
    page = b"".join(b"m%d %d\n" % (n, n) for n in range(10))
    with tempfile.TemporaryDirectory(dir=".") as folder:
        pushed = PushGroups(Path(folder) / "pushed")
        for n in range(groups):
            pushed.push(Labels.of({"job": f"job {n}"}), page, 0, replace_all=True)
        spent = []
        for _ in range(_PUSHES):
            start = time.perf_counter()
            pushed.push(Labels.of({"job": "job 0"}), page, 0, replace_all=True)
            spent.append(time.perf_counter() - start)
    return statistics.median(spent) * 1000


def main() -> None:
    goal = f"CPU <= {_MOST_CPU_S:g} s, <= {_MOST_MIB} MiB"
    columns = ("body", "sent", "CPU", "memory", "store", "outcome")
    table = Table(*columns, title=f"hostile bodies ({goal})")
    for name in BODIES:
        command = [sys.executable, "-m", "bench.hostile", name]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        table.add_row(
            name,
            f"{found['sent'] / 1024:,.0f} KiB",
            f"{found['cpu_s']:.3f} s",
            f"{found['mib']:,.0f} MiB",
            f"{found['store_s']:.3f} s",
            found["outcome"],
        )
    Console(width=110).print(table)
    alone, beside = measure_push_ms(1), measure_push_ms(_GROUPS)
    print(f"a push: {alone:.2f} ms alone, {beside:.2f} ms beside {_GROUPS:,} groups")


if __name__ == "__main__":
    print(json.dumps(measure(BODIES[sys.argv[1]])))
