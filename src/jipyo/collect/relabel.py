"""Prometheus' relabelling: rules that change, keep or drop a label set.

Semantics: prometheus/model/relabel/relabel.go (v3).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from jipyo.model.errors import ConfigError

_LABEL_NAME = re.compile(r"^[a-zA-Z_][a-zA-Z0-9_]*$")
_REFERENCE = re.compile(r"\$(?:\$|\{(?P<braced>\w+)\}|(?P<bare>\w+))", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelabelRule:
    """One rule, with Prometheus' names and defaults."""

    action: str = "replace"
    source_labels: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = "(.*)"
    modulus: int = 0
    target_label: str = ""
    replacement: str = "$1"


_Labels = dict[str, str]
_Act = Callable[["_Rule", _Labels, str], bool]
"""Changes the labels in place; False drops the whole set."""


@dataclass(frozen=True, slots=True)
class _Rule:
    rule: RelabelRule
    pattern: Any
    act: _Act


class Relabel:
    """Rules, ready to be applied."""

    def __init__(self, rules: Sequence[RelabelRule]) -> None:
        """Check and compile the rules.

        Raises:
            ConfigError: an action is unknown, a pattern is not RE2, or a rule lacks what it needs.
        """
        self._rules = [_compiled(rule) for rule in rules]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def __call__(self, labels: dict[str, str]) -> dict[str, str] | None:
        """The labels after all rules, without empty ones; None where they are dropped."""
        labels = dict(labels)
        for one in self._rules:
            joined = one.rule.separator.join(
                labels.get(name, "") for name in one.rule.source_labels
            )
            if not one.act(one, labels, joined):
                return None
        return {name: value for name, value in labels.items() if value}


def _compiled(rule: RelabelRule) -> _Rule:
    act = _ACTIONS.get(rule.action.lower())
    if act is None:
        known = ", ".join(sorted(_ACTIONS))
        raise ConfigError("collect.relabel_action", action=rule.action, known=known)
    missing = _missing(rule)
    if missing:
        raise ConfigError("collect.relabel_missing", action=rule.action, field=missing)
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    try:
        return _Rule(rule, re2.compile(rule.regex, options), act)
    except re2.error as error:
        raise ConfigError("collect.relabel_regex", pattern=rule.regex) from error


_NEED_TARGET = frozenset({"replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"})


def _missing(rule: RelabelRule) -> str:
    action = rule.action.lower()
    if action in _NEED_TARGET and not rule.target_label:
        return "target_label"
    if action == "hashmod" and rule.modulus < 1:
        return "modulus"
    return ""


def expand(template: str, found: Any) -> str:
    """`$1`, `${1}` and `${name}` filled in; what the pattern does not have is empty."""

    def fill(reference: re.Match[str]) -> str:
        name = reference["braced"] or reference["bare"]
        if name is None:
            return "$"
        try:
            return str(found.group(int(name) if name.isdigit() else name) or "")
        except (IndexError, KeyError, re2.error):
            return ""

    return _REFERENCE.sub(fill, template)


def _replace(one: _Rule, labels: _Labels, joined: str) -> bool:
    found = one.pattern.fullmatch(joined)
    if found is not None:
        target = expand(one.rule.target_label, found)
        if _LABEL_NAME.match(target):
            labels[target] = expand(one.rule.replacement, found)
    return True


def _keep(one: _Rule, labels: _Labels, joined: str) -> bool:
    return one.pattern.fullmatch(joined) is not None


def _drop(one: _Rule, labels: _Labels, joined: str) -> bool:
    return one.pattern.fullmatch(joined) is None


def _keep_equal(one: _Rule, labels: _Labels, joined: str) -> bool:
    return labels.get(one.rule.target_label, "") == joined


def _drop_equal(one: _Rule, labels: _Labels, joined: str) -> bool:
    return labels.get(one.rule.target_label, "") != joined


def _hash_mod(one: _Rule, labels: _Labels, joined: str) -> bool:
    digest = hashlib.md5(joined.encode("utf-8", "surrogateescape"), usedforsecurity=False)
    number = int.from_bytes(digest.digest()[8:], "big")
    labels[one.rule.target_label] = str(number % one.rule.modulus)
    return True


def _lower(one: _Rule, labels: _Labels, joined: str) -> bool:
    labels[one.rule.target_label] = joined.lower()
    return True


def _upper(one: _Rule, labels: _Labels, joined: str) -> bool:
    labels[one.rule.target_label] = joined.upper()
    return True


def _label_map(one: _Rule, labels: _Labels, joined: str) -> bool:
    for name, value in list(labels.items()):
        found = one.pattern.fullmatch(name)
        if found is not None:
            labels[expand(one.rule.replacement, found)] = value
    return True


def _label_drop(one: _Rule, labels: _Labels, joined: str) -> bool:
    for name in [name for name in labels if one.pattern.fullmatch(name) is not None]:
        del labels[name]
    return True


def _label_keep(one: _Rule, labels: _Labels, joined: str) -> bool:
    for name in [name for name in labels if one.pattern.fullmatch(name) is None]:
        del labels[name]
    return True


_ACTIONS: dict[str, _Act] = {
    "replace": _replace,
    "keep": _keep,
    "drop": _drop,
    "keepequal": _keep_equal,
    "dropequal": _drop_equal,
    "hashmod": _hash_mod,
    "lowercase": _lower,
    "uppercase": _upper,
    "labelmap": _label_map,
    "labeldrop": _label_drop,
    "labelkeep": _label_keep,
}
