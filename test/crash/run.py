#!/usr/bin/env python3
"""Run the crash tests: run.py [NAME…], where a NAME is part of a test's id.

They share the end-to-end tests' way of running, and of telling; WEIR must name a binary that was
built with -Dcrash_points=true.
"""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent / "e2e")

import run  # noqa: E402  the end-to-end tests' one, found by the line above

if __name__ == "__main__":
    run.HERE = HERE
    sys.exit(run.main())
