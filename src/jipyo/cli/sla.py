"""`jipyo sla`: a contract's month, and what people type for it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.text import Text

from jipyo.app.contract import (
    build_contract_months,
    find_last_issue,
    find_systems,
    find_typed_file,
    keep_issue,
    write_typed_file,
)
from jipyo.app.offline import read_workspace
from jipyo.cli.localized import Command, Group
from jipyo.cli.options import (
    build_table,
    open_terminal,
    pass_config,
    print_line,
    print_note,
    show_progress,
)
from jipyo.model.calendar import PeriodKind, local_day, period_containing
from jipyo.model.errors import ConfigError
from jipyo.model.plain import to_plain
from jipyo.sla.issues import compare_issues
from jipyo.sla.month_file import write_template
from jipyo.sla.profile_file import BUILTIN_PROFILES, load_profile, read_builtin
from jipyo.sla.wording import describe_remark, write_length, write_plain, write_share, write_value

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from jipyo.app.contract import KeptIssue
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.model.calendar import Period
    from jipyo.sla.issues import FigureChange, SheetFigure
    from jipyo.sla.month import ContractLine, ContractMonth, OutageLine, PlannedLine

_STYLES = {"met": "green", "minimum": "yellow", "missed": "red", "not_entered": "dim"}


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    sla = Group("sla", help=t("cli.sla.help"))
    group.add_command(sla)
    _register_sheets(sla, t)
    _register_files(sla, t)


def _register_sheets(sla: click.Group, t: Texts) -> None:
    month_of = click.argument("month", metavar="YYYY-MM", required=False)
    system_of = click.option("--system", metavar="NAME", help=t("cli.sla.system"))
    profile_of = click.option("--profile", metavar="FILE", help=t("cli.sla.profile"))

    @sla.command("month", cls=Command, help=t("cli.sla.month.help"))
    @month_of
    @system_of
    @profile_of
    @click.option("--json", "as_json", is_flag=True, help=t("cli.sla.json"))
    @pass_config(t)
    def print_month(
        config: Config,
        words: Texts,
        month: str | None,
        system: str | None,
        profile: str | None,
        as_json: bool,
    ) -> None:
        sheets = _work_out(config, words, month, system, profile)
        if as_json:
            plain = [to_plain(one) for one in sheets]
            click.echo(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode())
            return
        for one in sheets:
            print_sheet(one, config.zone, words)
            last = find_last_issue(config.data, one.system, one.month)
            if last is not None:
                print_changes(last, one, words)

    @sla.command("issue", cls=Command, help=t("cli.sla.issue.help"))
    @month_of
    @system_of
    @profile_of
    @pass_config(t)
    def keep_issues(
        config: Config, words: Texts, month: str | None, system: str | None, profile: str | None
    ) -> None:
        for one in _work_out(config, words, month, system, profile):
            last = find_last_issue(config.data, one.system, one.month)
            if last is not None and not _compare(last, one):
                print_line(str(last.path))
                print_note(words("cli.sla.issue.same", number=last.number))
                continue
            print_line(str(keep_issue(config.data, one)))
            if last is not None:
                print_changes(last, one, words)


def _work_out(
    config: Config, t: Texts, month: str | None, system: str | None, profile: str | None
) -> tuple[ContractMonth, ...]:
    own = load_profile(profile) if profile else None
    with show_progress(t("cli.sla.working")) as advance, read_workspace(config) as workspace:
        period = parse_month(month, workspace.zone, workspace.now_ms())
        systems = find_systems(workspace, period, system)
        return build_contract_months(workspace, period, systems, own, advance)


def _register_files(sla: click.Group, t: Texts) -> None:
    @sla.command("template", cls=Command, help=t("cli.sla.template.help"))
    @click.argument("month", metavar="YYYY-MM", required=False)
    @click.option("--system", metavar="NAME", help=t("cli.sla.system"))
    @pass_config(t)
    def write_typed(config: Config, words: Texts, month: str | None, system: str | None) -> None:
        with read_workspace(config) as workspace:
            period = parse_month(month, workspace.zone, workspace.now_ms())
            for one in find_systems(workspace, period, system):
                path = find_typed_file(config.data, one.name, period)
                own, title = load_profile(one.profile), one.title(words.lang)
                is_new = write_typed_file(path, write_template(own, period, title, words))
                print_line(str(path))
                if not is_new:
                    print_note(words("cli.sla.template.kept"))

    @sla.command("profile", cls=Command, help=t("cli.sla.profile.help"))
    @click.argument("name", type=click.Choice(BUILTIN_PROFILES), required=False)
    @pass_config(t)
    def print_profile(config: Config, words: Texts, name: str | None) -> None:
        del config
        if name is not None:
            click.echo(read_builtin(name), nl=False)
            return
        for each in BUILTIN_PROFILES:
            profile = load_profile(each)
            print_line(f"{each}  {profile.name(words.lang)}")
            print_line(f"  {profile.based_on(words.lang)}")


def parse_month(text: str | None, zone: ZoneInfo, now_ms: int) -> Period:
    """The month `2027-01`; without a text the one before this.

    Raises:
        ConfigError: it is something else.
    """
    if text is None:
        this = period_containing(PeriodKind.MONTH, local_day(now_ms, zone), zone)
        return this.previous()
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise ConfigError("sla.not_a_month", hint="sla.not_a_month.hint", value=text) from error
    return period_containing(PeriodKind.MONTH, first, zone)


# -------------------------------------------------------------------------------------- issues


def print_changes(last: KeptIssue, month: ContractMonth, t: Texts) -> None:
    """What has changed since the last issue."""
    console, changes = open_terminal(), _compare(last, month)
    if not changes:
        console.print(t("cli.sla.issue.unchanged", number=last.number))
        return
    console.print(Text(t("cli.sla.issue.changes", number=last.number), style="bold"))
    names = {one.indicator.id: one.indicator.name(t.lang) for one in month.lines}
    for change in changes:
        values = {
            "name": t(f"sla.time.{change.name}")
            if change.kind == "time"
            else names.get(change.name, change.name),
            "before": _write_figure(change.kind, change.before, t),
            "after": _write_figure(change.kind, change.after, t),
        }
        console.print(t(f"sla.change.{change.kind}", **values), soft_wrap=True)


def _compare(last: KeptIssue, month: ContractMonth) -> tuple[FigureChange, ...]:
    plain: Any = to_plain(month)
    return compare_issues(last.sheet, plain)


def _write_figure(kind: str, figure: SheetFigure, t: Texts) -> str:
    if figure is None:
        return "–"
    if kind == "result":
        return t(f"sla.result.{figure}")
    if kind == "attribution":
        return t(f"incident.attribution.{figure}")
    if isinstance(figure, str):
        return figure[:12]
    if kind in {"time", "outage", "planned_work", "counted_outage"}:
        return write_length(int(figure), t)
    return write_plain(figure)


# ----------------------------------------------------------------------------------- the sheet


def print_sheet(month: ContractMonth, zone: ZoneInfo, t: Texts) -> None:
    """The sheet of a system on the terminal: lines, time, outages, planned work, score."""
    console = open_terminal()
    issue = t("sla.issue", number=month.issue)
    title = f"{month.system_name(t.lang)} · {month.month.first_day:%Y-%m} · {issue}"
    console.print(Text(title, style="bold"))
    profile = month.profile
    console.print(Text(f"{profile.name(t.lang)} ({profile.based_on(t.lang)})", style="dim"))
    for remark in month.remarks:
        console.print(Text(describe_remark(remark, t, zone), style="yellow"), soft_wrap=True)
    _print_lines(console, month.lines, zone, t)
    _print_total(console, month, zone, t)
    _print_time(console, month, t)
    _print_outages(console, month.outages, zone, t)
    _print_planned(console, month.planned, zone, t)
    console.print()


def _print_lines(console: Console, lines: Iterable[ContractLine], zone: ZoneInfo, t: Texts) -> None:
    headings = ("indicator", "weight", "target", "minimum", "value", "result", "points", "score")
    table = build_table([t(f"cli.sla.{name}") for name in headings])
    for column in table.columns[1:5] + table.columns[6:]:
        column.justify = "right"
    notes: dict[str, list[str]] = {}
    for line in lines:
        own = line.indicator
        table.add_row(
            own.name(t.lang),
            write_plain(own.weight),
            write_value(own.target, own, t),
            "–" if own.minimum is None else write_value(own.minimum, own, t),
            "–" if line.rounded is None else write_value(line.rounded, own, t),
            Text(t(f"sla.result.{line.result.value}"), style=_STYLES[line.result.value]),
            "–" if line.points is None else write_plain(line.points),
            "–" if line.score is None else write_plain(line.score),
        )
        for reason in line.reasons:
            notes.setdefault(describe_remark(reason, t, zone), []).append(own.name(t.lang))
        if line.evidence.note:
            notes.setdefault(line.evidence.note, []).append(own.name(t.lang))
    console.print(table)
    for note, names in notes.items():
        console.print(Text(f"  {', '.join(names)}: {note}", style="dim"), soft_wrap=True)


def _print_total(console: Console, month: ContractMonth, zone: ZoneInfo, t: Texts) -> None:
    total, penalty = month.total, month.penalty
    if total.rounded is None:
        console.print(t("cli.sla.no_total"))
    else:
        console.print(
            t(
                "cli.sla.total",
                total=f"{total.rounded:.2f}",
                points=write_plain(total.points),
                entered=write_plain(total.entered_weight),
                weight=write_plain(total.weight),
            ),
            style="bold",
        )
    for line in penalty.lines:
        remark = describe_remark(line.remark, t, zone)
        console.print(
            t("cli.sla.penalty.part", percent=write_plain(line.percent), reason=remark),
            soft_wrap=True,
        )
    if penalty.lines:
        values = {"percent": write_plain(penalty.percent), "cap": write_plain(penalty.cap)}
        console.print(t("cli.sla.penalty", **values))
    if penalty.amount is not None:
        amount = f"{penalty.amount:,.0f} {penalty.currency}"
        console.print(t("cli.sla.penalty.amount", amount=amount))


def _print_time(console: Console, month: ContractMonth, t: Texts) -> None:
    account = month.account
    rows = (
        ("calendar", account.calendar_ms),
        ("outside_hours", account.outside_hours_ms),
        ("planned", account.planned_ms),
        ("unmeasured", account.unmeasured_ms),
        ("outage", account.outage_ms),
        ("not_counted", account.not_counted_ms),
        ("up", account.up_ms),
        ("counted_outage", month.counted_outage_ms),
    )
    console.print()
    table = build_table([t("cli.sla.time"), t("cli.sla.length"), t("cli.sla.minutes")])
    for column in table.columns[1:]:
        column.justify = "right"
    for name, ms in rows:
        table.add_row(t(f"sla.time.{name}"), write_length(ms, t), f"{ms / 60_000:,.2f}")
    console.print(table)
    console.print(Text(t("cli.sla.coverage", coverage=write_share(month.coverage)), style="dim"))


def _print_outages(
    console: Console, outages: Iterable[OutageLine], zone: ZoneInfo, t: Texts
) -> None:
    headings = ("id", "began", "restored", "target", "attribution", "counted", "overrun", "note")
    table = build_table([t(f"cli.sla.outage.{name}") for name in headings])
    for one in outages:
        ends = t("cli.sla.goes_on") if one.end_ms is None else _write_moment(one.end_ms, zone, t)
        table.add_row(
            ", ".join(dict.fromkeys(one.ids)),
            _write_moment(one.start_ms, zone, t),
            ends,
            ", ".join(one.targets),
            t(f"incident.attribution.{one.attribution.value}")
            if one.attribution
            else t("sla.result.not_entered"),
            write_length(one.counted_ms, t),
            write_length(one.overrun_ms, t) if one.overrun_ms else "–",
            "; ".join(_explain(one, zone, t)),
        )
    console.print()
    console.print(table if table.row_count else t("cli.sla.no_outages"))


def _print_planned(
    console: Console, planned: Iterable[PlannedLine], zone: ZoneInfo, t: Texts
) -> None:
    headings = ("approval", "title", "began", "ended", "excluded", "note")
    table = build_table([t(f"cli.sla.planned.{name}") for name in headings])
    for one in planned:
        table.add_row(
            one.approval or "–",
            one.title,
            _write_moment(one.start_ms, zone, t),
            _write_moment(one.end_ms, zone, t),
            write_length(one.excluded_ms, t),
            "; ".join(describe_remark(reason, t, zone) for reason in one.reasons),
        )
    if table.row_count:
        console.print()
        console.print(table)


def _write_moment(t_ms: int, zone: ZoneInfo, t: Texts) -> str:
    return t.moment(t_ms, zone, to_the_second=True)


def _explain(outage: OutageLine, zone: ZoneInfo, t: Texts) -> list[str]:
    """Where it is known from, its titles, and how it counts."""
    sources = [t(f"sla.source.{source}") for source in outage.sources]
    reasons = [describe_remark(reason, t, zone) for reason in outage.reasons]
    return [*sources, *outage.titles, *reasons]
