"""The engine beside a real Prometheus 3.16: random expressions over peculiar series.

`JIPYO_DIFFERENTIAL_CASES=20000 make integration T=tests/promql/test_differential.py` is the
long run. What is known to differ stands in `KNOWN`, with the reason.
"""

import json
import math
import os
import re
import struct
from collections.abc import Iterator
from typing import Any

import cramjam
import pytest
import urllib3
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix, QueryResult, RawMatrix, Scalar, String, Vector
from jipyo.model.sample import SeriesBlock
from jipyo.promql import Engine, Feature, Options
from jipyo.tsdb import Options as StoreOptions
from jipyo.tsdb import Store
from support import services
from support.expressions import expressions
from support.peculiar import SPAN_MS, Dataset

pytestmark = pytest.mark.integration

CASES = int(os.environ.get("JIPYO_DIFFERENTIAL_CASES", "500"))
DATASETS = tuple(Dataset(number) for number in range(12))

KNOWN = {
    r"\b(topk|bottomk)\b": "of equal values Prometheus keeps those that its heap happens to hold",
    r"\blimitk\b": "which series come first is not defined",
    r"\bcount_values\b": "series are named by every digit of a value, also by those of rounding",
    r"\b(sin|cos|tan)\b": (
        "the sine of 1e16 turns with the last digit of a mean, a sum or Go's own sinh, which may "
        "be rounded otherwise; plain ones stand in tests/promql/scripts"
    ),
    r"absent.*\{[^}]*\b(\w+)[^\w{},]*[=!][^}]*\b\1\b": (
        "a label that is matched twice is named or not by the order in which it was written"
    ),
    r"@.*\[[^\]]*:[^\]]*\].*@": (
        "@ within a subquery that has one too: where the subquery begins at the query's start, "
        "Prometheus reads beside the moment (promql/engine.go, setOffsetForAtModifier)"
    ),
}
"""What may differ, as patterns on the expression."""

Points = dict[int, float]
Answer = dict[tuple[tuple[str, str], ...], Points]


