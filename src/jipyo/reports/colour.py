"""Colours of a site, and their contrast with the paper they are printed on."""

from __future__ import annotations

import re

_COLOUR = re.compile("#[0-9a-fA-F]{6}")
TEXT_CONTRAST = 4.5
"""The least contrast of text (WCAG 2.2, success criterion 1.4.3)."""
LINE_CONTRAST = 3.0
"""The least contrast of lines and marks (WCAG 2.2, success criterion 1.4.11)."""


def is_colour(text: str) -> bool:
    """Whether it is a colour as `#12345f`."""
    return _COLOUR.fullmatch(text) is not None


def measure_contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    light, dark = sorted((_measure_luminance(one), _measure_luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _measure_luminance(colour: str) -> float:
    red, green, blue = (_linearise(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linearise(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
