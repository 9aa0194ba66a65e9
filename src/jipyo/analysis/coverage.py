"""Which metrics have data here, from whom, and what to do for each that has none."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.source.metric_data import read_metric
from jipyo.source.prune import metric_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.catalogue import Catalogue, Exporter, Metric
    from jipyo.i18n import Texts
    from jipyo.source.base import Source
    from jipyo.source.metric_data import MetricData
    from jipyo.source.prune import Names

LOOK_BACK_MS = 3_600_000
STEP_MS = 60_000


@dataclass(frozen=True, slots=True)
class Provider:
    """Who gives a metric: how many series, and the PromQL that found them."""

    exporter: str
    series: int
    expression: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One metric: who gives it, or nobody."""

    metric: Metric
    given: tuple[Provider, ...]
    problem: str = ""
    """What was said where the question was refused."""

    @property
    def found(self) -> bool:
        """Whether it has data."""
        return bool(self.given)

    @property
    def series(self) -> int:
        """How many series it has, whoever gives them."""
        return sum(one.series for one in self.given)


def examine(
    source: Source, catalogue: Catalogue, t_ms: int, *, look_back_ms: int = LOOK_BACK_MS
) -> tuple[Finding, ...]:
    """What each metric of the catalogue had in the time before `t_ms`.

    Raises:
        SourceError: whoever answers failed.
    """
    names, start_ms = metric_names(source, t_ms), t_ms - look_back_ms
    return tuple(_examined(source, metric, start_ms, t_ms, names) for metric in catalogue.metrics)


def _examined(source: Source, metric: Metric, start_ms: int, end_ms: int, names: Names) -> Finding:
    try:
        return finding(read_metric(source, metric, start_ms, end_ms, STEP_MS, names))
    except QueryError as error:
        return Finding(metric, (), error.message)


def finding(measured: MetricData) -> Finding:
    """Who gave what was measured."""
    groups = groupby(measured.alternatives)
    given = (
        Provider(exporter, len(tuple(series)), expression)
        for (exporter, expression), (_, series) in zip(measured.expressions, groups, strict=True)
    )
    return Finding(measured.metric, tuple(given))


def remedy(metric: Metric, catalogue: Catalogue, t: Texts) -> str:
    """What to do so that a metric has data, with lines that can be put into `jipyo.yaml`."""
    names = dict.fromkeys(one.exporter for one in metric.queries)
    known = [exporter for name in names if (exporter := catalogue.exporter(name))]
    said = [metric.remedy(t.lang)] if metric.remedy else []
    said += [exporter.setup(t.lang) for exporter in known if exporter.builtin]
    sections: dict[str, list[str]] = {}
    for section, *lines in (entry for one in known for entry in _entries(one, t.lang)):
        sections.setdefault(section, []).extend(lines)
    if sections:
        said += [t("doctor.add"), "collect:"]
    for section in sorted(sections):
        said += [f"  {section}:", *sections[section]]
    return "\n".join(said) or t("doctor.write")


def _entries(exporter: Exporter, lang: str) -> Iterator[tuple[str, str, str]]:
    """Section of `collect:`, comment and entry: asked by jipyo itself, or scraped."""
    native = exporter.native
    if native is not None:
        yield native.section.value, f"    # {native.setup(lang)}", f"    - {native.entry}"
    if exporter.url is not None:
        how = f"    # {exporter.name}: {exporter.setup(lang)}"
        yield "scrape", how, f'    - {{job: {exporter.job}, url: "{exporter.url}"}}'
