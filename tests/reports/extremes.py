"""Periods at the edge of what a report is made for, as small stores and the site's own files.

`python -m reports.extremes FOLDER [NAME...]` (with PYTHONPATH=tests) writes every one in both
languages and all formats, to look at.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import yaml

from jipyo.app.offline import read_workspace
from jipyo.app.reports import build_report
from jipyo.app.store_admin import load_blocks
from jipyo.catalogue import Direction, load
from jipyo.demo.day import DAY_MS, TargetDay, make_day
from jipyo.demo.folder import load_config
from jipyo.demo.history import play_history
from jipyo.demo.host import add_host
from jipyo.demo.site import write_site
from jipyo.demo.story import plan_story
from jipyo.demo.write import SEED, make_blocks
from jipyo.i18n import LANGS
from jipyo.model.calendar import parse_month
from jipyo.model.labels import Labels
from jipyo.model.progress import ignore_progress
from jipyo.model.sample import SeriesBlock
from jipyo.reports.render import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jipyo.model.calendar import Period
    from jipyo.reports.document import Report

MONTH = parse_month("2026-07", ZoneInfo("Asia/Seoul"))
_EVERY = 4
"""Of the made-up samples one a minute is kept."""
UNBROKEN = "gpu-inference-production-cluster-seoul-zone-a-rack-0042.internal.example.go.kr"
WITHOUT_BREAKS = "gpuinferenceproductionclusterofthemetropolitanadministration"
SPOKEN = "The citizens' advice and document search service of the metropolitan administration"
KOREAN = "서울본원1층전산실인공지능추론서버"
_RENAMED = ("instance", "model", "model_name", "mountpoint", "team_alias", "datname", "device")


@dataclass(frozen=True)
class Extreme:
    """A period, and what there is of it."""

    period: Period = MONTH
    days: tuple[int, ...] = (0,)
    """Those that have samples, counted from the beginning of the month."""
    cut_days: int = 1
    """How many days of the month are over when the report is made."""
    hosts: int = 0
    """Machines beside the one of the demonstration."""
    rename: Callable[[str, str], str] = lambda _name, value: value
    """The value of a label, by its name."""
    change: Callable[[dict[str, Any]], None] = lambda _settings: None
    """Changes the settings of the site."""
    has_alerts: bool = False
    """Whether the rules were evaluated over the samples."""

    @property
    def now_ms(self) -> int:
        return MONTH.start_ms + self.cut_days * DAY_MS


def lengthen(name: str, value: str) -> str:
    """The longest names that a site may have, with blanks and without."""
    if name not in _RENAMED:
        return value
    if name == "mountpoint":
        return f"{value.rstrip('/')}/{WITHOUT_BREAKS}"
    if name in {"model", "model_name"}:
        return f"organisation/very-long-model-name-instruct-awq-int4-{value}-2026-10-quantised"
    return f"{SPOKEN} {value}" if name in {"team_alias", "datname"} else f"{value}-{UNBROKEN}"


def translate(name: str, value: str) -> str:
    """Names in Hangul, as a Korean operator gives them."""
    if name == "mountpoint":
        return f"{value.rstrip('/')}/자료실/첨부 파일"
    return f"{KOREAN} {value}" if name in _RENAMED else value


def lengthen_settings(settings: dict[str, Any]) -> None:
    settings["organisation"] = (
        "가나다라마바사아자차카타파하특별자치도 디지털혁신추진단 인공지능데이터담당관"
    )
    settings["systems"][0]["title"] = {"ko": f"{KOREAN * 3} 서비스", "en": SPOKEN}
    settings["reports"]["recipients"] = [SPOKEN, KOREAN * 4, UNBROKEN]
    settings["reports"]["tenants"]["names"] = {}


def make_critical(settings: dict[str, Any]) -> None:
    """Thresholds that whatever was measured is beyond."""
    settings["catalogue"]["metrics"] = {
        one.id: {
            "thresholds": {"warning": -1, "critical": 0}
            if one.direction is Direction.HIGHER_IS_WORSE
            else {"warning": 1_000_000, "critical": 999_999}
        }
        for one in load().metrics
        if one.thresholds is not None
    }


_ALL_DAYS = MONTH.duration_ms // DAY_MS
EXTREMES: Mapping[str, Extreme] = {
    "nothing": Extreme(days=(), cut_days=_ALL_DAYS),
    "one-day": Extreme(days=(12,), cut_days=_ALL_DAYS),
    "hosts": Extreme(hosts=39),
    "long": Extreme(rename=lengthen, change=lengthen_settings),
    "korean": Extreme(rename=translate),
    "critical": Extreme(change=make_critical, has_alerts=True),
    "day-nothing": Extreme(period=next(MONTH.days()), days=(), cut_days=2),
}


def make_samples(extreme: Extreme) -> Iterator[SeriesBlock]:
    """One value a minute; without any day, the last one before the month."""
    story, counters = plan_story(MONTH), {}
    starts = [MONTH.start_ms + at * DAY_MS for at in extreme.days or (-40,)]
    # A day of the month lies in two days by UTC.
    numbers = sorted({(start + more) // DAY_MS for start in starts for more in (0, DAY_MS - 1)})
    for number in numbers:
        day = make_day(story, SEED, number)
        hosts = [
            TargetDay(day, "node", f"node-{at:02}", counters) for at in range(1, extreme.hosts + 1)
        ]
        for host in hosts:
            add_host(host)
        blocks = [block for host in hosts for block in host.blocks()]
        for block in (*make_blocks(story, SEED, number, counters), *blocks):
            series = tuple(
                Labels.of({name: extreme.rename(name, value) for name, value in labels.pairs})
                for labels in block.series
            )
            t_ms, values = block.t_ms[::_EVERY], block.values[:, ::_EVERY]
            kept = np.isin((t_ms - starts[0]) // DAY_MS * DAY_MS + starts[0], starts)
            yield SeriesBlock(series, t_ms[kept], np.ascontiguousarray(values[:, kept]))


def build(extreme: Extreme, folder: Path) -> Report:
    """Its report from a store and files that are written into the folder."""
    story = plan_story(MONTH)
    write_site(folder, story)
    file = folder / "jipyo.yaml"
    settings = yaml.safe_load(file.read_text("utf-8"))
    extreme.change(settings)
    file.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    load_blocks(folder, make_samples(extreme), extreme.now_ms)
    config = load_config(folder)
    with read_workspace(config) as workspace:
        if extreme.has_alerts:
            play_history(config, workspace, story, extreme.now_ms, ignore_progress)
        report = build_report(replace(workspace, now_ms=lambda: extreme.now_ms), extreme.period)
    return replace(report, issuer=replace(report.issuer, version=""))


def main(out: Path, names: list[str]) -> None:
    """Write all formats of some."""
    out.mkdir(parents=True, exist_ok=True)
    for name in names or EXTREMES:
        with tempfile.TemporaryDirectory(prefix="jipyo-extreme-") as folder:
            report = build(EXTREMES[name], Path(folder))
            for lang in LANGS:
                for made in FORMATS.values():
                    file = out / f"{name}.{lang}{made.suffix}"
                    file.write_bytes(made.render(report, lang))
                    sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
