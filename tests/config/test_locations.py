"""Where the file, the data and the time zone are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jipyo.config.locations import find_data_folder, find_file, find_zone
from jipyo.config.sound import peek_language
from jipyo.i18n import texts
from jipyo.model.errors import ConfigError
from jipyo.schema import read_text


def place(folder: Path) -> Path:
    file = folder / "jipyo" / "jipyo.yaml"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


def test_the_users_file_comes_before_that_of_the_machine(tmp_path: Path) -> None:
    user, etc = tmp_path / "user", tmp_path / "etc"
    environ = {"XDG_CONFIG_HOME": str(user)}
    assert find_file(environ, etc) is None
    machine = place(etc)
    assert find_file(environ, etc) == machine
    own = place(user)
    assert find_file(environ, etc) == own


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everywhere")
def test_a_file_in_a_closed_folder_is_not_passed_over(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    file = place(closed)
    closed.chmod(0)
    environ = {"XDG_CONFIG_HOME": str(closed)}
    assert find_file(environ, tmp_path / "etc") == file
    assert peek_language(None, environ) is None
    with pytest.raises(ConfigError) as caught:
        read_text(file)
    assert "Permission denied" in texts("en").error(caught.value)
    closed.chmod(0o700)


@pytest.mark.parametrize(
    ("setting", "environ", "folder"),
    [
        (Path("/srv/jipyo"), {"XDG_DATA_HOME": "/x"}, Path("/srv/jipyo")),
        (Path("data"), {}, Path.cwd() / "data"),
        (Path("~/data"), {}, Path.home() / "data"),
        (None, {"XDG_DATA_HOME": "/x"}, Path("/x/jipyo")),
        (None, {"XDG_DATA_HOME": "relative"}, Path.home() / ".local/share/jipyo"),
        (None, {}, Path.home() / ".local/share/jipyo"),
    ],
)
def test_the_data_is_where_it_was_set_or_where_the_user_keeps_data(
    setting: Path | None, environ: dict[str, str], folder: Path
) -> None:
    assert find_data_folder(setting, environ) == folder


@pytest.mark.parametrize(
    ("tz", "target", "zone"),
    [
        ("Asia/Seoul", "/usr/share/zoneinfo/UTC", "Asia/Seoul"),
        (":Europe/London", None, "Europe/London"),
        ("Nowhere/Land", "/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("../../etc/passwd", None, "UTC"),
        ("", "../usr/share/zoneinfo/Asia/Seoul", "Asia/Seoul"),
        ("", "/etc/other", "UTC"),
        ("", None, "UTC"),
    ],
)
def test_the_zone_is_that_of_the_environment_or_of_the_machine(
    tz: str, target: str | None, zone: str, tmp_path: Path
) -> None:
    localtime = tmp_path / "localtime"
    if target is not None:
        localtime.symlink_to(target)
    assert find_zone({"TZ": tz} if tz else {}, localtime).key == zone
