"""`jipyo logs import`: the lines of a file or of standard input into the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jipyo.app.import_logs import LogImport, find_retention_ns, import_logs
from jipyo.cli.localized import Command
from jipyo.cli.logs.options import NS_PER_MS
from jipyo.cli.logs.rendering import format_time, write_json
from jipyo.cli.options import (
    build_table,
    open_terminal,
    pass_config,
    print_note,
    print_warning,
    show_progress,
)
from jipyo.i18n import escape_controls
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.logs.ingest.importing import ImportCounts

_STDIN = "-"


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command(
        "import", cls=Command, help=t("cli.logs.import.help"), short_help=t("cli.logs.import.short")
    )
    @click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE")
    @click.option("--service", metavar="NAME", help=t("cli.logs.import.service"))
    @click.option("--timezone", metavar="ZONE", help=t("cli.logs.import.timezone"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.logs.json"))
    @pass_config(t)
    def load(
        config: Config,
        words: Texts,
        file: str,
        service: str | None,
        timezone: str | None,
        as_json: bool,
    ) -> None:
        clock = SystemClock()
        path = None if file == _STDIN else Path(file).absolute()
        with show_progress(words("cli.logs.import.working")) as advance:
            what = LogImport(path, service or "", timezone or "")
            counts = import_logs(config, what, clock, advance)
        if as_json:
            write_json({"continued": counts.continued, "counts": counts})
        else:
            _print(counts, config, words, clock.now_ms())
        _warn_of_retention(counts, config, words, clock.now_ms())


def _print(counts: ImportCounts, config: Config, t: Texts, now_ms: int) -> None:
    console = open_terminal()
    if not counts.bytes:
        key = "nothing_new" if counts.skipped_bytes else "empty"
        console.print(t(f"cli.logs.import.{key}"))
        return
    values = {
        "lines": f"{counts.lines:,}",
        "records": f"{counts.records:,}",
        "continued": f"{counts.continued:,}",
        "blank": f"{counts.blank:,}",
    }
    console.print(t("cli.logs.import.sum", **values))
    table = build_table(["", ""])
    table.show_header = False
    table.columns[0].style = "dim"
    for name, value in _list_rows(counts, config, t, now_ms):
        table.add_row(t(f"cli.logs.import.{name}"), value)
    console.print(table)
    if counts.skipped_bytes:
        print_note(t("cli.logs.import.went_on", size=t.number(counts.skipped_bytes, "bytes")))


def _list_rows(
    counts: ImportCounts, config: Config, t: Texts, now_ms: int
) -> list[tuple[str, str]]:
    """What is worth a line of its own."""
    rows = [("services", _join(counts.services)), ("formats", _join(counts.formats))]
    if counts.first_ns is not None and counts.last_ns is not None:
        times = (counts.first_ns, counts.last_ns)
        first, last = (format_time(t_ns, config.zone, now_ms, millis=False) for t_ns in times)
        rows.append(("times", f"{first} – {last}"))
    if counts.redacted:
        rows.append(("redacted", _join(counts.redacted)))
    odd = ((name, getattr(counts, name)) for name in ("pieces", "recoded", "damaged"))
    rows += [(name, f"{n:,}") for name, n in odd if n]
    return [("size", t.number(counts.bytes, "bytes")), *rows]


def _join(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{escape_controls(name)} {n:,}" for name, n in ordered) or "–"


def _warn_of_retention(counts: ImportCounts, config: Config, t: Texts, now_ms: int) -> None:
    """Say so where the server will delete at once what was imported."""
    for service in sorted(counts.services):
        keep_ns = find_retention_ns(config, service)
        if keep_ns is None or counts.first_ns is None:
            continue
        if counts.first_ns < now_ms * NS_PER_MS - keep_ns:
            span = t.span(keep_ns // NS_PER_MS)
            print_warning(t("cli.logs.import.too_old", service=escape_controls(service), span=span))
