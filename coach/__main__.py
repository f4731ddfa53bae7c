"""`python -m coach`."""

import os
import sys
from contextlib import suppress

# Python puts the current folder first: a yaml.py that lies beside a stranger's script would be run.
with suppress(OSError):  # the folder is gone, so nothing is found in it
    if not getattr(sys.flags, "safe_path", False) and sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - pathlib is not to be loaded from there, either
        del sys.path[0]

from coach.cli import main

main()
