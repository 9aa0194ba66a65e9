"""Draws an HWPX file with rhwp; runs in the environment that `fetch.sh` makes.

    python draw_hwpx.py FILE FOLDER

Writes a PNG for each page into the folder, and prints their paths.
"""

import sys
from pathlib import Path

import rhwp  # type: ignore[import-not-found]

file, folder = map(Path, sys.argv[1:])
document = rhwp.parse(str(file))
for at in range(document.page_count):
    path = folder / f"{file.stem}-{at + 1:02}.png"
    path.write_bytes(document.render_png(at))
    print(path)
