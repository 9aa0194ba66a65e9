"""The same figure everywhere: terminal, dashboard, its API, the Prometheus API, and reports.

The samples of yesterday move; from today on they stand still, so that what is read at different
moments of now must be equal. The contract's month is long over.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jipyo.app.contract import build_contract_months, find_systems
from jipyo.app.offline import read_workspace
from jipyo.app.reports import build_report
from jipyo.catalogue import Across
from jipyo.catalogue import load as load_catalogue
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.model.calendar import PeriodKind, local_day, parse_month, period_containing
from jipyo.model.figure import Fold
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import SeriesBlock
from jipyo.reports.document import ScoreSheet, find_figures
from jipyo.reports.render import write_report
from jipyo.reports.render.json import read_report, to_json
from jipyo.reports.sheets import build_contract_report
from jipyo.reports.wording import Localizer
from jipyo.tsdb import Options, Store
from sla.site import write_site
from support.http_server import page, serving
from support.product import jipyo, up
from support.waiting import read_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.model.calendar import Period
    from jipyo.model.figure import Figure
    from jipyo.reports.document import Report
    from support.browser import Browser, Page
    from support.product import Product

pytestmark = pytest.mark.e2e

ZONE = ZoneInfo("Asia/Seoul")
STEP_MS = 15_000
LANGS: tuple[Lang, ...] = ("ko", "en")
JOB, HOST = "site", "ai-node-1"
GIB = 2**30
CONFIG = """\
timezone: Asia/Seoul
instance: {host}
insight: false
store: {{retention: 3650d}}
alerts: {{interval: 1s}}
collect:
  interval: 1s
  host: false
  process: false
  gpu: false
  scrape:
  - {{job: {job}, url: "{url}", labels: {{instance: {host}}}}}
systems:
  - name: portal
    title: {{ko: 민원 포털, en: Service portal}}
    targets: 'job="portal"'
    profile: korea-public-press-2025-grade2
    start: 2024-10-01
    fee: 12000000
catalogue:
  metrics:
    system.gpu.temperature: {{thresholds: {{warning: 80, critical: 90, for: 0s}}}}
"""
GPUS = tuple(
    {"gpu": str(n), "UUID": f"GPU-{n}", "modelName": "NVIDIA H100 80GB HBM3"} for n in range(4)
)
"""The third is too hot."""
GAUGES: dict[str, list[tuple[dict[str, str], float]]] = {
    "DCGM_FI_DEV_GPU_UTIL": list(zip(GPUS, (61, 43, 57, 8), strict=True)),
    "DCGM_FI_DEV_GPU_TEMP": list(zip(GPUS, (63, 59, 92, 41), strict=True)),
    "DCGM_FI_DEV_POWER_USAGE": list(zip(GPUS, (412.5, 318.25, 441.0, 96.75), strict=True)),
    "DCGM_FI_DEV_FB_USED": list(zip(GPUS, (41_237, 40_813, 39_551, 9_417), strict=True)),
    "DCGM_FI_DEV_FB_FREE": list(zip(GPUS, (40_322, 40_746, 42_008, 72_142), strict=True)),
    "node_memory_MemTotal_bytes": [({}, 512.0 * GIB)],
    "node_memory_MemAvailable_bytes": [({}, 187.3 * GIB)],
    "node_filesystem_size_bytes": [
        ({"mountpoint": mount, "fstype": "ext4", "device": device}, size * GIB)
        for mount, device, size in (("/", "/dev/sda1", 440.0), ("/data", "/dev/sdb1", 7150.0))
    ],
    "node_filesystem_free_bytes": [
        ({"mountpoint": mount, "fstype": "ext4", "device": device}, size * GIB)
        for mount, device, size in (("/", "/dev/sda1", 197.0), ("/data", "/dev/sdb1", 2213.0))
    ],
    "node_filesystem_avail_bytes": [
        ({"mountpoint": mount, "fstype": "ext4", "device": device}, size * GIB)
        for mount, device, size in (("/", "/dev/sda1", 175.0), ("/data", "/dev/sdb1", 1850.0))
    ],
    "pg_up": [({}, 1.0)],
    "pg_stat_activity_count": [({"datname": "app", "state": "active"}, 37.0)],
    "pg_settings_max_connections": [({}, 100.0)],
    "vllm:num_requests_running": [({"model_name": "qwen3-14b", "engine": "0"}, 11.0)],
    "vllm:num_requests_waiting": [({"model_name": "qwen3-14b", "engine": "0"}, 2.0)],
    "vllm:kv_cache_usage_perc": [({"model_name": "qwen3-14b", "engine": "0"}, 0.437)],
}
STILL = frozenset({"pg_up", "node_memory_MemTotal_bytes", "pg_settings_max_connections"})
PERIOD_METRICS = (
    "system.gpu.utilization",
    "system.gpu.memory.utilization",
    "system.gpu.temperature",
    "system.memory.utilization",
    "system.disk.utilization",
    "db.connections",
    "ai.gpu_memory",
    "ai.batch.running",
)
NOW_METRICS = (*PERIOD_METRICS, "system.gpu.power", "ai.queue.length")
MONTH, SYSTEM = "2024-10", "portal"
"""Of `sla.site`."""
FOLDS = {Fold.AVERAGE: "mean", Fold.P95: "p95", Fold.MAXIMUM: "greatest"}
"""How the metric's page has the figures of a report."""
LEAST = 50


