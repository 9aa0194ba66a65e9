"""`jipyo doctor`: what is collected, what fails and why, and which metrics have no data."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent
from typing import TYPE_CHECKING

import click
import orjson
from rich.text import Text

from jipyo.analysis.coverage import examine_catalogue
from jipyo.analysis.jobs import (
    JobKind,
    group_by_job,
    group_by_reason,
    read_destinations,
    read_receivers,
)
from jipyo.analysis.remedies import (
    describe_exporter,
    describe_remedy,
    group_by_exporter,
    list_collected_exporters,
)
from jipyo.analysis.series_names import name_host
from jipyo.analysis.targets import ScrapeState, read_targets
from jipyo.analysis.unknown_servers import find_unknown_servers
from jipyo.analysis.wording import name_cause, name_remedy, name_unknown_server
from jipyo.app.alerts.delivery import check_delivery
from jipyo.app.alerts.summary import read_summary
from jipyo.app.log_checks import check_ingest, find_log_problems
from jipyo.app.offline import read_workspace
from jipyo.app.own_jobs import list_own_jobs
from jipyo.app.publishing.status import check_reports
from jipyo.cli.alert_lines import print_alert_lines
from jipyo.cli.localized import Command
from jipyo.cli.options import build_table, open_terminal, pass_config
from jipyo.cli.targets import build_row
from jipyo.model.labels import Labels
from jipyo.source.combined import list_remotes
from jipyo.source.inventory import take_inventory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.alerts.notify.status import ChannelStatus
    from jipyo.analysis.coverage import MetricCoverage
    from jipyo.analysis.jobs import FailureGroup, JobNow
    from jipyo.analysis.targets import TargetNow
    from jipyo.analysis.unknown_servers import UnknownServer
    from jipyo.app.workspace import Workspace
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.config.load import Config
    from jipyo.i18n import Texts
    from jipyo.model.errors import JipyoError
    from jipyo.source.inventory import HostKey
    from jipyo.source.remote import Remote

_MOST_NAMES = 5
_METRIC_COLUMNS = ("metric", "source", "series")
_JOB_COLUMNS = ("job", "kind", "state", "samples")


@dataclass(frozen=True, slots=True)
class _Findings:
    """All that the doctor looked at."""

    t_ms: int
    targets: tuple[TargetNow, ...]
    jobs: tuple[JobNow, ...]
    coverage: tuple[MetricCoverage, ...]
    collected: frozenset[str]
    """The exporters that give data."""
    hosts: Mapping[HostKey, HostKey]
    """Hosts that are the same as another."""
    catalogue: Catalogue
    unknown_servers: tuple[UnknownServer, ...]
    """Targets that look like a model server and have no metric of the catalogue."""
    sources: tuple[Remote, ...]
    """The servers by URL of the configuration."""
    log_problems: tuple[JipyoError, ...]
    """What keeps logs from being read."""
    channels: tuple[ChannelStatus, ...]
    """Through which messages are delivered."""
    delivery_problems: tuple[JipyoError, ...]
    """What keeps messages from being delivered, and scheduled reports from being made."""

    @property
    def is_collecting(self) -> bool:
        """Whether any target is scraped at the moment."""
        return any(target.state is not ScrapeState.GONE for target in self.targets)

    @property
    def is_healthy(self) -> bool:
        """Whether everything that is set up is collected."""
        answering = all(source.find_problem() is None for source in self.sources)
        jobs_are_healthy = all(job.is_healthy for job in self.jobs)
        problems = self.log_problems or self.delivery_problems
        return self.is_collecting and answering and jobs_are_healthy and not problems


def register(group: click.Group, t: Texts) -> None:
    """Add the command."""

    @group.command("doctor", cls=Command, help=t("cli.doctor.help"))
    @click.option("--details", is_flag=True, help=t("cli.doctor.details"))
    @click.option("--required", is_flag=True, help=t("cli.doctor.required"))
    @click.option("--json", "as_json", is_flag=True, help=t("cli.doctor.json"))
    @pass_config(t)
    def print_findings(
        config: Config, words: Texts, details: bool, required: bool, as_json: bool
    ) -> int:
        with read_workspace(config) as workspace:
            findings = _examine(workspace, config, words, required=required)
        alerts = read_summary(config, findings.catalogue, findings.t_ms)
        if as_json:
            document = _build_document(findings, words)
            click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        else:
            _print_summary(findings, words, config.zone)
            print_alert_lines(alerts, findings.catalogue, words, config.zone)
            if details or required:
                _print_details(findings, words)
        return 0 if findings.is_healthy else 1


def _examine(workspace: Workspace, config: Config, words: Texts, *, required: bool) -> _Findings:
    source, catalogue, t_ms = workspace.source, workspace.catalogue, workspace.now_ms()
    targets = read_targets(source, t_ms)
    jobs = (
        *group_by_job(targets, list_own_jobs(config)),
        *read_receivers(source, t_ms),
        *read_destinations(source, config.instance, t_ms),
    )
    coverage = examine_catalogue(source, catalogue, t_ms)
    collected = list_collected_exporters(coverage)
    if required:
        coverage = tuple(one for one in coverage if one.metric.required)
    inventory = take_inventory(source, t_ms)
    unknown = find_unknown_servers(source, catalogue, t_ms, inventory.names)
    channels, problems = check_delivery(config, words, t_ms)
    return _Findings(
        t_ms,
        targets,
        jobs,
        coverage,
        collected,
        inventory.hosts,
        catalogue,
        unknown,
        list_remotes(source),
        (*check_ingest(source, config.instance, t_ms), *find_log_problems(config, t_ms)),
        channels,
        (*problems, *check_reports(config, words)),
    )


def _print_summary(findings: _Findings, t: Texts, zone: ZoneInfo) -> None:
    console = open_terminal()
    _print_sources(findings, t, zone)
    if not findings.is_collecting:
        last_ms = max((target.last_ms for target in findings.targets), default=None)
        moment = "" if last_ms is None else t.recent_moment(last_ms, zone, findings.t_ms)
        key = "cli.doctor.never" if last_ms is None else "cli.doctor.stopped"
        console.print(t(key, moment=moment), style="bold red")
    for group in group_by_reason(findings.targets):
        console.print(Text(_describe_failure(group, t), style="red"), soft_wrap=True)
        if group.reason is not None:
            console.print(Text(f"  {name_remedy(group.reason, t)}"), soft_wrap=True)
    gone = [target for target in findings.targets if target.state is ScrapeState.GONE]
    if gone and findings.is_collecting:
        console.print(t("cli.doctor.gone", n=len(gone), names=_name_some(gone, t)), soft_wrap=True)
    for server in findings.unknown_servers:
        console.print(Text(_describe_unknown(server, t), style="yellow"), soft_wrap=True)
    if not all(target.state is ScrapeState.UP for target in findings.targets):
        console.print()
    table = build_table([t(f"cli.doctor.{column}") for column in _JOB_COLUMNS])
    for job in findings.jobs:
        table.add_row(
            job.name,
            t(f"cli.doctor.kind.{job.kind.value}"),
            Text(_describe_state(job, t), style="green" if job.is_healthy else "red"),
            t.number(job.samples),
        )
    console.print(table)
    for other, host in findings.hosts.items():
        names = {"instance": name_host(*other), "host": name_host(*host)}
        console.print(t("cli.doctor.same_host", **names))
    if findings.catalogue.removed:
        removed = "; ".join(str(Labels.of(labels)) for labels in findings.catalogue.removed)
        console.print(t("cli.doctor.removed", removed=removed))
    console.print()
    _print_coverage(findings.coverage, t)


def _print_sources(findings: _Findings, t: Texts, zone: ZoneInfo) -> None:
    """A line for each server by URL and each channel, and what keeps logs and messages back."""
    console = open_terminal()
    for source in findings.sources:
        style = "green" if source.find_problem() is None else "red"
        console.print(Text(_describe_source(source, findings.t_ms, t), style=style), soft_wrap=True)
    for channel in findings.channels:
        delivered_ms = channel.state.delivered_ms
        if not channel.is_failing and not channel.rejected and delivered_ms is not None:
            moment = t.recent_moment(delivered_ms, zone, findings.t_ms)
            values = {"channel": channel.name, "moment": moment, "waiting": channel.waiting}
            console.print(Text(f"✓ {t('notify.works', **values)}", style="green"), soft_wrap=True)
    for problem in (*findings.log_problems, *findings.delivery_problems):
        text = f"✗ {indent(t.error(problem), '  ').strip()}"
        console.print(Text(text, style="red"), soft_wrap=True)


def _describe_source(source: Remote, now_ms: int, t: Texts) -> str:
    """That it answers and how old its newest sample is; else why not, and what to do."""
    problem, holdings = source.find_problem(), source.holdings
    if problem is not None:
        return f"✗ {indent(t.error(problem), '  ').strip()}"
    if holdings is None or holdings.newest_ms is None:
        return f"✓ {t('cli.doctor.source_answers', name=source.name)}"
    age = t.span(max(now_ms - holdings.newest_ms, 1000) // 1000 * 1000)
    n = t.number(len(holdings.names))
    return f"✓ {t('cli.doctor.source_well', name=source.name, n=n, age=age)}"


def _describe_failure(group: FailureGroup, t: Texts) -> str:
    cause = t("cli.doctor.unknown_cause") if group.reason is None else name_cause(group.reason, t)
    return f"✗ {_name_some(group.targets, t)}: {cause}"


def _describe_unknown(server: UnknownServer, t: Texts) -> str:
    """What unknown model servers export, and what to do."""
    shown, more = server.names[:_MOST_NAMES], len(server.names) - _MOST_NAMES
    names = ", ".join(shown) + (t("health.loss.more", n=more) if more > 0 else "")
    key = "cli.doctor.unknown_server" if names else "cli.doctor.silent_server"
    return f"✗ {t(key, target=name_unknown_server(server, t), names=names)}"


def _name_some(targets: Sequence[TargetNow], t: Texts) -> str:
    names = ", ".join(f"{target.job} {target.instance}" for target in targets[:_MOST_NAMES])
    more = len(targets) - _MOST_NAMES
    return names + (t("health.loss.more", n=more) if more > 0 else "")


def _describe_state(job: JobNow, t: Texts) -> str:
    if job.kind is JobKind.RECEIVER:
        return t("cli.doctor.received")
    if job.kind is JobKind.DESTINATION:
        return t("cli.doctor.not_sent" if job.failing else "cli.doctor.sent")
    if not job.targets:
        return t("cli.doctor.no_targets")
    key = "cli.doctor.failing" if job.failing else "cli.doctor.up"
    return t(key, n=job.targets, failing=job.failing)


def _print_coverage(coverage: Sequence[MetricCoverage], t: Texts) -> None:
    """How many metrics have data, and which are missing though the specification requires them."""
    console = open_terminal()
    found = sum(one.has_data for one in coverage)
    console.print(t("cli.doctor.found", n=found, all=len(coverage)))
    missing = [one.metric for one in coverage if one.metric.required and not one.has_data]
    if missing:
        names = ", ".join(metric.name(t.lang) for metric in missing)
        console.print(t("cli.doctor.missing", names=names))
    if found < len(coverage):
        console.print(t("cli.doctor.see_details"))


def _print_details(findings: _Findings, t: Texts) -> None:
    """Who provides each metric, and how to have the others: every paragraph once."""
    console = open_terminal()
    coverage, catalogue, collected = findings.coverage, findings.catalogue, findings.collected
    table = build_table([t(f"cli.doctor.{column}") for column in _METRIC_COLUMNS])
    for one in coverage:
        if one.has_data:
            exporters = ", ".join(dict.fromkeys(provider.exporter for provider in one.providers))
            table.add_row(one.metric.name(t.lang), exporters, str(one.series))
    console.print()
    console.print(table)
    missing = [one.metric for one in coverage if not one.has_data and not one.problem]
    for remedy in group_by_exporter(missing, catalogue, collected):
        names = ", ".join(metric.name(t.lang) for metric in remedy.metrics)
        _print_paragraph(f"{remedy.exporter.name}: {names}", describe_exporter(remedy.exporter, t))
    for one in coverage:
        if one.problem:
            _print_paragraph(one.metric.name(t.lang), one.problem)
    remedies: dict[str, list[str]] = {}
    for metric in missing:
        if metric.remedy and not metric.loss:
            remedies.setdefault(metric.remedy(t.lang), []).append(metric.name(t.lang))
    for text, of_metrics in remedies.items():
        _print_paragraph(", ".join(of_metrics), text)
    provided = [metric for metric in missing if _is_collected(metric, findings)]
    if provided:
        names = ", ".join(metric.name(t.lang) for metric in provided)
        _print_paragraph(names, t("cli.doctor.collected"))


def _is_collected(metric: Metric, findings: _Findings) -> bool:
    """Whether all exporters that have the metric are collected already."""
    known = {exporter.id for exporter in findings.catalogue.exporters}
    exporters = {query.exporter for query in metric.queries} & known
    return bool(exporters) and exporters <= findings.collected


def _print_paragraph(heading: str, text: str) -> None:
    console = open_terminal()
    console.print()
    console.print(Text(f"✗ {heading}", style="yellow"))
    # Lines of configuration are to be copied, so none may be broken.
    console.print(Text(indent(text, "  ")), soft_wrap=True)


def _build_document(findings: _Findings, t: Texts) -> dict[str, object]:
    return {
        "healthy": findings.is_healthy,
        "sources": [_build_source(source, t) for source in findings.sources],
        "logs": {"problems": [t.error(problem) for problem in findings.log_problems]},
        "notifications": {
            "channels": [_build_channel(one) for one in findings.channels],
            "problems": [t.error(problem) for problem in findings.delivery_problems],
        },
        "same_hosts": {
            name_host(*other): name_host(*host) for other, host in findings.hosts.items()
        },
        "failing": [
            build_row(target, t)
            for target in findings.targets
            if target.state is not ScrapeState.UP
        ],
        "jobs": [
            {
                "job": job.name,
                "kind": job.kind.value,
                "targets": job.targets,
                "failing": job.failing,
                "samples": job.samples,
            }
            for job in findings.jobs
        ],
        "unknown_servers": [
            {
                "job": server.job,
                "instances": list(server.instances),
                "metrics": list(server.names),
            }
            for server in findings.unknown_servers
        ],
        "metrics": [_build_coverage(one, findings, t) for one in findings.coverage],
    }


def _build_source(source: Remote, t: Texts) -> dict[str, object]:
    problem, holdings = source.find_problem(), source.holdings
    newest_ms = None if holdings is None else holdings.newest_ms
    return {
        "name": source.name,
        "problem": None if problem is None else t.error(problem),
        "metrics": None if holdings is None else len(holdings.names),
        "newest_sample": None if newest_ms is None else newest_ms / 1000,
    }


def _build_channel(channel: ChannelStatus) -> dict[str, object]:
    return {
        "name": channel.name,
        "waiting": channel.waiting,
        "rejected": channel.rejected,
        "failing": channel.is_failing,
        "delivered": channel.state.delivered_ms,
    }


def _build_coverage(one: MetricCoverage, findings: _Findings, t: Texts) -> dict[str, object]:
    """Whether a metric has data and from where, or what to do about it."""
    remedy = one.problem or describe_remedy(one.metric, findings.catalogue, t, findings.collected)
    return {
        "id": one.metric.id,
        "required": one.metric.required,
        "exporters": list(dict.fromkeys(provider.exporter for provider in one.providers)),
        "series": one.series,
        "remedy": None if one.has_data else remedy,
    }
