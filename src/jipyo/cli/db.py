"""`jipyo db`, `import` and `export`: the sample store as a file to be managed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from jipyo.app import store_admin
from jipyo.cli import export_rules, import_prometheus
from jipyo.cli.localized import Command, Group
from jipyo.cli.moments import parse_moment, parse_span
from jipyo.cli.options import FILE, open_terminal, pass_config, print_line, show_progress
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_TOP_ROWS = 10


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    db = Group("db", help=t("cli.db.help"))
    group.add_command(db)
    _register_inspection(db, t)
    _register_copies(db, t)
    _register_deletion(db, t)
    _register_transfers(group, t)


def _register_inspection(db: click.Group, t: Texts) -> None:
    @db.command("stats", cls=Command, help=t("cli.db.stats.help"))
    @pass_config(t)
    def print_stats(config: Config, words: Texts) -> None:
        stats = store_admin.read_stats(config.data)
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="dim")
        table.add_column(justify="right")
        for name in ("file_bytes", "free_bytes", "journal_bytes"):
            size = words.number(getattr(stats, name), "bytes")
            table.add_row(words(f"cli.db.stats.{name}"), size)
        for name in ("series", "samples", "head_samples", "chunks", "label_pairs"):
            table.add_row(words(f"cli.db.stats.{name}"), f"{getattr(stats, name):,}")
        for name in ("first_ms", "last_ms"):
            t_ms = getattr(stats, name)
            moment = words.number(None) if t_ms is None else words.moment(t_ms, config.zone)
            table.add_row(words(f"cli.db.stats.{name}"), moment)
        if stats.samples:
            size = f"{(stats.file_bytes - stats.free_bytes) / stats.samples:.2f}"
            table.add_row(words("cli.db.stats.bytes_per_sample"), size)
        open_terminal().print(table)
        _print_top(words("cli.db.stats.series_by_metric"), stats.series_by_metric)
        _print_top(words("cli.db.stats.values_by_label"), stats.values_by_label)

    @db.command("check", cls=Command, help=t("cli.db.check.help"))
    @pass_config(t)
    def check(config: Config, words: Texts) -> int:
        with show_progress(words("cli.db.check.working")) as advance:
            result = store_admin.check(config.data, advance)
        console = open_terminal()
        for problem in result.problems:
            console.print(words.error(problem), style="red", markup=False)
        n = len(result.problems)
        key = "cli.db.check.bad" if n else "cli.db.check.good"
        console.print(words(key, chunks=result.chunks, samples=result.samples, n=n))
        return 1 if n else 0


def _print_top(title: str, rows: tuple[tuple[str, int], ...]) -> None:
    """The names with the highest counts, most first."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    for name, count in rows[:_TOP_ROWS]:
        table.add_row(name, f"{count:,}")
    open_terminal().print(table)


def _register_copies(db: click.Group, t: Texts) -> None:
    @db.command("backup", cls=Command, help=t("cli.db.backup.help"))
    @click.argument("file", type=FILE)
    @pass_config(t)
    def create_backup(config: Config, words: Texts, file: Path) -> None:
        with show_progress(words("cli.db.backup.working")) as advance:
            files = store_admin.create_backup(config.data, file, advance)
        for one in files:
            print_line(str(one))

    @db.command("restore", cls=Command, help=t("cli.db.restore.help"))
    @click.argument("file", type=FILE)
    @pass_config(t)
    def restore(config: Config, words: Texts, file: Path) -> None:
        with show_progress(words("cli.db.restore.working")) as advance:
            aside = store_admin.restore(file, config.data, advance)
        open_terminal().print(words("cli.db.restore.done", path=str(config.data)))
        if aside is not None:
            print_line(words("cli.db.restore.aside", path=str(aside)))

    @db.command("salvage", cls=Command, help=t("cli.db.salvage.help"))
    @click.argument("file", type=FILE)
    @click.argument("new", type=FILE)
    @pass_config(t)
    def salvage(config: Config, words: Texts, file: Path, new: Path) -> int:
        with show_progress(words("cli.db.salvage.working")) as advance:
            result = store_admin.salvage(file, new, advance)
        _print_losses(config, words, result)
        console = open_terminal()
        values = {"samples": result.samples, "series": result.series, "path": str(new)}
        console.print(words("cli.db.salvage.done", **values))
        console.print(words("cli.db.salvage.next", path=str(new)))
        return 0 if result.is_complete else 1

    @db.command("compact", cls=Command, help=t("cli.db.compact.help"))
    @pass_config(t)
    def compact(config: Config, words: Texts) -> None:
        before = store_admin.read_stats(config.data).file_bytes
        with show_progress(words("cli.db.compact.working")) as advance:
            store_admin.compact(config.data, advance)
        freed = words.number(before - store_admin.read_stats(config.data).file_bytes, "bytes")
        open_terminal().print(words("cli.db.compact.done", freed=freed))


