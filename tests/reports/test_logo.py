"""The logo of a site."""

from __future__ import annotations

import base64
import binascii
import os
import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS, texts
from jipyo.model.errors import ReportError
from jipyo.reports.logo import LARGEST_BYTES, parse_logo, read_logo

if TYPE_CHECKING:
    from pathlib import Path

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><path d="M0 0h9"/></svg>'


def chunk(kind: bytes, data: bytes) -> bytes:
    return (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", binascii.crc32(kind + data))
    )


def make_png(width: int = 3, height: int = 2) -> bytes:
    rows = b"".join(b"\0" + b"\x10\x20\x30" * width for _ in range(height))
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


@pytest.mark.parametrize(
    ("content", "media_type", "size"),
    [
        (make_png(), "image/png", (3, 2)),
        (SVG, "image/svg+xml", (120, 40)),
        (
            SVG.replace(b"viewBox", b'width="60px" height="20.5" viewBox'),
            "image/svg+xml",
            (60, 20.5),
        ),
        (b"<?xml version='1.0'?>\n" + SVG, "image/svg+xml", (120, 40)),
    ],
)
def test_a_png_and_an_svg_are_taken_as_they_are(
    content: bytes, media_type: str, size: tuple[float, float]
) -> None:
    logo = parse_logo(content, "logo")
    assert (logo.media_type, (logo.width, logo.height)) == (media_type, size)
    assert base64.b64decode(logo.base64) == content


def inside(text: str) -> bytes:
    return SVG.replace(b'<path d="M0 0h9"/>', text.encode())


@pytest.mark.parametrize(
    "content",
    [
        inside("<script>alert(1)</script>"),
        inside('<image href="http://evil.example/x.png"/>'),
        inside('<rect onload="alert(1)"/>'),
        inside('<use href="http://evil.example/x.svg#a"/>'),
        inside("<style>@import 'http://evil.example'</style>"),
        inside('<rect fill="url(http://evil.example/#a)"/>'),
        inside("<rect style=\"fill:url( '//evil.example')\"/>"),
        inside("<foreignObject/>"),
        inside('<x:script xmlns:x="http://www.w3.org/1999/xhtml"/>'),
        inside('<a xmlns:x="http://www.w3.org/1999/xlink" x:href="javascript:alert(1)"/>'),
        b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + inside("<text>&b;</text>"),
        b'<?xml-stylesheet href="http://evil.example"?>' + SVG,
    ],
)
def test_an_svg_that_does_more_than_draw_is_refused(content: bytes) -> None:
    with pytest.raises(ReportError) as caught:
        parse_logo(content, "logo.svg")
    assert caught.value.key == "logo.does_more"


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "logo.not_a_picture"),
        (b"GIF89a", "logo.not_a_picture"),
        (SVG[:-3], "logo.not_a_picture"),
        (b"<html/>", "logo.not_a_picture"),
        (make_png()[:-1], "logo.not_a_picture"),
        (make_png()[:-12], "logo.not_a_picture"),
        (make_png().replace(b"\x08\x02", b"\x08\x06"), "logo.not_a_picture"),
        (make_png(4001, 1), "logo.bad_size"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "logo.bad_size"),
        (SVG.replace(b"120 40", b"0 40"), "logo.bad_size"),
        (b"\x89PNG\r\n\x1a\n" + bytes(LARGEST_BYTES), "logo.too_large"),
    ],
)
def test_what_is_no_picture_is_refused(content: bytes, key: str) -> None:
    with pytest.raises(ReportError) as caught:
        parse_logo(content, "logo")
    assert caught.value.key == key
    for lang in LANGS:
        assert "logo" in texts(lang).error(caught.value)


def test_links_within_the_drawing_are_fine() -> None:
    drawing = '<defs><linearGradient id="g"/></defs><rect fill="url(#g)"/><use href="#g"/>'
    assert parse_logo(inside(drawing), "logo.svg").width == 120


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ReportError) as caught:
        read_logo(tmp_path / "pipe")
    assert caught.value.key == "logo.not_a_picture"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as caught:
        read_logo(tmp_path / "none.svg")
    assert "none.svg cannot be read" in texts("en").error(caught.value)
