"""`jipyo db`, `import` and `export`: the store as a file that people look after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from jipyo.app import store_admin
from jipyo.cli.localized import Command, Group
from jipyo.cli.options import configured, progress, terminal
from jipyo.cli.query import moment
from jipyo.i18n import texts
from jipyo.model.clock import SystemClock
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from jipyo.config import Config
    from jipyo.i18n import Texts

_FILE = click.Path(dir_okay=False, path_type=Path)


def register(group: click.Group, t: Texts) -> None:
    """Add the commands."""
    db = Group("db", help=t("cli.db.help"))
    group.add_command(db)
    _register_looks(db, t)
    _register_copies(db, t)
    _register_delete(db, t)
    _register_moves(group, t)


def _register_looks(db: click.Group, t: Texts) -> None:
    @db.command("stats", cls=Command, help=t("cli.db.stats.help"))
    @configured(t)
    def stats(config: Config) -> None:
        spoken, found = texts(config.lang), store_admin.read_stats(config.data)
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="dim")
        table.add_column(justify="right")
        for name in ("file_bytes", "free_bytes", "journal_bytes"):
            size = spoken.number(getattr(found, name), "bytes")
            table.add_row(spoken(f"cli.db.stats.{name}"), size)
        for name in ("series", "samples", "head_samples", "chunks", "label_pairs"):
            table.add_row(spoken(f"cli.db.stats.{name}"), f"{getattr(found, name):,}")
        for name in ("first_ms", "last_ms"):
            t_ms = getattr(found, name)
            when = spoken.number(None) if t_ms is None else spoken.moment(t_ms, config.zone)
            table.add_row(spoken(f"cli.db.stats.{name}"), when)
        if found.samples:
            each = f"{(found.file_bytes - found.free_bytes) / found.samples:.2f}"
            table.add_row(spoken("cli.db.stats.bytes_per_sample"), each)
        terminal().print(table)
        _most(spoken("cli.db.stats.series_by_metric"), found.series_by_metric)
        _most(spoken("cli.db.stats.values_by_label"), found.values_by_label)

    @db.command("check", cls=Command, help=t("cli.db.check.help"))
    @configured(t)
    def check(config: Config) -> int:
        spoken = texts(config.lang)
        with progress(spoken("cli.db.check.working")) as advance:
            found = store_admin.check(config.data, advance)
        console = terminal()
        for problem in found.problems:
            console.print(spoken.error(problem), style="red", markup=False)
        n = len(found.problems)
        key = "cli.db.check.bad" if n else "cli.db.check.good"
        console.print(spoken(key, chunks=found.chunks, samples=found.samples, n=n))
        return 1 if n else 0


def _most(title: str, rows: tuple[tuple[str, int], ...]) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    for name, count in rows[:10]:
        table.add_row(name, f"{count:,}")
    terminal().print(table)


def _register_copies(db: click.Group, t: Texts) -> None:
    @db.command("backup", cls=Command, help=t("cli.db.backup.help"))
    @click.argument("file", type=_FILE)
    @configured(t)
    def backup(config: Config, file: Path) -> None:
        spoken = texts(config.lang)
        with progress(spoken("cli.db.backup.working")) as advance:
            store_admin.create_backup(config.data, file, advance)
        terminal().print(str(file), markup=False, soft_wrap=True)

    @db.command("restore", cls=Command, help=t("cli.db.restore.help"))
    @click.argument("file", type=_FILE)
    @configured(t)
    def restore(config: Config, file: Path) -> None:
        spoken = texts(config.lang)
        with progress(spoken("cli.db.restore.working")) as advance:
            store_admin.restore(file, config.data, advance)
        terminal().print(spoken("cli.db.restore.done", path=str(config.data)))

    @db.command("compact", cls=Command, help=t("cli.db.compact.help"))
    @configured(t)
    def compact(config: Config) -> None:
        spoken = texts(config.lang)
        before = store_admin.read_stats(config.data).file_bytes
        with progress(spoken("cli.db.compact.working")) as advance:
            store_admin.compact(config.data, advance)
        freed = spoken.number(before - store_admin.read_stats(config.data).file_bytes, "bytes")
        terminal().print(spoken("cli.db.compact.done", freed=freed))


def _register_delete(db: click.Group, t: Texts) -> None:
    @db.command("delete", cls=Command, help=t("cli.db.delete.help"))
    @click.argument("selector")
    @click.option("--from", "start", metavar="TIME", help=t("cli.db.delete.from"))
    @click.option("--to", "end", metavar="TIME", help=t("cli.db.delete.to"))
    @click.option("--yes", is_flag=True, help=t("cli.db.delete.yes"))
    @configured(t)
    def delete(
        config: Config, selector: str, start: str | None, end: str | None, yes: bool
    ) -> None:
        spoken = texts(config.lang)
        if not yes:
            raise ConfigError("cli.db.delete.not_sure", selector=selector)
        deleted = store_admin.delete_samples(config, selector, _span(config, start, end))
        terminal().print(spoken("cli.db.delete.done", n=deleted))


def _register_moves(group: click.Group, t: Texts) -> None:
    load = Group("import", help=t("cli.import.help"))
    group.add_command(load)

    @load.command("openmetrics", cls=Command, help=t("cli.import.openmetrics.help"))
    @click.argument("file", type=_FILE)
    @configured(t)
    def openmetrics(config: Config, file: Path) -> None:
        spoken = texts(config.lang)
        with progress(spoken("cli.import.working")) as advance:
            done = store_admin.import_openmetrics(config, file, advance)
        console = terminal()
        console.print(spoken("cli.import.done", n=done.samples))
        for reason, count in done.rejected.items():
            console.print(spoken("cli.import.rejected", n=count, reason=reason.value))

    @group.command("export", cls=Command, help=t("cli.export.help"))
    @click.argument("file", type=_FILE)
    @click.option("--match", metavar="SELECTOR", help=t("cli.export.match"))
    @click.option("--from", "start", metavar="TIME", help=t("cli.export.from"))
    @click.option("--to", "end", metavar="TIME", help=t("cli.export.to"))
    @configured(t)
    def export(
        config: Config, file: Path, match: str | None, start: str | None, end: str | None
    ) -> None:
        spoken = texts(config.lang)
        with progress(spoken("cli.export.working")) as advance:
            written = store_admin.export_samples(
                config, match, _span(config, start, end), file, advance
            )
        terminal().print(spoken("cli.export.done", n=written, path=str(file)))


def _span(config: Config, start: str | None, end: str | None) -> tuple[int, int]:
    now = SystemClock().now_ms()
    first = moment(start, config.zone, now) if start else 0
    return first, moment(end, config.zone, now) if end else now
