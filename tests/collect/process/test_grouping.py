"""Which group a process belongs to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from collect.helpers import write_tree
from jipyo.collect.process.grouping import (
    Grouping,
    GroupRule,
    Identity,
    identify,
    look_up_user,
)
from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

WHO = Identity(
    comm="python3",
    exe="python3",
    cmdline="/usr/bin/python3 -m app --port 80",
    user="alice",
    unit="app.service",
    container="0123456789ab",
)


@pytest.mark.parametrize(
    ("rule", "group"),
    [
        (GroupRule(name="x"), "x"),  # no pattern: every process
        (GroupRule(name="x", exe="python"), "x"),  # need not match whole
        (GroupRule(name="x", exe="^python$"), ""),
        (GroupRule(name="x", exe="python", user="bob"), ""),  # all must be found
        (GroupRule(name="{exe}/{user}", exe="p"), "python3/alice"),
        (GroupRule(name="{unit} {container} {comm}"), "app.service 0123456789ab python3"),
        (GroupRule(name="port {port}", cmdline=r"--port (?P<port>\d+)"), "port 80"),
        (GroupRule(name="{nothing}"), "{nothing}"),
        (GroupRule(name="{x}", cmdline="(?P<x>z*)"), "{x}"),  # an empty name is none
        (GroupRule(name="{user}", cmdline="(?P<user>app)"), "app"),  # the pattern wins
    ],
)
def test_a_rule_names_a_group_or_does_not_fit(rule: GroupRule, group: str) -> None:
    assert Grouping((rule,), "").choose_group(WHO) == group


@pytest.mark.parametrize(
    ("group_by", "group"),
    [
        ("", ""),
        ("exe", "python3"),
        ("comm", "python3"),
        ("user", "alice"),
        ("unit", "app.service"),
        ("container", "0123456789ab"),
    ],
)
def test_what_no_rule_names_is_grouped_by_an_attribute(group_by: str, group: str) -> None:
    rules = (GroupRule(name="other", exe="nginx"),)
    assert Grouping(rules, group_by).choose_group(WHO) == group


def test_the_first_rule_that_fits_wins() -> None:
    rules = (GroupRule(name="first", user="alice"), GroupRule(name="second", exe="python"))
    assert Grouping(rules, "").choose_group(WHO) == "first"


@pytest.mark.parametrize("attribute", ["exe", "cmdline", "user", "unit", "container"])
def test_a_pattern_that_is_not_re2_is_refused_with_its_field(attribute: str) -> None:
    rule = GroupRule(name="g", **{attribute: "(?=x)"})
    with pytest.raises(ConfigError) as caught:
        Grouping((rule,), "")
    assert caught.value.values == {"group": "g", "field": attribute, "pattern": "(?=x)"}


@pytest.mark.parametrize(
    ("cmdline", "comm", "exe"),
    [
        ("/usr/bin/python3\0app.py\0", "python3", "python3"),
        ("redis-server *:6379\0", "redis-server", "redis-server"),  # a rewritten title
        ("nginx: worker process\0", "nginx", "nginx"),
        ("-bash\0", "bash", "bash"),
        ("sshd: alice [priv]\0", "sshd", "sshd"),
        ("/opt/my app/run\0", "run", "run"),
        ("/\0", "odd", "odd"),
        ("\0\0x", "odd", "odd"),
    ],
)
def test_the_program_of_a_process(tmp_path: Path, cmdline: str, comm: str, exe: str) -> None:
    write_tree(tmp_path, {"7/cmdline": cmdline, "7/cgroup": "0::/\n"})
    identity = identify(str(tmp_path), 7, comm, str)
    assert identity is not None
    assert (identity.exe, identity.comm, identity.user) == (exe, comm, str(os.getuid()))


@pytest.mark.parametrize("cmdline", ["", "\0", "\0\0\0"])
def test_a_process_without_a_command_line_has_no_identity(tmp_path: Path, cmdline: str) -> None:
    write_tree(tmp_path, {"7/cmdline": cmdline})
    assert identify(str(tmp_path), 7, "defunct", str) is None


@pytest.mark.parametrize(
    ("cgroup", "unit", "container"),
    [
        (None, "", ""),
        ("0::/\n", "", ""),
        ("0::/system.slice/nginx.service\n", "nginx.service", ""),
        ("0::/user.slice/user-1000.slice/session-2.scope\n", "session-2.scope", ""),
        (f"0::/system.slice/docker-{'ab' * 32}.scope\n", f"docker-{'ab' * 32}.scope", "ab" * 6),
        (f"0::/docker/{'cd' * 32}\n", "", "cd" * 6),
        (f"0::/kubepods/burstable/podX/{'ef' * 32}\n", "", "ef" * 6),
        (f"1:cpu:/docker/{'12' * 32}\n0::/x.service\n", "x.service", "12" * 6),  # version 1
        (f"0::/docker/{'ab' * 31}\n", "", ""),  # too short to be an id
    ],
)
def test_unit_and_container_are_read_from_the_cgroup(
    tmp_path: Path, cgroup: str | None, unit: str, container: str
) -> None:
    write_tree(tmp_path, {"7/cmdline": "x\0", **({} if cgroup is None else {"7/cgroup": cgroup})})
    identity = identify(str(tmp_path), 7, "x", str)
    assert identity is not None
    assert (identity.unit, identity.container) == (unit, container)


def test_users_have_names_or_numbers() -> None:
    assert look_up_user(0) == "root"
    assert look_up_user(2**31 - 7) == str(2**31 - 7)
