"""Hostile names, values and texts are shown as text on every page, and 5,000 series stay usable."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import urllib3

from support.product import up
from support.services import free_port
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.browser import Browser, Page
    from support.product import Product

pytestmark = pytest.mark.e2e

MARKUP = "\"><img src=x onerror=window.hurt=1><script>window.hurt=1</script>'&amp;"
LINK = "javascript:window.hurt=1"
BIDI = "\u202egnp.exe\u2067\u200b"
"""Everything behind it stands in reverse where it is not isolated."""
EVIL = f"a{MARKUP}{BIDI}"
CONTROLS = "\x1b[31m\x07"
LONG = "길" * 100_000
MANY = 5000
SHOP = """\
version: 1
metrics:
- id: shop.load
  group: application
  name: {ko: 부하, en: Load}
  description: {ko: 부하, en: Load}
  unit: count
  direction: higher_is_worse
  labels: [instance, model]
  thresholds: {warning: 1, critical: 2, for: 0s}
  queries: [{exporter: shop, promql: 'max by (instance, model) (shop_load)'}]
- id: shop.many
  group: application
  name: {ko: 많음, en: Many}
  description: {ko: 많음, en: Many}
  unit: count
  direction: neutral
  labels: [shard]
  queries: [{exporter: shop, promql: 'max by (shard) (shop_many)'}]
"""
RULES = """\
groups:
- name: hostile
  rules:
  - alert: %s
    expr: shop_load > 0
    labels: {severity: critical, owner: %s}
    annotations: {summary: %s, description: %s, runbook_url: %s}
