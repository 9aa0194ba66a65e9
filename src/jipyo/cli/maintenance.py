"""`jipyo maintenance`: planned work, of which alerts notify nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson
from rich.text import Text

from jipyo.alerts.maintenance_calendar import expand_maintenance
from jipyo.alerts.matchers import parse_matchers, write_matchers
from jipyo.alerts.silence import MaintenanceWindow
from jipyo.app.alerts.desk import open_desk
from jipyo.cli.localized import Command, Group
from jipyo.cli.moments import parse_end, parse_moment
from jipyo.cli.options import build_table, open_terminal, pass_config, print_line, print_note
from jipyo.cli.people import pass_person
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_MONTH_MS = 30 * 86_400_000
_COLUMNS = ("id", "state", "start", "end", "name", "matchers", "approval", "announced", "who")
_STYLES = {"on": "yellow", "ahead": "", "over": "dim", "cancelled": "dim"}


def register(group: click.Group, t: Texts) -> None:
    """Add the group of commands."""
    maintenance = Group("maintenance", help=t("maintenance.command.help"))
    group.add_command(maintenance)
    _register_add(maintenance, t)
    _register_cancel(maintenance, t)
    _register_list(maintenance, t)


def _register_add(maintenance: click.Group, t: Texts) -> None:
    @maintenance.command("add", cls=Command, help=t("maintenance.command.add.help"))
    @click.argument("name")
    @click.option("--start", required=True, metavar="TIME", help=t("maintenance.command.start"))
    @click.option("--for", "length", metavar="DURATION", help=t("maintenance.command.for"))
    @click.option("--until", "end", metavar="TIME", help=t("maintenance.command.until"))
    @click.option("--match", default="", metavar="MATCHERS", help=t("maintenance.command.match"))
    @click.option("--approval", default="", metavar="NO", help=t("maintenance.command.approval"))
    @click.option("--announced", metavar="TIME", help=t("maintenance.command.announced"))
    @pass_person(t)
    @pass_config(t)
    def add(config: Config, words: Texts, name: str, who: str, **texts: str) -> None:
        now_ms, zone = SystemClock().now_ms(), config.zone
        start_ms = parse_moment(texts["start"], zone, now_ms)
        announced = texts["announced"]
        window = MaintenanceWindow(
            id="",
            name=name,
            matchers=parse_matchers(texts["match"]) if texts["match"] else (),
            start_ms=start_ms,
            end_ms=parse_end(start_ms, texts["length"], texts["end"], zone, now_ms),
            announced_ms=parse_moment(announced, zone, now_ms) if announced else None,
            approval=texts["approval"],
            who=who,
            entered_ms=now_ms,
        )
        with open_desk(config) as desk:
            kept = desk.add_window(window)
        start, end = (words.recent_moment(at, zone, now_ms) for at in (kept.start_ms, kept.end_ms))
        print_line(words("maintenance.command.added", number=kept.id, start=start, end=end))
        if not kept.is_announced_ahead:
            print_note(words("maintenance.command.not_announced"))


def _register_cancel(maintenance: click.Group, t: Texts) -> None:
    @maintenance.command("cancel", cls=Command, help=t("maintenance.command.cancel.help"))
    @click.argument("number", type=click.IntRange(1))
    @pass_person(t)
    @pass_config(t)
    def cancel(config: Config, words: Texts, number: int, who: str) -> None:
        with open_desk(config) as desk:
            desk.cancel_window(number, who)
        print_line(words("maintenance.command.cancelled", number=number))


def _register_list(maintenance: click.Group, t: Texts) -> None:
    @maintenance.command("list", cls=Command, help=t("maintenance.command.list.help"))
    @click.option("--all", "past", is_flag=True, help=t("maintenance.command.all"))
    @click.option("--json", "as_json", is_flag=True, help=t("incident.command.option.json"))
    @pass_config(t)
    def list_windows(config: Config, words: Texts, past: bool, as_json: bool) -> None:
        now_ms = SystemClock().now_ms()
        alerts, end_ms = config.settings.alerts, now_ms + _MONTH_MS
        schedules = alerts.maintenance if alerts else ()
        with open_desk(config) as desk:
            windows = [
                *desk.list_windows(0 if past else now_ms, 1 << 62),
                *expand_maintenance(schedules, now_ms, end_ms, config.zone),
            ]
        windows.sort(key=lambda one: one.start_ms)
        if as_json:
            rows = [build_window_row(one, now_ms) for one in windows]
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        else:
            _print_windows(windows, config.zone, now_ms, words)


def find_state(window: MaintenanceWindow, now_ms: int) -> str:
    """`ahead`, `on`, `over` or `cancelled`."""
    if window.cancelled_ms is not None:
        return "cancelled"
    if now_ms < window.start_ms:
        return "ahead"
    return "on" if now_ms < window.end_ms else "over"


def build_window_row(window: MaintenanceWindow, now_ms: int) -> dict[str, object]:
    """A maintenance window as JSON; times in Unix seconds."""
    return {
        "id": window.id,
        "state": find_state(window, now_ms),
        "name": window.name,
        "matchers": write_matchers(window.matchers),
        "start": window.start_ms / 1000,
        "end": window.end_ms / 1000,
        "approval": window.approval,
        "announced": None if window.announced_ms is None else window.announced_ms / 1000,
        "announced_ahead": window.is_announced_ahead,
        "who": window.who,
        "entered": window.entered_ms / 1000,
        "cancelled": None if window.cancelled_ms is None else window.cancelled_ms / 1000,
        "cancelled_by": window.cancelled_by,
    }


def _print_windows(
    windows: Sequence[MaintenanceWindow], zone: ZoneInfo, now_ms: int, t: Texts
) -> None:
    console = open_terminal()
    if not windows:
        console.print(t("maintenance.command.none"))
        return
    table = build_table([t(f"maintenance.column.{column}") for column in _COLUMNS])
    for one in windows:
        state, announced = find_state(one, now_ms), one.announced_ms
        table.add_row(
            Text(one.id if one.who else t("maintenance.command.configured")),
            Text(t(f"maintenance.state.{state}"), style=_STYLES[state]),
            t.recent_moment(one.start_ms, zone, now_ms),
            t.recent_moment(one.end_ms, zone, now_ms),
            Text(one.name),
            Text(write_matchers(one.matchers) or t("maintenance.command.everything")),
            Text(one.approval),
            "" if announced is None else t.recent_moment(announced, zone, now_ms),
            Text(one.who),
        )
    console.print(table)
