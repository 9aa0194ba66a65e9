"""A configuration is replaced as a whole or not at all, and shows how it relates to its files."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from jipyo.app.build_web import check_exposure
from jipyo.app.configuration import Configuration
from jipyo.app.offline import load_catalogue
from jipyo.config.load import Config, load
from jipyo.config.overrides import CliOverrides
from jipyo.config.start import START_KEYS, keep_start_settings
from jipyo.model.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path


class Site:
    """A file, and every configuration that was applied from it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "jipyo.yaml"
        self.file.write_text("")
        self.applied: list[Config] = []
        overrides = CliOverrides(file=self.file)
        config = load(overrides, {"HOME": str(folder)}, "en")
        self.configuration = Configuration(
            config, SystemClock(), keep=keep_start_settings, check=check_exposure, apply=self.apply
        )

    def apply(self, config: Config) -> None:
        load_catalogue(config)
        self.applied.append(config)

    def reload(self, text: str) -> Any:
        self.file.write_text(text)
        return self.configuration.reload()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_what_the_file_says_is_applied(site: Site) -> None:
    state = site.reload("organisation: x")
    assert (state.error, state.waiting) == (None, ())
    assert site.applied[-1].settings.organisation == "x"
    assert yaml.safe_load(site.applied[-1].effective)["organisation"] == "x"


@pytest.mark.parametrize(
    ("text", "waiting"),
    [
        ("data: /x", "data"),
        ("listen: 127.0.0.1:1", "listen"),
        ("insecure: true", "insecure"),
        ("store: {retention: null, retention_size: 1GiB}", "store.retention store.retention_size"),
        ("store: {out_of_order: 1h, future: 1m}", "store.out_of_order store.future"),
        ("store: {series_limit: 1000, cache: 1MiB}", "store.series_limit store.cache"),
        ("web: {max_connections: 16}", "web.max_connections"),
        ("store: {retention: 396d}", ""),
    ],
)
def test_what_only_a_start_can_change_stays_and_is_named(
    site: Site, text: str, waiting: str
) -> None:
    before = site.reload("") and site.applied[-1]
    state = site.reload(f"{text}\norganisation: x")
    assert state.waiting == tuple(waiting.split())
    after = site.applied[-1]
    assert after.settings.organisation == "x"
    assert (after.data, after.settings.listen, after.settings.insecure, after.settings.store) == (
        before.data,
        before.settings.listen,
        before.settings.insecure,
        before.settings.store,
    )
    assert after.settings.web == before.settings.web
    shown, expected = yaml.safe_load(after.effective), yaml.safe_load(before.effective)
    for key in START_KEYS:
        section, _, name = key.partition(".")
        if name:
            assert shown[section].get(name) == expected[section].get(name), key
        else:
            assert shown[section] == expected[section], key
    assert site.reload("organisation: x").waiting == ()


@pytest.mark.parametrize(
    "text",
    [
        "listen: 0.0.0.0:80",
        "collect: {interval: 5}",
        "catalogue: {files: [nothing.yaml]}",
        "collect: {prometheus_yml: nothing.yml}",
        "[",
    ],
)
def test_what_a_start_would_refuse_changes_nothing(site: Site, text: str) -> None:
    site.reload("organisation: x")
    state = site.reload(text)
    assert len(site.applied) == 1
    assert state.error is not None
    assert rows(site) == {
        "jipyo_config_last_reload_successful": 0.0,
        "jipyo_config_last_reload_success_timestamp_seconds": state.loaded_ms / 1000,
    }
    assert site.reload("organisation: y").error is None
    assert rows(site)["jipyo_config_last_reload_successful"] == 1.0


def rows(site: Site) -> dict[str, float]:
    families = site.configuration.families()
    return {family.name: family.samples[0].value for family in families}


def test_a_file_that_is_gone_is_a_mistake_and_not_the_defaults(site: Site) -> None:
    site.file.unlink()
    state = site.configuration.reload()
    assert (state.error and state.error.key, site.applied) == ("schema.unreadable", [])


def test_a_pipe_is_not_read_a_second_time(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("organisation: x",))
    writer.start()
    config = load(CliOverrides(file=pipe), {"HOME": str(tmp_path)}, "en")
    writer.join()
    applied: list[Config] = []
    configuration = Configuration(
        config, SystemClock(), keep=keep_start_settings, check=check_exposure, apply=applied.append
    )
    state = configuration.reload()
    assert (state.error and state.error.key, applied) == ("config.read_once", [])


def test_a_change_of_any_file_is_noticed_until_it_is_read(site: Site, tmp_path: Path) -> None:
    jobs, metrics, more = (tmp_path / name for name in ("p.yml", "m.yaml", "more.yml"))
    jobs.write_text("scrape_config_files: [more.yml]")
    metrics.write_text("version: 1\nmetrics: []")
    more.write_text("")
    site.reload("collect: {prometheus_yml: p.yml}\ncatalogue: {files: [m.yaml]}")
    for file in (site.file, jobs, metrics, more):
        assert not site.configuration.state().has_changed
        file.write_text(f"{file.read_text()}\n# changed")
        assert site.configuration.state().has_changed
        assert site.configuration.reload().error is None
    more.unlink()
    assert site.configuration.state().has_changed


def test_reloads_at_once_are_done_one_after_the_other(tmp_path: Path) -> None:
    running: list[int] = []
    most: list[int] = []

    def apply(config: Config) -> None:
        running.append(1)
        time.sleep(0.02)
        most.append(len(running))
        running.pop()

    config = load(CliOverrides(), {"HOME": str(tmp_path)}, "en")
    configuration = Configuration(
        config, SystemClock(), keep=keep_start_settings, check=check_exposure, apply=apply
    )
    threads = [threading.Thread(target=configuration.reload) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5
