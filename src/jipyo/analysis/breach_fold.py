"""Thresholds over a window that is read piece by piece: breaches go on from one to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.thresholds import (
    GRACE_MS,
    Breach,
    Severity,
    find_breaches,
    find_threshold,
    is_reached,
    judge_history,
    list_levels,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.analysis.thresholds import Severities, StateHistory
    from jipyo.analysis.window import Window, WindowPiece
    from jipyo.catalogue import Direction, Thresholds
    from jipyo.model.sample import Times, Values

_MOST_CELLS = 200_000
"""So many values are judged at once: the judge needs some hundred bytes for each."""


@dataclass(frozen=True, slots=True)
class BeyondDays:
    """How long a series was beyond its thresholds on each day; every array has shape (days,)."""

    warning_ms: Times
    """At the warning threshold or beyond, but not at the critical one."""
    critical_ms: Times
    severity: Severities
    """The gravest that any breach came to, as `Severity`."""

    @classmethod
    def make(cls, days: int) -> BeyondDays:
        """Never."""
        return cls(np.zeros(days, np.int64), np.zeros(days, np.int64), np.zeros(days, np.int8))


class BreachFold:
    """The breaches of the series of a metric so far, and how each series stands.

    Judging needs no more of the past than the alert duration: a level that was firing before is
    set on by values at its threshold.
    """

    def __init__(self, window: Window, thresholds: Thresholds, direction: Direction) -> None:
        """Begin without any series."""
        self.thresholds, self.direction, self.step_ms = thresholds, direction, window.step_ms
        self.day_count = window.day_count
        self.breaches: dict[int, list[Breach]] = {}
        """By row; none of a row that was never beyond a threshold."""
        self.days: dict[int, BeyondDays] = {}
        """By row, likewise."""
        self.before: dict[int, Values] = {}
        """Of each series that a level may still be firing of the values before the next piece."""

    def add(self, piece: WindowPiece, values: Mapping[int, Values]) -> None:
        """Judge the next piece.

        Args:
            piece: which steps.
            values: of each row that is judged its steps, NaN where absent.
        """
        absent = np.full(piece.window.steps, np.nan)
        rows = [row for row, own in values.items() if row in self.before or self._reaches(own)]
        rows += [row for row in self.before if row not in values]
        before, self.before = self.before, {}
        size = max(1, _MOST_CELLS // piece.window.steps)
        for at in range(0, len(rows), size):
            part = rows[at : at + size]
            lead = max((len(before[row]) for row in part if row in before), default=0)
            joined = np.full((len(part), lead + piece.window.steps), np.nan)
            for place, row in enumerate(part):
                joined[place, lead:] = values.get(row, absent)
                if row in before:
                    joined[place, lead - len(before[row]) : lead] = before[row]
            self._judge(piece, part, joined, lead)

    def _reaches(self, values: Values) -> bool:
        return any(
            bool(is_reached(values, level.threshold, self.direction).any())
            for level in list_levels(self.thresholds)
        )

    def _judge(self, piece: WindowPiece, rows: list[int], values: Values, lead: int) -> None:
        t_ms = piece.window.end_ms + self.step_ms * np.arange(1 - values.shape[1], 1)
        history = judge_history(t_ms, values, ~np.isnan(values), self.thresholds, self.direction)
        starts = piece.day_starts + lead
        severity = np.where(history.severity == Severity.UNKNOWN, Severity.OK, history.severity)
        gravest = np.maximum.reduceat(severity, starts, axis=1)
        at_warning, at_critical = (
            np.add.reduceat(history.reached == level, starts, axis=1, dtype=np.int64) * self.step_ms
            for level in (Severity.WARNING, Severity.CRITICAL)
        )
        for place, row in enumerate(rows):
            found = find_breaches(history, place, self.step_ms, lead)
            self._append(row, found, piece.window.start_ms)
            days = self.days.setdefault(row, BeyondDays.make(self.day_count))
            days.warning_ms[piece.days] = at_warning[place]
            days.critical_ms[piece.days] = at_critical[place]
            days.severity[piece.days] = gravest[place]
            if found and found[-1].open:
                self.before[row] = self._keep_tail(history, place, values[place])

    def _append(self, row: int, found: tuple[Breach, ...], start_ms: int) -> None:
        known = self.breaches.setdefault(row, [])
        if known and known[-1].open:
            if found and found[0].start_ms == start_ms:
                known[-1] = _join(known[-1], found[0], self.direction)
                found = found[1:]
            else:
                known[-1] = replace(known[-1], open=False)
        known.extend(found)

    def _keep_tail(self, history: StateHistory, place: int, values: Values) -> Values:
        """The last values that matter after them, behind some that set a level on.

        A level that is not firing yet was reached within the alert duration, at a value that may
        have been taken over from as long before as the grace. One that is firing at the end is so
        from their beginning on, or from where they make it fire again.
        """
        duration, grace = (
            -(-length_ms // self.step_ms) for length_ms in (self.thresholds.for_ms, GRACE_MS)
        )
        steps = duration + 1 + grace
        if steps >= len(values):
            return values
        firing = Severity(int(history.severity[place, -1]))
        threshold = find_threshold(self.thresholds, firing)
        if threshold is None:
            return values[-steps:].copy()
        return np.concatenate((np.full(duration + 1, threshold), values[-steps:]))


def _join(earlier: Breach, later: Breach, direction: Direction) -> Breach:
    """A breach and its continuation after the end of a piece."""
    is_worse = later.peak < earlier.peak if direction.sign < 0 else later.peak > earlier.peak
    peak = later if is_worse else earlier
    critical = list(earlier.critical)
    for start_ms, end_ms in later.critical:
        if critical and critical[-1][1] == start_ms:
            critical[-1] = critical[-1][0], end_ms
        else:
            critical.append((start_ms, end_ms))
    return Breach(
        start_ms=earlier.start_ms,
        end_ms=later.end_ms,
        severity=max(earlier.severity, later.severity),
        open=later.open,
        peak=peak.peak,
        peak_ms=peak.peak_ms,
        warning_ms=earlier.warning_ms + later.warning_ms,
        critical_ms=earlier.critical_ms + later.critical_ms,
        critical=tuple(critical),
    )
