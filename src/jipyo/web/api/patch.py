"""What has changed between two versions of a JSON document, for readers that have the older one.

A patch is one of:

- `{"set": value}`: the value in place of the old one;
- `{"in": {key: patch}}`: the patches of some members of an object;
- `{"rows": [id, …], "in": {id: patch}}`: the order of a list whose members have ids, and the
  patches of some of them; those that are new are set.
"""

from __future__ import annotations

from typing import Any

Patch = dict[str, Any]

_ID = "id"


def diff(old: object, new: object) -> Patch | None:
    """The patch that makes `new` of `old`; None where they are equal.

    >>> diff({"t": 1, "rows": [{"id": "a", "n": 1}]}, {"t": 1, "rows": [{"id": "a", "n": 2}]})
    {'in': {'rows': {'rows': ['a'], 'in': {'a': {'in': {'n': {'set': 2}}}}}}}
    """
    # In JSON true is not 1, though Python finds them equal.
    if type(old) is type(new) and old == new and not isinstance(new, dict | list):
        return None
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        changed = _diff_members(old, new)
        return {"in": changed} if changed else None
    if isinstance(old, list) and isinstance(new, list):
        return _diff_lists(old, new)
    return {"set": new}


def _diff_members(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Patch]:
    patches = {key: diff(old[key], value) for key, value in new.items() if key in old}
    return {key: patch for key, patch in patches.items() if patch is not None}


def _diff_lists(old: list[Any], new: list[Any]) -> Patch | None:
    before, after = _index(old), _index(new)
    if before is None or after is None:
        return None if _is_same_list(old, new) else {"set": new}
    patches = _diff_members(before, after)
    patches |= {key: {"set": row} for key, row in after.items() if key not in before}
    if not patches and list(before) == list(after):
        return None
    return {"rows": list(after), "in": patches}


def _is_same_list(old: list[Any], new: list[Any]) -> bool:
    pairs = zip(old, new, strict=False)
    return len(old) == len(new) and all(diff(*pair) is None for pair in pairs)


def _index(rows: list[Any]) -> dict[str, Any] | None:
    """The members by their ids; None where one has none, or two have the same."""
    ids = [row[_ID] for row in rows if isinstance(row, dict) and isinstance(row.get(_ID), str)]
    return dict(zip(ids, rows, strict=True)) if ids and len({*ids}) == len(rows) else None
