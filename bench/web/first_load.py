"""What a reader waits for who opens the dashboard in a fresh browser."""

from __future__ import annotations

import statistics
from typing import Any

from bench.web.result import report
from support.browser import Browser

TIMES = 5
GOAL_PAINT_S, GOAL_STANDS_S, GOAL_SHOWN_MS = 0.6, 1.0, 300
WATCH = """
new MutationObserver((_, watch) => {
  if (!document.querySelector('[data-testid=verdict]') || !document.querySelector('.day')) return;
  watch.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => window.stands = performance.now()));
}).observe(document, { subtree: true, childList: true });
"""
"""Notes when verdict and day are both on the screen, in ms since the navigation began."""
FIGURES = """(() => {
  const ends = performance.getEntriesByType('resource')
    .filter(({ name }) => name.includes('/api/jipyo/overview')).map((one) => one.responseEnd);
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  return { paint: paint.startTime, stands: window.stands, data: Math.max(...ends.slice(0, 2)) };
})()"""


def measure_first_load(url: str) -> None:
    """First paint, and when the overview stands; the median of some fresh browsers."""
    loads = [load_once(url) for _ in range(TIMES)]
    paint, stands = (statistics.median(one[name] for one in loads) for name in ("paint", "stands"))
    shown = statistics.median(one["stands"] - one["data"] for one in loads)
    report("first load, first paint", paint / 1000, GOAL_PAINT_S, "s")
    report("first load, overview stands", stands / 1000, GOAL_STANDS_S, "s")
    report("overview of 24 h, on the screen after its data", shown, GOAL_SHOWN_MS, "ms")


def load_once(url: str) -> dict[str, Any]:
    """The times of one load, in ms since the navigation began."""
    with Browser() as browser:
        page = browser.open("about:blank")
        page.call("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        page.go(f"{url}/?lang=ko")
        page.wait("window.stands > 0")
        times: dict[str, Any] = page.eval(FIGURES)
    return times
