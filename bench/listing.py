#!/usr/bin/env python3
"""What listing 100 000 keys of a bucket costs: requests, seconds, memory.

Pages come one after the other, so that the time is bounded by how long the service takes for a
page: the next one is asked for before the keys of the last are read. Shown with the service as it
is, and with answers that take longer. How long after an answer the next question comes is seen
from the service's side. Needs versitygw (scripts/setup test).
"""
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import common

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test" / "e2e"))
import faulty  # noqa: E402
import gateway  # noqa: E402

KEYS = 100_000
FOLDERS = 100
PAGE = 1000
LATENCIES = 0.0, 0.05, 0.1  # seconds


def fill(top):
    for folder in range(FOLDERS):
        (top / f"f{folder:03}").mkdir(parents=True)
        for file in range(KEYS // FOLDERS):
            (top / f"f{folder:03}" / f"event_date=2024-05-22 {file:05}.parquet").touch()


class Slow(faulty.Proxy):
    """Each answer takes so much longer; gaps: seconds from an answer to the next question."""

    def __init__(self, port, seconds):
        super().__init__(port, every=0)
        self.seconds, self.answered, self.gaps = seconds, None, []

    def pass_on(self, request, connection, service, answers):
        if self.answered is not None:
            self.gaps.append(time.perf_counter() - self.answered)
        time.sleep(self.seconds)
        going_on = super().pass_on(request, connection, service, answers)
        self.answered = time.perf_counter()
        return going_on


def measure(lister, port, seen):
    """One listing; seen() counts what the service was asked for."""
    before = seen()
    done = subprocess.run([lister, f"s3://{gateway.BUCKET}/keys", ""], check=True,
                          capture_output=True, env={**os.environ, **gateway.variables(port)})
    told = json.loads(done.stdout)
    assert told["keys"] == KEYS and told["requests"] == seen() - before <= KEYS // PAGE + 1, told
    return told


def tell(name, told):
    print(f"{name}: {told['keys']} keys, {told['requests']} requests, {told['seconds']:.2f} s "
          f"({told['seconds'] / told['requests'] * 1e3:.1f} ms each), "
          f"{told['megabytes']:.0f} MB at most")


def main():
    lister = common.program("WEIR_LISTER", "list-store of test/harness, optimised")
    if not gateway.is_there():
        sys.exit("no versitygw: scripts/setup test builds it")
    service = gateway.Gateway()
    try:
        fill(service.bucket() / "keys")
        seen = lambda: sum("List" in op for op, _ in service.requests())  # noqa: E731
        for seconds in LATENCIES:
            proxy = Slow(service.port, seconds)
            told = measure(lister, proxy.port, seen)
            tell(f"answers that take {seconds * 1e3:.0f} ms more", told)
            print(f"  the next page was asked for {statistics.median(proxy.gaps) * 1e3:.1f} ms "
                  f"after the last (median; {max(proxy.gaps) * 1e3:.1f} ms at most)")
            proxy.stop()
    finally:
        service.stop()


if __name__ == "__main__":
    main()
