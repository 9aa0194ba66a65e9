"""The report of a made-up month as it is known to be right, to see what a change does to it.

`make golden` writes the files in `golden/` anew; look at what `git diff` shows before they are
committed. Of long lists of numbers, of drawings and of fonts a digest is kept, so that files stay
small and every change shows all the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jipyo.app.offline import read_workspace
from jipyo.app.reports import build_report
from jipyo.demo.folder import load_config, prepare_folder
from jipyo.i18n import LANGS
from jipyo.model.calendar import parse_month
from jipyo.reports.render import FORMATS
from jipyo.reports.render.json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.calendar import Period
    from jipyo.model.progress import Progress
    from jipyo.reports.document import Report

FOLDER = Path(__file__).parent / "golden"
MONTH = parse_month("2026-07", ZoneInfo("Asia/Seoul"))
"""Its second Wednesday is the 8th, so that nine days have the outage and what led to it."""
NOW_MS = MONTH.start_ms + 9 * 86_400_000
_LONGEST = 8
"""A list of more numbers is kept as a digest."""
_MOST_ITEMS = 12
"""Of a list, as the rows of a table; of the rest a digest is kept."""


@contextmanager
def show_nothing(_step: str) -> Iterator[Progress]:
    yield lambda _done, _total: None


def build(folder: Path) -> Report:
    """The report of the month up to `NOW_MS`, whatever version of jipyo makes it."""
    prepare_folder(folder, MONTH, NOW_MS, show_nothing, days_before=2)
    return build_again(folder, MONTH)


def build_again(folder: Path, period: Period) -> Report:
    """The report of a period from a folder that was prepared."""
    with read_workspace(load_config(folder)) as workspace:
        report = build_report(replace(workspace, now_ms=lambda: NOW_MS), period)
    return replace(report, issuer=replace(report.issuer, version=""))


def list_files(report: Report) -> dict[str, str]:
    """What each file is to hold."""
    document = shorten(json.loads(to_json(report)))
    files = {"month.json": write_lines(document)}
    for lang in LANGS:
        files[f"month.{lang}.html"] = shorten_html(FORMATS["html"].render(report, lang).decode())
    return files


def shorten(value: Any) -> Any:
    """The same without long lists of numbers; figures and sentences each as one text."""
    if isinstance(value, dict):
        short = {key: shorten(one) for key, one in value.items()}
        return _join(value, short)
    if isinstance(value, list):
        is_numbers = all(one is None or isinstance(one, int | float) for one in value)
        if len(value) > _LONGEST and is_numbers:
            return f"{len(value)} numbers, {digest(json.dumps(value))}"
        left = value[_MOST_ITEMS:]
        rest = [f"{len(left)} more, {digest(json.dumps(left))}"] if left else []
        return (
            [*(shorten(one) for one in value[:_MOST_ITEMS]), *rest]
            if not is_blocks(value)
            else [shorten(one) for one in value]
        )
    return value


def is_blocks(value: list[Any]) -> bool:
    """Whether these are the blocks of a report, of which each is kept."""
    return any(isinstance(one, dict) and one.get("type") == "heading" for one in value)


def _join(value: dict[str, Any], short: dict[str, Any]) -> Any:
    match value.get("type"):
        case "figure":
            facts = (value["metric"], value["value"], value["unit"], value["fold"])
            return f"{' '.join(map(str, facts))} [{digest(json.dumps(value))}]"
        case "phrase":
            parts = ", ".join(f"{name}={one}" for name, one in short["values"])
            return f"{value['key']}({parts})" if parts else value["key"]
        case "quantity" | "moment" | "duration" | "share" | "badge" | "code" | "matrix_cell":
            own = [str(one) for key, one in short.items() if key != "type" and one is not None]
            return f"{value['type']}({', '.join(own)})"
        case _:
            return {key: one for key, one in short.items() if one not in (None, [], "")}


def write_lines(document: Any) -> str:
    """JSON with a line for each list or object that holds no other."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    lines = re.sub(
        r"([\[{])\n\s+((?:\"(?:[^\"\\\\]|\\\\.)*\"|[^\[\]{}\"])*?)\n\s*([\]}])",
        lambda found: found[1] + re.sub(r"\n\s+", " ", found[2]) + found[3],
        text,
    )
    return lines + "\n"


def shorten_html(text: str) -> str:
    """The page without fonts, and with a digest of each drawing; an element a line."""
    text = re.sub(r"@font-face\{.*?\}", "", text, flags=re.DOTALL)
    text = re.sub(r"<style>.*?</style>", lambda m: f"<style {digest(m[0])}>", text, flags=re.DOTALL)
    text = re.sub(r"<svg.*?</svg>", lambda m: f"<svg {digest(m[0])}>", text, flags=re.DOTALL)
    text = re.sub(r"<code>(.{40}).*?</code>", r"<code>\1…</code>", text, flags=re.DOTALL)
    text = re.sub(r' title="([^"]*)"', lambda m: f' title="{digest(m[1])}"', text)
    return re.sub(r"(</(?:tr|p|li|h\d|section|figure|div)>)(?!\n)", r"\1\n", text)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def main() -> None:
    """Write the files anew."""
    with tempfile.TemporaryDirectory(prefix="jipyo-golden-") as folder:
        files = list_files(build(Path(folder) / "demo"))
    FOLDER.mkdir(exist_ok=True)
    for name, text in files.items():
        (FOLDER / name).write_text(text, "utf-8")
        sys.stdout.write(f"{FOLDER / name} {len(text.encode()) // 1000} kB\n")


if __name__ == "__main__":
    main()
