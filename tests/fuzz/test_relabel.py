"""Relabelling rules as a site writes them, and the labels that targets bring."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.collect.relabel import Relabel, RelabelRule

if TYPE_CHECKING:
    from random import Random

ACTIONS = (
    "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "lowercase", "uppercase",
    "labelmap", "labeldrop", "labelkeep", "Replace", "x",
)  # fmt: skip
PATTERNS = ("(.*)", "", "a(b)?", "(a|b)(?P<n>c)", "(", "\\pL+", ".*(x).*", "[^:]+(:\\d+)?")
TEXTS = ("$1", "${1}x", "$$", "${n}", "$9", "${", "$", "__address__", "a", "9", "한", "")
LABELS = {"__address__": "한글:9100", "job": "a", "a": "b\nc", "empty": ""}


def build_rule(random: Random) -> bytes:
    return json.dumps(
        {
            "action": random.choice(ACTIONS),
            "source_labels": random.sample(sorted(LABELS), random.randrange(3)),
            "separator": random.choice((";", "", "\n")),
            "regex": random.choice(PATTERNS),
            "modulus": random.choice((0, 1, 7, -1)),
            "target_label": random.choice(TEXTS),
            "replacement": random.choice(TEXTS),
        }
    ).encode()


def relabel(body: bytes) -> None:
    try:
        fields = json.loads(body)
        rule = RelabelRule(**{**fields, "source_labels": tuple(fields["source_labels"])})
        texts = (rule.action, rule.separator, rule.regex, rule.target_label, rule.replacement)
        "".join((*texts, *rule.source_labels)).encode()
        int(rule.modulus)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return  # not a rule, which the reader of the file reports
    labels = Relabel([rule])(LABELS)
    assert labels is None or all(labels.values()), "BUG: an empty label"


SURFACES = [
    Surface(
        name="relabel",
        feed=relabel,
        tokens=tuple(word.encode() for word in (*PATTERNS, *TEXTS)),
        generate=build_rule,
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_rule_is_applied_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
