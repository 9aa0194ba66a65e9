"""Answers of the Prometheus API, of servers that may be anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.wire.prometheus_json import decode

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = np.array([1_000_000, 1_060_000], np.int64)
WORDS = (
    b'"status":"success"', b'"data":', b'"resultType":"matrix"', b'"resultType":"vector"',
    b'"result":[', b'{"metric":{},"values":[]}', b'"metric":{"__name__":"a"}', b'"value":[1,"1"]',
    b'"values":[[1000,"1"],[1060,"2"]]', b'"histograms":[]', b'"errorType":"bad_data"',
    b'"error":"x"', b'"warnings":["w"]', b'"NaN"', b'"+Inf"', b'"1_0"', b"1e400", b"null", b"[]",
    b"{}", b'""', b"-1", b"1.5", b"true", b'"\\ud800"', b'"stats":{"timings":{}}',
)  # fmt: skip


def surface(name: str, read: Callable[[bytes], object]) -> Surface:
    return Surface(
        name=f"prometheus-json-{name}", corpus="prometheus-json", feed=read, tokens=WORDS
    )


SURFACES = [
    surface("instant", lambda body: decode.decode_instant(body, 1_000_000)),
    surface("range", lambda body: decode.decode_range(body, STEPS)),
    surface("series", decode.decode_series),
    surface("names", decode.decode_names),
    surface("metadata", decode.decode_metadata),
    surface("cardinality", decode.decode_cardinality),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_an_answer_is_read_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
