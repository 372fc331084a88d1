#!/usr/bin/env python3
"""Show that the tests can fail: leave out one safeguard at a time, and see which test turns red.

Each safeguard has a switch in src/base/crash.c (WEIR_SABOTAGE) and at least one test that must
notice. A safeguard that nobody misses is a failure. The last line is `N passed, N failed, N
skipped`.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "src" / "base" / "crash.c"
SECONDS_MAX = 600

# Safeguard → the tests that guard it: ids of crash tests, or a program of unit tests.
GUARDS = {
    "no_fsync": ("test_power.Run",),
    "no_seal_fsync": ("test_power.Run",),
    "no_raw_fsync": ("test_power.Run",),
    "no_claim_sync": ("test_power.Run",),
    "no_fence": ("test_who_wakes_after_the_lease",),
    "no_pending": ("test_healing_may_be_cut_off_too",),
    "no_claim": ("unit/ledger/ledger_offer_test",),
    "no_mark_seq": ("unit/build/build_commit_test",),
}


def switches():
    text = SOURCE.read_text()
    table = re.search(r"SABOTAGES\[\] = \{(.*?)\};", text, re.DOTALL).group(1)
    return re.findall(r'"(\w+)"', table)


def command(test):
    """How to run a test, and how it names one that failed."""
    if not test.startswith("unit/"):
        return [sys.executable, str(HERE / "run.py"), test], r"^--- FAILED (\S+)"
    built = Path(os.environ["WEIR"]).resolve().parents[1] / "test"
    os.environ["WEIR_WORKER"] = str(built / "harness" / "worker")
    return [str(built / test)], r"^\[  FAILED  \] (test_\S+)"


def red(safeguard):
    """The tests that fail without the safeguard."""
    found = []
    for test in GUARDS.get(safeguard, ()):
        argv, pattern = command(test)
        done = subprocess.run(argv, env={**os.environ, "WEIR_SABOTAGE": safeguard}, check=False,
                              capture_output=True, text=True, timeout=SECONDS_MAX)
        found += re.findall(pattern, done.stdout + done.stderr, re.MULTILINE)
    return sorted(set(found))


def main():
    listed = switches()
    failed = len(set(GUARDS) - set(listed))
    for safeguard in listed:
        tests = red(safeguard)
        failed += not tests
        print(f"{safeguard}: {', '.join(tests) if tests else 'FAILED, no test misses it'}",
              flush=True)
    print(f"{len(listed) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
