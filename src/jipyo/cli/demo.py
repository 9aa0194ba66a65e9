"""`jipyo demo`: a made-up month of an AI server, its report, and the dashboard over it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from jipyo.app.offline import read_workspace
from jipyo.app.reports import build_report
from jipyo.app.server import serve
from jipyo.cli.localized import Command, find_system_language
from jipyo.cli.options import FOLDER, open_terminal, print_line, show_progress
from jipyo.cli.service import catch_signals, log_to_stderr
from jipyo.config.locations import find_data_folder, find_zone
from jipyo.demo.feed import Feed
from jipyo.demo.folder import load_config, prepare_folder, read_mark
from jipyo.i18n import LANGS, texts
from jipyo.model.calendar import PeriodKind, local_day, parse_month, period_containing
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError
from jipyo.reports.render import write_reports

if TYPE_CHECKING:
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.config.load import Config
    from jipyo.demo.folder import DemoFolder
    from jipyo.i18n import Lang, Texts
    from jipyo.model.calendar import Period

_FORMATS = ("html", "pdf")


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("demo", cls=Command, help=t("cli.demo.help"), short_help=t("cli.demo.short"))
    @click.option("--folder", type=FOLDER, metavar="DIR", help=t("cli.demo.folder"))
    @click.option("--month", metavar="YYYY-MM", help=t("cli.demo.month"))
    @click.option("--port", type=click.IntRange(0, 65535), default=9797, help=t("cli.demo.port"))
    @click.option("--once", is_flag=True, help=t("cli.demo.once"))
    @click.option("--lang", type=click.Choice(LANGS), help=t("cli.option.lang"))
    def show_demo(
        folder: Path | None, month: str | None, port: int, once: bool, lang: Lang | None
    ) -> None:
        chosen = lang or find_system_language(os.environ)
        words = texts(chosen)
        path = find_data_folder(folder, os.environ)
        if folder is None:
            path = path.with_name("jipyo-demo")
        period = _choose_month(month, find_zone(os.environ), SystemClock().now_ms())
        if once:
            _prepare(path, period, words)
            return
        code = _prepare_apart(path, period, chosen)
        made = None if code else read_mark(path, period, chosen)
        if made is None:
            click.get_current_context().exit(code or 1)
        _serve(load_config(path, chosen, f"127.0.0.1:{port}"), made, words)


def _choose_month(text: str | None, zone: ZoneInfo, now_ms: int) -> Period:
    if text is None:
        today = local_day(now_ms, zone)
        return period_containing(PeriodKind.MONTH, today, zone).previous()
    try:
        month = parse_month(text, zone)
    except ValueError as error:
        raise ConfigError("sla.not_a_month", hint="sla.not_a_month.hint", value=text) from error
    if month.start_ms >= now_ms:
        raise ConfigError("demo.future_month", value=text)
    return month


def _prepare(path: Path, month: Period, words: Texts) -> None:
    """Make the data, or bring them up to now, and write the report of the month."""
    print_line(words("cli.demo.made_up"))
    prepare_folder(
        path,
        month,
        SystemClock().now_ms(),
        lambda step: show_progress(words(f"cli.demo.step.{step}")),
        lang=words.lang,
    )
    config = load_config(path, words.lang)
    for file in _write_reports(config, month, words):
        print_line(words("cli.demo.report", path=str(file)))
    print_line(words("cli.demo.data", path=str(path)))


def _prepare_apart(path: Path, month: Period, lang: Lang) -> int:
    """Prepare in a process of its own, and return its exit code.

    The fonts and figures of a report are 200 MB, which a server would have to the end.
    """
    options = {"--folder": path, "--month": f"{month.first_day:%Y-%m}", "--lang": lang}
    words = [str(word) for pair in options.items() for word in pair]
    command = [sys.executable, "-m", "jipyo", "demo", "--once", *words]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - this program itself


def _write_reports(config: Config, month: Period, words: Texts) -> list[Path]:
    with show_progress(words("cli.demo.step.report")) as progress:
        with read_workspace(config, is_forkable=True) as workspace:
            report = build_report(workspace, month, progress)
        return write_reports(report, config.lang, _FORMATS, config.data / "reports")


def _serve(config: Config, made: DemoFolder, words: Texts) -> None:
    log_to_stderr(words, config.zone)
    with catch_signals() as commands:
        serve(
            config,
            started=lambda address: print_line(words("cli.demo.started", address=address)),
            commands=commands,
            build_parts=lambda appender, clock: [
                Feed(
                    appender,
                    clock,
                    story=made.story,
                    seed=made.seed,
                    counters=made.counters,
                    since_ms=made.until_ms,
                )
            ],
        )
    open_terminal().print(words("cli.up.stopped"))
