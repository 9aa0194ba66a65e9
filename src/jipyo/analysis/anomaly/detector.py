"""The streaming detector: thousands of series stepped at once, with a small state for each."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.analysis.anomaly.result import Expectation, Scores
from jipyo.analysis.regular_series import DAY_MS, HOUR_MS, utc_offsets_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.arrays import Indices
    from jipyo.model.sample import Mask, Values

_UTC = ZoneInfo("UTC")
_HOURS_A_WEEK = 168
_LARGEST = 1e150

_FAST = 0.3
_MEMORY_DAYS = 16
_PROBATION_DAYS = 2
_PROFILE_VISIT = 0.3
"""What one visit of an hour moves its mean."""
_FLOORS = np.array([[0.01], [0.03], [0.03]])
"""Least spread of each error, as a share of the seen range: a flat series has none of its own."""
_MEAN_FLOOR = 0.03
_ROUNDING = 1e-9
_SMALLEST = 1e-300
_MOST = 1000.0
"""Deviations beyond which all are alike: a constant that changes has no usual deviation."""
_CLIP = 8.0
_RUN_WEIGHT, _NEW_WEIGHT = 0.9, 0.5
_WEIGHTS = np.array([[1.0], [0.9], [1.0]])
_ALERT = 6.5
"""The weighted deviation at which an alert is due."""
_RANGE_SHARE = 0.05
_UNUSUAL = 0.5
"""The score from which a series counts towards a joint anomaly, at most as `_MOST_JOINT`."""
_MOST_JOINT = 2.0
_BY_CHANCE = 0.05
_QUIET = 0.15
"""What scores count for while an alert is recent."""


@dataclass(slots=True, eq=False)
class DetectorState:
    """One row of numbers a series; the last axis is the series."""

    age: Values
    since_alert: Values
    fast: Values
    slow: Values
    low: Values
    high: Values
    runs: Values
    """(3, series): averages of the last few errors."""
    means: Values
    squares: Values
    day: Values
    """(24, series): the usual value of each hour of the day."""
    day_visits: Values
    week: Values
    """(168, series): the usual value of each hour of the week."""
    week_visits: Values
    rhythm_errors: Values
    """(2, series): mean error of the day's and of the week's expectation."""

    @classmethod
    def of(cls, series: int) -> DetectorState:
        """Nothing known of so many series."""
        shapes = {"runs": 3, "means": 3, "squares": 3, "day": 24, "day_visits": 24}
        shapes |= {"week": _HOURS_A_WEEK, "week_visits": _HOURS_A_WEEK, "rhythm_errors": 2}
        state = cls(
            *(
                np.zeros((shapes[one.name], series) if one.name in shapes else series)
                for one in fields(cls)
            )
        )
        state.since_alert[:] = np.inf
        return state


class AnomalyDetector:
    """Scores every new value of many series against what each of them did before.

    Three errors of each value: against the average of the last few values, of that average
    against the last day's, and against what is usual at this hour of the day or, once it
    predicts better, of the week. Each is measured in the standard deviations of its own past,
    in which outliers are clipped; leaving the range of all values seen adds to it. After an
    alert the score is low for a while. The state is about 400 numbers a series, of constant size.

    Sources: the error models and the anomaly likelihood of Ahmad et al. (2017), Unsupervised
    real-time anomaly detection for streaming data, Neurocomputing 262:134-147, with recursive
    instead of windowed moments. Limits: knows no holidays; a change slower than a day is a
    trend and no anomaly; a value as unusual as one a week ago scores lower.
    """

    def __init__(
        self,
        keys: Sequence[str],
        targets: Sequence[str],
        step_ms: int,
        zone: ZoneInfo = _UTC,
    ) -> None:
        """Begin with nothing known of these series; `targets` has the target of each key."""
        assert len(keys) == len(targets), "BUG: a target for every key"
        assert len(set(keys)) == len(keys), "BUG: a key twice"
        assert step_ms > 0, f"BUG: a step of {step_ms} ms"
        self.step_ms, self.zone = step_ms, zone
        self.state = DetectorState.of(len(keys))
        self._name(keys, targets)

    def _name(self, keys: Sequence[str], targets: Sequence[str]) -> None:
        self.keys, self.target_of = tuple(keys), tuple(targets)
        self.targets = tuple(dict.fromkeys(targets))
        index = {target: number for number, target in enumerate(self.targets)}
        self._target_rows = np.array([index[target] for target in targets], dtype=np.int64)

    @property
    def steps_a_day(self) -> int:
        """Moments a day."""
        return max(8, round(DAY_MS / self.step_ms))

    def arrange(self, keys: Sequence[str], targets: Sequence[str]) -> None:
        """Make the rows those of `keys`: known ones keep what they learned, others begin anew."""
        rows = {key: row for row, key in enumerate(self.keys)}
        old = np.array([rows.get(key, -1) for key in keys], dtype=np.int64)
        fresh = DetectorState.of(len(keys))
        for one in fields(DetectorState):
            kept, array = getattr(self.state, one.name), getattr(fresh, one.name)
            array[..., old >= 0] = kept[..., old[old >= 0]]
        self.state = fresh
        self._name(keys, targets)

    def step(self, t_ms: int, values: Values) -> Scores:
        """Score the values (series,) of one moment, and learn from them; NaN is no value.

        Moments are in ascending order, about `step_ms` apart; a gap of any length only leaves
        the state as it was.
        """
        state = self.state
        with np.errstate(invalid="ignore"):
            seen = np.isfinite(values) & (np.abs(values) < _LARGEST)
        x = np.where(seen, values, state.fast)
        first = seen & (state.age == 0)
        for array in (state.fast, state.slow, state.low, state.high):
            array[first] = x[first]
        local_ms = t_ms + int(utc_offsets_ms(np.array([t_ms]), self.zone)[0])
        rhythm, knows = self._expect_rhythm(local_ms, x, seen)
        fast, slow = state.fast.copy(), state.slow.copy()
        _move(state.fast, x, _FAST, seen)
        _move(state.slow, x, np.maximum(1 / (state.age + 1), 1 / self.steps_a_day), seen)
        signed = np.stack((x - fast, state.fast - slow, np.where(knows, x - rhythm, 0.0)))
        deviations = self._weigh(np.abs(signed), np.stack((seen, seen, seen & knows)))
        novelty = self._find_novelty(x)
        state.low = np.where(seen, np.minimum(state.low, x), state.low)
        state.high = np.where(seen, np.maximum(state.high, x), state.high)
        score, which = self._judge(deviations, novelty, seen)
        state.age += seen
        expected = np.where(which == 2, rhythm, np.where(which == 1, slow, fast))
        shown = np.where(seen, values, np.nan)
        return Scores(
            t_ms,
            self.keys,
            self.target_of,
            self.targets,
            score,
            shown,
            expected,
            which,
            deviations.max(axis=0),
            self._join(score),
        )

    def _expect_rhythm(self, local_ms: int, x: Values, seen: Mask) -> tuple[Values, Mask]:
        """What is usual at this hour, and of which series that is known; learns the value."""
        state, hour = self.state, local_ms // HOUR_MS
        day, week = int(hour % 24), int((hour + 72) % _HOURS_A_WEEK)
        visits = max(1.0, HOUR_MS / self.step_ms)
        rate = 1 - (1 - _PROFILE_VISIT) ** (1 / visits)
        enough = min(6.0, visits)
        by_day, by_week = state.day[day].copy(), state.week[week].copy()
        knows_day = state.day_visits[day] >= enough
        knows_week = state.week_visits[week] >= enough * 2
        week_is_better = knows_week & (state.rhythm_errors[1] < state.rhythm_errors[0])
        for row, expected, knows in ((0, by_day, knows_week), (1, by_week, knows_week)):
            _move(
                state.rhythm_errors[row], np.abs(x - expected), 1 / self.steps_a_day, seen & knows
            )
        _visit(state.day[day], state.day_visits[day], x, rate, seen)
        _visit(state.week[week], state.week_visits[week], x, rate, seen)
        return np.where(week_is_better, by_week, by_day), knows_day | week_is_better

    def _weigh(self, errors: Values, seen: Mask) -> Values:
        """Each error (3, series) in its usual deviations; learns them."""
        state = self.state
        width = max(4, min(10, self.steps_a_day // 24))
        _move(state.runs, errors, 2 / (width + 1), seen)
        spread = np.sqrt(np.maximum(state.squares - state.means**2, 0.0))
        floor = _FLOORS * (state.high - state.low)
        usual = np.maximum(np.maximum(spread, floor), _MEAN_FLOOR * np.abs(state.means))
        usual = np.maximum(usual, _ROUNDING * np.abs(state.slow) + _SMALLEST)
        run = (state.runs - state.means) / usual * _RUN_WEIGHT
        new = (errors - state.means) / usual * _NEW_WEIGHT
        ready = seen & (state.age > 30)
        out = np.where(ready, np.clip(np.maximum(run, new), 0.0, _MOST), 0.0)
        clipped = np.where(ready, np.minimum(errors, state.means + _CLIP * spread + floor), errors)
        rate = np.maximum(1 / (state.age + 1), 1 / (_MEMORY_DAYS * self.steps_a_day))
        _move(state.means, clipped, rate, seen)
        _move(state.squares, clipped**2, rate, seen)
        return out

    def _find_novelty(self, x: Values) -> Values:
        """How far a value is outside the range seen so far, as a share of it."""
        state = self.state
        width = state.high - state.low
        known = (state.age > self.steps_a_day * _PROBATION_DAYS / 2) & (width > 0)
        outside = np.maximum(np.maximum(x - state.high, state.low - x), 0.0)
        return np.where(known, outside / np.where(width > 0, width, 1.0), 0.0)

    def _judge(self, deviations: Values, novelty: Values, seen: Mask) -> tuple[Values, Indices]:
        state = self.state
        weighted = deviations * _WEIGHTS
        which = weighted.argmax(axis=0)
        left = novelty > _RANGE_SHARE
        bonus = np.where(left, 14 * np.minimum(novelty, 0.5) + 1, 0.0)
        total = weighted.max(axis=0) + bonus
        which = np.where(left & (bonus > weighted.max(axis=0)), int(Expectation.RANGE), which)
        probation = self.steps_a_day * _PROBATION_DAYS
        quiet = state.since_alert < max(50, probation)
        score = np.where(quiet, _QUIET, 1.0) * total / _ALERT
        alert = seen & (score >= 1) & (state.age >= probation)
        state.since_alert = np.where(alert, 0, state.since_alert + seen)
        return np.where(seen & (state.age >= probation), score, np.nan), which

    def _join(self, score: Values) -> Values:
        """One score a target: the strongest of its series, raised by others that deviate too.

        Of many series a few deviate by chance at any time, so many must for it to count.
        """
        count, known = len(self.targets), np.isfinite(score)
        rows, found = self._target_rows[known], score[known]
        strongest = np.full(count, -np.inf)
        np.maximum.at(strongest, rows, found)
        unusual = np.where(found >= _UNUSUAL, np.minimum(found, _MOST_JOINT), 0.0)
        squares = np.bincount(rows, unusual**2, minlength=count)
        by_chance = np.maximum(_BY_CHANCE * np.bincount(rows, minlength=count), 2.0)
        joint = np.maximum(strongest, np.sqrt(squares / by_chance))
        return np.where(np.isfinite(strongest), joint, np.nan)


def _visit(profile: Values, visits: Values, x: Values, rate: float, seen: Mask) -> None:
    _move(profile, x, np.maximum(rate, 1 / (visits + 1)), seen)
    visits += seen


def _move(average: Values, x: Values, rate: Values | float, seen: Mask) -> None:
    """Move an average towards x in place, where there is a value."""
    average += np.where(seen, rate * (x - average), 0.0)
