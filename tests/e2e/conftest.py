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
catalogue:
  metrics:
    system.cpu.load: {thresholds: {warning: 0.0001, critical: 100000, for: 2h}}
"""
"""The load is beyond its threshold from the beginning, and pending all the time."""

CONTENT = "[data-testid=content] :is(.card, [data-testid=not-found], [data-metric])"
"""What is there once a page of the dashboard has its content."""


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
    """Open a page, wait for its content; tabs are closed after the test.

    The path may be any below the product's root, or a whole URL.
    """
    pages: list[Page] = []

    def open_and_wait(path: str = "?lang=ko", **options: Any) -> Page:
        url = path if path.startswith("http") else f"{product.url}/{path}"
        page = browser.open(url, **options)
        pages.append(page)
        page.wait(f"document.querySelector('{CONTENT}')", timeout_s=60)
        page.wait("document.fonts.status === 'loaded'")
        return page

    yield open_and_wait
    for page in pages:
        page.close()
