"""Changes of what a report rests on and of what is made from it, one at a time."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import orjson

from jipyo.catalogue import Catalogue, load
from jipyo.model.calendar import start_of_day
from jipyo.tsdb import Options, Store
from reports.building import build_daily
from reports.days import DAY, SEOUL, source

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from jipyo.catalogue import Metric
    from jipyo.model.sample import SeriesBlock
    from jipyo.reports.document import Report

IDS = frozenset({"system.cpu.utilization", "system.memory.utilization", "system.gpu.temperature"})
FEW = Catalogue(tuple(metric for metric in load().metrics if metric.id in IDS))
READ = ("node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "DCGM_FI_DEV_GPU_TEMP")
"""Names of the samples behind them."""
START, END = start_of_day(DAY, SEOUL), start_of_day(DAY, SEOUL) + 86_400_000
_TEXT_NUMBER = re.compile(rb">[^<]*?(\d)[^<]*<")
_WORD_NUMBER = re.compile(rb"\d")


def build(folder: Path, samples: Sequence[SeriesBlock], catalogue: Catalogue = FEW) -> Report:
    """The report of the day from a store of its own with these samples."""
    store = Store.open(folder, Options(durable=False), now_ms=lambda: END)
    store.load(iter(samples))
    with store:
        return build_daily(source(store), catalogue, DAY, SEOUL, END + 3_600_000)


def change_sample(samples: Sequence[SeriesBlock], draw: random.Random) -> list[SeriesBlock]:
    """The samples with one of them a tenth higher."""
    rows = [
        (at, row)
        for at, block in enumerate(samples)
        for row, labels in enumerate(block.series)
        if labels.get("__name__") in READ and labels.get("mode", "idle") == "idle"
    ]
    at, row = draw.choice(rows)
    block = samples[at]
    inside = np.flatnonzero((block.t_ms > START + 600_000) & (block.t_ms < END - 600_000))
    values = block.values.copy()
    values[row, draw.choice(inside.tolist())] *= 1.1
    return [*samples[:at], replace(block, values=values), *samples[at + 1 :]]


def change_threshold(catalogue: Catalogue, draw: random.Random) -> Catalogue:
    """The catalogue with one threshold a twentieth higher."""

    def change_metric(metric: Metric) -> Metric:
        assert metric.thresholds is not None
        level = draw.choice(("warning", "critical"))
        changed = getattr(metric.thresholds, level) * 1.05
        return replace(metric, thresholds=replace(metric.thresholds, **{level: changed}))

    return _change_metric(catalogue, change_metric, draw)


def change_query(catalogue: Catalogue, draw: random.Random) -> Catalogue:
    """The catalogue with one query written in another way, most of which give the same values."""

    def change_metric(metric: Metric) -> Metric:
        form = draw.choice(("{} * 1", "({}) + 0", "{} * 1.001", "max by (instance) ({})"))
        queries = (replace(one, promql=form.format(one.promql)) for one in metric.queries)
        return replace(metric, queries=tuple(queries))

    return _change_metric(catalogue, change_metric, draw)


def _change_metric(catalogue: Catalogue, change_one: Any, draw: random.Random) -> Catalogue:
    at = draw.randrange(len(catalogue.metrics))
    metrics = (change_one(m) if at == n else m for n, m in enumerate(catalogue.metrics))
    return Catalogue(tuple(metrics))


def change_figure(content: bytes, draw: random.Random) -> bytes:
    """A report as JSON with one value changed: of a figure, its query, period or coverage."""
    plain = orjson.loads(content)
    *outer, last = draw.choice(_find_places(plain["blocks"]))
    container = plain["blocks"]
    for key in outer:
        container = container[key]
    container[last] = _change_value(container[last], draw)
    return orjson.dumps(plain)


def _find_places(plain: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Figures, their queries, and thresholds: the paths of what somebody would change."""
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain)
    wanted = {"value", "expr", "series", "start_ms", "end_ms", "samples", "coverage"}
    is_about = isinstance(plain, dict) and plain["type"] in {"figure", "threshold_line", "quantity"}
    return [
        place
        for key, value in inside
        for place in (
            _find_places(value, (*path, key))
            if isinstance(value, dict | list)
            else [(*path, key)] * (is_about and key in wanted)
        )
    ]


def _change_value(value: object, draw: random.Random) -> object:
    match value:
        case None:
            return draw.random()
        case str():
            return f"{value} + 0"
        case int():
            return value + draw.randint(1, 9)
        case float():
            return value * draw.choice((1.001, 0.9, 10)) + draw.choice((0.01, 1))
        case _:
            raise AssertionError(value)


def change_file(content: bytes, draw: random.Random) -> bytes:
    """A file of a report with one digit of its text changed; of a PDF, one bit of its streams."""
    if content.startswith(b"%PDF"):
        at = draw.randrange(len(content) // 10, len(content))
        return content[:at] + bytes((content[at] ^ 1 << draw.randrange(8),)) + content[at + 1 :]
    if not content.startswith(b"PK"):
        pattern = _TEXT_NUMBER if content.lstrip().startswith(b"<") else _WORD_NUMBER
        return _change_digit(content, pattern, draw)
    return _change_part(content, draw)


def _change_part(content: bytes, draw: random.Random) -> bytes:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(changed, "w") as target:
        names = [name for name in package.namelist() if _TEXT_NUMBER.search(package.read(name))]
        chosen = draw.choice(names)
        for info in package.infolist():
            part = package.read(info)
            is_chosen = info.filename == chosen
            target.writestr(info, _change_digit(part, _TEXT_NUMBER, draw) if is_chosen else part)
    return changed.getvalue()


def _change_digit(content: bytes, pattern: re.Pattern[bytes], draw: random.Random) -> bytes:
    found = draw.choice(list(pattern.finditer(content)))
    at = found.start(found.re.groups)
    digit = (int(content[at : at + 1]) + draw.randint(1, 9)) % 10
    return content[:at] + str(digit).encode() + content[at + 1 :]
