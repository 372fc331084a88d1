"""Sum up a test run: what failed, then one line `N passed, N failed, N skipped`.

    summary.py LOG…

NAME.json is Meson's testlog, whose programs print cmocka's report; a program without one (it
crashed, or is no cmocka test) counts as one test. NAME.log ends with a line of the form above, as
this program's own output does, and NAME.code beside it has the exit code.
"""
import json
import re
import sys
from pathlib import Path

CMOCKA = re.compile(r"^\[  (PASSED|FAILED|SKIPPED) ?\s*\] (\d+) test", re.MULTILINE)
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)


def count_program(run):
    """(passed, failed, skipped) of one program in Meson's log."""
    text = run.get("stdout", "") + "\n" + run.get("stderr", "")
    counts = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
    for kind, number in CMOCKA.findall(text):
        counts[kind] += int(number)
    passed, failed, skipped = counts["PASSED"], counts["FAILED"], counts["SKIPPED"]
    if run["result"] == "SKIP":
        return 0, 0, max(1, skipped)
    if run["result"] in ("OK", "EXPECTEDFAIL"):
        return (passed, failed, skipped) if passed + skipped else (1, 0, 0)
    return passed, max(1, failed), skipped


def unit_tests(log):
    """Counts over all programs; prints the output of those that failed."""
    total = (0, 0, 0)
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    for line in lines:
        run = json.loads(line)
        counts = count_program(run)
        total = tuple(a + b for a, b in zip(total, counts))
        if counts[1]:
            print(f"\n--- {run['name']}: {run['result']}")
            print(run.get("stdout", "") + run.get("stderr", ""))
    return total if lines else (0, 1, 0)


def other_tests(log):
    """Counts of the last closing line; no line, or a bad exit without a failure, is a failure."""
    code = log.with_suffix(".code")
    exit_code = int(code.read_text(encoding="ascii")) if code.exists() else 1
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    closing = CLOSING.findall(text)
    passed, failed, skipped = (int(n) for n in closing[-1]) if closing else (0, 1, 0)
    return passed, max(failed, 1 if exit_code else 0), skipped


def main():
    logs = [Path(name) for name in sys.argv[1:]]
    kinds = {log.stem: unit_tests(log) if log.suffix == ".json" else other_tests(log)
             for log in logs}
    for name, counts in kinds.items():
        print("%s: %d ok, %d not ok, %d left out" % (name, *counts))
    passed, failed, skipped = (sum(counts) for counts in zip(*kinds.values()))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
