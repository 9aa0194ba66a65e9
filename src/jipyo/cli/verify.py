"""`jipyo verify`: whether a report is what was issued, and what the samples give again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.text import Text

from jipyo.app.offline import find_archive
from jipyo.app.verification import verify_target
from jipyo.cli.localized import Command
from jipyo.cli.options import (
    FILE,
    build_table,
    open_terminal,
    pass_config,
    print_note,
    show_progress,
)
from jipyo.cli.prose import trace_text
from jipyo.cli.report.archive import complete_number
from jipyo.model.errors import JipyoError, ReportError
from jipyo.model.plain import to_plain
from jipyo.reports.archive.issues import read_file
from jipyo.reports.render import save_report
from jipyo.reports.verify.ed25519 import read_private_key, read_public_key
from jipyo.reports.verify.pack import build_pack, check_pack
from jipyo.reports.verify.targets import find_targets
from jipyo.reports.wording import Localizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.reports.archive.changes import ReportChange
    from jipyo.reports.document import Phrase, Report
    from jipyo.reports.verify.targets import VerificationTarget
    from jipyo.reports.verify.verification import Verification

SHOWN = 100
"""Most differences that are listed."""
_LONGEST = 120


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("verify", cls=Command, help=t("verify.command.help"))
    @click.argument("report", shell_complete=complete_number)
    @click.option("--issue", type=click.IntRange(1), help=t("verify.command.issue"))
    @click.option(
        "--acceptance-pack", "pack", type=FILE, metavar="FILE", help=t("verify.command.pack")
    )
    @click.option("--key", type=FILE, metavar="FILE", help=t("verify.command.key"))
    @click.option("--public-key", type=FILE, metavar="FILE", help=t("verify.command.public_key"))
    @click.option("--text", type=FILE, metavar="FILE", help=t("verify.command.text"))
    @click.option("--files-only", is_flag=True, help=t("verify.command.files_only"))
    @click.option("--json", "as_json", is_flag=True, help=t("verify.command.json"))
    @pass_config(t)
    def verify(config: Config, words: Texts, report: str, **options: Any) -> int:
        targets = _find_targets(config, report, options)
        if options["text"]:
            return trace_text(options["text"], list(targets), words, as_json=options["as_json"])
        found: list[Verification] = []
        for target in targets:
            with show_progress(words("verify.working")) as advance:
                done = verify_target(config, target, advance, files_only=options["files_only"])
            found.append(done)
            if options["pack"]:
                write_pack(options["pack"], done, words, options["key"])
            if not options["as_json"]:
                print_verification(done, words)
        if options["as_json"]:
            rows = [describe(one, words) for one in found]
            click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return find_exit_code(found)


def _find_targets(
    config: Config, report: str, options: dict[str, Any]
) -> Iterator[VerificationTarget]:
    path, key = Path(report), options["public_key"]
    if path.suffix == ".zip" and path.is_file():
        public = read_public_key(read_file(key), str(key)) if key else None
        yield check_pack(read_file(path), report, public)
        return
    yield from find_targets(find_archive(config), report, options["issue"] or 0)


def write_pack(file: Path, done: Verification, t: Texts, key: Path | None) -> None:
    """Write the acceptance pack of an issue, whole or not at all.

    Raises:
        ConfigError: the key is none.
        ReportError: what was verified is no issue, or the file cannot be written.
    """
    target = done.target
    if target.issue is None or target.report is None:
        raise ReportError("verify.pack.not_issued", hint="verify.pack.not_issued.hint")
    seed = read_private_key(read_file(key), str(key)) if key else None
    log = orjson.dumps({**describe(done, t), "where": None}, option=orjson.OPT_INDENT_2)
    content = build_pack(target.issue, target.report, log, (t.lang,), seed)
    print_note(str(save_report(content, file)))


def find_exit_code(found: Sequence[Verification]) -> int:
    """1 where any report differs, else 2 where any could not be checked."""
    codes = {one.exit_code for one in found}
    return 1 if 1 in codes else max(codes, default=2)


def print_verification(done: Verification, t: Texts) -> None:
    """The result of one report: the verdict, and all that is behind it."""
    console, target = open_terminal(), done.target
    console.print(Text(_name(done, t), style="bold"), soft_wrap=True)
    for note in done.notes:
        console.print(t.error(note), soft_wrap=True)
    for error in target.damage:
        console.print(Text(t.error(error), style="red"), soft_wrap=True)
    if target.rewritten:
        _print_rewritten(done, t)
    recomputation = done.recomputation
    if recomputation.differences:
        _print_values(recomputation.differences, done, "different", t)
    if recomputation.unverified:
        _print_values(recomputation.unverified, done, "unverified", t)
    for reason in recomputation.reasons:
        console.print(Text(_explain(reason, done, t), style="yellow"), soft_wrap=True)
    style = ("bold green", "bold red", "bold yellow")[done.exit_code]
    console.print(Text(describe_result(done, t), style=style), soft_wrap=True)


def _name(done: Verification, t: Texts) -> str:
    report = done.target.report
    if report is None:
        return done.target.where
    localizer = Localizer.for_period(report.period, t.lang)
    issue = t("archive.issue", number=report.issue) if report.issue else ""
    title = " ".join(filter(None, (report.number, issue)))
    return f"{title} · {localizer.format(report.title)} · {localizer.format_period()}"


def describe_result(done: Verification, t: Texts) -> str:
    """The verdict in a sentence."""
    recomputation, target = done.recomputation, done.target
    if done.exit_code == 1:
        n = len(target.damage) + len(target.rewritten) + len(recomputation.differences)
        return t("verify.result.different", n=n)
    if done.exit_code == 2:
        return t("verify.result.unverified")
    if recomputation.checked == 0:
        return t("verify.result.files")
    return t("verify.result.equal", n=recomputation.checked)


def _print_values(changes: Sequence[ReportChange], done: Verification, kind: str, t: Texts) -> None:
    report = done.target.report
    assert report is not None, "BUG: values of no report"
    console, localizer = open_terminal(), Localizer.for_period(report.period, t.lang)
    console.print(Text(t(f"verify.values.{kind}", n=len(changes)), style="bold"))
    table = build_table(
        [t(f"verify.{name}") for name in ("what", "printed", "recomputed", "query")]
    )
    for one in changes[:SHOWN]:
        place = " · ".join(map(localizer.format, one.place))
        values = [_shorten(localizer.format(value)) for value in (one.before, one.after)]
        table.add_row(place, *values, _shorten(one.expr))
    console.print(table)
    if len(changes) > SHOWN:
        console.print(t("archive.list.more", n=len(changes) - SHOWN))


def _print_rewritten(done: Verification, t: Texts) -> None:
    console, rewritten = open_terminal(), done.target.rewritten
    console.print(Text(t("verify.values.rewritten", n=len(rewritten)), style="bold"))
    table = build_table([t(f"verify.{name}") for name in ("place", "in_file", "issued")])
    for one in rewritten[:SHOWN]:
        place = " ".join(filter(None, (one.part, one.before)))
        table.add_row(_shorten(place), _shorten(one.found), _shorten(one.issued))
    console.print(table)


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _explain(reason: Phrase | JipyoError, done: Verification, t: Texts) -> str:
    report = done.target.report
    if isinstance(reason, JipyoError) or report is None:
        return t.error(reason) if isinstance(reason, JipyoError) else reason.key
    return Localizer.for_period(report.period, t.lang).format(reason)


def describe(done: Verification, t: Texts) -> dict[str, Any]:
    """The result of one report as plain values."""
    target, recomputation = done.target, done.recomputation
    report = target.report
    return {
        "where": target.where,
        "number": None if report is None else report.number,
        "issue": None if report is None else report.issue,
        "result": ("equal", "different", "unverified")[done.exit_code],
        "text": describe_result(done, t),
        "checked": recomputation.checked,
        "damage": [t.error(error) for error in target.damage],
        "rewritten": [to_plain(one) for one in target.rewritten],
        "differences": _describe_values(recomputation.differences, report, t),
        "unverified": _describe_values(recomputation.unverified, report, t),
        "reasons": [_explain(one, done, t) for one in recomputation.reasons],
        "notes": [t.error(one) for one in done.notes],
    }


def _describe_values(
    changes: Sequence[ReportChange], report: Report | None, t: Texts
) -> list[dict[str, Any]]:
    if report is None:
        return []
    localizer = Localizer.for_period(report.period, t.lang)
    return [
        {
            "what": [localizer.format(one) for one in change.place],
            "printed": to_plain(change.before),
            "recomputed": to_plain(change.after),
            "query": change.expr,
        }
        for change in changes
    ]
