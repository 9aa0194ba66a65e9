"""What the specification names exists: classes, attributes, methods, sections, terms.

The documentation's own summary of it is walked here. The specification itself is not part of the
repository: where JIPYO_SPECIFICATION names its file, that is walked as well.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import pytest
import yaml

import jipyo
from jipyo.api.names import SPECIFICATION_NAMES
from jipyo.catalogue import Origin
from jipyo.model.calendar import PeriodKind
from jipyo.reports.glossary import find_terms, load_glossary
from jipyo.reports.outline import OUTLINES, list_sections

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("specification.md", "specification.ko.md")
TEXT = Path(os.environ.get("JIPYO_SPECIFICATION", "/nonexistent"))
OWN = {"__init__"}
ITEMS = {
    "CPU/메모리/디스크 사용률 추이": "system",
    "GPU 사용률 및 성능 분석": "gpu",
    "네트워크 트래픽 분석": "network",
    "API 응답시간 추이": "response",
    "에러율 변화": "errors",
    "사용자 세션 분석": "sessions",
    "모델 정확도 추이": "accuracy",
    "추론 시간 분석": "inference",
    "리소스 사용 효율성": "efficiency",
}
"""The items of chapter 4.2, and the sections of the monthly report that they are."""
SECTIONS = [section.id for section in list_sections(OUTLINES[PeriodKind.MONTH])]


def find_class(name: str) -> type:
    found = getattr(jipyo, name)
    assert inspect.isclass(found), name
    return found


def is_of_self(node: ast.AST) -> TypeGuard[ast.Attribute]:
    value = node.value if isinstance(node, ast.Attribute) else None
    return isinstance(value, ast.Name) and value.id == "self"


def list_attributes(name: str) -> set[str]:
    """What an instance without arguments has."""
    return set(dir(find_class(name)()))


@pytest.mark.parametrize("page", PAGES)
def test_every_section_of_the_monthly_report_exists_in_order(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    named = re.findall(r"^\| [^|]+ \| [^|]+ \| `(\w+)` \|$", text, re.MULTILINE)
    assert named == list(ITEMS.values())
    places = [SECTIONS.index(name) for name in named]
    assert places == sorted(places)


@pytest.mark.parametrize("page", PAGES)
def test_every_class_of_the_summary_exists_with_its_attributes(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    for name in set(re.findall(r"`([A-Z]\w+)(?:\.\w+)?`", text)):
        find_class(name)
    assert {"prometheus", "elasticsearch"} <= list_attributes("MetricsCollector")
    assert {"metrics", "threshold"} <= list_attributes("PerformanceAnalyzer")
    for name in ("DailyReportGenerator", "MonthlyReportGenerator"):
        assert {"metrics", "template", "save_report"} <= list_attributes(name)


def test_every_kind_of_report_has_a_template() -> None:
    kinds = ("daily", "weekly", "monthly", "quarterly", "yearly")
    assert [jipyo.ReportTemplate(kind).kind for kind in kinds] == list(kinds)


# ------------------------------------------------------------------------- the specification's text

walks_the_text = pytest.mark.skipif(
    not TEXT.is_file(), reason="JIPYO_SPECIFICATION names the specification"
)


def read_blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT.read_text("utf-8"), re.DOTALL)


def list_classes() -> Iterator[ast.ClassDef]:
    for block in read_blocks("python"):
        yield from (one for one in ast.parse(block).body if isinstance(one, ast.ClassDef))


@walks_the_text
def test_every_class_that_the_text_defines_or_uses_exists() -> None:
    classes = list(list_classes())
    assert len(classes) > 4
    for one in classes:
        find_class(one.name)
        for node in ast.walk(one):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                find_class(node.func.id)


@walks_the_text
def test_every_method_exists_and_is_asynchronous_where_the_text_has_it_so() -> None:
    for one in list_classes():
        for method in one.body:
            if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) or method.name in OWN:
                continue
            ours = getattr(find_class(one.name), method.name)
            is_async = isinstance(method, ast.AsyncFunctionDef)
            assert inspect.iscoroutinefunction(ours) is is_async, f"{one.name}.{method.name}"


@walks_the_text
def test_every_attribute_and_method_that_the_text_uses_of_itself_exists() -> None:
    for one in list_classes():
        used = {node.attr for node in ast.walk(one) if is_of_self(node)}
        assert used - list_attributes(one.name) == set(), one.name


@walks_the_text
def test_every_metric_name_of_the_text_is_known() -> None:
    known = {name for names in SPECIFICATION_NAMES.values() for name in names}
    (collector,) = (one for one in list_classes() if one.name == "MetricsCollector")
    named = {
        item.value
        for node in ast.walk(collector)
        if isinstance(node, ast.List)
        for item in node.elts
        if isinstance(item, ast.Constant)
    }
    assert named == known


@walks_the_text
def test_every_item_of_the_monthly_report_is_a_section() -> None:
    (block,) = (one for one in read_blocks("yaml") if "월간 보고서 항목" in one)
    parts = yaml.safe_load(block)["월간 보고서 항목"]
    items = [item for part in parts.values() for item in part]
    assert {item: ITEMS[item] for item in items} == ITEMS


@walks_the_text
def test_every_term_of_the_text_is_explained() -> None:
    chapter = TEXT.read_text("utf-8").split("\n## 5.")[1]
    terms = re.findall(r"^- \*\*(.+?)\*\*", chapter, re.MULTILINE)
    assert len(terms) > 4
    glossary = load_glossary()
    found = {term.id for name in terms for term in find_terms(name, glossary)}
    assert found == {term.id for term in glossary if term.origin is Origin.SPECIFICATION}
