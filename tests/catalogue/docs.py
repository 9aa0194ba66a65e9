"""The tables of `docs/catalogue.md`, written from the code: run me to write them anew."""

from __future__ import annotations

import re
from pathlib import Path

from jipyo.catalogue import MetricGroup, describe, load
from jipyo.i18n import LANGS, Lang, texts

DOCS = Path(__file__).parents[2] / "docs"
FILES: dict[Lang, Path] = {"en": DOCS / "catalogue.md", "ko": DOCS / "catalogue.ko.md"}
KEYS = {
    "en": ("key", "value", "default", "meaning"),
    "ko": ("키", "값", "기본값", "뜻"),
}
METRICS = {
    "en": ("metric", "name", "unit", "levels", "exporters"),
    "ko": ("지표", "이름", "단위", "기준", "익스포터"),
}
MUST = {"en": "required", "ko": "필수"}
OF_MANUAL = {
    "en": "**Bold** metrics are asked for by the manual.",
    "ko": "**굵은** 지표는 매뉴얼이 요구하는 것입니다.",
}


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def keys(lang: Lang) -> str:
    rows = []
    for key in describe.keys(texts(lang)):
        choices = ", ".join(f"`{choice}`" for choice in key.choices)
        default = f"`{key.default}`" if key.default else ""
        kind = f"{key.kind}: {choices}" if choices else key.kind
        must = MUST[lang] if key.required else default
        rows.append((f"`{key.path}`", kind, must, key.meaning))
    return table(KEYS[lang], rows)


def metrics(lang: Lang) -> str:
    catalogue, parts = load(), [OF_MANUAL[lang]]
    rows = {row.id: row for row in describe.rows(catalogue, texts(lang))}
    for group in MetricGroup:
        of_group = [rows[one.id] for one in catalogue.metrics if one.group is group]
        lines = [
            (
                f"**`{row.id}`**" if row.required else f"`{row.id}`",
                row.name,
                row.unit,
                row.limits,
                ", ".join(row.exporters),
            )
            for row in of_group
        ]
        parts += [f"### {group.value}", table(METRICS[lang], lines)]
    return "\n\n".join(parts)


def written(lang: Lang, text: str) -> str:
    """The page with its tables as the code has them."""
    for name, part in (("keys", keys(lang)), ("metrics", metrics(lang))):
        pattern = re.compile(f"<!-- {name} -->.*<!-- /{name} -->", re.DOTALL)
        text = pattern.sub(lambda _, n=name, p=part: f"<!-- {n} -->\n{p}\n<!-- /{n} -->", text)
    return text


if __name__ == "__main__":
    for language in LANGS:
        page = FILES[language]
        page.write_text(written(language, page.read_text("utf-8")), "utf-8")
