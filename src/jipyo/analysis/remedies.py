"""What to do so that metrics have data, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from jipyo.analysis.coverage import MetricCoverage
    from jipyo.catalogue import Catalogue, Exporter, Metric
    from jipyo.i18n import Texts


@dataclass(frozen=True, slots=True)
class ExporterRemedy:
    """An exporter that is not collected here, and the metrics that would have data by it."""

    exporter: Exporter
    metrics: tuple[Metric, ...]


def list_collected_exporters(coverage: Iterable[MetricCoverage]) -> frozenset[str]:
    """The exporters that give data here: advice to set them up would be wrong."""
    return frozenset(provider.exporter for one in coverage for provider in one.providers)


def describe_remedy(
    metric: Metric, catalogue: Catalogue, t: Texts, collected: Collection[str] = ()
) -> str:
    """What to do, with lines that can be copied into `jipyo.yaml`.

    Exporters that are `collected` already are left out; where no other has the metric, the
    text states it.
    """
    known = _list_exporters(metric, catalogue)
    exporters = [exporter for exporter in known if exporter.id not in collected]
    lines = [metric.remedy(t.lang)] if metric.remedy and not metric.loss else []
    if known and not exporters:
        names = ", ".join(exporter.name for exporter in known)
        return "\n".join([*lines, t("doctor.collected", names=names)])
    lines += [exporter.setup(t.lang) for exporter in exporters if exporter.builtin]
    return "\n".join([*lines, *_write_entries(exporters, t)]) or t("doctor.write")


def group_by_exporter(
    missing: Sequence[Metric], catalogue: Catalogue, collected: Collection[str]
) -> tuple[ExporterRemedy, ...]:
    """The exporters that are not collected and have metrics that are missing, each once.

    Exporters that jipyo reads itself by one and the same entry are one.
    """
    exporters: dict[str, Exporter] = {}
    metrics: dict[str, dict[str, Metric]] = {}
    for metric in missing:
        for exporter in _list_exporters(metric, catalogue):
            if exporter.id not in collected:
                entry = exporter.native.entry if exporter.native else exporter.id
                exporters.setdefault(entry, exporter)
                metrics.setdefault(entry, {})[metric.id] = metric
    return tuple(
        ExporterRemedy(exporter, tuple(metrics[entry].values()))
        for entry, exporter in exporters.items()
    )


def describe_exporter(exporter: Exporter, t: Texts) -> str:
    """How to collect an exporter, with lines that can be copied into `jipyo.yaml`."""
    setup = [exporter.setup(t.lang)] if exporter.builtin or exporter.url is None else []
    return "\n".join([*setup, *_write_entries([exporter], t, introduce=False)])


def _list_exporters(metric: Metric, catalogue: Catalogue) -> list[Exporter]:
    """The exporters that the catalogue knows of those which have the metric."""
    names = dict.fromkeys(query.exporter for query in metric.queries)
    return [exporter for name in names if (exporter := catalogue.find_exporter(name))]


def _write_entries(
    exporters: Iterable[Exporter], t: Texts, *, introduce: bool = True
) -> Iterator[str]:
    """The lines of `collect:`, with a sentence before them; none without any.

    An entry that gives the metrics of two exporters is written once.
    """
    sections: dict[str, list[str]] = {}
    for exporter in exporters:
        for section, comment, entry in _list_entries(exporter, t.lang):
            lines = sections.setdefault(section, [])
            lines += [comment, entry] if entry not in lines else []
    if sections:
        yield from [t("doctor.add")] if introduce else []
        yield "collect:"
    for section in sorted(sections):
        yield from (f"  {section}:", *sections[section])


def _list_entries(exporter: Exporter, lang: str) -> Iterator[tuple[str, str, str]]:
    """Section of `collect:`, comment and entry: read by jipyo itself, or scraped."""
    native = exporter.native
    if native is not None:
        yield native.section.value, f"    # {native.setup(lang)}", f"    - {native.entry}"
    if exporter.url is not None:
        comment = f"    # {exporter.name}: {exporter.setup(lang)}"
        yield "scrape", comment, f'    - {{job: {exporter.job}, url: "{exporter.url}"}}'
