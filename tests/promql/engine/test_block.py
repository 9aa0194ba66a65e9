"""Blocks of series over steps, and the groups that their series fall into."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.labels import Labels
from jipyo.promql import parse
from jipyo.promql.engine.block import VectorBlock, assemble_range, drop_name, join_blocks
from jipyo.promql.engine.groups import GroupIndex, make_group_key, split_by_size
from jipyo.promql.syntax.ast import Aggregate

STEPS = 3
SETS = st.dictionaries(
    st.sampled_from(["__name__", "__type__", "__unit__", "a", "b"]), st.sampled_from("xyz")
).map(Labels.of)
Cells = dict[tuple[Labels, int], float]


def block(*rows: tuple[str, str], nameless: bool = False) -> VectorBlock:
    """Rows of labels (`x a=1`) and cells: a digit a step, a dot where absent."""
    series = [Labels.of(dict(pair.split("=") for pair in text.split())) for text, _ in rows]
    values = [[0.0 if cell == "." else float(cell) for cell in cells] for _, cells in rows]
    present = [[cell != "." for cell in cells] for _, cells in rows]
    steps = len(rows[0][1]) if rows else STEPS
    return VectorBlock(
        tuple(series),
        np.array(values).reshape(len(rows), steps),
        np.array(present, bool).reshape(len(rows), steps),
        np.full(len(rows), nameless),
    )


def shown(made: VectorBlock) -> list[tuple[str, str]]:
    return [
        (
            " ".join(f"{name}={value}" for name, value in labels.pairs),
            "".join(f"{value:g}" if here else "." for value, here in zip(row, mask, strict=True)),
        )
        for labels, row, mask in zip(made.series, made.values, made.present, strict=True)
    ]


def test_series_that_are_present_nowhere_are_dropped() -> None:
    made = block(("a=1", "12."), ("a=2", "..."), ("a=3", "..4"))
    assert shown(made.drop_empty()) == [("a=1", "12."), ("a=3", "..4")]
    full = block(("a=1", "123"))
    assert full.drop_empty() is full


@pytest.mark.parametrize(
    ("index", "expected"),
    [([2, 0], ["3", "1"]), ([], []), (np.array([True, False, True]), ["1", "3"])],
)
def test_rows_are_taken_in_order_or_by_mask(index: list[int], expected: list[str]) -> None:
    made = block(("a=1", "1"), ("a=2", "2"), ("a=3", "3")).take_rows(index)
    assert [cells for _, cells in shown(made)] == expected


def test_series_are_sorted_by_their_labels() -> None:
    made = block(("b=1", "1"), ("a=2", "2"), ("a=1 b=9", "3"), ("a=1", "4"))
    assert [cells for _, cells in shown(made.sort_by_labels())] == ["4", "3", "2", "1"]
    ordered = made.sort_by_labels()
    assert ordered.sort_by_labels() is ordered


@pytest.mark.parametrize(
    ("rows", "merged"),
    [
        ([("a=1", "1.."), ("a=1", ".2.")], [("a=1", "12.")]),
        ([("a=1", "..3"), ("b=1", "9.."), ("a=1", "1..")], [("a=1", "1.3"), ("b=1", "9..")]),
        ([("a=1", "..."), ("a=1", "...")], [("a=1", "...")]),
        ([("a=1", "1.."), ("a=1", "..."), ("a=1", "..3")], [("a=1", "1.3")]),
    ],
)
def test_series_with_the_same_labels_are_merged(
    rows: list[tuple[str, str]], merged: list[tuple[str, str]]
) -> None:
    assert shown(block(*rows).merge_duplicates()) == merged


def test_series_with_the_same_labels_at_the_same_step_are_refused() -> None:
    with pytest.raises(QueryError) as error:
        block(("a=1", "1.."), ("a=1", "2..")).merge_duplicates()
    assert error.value.kind is QueryErrorKind.EXECUTION
    assert error.value.message == "vector cannot contain metrics with the same labelset"


def test_the_series_that_is_present_first_says_whether_the_name_goes() -> None:
    rows = block(("__name__=x a=1", ".2"), ("__name__=x a=1", "1."))
    late = VectorBlock(rows.series, rows.values, rows.present, np.array([True, False]))
    assert shown(late.merge_duplicates().drop_marked_names()) == [("__name__=x a=1", "12")]
    early = VectorBlock(rows.series, rows.values, rows.present, np.array([False, True]))
    assert shown(early.merge_duplicates().drop_marked_names()) == [("a=1", "12")]


def test_names_are_dropped_at_once_or_at_the_end() -> None:
    made = block(("__name__=x __type__=gauge __unit__=s a=1", "1.."), ("__name__=y a=1", ".2."))
    assert shown(made.drop_names(delayed=False)) == [("a=1", "12.")]
    marked = made.drop_names(delayed=True)
    assert marked.series == made.series
    assert marked.nameless.all()
    assert shown(marked.drop_marked_names()) == [("a=1", "12.")]
    assert made.drop_marked_names() is made


CELLS = st.tuples(SETS.map(drop_name), st.integers(0, STEPS - 1))


@given(st.lists(CELLS, max_size=8, unique=True))
def test_a_range_is_assembled_from_any_blocks(cells: list[tuple[Labels, int]]) -> None:
    """A row a cell under a name of its own, two rows a block: without names, rows merge."""
    blocks, expected = [], dict[tuple[Labels, int], float]()
    for at in range(0, len(cells), 2):
        rows = cells[at : at + 2]
        present = np.zeros((len(rows), STEPS), bool)
        values = np.zeros(present.shape)
        for row, (labels, step) in enumerate(rows):
            present[row, step], values[row, step] = True, at + row
            expected[labels, step] = at + row
        series = tuple(labels.put({"__name__": f"m{at}"}) for labels, _ in rows)
        if len(set(series)) == len(series):
            blocks.append(VectorBlock(series, values, present, np.ones(len(rows), bool)))
        else:
            merged = VectorBlock.of(series, values, present).merge_duplicates()
            blocks.append(merged.drop_names(delayed=True))
    made = assemble_range(blocks, STEPS)
    assert list(made.series) == sorted({labels for labels, _ in cells})
    got = {
        (labels, step): float(made.values[row, step])
        for row, labels in enumerate(made.series)
        for step in np.flatnonzero(made.present[row]).tolist()
    }
    assert got == expected


def test_a_range_whose_series_cannot_be_told_apart_is_refused() -> None:
    rows = block(("__name__=x a=1", "1.."), ("__name__=y a=1", "2.."), nameless=True)
    with pytest.raises(QueryError, match="same labelset"):
        assemble_range([rows], STEPS)


def test_no_blocks_are_a_block_without_series() -> None:
    for made in (join_blocks([], STEPS), assemble_range([], STEPS), VectorBlock.empty(STEPS)):
        assert (made.series, made.values.shape, made.present.shape) == ((), (0, 3), (0, 3))


def test_joined_blocks_keep_their_order_and_marks() -> None:
    made = join_blocks([block(("b=1", "1")), block(("a=1", "2"), nameless=True)], 1)
    assert shown(made) == [("b=1", "1"), ("a=1", "2")]
    assert made.nameless.tolist() == [False, True]


@given(SETS)
def test_a_dropped_name_takes_type_and_unit_along(labels: Labels) -> None:
    assert set(drop_name(labels)) == set(labels) - {"__name__", "__type__", "__unit__"}


# Groups.


def plain_key(expr: Aggregate, labels: Labels) -> Labels:
    if expr.without:
        return drop_name(labels).drop(expr.grouping)
    return labels.keep(expr.grouping)


@given(
    st.lists(SETS, max_size=12),
    st.sampled_from(["", "by (a)", "by (a, b)", "by (__name__)", "without (a)", "without ()"]),
)
def test_groups_are_those_of_a_dictionary(series: list[Labels], grouping: str) -> None:
    expr = parse(f"sum {grouping} (x)")
    assert isinstance(expr, Aggregate)
    groups = GroupIndex.of(expr)
    half = len(series) // 2
    numbers = np.concatenate(
        [groups.assign(part, np.zeros(len(part), bool)) for part in (series[:half], series[half:])]
    )
    keys = [plain_key(expr, labels) for labels in series]
    assert [groups.labels[number] for number in numbers.tolist()] == keys
    assert list(groups.labels) == list(dict.fromkeys(keys))
    assert len(groups) == len(set(keys))
    assert not groups.nameless.any()


def test_a_group_with_a_nameless_series_is_nameless() -> None:
    groups = GroupIndex(make_group_key(["__name__"], without=False))
    series = [Labels.of({"__name__": name}) for name in "xyx"]
    groups.assign(series[:2], np.array([False, False]))
    groups.assign(series[2:], np.array([True]))
    assert groups.nameless.tolist() == [True, False]


@given(st.lists(st.integers(0, 6), max_size=30))
def test_groups_of_one_size_come_together(numbers: list[int]) -> None:
    rows: dict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(numbers):
        rows[number].append(row)
    got: dict[int, list[int]] = {}
    sizes = []
    for which, members in split_by_size(np.array(numbers, np.int64)):
        sizes.append(members.shape[1])
        assert members.shape == (len(which), members.shape[1])
        got |= dict(zip(which.tolist(), members.tolist(), strict=True))
    assert got == rows
    assert sizes == sorted(set(sizes))
