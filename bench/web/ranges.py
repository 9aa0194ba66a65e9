"""How soon a chart stands once its data are there, after its range was switched."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from bench.web.result import report
from support.browser import Browser

if TYPE_CHECKING:
    from support.browser import Page

TIMES = 5
METRIC = "system.gpu.utilization"
GOALS_MS = {"24h": 300, "30d": 500, "13mo": 700}
WATCH = """
window.drawn = 0;
for (const name of ['stroke', 'fill', 'fillText']) {
  const real = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...all) {
    window.drawn = performance.now();
    return real.apply(this, all);
  };
}
"""
SWITCH = """(async (range) => {
  const pause = (ms) => new Promise((next) => setTimeout(next, ms));
  performance.clearResourceTimings();
  history.pushState(null, '', `${location.pathname}?lang=ko&range=${range}`);
  dispatchEvent(new PopStateEvent('popstate'));
  const find = () => performance.getEntriesByType('resource').find(
    ({ name, responseEnd }) => /metric.[a-z_.]+[?]/.test(name) && responseEnd > 0);
  for (let i = 0; i < 200 && !(find() && window.drawn > find().responseEnd); i++) await pause(20);
  await pause(600);
  return window.drawn - find().responseEnd;
})"""


def measure_ranges(url: str) -> None:
    """The chart of a metric of four GPUs; the median of some switches to each range."""
    with Browser() as browser:
        page = browser.open("about:blank")
        page.call("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        page.go(f"{url}/metrics/{METRIC}?lang=ko&range=7d")
        page.wait("document.querySelector('.plot canvas')")
        page.wait("document.fonts.status === 'loaded'")
        for range_, goal in GOALS_MS.items():
            found = statistics.median(switch_to(page, range_) for _ in range(TIMES))
            report(f"chart switched to {range_}, drawn after its data", found, goal, "ms")


def switch_to(page: Page, range_: str) -> float:
    """Milliseconds from the end of the answer to the last stroke of the chart."""
    page.eval(f"{SWITCH}('1h')")
    ms: float = page.eval(f"{SWITCH}('{range_}')")
    return ms
