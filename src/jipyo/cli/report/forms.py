"""`--form` of `jipyo report`, and `jipyo report slots`: what a site's own form can ask for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click
import orjson

from jipyo.app.offline import read_workspace
from jipyo.app.reports import build_report, find_last_period
from jipyo.cli.localized import Command
from jipyo.cli.options import (
    build_table,
    open_terminal,
    pass_config,
    print_note,
    show_progress,
)
from jipyo.cli.report.periods import read_period
from jipyo.model.calendar import PeriodKind
from jipyo.reports.forms.fill import build_book, fill_forms
from jipyo.reports.forms.listing import list_slots
from jipyo.reports.options import KINDS
from jipyo.reports.render import save_report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from jipyo.app.workspace import Workspace
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.reports.document import Report
    from jipyo.reports.forms.listing import ListedSlot
    from jipyo.reports.forms.slots import SlotBook

_KINDS = {name: kind for kind, name in KINDS.items() if kind is not PeriodKind.RANGE}


def register(report: click.Group, t: Texts) -> None:
    """Add the command."""

    @report.command("slots", cls=Command, help=t("cli.report.slots.help"))
    @click.argument("kind", type=click.Choice(tuple(_KINDS)), default="monthly")
    @click.option("--period", metavar="PERIOD", help=t("cli.report.slots.period"))
    @click.option("--find", metavar="TEXT", default="", help=t("cli.report.slots.find"))
    @click.option("--all", "show_all", is_flag=True, help=t("cli.report.slots.all"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.report.slots.json"))
    @pass_config(t)
    def show_slots(
        config: Config, words: Texts, kind: str, period: str | None, find: str, **shown: bool
    ) -> None:
        named = read_period(_KINDS[kind], period, config.zone)
        with (
            read_workspace(config, is_forkable=True) as workspace,
            show_progress(words("cli.report.working")) as advance,
        ):
            chosen = named or find_last_period(workspace, _KINDS[kind])
            book = make_book(workspace, build_report(workspace, chosen, advance), words)
        slots = list_slots(book, find)
        if shown["as_json"]:
            plain = [asdict(one) for one in slots]
            click.echo(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode())
            return
        listed = [one for one in slots if one.has_data or shown["show_all"]]
        _print_slots(listed, words)
        if left := len(slots) - len(listed):
            print_note(words("cli.report.slots.left", n=left))


def make_book(workspace: Workspace, report: Report, t: Texts) -> SlotBook:
    """What a report offers to a form."""
    return build_book(report, workspace.catalogue.names, t.lang)


def _print_slots(slots: Sequence[ListedSlot], t: Texts) -> None:
    columns = ("slot", "about", "example", "unit")
    table = build_table([t(f"cli.report.slots.{column}") for column in columns])
    for slot in slots:
        about = slot.about
        if slot.columns:
            about = t("cli.report.slots.columns", about=about, names=", ".join(slot.columns))
        table.add_row(slot.name(t.lang), about, slot.example, slot.unit)
    open_terminal().print(table)


@dataclass(frozen=True, slots=True)
class WrittenForm:
    """A form that was filled, and the sentences about what does not fit."""

    path: Path
    too_long: tuple[str, ...]


def write_forms(
    forms: Mapping[Path, bytes],
    report: Report,
    workspace: Workspace,
    t: Texts,
    folder: Path,
    kept: Sequence[Path] = (),
) -> list[WrittenForm]:
    """Fill forms and write them, but for those that are `kept` already.

    None is written where one cannot be filled.

    Raises:
        ReportError: a form cannot be filled, or the folder cannot be written to.
    """
    filled = fill_forms(forms, report, workspace.catalogue.names, t.lang)
    places = {path.name: path for path in kept}
    return [
        WrittenForm(
            places.get(one.name) or save_report(one.content, folder / one.name), one.too_long
        )
        for one in filled
    ]
