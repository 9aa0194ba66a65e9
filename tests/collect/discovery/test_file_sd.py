"""Files of targets: good ones, broken ones, and what becomes of targets meanwhile."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from jipyo.collect.discovery import Discovery, Job
from jipyo.collect.relabel import RelabelRule
from jipyo.i18n import texts
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def discover(folder: Path, name: str, content: str | bytes, **job: object) -> list[str]:
    """The series labels of the targets of one file."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    files = (str(folder / "*"),)
    return [str(target.labels) for target in Discovery([Job(name="j", files=files, **job)])()]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "content", "instances"),
    [
        ("a.yml", '- targets: ["h:1", "h:2"]\n', ["h:1", "h:2"]),
        ("a.yaml", '- targets: ["h:1"]\n- targets: ["h:2"]\n', ["h:1", "h:2"]),
        ("a.json", '[{"targets": ["h:1"]}]', ["h:1"]),
        ("a.json", "[]", []),
        ("a.yml", "", []),
        ("a.yml", "# nothing yet\n", []),
        ("a.yml", "- targets: []\n", []),
        ("a.yml", '- targets: ["h:1"]\n  labels:\n', ["h:1"]),
        ("a.yml", '- targets: ["h:1"]\n  later: {a: 1}\n', ["h:1"]),
        ("a.yml", '- targets: ["[::1]:9100"]\n', ["[::1]:9100"]),
        ("a.yml", "- targets: [8080, 010, 1.10, 12:30]\n", ["8080", "010", "1.10", "12:30"]),
        ("a.json", '\t[{"targets": [8080, 1.10]}]', ["8080", "1.10"]),
        ("a.JSON", '[{"targets": ["\\ud83d\\ude00:1"]}]', ["😀:1"]),
        ("a.yml", "\ufeff- targets: [h]\n", ["h"]),
        ("a.yml", "- &x {targets: [h]}\n- <<: *x\n  labels: {}\n- *x\n", ["h"]),
    ],
)
def test_the_targets_of_a_file(
    tmp_path: Path, name: str, content: str, instances: list[str]
) -> None:
    found = discover(tmp_path, name, content)
    assert found == [f'{{instance="{instance}",job="j"}}' for instance in instances]


def test_labels_of_an_entry_are_those_of_its_targets(tmp_path: Path) -> None:
    content = '- targets: ["h:1"]\n  labels: {env: prod, 지역: 서울, rack: 7}\n'
    assert discover(tmp_path, "a.yml", content) == [
        '{env="prod",instance="h:1",job="j",rack="7",지역="서울"}'
    ]


def test_relabelling_sees_the_path_of_the_file(tmp_path: Path) -> None:
    rule = RelabelRule(
        source_labels=("__meta_filepath",), regex=".*/(.*)\\.yml", target_label="file"
    )
    found = discover(tmp_path, "seoul.yml", '- targets: ["h:1"]\n', relabel=(rule,))
    assert found == ['{file="seoul",instance="h:1",job="j"}']


