"""The dashboard of a running `jipyo up`, in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.browser import Page
    from support.product import Product

    Open = Callable[..., Page]

pytestmark = pytest.mark.e2e

HANGUL = re.compile("[가-힣]+")
WORDS = {
    "ko": {
        "ok": "정상",
        "pending": "초과 관찰 중",
        "warning": "주의",
        "critical": "위험",
        "unknown": "알 수 없음",
    },
    "en": {
        "ok": "OK",
        "pending": "Pending",
        "warning": "Warning",
        "critical": "Critical",
        "unknown": "Unknown",
    },
}
CPU_CHART = "#chart-system\\\\.cpu"
"""For a selector inside a JavaScript string."""
PLOT = "#chart-system\\.cpu .u-over"
TILE = "[data-metric='{}'] [data-testid=value]"


def show_charts(page: Page) -> None:
    page.eval(f"document.querySelector('{CPU_CHART}').scrollIntoView()")
    page.wait(f"document.querySelector('{CPU_CHART} .u-over')")


def text_of(page: Page, selector: str) -> str:
    return str(page.eval(f"document.querySelector({selector!r}).innerText"))


@pytest.mark.parametrize("group", ["system.cpu", "system.memory", "system.network"])
def test_every_chart_of_a_group_has_points(open_page: Open, group: str) -> None:
    page = open_page(f"?lang=ko&group={group}&range=15m")
    charts = page.eval("[...document.querySelectorAll('[data-chart]')].map(e => e.dataset.chart)")
    assert charts
    assert page.eval("document.querySelectorAll('h1').length") == 1
    for chart in charts:
        inside = f"document.querySelector('[data-chart=\"{chart}\"]')"
        page.eval(f"{inside}.scrollIntoView()")
        page.wait(f"{inside}.querySelector('canvas')")
        page.wait(f"[...{inside}.querySelectorAll('li b')].some(b => /[0-9]/.test(b.innerText))")


def test_a_chart_draws_its_thresholds(open_page: Open) -> None:
    page = open_page("?lang=en&theme=light")
    show_charts(page)
    # On an idle host they are out of reach, and only named at the edge.
    page.eval(f"document.querySelector('{CPU_CHART} [aria-pressed=true].small')?.click()")
    drawn = page.wait(
        f"""(() => {{
          const canvas = document.querySelector('{CPU_CHART} canvas');
          const {{ data }} = canvas.getContext('2d').getImageData(
            0, 0, canvas.width, canvas.height);
          const near = (i, r, g, b) => Math.abs(data[i] - r) < 12
            && Math.abs(data[i + 1] - g) < 12 && Math.abs(data[i + 2] - b) < 12;
          let warning = 0, critical = 0;
          for (let i = 0; i < data.length; i += 4) {{
            if (near(i, 0xcf, 0x7a, 0x05)) warning += 1;
            if (near(i, 0xd6, 0x3a, 0x45)) critical += 1;
          }}
          return warning > 100 && critical > 100 ? [warning, critical] : null;
        }})()"""
    )
    assert drawn


def test_english_is_complete(open_page: Open) -> None:
    page = open_page("?lang=en")
    page.eval("document.querySelector('[data-testid=missing]').open = true")
    page.wait("document.querySelector('[data-missing] p').textContent !== ''")
    page.press("?", "Slash", shift=True)
    page.eval("document.querySelectorAll('[lang=ko], noscript').forEach(e => e.remove())")
    shown = page.eval("document.documentElement.innerText + document.body.outerHTML")
    assert HANGUL.findall(shown) == []


def test_the_language_switches_and_stays(open_page: Open, product: Product) -> None:
    page = open_page("?lang=ko")
    assert HANGUL.search(text_of(page, "h1"))
    page.click("[data-testid=lang]")
    page.wait("document.documentElement.lang === 'en'")
    page.wait("!/[가-힣]/.test(document.querySelector('h1').innerText)")
    assert "lang=en" in page.eval("location.search")
    page.go(f"{product.url}/")
    assert page.wait("document.documentElement.lang") == "en"


def test_the_language_is_the_browsers_without_a_choice(open_page: Open, product: Product) -> None:
    page = open_page("?lang=en", language="ko-KR")
    page.eval("localStorage.clear()")
    page.go(f"{product.url}/")
    assert page.wait("document.documentElement.lang") == "ko"


def test_the_theme_follows_the_system_until_it_is_chosen(open_page: Open) -> None:
    page = open_page("?lang=en", dark=True)
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.eval(background)
    page.prefer(dark=False)
    page.wait(f"{background} !== '{dark}'")
    page.press("t")  # from system to light
    page.press("t")
    page.wait(f"{background} === '{dark}'")
    assert "theme=dark" in page.eval("location.search")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(open_page: Open, theme: str) -> None:
    page = open_page(f"?lang=en&theme={theme}")
    pairs = [(fore, back) for fore in ("fg", "soft", "mute") for back in ("bg", "card", "inset")]
    states = ("warning", "critical")
    pairs += [(state, "card") for state in ("ok", *states)]
    pairs += [(fore, f"{s}-soft") for s in states for fore in ("fg", "soft", "mute", s)]
    pairs += [("accent", back) for back in ("card", "bg", "accent-soft")]
    for fore, back in pairs:
        ratio = contrast(*(page.eval(TOKEN % name) for name in (fore, back)))
        assert ratio >= 4.5, (fore, back, ratio)


TOKEN = "getComputedStyle(document.documentElement).getPropertyValue('--%s').trim()"


def contrast(fore: str, back: str) -> float:
    """WCAG 2.2, contrast ratio."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    light, dark = sorted((luminance(fore), luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_zoom_survives_live_values_and_is_in_the_address(open_page: Open) -> None:
    page = open_page("?lang=en&range=1h")
    show_charts(page)
    page.drag(PLOT, 0.5, 0.9)
    page.wait("/zoom=\\d+-\\d+/.test(location.search)")
    zoomed = page.eval("location.search")
    span = text_of(page, "header .span")
    before = asked(page, "overview")
    page.wait("document.querySelector('[data-testid=reset]')")
    for _ in range(2):
        page.wait(
            f"performance.getEntriesByType('resource')"
            f".filter(e => e.name.includes('/overview')).length > {before}"
        )
        before += 1
    assert page.eval("location.search") == zoomed
    assert text_of(page, "header .span") == span
    page.press("Escape")
    page.wait("!location.search.includes('zoom')")


