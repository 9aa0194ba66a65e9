"""Byte for byte what a real Prometheus answers, over the same samples."""

import struct
import subprocess
import time
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest
import urllib3

from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine, Options
from jipyo.promql.syntax.features import DEFAULT
from jipyo.source import Embedded
from jipyo.tsdb import Options as StoreOptions
from jipyo.tsdb import Store
from jipyo.web.prometheus import federate, query, rules, series, status
from support.services import binary, free_port, running
from support.web import (
    END,
    RANGE,
    SERVER,
    T0,
    T0_MS,
    Answer,
    Client,
    config_state,
    demo_scrapes,
    now_ms,
    serving,
)

pytestmark = pytest.mark.integration

_COUNT = 2000


def _numbers() -> npt.NDArray[np.float64]:
    """Random bit patterns, and numbers about every bound where the writing changes."""
    bits = np.random.default_rng(20_261_123).integers(0, 2**64, _COUNT, np.uint64, endpoint=False)
    bounds = [s * 10.0**e for e in range(-9, 24) for s in (1, -1, 1.5, 9.999999999999999)]
    near = [np.nextafter(one, way) for one in bounds for way in (-np.inf, np.inf)]
    powers = [2.0**k for k in range(-1074, 1024, 7)]
    whole = [0.0, -0.0, np.inf, -np.inf, 5e-324, 123456789.0, 2.0**53 + 2]
    every = np.concatenate([bits.view(np.float64), bounds, near, powers, whole])
    numbers: npt.NDArray[np.float64] = every[~np.isnan(every)]
    return numbers


def _scrapes() -> list[Scrape]:
    numbers = _numbers()
    series = tuple(
        Labels.of({"__name__": "number", "i": f"{i:05}", "글": "값 \"\\' <&>"})
        for i in range(len(numbers))
    )
    return [*demo_scrapes(), *(Scrape(T0_MS + shift, series, numbers) for shift in (123, 30_000))]


