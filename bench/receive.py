"""What taking samples in costs: remote write bodies of 500 samples, decoded and on disk."""

from __future__ import annotations

import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from rich.console import Console
from rich.table import Table

from jipyo import tsdb
from jipyo.collect.receive.remote_write import RemoteWriteParser
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricMetadata, MetricType, SeriesBlock
from jipyo.wire.compression import compress_snappy, decompress
from jipyo.wire.remote_write import RemoteWriteEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jipyo.collect.receive.batch import ReceivedBatch

_SAMPLES = 500
_BODIES = 400
_START_MS = 1_793_500_000_000
_STEP_MS = 15_000
_LIMIT = 64 << 20
_TARGET = 200_000


def series() -> list[Labels]:
    """As long as what Prometheus sends for node_exporter: about 120 bytes a sample in 1.0."""
    return [
        Labels.of(
            {
                "__name__": f"node_network_metric_{n % 100}_bytes_total",
                "device": f"eth{n % 7}",
                "instance": f"gpu-{n // 100:02}:9100",
                "job": "node",
                "n": str(n),
            }
        )
        for n in range(_SAMPLES)
    ]


def values(body: int) -> np.ndarray:
    return np.arange(_SAMPLES) * 1.5 + body * 0.25


def blocks(labels: Sequence[Labels]) -> list[SeriesBlock]:
    """One sample of every series for each body."""
    return [
        SeriesBlock(tuple(labels), times(body), values(body)[:, None]) for body in range(_BODIES)
    ]


def v1(labels: Sequence[Labels]) -> list[bytes]:
    encoder = RemoteWriteEncoder()
    return [compress_snappy(encoder.encode_v1([block])) for block in blocks(labels)]


def v2(labels: Sequence[Labels]) -> list[bytes]:
    about = MetricMetadata("", MetricType.COUNTER)
    encoder = RemoteWriteEncoder()
    return [
        compress_snappy(encoder.encode_v2([block], lambda _: about)) for block in blocks(labels)
    ]


def times(body: int) -> np.ndarray:
    return np.array([_START_MS + body * _STEP_MS], np.int64)


def rate(work: Callable[[bytes], object], bodies: Sequence[bytes]) -> tuple[float, float]:
    """Samples in a second of processor time, and in a second by the clock."""
    cpu, clock = time.process_time(), time.perf_counter()
    for body in bodies:
        work(body)
    count = len(bodies) * _SAMPLES
    return count / (time.process_time() - cpu), count / (time.perf_counter() - clock)


def appended(
    read: Callable[[bytes], ReceivedBatch], bodies: Sequence[bytes]
) -> tuple[float, float]:
    """Decompress, decode and append to a durable store: what one request costs."""
    now_ms = _START_MS + (_BODIES + 1) * _STEP_MS
    with (
        tempfile.TemporaryDirectory() as folder,
        tsdb.Store.open(Path(folder) / "data", now_ms=lambda: now_ms) as store,
    ):

        def take(body: bytes) -> None:
            pushed = read(decompress(body, "snappy", _LIMIT))
            kept = store.append(pushed.scrapes)
            assert kept.samples == _SAMPLES, kept

        take(bodies[0])
        return rate(take, bodies[1:])


def decoded(read: Callable[[bytes], ReceivedBatch], bodies: Sequence[bytes]) -> tuple[float, float]:
    read(decompress(bodies[0], "snappy", _LIMIT))
    return rate(lambda body: read(decompress(body, "snappy", _LIMIT)), bodies[1:])


def write_request() -> Any:
    """prometheus.WriteRequest for protobuf's own library (upb)."""
    file = descriptor_pb2.FileDescriptorProto(name="w.proto", package="w", syntax="proto3")
    shapes: dict[str, Sequence[tuple[str, int, int, str]]] = {
        "Label": (("name", 1, 9, ""), ("value", 2, 9, "")),
        "Sample": (("value", 1, 1, ""), ("timestamp", 2, 3, "")),
        "Series": (("labels", 1, 11, "Label"), ("samples", 2, 11, "Sample")),
        "Request": (("timeseries", 1, 11, "Series"),),
    }
    for name, parts in shapes.items():
        message = file.message_type.add(name=name)
        for part, number, kind, of in parts:
            one = message.field.add(name=part, number=number, type=kind, label=3 if of else 1)
            if of:
                one.type_name = f".w.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("w.Request"))


def by_protobuf(bodies: Sequence[bytes]) -> tuple[float, float]:
    """Protobuf's own parser, and its objects walked into tuples; nothing is stored."""
    request = write_request()

    def walk(body: bytes) -> object:
        parsed = request.FromString(decompress(body, "snappy", _LIMIT))
        return [
            (
                tuple((label.name, label.value) for label in one.labels),
                one.samples[0].value,
                one.samples[0].timestamp,
            )
            for one in parsed.timeseries
        ]

    walk(bodies[0])
    return rate(walk, bodies[1:])


def main() -> None:
    labels = series()
    first, second = v1(labels), v2(labels)
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    used = ", ".join(f"{one} {version(one)}" for one in ("numpy", "protobuf", "cramjam"))
    title = f"remote write, bodies of {_SAMPLES} samples ({machine}, {used})"
    table = Table("what", "samples/s of CPU", "samples/s by the clock", "wanted", title=title)
    rows: list[tuple[str, tuple[float, float], str]] = [
        (
            "1.0, decode and append",
            appended(RemoteWriteParser().parse_v1, first),
            f">= {_TARGET:,}",
        ),
        (
            "2.0, decode and append",
            appended(RemoteWriteParser().parse_v2, second),
            f">= {_TARGET:,}",
        ),
        ("1.0, decode", decoded(RemoteWriteParser().parse_v1, first), ""),
        ("2.0, decode", decoded(RemoteWriteParser().parse_v2, second), ""),
        ("1.0, protobuf (upb) parse and walk, beside it", by_protobuf(first), ""),
    ]
    for name, (cpu, clock), wanted in rows:
        table.add_row(name, f"{cpu:,.0f}", f"{clock:,.0f}", wanted)
    Console().print(table)


if __name__ == "__main__":
    main()
