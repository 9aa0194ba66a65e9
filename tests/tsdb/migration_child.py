"""The process that is killed in the middle of a migration: `python migration_child.py FILE N`.

Statement N of the step to version 2 never ends, as the process dies in it.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from pathlib import Path

from jipyo.tsdb import format as disk


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(file: Path, statement: int) -> None:
    with closing(disk.connect(file)) as db:
        db.create_function("die", 0, die)
        step = (*disk.STEPS[1][:statement], "SELECT die()")
        disk.prepare(db, file, [disk.STEPS[0], step])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
