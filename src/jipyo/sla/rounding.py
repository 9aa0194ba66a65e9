"""Figures with the decimals of the sheet, exactly as the digits of the unrounded one ask for."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from jipyo.sla.profile import Better, RoundingRule

if TYPE_CHECKING:
    from jipyo.sla.profile import Indicator

SCORE_DECIMALS = 2
"""Of the total score, as it is printed."""


def to_exact(value: float) -> Fraction:
    """The number as it is written: 99.8 is 998/10, and not the double next to it."""
    return Fraction(repr(float(value)))


def round_exact(value: Fraction, decimals: int, rule: RoundingRule, better: Better) -> Fraction:
    """With so many decimals; halves of NEAREST go away from zero."""
    scaled = value * 10**decimals
    if rule is RoundingRule.NEAREST:
        whole = floor(scaled + Fraction(1, 2)) if scaled >= 0 else ceil(scaled - Fraction(1, 2))
    else:
        whole = floor(scaled) if better is Better.HIGH else ceil(scaled)
    return Fraction(whole, 10**decimals)


def round_figure(value: Fraction, indicator: Indicator, rule: RoundingRule) -> float:
    """A value as its line prints it."""
    return float(round_exact(value, indicator.decimals, rule, indicator.better))
