"""The report of the made-up month is what it was: every figure, sentence and mark."""

from __future__ import annotations

import difflib

import pytest

from reports import goldens

pytestmark = pytest.mark.integration  # it makes nine days, and evaluates every rule over them


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return goldens.list_files(goldens.build(tmp_path_factory.mktemp("golden") / "demo"))


@pytest.mark.parametrize("name", ["month.json", "month.ko.html", "month.en.html"])
def test_the_report_is_as_it_was(files, name):
    known = (goldens.FOLDER / name).read_text("utf-8")
    changes = list(
        difflib.unified_diff(known.splitlines(), files[name].splitlines(), "known", "now", n=0)
    )
    assert changes[:40] == [], "look at what changed, and renew the files by `make golden`"


def test_the_files_are_small():
    sizes = {one.name: one.stat().st_size for one in goldens.FOLDER.iterdir()}
    assert set(sizes) == {"month.json", "month.ko.html", "month.en.html"}
    assert max(sizes.values()) < 300_000
