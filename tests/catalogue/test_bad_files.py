"""Every way to be wrong is a file beside its message, in both languages."""

from pathlib import Path

import pytest

from jipyo.catalogue import check_file
from jipyo.i18n import texts
from jipyo.model.errors import CatalogueError
from jipyo.promql import parse

FOLDER = Path(__file__).parent / "bad"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_wrong_file_is_told_with_place_value_and_remedy(file: Path) -> None:
    with pytest.raises(CatalogueError) as caught:
        check_file(file, parse=parse)
    messages = "".join(f"{texts(lang).error(caught.value)}\n" for lang in ("en", "ko"))
    assert messages.replace(f"{FOLDER}/", "") == file.with_suffix(".txt").read_text("utf-8")


def test_each_message_has_its_file() -> None:
    assert {file.stem for file in FOLDER.glob("*.txt")} == {file.stem for file in FILES}


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as caught:
        check_file(tmp_path / "gone.yaml")
    assert texts("en").error(caught.value) == (
        f"{tmp_path}/gone.yaml: Cannot read the file: No such file or directory."
        " Check the path and its permissions."
    )


def test_without_a_parser_expressions_are_not_checked() -> None:
    assert check_file(FOLDER / "bad_promql.yaml").metrics[0].queries[0].promql.startswith("sum")