def _print_losses(config: Config, words: Texts, result: store_admin.Salvaged) -> None:
    """What is not whole: the series, from when to when, how many samples."""
    title = words("cli.db.salvage.lost")
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    for loss in result.losses:
        series = words("cli.db.salvage.unknown") if loss.series == "?" else loss.series
        if loss.others:
            series = words("cli.db.salvage.others", series=series, n=loss.others)
        span = words("cli.db.salvage.time_unknown")
        if loss.start_ms is not None and loss.end_ms is not None:
            start, end = (words.moment(t, config.zone) for t in (loss.start_ms, loss.end_ms))
            span = words("cli.db.salvage.span", start=start, end=end)
        n = loss.samples
        known = "count_unknown" if n is None else "samples"
        samples = words(f"cli.db.salvage.{known}", n=n or 0)
        table.add_row(Text(series), span, samples)
    console = open_terminal()
    if result.losses:
        console.print(table)
    if result.rows or result.pages:
        counts = {"rows": result.rows, "pages": len(result.pages)}
        console.print(words("cli.db.salvage.unreadable", **counts))


def _register_deletion(db: click.Group, t: Texts) -> None:
    @db.command("delete", cls=Command, help=t("cli.db.delete.help"))
    @click.argument("selector")
    @click.option("--from", "start", metavar="TIME", help=t("cli.db.delete.from"))
    @click.option("--to", "end", metavar="TIME", help=t("cli.db.delete.to"))
    @click.option("--yes", is_flag=True, help=t("cli.db.delete.yes"))
    @pass_config(t)
    def delete(
        config: Config, words: Texts, selector: str, start: str | None, end: str | None, yes: bool
    ) -> None:
        if not yes:
            raise ConfigError("cli.db.delete.not_sure", selector=selector)
        span = parse_span(start, end, config.zone, SystemClock().now_ms())
        n = store_admin.delete_samples(config, selector, span)
        open_terminal().print(words("cli.db.delete.done", n=n))

    @db.command("trim", cls=Command, help=t("cli.db.trim.help"))
    @click.option("--after", metavar="TIME", required=True, help=t("cli.db.trim.after"))
    @click.option("--yes", is_flag=True, help=t("cli.db.delete.yes"))
    @pass_config(t)
    def trim(config: Config, words: Texts, after: str, yes: bool) -> None:
        after_ms = parse_moment(after, config.zone, SystemClock().now_ms())
        if not yes:
            moment = words.moment(after_ms, config.zone)
            raise ConfigError("cli.db.trim.not_sure", moment=moment)
        n = store_admin.trim_samples(config, after_ms)
        open_terminal().print(words("cli.db.delete.done", n=n))


def _register_transfers(group: click.Group, t: Texts) -> None:
    load = Group("import", help=t("cli.import.help"))
    group.add_command(load)
    import_prometheus.register(load, t)

    @load.command("openmetrics", cls=Command, help=t("cli.import.openmetrics.help"))
    @click.argument("file", type=FILE)
    @pass_config(t)
    def load_openmetrics(config: Config, words: Texts, file: Path) -> None:
        with show_progress(words("cli.import.working")) as advance:
            result = store_admin.import_openmetrics(config, file, advance)
        console = open_terminal()
        console.print(words("cli.import.done", n=result.samples))
        for reason, count in result.rejected.items():
            console.print(words("cli.import.rejected", n=count, reason=reason.value))

    unload = Group("export", help=t("cli.export.help"))
    group.add_command(unload)
    export_rules.register(unload, t)

    @unload.command("samples", cls=Command, help=t("cli.export.samples.help"))
    @click.argument("file", type=FILE)
    @click.option("--match", metavar="SELECTOR", help=t("cli.export.match"))
    @click.option("--from", "start", metavar="TIME", help=t("cli.export.from"))
    @click.option("--to", "end", metavar="TIME", help=t("cli.export.to"))
    @pass_config(t)
    def export(
        config: Config,
        words: Texts,
        file: Path,
        match: str | None,
        start: str | None,
        end: str | None,
    ) -> None:
        span = parse_span(start, end, config.zone, SystemClock().now_ms())
        with show_progress(words("cli.export.working")) as advance:
            n = store_admin.export_samples(config, match, span, file, advance)
        open_terminal().print(words("cli.export.done", n=n, path=str(file)))
