#!/usr/bin/env python3
"""What listing 100 000 keys of a bucket costs: requests, seconds, memory.

Pages come one after the other, so that the time is bounded by how long the service takes for a
page: the next one is asked for before the keys of the last are read. Beside it the same pages by
the time that the service itself tells of. Needs versitygw (scripts/setup test).
"""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import common

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test" / "e2e"))
import gateway  # noqa: E402

KEYS = 100_000
FOLDERS = 100
PAGE = 1000


def fill(top):
    for folder in range(FOLDERS):
        (top / f"f{folder:03}").mkdir(parents=True)
        for file in range(KEYS // FOLDERS):
            (top / f"f{folder:03}" / f"event_date=2024-05-22 {file:05}.parquet").touch()


def main():
    lister = common.program("WEIR_LISTER", "list-store of test/harness, optimised")
    if not gateway.is_there():
        sys.exit("no versitygw: scripts/setup test builds it")
    service = gateway.Gateway()
    try:
        fill(service.bucket() / "keys")
        start = time.perf_counter()
        done = subprocess.run([lister, f"s3://{gateway.BUCKET}/keys", ""], check=True,
                              capture_output=True, env={**os.environ, **service.variables()})
        wall = time.perf_counter() - start
        told = json.loads(done.stdout)
        pages = [op for op, _ in service.requests() if "List" in op]
        print(f"{told['keys']} keys: {told['requests']} requests, {told['seconds']:.2f} s "
              f"({told['seconds'] / told['requests'] * 1e3:.1f} ms each; {wall:.2f} s with its "
              f"start), {told['megabytes']:.0f} MB at most; the service saw {len(pages)}")
        assert told["keys"] == KEYS and told["requests"] == len(pages) <= KEYS // PAGE + 1
    finally:
        service.stop()


if __name__ == "__main__":
    main()
