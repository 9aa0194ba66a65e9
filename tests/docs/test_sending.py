"""The page on sending: its settings are valid, and it has every metric of sending."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from docs.metric_tables import check_documented, read_metric_tables
from docs.tables import page_of
from jipyo.config.load import parse
from jipyo.i18n import LANGS, Lang
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.send.options import RemoteWriteOptions
from jipyo.send.remote_write import RemoteWrite
from support.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

EACH = pytest.mark.parametrize("lang", LANGS)


@EACH
def test_every_metric_is_documented(lang: Lang, tmp_path: Path) -> None:
    page = page_of("sending", lang).name
    sending = RemoteWrite(tmp_path, FakeClock())
    sending.apply([RemoteWriteOptions(url="http://127.0.0.1:1/write", name="one")])
    sending.append([Scrape(1, (Labels.of({"__name__": "m"}),), np.ones(1))])
    families = [one for one in sending.families() if not one.name.startswith("jipyo_loop")]
    names = {sample.labels.metric for one in families for sample in one.samples}
    table = read_metric_tables(page)
    assert {one.name for one in table} == names
    check_documented(families, table, page)
    sending.stop()


@EACH
def test_the_settings_are_valid(lang: Lang) -> None:
    text = page_of("sending", lang).read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    one, two = parse(blocks[0], "sending").remote_write
    assert (one.name, two.name) == ("prometheus", "mimir")
    assert two.queue_bytes == 2 << 30
    assert [name for name, _ in two.headers] == ["X-Scope-OrgID"]
