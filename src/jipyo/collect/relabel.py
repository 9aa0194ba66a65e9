"""Prometheus' relabelling: rules that change, keep or drop a label set.

Semantics: prometheus/model/relabel/relabel.go (v3).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import re2

from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
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


@dataclass(frozen=True, slots=True)
class _CompiledRule:
    rule: RelabelRule
    action: str
    pattern: Any


class Relabel:
    """Rules, ready to be applied."""

    def __init__(self, rules: Sequence[RelabelRule]) -> None:
        """Check and compile the rules.

        Raises:
            ConfigError: an action is unknown, a pattern is not RE2, or a rule lacks what it needs.
        """
        self._rules = [_compile_rule(rule) for rule in rules]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def __call__(self, labels: dict[str, str]) -> dict[str, str] | None:
        """The labels after all rules, without empty ones; None where they are dropped."""
        labels = dict(labels)
        for compiled in self._rules:
            rule = compiled.rule
            joined = rule.separator.join(labels.get(name, "") for name in rule.source_labels)
            if not _apply_rule(compiled, labels, joined):
                return None
        return {name: value for name, value in labels.items() if value}


_CONDITIONS: dict[str, Callable[[_CompiledRule, dict[str, str], str], bool]] = {
    "keep": lambda one, _, joined: one.pattern.fullmatch(joined) is not None,
    "drop": lambda one, _, joined: one.pattern.fullmatch(joined) is None,
    "keepequal": lambda one, labels, joined: labels.get(one.rule.target_label, "") == joined,
    "dropequal": lambda one, labels, joined: labels.get(one.rule.target_label, "") != joined,
}
"""Whether a label set is kept."""
_VALUES: dict[str, Callable[[RelabelRule, str], str]] = {
    "hashmod": lambda rule, joined: str(_hash(joined) % rule.modulus),
    "lowercase": lambda _, joined: joined.lower(),
    "uppercase": lambda _, joined: joined.upper(),
}
"""The value of the target label."""
_NEED_TARGET = frozenset({"replace", "keepequal", "dropequal", *_VALUES})
_ACTIONS = frozenset({*_NEED_TARGET, *_CONDITIONS, "labelmap", "labeldrop", "labelkeep"})


def _compile_rule(rule: RelabelRule) -> _CompiledRule:
    action = rule.action.lower()
    if action not in _ACTIONS:
        known = ", ".join(sorted(_ACTIONS))
        raise ConfigError("collect.relabel_action", action=rule.action, known=known)
    missing = "target_label" if action in _NEED_TARGET and not rule.target_label else ""
    if action == "hashmod" and rule.modulus < 1:
        missing = missing or "modulus"
    if missing:
        raise ConfigError("collect.relabel_missing", action=rule.action, field=missing)
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    try:
        return _CompiledRule(rule, action, re2.compile(rule.regex, options))
    except re2.error as error:
        raise ConfigError("collect.relabel_regex", pattern=rule.regex) from error


def _apply_rule(compiled: _CompiledRule, labels: dict[str, str], joined: str) -> bool:
    """Change the labels in place; False where the whole set is dropped."""
    rule, action, pattern = compiled.rule, compiled.action, compiled.pattern
    if action in _CONDITIONS:
        return _CONDITIONS[action](compiled, labels, joined)
    if action in _VALUES:
        labels[rule.target_label] = _VALUES[action](rule, joined)
    elif action == "replace":
        match = pattern.fullmatch(joined)
        target = expand(rule.target_label, match) if match is not None else ""
        if _LABEL_NAME.fullmatch(target):
            labels[target] = expand(rule.replacement, match)
    elif action == "labelmap":
        for name, value in list(labels.items()):
            match = pattern.fullmatch(name)
            if match is not None:
                labels[expand(rule.replacement, match)] = value
    else:
        for name in list(labels):
            if (pattern.fullmatch(name) is not None) == (action == "labeldrop"):
                del labels[name]
    return True


def _hash(joined: str) -> int:
    """The last eight bytes of the MD5 digest, as Prometheus takes them."""
    digest = hashlib.md5(joined.encode("utf-8", "surrogateescape"), usedforsecurity=False)
    return int.from_bytes(digest.digest()[8:], "big")


def expand(template: str, match: Any) -> str:
    """Fill in `$1`, `${1}` and `${name}`; a group that the pattern does not have is empty."""

    def fill(reference: re.Match[str]) -> str:
        name = reference["braced"] or reference["bare"]
        if name is None:
            return "$"
        try:
            return str(match.group(int(name) if name.isdigit() else name) or "")
        except (IndexError, KeyError, re2.error):
            return ""

    return _REFERENCE.sub(fill, template)