def asked(page: Page, path: str) -> int:
    return sum(f"/api/jipyo/{path}" in url for url in page.requests)


def test_a_link_shows_the_same_view_to_another_person(open_page: Open, product: Product) -> None:
    end = int(product.get("/api/jipyo/overview")["t"])
    search = f"?range=6h&group=system.memory&zoom={end - 300}-{end - 60}&lang=ko&theme=dark"
    page = open_page(search)
    assert page.eval("location.search") == search
    assert page.wait("document.querySelector('[data-testid=reset]')")
    assert page.eval("document.querySelector('[data-group=\"system.memory\"]').ariaCurrent")
    charts = page.eval("[...document.querySelectorAll('[data-chart]')].map(e => e.dataset.chart)")
    assert charts
    assert all(chart.startswith("system.memory.") for chart in charts)


def test_the_wheel_with_shift_zooms(open_page: Open) -> None:
    page = open_page("?lang=en")
    show_charts(page)
    page.wheel(PLOT, -120, shift=True)
    page.wait("location.search.includes('zoom')")


def test_the_cursor_is_linked_across_charts(open_page: Open) -> None:
    page = open_page("?lang=en&range=15m", height=1600)
    show_charts(page)
    page.wait("document.querySelectorAll('.u-over').length > 1")
    page.hover(PLOT, 0.95)
    readings = page.wait(
        "(() => { const at = [...document.querySelectorAll('.when span:first-child')]"
        ".map(e => e.innerText).filter(t => t.startsWith('At'));"
        " return at.length > 1 ? at : null })()"
    )
    assert len(set(readings)) == 1


def test_a_click_in_the_legend_isolates_a_series(open_page: Open) -> None:
    page = open_page("?lang=en&metrics=system.cpu.core.utilization")
    show_charts(page)
    page.wait(f"document.querySelectorAll('{CPU_CHART} li').length > 1")
    page.click("#chart-system\\.cpu li button")
    page.wait(f"document.querySelector('{CPU_CHART} li button').ariaPressed === 'true'")
    off = page.eval(f"document.querySelectorAll('{CPU_CHART} li button.off').length")
    assert off == page.eval(f"document.querySelectorAll('{CPU_CHART} li').length") - 1


def test_charts_ask_only_for_the_new_tail(open_page: Open) -> None:
    page = open_page("?lang=en&range=15m")
    show_charts(page)
    page.wait(
        "performance.getEntriesByType('resource')"
        ".filter(e => e.name.includes('/metric/system.cpu.utilization')).length > 1",
        timeout_s=60,
    )
    asked = [
        {
            name: float(value[0])
            for name, value in parse_qs(urlsplit(url).query).items()
            if name != "lang"
        }
        for url in page.requests
        if "/metric/system.cpu.utilization" in url
    ]
    assert asked[0]["end"] - asked[0]["start"] == 900
    assert asked[1]["start"] == asked[0]["end"]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_is_whole_without_any_other_host(
    open_page: Open, product: Product, lang: str
) -> None:
    page = open_page(f"?lang={lang}")
    page.eval("document.querySelector('[data-testid=missing]').open = true")
    for _ in range(8):
        page.eval("scrollBy(0, 700)")
        page.wait("document.querySelectorAll('canvas').length > 0")
    page.wait("document.fonts.status === 'loaded'")
    assert page.errors == []
    assert [line for line in page.console if line.level == "warning"] == []
    assert [url for url in page.requests if not url.startswith(product.url)] == []
    assert page.eval(
        "[...document.fonts].some(f => f.family.includes('Pretendard') && f.status === 'loaded')"
    )


