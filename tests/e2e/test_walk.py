"""Every route, in both languages and themes, on phone, desktop and wall, at device scale 1 and 2.

A page is loaded once for each language and then seen under every pairing of theme, width and
scale, which change nothing but styles and charts: no text may be cut off or outside under any.
Axe sees each route in each theme at each width, two of the four in each language, at scale 1; a
scale changes nothing that it judges. The widest window is only seen at scale 1, in one theme for
each language. English is walked behind a path prefix, Korean without one.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.axe import list_violations
from support.lived_in import DEAD_JOBS, ZONE, up_lived_in
from support.prefix_proxy import serve_below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.browser import Browser, Page
    from support.product import Product

pytestmark = pytest.mark.e2e

ROUTER = Path(__file__).parents[2] / "frontend/src/routes/router.svelte.ts"
PATHS = {
    "overview": [""],
    "incidents": ["incidents", "incidents/1", "incidents/999"],
    "silences": ["silences"],
    "metrics": ["metrics"],
    "metric": ["metrics/system.gpu.memory.utilization?at=HELD", "metrics/system.cpu.utilization"],
    "explore": ["explore?q=up", "explore?q=sum(up"],
    "logs": ["logs"],
    "targets": ["targets"],
    "months": ["months", "months/MONTH/reports", "months/MONTH/inspection"],
    "report": ["reports/REPORT", "reports/none"],
    "settings": ["settings"],
    "unknown": ["nowhere"],
}
"""The addresses of each route of the router."""
REFUSED = {
    "explore?q=sum(up": "/api/v1/query",
    "incidents/999": "/api/jipyo/incidents/999",
    "reports/none": "/api/jipyo/reports/none",
}
"""The pages of what there is not, and the one request of each that the server refuses."""
PHONE, DESKTOP, WIDE = (390, 844), (1440, 900), (2560, 1440)
WALLS = ((1920, 1080), WIDE)
SETTLED = """(() => {
  const busy = document.querySelector('.loading, .bars') ||
    !document.querySelector('[data-testid=content] h1, .wall h1') ||
    document.fonts.status !== 'loaded';
  const count = performance.getEntriesByType('resource').length;
  const since = window.walk ?? { count: -1, at: 0 };
  if (busy || since.count !== count) window.walk = { count, at: performance.now() };
  return !busy && since.count === count && performance.now() - since.at > 500;
})()"""
"""Nothing loads, and nothing was asked for in the last half second."""
FAULTS = r"""(() => {
  const room = document.documentElement.clientWidth, faults = [];
  const name = (e) => `${e.tagName.toLowerCase()}.${e.className?.baseVal ?? e.className}: ` +
    e.textContent.trim().slice(0, 60);
  if (document.documentElement.scrollWidth > room)
    faults.push(`${document.documentElement.scrollWidth} px in a window of ${room} px`);
  for (const e of document.querySelectorAll('body *')) {
    if (!e.textContent.trim() ||
      e.closest('svg, iframe, .hidden, .skip, option, [popover], dialog, noscript')) continue;
    const box = e.getBoundingClientRect();
    const style = getComputedStyle(e);
    if (box.width === 0 || box.height === 0 || style.clipPath !== 'none') continue;
    const cuts = style.overflowX === 'hidden' || style.overflowX === 'clip';
    const isCut = cuts &&
      (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 2);
    if (isCut && !e.closest('[title]')) faults.push(`cut off: ${name(e)}`);
    const scrolls = (one) => one && one !== document.documentElement &&
      (/auto|scroll/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
    if ((box.right > room + 1 || box.left < -1) && !scrolls(e)) faults.push(`outside: ${name(e)}`);
  }
  return [...new Set(faults)].slice(0, 20);
})()"""
"""What is wider than the window, outside it, or cut off without its whole text in a title."""
TEXTS = """[...document.querySelectorAll('body, body *')]
  .filter((e) => !e.closest('pre, code, textarea, iframe, script, noscript, [lang], .message'))
  .flatMap((e) => [e.title, e.ariaLabel, ...[...e.childNodes].filter((n) => n.nodeType === 3)
    .map((n) => n.textContent)]).filter(Boolean).map((text) => text.trim()).filter(Boolean)"""
"""What a person reads or hears, but for what are data by its markup."""
PRETENDARD = (
    "[...document.fonts].some(f => f.family.includes('Pretendard') && f.status === 'loaded')"
)
"""The font comes with the page, from no other host."""
HANGUL = re.compile("[가-힣]+")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with up_lived_in(tmp_path_factory.mktemp("walk")) as running:
        yield running


@pytest.fixture(scope="module")
def roots(site: Product) -> Iterator[dict[str, str]]:
    """Where the dashboard is, by the language it is walked in."""
    with serve_below("/a/b/", site.url) as below:
        yield {"ko": f"{site.url}/", "en": below}


def address(site: Product, path: str) -> str:
    """The path with the report, the month and a moment that there are."""
    report = site.get("/api/jipyo/reports")["reports"][0]["id"]
    month = site.get("/api/jipyo/overview/day")["budgets"][0]["month"]
    moment = datetime.now(ZONE) - timedelta(hours=1)
    path = path.replace("REPORT", report).replace("MONTH", month)
    return path.replace("HELD", f"{moment:%Y-%m-%dT%H:%M:%S}")


def list_views(lang: str) -> list[tuple[tuple[int, int], bool, int]]:
    """Each pairing of width, theme (dark or not) and scale that a language is seen in."""
    narrow = [
        (size, dark, n) for size in (PHONE, DESKTOP) for dark in (False, True) for n in (1, 2)
    ]
    return [*narrow, (WIDE, lang == "ko", 1)]


def is_for_axe(lang: str, size: tuple[int, int], dark: bool, scale: int) -> bool:
    """Whether axe sees a pairing in this language rather than in the other, or not at all."""
    return scale == 1 and size != WIDE and dark == ((lang == "ko") == (size == DESKTOP))


def list_errors(page: Page, path: str) -> list[str]:
    """Errors and warnings of the console and refusals, but for the one that the path is for."""
    warnings = [line.text for line in page.console if line.level == "warning"]
    refused = REFUSED.get(path)
    return [one for one in [*page.errors, *warnings] if refused is None or refused not in one]


def show(page: Page, size: tuple[int, int], scale: int, *, dark: bool) -> None:
    """Give the page a window and a theme, and let it draw."""
    width, height = size
    page.call(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False},
    )
    page.prefer(dark=dark)
    page.eval(
        "new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(() => next(0))))"
    )


def list_language_faults(page: Page, lang: str, data: set[str]) -> list[str]:
    """Texts in another language than the page's, but for the data of the site."""
    texts = [str(text) for text in page.eval(TEXTS)]
    if lang == "en":
        rest = [re.sub("|".join(map(re.escape, data)), "", text) for text in texts]
        return [text for text, own in zip(texts, rest, strict=True) if HANGUL.search(own)]
    sentence = re.compile(r"^[A-Z][a-z]+( [a-z]+){2,}")
    return [text for text in texts if sentence.match(text) and not HANGUL.search(text)]


def test_the_walk_knows_every_route_of_the_router() -> None:
    text = ROUTER.read_text("utf-8")
    routes = set(re.findall(r"page: '(\w+)'", text.split("export type Page")[0]))
    routes |= set(re.findall(r"'(\w+)'", text.split("const PLAIN = [")[1].split("]")[0]))
    assert routes == set(PATHS)


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("path", [path for paths in PATHS.values() for path in paths])
def test_a_route_has_no_fault_under_any_pairing(
    site: Product, roots: dict[str, str], browser: Browser, path: str, lang: str
) -> None:
    page = browser.open("about:blank")
    where = address(site, path)
    mark = "&" if "?" in where else "?"
    page.go(f"{roots[lang]}{where}{mark}lang={lang}&theme=system&range=6h")
    page.wait(SETTLED, 60)
    faults = list_language_faults(page, lang, names_of(site))
    for size, dark, scale in list_views(lang):
        show(page, size, scale, dark=dark)
        found = page.eval(FAULTS)
        if is_for_axe(lang, size, dark, scale):
            found += list_violations(page)
        faults += [f"{size[0]} px, dark {dark}, x{scale}: {one}" for one in found]
    assert [*faults, *list_errors(page, path)] == []
    assert page.eval("document.querySelectorAll('h1').length") == 1
    assert page.eval("document.querySelector('[data-testid=not-found]') !== null") == (
        path == "nowhere"
    )
    assert page.eval("document.querySelector('[data-testid=held]') !== null") == ("HELD" in path)
    assert page.eval(PRETENDARD)
    assert [
        url for url in page.requests if not url.startswith((roots[lang], "about:", "data:"))
    ] == []
    page.close()


def names_of(site: Product) -> set[str]:
    """What people of the site have named in Korean."""
    days = site.get("/api/jipyo/overview/day")["budgets"]
    return {*DEAD_JOBS, *(one["name"] for one in days)}


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("size", WALLS)
def test_a_wall_shows_all_it_has_on_one_screen(
    site: Product, browser: Browser, lang: str, size: tuple[int, int]
) -> None:
    page = browser.open(f"{site.url}/?lang={lang}&theme=system&wall=1")
    for dark in (False, True):
        for scale in (1, 2):
            show(page, size, scale, dark=dark)
            page.wait(SETTLED, 60)
            assert page.eval("document.documentElement.scrollHeight") <= size[1]
            below = page.eval(
                f"[...document.querySelectorAll('main *')].filter((e) => !e.closest('.hidden') &&"
                f" e.getBoundingClientRect().bottom > {size[1]}).map((e) => e.textContent)"
            )
            assert below == []
            assert page.eval(FAULTS) == []
        assert list_violations(page) == []
    assert page.eval("document.querySelectorAll('[data-attention]').length") == 3
    assert page.eval("document.querySelectorAll('[data-gpu]').length") == 4
    heights = page.eval(
        "[...document.querySelectorAll('[data-objective] svg[role=img]')].map(e => e.clientHeight)"
    )
    assert min(heights) >= size[1] / 30, "the courses of the objectives can be read"
    assert page.eval("document.querySelectorAll('h1').length") == 1
    assert page.errors == []
    page.close()