def write_page() -> bytes:
    """The gauges of now."""
    lines = []
    for name, series in GAUGES.items():
        lines.append(f"# TYPE {name} gauge")
        for labels, value in series:
            pairs = ",".join(f'{key}="{text}"' for key, text in labels.items())
            lines.append(f"{name}{{{pairs}}} {value!r}")
    return "\n".join([*lines, ""]).encode()


def build_history(day: Period) -> SeriesBlock:
    """The gauges of a day, each moving by a tenth, as a wave of its own."""
    t_ms = np.arange(day.start_ms, day.end_ms, STEP_MS, dtype=np.int64)
    phase = 2 * np.pi * (t_ms - day.start_ms) / (day.end_ms - day.start_ms)
    series, values = [], []
    for name, members in GAUGES.items():
        for labels, value in members:
            own = {METRIC_NAME: name, "job": JOB, "instance": HOST, **labels}
            wave = 1.0 if name in STILL else 1 + 0.08 * np.sin(phase * (1 + len(series) % 5))
            series.append(Labels.of(own))
            values.append(np.full(t_ms.size, float(value)) * wave)
    series += [Labels.of({METRIC_NAME: "up", "job": JOB, "instance": HOST})]
    values += [np.ones(t_ms.size)]
    return SeriesBlock(tuple(series), t_ms, np.vstack(values))


