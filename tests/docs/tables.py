"""The tables of the documentation, written from the code: run me to write them anew."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jipyo.catalogue import (
    Exporter,
    Metric,
    MetricGroup,
    Statistic,
    describe,
    load,
)
from jipyo.catalogue.keys import FILE
from jipyo.config.file import FILE as CONFIG_FILE
from jipyo.i18n import LANGS, Lang, texts
from jipyo.schema import Kind, describe_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DOCS = Path(__file__).parents[2] / "docs"
KEYS = {
    "en": ("key", "value", "default", "meaning"),
    "ko": ("키", "값", "기본값", "뜻"),
}
METRICS = {
    "en": ("metric", "name", "unit", "thresholds", "exporters"),
    "ko": ("지표", "이름", "단위", "임계치", "익스포터"),
}
SERVERS = {
    "en": ("server", "how it is switched on", "usual address"),
    "ko": ("서버", "활성화 방법", "일반적인 주소"),
}
CELLS = {
    "en": ("metric", "✓", "mean", "–"),
    "ko": ("지표", "✓", "평균", "–"),
}
FAMILIES: dict[str, tuple[str, ...]] = {
    "llm": ("vllm", "sglang", "trtllm", "lmdeploy", "ray_llm", "nim", "tgi", "llamacpp", "ollama"),
    "serving": ("triton", "kserve", "ray_serve", "torchserve", "tei", "otel_genai"),
    "gateways": ("dynamo", "litellm", "otel_genai_client"),
}
"""The tables of AI servers; a server is in one of them."""
NOT_OF_SERVERS = ("ai.efficiency.", "ai.model.accuracy")
REQUIRED = {"en": "required", "ko": "필수"}
BOLD_METRICS = {
    "en": "The specification requires the metrics in **bold**.",
    "ko": "**굵은** 지표는 매뉴얼이 요구하는 지표입니다.",
}


def render_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def render_keys(kind: Kind[Any], prefix: str, lang: Lang) -> str:
    rows = []
    for key in describe_keys(kind, prefix, texts(lang)):
        choices = ", ".join(f"`{choice}`" for choice in key.choices)
        default = f"`{key.default}`".replace("|", r"\|") if key.default else ""
        rows.append(
            (
                f"`{key.path}`",
                f"{key.kind}: {choices}" if choices else key.kind,
                REQUIRED[lang] if key.required else default,
                key.meaning,
            )
        )
    return render_table(KEYS[lang], rows)


def render_metrics(lang: Lang) -> str:
    catalogue, parts = load(), [BOLD_METRICS[lang]]
    rows = {row.id: row for row in describe.list_metrics(catalogue, texts(lang))}
    for group in MetricGroup:
        lines = [
            (
                f"**`{row.id}`**" if row.required else f"`{row.id}`",
                row.name,
                row.unit,
                row.thresholds,
                ", ".join(row.exporters),
            )
            for row in (rows[metric.id] for metric in catalogue.metrics if metric.group is group)
        ]
        parts += [f"### {group.value}", render_table(METRICS[lang], lines)]
    return "\n\n".join(parts)


def render_setups(lang: Lang) -> str:
    """How each AI server of the catalogue gets to export its metrics."""
    rows = [
        (one.name, one.setup(lang), f"`{one.url}`" if one.url else "")
        for one in load().exporters
        if one.role is not None
    ]
    return render_table(SERVERS[lang], rows)


def render_servers(family: str, lang: Lang) -> str:
    """Which server gives which metric, and why it does not give the others."""
    catalogue = load()
    exporters = [catalogue.find_exporter(name) for name in FAMILIES[family]]
    servers = [exporter for exporter in exporters if exporter is not None]
    assert len(servers) == len(FAMILIES[family]), f"unknown server among {FAMILIES[family]}"
    rows = [
        (f"`{metric.id}`", *(render_cell(metric, server, lang) for server in servers))
        for metric in catalogue.metrics
        if metric.group is MetricGroup.AI and not metric.id.startswith(NOT_OF_SERVERS)
    ]
    rows = [row for row in rows if set(row[1:]) != {CELLS[lang][3]}]
    table = render_table((CELLS[lang][0], *(server.name for server in servers)), rows)
    reasons = [
        f"- {server.name}, {', '.join(f'`{name}`' for name in gap.metrics)}: {gap.reason(lang)}"
        for server in servers
        for gap in server.not_exported
    ]
    return "\n".join([table, "", *reasons])


def render_cell(metric: Metric, server: Exporter, lang: Lang) -> str:
    _, value, mean, nothing = CELLS[lang]
    of_server = [query for query in metric.queries if query.exporter == server.id]
    if not of_server:
        return nothing
    return mean if all(one.statistic is Statistic.MEAN for one in of_server) else value


PAGES: dict[str, dict[str, Callable[[Lang], str]]] = {
    "catalogue": {
        "keys": lambda lang: render_keys(FILE, "catalogue", lang),
        "metrics": render_metrics,
    },
    "ai-servers": {
        "setup": render_setups,
        **{family: partial(render_servers, family) for family in FAMILIES},
    },
    "configuration": {"keys": lambda lang: render_keys(CONFIG_FILE, "config", lang)},
}
"""The generated parts of each page; each stands between `<!-- name -->` and `<!-- /name -->`."""


def page_of(name: str, lang: Lang) -> Path:
    return DOCS / (f"{name}.md" if lang == "en" else f"{name}.{lang}.md")


def render_page(name: str, lang: Lang) -> str:
    """The page with its generated parts as the code has them."""
    text = page_of(name, lang).read_text("utf-8")
    for part, render in PAGES[name].items():
        pattern = re.compile(f"<!-- {part} -->.*<!-- /{part} -->", re.DOTALL)
        assert pattern.search(text), f"{name} ({lang}) has no part {part}"
        body = f"<!-- {part} -->\n{render(lang)}\n<!-- /{part} -->"
        text = text.replace(pattern.findall(text)[0], body)
    return text


if __name__ == "__main__":
    for page in PAGES:
        for language in LANGS:
            page_of(page, language).write_text(render_page(page, language), "utf-8")
