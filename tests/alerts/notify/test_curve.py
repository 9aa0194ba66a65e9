"""The small chart: a PNG that any reader can decode, and a line of blocks."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.alerts.notify.curve import draw_png, draw_sparkline, has_shape, write_png
from support.notifications import curve

NAN = float("nan")


def read_png(data: bytes) -> Any:
    """The pixels of a PNG of ours, shape (height, width, 4): a reader of its own."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        (check,) = struct.unpack(">I", data[at + 8 + size : at + 12 + size])
        assert check == zlib.crc32(kind + body)
        chunks[kind], at = body, at + 12 + size
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 6)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any(), "no filter"
    return rows[:, 1:].reshape(height, width, 4)


def test_pixels_come_back() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 4)).astype(np.uint8)
    assert np.array_equal(read_png(write_png(pixels)), pixels)


def test_the_line_is_where_the_values_are_and_the_threshold_where_it_is() -> None:
    picture = read_png(draw_png(curve([0, 0, 100, 100], threshold=50), 400, 100)).astype(int)
    is_blue = (picture[..., 2] > 200) & (picture[..., 3] > 200)
    is_red = (picture[..., 0] > 200) & (picture[..., 3] > 200)
    assert np.flatnonzero(is_blue[:, 20]).mean() == pytest.approx(90, abs=3)
    assert np.flatnonzero(is_blue[:, 380]).mean() == pytest.approx(10, abs=3)
    assert np.flatnonzero(is_red[:, 5]).mean() == pytest.approx(50, abs=3)
    assert is_red[50].any()
    assert not is_red[50].all(), "it is dashed"
    assert picture[2, 20, 3] == 0, "there is no background"


def test_a_gap_stays_empty() -> None:
    picture = read_png(draw_png(curve([5, 5, NAN, NAN, 5, 5], threshold=None), 600, 60))
    assert picture[:, 290:310, 3].sum() == 0
    assert picture[:, 50, 3].any()


@given(
    st.lists(st.floats(-1e12, 1e12) | st.just(NAN), min_size=2, max_size=60),
    st.none() | st.floats(-1e12, 1e12),
)
def test_whatever_has_shape_can_be_drawn(values: list[float], threshold: float | None) -> None:
    drawn = curve(values, threshold)
    if has_shape(drawn):
        assert read_png(draw_png(drawn, 64, 16))[..., 3].any()
        assert 1 <= len(draw_sparkline(drawn)) <= 24


@pytest.mark.parametrize(
    ("values", "line"),
    [([0, 7], "▁█"), ([3, 3, 3], "▁▁▁"), ([0, NAN, 7], "▁ █"), ([NAN, 7, 0, NAN], "█▁")],
)
def test_a_sparkline_is_a_block_a_value(values: list[float], line: str) -> None:
    assert draw_sparkline(curve(values)) == line
