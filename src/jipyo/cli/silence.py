"""`jipyo silence`: alerts of which nobody is notified for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson
from rich.text import Text

from jipyo.alerts.matchers import parse_matchers, write_matchers
from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.silence import Silence
from jipyo.app.alerts.desk import open_desk
from jipyo.cli.localized import Command, Group
from jipyo.cli.moments import parse_end
from jipyo.cli.options import build_table, open_terminal, pass_config, print_line
from jipyo.cli.people import pass_person
from jipyo.model.clock import SystemClock
from jipyo.model.duration import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_COLUMNS = ("number", "state", "start", "end", "matchers", "who", "reason")


def register(group: click.Group, t: Texts) -> None:
    """Add the group of commands."""
    silence = Group("silence", help=t("silence.command.help"))
    group.add_command(silence)
    _register_edits(silence, t)
    _register_list(silence, t)


def _register_edits(silence: click.Group, t: Texts) -> None:
    @silence.command("add", cls=Command, help=t("silence.command.add.help"))
    @click.argument("matchers")
    @click.argument("reason")
    @click.option("--for", "length", metavar="DURATION", help=t("silence.command.for"))
    @click.option("--until", "end", metavar="TIME", help=t("silence.command.until"))
    @pass_person(t)
    @pass_config(t)
    def add(
        config: Config, words: Texts, matchers: str, reason: str, who: str, **ends: str
    ) -> None:
        options = (config.settings.alerts or AlertsOptions()).silences
        now_ms = SystemClock().now_ms()
        length = ends["length"] or format_duration(options.default_duration_ms)
        entered = Silence(
            matchers=parse_matchers(matchers),
            start_ms=now_ms,
            end_ms=parse_end(now_ms, length, ends["end"], config.zone, now_ms),
            who=who,
            reason=reason,
            entered_ms=now_ms,
        )
        with open_desk(config) as desk:
            kept = desk.add_silence(entered, options)
        end = words.recent_moment(kept.end_ms, config.zone, now_ms)
        print_line(words("silence.command.added", number=kept.id, end=end))

    @silence.command("expire", cls=Command, help=t("silence.command.expire.help"))
    @click.argument("number", type=click.IntRange(1))
    @pass_person(t)
    @pass_config(t)
    def expire(config: Config, words: Texts, number: int, who: str) -> None:
        with open_desk(config) as desk:
            desk.expire_silence(number, who)
        print_line(words("silence.command.expired", number=number))


def _register_list(silence: click.Group, t: Texts) -> None:
    @silence.command("list", cls=Command, help=t("silence.command.list.help"))
    @click.option("--all", "past", is_flag=True, help=t("silence.command.all"))
    @click.option("--json", "as_json", is_flag=True, help=t("incident.command.option.json"))
    @pass_config(t)
    def list_silences(config: Config, words: Texts, past: bool, as_json: bool) -> None:
        now_ms = SystemClock().now_ms()
        with open_desk(config) as desk:
            silences = desk.list_silences(0 if past else now_ms)
        if as_json:
            rows = [build_silence_row(one) for one in silences]
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        else:
            _print_silences(silences, config.zone, now_ms, words)


def build_silence_row(silence: Silence) -> dict[str, object]:
    """A silence as JSON; times in Unix seconds."""
    return {
        "id": silence.id,
        "matchers": write_matchers(silence.matchers),
        "start": silence.start_ms / 1000,
        "end": silence.end_ms / 1000,
        "who": silence.who,
        "reason": silence.reason,
        "entered": silence.entered_ms / 1000,
        "expired_by": silence.expired_by,
    }


def _print_silences(silences: Sequence[Silence], zone: ZoneInfo, now_ms: int, t: Texts) -> None:
    console = open_terminal()
    if not silences:
        console.print(t("silence.command.none"))
        return
    table = build_table([t(f"silence.column.{column}") for column in _COLUMNS])
    for one in silences:
        is_on = now_ms < one.end_ms
        table.add_row(
            str(one.id),
            Text(
                t(f"silence.state.{'on' if is_on else 'over'}"), style="yellow" if is_on else "dim"
            ),
            t.recent_moment(one.start_ms, zone, now_ms),
            t.recent_moment(one.end_ms, zone, now_ms),
            Text(write_matchers(one.matchers)),
            Text(one.who),
            Text(one.reason),
        )
    console.print(table)
