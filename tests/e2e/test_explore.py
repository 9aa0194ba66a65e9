"""Explore: PromQL of the reader, its errors at their place, and hostile labels."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.browser import Page
    from support.product import Product

    Open = Callable[..., Page]

pytestmark = pytest.mark.e2e


SERIES = 5000


def explore(query: str) -> str:
    return f"explore?lang=en&range=1h&q={quote(query)}"


def push(product: Product, lines: list[str]) -> None:
    request = urllib.request.Request(
        f"{product.url}/api/v1/import/prometheus", "\n".join(lines).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.status < 300


def text_of(page: Page, selector: str) -> str:
    return str(page.eval(f"document.querySelector({selector!r}).innerText"))


def test_a_query_has_a_chart_a_table_and_yaml(open_page: Open) -> None:
    page = open_page(explore("sum(up)"))
    page.wait("document.querySelector('.u-over')")
    page.wait("document.querySelector('[data-testid=rows] td')")
    assert "promql: 'sum(up)'" in text_of(page, "[data-testid=yaml]")
    assert page.errors == []


def test_an_error_is_shown_at_its_place(open_page: Open) -> None:
    page = open_page(explore("sum(up"))
    page.wait("document.querySelector('[data-testid=error]')")
    assert "parse error" in text_of(page, "[data-testid=error]")
    assert text_of(page, "[data-testid=caret]").splitlines()[1].endswith("^")


def test_five_thousand_series_stay_usable(open_page: Open, product: Product) -> None:
    push(product, [f'many_series{{n="{n}"}} {n}' for n in range(SERIES)])
    page = open_page(explore("many_series"))
    page.wait("document.querySelectorAll('[data-testid=rows] tbody tr').length === 100")
    page.wait("document.querySelector('[data-testid=more]')")
    assert "5,000" in text_of(page, "[data-testid=more]")
    assert page.errors == []
