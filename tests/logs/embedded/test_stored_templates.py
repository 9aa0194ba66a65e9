"""Templates of a store: learnt once, read by all, with ids that never change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.logs.embedded.stored_templates import DAMAGED, FILE, StoredTemplates, TemplateLearner
from jipyo.logs.store.skeleton import SkeletonTable
from jipyo.model.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

LOGINS = [f"user {name} logged in".encode() for name in "abcdefghijklmnop"]
STARTS = [f"worker of {name} has started".encode() for name in "abcdefghijklmnop"]


def name_all(folder: Path, skeletons: list[bytes]) -> list[str]:
    return [name for name, _ in StoredTemplates(folder).find_templates(skeletons)]


def test_readers_follow_the_one_who_learns(tmp_path: Path) -> None:
    table, learner = SkeletonTable(LOGINS), TemplateLearner(tmp_path)
    reader = StoredTemplates(tmp_path)
    assert len(dict(reader.find_templates(LOGINS))) == len(LOGINS)
    assert learner(table)
    found = dict(reader.find_templates(LOGINS))
    assert list(found.values()) == ["user <*> logged in"]
    table.extend(STARTS)
    assert learner(table)
    assert not learner(table)
    assert set(dict(reader.find_templates(STARTS)).values()) == {"worker of <*> has started"}


def test_an_id_stays_through_learning_restarts_and_skeletons_that_come_later(
    tmp_path: Path,
) -> None:
    table = SkeletonTable(LOGINS)
    TemplateLearner(tmp_path)(table)
    (before,) = set(name_all(tmp_path, LOGINS))
    later = b"user zoe logged in"
    (early,) = name_all(tmp_path, [later])
    table.extend([*STARTS, later])
    TemplateLearner(tmp_path)(table)
    assert set(name_all(tmp_path, [*LOGINS, later])) == {before}
    assert StoredTemplates(tmp_path).resolve(early) == before


def test_a_damaged_file_is_put_aside_and_learnt_anew(tmp_path: Path) -> None:
    table = SkeletonTable(LOGINS)
    TemplateLearner(tmp_path)(table)
    before = name_all(tmp_path, LOGINS)
    data = bytearray((tmp_path / FILE).read_bytes())
    data[-1] ^= 1
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        name_all(tmp_path, LOGINS)
    TemplateLearner(tmp_path)(table)
    assert name_all(tmp_path, LOGINS) == before
    assert (tmp_path / DAMAGED).read_bytes() == data


def test_what_cannot_be_written_is_learnt_again_later(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    learner, table = TemplateLearner(folder), SkeletonTable(LOGINS)
    folder.rmdir()
    with pytest.raises(StoreError, match="full"):
        learner(table)
    folder.mkdir()
    assert learner(table)
