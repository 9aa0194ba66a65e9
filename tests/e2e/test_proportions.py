"""A share of counted cases on the dashboard: how many there were, and its 95 % interval."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
import urllib3

from support.product import up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.browser import Browser
    from support.product import Product

pytestmark = pytest.mark.e2e

CASES = [(0, 0), (400, 380), (1203, 1134)]
"""Predictions labelled and correct so far."""


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("accuracy")
    config = folder / "jipyo.yaml"
    config.write_text("instance: e2e-host\ncollect:\n  interval: 1s\n")
    with up(folder / "data", "--config", str(config)) as product:
        for labelled, correct in CASES:
            page = (
                f'jipyo_predictions_labelled_total{{model="reranker"}} {labelled}\n'
                f'jipyo_predictions_correct_total{{model="reranker"}} {correct}\n'
                'jipyo_model_accuracy_ratio{model="llama-8b",dataset="golden"} 0.961\n'
            )
            answer = urllib3.request("POST", f"{product.url}/api/v1/import/prometheus", body=page)
            assert answer.status == 204, answer.data
            time.sleep(1)
        yield product


@pytest.mark.parametrize(
    ("lang", "cases", "unknown"),
    [
        ("ko", "n = 1,203, 95% 신뢰구간 92.8–95.4%", "건수 미상"),
        ("en", "n = 1,203, 95% CI 92.8–95.4%", "n unknown"),
    ],
)
def test_a_share_is_shown_with_its_cases_and_interval(
    evaluated: Product, browser: Browser, lang: str, cases: str, unknown: str
) -> None:
    url = f"{evaluated.url}/metrics/ai.model.accuracy?lang={lang}&range=1h"
    page = browser.open(url, width=390, height=844)
    page.wait("document.querySelector('[data-testid=cases]')", timeout_s=60)
    head = page.eval("document.querySelector('[data-testid=cases]').innerText")
    assert head.replace("\u00a0", " ") == cases
    shown = "[...document.querySelectorAll('[data-testid=series] td:nth-child(2) small')]"
    texts = f"{shown}.map((e) => e.innerText.replaceAll('\u00a0', ' '))"
    expected = json.dumps([cases, unknown], ensure_ascii=False, separators=(",", ":"))
    page.wait(f"JSON.stringify({texts}) === {json.dumps(expected)}")
    assert page.eval("document.documentElement.scrollWidth") <= 390
    assert page.errors == []
    page.close()