@dataclass
class Figures:
    """What each figure is at each place, with half a unit of the last digit that is shown."""

    seen: dict[str, dict[str, tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def note(self, figure: str, place: str, value: float | str | None, scale: float = 1.0) -> None:
        """Keep a figure as a place has it: a number, or a text of which the number is read."""
        if isinstance(value, str):
            number, slack = read_number(value)
            self.seen[figure][place] = number * scale, slack * scale
        else:
            self.seen[figure][place] = math.nan if value is None else float(value), 0.0

    def list_differences(self) -> list[str]:
        """The figures that are not the same everywhere."""
        return [
            f"{figure}: {places}"
            for figure, places in sorted(self.seen.items())
            if not all(
                abs(one - other) <= max(slack, more) + 1e-9 * max(abs(one), abs(other))
                for one, slack in places.values()
                for other, more in places.values()
            )
        ]

    @property
    def compared(self) -> int:
        """How many figures were seen in two places or more."""
        return sum(len(places) > 1 for places in self.seen.values())


def read_number(text: str) -> tuple[float, float]:
    """The first number of a text, and half of its last digit's unit."""
    found = re.search(r"-?\d[\d,]*(\.\d+)?", text)
    assert found is not None, f"no number in {text!r}"
    digits = found.group().replace(",", "")
    decimals = len(digits.partition(".")[2])
    return float(digits), 0.5 * 10**-decimals * 1.000001


@dataclass(frozen=True)
class Everywhere:
    """A server over the samples, and what else reads them."""

    product: Product
    folder: Path
    yesterday: Period
    reports: tuple[Report, Report]
    """Of yesterday, and the contract's month."""
    figures: Figures

    @property
    def words(self) -> tuple[str, ...]:
        """The options of commands."""
        return "--data", str(self.folder / "data"), "--config", str(self.folder / "jipyo.yaml")


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everywhere]:
    folder = tmp_path_factory.mktemp("figures")
    now_ms = time.time_ns() // 10**6
    day = local_day(now_ms, ZONE) - timedelta(days=1)
    yesterday = period_containing(PeriodKind.DAY, day, ZONE)
    file = write_site(folder)
    with Store.open(folder / "data", Options(durable=False), now_ms=lambda: now_ms) as store:
        store.load([build_history(yesterday)])
    with serving(page(write_page())) as site:
        file.write_text(CONFIG.format(host=HOST, job=JOB, url=site.url), "utf-8")
        with up(folder / "data", "--config", str(file)) as product:
            read_until(
                lambda: product.get("/api/jipyo/overview", lang="en"),
                lambda seen: seen["incident"] and seen["targets"]["up"] >= 1,
                60,
            )
            reports = build_reports(folder, yesterday)
            yield Everywhere(product, folder, yesterday, reports, Figures())


def build_reports(folder: Path, yesterday: Period) -> tuple[Report, Report]:
    """The daily report, and the sheet of the month as it is handed in."""
    config = load(CliOverrides(file=folder / "jipyo.yaml", data=folder / "data"), {}, "ko")
    with read_workspace(config) as workspace:
        now_ms = workspace.now_ms()
        month = parse_month(MONTH, ZONE)
        (sheet,) = build_contract_months(workspace, month, find_systems(workspace, month, SYSTEM))
        contract = build_contract_report(sheet, workspace.catalogue, now_ms, workspace.issuer, "ko")
        return build_report(workspace, yesterday, details=True), contract


@pytest.fixture(scope="module")
def compared(everywhere: Everywhere, browser: Browser) -> Figures:
    """Everything that is compared, noted from every place."""
    note_api(everywhere)
    note_expressions(everywhere)
    note_periods(everywhere)
    note_month(everywhere)
    for lang in LANGS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COLUMNS", "250")  # no line of a table is broken
            note_status(everywhere, lang)
            note_commands(everywhere, lang)
        note_report(everywhere, lang)
        note_overview(everywhere, browser, lang)
        note_metric_pages(everywhere, browser, lang)
        note_month_page(everywhere, browser, lang)
        note_explore(everywhere, browser, lang)
    return everywhere.figures


def find_now(everywhere: Everywhere, lang: Lang) -> dict[str, Any]:
    """The overview's metrics by their ids."""
    overview = everywhere.product.get("/api/jipyo/overview", lang=lang)
    return {one["id"]: one for one in overview["metrics"]}


def note_api(everywhere: Everywhere) -> None:
    figures, get = everywhere.figures, everywhere.product.get
    for lang in LANGS:
        known = find_now(everywhere, lang)
        for id_ in NOW_METRICS:
            now = known[id_]
            figures.note(f"now {id_}", "overview", now["value"])
            figures.note(f"now {id_}", f"overview's text, {lang}", now["text"])
    for one in get("/api/jipyo/metrics", lang="en")["metrics"]:
        if one["id"] in NOW_METRICS:
            figures.note(f"now {one['id']}", "index", one["value"])
    for path in ("status", "overview"):
        counts = get(f"/api/jipyo/{path}", lang="en")["verdict"]["counts"]
        for state, n in counts.items():
            figures.note(f"metrics {state}", path, n)
    targets = get("/api/jipyo/overview", lang="en")["targets"]
    listed = [one["state"] for one in get("/api/jipyo/targets", lang="en")["targets"]]
    for state in ("up", "down"):
        figures.note(f"targets {state}", "overview", targets[state])
        figures.note(f"targets {state}", "list", listed.count(state))
    figures.note("open incidents", "API", get("/api/jipyo/incidents", lang="en")["open"])


def note_expressions(everywhere: Everywhere) -> None:
    """What the catalogue's own expressions give, asked as anybody can."""
    catalogue, known = load_catalogue(), find_now(everywhere, "en")
    for id_ in NOW_METRICS:
        metric = catalogue.get(id_)
        assert metric is not None
        exporter = known[id_]["exporter"]
        query = next(one for one in metric.queries if one.exporter == exporter)
        is_sum = Across.SUM in metric.report.across and metric.thresholds is None
        expr = f"{'sum' if is_sum else 'max'}({query.promql})"
        (row,) = everywhere.product.get("/api/v1/query", query=expr)["data"]["result"]
        everywhere.figures.note(f"now {id_}", "query", float(row["value"][1]))


def note_status(everywhere: Everywhere, lang: Lang) -> None:
    """What the terminal shows of each metric, and the verdict."""
    shown = jipyo("status", *everywhere.words, "--lang", lang)
    assert shown.code == 0, shown.err
    names = {id_: one["name"] for id_, one in find_now(everywhere, lang).items()}
    for id_ in NOW_METRICS:
        found = re.search(
            rf"^\s*{re.escape(names[id_])}\s{{2,}}.+?\s{{2,}}([\d.,]+)", shown.out, re.MULTILINE
        )
        assert found is not None, f"{names[id_]} is not in {shown.out}"
        everywhere.figures.note(f"now {id_}", f"jipyo status, {lang}", found.group(1))


def note_commands(everywhere: Everywhere, lang: Lang) -> None:
    """Targets and incidents as commands list them."""
    figures = everywhere.figures
    targets = json.loads(jipyo("targets", "--json", *everywhere.words, lang=lang).out)
    for state in ("up", "down"):
        n = sum(one["state"] == state for one in targets)
        figures.note(f"targets {state}", f"jipyo targets, {lang}", n)
    listed = jipyo("incident", "list", "--state", "open", "--json", *everywhere.words, lang=lang)
    incidents = json.loads(listed.out)
    figures.note("open incidents", f"jipyo incident list, {lang}", len(incidents))


def note_overview(everywhere: Everywhere, browser: Browser, lang: Lang) -> None:
    """The tables of the overview, as its API has them and as the page shows them."""
    figures, product = everywhere.figures, everywhere.product
    day = product.get("/api/jipyo/overview/day", lang=lang)
    page = browser.open(f"{product.url}/?lang={lang}")
    page.wait("document.querySelectorAll('[data-gpu]').length === 4", 60)
    cells = "[...row.cells].map((cell) => cell.innerText)"
    rows = page.eval(
        f"Object.fromEntries([...document.querySelectorAll('[data-gpu]')]"
        f".map((row) => [row.dataset.gpu, {cells}]))"
    )
    for row in day["gpus"]["rows"]:
        gauges = (row["utilisation"]["text"], row["memory"]["text"])
        texts = (*gauges, row["temperature_text"], row["power_text"])
        shown = [rows[row["name"]][at] for at in (1, 2, 4, 5)]
        kinds = ("utilization", "memory.utilization", "temperature", "power")
        for kind, text, seen in zip(kinds, texts, shown, strict=True):
            figure = f"now system.gpu.{kind}, {row['name']}"
            figures.note(figure, f"overview's tables, {lang}", text)
            figures.note(figure, f"page, {lang}", seen)
    for name, kind in (("TEMP", "temperature"), ("UTIL", "utilization")):
        query = f"DCGM_FI_DEV_GPU_{name}"
        for row in product.get("/api/v1/query", query=query)["data"]["result"]:
            figure = f"now system.gpu.{kind}, GPU {row['metric']['gpu']}"
            figures.note(figure, "query", float(row["value"][1]))
    targets = str(page.eval("document.querySelector('[data-testid=collection] dd').innerText"))
    figures.note("targets up", f"page, {lang}", targets)
    badge = str(page.eval("document.querySelector('[data-testid=ack]').innerText"))
    number = product.get("/api/jipyo/incidents", lang=lang)["incidents"][0]["number"]
    figures.note("number of the incident", "API", number)
    figures.note("number of the incident", f"page, {lang}", badge)
    page.close()


def note_metric_pages(everywhere: Everywhere, browser: Browser, lang: Lang) -> None:
    """The value at the head of a metric's page, and the figures of yesterday in its table."""
    product, day = everywhere.product, everywhere.yesterday.first_day
    page = browser.open(f"{product.url}/metrics/{NOW_METRICS[0]}?lang={lang}")
    for id_ in NOW_METRICS:
        period = f"from={day}T00:00:00&to={day + timedelta(days=1)}T00:00:00"
        page.go(f"{product.url}/metrics/{id_}?lang={lang}&{period}")
        page.wait("/\\d/.test(document.querySelector('[data-testid=value]')?.innerText ?? '')", 60)
        head = page.eval("document.querySelector('[data-testid=value]').innerText")
        everywhere.figures.note(f"now {id_}", f"metric's page, {lang}", head)
        if id_ in PERIOD_METRICS:
            note_table(everywhere, page, id_, lang)
    page.close()


def note_table(everywhere: Everywhere, page: Page, id_: str, lang: Lang) -> None:
    """Mean, p95 and greatest value of each series."""
    ready = (
        "/\\d/.test(document.querySelector('[data-testid=series] tbody tr')?.cells[2].innerText)"
    )
    page.wait(ready, 60)
    rows = page.eval(
        "[...document.querySelectorAll('[data-testid=series] tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.innerText))"
    )
    for row in rows:
        name = row[0].strip().splitlines()[-1].strip() if len(rows) > 1 else ""
        for at, key in enumerate(FOLDS.values(), 2):
            figure = f"yesterday {id_} {key}, {name}"
            everywhere.figures.note(figure, f"metric's page, {lang}", row[at])


def read_figures(everywhere: Everywhere, id_: str) -> list[dict[str, Any]]:
    """Yesterday by the API of a metric's page."""
    period = everywhere.yesterday
    span = {"start": str(period.start_ms / 1000), "end": str(period.end_ms / 1000)}
    path = f"/api/jipyo/metric/{id_}/figures"
    series: list[dict[str, Any]] = everywhere.product.get(path, lang="en", **span)["series"]
    return series


def note_periods(everywhere: Everywhere) -> None:
    """Yesterday by the API."""
    for id_ in PERIOD_METRICS:
        series = read_figures(everywhere, id_)
        for one in series:
            name = one["name"] if len(series) > 1 else ""
            for key in FOLDS.values():
                everywhere.figures.note(f"yesterday {id_} {key}, {name}", "figures", one[key])


def note_report(everywhere: Everywhere, lang: Lang) -> None:
    """Yesterday by its report: the numbers of its document, and what is printed."""
    report, *_ = everywhere.reports
    localizer = Localizer.for_period(report.period, lang)
    html = write_report(report, lang, "html", everywhere.folder / "reports").read_text("utf-8")
    document = read_report(to_json(report))
    names = {
        (id_, str(Labels.of(one["labels"]))): one["name"] if len(series) > 1 else ""
        for id_ in PERIOD_METRICS
        for series in (read_figures(everywhere, id_),)
        for one in series
    }
    for figure in find_figures(document.blocks):
        name = names.get((figure.metric, figure.series))
        if name is None or figure.fold not in FOLDS or not is_whole(figure, report.period):
            continue
        text = localizer.format(figure)
        about = f"yesterday {figure.metric} {FOLDS[figure.fold]}, {name}"
        if text in html:  # else it is drawn
            everywhere.figures.note(about, f"report, {lang}", text)
        everywhere.figures.note(about, "report's document", figure.value)


def is_whole(figure: Figure, period: Period) -> bool:
    """Whether a figure is of the whole period, and not of a breach in it."""
    return (figure.start_ms, figure.end_ms) == (period.start_ms, period.end_ms)


def note_month(everywhere: Everywhere) -> None:
    """The contract's month by the API, by the command and by its document."""
    note, get = everywhere.figures.note, everywhere.product.get
    (sheet,) = get("/api/jipyo/sla", month=MONTH, system=SYSTEM, lang="en")["systems"]
    (scores,) = [one for one in everywhere.reports[1].blocks if isinstance(one, ScoreSheet)]
    printed = jipyo("sla", "month", MONTH, "--system", SYSTEM, "--json", *everywhere.words)
    assert printed.code == 0, printed.err
    (plain,) = json.loads(printed.out)
    for one, line, row in zip(sheet["indicators"], plain["lines"], scores.rows, strict=True):
        if one["rounded"] is None:
            continue
        note_line(everywhere, one["id"], "sla", (one["rounded"], one["target"], one["score"]))
        typed = (line["rounded"], line["indicator"]["target"], line["score"])
        note_line(everywhere, one["id"], "jipyo sla", typed)
        note_line(everywhere, one["id"], "sheet", (row.value, row.target, row.score))
    note("month score", "sla", sheet["score"])
    note("month score", "jipyo sla", plain["total"]["rounded"])
    note("month score", "sheet", scores.percent)
    for lang in LANGS:
        month = get(f"/api/jipyo/months/{MONTH}", system=SYSTEM, lang=lang)
        for row in month["rows"]:
            if row["value_text"]:
                texts = (row["value_text"], row["target_text"], row["score_text"])
                note_line(everywhere, row["id"], f"months, {lang}", texts)


def note_line(everywhere: Everywhere, id_: str, place: str, values: tuple[Any, ...]) -> None:
    """A line of the sheet: value, target and score."""
    for kind, value in zip(("value", "target", "score"), values, strict=True):
        everywhere.figures.note(f"month {id_} {kind}", place, value)


def note_month_page(everywhere: Everywhere, browser: Browser, lang: Lang) -> None:
    """The lines of the sheet on its page."""
    url = f"{everywhere.product.url}/months/{MONTH}?system={SYSTEM}&lang={lang}"
    page = browser.open(url)
    page.wait("document.querySelector('[data-indicator]')", 60)
    rows = page.eval(
        "[...document.querySelectorAll('[data-indicator]')].map((row) =>"
        " [row.dataset.indicator, ...[...row.cells].map((cell) => cell.innerText)])"
    )
    for id_, _, _, target, value, _, score, *_ in rows:
        if re.search(r"\d", value):
            note_line(everywhere, id_, f"month's page, {lang}", (value, target, score))
    page.close()


def note_explore(everywhere: Everywhere, browser: Browser, lang: Lang) -> None:
    """The newest values of a query."""
    url = f"{everywhere.product.url}/explore?q=DCGM_FI_DEV_GPU_TEMP&lang={lang}"
    page = browser.open(url)
    page.wait("document.querySelectorAll('[data-testid=rows] tbody tr').length === 4", 60)
    rows = page.eval(
        "[...document.querySelectorAll('[data-testid=rows] tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.innerText))"
    )
    for name, value in rows:
        found = re.search(r'gpu="(\d)"', name)
        assert found is not None, name
        figure = f"now system.gpu.temperature, GPU {found.group(1)}"
        everywhere.figures.note(figure, f"explore, {lang}", value)
    page.close()


def test_every_figure_is_the_same_everywhere(compared: Figures) -> None:
    for figure, places in sorted(compared.seen.items()):
        print(f"{len(places):3} places  {figure}")
    differences = compared.list_differences()
    assert not differences, "\n".join(differences)
    assert compared.compared >= LEAST
