"""Objects of JSON whose keys differ have one shape, and are read as each by itself."""

import json
from random import Random
from zoneinfo import ZoneInfo

import pytest

from jipyo.logs.formats.json_lines import JsonShape, learn_json_shape, merge_shapes
from jipyo.logs.formats.parser import LineParser, Options
from jipyo.logs.formats.times import TimeContext
from support.log_line_reference import list_records, parse_lines

NOW_NS = 1_795_000_000 * 10**9
ZONE = ZoneInfo("Asia/Seoul")
CONTEXT = TimeContext(ZONE, NOW_NS)
TIME = '"@timestamp":"2026-11-16T10:00:00.123+09:00"'
KEYS = ["log.level", "message", "service.name", "trace_id", "http", "n", "took", "ok", "empty"]


def learn(members: str) -> JsonShape:
    shape = learn_json_shape(f"{{{TIME}{members}}}".encode(), CONTEXT)
    assert shape is not None
    return shape


def make_object(random: Random, keys: list[str]) -> str:
    values = {
        "log.level": random.choice(["INFO", "warning", ""]),
        "message": random.choice(["처리 완료", 'a "quoted" text', "", "C:\\x"]),
        "service.name": random.choice(["chat", "auth", ""]),
        "trace_id": f"{random.getrandbits(64):016x}",
        "http": {"status": random.choice([200, 404]), "route": "/v1"},
        "n": random.choice([0, 7, -12345]),
        "took": random.choice([0.5, 81.25, -3.5]),
        "ok": random.choice([True, False]),
        "empty": "",
    }
    chosen = {key: values[key] for key in keys if random.random() < 0.6}
    text = json.dumps(chosen, ensure_ascii=random.random() < 0.2, separators=(",", ":"))
    return f"{{{TIME}}}" if text == "{}" else f"{{{TIME},{text[1:]}"


@pytest.mark.parametrize("seed", range(40))
def test_objects_with_any_of_the_keys_are_read_as_plainly(seed: int) -> None:
    random = Random(seed)
    keys = random.sample(KEYS, random.randrange(2, len(KEYS)))
    lines = [make_object(random, keys) for _ in range(120)]
    block = "".join(f"{line}\n" for line in lines).encode()
    parser = LineParser(Options(service="x", zone=ZONE))
    half = block.index(b"\n", len(block) // 2) + 1
    batches = [*parser.feed(block[:half], NOW_NS), *parser.feed(block[half:], NOW_NS, end=True)]
    assert list_records(batches) == parse_lines(block, "x", CONTEXT)


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        (',"a":"x"', ',"a":"x","b":"y"', [("a", False), ("b", True)]),
        (',"a":"x","c":1', ',"b":"y","c":1', [("a", True), ("b", True), ("c", False)]),
        ("", ',"a":{"b":1,"c":"x"}', [("a.b", True), ("a.c", True)]),
        (',"a":"x","b":"y"', ',"b":"y","a":"x"', None),  # in another order
        (',"a":"x"', ',"a":1,"b":"y"', None),  # another kind of value
        (',"a":"x"', ', "a":"x","b":"y"', None),  # written with blanks
        (',"trace":"x"', ',"trace":"x","trace_id":"y"', None),  # both are trace.id when alone
    ],
)
def test_shapes_are_merged_where_only_their_keys_differ(
    one: str, other: str, merged: list[tuple[str, bool]] | None
) -> None:
    found = merge_shapes(learn(one), learn(other))
    slots = found and [(slot.key, slot.optional) for slot in found.slots[1:]]
    assert slots == merged


def test_a_merged_shape_fits_what_it_was_merged_of() -> None:
    merged = merge_shapes(learn(',"a":"x"'), learn(',"b":"y"'))
    assert merged is not None
    assert merge_shapes(merged, learn(',"a":"x","b":"y"')) == merged
    for members in ("", ',"a":"1"', ',"b":"1"', ',"a":"1","b":"2"'):
        assert merged.pattern.fits(f"{{{TIME}{members}}}".encode())
    for members in (',"b":"1","a":"2"', ',"c":"1"', ',"a":1'):
        assert not merged.pattern.fits(f"{{{TIME}{members}}}".encode())


def test_a_time_is_never_optional() -> None:
    one, other = (learn_json_shape(text, CONTEXT) for text in (
        b'{"a":"x","time":"2026-11-16T10:00:00Z"}', b'{"a":"x","ts":"2026-11-16T10:00:00Z"}',
    ))  # fmt: skip
    assert one is not None
    assert other is not None
    assert merge_shapes(one, other) is None
