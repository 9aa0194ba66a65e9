"""`jipyo import prometheus`: history of a Prometheus-family server into the store."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from rich import progress as bars
from rich.console import Console

from jipyo import promql
from jipyo.app.import_prometheus import ImportPlan, import_prometheus
from jipyo.cli.localized import Command
from jipyo.cli.moments import parse_length, parse_moment
from jipyo.cli.options import FILE, open_terminal, pass_config
from jipyo.config.server_options import ServerFlags, read_server_flags, suit_history
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError, QueryError, SourceError, StoreFull
from jipyo.source.history import HistoryWindow
from jipyo.source.prometheus import PrometheusSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jipyo.app.import_prometheus import ImportOutcome, ImportStep
    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_EVERYTHING = '{__name__!=""}'
_SETTLED_MS = 60_000
"""Newer samples may still be on their way, and would be missing in one of copy and check."""
_LINE_EVERY_S = 10.0
"""Where progress goes into a file or pipe, a line so often."""
_SHOWN = 20
"""So many differences are listed."""


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command(
        "prometheus",
        cls=Command,
        help=t("cli.import.prometheus.help"),
        short_help=t("cli.import.prometheus.short"),
    )
    @click.option("--url", metavar="URL", help=t("cli.import.prometheus.url"))
    @click.option("--source", metavar="NAME", help=t("cli.import.prometheus.source"))
    @click.option(
        "--match", metavar="SELECTOR", multiple=True, help=t("cli.import.prometheus.match")
    )
    @click.option(
        "--from", "start", metavar="TIME", required=True, help=t("cli.import.prometheus.from")
    )
    @click.option("--to", "end", metavar="TIME", help=t("cli.import.prometheus.to"))
    @click.option(
        "--header",
        "headers",
        metavar="'NAME: VALUE'",
        multiple=True,
        help=t("cli.import.prometheus.header"),
    )
    @click.option("--username", metavar="NAME", help=t("cli.import.prometheus.username"))
    @click.option("--password-file", type=FILE, help=t("cli.import.prometheus.password_file"))
    @click.option("--bearer-token-file", type=FILE, help=t("cli.import.prometheus.token_file"))
    @click.option("--ca-file", type=FILE, help=t("cli.import.prometheus.ca_file"))
    @click.option(
        "--timeout", metavar="DURATION", default="1m", help=t("cli.import.prometheus.timeout")
    )
    @pass_config(t)
    def run(config: Config, words: Texts, **options: Any) -> int:
        return _run(config, words, _Options(**options))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """The options as they were written."""

    url: str | None
    source: str | None
    match: tuple[str, ...]
    start: str
    end: str | None
    headers: tuple[str, ...]
    username: str | None
    password_file: Path | None
    bearer_token_file: Path | None
    ca_file: Path | None
    timeout: str


def _run(config: Config, t: Texts, options: _Options) -> int:
    flags = ServerFlags(
        source=options.source or "",
        url=options.url or "",
        headers=options.headers,
        username=options.username or "",
        password_file=options.password_file,
        bearer_token_file=options.bearer_token_file,
        ca_file=options.ca_file,
    )
    server = read_server_flags(flags, config.settings.sources)
    server = suit_history(server, parse_length(options.timeout) / 1000)
    plan = _read_plan(config, server.url, options)
    source = PrometheusSource(server)
    begun = False
    try:
        with _show_progress(t) as show:

            def report(step: ImportStep) -> None:
                nonlocal begun
                begun = True
                show(step)

            outcome = import_prometheus(config, source, plan, report)
    except (QueryError, SourceError, StoreFull, KeyboardInterrupt):
        if begun:
            click.echo(t("cli.import.prometheus.again"), err=True)
        raise
    finally:
        source.close()
    return _print_outcome(outcome, config, t)


def _read_plan(config: Config, url: str, options: _Options) -> ImportPlan:
    """What to copy.

    Raises:
        ConfigError: the times make no stretch of time.
        QueryError: a selector cannot be parsed.
    """
    now_ms = SystemClock().now_ms()
    start_ms = parse_moment(options.start, config.zone, now_ms)
    end_ms = parse_moment(options.end, config.zone, now_ms) if options.end else now_ms
    end_ms = min(end_ms, now_ms - _SETTLED_MS)
    if start_ms >= end_ms:
        raise ConfigError("cli.import.prometheus.no_time", start=options.start)
    selectors = tuple(promql.parse_selector(text) for text in options.match or (_EVERYTHING,))
    return ImportPlan(url=url, selectors=selectors, window=HistoryWindow(start_ms, end_ms))


@contextlib.contextmanager
def _show_progress(t: Texts) -> Iterator[Callable[[ImportStep], None]]:
    """Show on standard error how far an import has come: a bar, or lines for a file or pipe."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(t).report
        return
    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=console, transient=True) as bar:
        tasks = {is_check: bar.add_task("", total=1, visible=False) for is_check in (False, True)}

        def report(step: ImportStep) -> None:
            text = _describe(step, t)
            bar.update(tasks[step.is_check], completed=step.share, description=text, visible=True)

        yield report


