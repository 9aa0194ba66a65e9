"""What the commands and the classes of the specification work on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.analysis.health import NOTHING_KNOWN
from jipyo.reports.document import Issuer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.alerts.options import Maintenance
    from jipyo.analysis.health import MetricHealth
    from jipyo.analysis.slo.objective import ServiceLevelObjective
    from jipyo.app.logs import LogSources
    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config
    from jipyo.i18n import Lang
    from jipyo.sla.systems import ContractedSystem
    from jipyo.source.base import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A source with the catalogue it is judged by, and where reports are written."""

    source: Source
    catalogue: Catalogue
    zone: ZoneInfo
    now_ms: Callable[[], int]
    """The clock: milliseconds UTC."""
    out_dir: Path
    lang: Lang = "ko"
    issuer: Issuer = field(default_factory=Issuer)
    """Who issues the reports."""
    list_judged: Callable[[], Mapping[str, MetricHealth]] = lambda: NOTHING_KNOWN
    """The health of metrics that a server evaluates rules of, by their ids; others are read."""
    objectives: tuple[ServiceLevelObjective, ...] = ()
    """What is promised: by the specification and by the site."""
    logs: LogSources | None = None
    """The log sources; None where there is neither a log store nor a cluster."""
    data: Path | None = None
    """The data folder, with incidents and what people typed; None for another source."""
    systems: tuple[ContractedSystem, ...] = ()
    """The systems that the configuration names."""
    maintenance: tuple[Maintenance, ...] = ()
    """The maintenance windows that come again and again."""
    template: Path | None = None
    """The file that says how reports look; None: as jipyo has them."""
    work: Path | None = None
    """The folder of the work logs; None for another source."""
    config: Config | None = None
    """The configuration, for what commands read of it themselves; None for another source."""
