"""`jipyo.yaml` as a whole: its top-level keys, and the part of each room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo import promql, tsdb
from jipyo.alerts.options import AlertsOptions
from jipyo.analysis.slo.options import SloOptions
from jipyo.config.alerts import ALERTS
from jipyo.config.catalogue import CATALOGUE, CatalogueOptions
from jipyo.config.collect import CollectOptions
from jipyo.config.common import (
    COLLECT_KEY,
    DATA,
    INSTANCE,
    LANGUAGE,
    REMOTE_WRITE_KEY,
    TIMEZONE,
)
from jipyo.config.insight import INSIGHT, InsightOptions
from jipyo.config.inspection import INSPECTION, InspectionOptions
from jipyo.config.listen import ADDRESS, Listen
from jipyo.config.logs import LOGS, LogsOptions
from jipyo.config.query import QUERY
from jipyo.config.receive import RECEIVE
from jipyo.config.reports import REPORTS
from jipyo.config.slo import SLO
from jipyo.config.sources import SOURCES
from jipyo.config.store import STORE
from jipyo.config.systems import SYSTEMS
from jipyo.config.web import WEB
from jipyo.reports.options import ReportsOptions
from jipyo.schema import SWITCH, TEXT, Key, record
from jipyo.web import Options as WebOptions
from jipyo.web import ReceiverOptions

if TYPE_CHECKING:
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.i18n import Lang
    from jipyo.send.options import RemoteWriteOptions
    from jipyo.sla.systems import ContractedSystem
    from jipyo.source.prometheus_options import PrometheusOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class FileConfig:
    """The settings of the file; None where the environment decides."""

    language: Lang | None = None
    timezone: ZoneInfo | None = None
    instance: str | None = None
    organisation: str = ""
    data: Path | None = None
    listen: Listen = field(default_factory=Listen)
    insecure: bool = False
    store: tsdb.Options = field(default_factory=tsdb.Options)
    query: promql.Options = field(default_factory=promql.Options)
    collect: CollectOptions = field(default_factory=CollectOptions)
    web: WebOptions = field(default_factory=WebOptions)
    sources: tuple[PrometheusOptions, ...] = ()
    remote_write: tuple[RemoteWriteOptions, ...] = ()
    receive: ReceiverOptions = field(default_factory=ReceiverOptions)
    logs: LogsOptions = field(default_factory=LogsOptions)
    catalogue: CatalogueOptions = field(default_factory=CatalogueOptions)
    insight: InsightOptions | None = field(default_factory=InsightOptions)
    """None where it is switched off."""
    inspection: InspectionOptions = field(default_factory=InspectionOptions)
    alerts: AlertsOptions | None = field(default_factory=AlertsOptions)
    """None where they are switched off."""
    slo: SloOptions | None = field(default_factory=SloOptions)
    """None where objectives are not evaluated."""
    systems: tuple[ContractedSystem, ...] = ()
    reports: ReportsOptions = field(default_factory=ReportsOptions)


FILE = record(
    FileConfig,
    (
        LANGUAGE,
        TIMEZONE,
        INSTANCE,
        Key("organisation", TEXT),
        DATA,
        Key("listen", ADDRESS),
        Key("insecure", SWITCH),
        COLLECT_KEY,
        Key("store", STORE),
        Key("query", QUERY),
        Key("web", WEB),
        Key("sources", SOURCES),
        REMOTE_WRITE_KEY,
        Key("receive", RECEIVE),
        Key("logs", LOGS),
        Key("catalogue", CATALOGUE),
        Key("insight", INSIGHT),
        Key("inspection", INSPECTION),
        Key("alerts", ALERTS),
        Key("slo", SLO),
        Key("systems", SYSTEMS),
        Key("reports", REPORTS),
    ),
)
