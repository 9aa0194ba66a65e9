"""Who enters something: the option `--by`, $JIPYO_USER or the login name."""

from __future__ import annotations

import functools
import os
import pwd
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.i18n import Texts

_VARIABLES = ("JIPYO_USER", "SUDO_USER", "LOGNAME", "USER")
"""Behind `sudo` the person, not root."""


def pass_person(t: Texts) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command --by; call it with the name as `who`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option("--by", metavar="NAME", help=t("incident.command.option.by"))
        @functools.wraps(command)
        def run(*args: Any, by: str | None, **rest: Any) -> Any:
            who = by or find_person(os.environ) or find_account(os.getuid())
            return command(*args, who=who, **rest)

        return run

    return decorate


def find_person(environ: Mapping[str, str]) -> str:
    """The name by the environment; empty where it has none."""
    return next((environ[name] for name in _VARIABLES if environ.get(name)), "")


def find_account(uid: int) -> str:
    """The name of an account by its number; empty where it has none, as in some containers."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""
