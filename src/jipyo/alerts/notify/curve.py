"""The small chart of a message: values over an hour, as a picture and as a line of text."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from jipyo.model.sample import Times, Values

_BLOCKS = "▁▂▃▄▅▆▇█"
_LINE, _THRESHOLD = (59, 130, 246), (225, 64, 64)
_LINE_WIDTH, _DASH = 4.0, 16
_FILL_ALPHA = 0.14
_PADDING = 0.12
"""Above and below the values, as a share of their range."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The course of an alert's value; both arrays have shape (steps,), NaN where none was."""

    t_ms: Times
    values: Values
    threshold: float | None
    unit: str


def has_shape(curve: Curve) -> bool:
    """Whether there are two values at least, so that a picture shows something."""
    return int(np.isfinite(curve.values).sum()) >= 2


def draw_sparkline(curve: Curve, width: int = 24) -> str:
    """The values as a line of blocks, each the worst of its part; a gap is a space.

    >>> draw_sparkline(Curve(np.arange(4), np.array([0.0, 1, np.nan, 7]), None, "count"), 4)
    '▁▂ █'
    """
    parts = np.array_split(curve.values, min(width, len(curve.values)))
    means = [float(np.nanmean(part)) if np.isfinite(part).any() else np.nan for part in parts]
    low, high = np.nanmin(means), np.nanmax(means)
    span = (high - low) or 1.0
    return "".join(
        " " if np.isnan(mean) else _BLOCKS[round((mean - low) / span * (len(_BLOCKS) - 1))]
        for mean in means
    ).strip()


def draw_png(curve: Curve, width: int = 1072, height: int = 240) -> bytes:
    """The values as a PNG of this size, on no background: it fits a light mail and a dark one.

    There is no writing in it; what it shows stands beside it in the message.
    """
    low, high = _find_range(curve)

    def to_y(value: Any) -> Any:
        return (high - value) / (high - low) * (height - 1)

    column = np.linspace(0, len(curve.values) - 1, width)
    at = np.floor(column).astype(int)
    after = np.minimum(at + 1, len(curve.values) - 1)
    y = to_y(curve.values[at] + (column - at) * (curve.values[after] - curve.values[at]))
    rows = np.arange(height, dtype=float)[:, None]
    picture = np.zeros((height, width, 4))
    picture[..., :3] = _LINE
    picture[..., 3] = _FILL_ALPHA * np.clip(rows - np.nan_to_num(y, nan=height), 0, 1)
    _paint(picture, _LINE, _cover_line(y, rows))
    if curve.threshold is not None:
        dashes = (np.arange(width) // _DASH % 2 == 0)[None, :]
        distance = np.abs(rows - to_y(curve.threshold))
        _paint(picture, _THRESHOLD, np.clip(_LINE_WIDTH / 2 - distance + 0.5, 0, 1) * dashes)
    picture[..., 3] *= 255
    return write_png(picture.round().astype(np.uint8))


def write_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Pixels of shape (height, width, 4) as a PNG (ISO/IEC 15948), 8 bits RGBA."""
    height, width = pixels.shape[:2]
    unfiltered = np.zeros((height, 1 + 4 * width), np.uint8)
    unfiltered[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(unfiltered.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def _find_range(curve: Curve) -> tuple[float, float]:
    """The lowest and highest value that the picture reaches."""
    seen = curve.values[np.isfinite(curve.values)]
    seen = seen if curve.threshold is None else np.append(seen, curve.threshold)
    low, high = float(seen.min()), float(seen.max())
    padding = (high - low) * _PADDING or abs(high) * _PADDING or 1.0
    return low - padding, high + padding


def _cover_line(y: Values, rows: Values) -> Values:
    """How much of each pixel the line covers, 0 to 1; a step between columns is filled."""
    beside = np.array([np.append(y[:1], y[:-1]), y, np.append(y[1:], y[-1:])])
    top = np.fmin.reduce((beside + y) / 2)
    bottom = np.fmax.reduce((beside + y) / 2)
    distance = np.maximum(np.maximum(top - rows, rows - bottom), 0)
    cover: Values = np.nan_to_num(np.clip(_LINE_WIDTH / 2 - distance + 0.5, 0, 1))
    return cover


def _paint(picture: Values, colour: tuple[int, int, int], cover: Values) -> None:
    """Lay a colour over a picture where it covers (Porter and Duff's `over`)."""
    below = picture[..., 3] * (1 - cover)
    alpha = cover + below
    share = np.divide(cover, alpha, out=np.zeros_like(alpha), where=alpha > 0)[..., None]
    picture[..., :3] = share * np.array(colour) + (1 - share) * picture[..., :3]
    picture[..., 3] = alpha
