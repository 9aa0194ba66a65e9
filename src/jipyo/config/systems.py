"""`systems:` the systems that are watched, each with its targets and its contract."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jipyo.config.alerts import read_matchers
from jipyo.model.errors import ConfigError
from jipyo.schema import (
    BILINGUAL,
    DATE,
    NUMBER,
    TEXT,
    Key,
    Kind,
    Node,
    between,
    convert,
    list_of,
    list_of_named,
    map_of,
    record,
)
from jipyo.sla.profile_file import BUILTIN_PROFILES, load_profile
from jipyo.sla.systems import ContractedSystem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from jipyo.model.bilingual import Bilingual
    from jipyo.model.matcher import Matcher

_NAME = re.compile(r"\w[\w.-]{0,63}")


def _read_targets(node: Node) -> tuple[str, tuple[Matcher, ...]]:
    matchers = read_matchers(node)
    return TEXT.read(node).strip().removeprefix("{").removesuffix("}").strip(" ,"), matchers


def _find_profile(name: str, node: Node) -> str:
    """The name of a built-in profile, or the path of a file, which has no mistakes."""
    if name not in BUILTIN_PROFILES and Path(name).suffix in (".yaml", ".yml"):
        name = str((Path(node.file).parent / Path(name).expanduser()).absolute())
    try:
        load_profile(name)
    except ConfigError as error:
        if error.key.startswith("sla.unknown_profile"):
            error.values["where"] = node.at
        elif error.key == "schema.unreadable":
            raise ConfigError("schema.at", where=node.at, problem=error) from error
        raise
    return name


def _make_system(
    *,
    targets: tuple[str, tuple[Matcher, ...]] = ("", ()),
    days_off: tuple[date, ...] = (),
    working_days: tuple[date, ...] = (),
    texts: Mapping[str, Bilingual] | None = None,
    **values: Any,
) -> ContractedSystem:
    selector, matchers = targets
    return ContractedSystem(
        selector=selector,
        matchers=matchers,
        days_off=frozenset(days_off),
        working_days=frozenset(working_days),
        texts=texts or {},
        **values,
    )


def _read_name(name: str, node: Node) -> str:
    """A name that can be that of a folder."""
    if not _NAME.fullmatch(name):
        raise ConfigError("config.not_a_system_name", where=node.at, value=name)
    return name


def _check_dates(system: ContractedSystem, node: Node) -> None:
    if system.start is not None and system.end is not None and system.end < system.start:
        raise ConfigError("config.contract_ends_first", where=node.find("end").at)


SYSTEMS = list_of_named(
    record(
        _make_system,
        (
            Key("name", convert(TEXT, _read_name), required=True),
            Key("title", BILINGUAL, required=True),
            Key("targets", Kind("matchers", _read_targets)),
            Key("profile", convert(TEXT, _find_profile)),
            Key("start", DATE),
            Key("end", DATE),
            Key("days_off", list_of(DATE)),
            Key("working_days", list_of(DATE)),
            Key("fee", between(NUMBER, "0", "1e15")),
            Key("currency", TEXT),
            Key("customer", TEXT),
            Key("contract", TEXT),
            Key("approvers", list_of(TEXT)),
            Key("texts", map_of(BILINGUAL, "text_map")),
        ),
        options=ContractedSystem,
        check=_check_dates,
    )
)
