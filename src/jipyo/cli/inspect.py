"""`jipyo inspect`: the inspection sheet of a month, and whether an issued one is still right."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.text import Text

from jipyo.app.inspection import build_sheet, find_system
from jipyo.app.offline import read_workspace
from jipyo.cli.localized import Command, Group
from jipyo.cli.moments import parse_month
from jipyo.cli.options import (
    FILE,
    FOLDER,
    build_table,
    find_chart_width,
    open_terminal,
    pass_config,
    print_line,
    show_progress,
)
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.errors import ConfigError
from jipyo.model.plain import to_plain
from jipyo.reports.render import FORMATS, write_report
from jipyo.reports.render.text import print_report
from jipyo.reports.sheets import build_inspection_report, drop_evidence
from jipyo.sla.recomputation import find_differences

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.i18n import Lang, Texts
    from jipyo.reports.document import Report
    from jipyo.sla.inspection import InspectionSheet

_PRINTED = ("text", "json")
_SHOWN = 100
"""Most differences that are listed."""


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    inspect = Group("inspect", help=t("cli.inspect.help"))
    group.add_command(inspect)
    _register_month(inspect, t)
    _register_check(inspect, t)


def _register_month(inspect: click.Group, t: Texts) -> None:
    @inspect.command("month", cls=Command, help=t("cli.inspect.month.help"))
    @click.argument("month", metavar="YYYY-MM", required=False)
    @click.option("--system", metavar="NAME", help=t("cli.inspect.system"))
    @click.option(
        "--format",
        "format_name",
        type=click.Choice((*_PRINTED, *FORMATS)),
        default="text",
        help=t("cli.inspect.format"),
    )
    @click.option("--out", type=FOLDER, metavar="DIR", help=t("cli.inspect.out"))
    @click.option("--explain", is_flag=True, help=t("cli.inspect.explain"))
    @pass_config(t)
    def inspect_month(
        config: Config,
        words: Texts,
        month: str | None,
        system: str | None,
        **options: Any,
    ) -> None:
        format_name, out = options["format_name"], options["out"]
        working = words("cli.inspect.working")
        with show_progress(working) as advance, read_workspace(config) as workspace:
            now_ms = workspace.now_ms()
            period = parse_month(month, config.zone, now_ms)
            chosen = find_system(workspace, system)
            sheet = build_sheet(config, workspace, period, chosen, advance)
        if format_name == "json":
            click.echo(orjson.dumps(to_plain(sheet), option=orjson.OPT_INDENT_2).decode())
            return
        issuer = workspace.issuer
        if chosen is not None:
            issuer = replace(issuer, system=chosen.title(words.lang))
        report = build_inspection_report(sheet, workspace.catalogue, now_ms, issuer)
        if format_name == "text":
            print_on_terminal(report, words.lang, explain=options["explain"])
            return
        print_line(str(write_report(report, words.lang, format_name, out or workspace.out_dir)))


def _register_check(inspect: click.Group, t: Texts) -> None:
    @inspect.command("check", cls=Command, help=t("cli.inspect.check.help"))
    @click.argument("file", type=FILE)
    @pass_config(t)
    def check_sheet(config: Config, words: Texts, file: Path) -> int:
        issued = read_sheet(file)
        working = words("cli.inspect.working")
        with show_progress(working) as advance, read_workspace(config) as workspace:
            first = date.fromisoformat(issued["period"]["first_day"])
            period = period_containing(PeriodKind.MONTH, first, config.zone)
            chosen = find_system(workspace, issued["system"] or None)
            sheet = build_sheet(config, workspace, period, chosen, advance, issued["cut_ms"])
        return print_differences(issued, sheet, words)


def print_on_terminal(report: Report, lang: Lang, *, explain: bool) -> None:
    """A sheet at the width of the terminal, with the evidence of its figures where wanted."""
    console = open_terminal()
    if not explain:  # evidence has many columns, and in a pipe all the room that it needs
        console.width = find_chart_width(console)
    print_report(report if explain else drop_evidence(report), lang, console)


def read_sheet(file: Path) -> dict[str, Any]:
    """An issued sheet as plain values.

    Raises:
        ConfigError: the file cannot be read, or is something else.
    """
    try:
        plain = orjson.loads(file.read_bytes())
        if plain["type"] != "inspection_sheet":
            raise ValueError(plain["type"])
        date.fromisoformat(plain["period"]["first_day"])
        int(plain["cut_ms"])
        str(plain["system"])
    except OSError as error:
        raise _not_a_sheet(file, error.strerror or str(error)) from error
    except (ValueError, TypeError, KeyError) as error:
        raise _not_a_sheet(file, str(error)) from error
    assert isinstance(plain, dict)
    return plain


def _not_a_sheet(file: Path, problem: str) -> ConfigError:
    return ConfigError(
        "cli.inspect.check.not_a_sheet",
        hint="cli.inspect.check.not_a_sheet.hint",
        path=str(file),
        problem=problem,
    )


def print_differences(issued: dict[str, Any], sheet: InspectionSheet, t: Texts) -> int:
    """List what differs; the exit code: 1 where anything does."""
    # What was issued is JSON, so that what it is compared with has to be JSON, too.
    recomputed = orjson.loads(orjson.dumps(to_plain(sheet)))
    found = list(find_differences(issued, recomputed))
    if not found:
        print_line(t("cli.inspect.check.equal", cells=sheet.due))
        return 0
    names = ("field", "issued", "recomputed")
    table = build_table([t(f"cli.inspect.check.{name}") for name in names])
    for one in found[:_SHOWN]:
        table.add_row(one.path, _shorten(one.issued), _shorten(one.recomputed))
    console = open_terminal()
    console.print(Text(t("cli.inspect.check.different", n=len(found)), style="bold red"))
    console.print(table)
    return 1


def _shorten(value: object) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
