"""`jipyo event`: what was done or happened, beside the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson
from rich.text import Text

from jipyo.alerts.events.event import Event, EventKind
from jipyo.alerts.wording import name_event_kind
from jipyo.analysis.series_names import name_series
from jipyo.app.alerts.desk import open_desk
from jipyo.cli.incident.rows import build_event_row
from jipyo.cli.localized import Command, Group
from jipyo.cli.moments import parse_moment
from jipyo.cli.options import build_table, open_terminal, pass_config, print_line
from jipyo.cli.people import pass_person
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_MONTH_MS = 30 * 86_400_000
_COLUMNS = ("time", "kind", "text", "labels", "who")


def register(group: click.Group, t: Texts) -> None:
    """Add the group of commands."""
    event = Group("event", help=t("event.command.help"))
    group.add_command(event)
    _register_add(event, t)
    _register_list(event, t)


def _register_add(event: click.Group, t: Texts) -> None:
    kinds = click.Choice([one.value for one in EventKind])

    @event.command("add", cls=Command, help=t("event.command.add.help"))
    @click.argument("text")
    @click.option("--kind", type=kinds, default="deployment", help=t("event.command.kind"))
    @click.option("--at", "moment", default="now", metavar="TIME", help=t("event.command.at"))
    @click.option(
        "--label", "labels", multiple=True, metavar="NAME=VALUE", help=t("event.command.label")
    )
    @pass_person(t)
    @pass_config(t)
    def add(config: Config, words: Texts, text: str, kind: str, who: str, **rest: str) -> None:
        now_ms = SystemClock().now_ms()
        event = Event(
            t_ms=parse_moment(rest["moment"], config.zone, now_ms),
            kind=EventKind(kind),
            text=text.strip(),
            labels=parse_labels(rest["labels"]),
            who=who,
        )
        with open_desk(config) as desk:
            kept = desk.add_event(event)
        moment = words.recent_moment(kept.t_ms, config.zone, now_ms)
        print_line(words("event.command.added", number=kept.id, moment=moment))


def _register_list(event: click.Group, t: Texts) -> None:
    @event.command("list", cls=Command, help=t("event.command.list.help"))
    @click.option("--from", "start", metavar="TIME", help=t("event.command.from"))
    @click.option("--to", "end", metavar="TIME", help=t("event.command.to"))
    @click.option("--json", "as_json", is_flag=True, help=t("incident.command.option.json"))
    @pass_config(t)
    def list_events(
        config: Config, words: Texts, start: str | None, end: str | None, as_json: bool
    ) -> None:
        now_ms = SystemClock().now_ms()
        start_ms = parse_moment(start, config.zone, now_ms) if start else now_ms - _MONTH_MS
        end_ms = parse_moment(end, config.zone, now_ms) if end else now_ms + 1
        with open_desk(config) as desk:
            events = desk.list_events(start_ms, end_ms)
        if as_json:
            rows = [build_event_row(one) for one in events]
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        else:
            _print_events(events, config.zone, now_ms, words)


def parse_labels(texts: Iterable[str]) -> Labels:
    """The labels of `NAME=VALUE` each.

    Raises:
        ConfigError: one is something else.
    """
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (equals and name and value):
            raise ConfigError("event.command.not_a_label", value=text)
        pairs[name] = value
    return Labels.of(pairs)


def _print_events(events: Sequence[Event], zone: ZoneInfo, now_ms: int, t: Texts) -> None:
    console = open_terminal()
    if not events:
        console.print(t("event.command.none"))
        return
    table = build_table([t(f"event.column.{column}") for column in _COLUMNS])
    for event in events:
        table.add_row(
            t.recent_moment(event.t_ms, zone, now_ms),
            name_event_kind(event.kind, t),
            Text(event.text),
            Text(name_series(event.labels)),
            Text(event.who or t("event.command.found"), style="" if event.who else "dim"),
        )
    console.print(table)
