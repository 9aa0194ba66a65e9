"""The whole `/api/v1` over the demo samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.promql.syntax.features import DEFAULT
from jipyo.web.prometheus import federate, query, rules, series, status, targets
from support.web import SERVER, config_state, now_ms, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.source import Embedded
    from jipyo.tsdb import Store
    from support.web import Client


@pytest.fixture(scope="module")
def client(source: Embedded, store: Store) -> Iterator[Client]:
    with serving(
        *query.routes(source, now_ms, DEFAULT, source.engine.lanes),
        *series.routes(source),
        *rules.routes(tuple),
        *federate.routes(source, now_ms),
        *targets.routes(tuple),
        *status.routes(SERVER, source, now_ms, store.extent, config_state),
    ) as client:
        yield client