"""
REORDERED = """(() => {
  const controls = /[\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/;
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!controls.test(node.data) || node.parentElement.closest('option, textarea')) continue;
    let own = node.parentElement;
    const isApart = (e) => ['isolate', 'isolate-override', 'plaintext']
      .includes(getComputedStyle(e).unicodeBidi);
    const isInline = (e) => getComputedStyle(e).display.startsWith('inline');
    while (isInline(own) && !isApart(own)) own = own.parentElement;
    // What stands apart is this name alone, which flips neither neighbours nor words of ours.
    const text = node.data.trim();
    if (own.textContent.trim() !== text || !/^(a"><img|script>|rules\\.yaml)/.test(text))
      found.push(node.parentElement.outerHTML.slice(0, 200));
  }
  return found;
})()"""
"""Where a control that reorders text reaches words that are not the name it belongs to."""
INJECTED = """(() => [...document.querySelectorAll('main script, main img, [onerror]')]
  .concat([...document.querySelectorAll('a[href]')].filter(a => a.protocol === 'javascript:'))
  .map(e => e.outerHTML.slice(0, 200)))()"""
WIDER = """(() => [...document.querySelectorAll('main *')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest('.scroll, pre, .chips, .segments, svg, ol, table'))
  .slice(0, 3).map(e => e.outerHTML.slice(0, 160)))()"""


def quoted(text: str) -> str:
    """A label value of the text exposition."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def post(product: Product, path: str, body: object) -> Any:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = "text/plain" if isinstance(body, str) else "application/json"
    answer = urllib3.request(
        "POST",
        product.url + path,
        body=data,
        headers={"content-type": kind},
        retries=False,
        timeout=60,
    )
    assert answer.status < 300, answer.data[:300]
    return answer.json() if answer.data else None


def write_samples(product: Product) -> None:
    now = int(time.time() * 1000)
    lines = [
        f'shop_load{{instance="{quoted(host)}",model="{quoted(model)}"}} 3 {now - age * 15_000}'
        for host, model in ((EVIL, EVIL), ("h", LINK), ("h", CONTROLS), ("h", LONG))
        for age in range(4)
    ]
    lines += [
        f'shop_many{{shard="{number:04}{"x" * (number % 40)}"}} {number} {now - age * 15_000}'
        for number in range(MANY)
        for age in range(3)
    ]
    post(product, "/api/v1/import/prometheus", "\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A server with such names in metrics, targets, alerts, logs, notes and silences."""
    folder = tmp_path_factory.mktemp("hostile")
    port = free_port()
    (folder / "shop.yaml").write_text(SHOP)
    texts = [json.dumps(text) for text in (EVIL, EVIL, EVIL, EVIL, LINK)]
    (folder / "rules.yaml").write_text(RULES % tuple(texts))
    moment = datetime.now(UTC).isoformat()
    fields = {"@timestamp": moment, "level": "ERROR", "service": EVIL, "user": EVIL}
    rows = [{**fields, "message": f"{EVIL}{CONTROLS}\x00"}, {**fields, "message": EVIL + LONG}]
    (folder / "app.log").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = folder / "jipyo.yaml"
    config.write_text(
        f"timezone: Asia/Seoul\ninstance: {json.dumps(EVIL)}\n"
        "alerts: {interval: 1s, rule_files: [rules.yaml]}\n"
        "catalogue: {files: [shop.yaml]}\nlogs: {files: [{path: app.log}]}\n"
        "collect:\n  interval: 5s\n  scrape:\n"
        f"  - {{job: {json.dumps(EVIL)}, url: 'http://127.0.0.1:{port}/metrics'}}\n"
    )
    with up(folder / "data", "--config", str(config)) as running:
        write_samples(running)
        silence = {"match": f"owner={json.dumps('nobody' + EVIL, ensure_ascii=False)}"}
        silence |= {"reason": EVIL, "who": EVIL[:70], "duration": "2h"}
        post(running, "/api/jipyo/silences", silence)
        wait_until(lambda: list_incidents(running), 60)
        wait_until(lambda: running.get("/api/jipyo/logs")["lines"], 60)
        for number in list_incidents(running):
            note = {"who": EVIL[:70], "text": f"{EVIL}\n{LINK}"}
            post(running, f"/api/jipyo/incidents/{number}/notes", note)
        yield running


def list_incidents(product: Product) -> list[int]:
    """The numbers of those that are open."""
    found = product.get("/api/jipyo/incidents", state="open")["incidents"]
    return [one["number"] for one in found]


def find_faults(page: Page, width: int) -> dict[str, object]:
    """What is wrong with what the page shows; nothing on a page that is right."""
    return {
        name: fault
        for name, fault in {
            "ran": page.eval("window.hurt ?? null"),
            "injected": page.eval(INJECTED),
            "reordered": page.eval(REORDERED),
            "wide": max(0, page.eval("document.documentElement.scrollWidth") - width)
            and page.eval(WIDER),
            "console": [line.text for line in page.console if line.level == "exception"],
        }.items()
        if fault
    }


PAGES = {
    "": "[data-testid=attention]",
    "incidents": "[data-incident]",
    "incidents/1": "[data-testid=history]",
    "metrics/shop.load": "[data-testid=series] tbody tr",
    f"explore?q={quote('shop_load')}": "[data-testid=rows] tbody tr",
    "logs?range=1h": "[data-testid=logs-lines] [role=option]",
    "targets": "[data-testid=targets]",
    "silences": "[data-silence]",
    "settings": "[data-group]",
}


@pytest.mark.parametrize("path", PAGES)
def test_hostile_data_are_text(hostile: Product, browser: Browser, path: str) -> None:
    page = browser.open(f"{hostile.url}/{path}{'&' if '?' in path else '?'}lang=ko")
    page.wait(f"document.querySelector('{PAGES[path]}')", 60)
    faults = {1440: find_faults(page, 1440)}
    page.resize(390, 844)
    page.wait("new Promise(next => requestAnimationFrame(() => setTimeout(() => next(true), 300)))")
    faults[390] = find_faults(page, 390)
    if path.startswith("logs"):
        page.click("[data-testid=logs-lines] [role=option]")
        page.wait("document.querySelector('[data-testid=message]')")
        faults[391] = find_faults(page, 390)
    assert {width: found for width, found in faults.items() if found} == {}
    assert page.eval("document.querySelector('main').textContent.includes('<img src=x onerror')")
    page.close()


@pytest.mark.parametrize("path", ["metrics/shop.many", f"explore?q={quote('shop_many')}"])
def test_a_chart_of_5000_series_is_drawn_and_answers(
    hostile: Product, browser: Browser, path: str
) -> None:
    page = browser.open(f"{hostile.url}/{path}{'&' if '?' in path else '?'}lang=en&range=1h")
    page.wait("document.querySelector('main canvas')", 60)
    page.wait("document.querySelectorAll('main tbody tr').length > 3", 60)
    assert page.eval("document.querySelectorAll('main tbody tr').length") <= 200
    assert page.eval("document.querySelectorAll('*').length") < 5000
    if path.startswith("explore"):
        assert "5,000" in page.eval("document.querySelector('main').innerText")
    page.call("Performance.enable", {"timeDomain": "threadTicks"})
    before = busy_s(page)
    page.hover("main .u-over", 0.9)
    page.press("[", "BracketLeft")
    page.wait("location.search.includes('from=')")
    assert busy_s(page) - before < 1
    assert [line for line in page.console if line.level == "exception"] == []
    page.close()


def busy_s(page: Page) -> float:
    """How much of a CPU the page has taken so far: scripts, styles and layout."""
    metrics = {one["name"]: one["value"] for one in page.call("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])
