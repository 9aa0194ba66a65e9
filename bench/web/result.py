"""How figures are printed, and what they were measured with."""

from __future__ import annotations

import re

from support.browser import Browser


def report(name: str, value: float, goal: float, unit: str, *, is_least: bool = False) -> None:
    """One line; a goal that is missed is marked. `is_least`: more is better."""
    ratio = value / goal
    is_met = ratio >= 1 if is_least else ratio <= 1
    mark = "" if is_met else "  MISSED"
    print(f"{name:52} {value:8.4g} {unit:9} goal {goal:5g}  ratio {ratio:4.2f}{mark}", flush=True)


def describe_browser() -> str:
    """Name and version of the browser."""
    with Browser() as browser:
        product = browser.call("Browser.getVersion")["product"]
    return re.sub(r"^(Headless)?Chrome/", "Chromium ", product)
