"""Which group a process belongs to."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache

import re2

from jipyo.collect.process.read import read_once
from jipyo.model.errors import ConfigError
from jipyo.model.regex import compile_pattern

_UNIT = re.compile(r"/([^/]+\.(?:service|scope|socket|mount))(?=/|$)")
_CONTAINER = re.compile(r"(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?=/|$)")
_SHORT_ID = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRule:
    """Processes that belong to one group: every pattern must match.

    Patterns are RE2 and need not match whole. `name` may contain `{exe}`, `{comm}`, `{user}`,
    `{unit}`, `{container}` or a named group of the command line's pattern.
    """

    name: str
    exe: str = ""
    cmdline: str = ""
    user: str = ""
    unit: str = ""
    container: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The attributes of a process, fixed as long as it runs one program."""

    comm: str
    exe: str
    cmdline: str
    user: str
    unit: str
    container: str


def identify(proc: str, pid: int, comm: str, user_name: Callable[[int], str]) -> Identity | None:
    """Read the identity of a process; None for one without a command line (a zombie).

    Raises:
        OSError: it has ended.
    """
    words = read_once(f"{proc}/{pid}/cmdline").rstrip(b"\0").decode("utf-8", "replace")
    if not words:
        return None
    owner = os.stat(f"{proc}/{pid}").st_uid  # noqa: PTH116 - a Path costs as much as the call
    unit, container = _read_unit_and_container(proc, pid)
    first = words.partition("\0")[0]
    exe = first.rpartition("/")[2].removeprefix("-")
    if not exe or ":" in first or " " in exe:
        exe = comm  # a rewritten title, such as "nginx: worker"
    return Identity(comm, exe, words.replace("\0", " "), user_name(owner), unit, container)


def _read_unit_and_container(proc: str, pid: int) -> tuple[str, str]:
    """The systemd unit and the short container id, from the paths of the cgroups."""
    try:
        text = read_once(f"{proc}/{pid}/cgroup").decode("utf-8", "replace")
    except OSError:
        return "", ""
    units = [unit for line in text.splitlines() for unit in _UNIT.findall(line)]
    containers = [name for line in text.splitlines() for name in _CONTAINER.findall(line)]
    return (units[-1] if units else "", containers[-1][:_SHORT_ID] if containers else "")


@lru_cache(maxsize=1024)
def look_up_user(uid: int) -> str:
    """The name of a user id, or the id where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


class Grouping:
    """Groups by rules first, then by one attribute."""

    def __init__(self, rules: tuple[GroupRule, ...], group_by: str) -> None:
        """Compile the rules.

        Raises:
            ConfigError: a pattern is not valid RE2, or `group_by` names nothing known.
        """
        if group_by not in {"", "exe", "comm", "user", "unit", "container"}:
            raise ConfigError(
                "collect.bad_group_by", hint="collect.bad_group_by.hint", value=group_by
            )
        self._rules = [(rule, _compile_rule(rule)) for rule in rules]
        self._group_by = group_by

    def choose_group(self, identity: Identity) -> str:
        """The group's name; empty for a process that belongs to none."""
        for rule, patterns in self._rules:
            name = _match_rule(rule, patterns, identity)
            if name is not None:
                return name
        if not self._group_by:
            return ""
        return str(getattr(identity, self._group_by)) or identity.exe


_Patterns = Mapping[str, re2._Regexp]  # noqa: SLF001 - re2 gives its class no public name


def _compile_rule(rule: GroupRule) -> _Patterns:
    given = {k: v for k, v in asdict(rule).items() if k != "name" and v}
    patterns = {}
    for attribute, pattern in given.items():
        try:
            patterns[attribute] = compile_pattern(pattern)
        except re2.error as error:
            raise ConfigError(
                "collect.bad_pattern",
                hint="collect.bad_pattern.hint",
                group=rule.name,
                field=attribute,
                pattern=pattern,
            ) from error
    return patterns


def _match_rule(rule: GroupRule, patterns: _Patterns, identity: Identity) -> str | None:
    """The name of the rule's group for a process, or None where a pattern is not found."""
    named: dict[str, str] = {}
    for attribute, pattern in patterns.items():
        match = pattern.search(getattr(identity, attribute))
        if match is None:
            return None
        named.update(match.groupdict(""))
    values = {**asdict(identity), **named}
    name = re.sub(r"\{(\w+)\}", lambda blank: values.get(blank[1], blank[0]), rule.name)
    return name or rule.name
