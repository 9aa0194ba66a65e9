from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from jipyo.promql import Engine, Feature, Options
from jipyo.tsdb import Options as StoreOptions
from jipyo.tsdb import Store
from support import promqltest

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.test"))
OPTIONS = Options(features=frozenset(Feature), advice=False)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_answered_as_it_says(script: Path) -> None:
    assert promqltest.run(script, Engine(OPTIONS)) > 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_store_on_disk_answers_alike(script: Path, tmp_path: Path) -> None:
    numbers = count()
    # The scripts' samples lie in 1970.
    options = StoreOptions(retention_ms=None, out_of_order_ms=None, durable=False)

    def new_store() -> Store:
        store = Store.open(tmp_path / str(next(numbers)), options, now_ms=lambda: 1 << 48)
        opened.callback(store.close)
        return store

    with ExitStack() as opened:
        assert promqltest.run(script, Engine(OPTIONS), new_store) > 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("eval instant at 0 1\n  2", "wrong.test:1: 1\n  1.0 instead of 2.0"),
        ("eval instant at 0 1\n  expect fail", "not refused"),
        ("eval instant at 0 abs(", "refused: 1:5: parse error: unclosed left parenthesis"),
        ("eval instant at 0 x(\n  expect fail msg: nothing", "refused otherwise"),
        ("eval instant at 0 vector(1)\n  {} 2", "{} [1.0] instead of [2.0]"),
        ("eval instant at 0 vector(1)", "series ['{}']"),
        ("eval instant at 0 vector(1)\n  expect warn\n  {} 1", "no warn"),
        ("eval instant at 0 quantile(2, vector(1))\n  {} +Inf", "warn: ("),
        ('eval instant at 0 "a"\n  expect string "b"', "the text 'a'"),
        ("eval range from 0 to 1m step 1m vector(1)\n  {} 1", "{} [1.0, 1.0] instead of [1.0]"),
        ("eval everything", "is no command"),
        ("  clear", "stands under nothing"),
    ],
)
def test_the_runner_notices(text: str, complaint: str, tmp_path: Path) -> None:
    script = tmp_path / "wrong.test"
    script.write_text(text)
    with pytest.raises(AssertionError) as caught:
        promqltest.run(script, Engine(OPTIONS))
    assert complaint in str(caught.value)
