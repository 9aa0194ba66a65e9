"""A store with the demo samples, the engine over it, and servers of a few routes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from jipyo.model.sample import MetricMetadata, MetricType
from jipyo.promql import Engine, Options
from jipyo.source import Embedded
from jipyo.tsdb import Store
from support.web import demo_scrapes, now_ms, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.web import Client


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("web") / "data"
    with Store.open(path, now_ms=now_ms) as opened:
        opened.append(demo_scrapes())
        opened.describe([MetricMetadata("demo_total", MetricType.COUNTER, "Things.", "things")])
        yield opened


@pytest.fixture(scope="module")
def source(store: Store) -> Embedded:
    return Embedded(store, Engine(Options()))


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    """Closed when the test ends."""
    with contextlib.ExitStack() as opened:
        yield opened


@pytest.fixture
def serve(stack: contextlib.ExitStack) -> Callable[..., Client]:
    """`serve(*routes, **options)` runs another server until the test ends."""
    return lambda *routes, **options: stack.enter_context(serving(*routes, **options))
