"""Each value in force, with the line, option or default that it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from jipyo.config.load import Config, load
from jipyo.config.overrides import CliOverrides

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
timezone: Asia/Seoul
instance: gpu-1
collect:
  interval: 30s
  scrape:
  - job: vllm
    url: "http://h:8000/metrics?token=hush"
  - {job: api, url: "http://h:1/metrics", bearer_token: hush}
"""


def load_file(folder: Path, **options: str) -> tuple[Config, str]:
    file = folder / "jipyo.yaml"
    file.write_text(TEXT, "utf-8")
    overrides = CliOverrides(file=file, data=folder, listen=options.get("listen"))
    return load(overrides, {}, "en"), str(file)


def test_a_value_names_the_line_that_sets_it(tmp_path: Path) -> None:
    config, file = load_file(tmp_path)
    found = {one.key: (one.value, one.origin, one.place) for one in config.origins}
    assert found["timezone"] == ("Asia/Seoul", "file", f"{file}:1")
    assert found["collect.interval"][1:] == ("file", f"{file}:4")
    assert found["collect.scrape[0].job"] == ("vllm", "file", f"{file}:6")
    assert found["collect.scrape[1].job"] == ("api", "file", f"{file}:8")


def test_what_nobody_sets_is_a_default_and_what_an_option_sets_says_so(tmp_path: Path) -> None:
    config, _ = load_file(tmp_path, listen="127.0.0.1:9999")
    found = {one.key: (one.value, one.origin, one.place) for one in config.origins}
    assert found["listen"] == ("127.0.0.1:9999", "option", "")
    assert found["data"] == (str(tmp_path), "option", "")
    assert found["language"] == ("en", "default", "")
    assert found["insecure"] == (False, "default", "")


def test_no_secret_is_among_them(tmp_path: Path) -> None:
    config, _ = load_file(tmp_path)
    assert "hush" not in repr(config.origins)
    assert any(one.value == "<secret>" for one in config.origins)


def test_every_value_in_force_is_there_once(tmp_path: Path) -> None:
    config, _ = load_file(tmp_path)

    def count(value: object) -> int:
        if isinstance(value, dict) and value:
            return sum(count(one) for one in value.values())
        return sum(count(one) for one in value) if isinstance(value, list) and value else 1

    keys = [one.key for one in config.origins]
    assert len(keys) == len(set(keys)) == count(yaml.safe_load(config.effective))
