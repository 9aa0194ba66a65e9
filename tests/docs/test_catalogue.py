"""The page of the catalogue: its examples are valid, its mistake is reported as shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from docs.tables import DOCS, page_of
from jipyo.catalogue import check_file, load
from jipyo.config.load import parse as parse_config
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.errors import CatalogueError
from jipyo.promql import parse

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = DOCS.parent / "examples"
EACH = pytest.mark.parametrize("lang", LANGS)


def fenced(lang: Lang, kind: str) -> list[str]:
    return re.findall(
        rf"```{kind}\n(.*?)```", page_of("catalogue", lang).read_text("utf-8"), re.DOTALL
    )


@EACH
def test_the_examples_are_accepted(lang: Lang, tmp_path: Path) -> None:
    removal, site, own = fenced(lang, "yaml")
    removed = parse_config(removal, "jipyo.yaml").catalogue.removed
    load(yaml.safe_load(site)["catalogue"]["metrics"], parse=parse, removed=removed)
    file = tmp_path / "shop.yaml"
    file.write_text(own, "utf-8")
    assert check_file(file, parse=parse).metrics[0].id == "shop.orders"


@EACH
def test_the_mistake_that_is_shown_is_told_so(lang: Lang, tmp_path: Path) -> None:
    *_, own = fenced(lang, "yaml")
    file = tmp_path / "shop.yaml"
    file.write_text(own.replace("warning: 10, critical: 1", "warning: 1, critical: 10"), "utf-8")
    with pytest.raises(CatalogueError) as caught:
        check_file(file)
    message = texts(lang).error(caught.value).replace(str(tmp_path), "catalogue")
    assert fenced(lang, "text") == [f"{message}\n"]


def test_the_example_of_a_sites_own_file_is_accepted() -> None:
    catalogue = check_file(EXAMPLES / "catalogue.yaml", parse=parse)
    assert [metric.id for metric in catalogue.metrics] == ["shop.orders.rate"]
    assert catalogue.topic_name("shop.orders", "ko") == "주문"
