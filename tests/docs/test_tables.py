"""Generated parts of the documentation are what the code has."""

from __future__ import annotations

import pytest

from docs.tables import PAGES, page_of, render_page
from jipyo.i18n import LANGS, Lang


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("page", PAGES)
def test_the_tables_are_what_the_code_has(page: str, lang: Lang) -> None:
    assert page_of(page, lang).read_text("utf-8") == render_page(page, lang), "run make docs"
