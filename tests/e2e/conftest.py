"""The real product, as a user starts it, and a real browser looking at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.browser import Browser
from support.product import up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.browser import Page
    from support.product import Product

CONFIG = """\
timezone: Asia/Seoul
instance: e2e-host
collect:
  interval: 1s
"""


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("jipyo")
    config = folder / "jipyo.yaml"
    config.write_text(CONFIG)
    with up(folder / "data", "--config", str(config)) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with Browser() as running:
        yield running


@pytest.fixture
def open_page(product: Product, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open the page and wait until its tiles are there; tabs are closed after the test."""
    pages = []

    def opened(search: str = "?lang=ko", **how: Any) -> Page:
        page = browser.open(f"{product.url}/{search}", **how)
        pages.append(page)
        page.wait("document.querySelector('[data-metric]')", timeout_s=60)
        page.wait("document.fonts.status === 'loaded'")
        return page

    yield opened
    for page in pages:
        page.close()
