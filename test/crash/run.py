#!/usr/bin/env python3
"""Run the crash tests: run.py [NAME…], where a NAME is part of a test's id.

They share the end-to-end tests' way of running, and of telling; WEIR must name a binary that was
built with -Dcrash_points=true. Their worker remembers answers (test/harness/memo_worker.c), in a
folder that lasts as long as this process.
"""
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent / "e2e")

import run  # noqa: E402  the end-to-end tests' one, found by the line above

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def main():
    # Not by harness.py: where lakes are kept has to be known before that is loaded.
    built = Path(os.environ["WEIR"]).resolve().parents[1]
    os.environ["WEIR_WORKER"] = str(built / "test" / "harness" / "memo-worker")
    with tempfile.TemporaryDirectory(prefix="weir-memo-", dir=MEMORY) as memo:
        os.environ["WEIR_MEMO"] = memo
        return run.main()


if __name__ == "__main__":
    run.HERE = HERE
    sys.exit(main())