class _Lines:
    """Progress as lines, not more often than every few seconds."""

    def __init__(self, t: Texts) -> None:
        self._t = t
        self._started_s = self._last_s = time.monotonic()
        self._is_check = False

    def report(self, step: ImportStep) -> None:
        """Print a line if it is time for one."""
        now_s = time.monotonic()
        if step.is_check != self._is_check:
            self._is_check, self._started_s = step.is_check, now_s
        if now_s - self._last_s < _LINE_EVERY_S or not step.share:
            return
        self._last_s = now_s
        left_s = (now_s - self._started_s) * (1 / step.share - 1)
        left = self._t.number(left_s, "seconds")
        line = self._t(
            "cli.import.prometheus.line",
            text=_describe(step, self._t),
            percent=self._t.number(round(step.share * 100, 1), "percent"),
            left=left,
        )
        click.echo(line, err=True)


def _describe(step: ImportStep, t: Texts) -> str:
    if step.is_check:
        return t("cli.import.prometheus.checking")
    return t("cli.import.prometheus.copying", series=step.series, samples=step.samples)


def _print_outcome(outcome: ImportOutcome, config: Config, t: Texts) -> int:
    """What was done, and what is not as at the server; the exit code."""
    console = open_terminal()
    counts = {"series": outcome.series, "samples": outcome.samples}
    console.print(t("cli.import.prometheus.done", **counts))
    for reason, count in outcome.rejected.items():
        console.print(t("cli.import.rejected", n=count, reason=reason.value))
    for metric, error in outcome.unreadable:
        problem = error.values["problem"]
        console.print(t("cli.import.prometheus.unreadable", metric=metric, problem=problem))
    for selector in outcome.empty:
        console.print(t("cli.import.prometheus.empty", selector=selector), style="red")
    differences = outcome.differences
    if not differences:
        if compared := outcome.metrics - len(outcome.unreadable):
            console.print(t("cli.import.prometheus.equal", n=compared))
        return 1 if outcome.unreadable or outcome.empty else 0
    n = {"n": len(differences), "all": outcome.metrics}
    console.print(t("cli.import.prometheus.different", **n), style="red")
    for difference in differences[:_SHOWN]:
        line = t(
            "cli.import.prometheus.difference",
            metric=difference.metric,
            series=difference.series,
            day=t.moment(difference.first_day_ms, config.zone),
            theirs=difference.theirs.count,
            their_sum=difference.theirs.sum,
            ours=difference.ours.count,
            our_sum=difference.ours.sum,
        )
        console.print(line, soft_wrap=True)
    if len(differences) > _SHOWN:
        console.print(t("cli.import.prometheus.more", n=len(differences) - _SHOWN))
    console.print(t("cli.import.prometheus.different.hint"))
    return 1