@pytest.mark.parametrize(
    "search",
    ["?lang=ko", "?lang=en", "?lang=ko&group=system.cpu", "metric/system.cpu.utilization?lang=ko"],
)
def test_nothing_overflows_on_a_phone(open_page: Open, search: str) -> None:
    page = open_page(search, width=390, height=844)
    show_any_chart(page)
    assert page.eval("document.documentElement.scrollWidth") == 390
    wide = page.eval(
        "[...document.querySelectorAll('main *')]"
        ".filter(e => !e.closest('.choices, .hidden, .scroll'))"
        ".filter(e => e.getBoundingClientRect().right > 391)"
        ".map(e => e.className.toString())"
    )
    assert wide == []


def show_any_chart(page: Page) -> None:
    page.eval("document.querySelector('[data-chart]').scrollIntoView()")
    page.wait("document.querySelector('[data-chart] canvas')")


def test_the_keyboard_reaches_everything(open_page: Open) -> None:
    page = open_page("?lang=en")
    page.press("?", "Slash", shift=True)
    page.wait("document.querySelector('[data-testid=keys]').open")
    page.press("Escape")
    page.wait("!document.querySelector('[data-testid=keys]').open")
    page.press("3")
    page.wait("location.search.includes('range=6h')")
    page.press("]", "BracketRight")
    page.wait("location.search.includes('group=system.cpu')")
    page.press("Escape")
    page.wait("!location.search.includes('group')")
    page.press("ㅣ", "KeyL")  # the key L under a Korean input method
    page.wait("document.documentElement.lang === 'ko'")
    page.press("p")
    page.wait("document.querySelector('[data-testid=pause]').ariaPressed === 'true'")
    page.press("Tab")
    assert page.eval("getComputedStyle(document.activeElement).outlineStyle !== 'none'")


def test_a_screen_reader_gets_everything(open_page: Open) -> None:
    page = open_page("?lang=en")
    show_charts(page)
    nameless = page.eval(
        "[...document.querySelectorAll('button, a, [role=img], section, dialog, nav')].filter(e =>"
        " !(e.ariaLabel || e.getAttribute('aria-labelledby') || e.innerText.trim()))"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert nameless == []
    assert page.eval("document.querySelectorAll('h1').length") == 1
    label = page.eval(f"document.querySelector('{CPU_CHART} [role=img]').ariaLabel")
    assert re.search(r"Latest [\d.]+.*lowest.*highest", label)


def test_a_lost_connection_shows_a_banner_and_recovers(open_page: Open) -> None:
    page = open_page("?lang=en")
    page.offline()
    page.wait("document.querySelector('[data-testid=lost]')", timeout_s=40)
    assert re.search(r"of \d\d:\d\d:\d\d", text_of(page, "[data-testid=lost]"))
    page.offline(cut=False)
    page.wait("!document.querySelector('[data-testid=lost]')", timeout_s=40)


def test_metrics_without_data_are_folded_with_their_remedies(
    open_page: Open, product: Product
) -> None:
    page = open_page("?lang=ko")
    count = product.get("/api/jipyo/overview", lang="ko")["verdict"]["counts"]["absent"]
    assert f"데이터 없는 지표 {count}개" in text_of(page, "[data-testid=missing] summary")
    page.click("[data-testid=missing] summary")
    page.wait("[...document.querySelectorAll('[data-missing] p')].every(e => e.textContent !== '')")


def test_a_period_of_long_ago_is_entered_in_the_sites_zone(open_page: Open) -> None:
    page = open_page("?lang=ko", width=390)
    page.click("[data-testid=choose-period]")
    page.wait("document.querySelector('[data-testid=period][open]')")
    for end, text in (("first", "2026-01-05T09:00"), ("last", "2026-01-06T09:00")):
        page.eval(
            f"(() => {{ const all = [...document.querySelectorAll('[data-testid=period] input')];"
            f" const input = '{end}' === 'first' ? all[0] : all[1]; input.value = '{text}';"
            " input.dispatchEvent(new Event('input', { bubbles: true })) })()"
        )
    page.click("[data-testid=period] form button")
    page.wait("location.search.includes('zoom=1767571200-1767657600')")
    assert page.eval("document.querySelector('[data-testid=period]').open") is False
    assert page.eval("document.documentElement.scrollWidth") <= 390
    assert page.errors == []
