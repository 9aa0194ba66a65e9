"""How sure a share of counted cases is: its n and its confidence interval."""

from __future__ import annotations

import math

from jipyo.catalogue import Unit
from jipyo.model.figure import UNKNOWN_PROPORTION, ProportionEstimate

Z_95 = 1.959963984540054
"""The normal quantile that leaves 2.5% on either side."""

SCALES = {Unit.PERCENT: 100.0, Unit.RATIO: 1.0}
"""The value of a share that all cases are."""


def wilson(part: float, whole: float, z: float = Z_95) -> tuple[float, float] | None:
    """Wilson's score interval of `part` out of `whole`, both within 0 and 1.

    None where there is nothing to be sure of: no case at all, or a part that is none.
    Unlike the interval around p that textbooks give first, it stays within 0 and 1 and is
    right for few cases and for shares near the ends.

    Source: E. B. Wilson (1927), Probable inference, the law of succession, and statistical
    inference, Journal of the American Statistical Association 22:209-212.

    >>> [round(bound, 4) for bound in wilson(15, 20)]
    [0.5313, 0.8881]
    """
    if not (math.isfinite(whole) and whole > 0 and 0 <= part <= whole):
        return None
    share, spread = part / whole, z * z / whole
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt((share * (1 - share) + spread / 4) / whole)
    # At the ends the bound is exact; rounding must not move it.
    return (
        0.0 if part == 0 else max(0.0, centre - half),
        1.0 if part == whole else min(1.0, centre + half),
    )


def estimate_proportion(value: float, n: float, unit: Unit) -> ProportionEstimate:
    """How sure a share is that is `value` in its unit, of `n` cases; NaN is not counted."""
    if not math.isfinite(n):
        return UNKNOWN_PROPORTION
    scale, cases = SCALES[unit], round(n)
    part = round(value / scale * cases) if math.isfinite(value) else -1
    bounds = wilson(part, cases)
    if bounds is None:
        return UNKNOWN_PROPORTION
    return ProportionEstimate(cases, bounds[0] * scale, bounds[1] * scale)
