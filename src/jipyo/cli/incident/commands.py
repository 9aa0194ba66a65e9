"""`jipyo incident`: what happened, and what was done about it."""

from __future__ import annotations

import functools
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import orjson

from jipyo.alerts.incident import edits
from jipyo.alerts.incident.incident import CauseClass, IncidentState
from jipyo.alerts.incident.origin import EVENT_BEFORE_MS
from jipyo.app.alerts.desk import open_desk
from jipyo.cli.incident.number import NUMBER
from jipyo.cli.incident.report import register_report
from jipyo.cli.incident.rows import build_incident_details, build_incident_row
from jipyo.cli.incident.terminal import print_incident, print_incidents
from jipyo.cli.incident.view import IncidentView
from jipyo.cli.localized import Command, Group
from jipyo.cli.moments import parse_moment
from jipyo.cli.options import pass_config, print_line
from jipyo.cli.people import pass_person
from jipyo.model.attribution import Attribution
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.alerts.incident.incident import Incident, IncidentEntry
    from jipyo.config.load import Config
    from jipyo.i18n import Texts

    Found = tuple[CauseClass | None, Attribution | None]

_MONTH_MS = 30 * 86_400_000
_CAUSES = click.Choice([one.value for one in CauseClass])
_ATTRIBUTIONS = click.Choice([one.value for one in Attribution])


def register(group: click.Group, t: Texts) -> None:
    """Add the group of commands."""
    incident = Group("incident", help=t("incident.command.help"))
    group.add_command(incident)
    _register_reading(incident, t)
    register_report(incident, t)
    _register_edits(incident, t)
    _register_causes(incident, t)


def _register_reading(incident: click.Group, t: Texts) -> None:
    short = t("incident.command.list.short")
    states = click.Choice([one.value for one in IncidentState])

    @incident.command("list", cls=Command, help=t("incident.command.list.help"), short_help=short)
    @click.option("--from", "start", metavar="TIME", help=t("incident.command.list.from"))
    @click.option("--to", "end", metavar="TIME", help=t("incident.command.list.to"))
    @click.option("--state", type=states, help=t("incident.command.list.state"))
    @click.option("--json", "as_json", is_flag=True, help=t("incident.command.option.json"))
    @pass_config(t)
    def list_incidents(
        config: Config,
        words: Texts,
        start: str | None,
        end: str | None,
        state: str | None,
        as_json: bool,
    ) -> None:
        now_ms = SystemClock().now_ms()
        start_ms = parse_moment(start, config.zone, now_ms) if start else now_ms - _MONTH_MS
        end_ms = parse_moment(end, config.zone, now_ms) if end else now_ms + 1
        with open_desk(config) as desk:
            incidents = [
                one
                for one in desk.list_incidents(start_ms, end_ms)
                if state is None or one.state.value == state
            ]
        view = IncidentView.build(config, words, now_ms)
        if as_json:
            _print_json([build_incident_row(one, view) for one in incidents])
        else:
            print_incidents(incidents, view)

    @incident.command("show", cls=Command, help=t("incident.command.show.help"))
    @click.argument("number", type=NUMBER)
    @click.option("--json", "as_json", is_flag=True, help=t("incident.command.option.json"))
    @pass_config(t)
    def show_incident(config: Config, words: Texts, number: int, as_json: bool) -> None:
        now_ms = SystemClock().now_ms()
        with open_desk(config) as desk:
            incident = desk.read_incident(number)
            end_ms = (incident.recovered_ms or now_ms) + 1
            events = desk.list_events(incident.began_ms - EVENT_BEFORE_MS, end_ms)
        view = IncidentView.build(config, words, now_ms)
        if as_json:
            _print_json(build_incident_details(incident, events, view))
        else:
            print_incident(incident, events, view)


def _register_edits(incident: click.Group, t: Texts) -> None:
    @incident.command("ack", cls=Command, help=t("incident.command.ack.help"))
    @click.argument("number", type=NUMBER)
    @click.argument("text", default="")
    @pass_person(t)
    @pass_config(t)
    def acknowledge(config: Config, words: Texts, number: int, text: str, who: str) -> None:
        _edit(config, number, partial(edits.acknowledge, who=who, text=text))
        print_line(words("incident.command.ack.done", number=number, who=who))

    @incident.command("note", cls=Command, help=t("incident.command.note.help"))
    @click.argument("number", type=NUMBER)
    @click.argument("text")
    @pass_person(t)
    @pass_config(t)
    def note(config: Config, words: Texts, number: int, text: str, who: str) -> None:
        _edit(config, number, partial(edits.add_note, who=who, text=text))
        print_line(words("incident.command.note.done", number=number))


def _register_causes(incident: click.Group, t: Texts) -> None:
    @incident.command("cause", cls=Command, help=t("incident.command.cause.help"))
    @click.argument("number", type=NUMBER)
    @click.argument("text", default="")
    @_pass_found(t)
    @pass_person(t)
    @pass_config(t)
    def set_cause(
        config: Config, words: Texts, number: int, text: str, found: Found, who: str
    ) -> None:
        if found == (None, None):
            raise ConfigError("incident.command.cause.nothing")
        cause, attribution = found
        make = partial(edits.set_cause, who=who, text=text, cause=cause, attribution=attribution)
        _edit(config, number, make)
        print_line(words("incident.command.cause.done", number=number))

    @incident.command("close", cls=Command, help=t("incident.command.close.help"))
    @click.argument("number", type=NUMBER)
    @click.argument("text", default="")
    @_pass_found(t)
    @pass_person(t)
    @pass_config(t)
    def close(config: Config, words: Texts, number: int, text: str, found: Found, who: str) -> None:
        cause, attribution = found
        make = partial(edits.close, who=who, text=text, cause=cause, attribution=attribution)
        _edit(config, number, make)
        print_line(words("incident.command.close.done", number=number))


def _pass_found(t: Texts) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command --cause and --attribution; call it with both as `found`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option("--cause", type=_CAUSES, help=t("incident.command.option.cause"))
        @click.option(
            "--attribution", type=_ATTRIBUTIONS, help=t("incident.command.option.attribution")
        )
        @functools.wraps(command)
        def run(*args: Any, cause: str | None, attribution: str | None, **rest: Any) -> Any:
            found = (
                None if cause is None else CauseClass(cause),
                None if attribution is None else Attribution(attribution),
            )
            return command(*args, found=found, **rest)

        return run

    return decorate


def _edit(config: Config, number: int, make: Callable[..., IncidentEntry]) -> Incident:
    with open_desk(config) as desk:
        return desk.edit(number, make)


def _print_json(value: object) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
