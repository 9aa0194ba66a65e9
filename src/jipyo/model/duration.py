"""Lengths of time as text, in the one grammar that PromQL, the YAML files, the CLI and HTTP share.

Follows `ParseDuration` and `Duration.String` of prometheus/common/model/time.go.
"""

from __future__ import annotations

import re

_UNITS_MS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_ORDER = {unit: place for place, unit in enumerate(_UNITS_MS)}
_ONLY_WHOLE = frozenset({"y", "w"})
_MAX_DIGITS = 19
_MAX_MS = (2**63 - 1) // 1_000_000
"""Prometheus counts durations in nanoseconds, 64 bits: 292 years."""
_PART = re.compile(r"([0-9]+)([^0-9]+)")


def parse_duration(text: str) -> int:
    """Milliseconds of `1h30m`: units from long to short, each once, whole numbers; or `0`.

    Raises:
        ValueError: with the reason in Prometheus' words.
    """
    if text == "0":
        return 0
    if not text:
        raise ValueError("empty duration string")
    total = at = 0
    last_place = -1
    while at < len(text):
        part = _PART.match(text, at)
        if not part:
            raise ValueError(f'not a valid duration string: "{text}"')
        amount, unit = part.groups()
        if unit not in _UNITS_MS:
            raise ValueError(f'unknown unit "{unit}" in duration "{text}"')
        if _ORDER[unit] <= last_place or len(amount) > _MAX_DIGITS:
            raise ValueError(f'not a valid duration string: "{text}"')
        last_place = _ORDER[unit]
        total += int(amount) * _UNITS_MS[unit]
        at = part.end()
    if total > _MAX_MS:
        raise ValueError("duration out of range")
    return total


def format_duration(ms: int) -> str:
    """`1h30m`; years and weeks only where nothing remains, for 90d reads better than 12w6d.

    >>> format_duration(5_400_000)
    '1h30m'
    """
    if ms == 0:
        return "0s"
    parts = ["-"] if ms < 0 else []
    rest = abs(ms)
    for unit, size in _UNITS_MS.items():
        if rest < size or (unit in _ONLY_WHOLE and rest % size):
            continue
        parts.append(f"{rest // size}{unit}")
        rest %= size
    return "".join(parts)
