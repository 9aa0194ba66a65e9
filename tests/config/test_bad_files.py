"""Every way to be wrong is a file beside its message, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from jipyo.config.load import parse
from jipyo.i18n import texts
from jipyo.model.errors import ConfigError

FOLDER = Path(__file__).parent / "bad"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_wrong_file_is_refused_with_place_value_and_remedy(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(file.read_text("utf-8"), str(file))
    text = "".join(f"{texts(lang).error(caught.value)}\n" for lang in ("en", "ko"))
    assert text.replace(f"{FOLDER}/", "") == file.with_suffix(".txt").read_text("utf-8")


def test_each_message_has_its_file() -> None:
    assert {file.stem for file in FOLDER.glob("*.txt")} == {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_message_repeats_a_secret(file: Path) -> None:
    assert "hush" not in file.with_suffix(".txt").read_text("utf-8")
