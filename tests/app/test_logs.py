"""The log sources of a configuration by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.app.log_checks import check_journald, find_log_problems
from jipyo.app.logs import find_logs_folder, open_logs
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.i18n import texts
from jipyo.logs.elasticsearch import ElasticsearchSource
from jipyo.logs.embedded import EmbeddedLogs
from jipyo.logs.ingest.sources.journald import JournaldOptions
from jipyo.logs.query import LogQuery
from jipyo.logs.store.store import LogStore
from jipyo.model.errors import ConfigError, StoreError
from support.log_batches import START_NS, make_batch

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.config.load import Config

CLUSTERS = """
logs:
  sources: [{url: "http://127.0.0.1:1", name: prod}, {url: "http://127.0.0.1:2", name: old}]
"""
MESSAGES = [f"user {name} logged in from 10.0.0.{n}" for n, name in enumerate("abcdefgh")]


def load_config(folder: Path, text: str = "") -> Config:
    file = folder / "jipyo.yaml"
    file.write_text(text, "utf-8")
    return load(CliOverrides(file=file, data=folder / "data"), {}, "en")


def fill(folder: Path) -> None:
    with LogStore.open(folder) as store:
        store.append([make_batch("web", [{"t": 0, "message": each} for each in MESSAGES])])
        store.flush()


def test_the_embedded_store_is_asked_unless_another_source_is_named(tmp_path: Path) -> None:
    config = load_config(tmp_path, CLUSTERS)
    fill(find_logs_folder(config))
    with open_logs(config) as sources:
        assert sources.names == ("embedded", "prod", "old")
        assert isinstance(sources.find(), EmbeddedLogs)
        assert isinstance(sources.find("old"), ElasticsearchSource)
        assert sources.find("old") is sources.find("old")


def test_without_a_store_the_first_cluster_is_asked(tmp_path: Path) -> None:
    with open_logs(load_config(tmp_path, CLUSTERS)) as sources:
        assert sources.default == "prod"


def test_an_unknown_name_and_a_store_that_is_not_there_are_errors(tmp_path: Path) -> None:
    with open_logs(load_config(tmp_path)) as sources:
        with pytest.raises(ConfigError, match="unknown_log_source"):
            sources.find("prd")
        with pytest.raises(StoreError, match="no_logs"):
            sources.find()


def test_templates_of_a_store_that_no_process_has_learnt_are_found(tmp_path: Path) -> None:
    config = load_config(tmp_path)
    fill(find_logs_folder(config))
    with open_logs(config) as sources:
        found = sources.find().templates(LogQuery(start_ns=START_NS, end_ns=START_NS + 1))
    assert [(each.text, each.n) for each in found.templates] == [
        ("user <*> logged in from <*>", len(MESSAGES))
    ]


def test_the_doctor_names_what_keeps_logs_from_being_read(tmp_path: Path) -> None:
    config = load_config(
        tmp_path,
        f"""
logs:
  files: [{{path: "{tmp_path}/*.log"}}, {{path: "{tmp_path}/jipyo.yaml"}}]
  sources: [{{url: "http://127.0.0.1:1", name: prod, retries: 0}}]
""",
    )
    texts_of = [texts("en").error(each) for each in find_log_problems(config, 0)]
    assert texts_of[0].startswith(f"No log file matches {tmp_path}/*.log.")
    assert "prod" in texts_of[1]
    assert len(texts_of) == 2
    (problem,) = check_journald(JournaldOptions(command="no-such-command"))
    assert "no-such-command" in texts("ko").error(problem)
