"""How the engine behaves and what it refuses."""

from __future__ import annotations

from dataclasses import dataclass

from jipyo.promql.syntax.features import DEFAULT, Features


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Defaults are those of Prometheus 3.16 but for delayed name removal, which is on."""

    lookback_ms: int = 300_000
    """How long a sample stays the newest one."""
    subquery_step_ms: int = 60_000
    """The step of `x[1h:]`."""
    max_samples: int = 50_000_000
    """So many samples may be in memory at once."""
    max_points: int = 11_000
    """A range query may have so many steps, and one more."""
    timeout_s: float = 120.0
    """A query that takes longer is given up."""
    max_concurrency: int = 20
    """So many queries run at once; others wait."""
    max_heavy: int = 2
    """So many of those that read much run at once, beside the others: one per processor."""
    delayed_name_removal: bool = True
    """Names are dropped at the end of a query, not at every step of it."""
    advice: bool = True
    """Say where a quantile or a fraction is a guess, which Prometheus does not."""
    max_annotations: int = 10
    """Of warnings and infos, so many each."""
    features: Features = DEFAULT
    """Which parts of the language are switched on."""
