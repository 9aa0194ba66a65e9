"""The frame of the dashboard: navigation, one time for all pages, keyboard, bands, settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support.axe import list_faults, list_violations

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.browser import Page
    from support.product import Product

    Open = Callable[..., Page]

pytestmark = pytest.mark.e2e

PAGES = ("overview", "incidents", "metrics", "logs", "targets", "months")
PERIOD = "from=2026-01-05T09:00:00&to=2026-01-06T09:00:00"
AT = "&at=2026-01-05T12:00:00"


HANGUL = re.compile("[가-힣]+")
TOKEN = "getComputedStyle(document.documentElement).getPropertyValue('--%s').trim()"


def text_of(page: Page, selector: str) -> str:
    return str(page.eval(f"document.querySelector({selector!r}).innerText"))


def type_into(page: Page, testid: str, text: str) -> None:
    page.eval(
        f"(() => {{ const input = document.querySelector('[data-testid={testid}]');"
        f" input.value = {text!r}; input.dispatchEvent(new Event('input', {{ bubbles: true }}));"
        " input.dispatchEvent(new Event('change', { bubbles: true })) })()"
    )


def open_calendar(page: Page) -> None:
    page.click("[data-testid=choose-period]")
    page.wait("document.querySelector('#calendar:popover-open')")


@pytest.mark.parametrize(("lang", "theme"), [("ko", "light"), ("en", "dark")])
def test_the_narrow_rail_has_no_fault(open_page: Open, lang: str, theme: str) -> None:
    page = open_page(f"targets?lang={lang}&theme={theme}", width=1000)
    assert list_faults(page) == []


@pytest.mark.parametrize(
    ("width", "rail", "bar"), [(390, 0, True), (1000, 64, False), (1440, 208, False)]
)
def test_the_navigation_fits_the_screen(open_page: Open, width: int, rail: int, bar: bool) -> None:
    page = open_page("targets?lang=ko", width=width)
    shown = page.eval("document.querySelector('.rail').getBoundingClientRect().width")
    assert shown == rail
    assert page.eval("document.querySelector('.tabbar').getClientRects().length > 0") is bar
    names = page.eval("[...document.querySelectorAll('.rail [data-nav]')].map(e => e.dataset.nav)")
    assert names == [*PAGES, "settings"]


def test_the_range_stays_when_the_page_changes_and_back_works(open_page: Open) -> None:
    page = open_page("?lang=en")
    page.click("[data-range='6h']")
    page.wait("location.search.includes('range=6h')")
    page.click("[data-nav=targets]")
    page.wait("document.querySelector('[data-testid=targets]')")
    assert page.eval("location.search") == "?range=6h&lang=en"
    page.eval("history.back()")
    page.wait("document.querySelector('.rail [data-nav=overview]').ariaCurrent === 'page'")
    page.eval("history.back()")
    page.wait("document.querySelector('[data-range=\"24h\"]').ariaCurrent === 'true'")


def test_a_browser_finds_the_metrics_where_scrapers_find_the_samples(
    open_page: Open, product: Product
) -> None:
    page = open_page("?lang=ko")
    page.go(f"{product.url}/metrics?lang=ko")
    assert page.wait("document.querySelector('main h1')")
    text = page.eval("fetch('metrics', {headers: {accept: 'text/plain'}}).then(r => r.text())")
    assert "# TYPE jipyo_" in text


def test_a_day_a_week_and_a_month_are_taken_whole(open_page: Open) -> None:
    page = open_page("?lang=ko")
    open_calendar(page)
    page.eval("document.querySelector('#calendar .months button').focus()")
    month = page.eval("document.querySelector('#calendar .months button').dataset.month")
    year, number = map(int, str(month).split("-"))
    page.eval("document.querySelector('#calendar .months button').click()")
    page.wait("location.search.includes('from=')")
    start, end = re.findall(r"(\d{4}-\d\d)-01T00:00:00", str(page.eval("location.search")))
    assert start == f"{year}-{number:02}"
    assert end == f"{year + number // 12}-{number % 12 + 1:02}"
    assert page.eval("document.querySelector('#calendar:popover-open')") is None
    open_calendar(page)
    page.click("#calendar tr:nth-child(2) [data-week]")
    page.wait("!document.querySelector('#calendar:popover-open')")
    search = str(page.eval("location.search"))
    days = page.eval(
        "(() => { const p = new URLSearchParams(location.search);"
        " return (Date.parse(p.get('to')) - Date.parse(p.get('from'))) / 864e5 })()"
    )
    assert days == 7, search
    open_calendar(page)
    page.click("#calendar tr:nth-child(2) [data-day]")
    page.wait(f"location.search !== '{search}'")
    assert text_of(page, "[data-testid=live]").strip() == "일시 정지"
    page.click("[data-testid=live]")
    page.wait("!location.search.includes('from=')")


@pytest.mark.parametrize("width", [390, 1440])
def test_an_exact_period_is_entered_in_the_sites_zone(open_page: Open, width: int) -> None:
    page = open_page("?lang=ko", width=width)
    open_calendar(page)
    assert list_violations(page) == []
    assert "Asia/Seoul" in text_of(page, "#calendar form")
    type_into(page, "period-text", "soon")
    page.click("#calendar form .button")
    page.wait("document.querySelector('#calendar [role=alert]')")
    type_into(page, "period-text", "2026-01-05 09:00 ~ 2026-01-06 09:00")
    page.click("#calendar form .button")
    page.wait(f"location.search === '?{PERIOD}&lang=ko'")
    assert page.eval("document.documentElement.scrollWidth") <= width
    assert page.errors == []


def test_the_keyboard_goes_everywhere(open_page: Open) -> None:
    page = open_page("?lang=en")
    for key, code, path in (("t", "KeyT", "targets"), ("ㅑ", "KeyI", "incidents")):
        page.press("g", "KeyG")
        page.press(key, code)
        page.wait(f"location.pathname === '/{path}'")
    page.press("?", "Slash", shift=True)
    page.wait("document.querySelector('[data-testid=keys]').open")
    assert list_violations(page) == []
    page.press("Escape")
    page.wait("!document.querySelector('[data-testid=keys]').open")
    page.press("[", "BracketLeft")
    page.wait("location.search.includes('from=')")
    page.press("0", "Digit0")
    page.wait("!location.search.includes('from=')")
    page.press("w", "KeyW")
    page.wait("location.search.includes('wall=1')")


def test_single_letters_can_be_switched_off(open_page: Open) -> None:
    page = open_page("settings?lang=en")
    page.click("[data-testid=set-letters]")
    page.eval("document.activeElement.blur()")
    page.press("w", "KeyW")
    page.press("[", "BracketLeft")
    assert page.eval("location.search") == "?lang=en"
    page.click("[data-testid=set-letters]")


def test_a_held_moment_leads_to_its_logs_and_is_released(open_page: Open) -> None:
    page = open_page(f"targets?{PERIOD}{AT}&lang=ko")
    page.wait("document.querySelector('[data-testid=held]')")
    assert "1월 5일 (월) 12:00:00" in text_of(page, "[data-testid=held]")
    link = page.eval("document.querySelector('[data-testid=held] a').getAttribute('href')")
    assert link == f"/logs?{PERIOD}{AT}&lang=ko"
    page.press("Escape")
    page.wait("!document.querySelector('[data-testid=held]')")
    assert page.eval("location.search") == f"?{PERIOD}&lang=ko"


def test_a_wall_screen_has_a_clock_and_nothing_to_click(open_page: Open) -> None:
    page = open_page("?lang=ko&wall=1", width=2560, height=1440)
    assert re.fullmatch(r"\d\d:\d\d", text_of(page, "[data-testid=wall-clock]"))
    assert page.eval("parseFloat(getComputedStyle(document.documentElement).fontSize)") > 27
    assert page.eval("document.querySelector('.rail, .tabbar, .time')") is None
    assert page.eval("getComputedStyle(document.querySelector('main')).pointerEvents") == "none"


def test_a_lost_connection_is_a_band_and_all_else_is_grey(open_page: Open) -> None:
    page = open_page("targets?lang=en")
    page.offline()
    page.wait("document.querySelector('[data-testid=lost]')", timeout_s=60)
    assert re.search(r"of \d\d:\d\d:\d\d", text_of(page, "[data-testid=lost]"))
    grey = "getComputedStyle(document.querySelector('[data-testid=content]'))"
    assert page.eval(f"{grey}.filter") == "grayscale(1)"
    assert page.eval(f"{grey}.opacity") == "0.88"
    assert "Offline" in text_of(page, ".foot")
    page.offline(cut=False)
    page.wait("!document.querySelector('[data-testid=lost]')", timeout_s=60)


def test_the_title_of_the_tab_begins_with_the_states_shape(open_page: Open) -> None:
    page = open_page("targets?lang=en")
    title = str(page.eval("document.title"))
    assert re.match(r"[●◔▲⬣◌] \w+.* · Targets · e2e-host – jipyo$", title)


def test_the_skip_link_leads_to_the_content(open_page: Open) -> None:
    page = open_page("targets?lang=en")
    page.press("Tab")
    assert page.eval("document.activeElement.classList[0]") == "skip"
    page.press("Enter")
    page.wait("document.activeElement.id === 'content'")


def test_the_settings_name_the_line_that_sets_a_value(open_page: Open) -> None:
    page = open_page("settings?lang=en")
    page.wait("document.querySelector('[data-group=timezone] table')")
    assert re.search(r"Asia/Seoul\s+\S*jipyo\.yaml:1", text_of(page, "[data-group=timezone]"))
    type_into(page, "search-settings", "store.retention")
    page.wait("document.querySelectorAll('[data-group]').length === 1")
    assert "default" in text_of(page, "[data-group]")


def test_the_browsers_own_choices_are_kept(open_page: Open, product: Product) -> None:
    page = open_page("settings?lang=en")
    type_into(page, "set-name", "Kim")
    page.go(f"{product.url}/settings?lang=en")
    page.wait("document.querySelector('[data-testid=set-name]')")
    assert page.eval("document.querySelector('[data-testid=set-name]').value") == "Kim"
    page.eval("localStorage.clear()")


def test_english_is_complete(open_page: Open) -> None:
    page = open_page("?lang=en")
    page.wait("document.querySelector('[data-testid=hosts]')", timeout_s=60)
    page.press("?", "Slash", shift=True)
    page.wait("document.querySelector('[data-testid=keys]').open")
    page.eval("document.querySelectorAll('[lang=ko], noscript').forEach(e => e.remove())")
    shown = page.eval("document.documentElement.innerText + document.body.outerHTML")
    assert HANGUL.findall(shown) == []


def test_the_language_switches_and_stays(open_page: Open, product: Product) -> None:
    page = open_page("targets?lang=ko")
    assert HANGUL.search(text_of(page, "h1"))
    page.click(".rail [data-testid=lang]")
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
    page = open_page("settings?lang=en", dark=True)
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.eval(background)
    page.prefer(dark=False)
    page.wait(f"{background} !== '{dark}'")
    page.click(".rail [data-testid=theme]")  # from system to light
    page.click(".rail [data-testid=theme]")
    page.wait(f"{background} === '{dark}'")
    assert "theme=dark" in page.eval("location.search")
    page.eval("localStorage.clear()")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(open_page: Open, theme: str) -> None:
    page = open_page(f"settings?lang=en&theme={theme}")
    pairs = [(fore, back) for fore in ("fg", "soft", "mute") for back in ("bg", "card", "inset")]
    states = ("warning", "critical")
    pairs += [(state, "card") for state in ("ok", *states)]
    pairs += [(fore, f"{s}-soft") for s in states for fore in ("fg", "soft", "mute", s)]
    pairs += [("accent", back) for back in ("card", "bg", "accent-soft")]
    for fore, back in pairs:
        ratio = contrast(*(page.eval(TOKEN % name) for name in (fore, back)))
        assert ratio >= 4.5, (fore, back, ratio)


def contrast(fore: str, back: str) -> float:
    """WCAG 2.2, contrast ratio."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    light, dark = sorted((luminance(fore), luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("path", ["", "metrics/system.cpu.load", "incidents", "settings"])
def test_a_screen_reader_has_a_name_for_everything(open_page: Open, path: str) -> None:
    page = open_page(f"{path}?lang=en")
    page.wait("document.querySelector('main h1')")
    nameless = page.eval(
        "[...document.querySelectorAll('button, a, [role=img], section, dialog, nav')].filter(e =>"
        " !(e.ariaLabel || e.getAttribute('aria-labelledby') || e.textContent.trim()))"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert nameless == []


def test_the_focus_is_visible(open_page: Open) -> None:
    page = open_page("settings?lang=en")
    for _ in range(4):
        page.press("Tab")
        assert page.eval("getComputedStyle(document.activeElement).outlineStyle !== 'none'")
