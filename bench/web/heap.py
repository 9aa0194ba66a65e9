"""Whether a page that is left open grows: eight hours of live events in a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.web.result import report
from support.browser import Browser

if TYPE_CHECKING:
    from support.browser import Page

HOURS = 8
TICK_S, POLL_S, STEP_S = 5, 10, 75
GOAL_GROWTH = 0.1
PAGES = {"overview": "?lang=ko", "metric": "metrics/system.gpu.utilization?lang=ko"}
PLAY = """
const real = window.fetch.bind(window), bodies = new Map(), utf8 = new TextEncoder();
let stream, charts = [];
window.fetch = async (input, init) => {
  const url = new URL(input);
  if (url.pathname.endsWith('/live')) {
    charts = url.searchParams.getAll('metric');
    const headers = { 'content-type': 'text/event-stream' };
    return new Response(new ReadableStream({ start: (one) => (stream = one) }), { headers });
  }
  if (!bodies.has(url.pathname)) bodies.set(url.pathname, await (await real(input, init)).text());
  return new Response(bodies.get(url.pathname), { headers: { etag: '"1"' } });
};
const send = (kind, data) =>
  stream?.enqueue(utf8.encode(`id: x\\nevent: ${kind}\\ndata: ${JSON.stringify(data)}\\n\\n`));
let t = 0;
function sendTails(step) {
  for (const metric of charts) {
    const body = [...bodies].find(([path]) => path.endsWith(`/metric/${metric.split('?')[0]}`));
    if (!body) continue;
    const range = JSON.parse(body[1]), at = Math.floor(t / step) * step;
    const times = [at - 2 * step, at - step, at];
    const series = range.series.map((one) => ({
      ...one, values: times.map(() => Math.random() * 100), breaches: [], proportion: null,
    }));
    send('tail', { metric, range: { ...range, t: times, series } });
  }
}
window.play = async (seconds, tick, poll, step) => {
  const known = [...bodies].find(([path]) => path.endsWith('/overview'));
  t ||= JSON.parse(known[1]).t;
  for (let gone = tick; gone <= seconds; gone += tick) {
    t += tick;
    if (gone % step < tick) sendTails(step);
    send('change', { in: { t: { set: t } } });
    if (gone % poll === 0) document.dispatchEvent(new Event('visibilitychange'));
    await new Promise((next) => setTimeout(next));
  }
  await new Promise((next) => setTimeout(next, 500));
};
"""
"""Plays the server: answers that came once come again, and events are made as the hours pass."""


def measure_heap(url: str) -> None:
    """The heap after the eighth hour against that after the first one, collected both times."""
    with Browser() as browser:
        for name, path in PAGES.items():
            page = browser.open("about:blank")
            page.call("Page.addScriptToEvaluateOnNewDocument", {"source": PLAY})
            page.go(f"{url}/{path}")
            page.wait("document.querySelector('.day, .plot canvas')")
            before = page.eval("document.body.innerText")
            play_hour(page)
            assert page.eval("document.body.innerText") != before, "the page takes no events"
            first = read_heap_mb(page)
            for _ in range(HOURS - 1):
                play_hour(page)
            last = read_heap_mb(page)
            page.close()
            text = f"heap of the {name} page, growth from {first:.2f} MB in {HOURS} h"
            report(text, last / first - 1, GOAL_GROWTH, "")


def play_hour(page: Page) -> None:
    """An hour of events, as fast as the page takes them."""
    page.eval(f"window.play(3600, {TICK_S}, {POLL_S}, {STEP_S})")


def read_heap_mb(page: Page) -> float:
    """What is still referenced."""
    for _ in range(2):
        page.call("HeapProfiler.collectGarbage")
    used: float = page.call("Runtime.getHeapUsage")["usedSize"]
    return used / 1e6
