"""What evaluating came to since the start, as metrics of jipyo itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.family import gauge, single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.alerts.alert import Alert
    from jipyo.model.family import Family


@dataclass(slots=True)
class EvaluationCounts:
    """Counted by the part that evaluates."""

    evaluations: int = 0
    failures: int = 0
    missed: int = 0
    """Moments of the grid at which nothing was evaluated in time."""
    seconds: float = 0.0
    last_seconds: float = 0.0
    transitions: int = 0

    def add_run(self, seconds: float, transitions: int) -> None:
        """Count an evaluation of all that was due."""
        self.last_seconds = seconds
        self.seconds += seconds
        self.transitions += transitions

    def families(self, rules: int, failing: int, alerts: Iterable[Alert]) -> Iterator[Family]:
        """The counts beside how many rules there are, and the alerts that are not inactive."""
        for name, text, value in (
            ("rules", "Rules that are evaluated.", rules),
            ("failing_rules", "Rules whose last evaluation failed.", failing),
            ("evaluations_total", "Evaluations of rules.", self.evaluations),
            ("evaluation_failures_total", "Evaluations of rules that failed.", self.failures),
            ("missed_moments_total", "Moments that were not evaluated in time.", self.missed),
            ("evaluation_seconds_total", "Time spent on evaluating.", self.seconds),
            ("last_evaluation_seconds", "How long the last evaluation took.", self.last_seconds),
            ("transitions_total", "Changes of alerts.", self.transitions),
        ):
            kind = MetricType.COUNTER if name.endswith("_total") else MetricType.GAUGE
            yield single(kind, f"jipyo_alerts_{name}", text, float(value))
        numbers = Counter((one.state.value, one.severity.state.value) for one in alerts)
        rows = [(key, float(n)) for key, n in numbers.items()]
        yield gauge("jipyo_alerts", "Alerts that are not inactive.", ("state", "severity"), rows)
