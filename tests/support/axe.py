"""What axe-core objects to on a page."""

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
