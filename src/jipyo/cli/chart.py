"""A chart of series over time in the terminal, with its axes and what its colours mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from jipyo.cli import plot
from jipyo.cli.options import find_chart_width
from jipyo.model.calendar import local_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from jipyo.i18n import Texts
    from jipyo.model.sample import Mask, Times, Values

_HEIGHT = 12
_MARGIN = 14
_COLOURS = ("blue", "green", "yellow", "magenta", "cyan", "red")


def print_chart(
    console: Console, values: Values, present: Mask, t_ms: Times, zone: ZoneInfo
) -> None:
    """The lines, shape (series, steps), over their times; the first one is blue."""
    width = max(20, find_chart_width(console) - _MARGIN)
    canvas = plot.draw(values, present, width, _HEIGHT)
    low, high = plot.find_bounds(values, present)
    for at, row in enumerate(canvas.list_rows()):
        share = at / (_HEIGHT - 1)
        label = f"{high - (high - low) * share:.4g}" if at % 3 == 0 or share == 1 else ""
        line = Text(f"{label:>10} ┤" if label else f"{'':>10} │")
        for character, series in row:
            line.append(character, style=_COLOURS[series % len(_COLOURS)] if series >= 0 else "")
        console.print(line)
    start, end = format_time(int(t_ms[0]), zone), format_time(int(t_ms[-1]), zone)
    console.print(f"{'':>12}{start}{end:>{max(1, width - len(start))}}")


def print_legend(console: Console, names: Sequence[str], t: Texts) -> None:
    """What each colour is; as many as fit the terminal."""
    for index, name in enumerate(names[: console.height]):
        console.print(Text("■ ", style=_COLOURS[index % len(_COLOURS)]) + Text(name))
    hidden = len(names) - console.height
    if hidden > 0:
        console.print(t("cli.query.more", n=hidden))


def format_time(t_ms: int, zone: ZoneInfo) -> str:
    """A moment, to the second."""
    return local_time(t_ms, zone).strftime("%Y-%m-%d %H:%M:%S")
