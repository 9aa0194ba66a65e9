import itertools
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from bench import logs_lines
from bench.logs_templates import mine, score_groups
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.logs.store.skeleton import split_messages
from jipyo.logs.templates.miner import OTHER, Limits, TemplateMiner, count_by_template
from jipyo.model.errors import StoreCorrupt

SKELETONS = st.lists(
    st.text("ab \x11=():/가을를", max_size=12).map(str.encode) | st.binary(max_size=12),
    max_size=40,
)


def split(lines):
    return split_messages([line.encode() for line in lines]).skeletons


def state(miner, skeletons):
    return miner.assign(skeletons), [miner.template(one) for one in miner.assign(skeletons)]


def test_lines_of_one_kind_have_one_template():
    made = (logs_lines.make_lines(name, seed=5) for name in logs_lines.names())

    scores = [score_groups(mine(lines)[1], true) for lines, true in made]

    accuracy, f1 = np.mean(scores, axis=0)
    assert accuracy >= 0.95
    assert f1 >= 0.9


def test_all_kinds_together_are_told_apart_too():
    made = [logs_lines.make_lines(name, 800, seed=3) for name in logs_lines.names()]
    lines = [line for lines, _ in made for line in lines]
    true = [(number, text) for number, (_, texts) in enumerate(made) for text in texts]

    accuracy, f1 = score_groups(mine(lines)[1], true)

    assert accuracy >= 0.9
    assert f1 >= 0.85


def test_a_word_that_varies_is_found_when_trained_and_fits_at_once_later():
    miner = TemplateMiner()
    names = ["root", "admin", "kim", "lee", "guest", "oracle"]
    first = miner.assign(split(f"session opened for user {name} by service" for name in names))

    miner.train()
    later = miner.assign(split(f"session opened for user {name} by service" for name in names))

    assert len(set(first)) == 6
    assert set(later) == {first[0]}
    template = miner.template(first[3])
    assert template is not None
    assert template.text == "session opened for user <*> by service"
    assert miner.assign(split(["session opened for user web-01 by service"])) == [first[0]]


def test_plain_words_that_vary_at_several_places_at_once_are_found():
    words = ["".join(pair) for pair in itertools.product("lmnopq", "aeiou", "rstvw")]
    lines = [
        f"user {words[at * 7 % 150]} moved {words[at * 11 % 150]} to host {words[at * 13 % 150]}"
        for at in range(60)
    ]
    miner = TemplateMiner()

    miner.assign(split(lines))
    miner.train()

    assert [one.text for one in miner.templates()] == ["user <*> moved <*> to host <*>"]


def test_what_follows_one_word_is_not_all_one():
    texts = ["lost the session", "cannot open socket", "no route to host", "bad magic here"]
    texts += ["out of memory", "retry later please", "is a directory now"]
    miner = TemplateMiner()

    miner.assign(split(f"error: {text}" for text in texts))
    miner.train()

    assert len(miner.templates()) == len(texts)


def test_a_verb_in_two_forms_is_two_templates():
    miner = TemplateMiner()
    lines = [f"{verb} unit {name}.service" for verb in ("Started", "Stopped") for name in "abcdef"]

    miner.assign(split(lines))
    miner.train()

    assert {one.text for one in miner.templates()} == {"Started unit <*>", "Stopped unit <*>"}


@given(SKELETONS, SKELETONS)
@settings(max_examples=200, deadline=None)
def test_ids_stay_through_dump_load_and_training(first, later):
    miner = TemplateMiner()
    ids = miner.assign(first)
    miner.train()
    ids += miner.assign(later)
    before = state(miner, first + later)

    loaded = TemplateMiner.load(miner.dump())

    assert state(loaded, first + later) == before
    loaded.train()
    miner.train()
    assert state(loaded, first + later) == state(miner, first + later)
    assert all(loaded.template(one) for one in ids if one != OTHER)


@given(SKELETONS)
@settings(max_examples=100, deadline=None)
def test_counts_add_up_in_bounded_memory(skeletons):
    miner = TemplateMiner(Limits(skeletons=5, templates=3))
    counts = np.arange(1, len(skeletons) + 1)

    before = count_by_template(miner.assign(skeletons), counts)
    miner.train()
    after = count_by_template(miner.assign(skeletons), counts)

    assert sum(before.values()) == sum(after.values()) == counts.sum()
    assert len(miner) <= 3
    assert set(after) <= {OTHER} | {one.id for one in miner.templates()}


def test_training_anew_changes_no_id_and_keeps_merged_ones_as_aliases():
    lines, _ = logs_lines.make_lines("kubelet", 600)
    miner = TemplateMiner()
    old = set(miner.assign(split(lines)))

    miner.train()
    first = miner.assign(split(lines))
    miner.assign(split(logs_lines.make_lines("systemd", 600)[0]))
    miner.train()

    assert set(first) < old
    assert [miner.resolve(one) for one in first] == miner.assign(split(lines))
    assert {miner.resolve(one) for one in old} == set(miner.assign(split(lines)))


def test_several_threads_find_the_same_ids_and_texts():
    lines, _ = logs_lines.make_lines("mail", 600)
    skeletons = split(lines)
    miner = TemplateMiner()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: miner.find_templates(skeletons), range(8)))
        miner.train()
        trained = list(pool.map(lambda _: miner.find_templates([*skeletons, b""]), range(8)))

    assert all(answer == answers[0] for answer in answers)
    assert all(answer == trained[0] for answer in trained)
    assert trained[0][-1] == (OTHER, "<*>")
    assert [name for name, _ in trained[0][:-1]] == miner.assign(skeletons)
    assert set(trained[0][:-1]) <= {(one.id, one.text) for one in miner.templates()}


def test_training_is_due_once_many_templates_are_new():
    miner = TemplateMiner()
    assert not miner.should_train()
    miner.assign(split(f"message of kind {name}" for name in "abcdefghijklmnopq"))

    assert miner.should_train()
    miner.train()
    assert not miner.should_train()


def test_damage_of_what_is_stored_is_found():
    miner = TemplateMiner()
    miner.assign([b"one", b"two \x11"])
    data = miner.dump()

    for at in (0, 20, len(data) - 1):
        damaged = data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]
        with pytest.raises(StoreCorrupt, match=r"logs_templates\.damaged"):
            TemplateMiner.load(damaged)


def test_every_process_finds_the_same():
    code = (
        "from bench import logs_lines; from bench.logs_templates import mine;"
        "print(mine(logs_lines.make_lines('systemd', 500)[0])[1])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(outputs) == 1
