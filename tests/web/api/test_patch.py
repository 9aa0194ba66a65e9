"""A patch makes the new document of the old one, whatever the two are."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.web.api.patch import diff

LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "가"])
NAMES = st.sampled_from(["id", "t", "n", "rows"])
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
ROWS = st.lists(st.fixed_dictionaries({"id": st.sampled_from("abcd"), "n": LEAVES}), max_size=4)


def apply(old: Any, patch: dict[str, Any] | None) -> Any:
    """As the page applies it (`frontend/src/state/patch.ts`)."""
    if patch is None:
        return old
    if "set" in patch:
        return patch["set"]
    if "rows" in patch:
        before = {row["id"]: row for row in old}
        return [apply(before.get(id_), patch["in"].get(id_)) for id_ in patch["rows"]]
    return {key: apply(value, patch["in"].get(key)) for key, value in old.items()}


def check(old: object, new: object) -> None:
    patch = diff(old, new)
    assert orjson.dumps(apply(old, patch), option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        new, option=orjson.OPT_SORT_KEYS
    )
    assert (patch is None) == (
        orjson.dumps(old, option=orjson.OPT_SORT_KEYS)
        == orjson.dumps(new, option=orjson.OPT_SORT_KEYS)
    )


@given(old=DOCUMENTS, new=DOCUMENTS)
def test_any_document_becomes_any_other(old: object, new: object) -> None:
    check(old, new)
    check({"a": old}, {"a": new})


@given(old=ROWS, new=ROWS)
def test_any_rows_become_any_others(old: object, new: object) -> None:
    check(old, new)


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"t": 1, "a": "x"}, {"t": 2, "a": "x"}, {"in": {"t": {"set": 2}}}),
        (True, 1, {"set": 1}),
        ([], [], None),
        ([{"id": "a", "n": 1}], [], {"set": []}),
        (
            [{"id": "a", "n": 1}, {"id": "b", "n": 1}],
            [{"id": "b", "n": 2}, {"id": "a", "n": 1}],
            {"rows": ["b", "a"], "in": {"b": {"in": {"n": {"set": 2}}}}},
        ),
        (
            [{"id": "a", "n": 1}],
            [{"id": "c", "n": 3}, {"id": "a", "n": 1}],
            {"rows": ["c", "a"], "in": {"c": {"set": {"id": "c", "n": 3}}}},
        ),
        ([{"id": "a"}, {"id": "a"}], [{"id": "a"}], {"set": [{"id": "a"}]}),
    ],
)
def test_a_patch_has_what_changed_alone(old: object, new: object, patch: object) -> None:
    assert diff(old, new) == patch
