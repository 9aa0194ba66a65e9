"""The build hook: when it builds the dashboard, out of what, and what it puts in its place."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

pytest.importorskip("hatchling")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(path: Path, mtime: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    os.utime(path, (mtime, mtime))


@pytest.mark.parametrize(
    ("changed", "stale"),
    [
        ("src/main.ts", True),
        ("package-lock.json", True),
        ("public/icons/ok.svg", True),
        ("src/state/live.svelte.ts", True),
        ("node_modules/vite/index.js", False),
        ("dist/index.html", False),
        ("testing/fixtures.ts", False),
        ("src/state/live.test.ts", False),
        ("src/api/schema.d.ts", False),  # types are erased
        ("../src/jipyo/i18n/words.json", True),
        ("../src/jipyo/i18n/ko/web.yaml", False),
    ],
)
def test_only_what_is_built_makes_the_dashboard_stale(
    hook: ModuleType, tmp_path: Path, changed: str, stale: bool
) -> None:
    sources, static = tmp_path / "frontend", tmp_path / "static"
    write(sources / "src" / "App.svelte", 1)
    write(tmp_path / hook.WORDS, 1)
    write(static / "index.html", 2)
    assert hook.is_stale(sources, static), "without the fonts of PDF files"
    for font in hook.PRINT_FONTS:
        write(static / "print" / font, 1)
    assert not hook.is_stale(sources, static)
    write(sources / changed, 3)
    assert hook.is_stale(sources, static) is stale


def test_a_missing_dashboard_is_stale(hook: ModuleType, tmp_path: Path) -> None:
    write(tmp_path / "frontend" / "index.html", 1)
    assert hook.is_stale(tmp_path / "frontend", tmp_path / "static")


def test_the_sources_are_all_there(hook: ModuleType) -> None:
    folder = ROOT / "frontend"
    names = {path.relative_to(folder).as_posix() for path in hook.find_sources(folder)}
    assert {"index.html", "package-lock.json", ".npmrc", "src/main.ts"} <= names
    assert not any(".test." in name for name in names)


def test_the_shared_words_are_where_the_dashboard_imports_them_from(hook: ModuleType) -> None:
    importer = ROOT / "frontend" / "src" / "text" / "words.ts"
    assert f"'../../../{hook.WORDS}'" in importer.read_text("utf-8")
    assert (ROOT / hook.WORDS).is_file()


def test_a_built_dashboard_replaces_the_old_one_whole(hook: ModuleType, tmp_path: Path) -> None:
    static, built = tmp_path / "static", tmp_path / "built"
    write(static / "assets" / "index-old.js", 1)
    write(tmp_path / "static.new" / "left-by-a-crash.js", 1)
    write(built / "index.html", 1)
    hook.replace_folder(static, built)
    assert [path.name for path in static.rglob("*")] == ["index.html"]
    assert not (tmp_path / "static.new").exists()


def test_npm_scripts_find_the_node_of_the_build_first(hook: ModuleType) -> None:
    environment = hook.build_environment(Path("/somewhere/bin/node"))
    assert environment["PATH"].split(os.pathsep)[0] == "/somewhere/bin"
    assert environment["PATH"].endswith(os.environ["PATH"])


def test_the_lock_file_names_no_host() -> None:
    lock = (ROOT / "frontend" / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "registry" not in lock


def test_the_page_has_the_base_that_the_server_replaces() -> None:
    assert (ROOT / "frontend" / "index.html").read_text().count('<base href="./">') == 1
