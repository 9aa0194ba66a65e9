"""Programs that others wrote and that judge our files: where they are, and how they are asked.

`make services` puts them into $JIPYO_SERVICES/judges. A test that needs one that is not there
is skipped with the reason, and fails where JIPYO_REQUIRE_SERVICES=1 requires everything.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.services import binary, folder, missing

if TYPE_CHECKING:
    from collections.abc import Sequence

_HERE = Path(__file__).parent
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts/truetype/nanum</dir><cachedir>{cache}</cachedir>
<match target="pattern"><edit name="family" mode="assign" binding="strong">
<string>NanumGothic</string></edit></match></fontconfig>
"""
"""Every font is NanumGothic, so that pages are the same on every machine."""


def find_judge(name: str) -> Path:
    """The folder of a judge."""
    found = folder() / "judges" / name
    if not found.is_dir():
        missing(f"{name} is not in {found.parent}: run `make services`")
    return found


def run(command: Sequence[str | Path], **environ: str) -> str:
    """What a program prints."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environ},
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def validate_pdf(files: Sequence[Path], flavour: str) -> dict[str, str]:
    """PASS or FAIL of veraPDF for each file's name; the flavour is `2a` or `ua1`."""
    jars = find_judge("verapdf") / "lib" / "*"
    command = (binary("java"), "-cp", jars, "org.verapdf.apps.GreenfieldCliWrapper")
    done = subprocess.run(
        [*map(str, command), "--flavour", flavour, "--format", "text", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    lines = (line.split() for line in done.stdout.splitlines())
    return {Path(line[1]).name: line[0] for line in lines if len(line) > 1}


def read_hwpx(files: Sequence[Path]) -> list[str]:
    """The text that hwpxlib reads in each file."""
    jars = find_judge("hwpxlib")
    run((binary("java"), "-cp", f"{jars}/lib/*:{jars}", "ReadHwpx", *files))
    return [file.with_name(f"{file.name}.txt").read_text("utf-8") for file in files]


def look_at_hwpx(files: Sequence[Path], work: Path) -> list[dict[str, Any]]:
    """Of each file the issues that python-hwpx finds, and what rhwp cuts when it draws it."""
    answer = json.loads(_run_rhwp(_HERE / "look_at_hwpx.py", work, *files))
    return [answer[str(file)] for file in files]


def draw_hwpx(file: Path, work: Path) -> list[bytes]:
    """Its pages as rhwp draws them, as PNG."""
    written = _run_rhwp(_HERE / "draw_hwpx.py", work, file, work)
    return [Path(line).read_bytes() for line in written.splitlines()]


def _run_rhwp(script: Path, work: Path, *words: Path) -> str:
    """What a script prints in the environment of rhwp; `work` takes what it caches."""
    python = find_judge("hwpx") / "bin" / "python"
    libraries = sorted(Path("/usr/lib").glob("*/libfreetype.so.6"))
    if not libraries or not Path("/usr/share/fonts/truetype/nanum").is_dir():
        missing("libfreetype6 or fonts-nanum not found: run `make services`")
    fonts = work / "fonts.conf"
    fonts.write_text(_FONTS.format(cache=work / "fonts"), "utf-8")
    # The wheel of rhwp brings a libfreetype that is too old for it.
    environ = {"LD_PRELOAD": str(libraries[0]), "FONTCONFIG_FILE": str(fonts)}
    return run((python, script, *words), **environ)


def find_axe() -> str:
    """axe-core as a script for a page."""
    return (find_judge("axe") / "package/axe.min.js").read_text("utf-8")
