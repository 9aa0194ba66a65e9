"""`jipyo export prometheus-rules`: the catalogue for a site that alerts in its own stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jipyo.analysis.prometheus_rules import write_rules
from jipyo.app.offline import load_catalogue
from jipyo.catalogue import MetricGroup
from jipyo.cli.localized import Command
from jipyo.cli.options import FILE, pass_config
from jipyo.files import atomic_write
from jipyo.model.errors import StoreFull
from jipyo.source.dialect import METRICSQL, PROMETHEUS_2, PROMETHEUS_3

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.i18n import Texts

_DIALECTS = {
    "prometheus-3": PROMETHEUS_3,
    "prometheus-2": PROMETHEUS_2,
    "metricsql": METRICSQL,
}


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""
    words_of_group = [one.value for one in MetricGroup]

    @group.command(
        "prometheus-rules",
        cls=Command,
        help=t("cli.export.rules.help"),
        short_help=t("cli.export.rules.short"),
    )
    @click.option("--out", type=FILE, metavar="FILE", help=t("cli.export.rules.out"))
    @click.option(
        "--group",
        "groups",
        type=click.Choice(words_of_group),
        multiple=True,
        help=t("cli.export.rules.group"),
    )
    @click.option(
        "--dialect",
        type=click.Choice(list(_DIALECTS)),
        default="prometheus-3",
        help=t("cli.export.rules.dialect"),
    )
    @pass_config(t)
    def export_rules(
        config: Config, words: Texts, out: Path | None, groups: tuple[str, ...], dialect: str
    ) -> None:
        metrics = load_catalogue(config).metrics
        chosen = [one for one in metrics if not groups or one.group.value in groups]
        rules = write_rules(chosen, _DIALECTS[dialect], words)
        for one in rules.left_out:
            values = {"metric": one.metric_id, "exporter": one.exporter, "reason": one.reason}
            click.echo(words("cli.export.rules.left_out", **values), err=True)
        if out is None:
            click.echo(rules.text, nl=False)
            return
        _write(out, rules.text)
        counts = {"records": rules.records, "alerts": rules.alerts}
        click.echo(words("cli.export.rules.done", **counts, path=str(out)))


def _write(file: Path, text: str) -> None:
    """Write the rules where Prometheus may be reading them.

    Raises:
        StoreFull: the file cannot be written.
    """
    try:
        with atomic_write(file) as out:
            out.write(text.encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreFull("app.cannot_write", path=str(file), reason=reason) from error
