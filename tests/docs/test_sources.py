"""The page on sources: its settings are valid, and it has every metric of a source."""

from __future__ import annotations

import re

import pytest

from docs.tables import page_of
from jipyo.app.build_store import Remotes
from jipyo.config.load import parse
from jipyo.i18n import LANGS, Lang
from jipyo.model.clock import SystemClock


@pytest.mark.parametrize("lang", LANGS)
def test_its_settings_are_valid_and_its_metrics_those_of_a_source(lang: Lang) -> None:
    text = page_of("sources", lang).read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    sources = [source for block in blocks for source in parse(block, "sources").sources]
    assert [source.name for source in sources] == ["prod", "mimir", "thanos"]
    remotes = Remotes(SystemClock())
    remotes.select(sources)
    names = {family.name for family in remotes.families()}
    described = set(re.findall(r"`(jipyo_source_[a-z_]+)`", text))
    assert names <= described
    assert described - names == {"jipyo_source_newest_sample_age_seconds"}  # once it was read
