"""SVG as text: the elements that every chart is made of.

Colours are CSS classes (`s0` to `s7`, `warning`, `critical`, ...), so that the page that holds
a chart decides how it looks in light, in dark and on paper. Equal input gives equal bytes.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.arrays import find_runs
from jipyo.reports.charts.axis import choose_time_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from jipyo.model.sample import Times, Values

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CHAR_PX = 5.6
_WIDE_CHAR_PX = 9.4
_TICK_SPACING_PX = 38
_TRACK_HEIGHT = 16


@dataclass(frozen=True, slots=True)
class Size:
    """A drawing's own units; the page scales it to the room there is."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle of a drawing that holds the data, and the times and values at its edges."""

    left: float
    top: float
    right: float
    bottom: float
    start_ms: int
    end_ms: int
    low: float = 0.0
    high: float = 1.0

    def x_of(self, t_ms: Times) -> Values:
        """Where times lie from left to right; same shape."""
        share = (t_ms - self.start_ms) / max(self.end_ms - self.start_ms, 1)
        x: Values = np.asarray(self.left + share * (self.right - self.left), np.float64)
        return x

    def y_of(self, values: Values) -> Values:
        """Where values lie from bottom to top, clipped to the frame; same shape."""
        share = (np.clip(values, self.low, self.high) - self.low) / (self.high - self.low)
        y: Values = self.bottom - share * (self.bottom - self.top)
        return y

    def y_of_one(self, value: float) -> float:
        """Where one value lies from bottom to top."""
        return float(self.y_of(np.array([value]))[0])


def write_svg(
    title: str, description: str, size: Size, elements: Sequence[str], *, stretch: bool = False
) -> str:
    """The whole drawing; a screen reader reads the title and the description.

    With `stretch` it fills its place on the page whatever the proportions.
    """
    ratio = ' preserveAspectRatio="none"' if stretch else ""
    desc = f"<desc>{escape_text(description)}</desc>" if description else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" '
        f'viewBox="0 0 {size.width} {size.height}"{ratio}>'
        f"<title>{escape_text(title)}</title>{desc}{''.join(elements)}</svg>"
    )


def escape_text(text: str) -> str:
    """Text that is safe in XML and HTML; characters that XML 1.0 forbids become U+FFFD."""
    return escape(_NOT_XML.sub("\ufffd", text), quote=True)


def estimate_text_width(text: str) -> float:
    """About how wide a text is at 10 px; Hangul and other CJK characters are nearly square."""
    return sum(_WIDE_CHAR_PX if ord(char) > 0x2E7F else _CHAR_PX for char in text)


def shorten_text(text: str, room: float) -> str:
    """The text, its middle replaced by an ellipsis where it would be wider than `room`."""
    if estimate_text_width(text) <= room:
        return text
    for kept in range(len(text), 1, -1):
        tail = kept // 3
        shortened = f"{text[: kept - tail]}…{text[len(text) - tail :]}"
        if estimate_text_width(shortened) <= room:
            return shortened
    return f"{text[:1]}…"


def format_coordinate(value: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def write_text(text: str, x: float, y: float, css: str = "", *, anchor: str = "") -> str:
    """A text at a point; `anchor` is `middle`, `end` or nothing for the start."""
    css = f' class="{css}"' if css else ""
    anchor = f' text-anchor="{anchor}"' if anchor else ""
    place = f'x="{format_coordinate(x)}" y="{format_coordinate(y)}"'
    return f"<text{css} {place}{anchor}>{escape_text(text)}</text>"


def write_track(css: str, x: float, y: float, width: float, tooltip: str = "") -> str:
    """A bar of the height of one row, with what a pointer reads on it."""
    place = f'x="{format_coordinate(x)}" y="{format_coordinate(y)}"'
    rect = (
        f'<rect class="{css}" {place} width="{format_coordinate(width)}" height="{_TRACK_HEIGHT}"'
    )
    return f"{rect}><title>{escape_text(tooltip)}</title></rect>" if tooltip else f"{rect}/>"


def write_line(frame: Frame, t_ms: Times, values: Values, css: str) -> str:
    """One line, broken where a value is missing; infinities lie on the frame's edge."""
    path: list[str] = []
    for start, end in find_runs(~np.isnan(values)):
        points = place_points(frame, t_ms[start:end], values[start:end])
        path.append(f"M{'L'.join(points)}" + ("h.01" if len(points) == 1 else ""))
    return f'<path class="{css}" d="{"".join(path)}"/>' if path else ""


def place_points(frame: Frame, t_ms: Times, values: Values) -> list[str]:
    """The points `x y` of a line without gaps.

    Lines with several points a pixel keep the first, lowest, highest and last of each bucket,
    so that no spike is lost.
    """
    x, y = frame.x_of(t_ms), frame.y_of(values)
    columns = max(int(frame.right - frame.left), 1)
    if x.size > 2 * columns:
        width = math.ceil(x.size / columns)
        padding = np.full(-x.size % width, y[-1])
        buckets = np.concatenate((y, padding)).reshape(-1, width)
        first = np.arange(buckets.shape[0]) * width
        kept = np.concatenate((
            first, first + buckets.argmin(axis=1), first + buckets.argmax(axis=1),
            first + width - 1,
        ))  # fmt: skip
        index = np.unique(np.minimum(kept, x.size - 1))
        x, y = x[index], y[index]
    return [
        f"{format_coordinate(a)} {format_coordinate(b)}"
        for a, b in zip(x.tolist(), y.tolist(), strict=True)
    ]


def write_value_axis(frame: Frame, ticks: Sequence[float], labels: Sequence[str]) -> Iterator[str]:
    """A line across the frame at each tick, and its label at the left."""
    left, right = format_coordinate(frame.left), format_coordinate(frame.right)
    for tick, label in zip(ticks, labels, strict=True):
        y = frame.y_of_one(tick)
        yield f'<path class="grid" d="M{left} {format_coordinate(y)}H{right}"/>'
        yield write_text(label, frame.left - 5, y + 3.5, anchor="end")


def write_rect(css: str, left: float, top: float, right: float, bottom: float) -> str:
    """A rectangle by its edges; nothing where it has no area."""
    if right <= left or bottom <= top:
        return ""
    place = f'x="{format_coordinate(left)}" y="{format_coordinate(top)}"'
    size = f'width="{format_coordinate(right - left)}" height="{format_coordinate(bottom - top)}"'
    return f'<rect class="{css}" {place} {size}/>'


def write_time_axis(
    frame: Frame, zone: ZoneInfo, name_day: Callable[[date], str] = "{:%m-%d}".format
) -> Iterator[str]:
    """The ticks below the frame, at round times of the zone's clock."""
    most = max(2, int((frame.right - frame.left) / _TICK_SPACING_PX))
    for t_ms, label in choose_time_ticks(frame.start_ms, frame.end_ms, zone, most, name_day):
        x = float(frame.x_of(np.array([t_ms]))[0])
        half = estimate_text_width(label) / 2
        middle = min(max(x, frame.left - 2 + half / 2), frame.right + 6 - half)
        at, top = format_coordinate(x), format_coordinate(frame.top)
        yield f'<path class="tick" d="M{at} {top}V{format_coordinate(frame.bottom + 3)}"/>'
        yield write_text(label, middle, frame.bottom + 14, anchor="middle")