@pytest.mark.parametrize("name", ["a.yml", "a.json"])
@pytest.mark.parametrize(
    "text", ["1.10", "10", "1e3", "12:30", "yes", "on", "0123456", "2024-02-30", "0x1F", "true"]
)
def test_a_label_is_as_written(tmp_path: Path, name: str, text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        text_in_json = json.dumps(text)
    else:
        text_in_json = text
    written = text if name == "a.yml" else text_in_json
    labels = discover(tmp_path, name, f'[{{"targets": ["h"], "labels": {{"a": {written}}}}}]')
    assert labels == [f'{{a="{text}",instance="h",job="j"}}']


BROKEN = [
    ("a.yml", "- [", ":2: This is not YAML"),
    ("a.yml", "5", ":1: 5 must be a list"),
    ("a.yml", "text", ":1: text must be a list"),
    ("a.yml", "targets: [h]", ":1: {…} must be a list"),
    ("a.yml", "- 5\n", ":1: 5 must be keys and values"),
    ("a.yml", "- targets: h:9\n", ":1: targets: h:9 must be a list"),
    ("a.yml", "\n- labels: {}\n", ":2: The key targets is missing"),
    ("a.yml", "- targets: [h]\n- targets: [[a]]\n", ":2: targets[0]: […] must be a string"),
    ("a.json", '[{"targets":["x:3"],"labels":["a"]}]', ": [0].labels: […] must be keys and values"),
    ("a.json", '[{"targets":["x:3"],"labels":"a"}]', ": [0].labels: a must be keys and values"),
    ("a.json", '[{"targets":["x:3"],"labels":{"a":{}}}]', ": [0].labels.a: {…} must be a string"),
    ("a.json", "{", ":1: This is not JSON: Expecting property name"),
    ("a.json", '{"targets": ["h:1"]}', ": {…} must be a list"),
    ("a.json", "5", ": 5 must be a list"),
    ("a.json", "", ":1: This is not JSON: Expecting value"),
    ("a.json", "[" * 100_000, ": Nested more than 20 levels deep"),
    ("a.yml", "[" * 100_000, ":1: Nested more than 20 levels deep"),
    ("a.yml", "- targets: [a]\n  targets: [b]\n", ":2: The key targets appears twice"),
    ("a.yml", b"\xff\xfe", ": Byte 0 is not UTF-8"),
    ("a.yml", "- targets: [!!python/object/apply:os.system [ls]]\n", ":1: The YAML tag tag:"),
]


@pytest.mark.parametrize(("name", "content", "reason"), BROKEN)
def test_a_broken_file_is_logged_once_and_gives_no_targets(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    content: str | bytes,
    reason: str,
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    discovery = Discovery([Job(name="j", files=(str(path),))])
    assert discovery() == []
    assert discovery() == []
    (record,) = caplog.records
    assert record.msg == "the previous targets stay: %s"
    assert isinstance(record.args, tuple)
    (error,) = record.args
    assert isinstance(error, ConfigError)
    assert texts("en").error(error).startswith(f"{path}{reason}")


def test_each_mistake_of_a_file_is_logged_and_its_end_is_noticed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.yml"
    discovery = Discovery([Job(name="j", files=(str(path),))])
    targets: list[int] = []
    for at, content in enumerate(["5", "5", "- 5", "- targets: [h]", "5", "[" * 10**5]):
        path.write_text(content, "utf-8")
        os.utime(path, (at, at))
        targets.append(len(discovery()))
    assert targets == [0, 0, 0, 1, 1, 1]
    assert len(caplog.records) == 4


@pytest.mark.parametrize(("name", "content"), [(name, content) for name, content, _ in BROKEN])
def test_while_a_file_is_broken_its_targets_stay_and_other_files_go_on(
    tmp_path: Path, name: str, content: str | bytes
) -> None:
    path, other = tmp_path / name, tmp_path / "z.yml"
    path.write_text('[{"targets": ["h:1"]}]', "utf-8")
    other.write_text('- targets: ["h:2"]\n', "utf-8")
    discovery = Discovery([Job(name="j", files=(str(tmp_path / "*"),))])
    before = discovery()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (1, 1))
    assert discovery() == before
    path.write_text('[{"targets": ["h:3"]}]', "utf-8")
    assert [target.instance for target in discovery()] == ["h:3", "h:2"]
    assert discovery()[1] is before[1]


def test_a_pattern_that_matches_nothing_or_a_folder_that_is_not_there_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = (str(tmp_path / "*.yml"), str(tmp_path / "gone" / "*.yml"))
    assert Discovery([Job(name="j", files=files)])() == []
    assert caplog.messages == []


def test_a_file_of_two_patterns_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text('- targets: ["h:1"]\n', "utf-8")
    files = (str(tmp_path / "a.yml"), str(tmp_path / "*.yml"))
    assert len(Discovery([Job(name="j", files=files)])()) == 1