class Prometheus:
    """A real server with the datasets."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = urllib3.PoolManager(retries=False, timeout=60)

    def load(self, block: SeriesBlock) -> None:
        series = bytearray()
        for labels, values in zip(block.series, block.values, strict=True):
            body = bytearray()
            for name, value in labels.pairs:
                body += _field(1, _field(1, name.encode()) + _field(2, value.encode()))
            for t_ms, bits in zip(block.t_ms.tolist(), values, strict=True):
                body += _field(2, b"\x09" + bits.tobytes() + b"\x10" + _varint(t_ms))
            series += _field(1, bytes(body))
        answer = self.http.request(
            "POST",
            f"{self.url}/api/v1/write",
            body=bytes(cramjam.snappy.compress_raw(bytes(series))),
            headers={
                "Content-Type": "application/x-protobuf",
                "Content-Encoding": "snappy",
                "X-Prometheus-Remote-Write-Version": "0.1.0",
            },
        )
        assert answer.status // 100 == 2, answer.data

    def ask(self, path: str, **form: object) -> dict[str, Any]:
        fields = {name: str(value) for name, value in form.items()}
        answer = self.http.request(
            "POST", f"{self.url}/api/v1/{path}", fields=fields, encode_multipart=False
        )
        body: dict[str, Any] = json.loads(answer.data)
        return body


def _varint(number: int) -> bytes:
    out = bytearray()
    number &= (1 << 64) - 1
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "p.yml").write_text(
        "global: {evaluation_interval: 1m}\nstorage: {tsdb: {out_of_order_time_window: 10000d}}\n"
    )
    port = services.free_port()
    features = ",".join(feature.value for feature in Feature)
    command = [
        services.binary("prometheus"),
        f"--config.file={folder}/p.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--storage.tsdb.retention.time=100y",
        "--storage.tsdb.min-block-duration=1000d",
        "--storage.tsdb.max-block-duration=1000d",
        "--log.level=warn",
        f"--enable-feature={features}",
    ]
    url = f"http://127.0.0.1:{port}"
    with services.running(command, f"{url}/-/ready", folder / "log"):
        server = Prometheus(url)
        for dataset in DATASETS:
            for block in dataset.series():
                server.load(block)
        yield server


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    options = StoreOptions(retention_ms=None, out_of_order_ms=None, durable=False)
    folder = tmp_path_factory.mktemp("store")
    with Store.open(folder / "data", options, now_ms=lambda: 10 * SPAN_MS) as opened:
        for dataset in DATASETS:
            opened.load(dataset.series())
        yield opened


ENGINE = Engine(Options(features=frozenset(Feature), advice=False))


def theirs(body: dict[str, Any]) -> Answer | str:
    """Their points, or what kind of error it was."""
    if body["status"] != "success":
        return str(body["errorType"])
    data = body["data"]
    if data["resultType"] in ("scalar", "string"):
        t_s, value = data["result"]
        return {(): {round(t_s * 1000): _number(value)}}
    return {
        tuple(sorted(series["metric"].items())): {
            round(t_s * 1000): _number(value)
            for t_s, value in series.get("values") or [series["value"]]
        }
        for series in data["result"]
    }


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float(struct.unpack("<d", text.encode()[:8].ljust(8))[0])


def ours(result: QueryResult) -> Answer:
    match result.value:
        case Scalar(t_ms=t_ms, value=value):
            return {(): {t_ms: value}}
        case String(t_ms=t_ms, value=text):
            return {(): {t_ms: _number(text)}}
        case Vector(t_ms=t_ms, series=series, values=values):
            rows = zip(series, values.tolist(), strict=True)
            return {labels.pairs: {t_ms: value} for labels, value in rows}
        case Matrix(series=series, t_ms=times, values=numbers, present=present):
            return {
                labels.pairs: dict(zip(times[here].tolist(), row[here].tolist(), strict=True))
                for labels, row, here in zip(series, numbers, present, strict=True)
            }
        case RawMatrix(blocks=blocks):
            return {
                labels.pairs: dict(zip(block.t_ms.tolist(), row.tolist(), strict=True))
                for block in blocks
                for labels, row in zip(block.series, block.values, strict=True)
            }


def near(one: float, two: float, scale: float) -> bool:
    if math.isnan(one) or math.isnan(two):
        return math.isnan(one) and math.isnan(two)
    if math.isinf(one) or math.isinf(two):
        return one == two
    # Sums of huge numbers that cancel leave what rounding leaves, on either side.
    return abs(one - two) <= 1e-6 * max(abs(one), abs(two)) + 1e-12 * scale


def difference(mine: Answer, other: Answer) -> str:
    """What differs, or an empty text."""
    if mine.keys() != other.keys():
        only = [Labels(key) for key in mine.keys() ^ other.keys()]
        return f"series {only[:3]} ({len(mine)} ours, {len(other)} theirs)"
    for key, points in mine.items():
        there = other[key]
        if points.keys() != there.keys():
            return f"{Labels(key)} at {sorted(points.keys() ^ there.keys())[:4]}"
        finite = [abs(value) for value in there.values() if math.isfinite(value)]
        scale = max(finite, default=0.0)
        for t_ms, value in points.items():
            if not near(value, there[t_ms], scale):
                return f"{Labels(key)} at {t_ms}: {value!r}, theirs {there[t_ms]!r}"
    return ""


def known(expr: str) -> bool:
    return any(re.search(pattern, expr) for pattern in KNOWN)


MOMENTS = st.integers(-60, SPAN_MS // 1000 + 600).map(lambda seconds: seconds * 1000) | st.integers(
    0, SPAN_MS
)
STEPS = st.sampled_from([1_000, 7_000, 15_000, 60_000, 300_000, 3_600_000])

drawn = st.sampled_from(DATASETS).flatmap(lambda each: expressions(each.vocabulary, depth=3))
several = settings(
    max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@given(expr=drawn, t_ms=MOMENTS)
@example(expr='requests0_total{job="api"}[5m] anchored', t_ms=600_000)
@several
def test_instant_answers_are_those_of_prometheus(
    prometheus: Prometheus, store: Store, expr: str, t_ms: int
) -> None:
    expected = theirs(prometheus.ask("query", query=expr, time=t_ms / 1000))
    compare(expr, expected, lambda: ENGINE.instant(store, expr, t_ms))


@given(expr=drawn, start_ms=MOMENTS, steps=st.integers(0, 40), step_ms=STEPS)
@several
def test_range_answers_are_those_of_prometheus(
    prometheus: Prometheus, store: Store, expr: str, start_ms: int, steps: int, step_ms: int
) -> None:
    end_ms = start_ms + steps * step_ms
    body = prometheus.ask(
        "query_range",
        query=expr,
        start=start_ms / 1000,
        end=end_ms / 1000,
        step=step_ms / 1000,
    )
    compare(expr, theirs(body), lambda: ENGINE.range(store, expr, start_ms, end_ms, step_ms))


def compare(expr: str, expected: Answer | str, ask: Any) -> None:
    try:
        mine: Answer | str = ours(ask())
    except QueryError as error:
        mine = error.kind.value
    kind = expected if isinstance(expected, str) else "points" if expected else "nothing"
    event("known to differ" if known(expr) else kind)
    if known(expr):
        return
    if isinstance(mine, str) or isinstance(expected, str):
        assert mine == expected
    else:
        assert difference(mine, expected) == ""