def _openmetrics(scrapes: Sequence[Scrape]) -> str:
    """The samples as OpenMetrics text, series by series."""
    lines: dict[Labels, list[str]] = {}
    for scrape in scrapes:
        for labels, value in zip(scrape.series, scrape.values.tolist(), strict=True):
            pairs = ",".join(
                f'"{name}"="{text}"'
                for name, raw in labels.pairs
                if name != "__name__"
                for text in [raw.replace("\\", "\\\\").replace('"', '\\"')]
            )
            line = f'{{"{labels.metric}",{pairs}}} {value!r} {scrape.t_ms / 1000:.3f}\n'
            lines.setdefault(labels, []).append(line)
    return "".join(line for labels in sorted(lines) for line in lines[labels]) + "# EOF\n"


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    server, tool = binary("prometheus"), binary("promtool")
    home = tmp_path_factory.mktemp("prometheus")
    (home / "in.txt").write_text(_openmetrics(_scrapes()))
    load = [
        tool,
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        str(home / "in.txt"),
        str(home / "d"),
    ]
    subprocess.run(load, check=True, capture_output=True)
    (home / "p.yml").write_text("global: {}\n")
    address = f"127.0.0.1:{free_port()}"
    command = [
        server,
        f"--config.file={home / 'p.yml'}",
        f"--storage.tsdb.path={home / 'd'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={address}",
        "--enable-feature=promql-delayed-name-removal",
    ]
    with (
        running(command, f"http://{address}/-/ready", home / "log"),
        urllib3.PoolManager(retries=False, timeout=30) as pool,
    ):
        yield Client(f"http://{address}", pool)


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    path = tmp_path_factory.mktemp("ours") / "data"
    options = StoreOptions(durable=False, out_of_order_ms=None)
    with Store.open(path, options, now_ms=now_ms) as store:
        store.append(_scrapes())
        source = Embedded(store, Engine(Options(advice=False)))
        with serving(
            *query.routes(source, wall_clock_ms, DEFAULT, source.engine.lanes),
            *series.routes(source),
            *rules.routes(tuple),
            *federate.routes(source, wall_clock_ms),
            *status.routes(SERVER, source, wall_clock_ms, store.extent, config_state),
        ) as client:
            yield client


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("query", {"query": "number", "time": T0 + 60}),
        ("query", {"query": "number[2m]", "time": T0 + 60}),
        ("query_range", {"query": "number", "start": T0, "end": T0 + 60, "step": "7.5"}),
        ("query_range", {"query": "number", "start": T0 + 0.5, "end": T0 + 60, "step": "10"}),
        ("query_range", {"query": "-number / 7", "start": T0, "end": T0 + 60, "step": "1m"}),
        ("query_range", {"query": "demo_total", "step": 15, **RANGE}),
        ("query_range", {"query": "rate(demo_total[1m])", "step": 15, **RANGE}),
        ("query_range", {"query": "demo_gauge", "step": "15", "limit": "1", **RANGE}),
        ("query_range", {"query": "demo_total", "start": -5, "end": T0, "step": T0 / 9}),
        ("query_range", {"query": "time()", "start": -100.5, "end": 100, "step": "13.25"}),
        ("query_range", {"query": "nothing", "start": 0, "end": 10, "step": 1}),
        ("query", {"query": "nothing", "time": 5}),
        ("query", {"query": "1e21", "time": 1.5}),
        ("query", {"query": "1e-7", "time": "2026-11-01T00:00:00.25Z"}),
        ("query", {"query": "vector(1e21)", "time": 1}),
        ("query", {"query": '"가\\n<"', "time": 1}),
        ("query", {"query": "sort_desc(demo_total)", "time": END}),
        ("query", {"query": "rate(demo_gauge[5m])", "time": END}),
        ("query", {"query": "up", "time": END, "limit": "1"}),
        ("query", {"query": "up", "time": END + 60, "lookback_delta": "1m"}),
        ("query", {"query": "up", "time": END + 60, "lookback_delta": "60.001"}),
        ("query", {"query": "up", "time": END, "lookback_delta": "0.0005"}),
        ("query", {"query": "up", "time": END, "lookback_delta": "0.001"}),
        ("query", {"query": "up", "time": END + 290, "lookback_delta": "0"}),
        ("query", {"query": "up", "time": END + 290, "lookback_delta": "-1"}),
        ("query", {"query": "up", "time": END + 3000, "lookback_delta": "100y"}),
        ("query_range", {"query": "up", "step": 7, "lookback_delta": "5s", **RANGE}),
        (
            "query_range",
            {"query": "sum_over_time(up[1m:])", "step": 60, "lookback_delta": "1s", **RANGE},
        ),
        ("query", {"query": "rate(demo_gauge[5m]) + rate(demo_gauge[5m])", "time": END}),
        ("query", {"query": "rate(demo_gauge[5m]) or\n  rate(demo_gauge[1m])", "time": END}),
        ("query", {"query": "rate(demo_gauge[1m]) > 1e9 or rate(demo_gauge[5m])", "time": END}),
        (
            "query",
            {
                "query": 'label_replace(up, "a", "가나다", "", "") or rate(demo_gauge[5m])',
                "time": END,
            },
        ),
        (
            "query",
            {"query": 'up{job="가"} or\n up{job="가나"} or rate(demo_gauge[5m])', "time": END},
        ),
        ("query", {"query": "quantile(2, up) or quantile(2, demo_gauge)", "time": END}),
        (
            "query",
            {
                # Of one instance: Prometheus gives several in no fixed order.
                "query": 'histogram_quantile(3, demo_bucket{instance="a:1"})'
                " or histogram_quantile(2, up)",
                "time": END,
            },
        ),
        (
            "query",
            {
                "query": 'histogram_quantile(0.1, demo_bucket{job="demo", instance="a:1"})',
                "time": END,
            },
        ),
        (
            "query",
            {
                "query": 'histogram_fraction(0, 0.7, demo_bucket{job="demo", instance="a:1"})',
                "time": END,
            },
        ),
        ("query_range", {"query": "sort(up) or sort(up)", "step": 60, **RANGE}),
        ("query", {"query": "up", "time": END, "limit": "+1"}),
        ("labels", RANGE),
        ("labels", {"match[]": 'demo_bucket{le="1"}', **RANGE}),
        ("labels", {"match[]": "up", "limit": 1, **RANGE}),
        ("label/__name__/values", RANGE),
        ("label/U__글/values", RANGE),
        ("label/U___ae00_/values", RANGE),
        ("label/nothing/values", RANGE),
        ("label/job/values", {"limit": "0", **RANGE}),
        ("series", {"match[]": "up", **RANGE}),
        ("series", {"match[]": '{__name__=~"up|demo_total"}', "limit": "3", **RANGE}),
        ("series", {"match[]": "up", "start": 10, "end": 20}),
        ("rules", {}),
        ("alerts", {}),
        ("query_exemplars", {"query": "up", **RANGE}),
        ("format_query", {"query": "foo/bar"}),
        ("format_query", {"query": "sum by(a)(rate(x{b='c'}[5m] offset 1h))"}),
        ("parse_query", {"query": "sum by(a)(rate(x{b='c'}[5m] offset 1h)) / 2"}),
        ("parse_query", {"query": "a + on(b) group_left(c) max_over_time(d[5m:] @ 3)"}),
        ("parse_query", {"query": 'x{z="1", a!="2", m=~"3", b!~"4"} offset -5m @ end()'}),
        ("parse_query", {"query": '{z="1", __name__="x", a="2"} or {"y.z", b="<&>가"}'}),
        ("parse_query", {"query": "-x % 2 > bool on () -1e-9 atan2 Inf"}),
        ("parse_query", {"query": "topk without (b, a) (3, x) and ignoring (c) (y)"}),
        ("parse_query", {"query": "label_replace(x offset 1w, 'a', `b`, \"c\", 'd')"}),
        ("parse_query", {"query": "rate(x[5m * 2] anchored) / 0x1f"}),
        ("format_query", {"query": "x{z='1',a='2'} offset 5m"}),
        ("query", {"query": "1 </ vector(1)", "time": END}),
        ("query", {"query": "up >/ up", "time": END}),
        ("parse_query", {"query": "count_values('v', x) by (z, a)"}),
        ("parse_query", {"query": "min_over_time(x[1h] @ start() offset 3ms)"}),
    ],
)
def test_answers_are_the_same_bytes(
    prometheus: Client, ours: Client, path: str, fields: dict[str, object]
) -> None:
    theirs, mine = _both(prometheus, ours, path, fields)
    assert mine.status == theirs.status == 200
    expected = _plain(theirs.body.decode())
    if "warnings" in theirs.json:  # in no order there
        assert sorted(mine.json["warnings"]) == sorted(theirs.json["warnings"])
        expected = expected.partition(',"warnings"')[0]
    assert mine.body.decode().startswith(expected)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("query", {}),
        ("query", {"query": "sum("}),
        ("query", {"query": "1", "time": "yesterday"}),
        ("query", {"query": "1", "time": "2026-13-01T00:00:00Z"}),
        ("query", {"query": "1", "timeout": "x"}),
        ("query", {"query": "1", "timeout": "-1"}),
        ("query", {"query": "1", "timeout": "0"}),
        ("query", {"query": "1", "limit": "x"}),
        ("query", {"query": "1", "limit": "-1"}),
        ("query", {"query": "1", "limit": "", "time": 1}),
        ("query", {"query": "1", "limit": "9" * 20}),
        ("query", {"query": "1", "limit": "9" * 5000}),
        ("query", {"query": "1", "limit": "0x10"}),
        ("query", {"query": "1", "limit": "1_000"}),
        ("query", {"query": "1", "time": "2024-02-30T00:00:00Z"}),
        ("query", {"query": "1", "time": "9" * 5000}),
        ("query", {"query": "1", "timeout": "-500ms"}),
        ("query", {"query": "1", "timeout": "-0.5"}),
        ("query", {"query": "1", "timeout": "9" * 400}),
        ("query", {"query": "up", "lookback_delta": "x"}),
        ("query", {"query": "up", "lookback_delta": "1e30"}),
        ("query", {"query": "up(", "lookback_delta": "5 m"}),
        ("query", {"query": "up", "lookback_delta": "300y"}),
        ("query_range", {"query": "up", "step": 60, "lookback_delta": "x", **RANGE}),
        ("query", {"query": "(\nx{a='라', }) $"}),
        ("query", {"query": "up{job='가나다'} + $"}),
        ("query", {"query": "up +\n\n up{job='가나다'} + )"}),
        ("query", {"query": "'가나다' + up{job="}),
        ("query", {"query": "(1) </ (1)"}),
        ("query", {"query": "1 >/ 1"}),
        ("query", {"query": "scalar(up) >/ time()"}),
        ("parse_query", {"query": "time() - timestamp(x) + 'a'"}),
        ("query", {"query": "http://x[1h]y"}),
        ("query", {"query": "x[1h]y"}),
        ("query", {"query": "1" * 5000 + "e"}),
        ("query", {"query": "9" * 400}),
        ("query", {"query": 'up{a=~"("}'}),
        ("query", {"query": "demo_total + on(nothing) demo_total", "time": END}),
        ("query_range", {"query": "up"}),
        ("query_range", {"query": "up", "start": "0"}),
        ("query_range", {"query": "up", "start": "x", "end": "1", "step": "1"}),
        ("query_range", {"query": "up", "start": "2", "end": "1", "step": "1"}),
        ("query_range", {"query": "up", "start": "0", "end": "1"}),
        ("query_range", {"query": "up", "start": "0", "end": "1", "step": "1e30"}),
        ("query_range", {"query": "up", "start": "0", "end": "1", "step": "0"}),
        ("query_range", {"query": "up", "start": "0", "end": "1", "step": "1.5h"}),
        ("query_range", {"query": "up", "start": "0", "end": "11001", "step": "1"}),
        ("query_range", {"query": "up", "start": "0", "end": "11000.9", "step": "1"}),
        ("query_range", {"query": '"a"', "start": "0", "end": "1", "step": "1"}),
        ("query_range", {"query": "up[5m]", "start": "0", "end": "1", "step": "1"}),
        ("labels", {"match[]": "up{"}),
        ("labels", {"match[]": "{}"}),
        ("labels", {"start": "x"}),
        ("label/job/values", {"match[]": '{a=~".*"}'}),
        ("label/job/values", {"limit": "x"}),
        ("label/U__/values", {}),
        ("series", {}),
        ("series", {"match[]": "{}"}),
        ("series", {"match[]": "sum(up)"}),
        ("series", {"match[]": "up", "end": "never"}),
        ("metadata", {"limit": "x"}),
        ("rules", {"type": "nonsense"}),
        ("query_exemplars", {"query": "up("}),
        ("query_exemplars", {"query": "up", "start": 2, "end": 1}),
        ("format_query", {"query": "a b"}),
        ("parse_query", {"query": ""}),
        ("status/tsdb", {"limit": "x"}),
    ],
)
def test_refusals_are_the_same_words(
    prometheus: Client, ours: Client, path: str, fields: dict[str, object]
) -> None:
    theirs, mine = _both(prometheus, ours, path, fields)
    assert (mine.status, mine.json) == (theirs.status, theirs.json)


def _both(
    prometheus: Client, ours: Client, path: str, fields: dict[str, object]
) -> tuple[Answer, Answer]:
    asked = urllib3.util.parse_url(f"/api/v1/{path}").url
    return prometheus.get(asked, **fields), ours.get(asked, **fields)


def _plain(text: str) -> str:
    """Without the escapes that keep Go's JSON harmless inside HTML."""
    for char in "<>&":
        text = text.replace(f"\\u{ord(char):04x}", char)
    return text


def test_federation_gives_the_same_samples(prometheus: Client, ours: Client) -> None:
    # Both look back from now, where there is nothing.
    for client in (prometheus, ours):
        answer = client.get("/federate", **{"match[]": "up"})
        assert (answer.status, answer.body) == (200, b"")


def test_random_bits_are_truly_random_bits() -> None:
    numbers = _numbers()
    assert len(numbers) > _COUNT
    assert struct.pack("<d", -0.0) in numbers.tobytes()
