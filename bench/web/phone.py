"""How long the overview is on a phone while something is critical."""

from __future__ import annotations

from bench.web.result import report
from support.browser import Browser

WIDTH, HEIGHT = 390, 844
GOAL_PX = 3000
FIRST_ACTION = "[data-testid=ack], [data-testid=verdict] :is(a, button)"


def measure_phone(url: str) -> None:
    """Height of the page, and where the first action ends."""
    with Browser() as browser:
        page = browser.open(f"{url}/?lang=ko", width=WIDTH, height=HEIGHT)
        page.wait("document.querySelector('.day')")
        page.wait("document.fonts.status === 'loaded'")
        state = page.eval("document.querySelector('[data-testid=verdict]').dataset.state")
        height = page.eval("document.documentElement.scrollHeight")
        box = f"document.querySelector('{FIRST_ACTION}')?.getBoundingClientRect().bottom ?? 1e6"
        bottom = page.eval(box)
    report(f"overview at {WIDTH} px, {state}: height", height, GOAL_PX, "px")
    report(f"overview at {WIDTH} px, {state}: first action ends at", bottom, HEIGHT, "px")
