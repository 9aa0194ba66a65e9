"""Files -> groups of rules, or all mistakes at once with their places.

As Prometheus 3.16 reads them (model/rulefmt/rulefmt.go).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from jipyo.alerts.rule_files.template import TemplateError, check_template
from jipyo.alerts.rule_files.values import FileRule, Pairs, RuleGroup
from jipyo.model.duration import format_duration, parse_duration
from jipyo.model.errors import ConfigError, QueryError
from jipyo.model.labels import METRIC_NAME
from jipyo.schema import (
    ANY_TEXT,
    TEXT,
    WHOLE,
    Key,
    Kind,
    Node,
    between,
    convert,
    gather,
    list_of,
    list_of_named,
    map_of,
    nullable,
    parse_yaml,
    read_text,
    record,
    wrong_kind,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Parse = Callable[[str], object]
"""Refuses an expression by raising a QueryError."""


def read_rule_files(paths: Sequence[Path], parse: Parse) -> tuple[RuleGroup, ...]:
    """The groups of all files.

    Args:
        paths: in the order in which they are named.
        parse: checks every expression.

    Raises:
        ConfigError: with every mistake of all files.
    """
    files = gather(partial(_read_file, path, parse) for path in paths)
    return tuple(group for groups in files for group in groups)


def _read_file(path: Path, parse: Parse) -> tuple[RuleGroup, ...]:
    return parse_rule_file(read_text(path), str(path), parse)


def parse_rule_file(text: str, file: str, parse: Parse) -> tuple[RuleGroup, ...]:
    """The groups of a file, from its text.

    Raises:
        ConfigError: with every mistake.
    """
    tree = parse_yaml(text, file)
    return () if tree.value is None else _build_file_kind(parse).read(tree)


def _build_file_kind(parse: Parse) -> Kind[tuple[RuleGroup, ...]]:
    rules = nullable(list_of(_build_rule_kind(parse)))
    groups = nullable(list_of_named(_build_group_kind(rules)))
    return record(lambda groups=None: groups or (), (Key("groups", groups),))


# --- what is written


def _read_duration(node: Node) -> int:
    """As Prometheus writes a length of time: a plain 0 has no unit."""
    try:
        return parse_duration(ANY_TEXT.read(node))
    except ValueError as error:
        raise wrong_kind(node, "duration") from error


_DURATION = Kind("duration", _read_duration, format_duration)
_TEXTS = nullable(map_of(ANY_TEXT, "text_map"))


def _check_names(what: str) -> Kind[Pairs]:
    """Texts by the names of labels or annotations."""

    def check(name: str, node: Node) -> None:
        if not _is_name(name) or (what == "label" and name == METRIC_NAME):
            raise ConfigError(f"rule_file.bad_{what}", where=node.at, name=name)

    def read(texts: Mapping[str, str] | None, node: Node) -> Pairs:
        entries = node.entries or {}
        gather(partial(check, name, entry.key) for name, entry in entries.items())
        return tuple(sorted((texts or {}).items()))

    return convert(_TEXTS, read)


def _is_name(name: str) -> bool:
    """Whether it is a name of a label or metric: any letters of UTF-8."""
    return bool(name) and not any("\ud800" <= letter <= "\udfff" for letter in name)


def _check_record(name: str, node: Node) -> str:
    if name and (any(brace in name for brace in "{}") or not _is_name(name)):
        raise ConfigError("rule_file.bad_record", where=node.at, name=name)
    return name


def _build_group_kind(rules: Kind[tuple[FileRule, ...] | None]) -> Kind[RuleGroup]:
    keys = (
        Key("name", TEXT, required=True),
        Key("interval", _DURATION, field="interval_ms"),
        Key("query_offset", _DURATION, field="query_offset_ms"),
        Key("limit", between(WHOLE, "0", "1000000000")),
        Key("labels", _check_names("label")),
        Key("rules", rules),
    )
    return convert(record(dict[str, Any], keys), _build_group)


def _build_group(values: Mapping[str, Any], node: Node) -> RuleGroup:
    shared = dict(values.get("labels", ()))
    return RuleGroup(
        file=node.file,
        name=values["name"],
        interval_ms=values.get("interval_ms") or None,
        query_offset_ms=values.get("query_offset_ms", 0),
        limit=values.get("limit", 0),
        rules=tuple(
            replace(rule, labels=tuple(sorted({**shared, **dict(rule.labels)}.items())))
            for rule in values.get("rules") or ()
        ),
    )


# --- one rule


def _build_rule_kind(parse: Parse) -> Kind[FileRule]:
    def check_expression(expr: str, node: Node) -> str:
        try:
            parse(expr)
        except QueryError as error:
            values = {"problem": error.message, "expr": expr.strip()}
            raise ConfigError("catalogue.bad_promql", where=node.at, **values) from error
        return expr

    keys = (
        Key("record", convert(ANY_TEXT, _check_record)),
        Key("alert", ANY_TEXT),
        Key("expr", convert(TEXT, check_expression), required=True),
        Key("for", _DURATION, field="for_ms"),
        Key("keep_firing_for", _DURATION, field="keep_firing_for_ms"),
        Key("labels", _check_names("label")),
        Key("annotations", _check_names("annotation")),
    )
    kind = record(FileRule, keys)

    def read(node: Node) -> FileRule:
        reads: list[Callable[[], FileRule | None]] = [partial(kind.read, node)]
        reads += [partial(check, node) for check in (_check_kind, _check_keys, _check_templates)]
        rule, *_ = gather(reads)
        assert rule is not None, "BUG: a rule that is none was not refused"
        return replace(rule, where=node.where)

    return replace(kind, read=read)


def _find_text(node: Node, key: str) -> str:
    """The text of a key as it is written; empty where there is none."""
    entry = (node.entries or {}).get(key)
    return (entry.node.raw or "") if entry else ""


def _check_kind(node: Node) -> None:
    kinds = [bool(_find_text(node, key)) for key in ("record", "alert")]
    if all(kinds):
        raise ConfigError("rule_file.both", where=node.at)
    if not any(kinds) and node.entries is not None:
        raise ConfigError("rule_file.neither", where=node.at)


def _check_keys(node: Node) -> None:
    """Refuse what only alerts can have; a duration of nothing does no harm."""
    if not _find_text(node, "record"):
        return

    def refuse(key: str) -> None:
        raise ConfigError("rule_file.not_of_records", where=node.find(key).at, name=key)

    entries = node.entries or {}
    keys = [key for key in ("for", "keep_firing_for") if _find_text(node, key).strip("0smhdwy")]
    keys += (
        ["annotations"] if "annotations" in entries and entries["annotations"].node.entries else []
    )
    gather(partial(refuse, key) for key in keys)


def _check_templates(node: Node) -> None:
    alert = _find_text(node, "alert")

    def check(text: Node) -> None:
        try:
            check_template(text.raw or "", alert)
        except TemplateError as error:
            raise ConfigError(
                "rule_file.bad_template", where=text.at, problem=str(error)
            ) from error

    texts = [node.find("labels"), node.find("annotations")] if alert else []
    gather(
        partial(check, entry.node)
        for one in texts
        if one is not node
        for entry in (one.entries or {}).values()
    )
