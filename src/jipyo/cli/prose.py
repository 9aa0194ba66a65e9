"""`jipyo verify --text`: the numbers of a prose on a report, traced to its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.text import Text

from jipyo.cli.options import build_table, open_terminal
from jipyo.model.errors import ConfigError
from jipyo.reports.verify.prose import LARGEST_BYTES, trace_numbers
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jipyo.i18n import Texts
    from jipyo.reports.verify.prose import ReportFact, TracedNumber
    from jipyo.reports.verify.targets import VerificationTarget


def trace_text(
    file: Path, targets: Sequence[VerificationTarget], t: Texts, *, as_json: bool
) -> int:
    """Print where each number of a text is from; the exit code: 1 where one is untraceable.

    Raises:
        ConfigError: the text cannot be read, or is on no single report.
    """
    reports = [one.report for one in targets]
    if len(reports) != 1 or reports[0] is None:
        raise ConfigError("verify.text.one_report", n=len(reports))
    report = reports[0]
    found = trace_numbers(read_text_file(file), report)
    localizer = Localizer.for_period(report.period, t.lang)
    lost = [one for one in found if one.fact is None]
    if as_json:
        rows = [_describe(one, localizer) for one in found]
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return 1 if lost else 0
    console = open_terminal()
    if lost:
        console.print(Text(t("verify.text.lost", n=len(lost), all=len(found)), style="bold red"))
        table = build_table([t(f"verify.text.{name}") for name in ("line", "number", "remark")])
        for one in lost:
            table.add_row(str(one.mention.line), one.mention.text, _explain(one, localizer, t))
        console.print(table)
        return 1
    console.print(Text(t("verify.text.traced", n=len(found)), style="bold green"))
    return 0


def read_text_file(file: Path) -> str:
    """A text in UTF-8.

    Raises:
        ConfigError: it cannot be read, is too large, or is in another encoding.
    """
    try:
        content = file.read_bytes()
        if len(content) > LARGEST_BYTES:
            raise ConfigError("verify.text.too_large", file=str(file), limit=LARGEST_BYTES >> 20)
        return content.decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError("verify.text.unreadable", file=str(file), reason=reason) from error
    except UnicodeDecodeError as error:
        raise ConfigError("verify.text.not_utf8", file=str(file), at=error.start) from error


def _explain(traced: TracedNumber, localizer: Localizer, t: Texts) -> str:
    if traced.elsewhere is None:
        return t("verify.text.nowhere")
    return t("verify.text.elsewhere", place=_name(traced.elsewhere, localizer))


def _name(fact: ReportFact, localizer: Localizer) -> str:
    return " · ".join(map(localizer.format, fact.place))


def _describe(traced: TracedNumber, localizer: Localizer) -> dict[str, Any]:
    mention, fact = traced.mention, traced.fact
    return {
        "line": mention.line,
        "column": mention.column,
        "text": mention.text,
        "traced": fact is not None,
        "place": _name(fact, localizer) if fact else None,
        "elsewhere": _name(traced.elsewhere, localizer) if traced.elsewhere else None,
    }
