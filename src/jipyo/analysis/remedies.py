"""What to do so that a metric has data, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.catalogue import Catalogue, Exporter, Metric
    from jipyo.i18n import Texts


def describe_remedy(metric: Metric, catalogue: Catalogue, t: Texts) -> str:
    """What to do, with lines that can be copied into `jipyo.yaml`."""
    names = dict.fromkeys(query.exporter for query in metric.queries)
    exporters = [exporter for name in names if (exporter := catalogue.find_exporter(name))]
    lines = [metric.remedy(t.lang)] if metric.remedy else []
    lines += [exporter.setup(t.lang) for exporter in exporters if exporter.builtin]
    sections: dict[str, list[str]] = {}
    for exporter in exporters:
        for section, *entry in _list_entries(exporter, t.lang):
            sections.setdefault(section, []).extend(entry)
    if sections:
        lines += [t("doctor.add"), "collect:"]
    for section in sorted(sections):
        lines += [f"  {section}:", *sections[section]]
    return "\n".join(lines) or t("doctor.write")


def _list_entries(exporter: Exporter, lang: str) -> Iterator[tuple[str, str, str]]:
    """Section of `collect:`, comment and entry: read by jipyo itself, or scraped."""
    native = exporter.native
    if native is not None:
        yield native.section.value, f"    # {native.setup(lang)}", f"    - {native.entry}"
    if exporter.url is not None:
        comment = f"    # {exporter.name}: {exporter.setup(lang)}"
        yield "scrape", comment, f'    - {{job: {exporter.job}, url: "{exporter.url}"}}'
