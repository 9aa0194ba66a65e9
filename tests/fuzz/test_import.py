"""OpenMetrics files that are imported into a store."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from fuzz.driver import Surface, assert_short_form
from fuzz.test_exposition import WORDS
from jipyo import tsdb
from jipyo.model.errors import CollectError
from jipyo.model.reading import NO_TIME
from jipyo.wire.exposition import Format, Parser

NOW_MS = 1_795_400_000_000


def import_file(body: bytes) -> None:
    parser = Parser()

    def parse(text: str) -> tsdb.TimedSamples:
        reading = parser.parse(text, Format.OPENMETRICS)
        if reading.t_ms is None or (reading.t_ms == NO_TIME).any():
            raise CollectError("app.import_without_times", path="x")
        return tsdb.TimedSamples(reading.series, reading.t_ms, reading.values, reading.metadata)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.om"
        file.write_bytes(body)
        with tsdb.Store.open(Path(folder) / "data", now_ms=lambda: NOW_MS) as store:
            tsdb.import_openmetrics(store, file, parse, piece_bytes=200)


SURFACES = [
    Surface(
        name="import-openmetrics",
        corpus="exposition",
        feed=import_file,
        seeds=(
            b"# TYPE a gauge\n"
            + b"".join(b"a 1 %d\n" % (1_795_300_000 + n) for n in range(50))
            + b"# EOF\n",
            b"a 1 -1e10\na 2 1e10\nb NaN 0\n# EOF\n",
            b"a 1 1\n# EOF\na 2 2\n# EOF\n",
        ),
        tokens=(*WORDS, b" 1795300000\n", b" -1\n", b" 9e15\n", b"# EOF"),
        base_s=3.0,
        s_per_byte=50e-6,
        cases=25,
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_file_is_imported_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
