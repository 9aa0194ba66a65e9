"""What the overview shows of the last 24 hours, computed every few minutes for all readers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.analysis.completeness import measure_completeness
from jipyo.analysis.day.now import read_series_now
from jipyo.analysis.day.reading import COLUMN_MS, read_day
from jipyo.analysis.targets import ScrapeState, read_targets
from jipyo.analysis.window import Window
from jipyo.analysis.window_reader import WindowReader
from jipyo.app.contract import build_contract_months, find_systems
from jipyo.loops import Periodic
from jipyo.model.calendar import PeriodKind, local_day, period_containing
from jipyo.model.errors import ConfigError, QueryError
from jipyo.reports.archive.archive import list_reports
from jipyo.source.inventory import take_inventory
from jipyo.web.api.day.document import DayFacts
from jipyo.web.api.day.tables import DRAWN, SHOWN
from jipyo.web.api.targets import TargetCounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.analysis.day.now import ListJudged, SeriesNow
    from jipyo.app.workspace import Workspace
    from jipyo.catalogue import Catalogue
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.sla.month import ContractMonth
    from jipyo.source.base import Source

FIRST_MS = 10_000
"""After the start, and after a failure."""
_SETTLED_MS = 20_000
"""After a whole column: its last samples have come by then."""


class OverviewLoop:
    """Runs from the start of the server to its end, by the configuration in force.

    Who asks before the first run, or after a change of the configuration, gets no day.
    """

    def __init__(self, clock: Clock) -> None:
        """Nothing is read before `start`."""
        self._clock = clock
        self._lock = threading.Lock()
        self._workspace: Workspace | None = None
        self._facts = DayFacts()
        self._loop = Periodic("overview", self.step, interval_ms=FIRST_MS, clock=clock)

    def apply(self, workspace: Workspace) -> None:
        """Read by this configuration from the next run on."""
        with self._lock:
            self._workspace, self._facts = workspace, DayFacts()

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._loop.start()

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        self._loop.stop()

    def families(self) -> Iterator[Family]:
        """See `ServerPart.families`."""
        yield from self._loop.families()

    def find_facts(self) -> DayFacts:
        """What the last run found."""
        with self._lock:
            return self._facts

    def step(self) -> float:
        """Read the day, and return when its next column is over.

        Raises:
            SourceError: the source failed; what was known stays.
            StoreError: the incidents cannot be read.
        """
        with self._lock:
            workspace = self._workspace
        if workspace is not None:
            facts = collect_facts(workspace)
            with self._lock:
                if self._workspace is workspace:
                    self._facts = facts
        return COLUMN_MS - (self._clock.now_ms() - _SETTLED_MS) % COLUMN_MS


def collect_facts(workspace: Workspace) -> DayFacts:
    """All that is computed now and then, of this moment.

    Raises:
        SourceError: the source failed.
        StoreError: the incidents cannot be read.
    """
    now_ms, source, catalogue = workspace.now_ms(), workspace.source, workspace.catalogue
    day = read_day(source, catalogue, now_ms, list_drawn(catalogue))
    completeness = measure_completeness(WindowReader(source, Window(day.start_ms, day.end_ms)))
    return DayFacts(
        t_ms=now_ms,
        day=day,
        received=sum(min(one.received, one.expected) for one in completeness),
        expected=sum(one.expected for one in completeness),
        targets=_count_targets(source, now_ms),
        months=_build_months(workspace, now_ms),
        reports=list_reports(workspace.out_dir).reports,
    )


def list_drawn(catalogue: Catalogue) -> frozenset[str]:
    """The metrics whose course is shown: those with an objective, and those of tables."""
    promised = {metric.id for metric in catalogue.metrics if metric.objective is not None}
    return frozenset({*promised, *DRAWN})


def _count_targets(source: Source, now_ms: int) -> TargetCounts:
    """The targets as the samples show them; those that are no longer scraped are not there."""
    states = [one.state for one in read_targets(source, now_ms)]
    return TargetCounts(states.count(ScrapeState.UP), states.count(ScrapeState.DOWN), 0, 0)


def _build_months(workspace: Workspace, now_ms: int) -> tuple[ContractMonth, ...]:
    """The current month of the systems under contract; none where the site has no contract."""
    if not workspace.systems:
        return ()
    month = period_containing(PeriodKind.MONTH, local_day(now_ms, workspace.zone), workspace.zone)
    try:
        return build_contract_months(workspace, month, find_systems(workspace, month))
    except (ConfigError, QueryError):
        # The page of months says what is wrong with a contract; here there is no figure of it.
        return ()


@dataclass(frozen=True, slots=True)
class TableReader:
    """Every series of the metrics that tables show."""

    source: Source
    catalogue: Catalogue
    list_judged: ListJudged

    def read(self, t_ms: int) -> Mapping[str, tuple[SeriesNow, ...]]:
        """By the id of the metric; a query that is refused leaves its metric out.

        Raises:
            SourceError: the source failed.
        """
        inventory = take_inventory(self.source, t_ms)
        found: dict[str, tuple[SeriesNow, ...]] = {}
        for metric in filter(None, map(self.catalogue.get, SHOWN)):
            try:
                found[metric.id] = read_series_now(
                    self.source, metric, t_ms, inventory, self.list_judged
                )
            except QueryError:
                continue
        return found
