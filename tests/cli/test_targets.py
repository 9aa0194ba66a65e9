"""`jipyo targets`, and output that programs read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.failure import FAILURES
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_BITS, Scrape
from jipyo.tsdb import Store
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

STEP_MS, MINUTE_MS = 15_000, 60_000


@pytest.fixture
def targets(tmp_path: Path) -> Path:
    """One target that is up, one that went down five minutes ago, one that is gone."""
    now = int(time.time() * 1000)
    with Store.open(tmp_path / "data", now_ms=lambda: now) as store:

        def put(job: str, values: list[float], end_ms: int, **labels: str) -> None:
            name = labels.pop("name", "up")
            full = Labels.of({"__name__": name, "job": job, "instance": "root:x:0", **labels})
            start = end_ms - STEP_MS * (len(values) - 1)
            for step, value in enumerate(values):
                store.append([Scrape(start + step * STEP_MS, (full,), np.array([value]))])

        put("gone", [1.0] * 4, now - 20 * MINUTE_MS)
        put("node", [1.0] * 4, now)
        put("node", [321.0] * 4, now, name="scrape_samples_scraped")
        put("redis", [1.0] * 20 + [0.0] * 21, now)
        put("redis", [20.0, 21.0], now, name=FAILURES, reason="connection_refused")
    return tmp_path / "data"


def test_every_target_is_listed_the_failing_ones_first(targets: Path) -> None:
    result = jipyo("targets", "--data", str(targets))
    assert result.code == 0, result.err
    first, _, redis, gone, node = (line.rstrip() for line in result.out.splitlines())
    assert first == "1 of 3 targets not answering."
    assert redis.split()[:3] == ["redis", "root:x:0", "Down"]
    assert "refused the connection" in redis
    assert "for 5 min" in redis
    assert "No longer scraped" in gone
    assert node.split()[:3] == ["node", "root:x:0", "Up"]
    assert node.endswith("321")


def test_a_probe_without_success_fails_though_it_was_tried(tmp_path: Path) -> None:
    now = int(time.time() * 1000)
    target = Labels.of({"job": "web", "instance": "http://a/"})
    up = target.put({"__name__": "up"})
    failures = [
        target.put({"__name__": FAILURES, "reason": reason}) for reason in ("no_route", "timeout")
    ]
    with Store.open(tmp_path, now_ms=lambda: now) as store:
        for step, failed in enumerate([(), (), failures[:1], failures[1:]]):
            t_ms = now - STEP_MS * (3 - step)
            store.append([Scrape(t_ms, (up, *failed), np.ones(1 + len(failed)))])
        gone = np.full(1, STALE_BITS, np.uint64).view(np.float64)
        store.append([Scrape(now, tuple(failures[:1]), gone)])
    result = jipyo("targets", "--data", str(tmp_path))
    first, _, web = result.out.splitlines()
    assert first == "1 of 1 target not answering."
    assert "Down" in web
    assert "no answer in time. Check whether it is overloaded" in web
    (row,) = json.loads(jipyo("targets", "--json", "--data", str(tmp_path)).out)
    assert (row["state"], row["since"]) == ("down", (now - STEP_MS) / 1000)
    assert row["remedy"].startswith("Check whether it is overloaded")


@pytest.mark.parametrize(
    ("ups", "lang", "sentence"),
    [
        (0, "en", "No target was scraped in the last hour."),
        (0, "ko", "최근 1시간 동안 수집된 대상이 없습니다."),
        (1, "en", "1 target answers."),
        (2, "en", "2 targets answer."),
        (2, "ko", "수집 대상 2개가 모두 응답합니다."),
    ],
)
def test_targets_without_a_failure_are_said_to_answer(
    tmp_path: Path, ups: int, lang: str, sentence: str
) -> None:
    now = int(time.time() * 1000)
    with Store.open(tmp_path, now_ms=lambda: now) as store:
        for number in range(ups):
            series = (Labels.of({"__name__": "up", "job": "node", "instance": str(number)}),)
            store.append([Scrape(now, series, np.ones(1))])
    result = jipyo("targets", "--lang", lang, "--data", str(tmp_path))
    assert (result.code, result.out.splitlines()[0]) == (0, sentence)


def test_targets_as_json(targets: Path) -> None:
    rows = json.loads(jipyo("targets", "--json", "--lang", "ko", "--data", str(targets)).out)
    down, gone, up = rows
    assert (down["state"], down["reason"]) == ("down", "connection_refused")
    assert down["cause"] == "연결이 거부됨"
    assert (gone["state"], gone["reason"], gone["since"]) == ("gone", None, gone["last"])
    assert (up["state"], up["samples"], up["since_open"]) == ("up", 321, True)


def test_status_names_the_target_and_the_cause_on_one_line(targets: Path) -> None:
    out = jipyo("status", "--data", str(targets)).out
    assert out.startswith("Critical: redis root:x:0 does not answer: refused the connection")
    remedy = "Start the service, or correct its address and port."
    assert remedy in out.splitlines()[0]
    row = next(line for line in out.splitlines() if line.startswith("Targets down"))
    assert "redis root:x:0 does not answer: refused the connection, since" in row
    assert remedy in row


@pytest.mark.parametrize("encoding", ["euc-kr", "ascii"])
def test_any_encoding_can_print_what_it_cannot_write_as_a_question_mark(
    targets: Path, encoding: str
) -> None:
    words = ["status", "--all", "--exit-code", "--lang", "ko", "--data", str(targets)]
    result = subprocess.run(
        [sys.executable, "-m", "jipyo", *words],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (2, b"")
    assert b"root:x:0" in result.stdout
    assert result.stdout.decode(encoding)
