"""What is expected of a disk that fills, as the page of its metric shows it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from jipyo.tsdb import Store
from support import weeks
from support.product import up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.browser import Browser
    from support.product import Product

pytestmark = pytest.mark.e2e

CONFIG = """\
timezone: Asia/Seoul
instance: e2e-host
collect: {host: false, process: false, gpu: false}
"""
CROSSING = "document.querySelector('[data-testid=crossing][data-level={level}]')"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("outlook")
    (folder / "jipyo.yaml").write_text(CONFIG)
    now_ms = int(time.time() * 1000)
    with Store.open(folder / "data", now_ms=lambda: now_ms) as store:
        weeks.fill_store(store, now_ms=now_ms)
    with up(folder / "data", "--config", str(folder / "jipyo.yaml")) as running:
        yield running


@pytest.mark.parametrize(
    ("lang", "dark", "words"),
    [
        ("en", False, ("Expected to reach 80%", "steady growth", "Probability")),
        ("ko", True, ("80% 도달 예상", "꾸준히 증가", "확률")),
    ],
)
def test_the_band_and_the_date_of_a_threshold_are_shown_with_the_reason(
    browser: Browser, site: Product, lang: str, dark: bool, words: tuple[str, ...]
) -> None:
    url = f"{site.url}/metric/system.disk.utilization?lang={lang}"
    page = browser.open(url, dark=dark)
    page.wait("document.querySelector('[data-testid=outlook-band]')", timeout_s=60)
    shape = page.eval("document.querySelector('[data-testid=outlook-band]').getAttribute('d')")
    assert len(str(shape)) > 100
    warning = CROSSING.format(level="warning")
    assert page.eval(f"{warning}.dataset.state") == "expected"
    text = str(page.eval(f"{warning}.innerText"))
    for word in words:
        assert word in text
    assert page.errors == []
    page.close()


def test_a_disk_that_is_cleared_can_be_chosen_and_is_not_announced(
    browser: Browser, site: Product
) -> None:
    page = browser.open(f"{site.url}/metric/system.disk.utilization?lang=en")
    page.wait("document.querySelector('[data-testid=outlook] select')", timeout_s=60)
    page.eval(
        "(() => { const s = document.querySelector('[data-testid=outlook] select');"
        " s.value = [...s.options].find(o => o.text === '/logs').value;"
        " s.dispatchEvent(new Event('change', {bubbles: true})); return true; })()"
    )
    critical = CROSSING.format(level="critical")
    page.wait(f"{critical}.dataset.state === 'not_expected'")
    assert "sawtooth" in str(page.eval(f"{critical}.innerText"))
    page.close()
