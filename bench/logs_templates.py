"""How well and how fast the miner finds templates, one setting for all logs.

Grouping accuracy (GA: share of the lines whose group is exactly a true one), FGA (F1 over
groups), PA (lines whose template's text is the true one) and FTA (F1 over templates' texts), on
the lines of `bench.logs_lines` and, with JIPYO_LOGS_EVAL=DIR, on every `DIR/*.csv` with columns
Content and EventTemplate. `first sight` is before training, as lines come in.

drain3 0.9.11 (MIT) pins old releases and so is no dependency: JIPYO_DRAIN3=PYTHON names the
interpreter of an environment that has it (`python -m venv V; V/bin/pip install drain3`), and it
is run with the masks of its README, one core each, in the same run.
"""

from __future__ import annotations

import csv
import json
import os
import random
import re
import subprocess
import time
from collections import Counter, defaultdict
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from bench import logs_lines
from jipyo.logs.store.skeleton import split_messages
from jipyo.logs.templates.miner import TemplateMiner

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

LINES = int(os.environ.get("BENCH_LINES", "1000000"))
CHUNK = 32_768
DRAIN3_LINES = 200_000

DRAIN3 = r"""
import json, logging, sys, time
logging.disable(50)
from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig
begin, end = r"((?<=[^A-Za-z0-9])|^)", r"((?=[^A-Za-z0-9])|$)"
config = TemplateMinerConfig()
config.masking_instructions = [
    MaskingInstruction(begin + r"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})" + end, "IP"),
    MaskingInstruction(begin + r"([\-\+]?\d+)" + end, "NUM"),
]
for line in sys.stdin:
    lines, miner = json.loads(line), TemplateMiner(config=config)
    started = time.process_time()
    ids = [miner.add_log_message(text)["cluster_id"] for text in lines]
    print(json.dumps([ids, time.process_time() - started]), flush=True)
"""


def read_sets() -> dict[str, tuple[list[str], list[str]]]:
    """Lines and their true templates by name."""
    sets = {}
    folder = os.environ.get("JIPYO_LOGS_EVAL")
    for path in sorted(Path(folder).glob("*.csv")) if folder else ():
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        sets[path.stem] = [row["Content"] for row in rows], [row["EventTemplate"] for row in rows]
    return sets | {f"own {name}": logs_lines.make_lines(name) for name in logs_lines.names()}


def mine(lines: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Each line's id at first sight, its id after training, and its template's text."""
    skeletons = split_messages([line.encode() for line in lines]).skeletons
    miner = TemplateMiner()
    online = miner.assign(skeletons)
    miner.train()
    trained = miner.assign(skeletons)
    texts = {name: template.text for name in set(trained) if (template := miner.template(name))}
    return online, trained, [texts.get(name, "<*>") for name in trained]


def group(labels: Sequence[Hashable]) -> set[tuple[int, ...]]:
    """The groups of lines with the same label."""
    groups = defaultdict(list)
    for number, label in enumerate(labels):
        groups[label].append(number)
    return set(map(tuple, groups.values()))


def score_groups(found: Sequence[Hashable], true: Sequence[Hashable]) -> tuple[float, float]:
    """GA and FGA."""
    groups, truth = group(found), group(true)
    right = groups & truth
    return sum(map(len, right)) / len(true), 2 * len(right) / (len(groups) + len(truth))


def score_texts(found: Sequence[str], true: Sequence[str]) -> tuple[float, float]:
    """PA and FTA."""
    pairs = Counter(zip(found, true, strict=True))
    accuracy = sum(n for (text, truth), n in pairs.items() if text == truth) / len(true)
    wrong = {text for text, truth in pairs if text != truth}
    right = set(found) - wrong
    return accuracy, 2 * len(right) / (len(set(found)) + len(set(true)))


def run_drain3(inputs: Sequence[Sequence[str]]) -> list[tuple[list[int], float]]:
    """Ids and CPU seconds for each input; nothing without it."""
    python = os.environ.get("JIPYO_DRAIN3")
    if not python:
        return []
    text = "".join(json.dumps(list(lines)) + "\n" for lines in inputs)
    run = subprocess.run(
        [python, "-c", DRAIN3], input=text, stdout=subprocess.PIPE, text=True, check=True
    )
    return [tuple(json.loads(line)) for line in run.stdout.splitlines()]


def make_mix(sets: dict[str, tuple[list[str], list[str]]]) -> list[str]:
    """Lines of all sets in turn, with fresh digits."""
    pool = [line for lines, _ in sets.values() for line in lines]
    chance = random.Random(7)
    digits = re.compile(r"\d{3,18}")
    lines = chance.choices(pool, k=LINES)
    return [digits.sub(lambda found: change_digits(found[0], chance), line) for line in lines]


def change_digits(number: str, chance: random.Random) -> str:
    """A number of the same length."""
    return str(chance.randrange(10 ** (len(number) - 1), 10 ** len(number)))


def time_lines(lines: Sequence[str]) -> tuple[float, float, float, int]:
    """CPU seconds: to split, to assign after training, to train; and how many skeletons."""
    messages = [line.encode() for line in lines]
    started = time.process_time()
    chunks = [
        split_messages(messages[at : at + CHUNK]).skeletons for at in range(0, len(messages), CHUNK)
    ]
    split = time.process_time() - started
    miner = TemplateMiner()
    started = time.process_time()
    for chunk in chunks:
        miner.assign(chunk)
    online = time.process_time() - started
    started = time.process_time()
    miner.train()
    return (
        split,
        online,
        time.process_time() - started,
        len({one for chunk in chunks for one in chunk}),
    )


def main() -> None:
    sets = read_sets()
    mix = make_mix(sets)
    peers = run_drain3([*(lines for lines, _ in sets.values()), mix[:DRAIN3_LINES]])
    print(f"{'set':16s}     GA    FGA     PA    FTA  first sight: GA FGA   drain3: GA FGA")
    rows = defaultdict(list)
    for number, (name, (lines, true)) in enumerate(sets.items()):
        online, trained, texts = mine(lines)
        row = [*score_groups(trained, true), *score_texts(texts, true), *score_groups(online, true)]
        row += score_groups(peers[number][0], true) if peers else ()
        rows["own sets" if name.startswith("own ") else "public sets"].append(row)
        print(f"{name:16s}", *(f"{value:6.3f}" for value in row))
    for name, values in rows.items():
        print(f"{name:16s}", *(f"{mean(column):6.3f}" for column in zip(*values, strict=True)))
    print_speed(mix, peers[-1][1] if peers else None)


def print_speed(mix: Sequence[str], peer_seconds: float | None) -> None:
    """How fast ids are found, and as how many times drain3."""
    split, online, train, skeletons = time_lines(mix)
    rate = LINES / (split + online)
    print(f"{LINES} lines of all sets, {skeletons} skeletons, load {os.getloadavg()[0]:.1f}")
    print(f"split {LINES / split / 1e3:.0f} k lines/s, ids {LINES / online / 1e3:.0f} k/s")
    print(f"both {rate / 1e3:.0f} k lines/s (goal 500); training {train:.2f} s")
    if peer_seconds is not None:
        peer = len(mix[:DRAIN3_LINES]) / peer_seconds
        print(f"drain3 {peer / 1e3:.0f} k lines/s, ratio {rate / peer:.1f} (goal 5)")
