"""What axe-core objects to on a page, and what else no page may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.judges import find_axe

if TYPE_CHECKING:
    from support.browser import Page

_RUN = (
    "axe.run({resultTypes: ['violations']}).then(r => r.violations"
    ".map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).slice(0, 3).join(' | ')))"
)


def list_violations(page: Page) -> list[str]:
    """The rules that the page breaks, each with the first elements that break it."""
    page.eval(find_axe())
    found = page.eval(_RUN)
    assert isinstance(found, list)
    return [str(one) for one in found]


def list_faults(page: Page) -> list[str]:
    """The rules that the page breaks, its errors, and whether it is wider than its window."""
    width, room = page.eval("[document.documentElement.scrollWidth, innerWidth]")
    wide = [f"{width} px in a window of {room} px"] if width > room else []
    return [*list_violations(page), *page.errors, *wide]
