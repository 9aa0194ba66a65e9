"""Routes of many targets at once are those of each by itself, found by one plain pattern."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.formats.routes import RouteTable, fold_route

PLAIN = re.compile(
    rb"(?<=/)(?:[0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}"
    rb"|(?=[^/]*[0-9])[0-9a-zA-Z_:%-]{8,})(?=/|$)"
    rb"|(?<=[./-])(?=[0-9a-f]*[0-9])[0-9a-f]{6,}(?=[./-]|$)"
)
PIECES = st.sampled_from(
    [b"/", b"/", b"/", b"-", b".", b"?", b"0", b"42", b"abcdef1", b"deadbeef", b"users", b"%ED%95",
     b"v1", b"0123456789abcdef0123456789abcdef", b"3f2504e0-4f89-11d3-9a0c-0305e82c3301", b"{n}"]
)  # fmt: skip
TARGETS = st.lists(PIECES, max_size=12).map(b"".join)


@pytest.mark.parametrize(
    ("target", "route"),
    [
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/api/users/123/posts/9?page=2", "/api/users/{n}/posts/{n}"),
        ("/a/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/a/{n}"),
        ("/static/app.0a1b2c3d.js", "/static/app.{n}.js"),
        ("*", "*"), ("/", "/"), ("/1", "/{n}"),
    ],
)  # fmt: skip
def test_ids_are_folded(target: str, route: str) -> None:
    assert fold_route(target.encode()) == route.encode()


@given(st.lists(TARGETS, max_size=30))
def test_many_targets_have_the_routes_of_each(targets: list[bytes]) -> None:
    expected = [PLAIN.sub(b"{n}", target.split(b"?", 1)[0]) for target in targets]
    table = RouteTable()
    assert table.fold(targets) == expected
    assert table.fold(targets) == expected, "a table that knows them finds others"


def test_a_table_forgets_before_it_is_too_large() -> None:
    table = RouteTable()
    for start in range(0, 150_000, 10_000):
        targets = [b"/a/x%d-" % n for n in range(start, start + 10_000)]
        assert table.fold([*targets, b"/b/1"])[-1] == b"/b/{n}"
