#!/usr/bin/env python3
"""Run the end-to-end tests: run.py [NAME…], where a NAME is part of a test's id.

WEIR names the binary. Test classes run in at most two processes; failures are printed in full,
and the last line is `N passed, N failed, N skipped`.
"""
import importlib
import multiprocessing
import os
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROCESSES = 2


class Collector(unittest.TestResult):
    """Counts, and keeps what is to be told."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.started = {}
        self.told = []

    def startTest(self, test):
        super().startTest(test)
        self.started[test.id()] = time.monotonic()

    def seconds(self, test):
        return time.monotonic() - self.started.get(test.id(), time.monotonic())

    def addSuccess(self, test):
        self.passed += 1
        self.told.append(("ok", test.id(), f"{self.seconds(test):.1f} s"))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.told.append(("skipped", test.id(), reason))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.told.append(("FAILED", test.id(), self.failures[-1][1]))

    def addError(self, test, err):
        super().addError(test, err)
        self.told.append(("FAILED", test.id(), self.errors[-1][1]))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            failures = self.failures if issubclass(err[0], test.failureException) else self.errors
            self.told.append(("FAILED", subtest.id(), failures[-1][1]))


def test_ids(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from test_ids(item)
        else:
            yield item


def discover(names):
    """[(rank, module, class, [method])], slow ones first so that the two processes end together."""
    loader = unittest.TestLoader()
    groups = {}
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        for test in test_ids(loader.loadTestsFromModule(module)):
            if not names or any(name in test.id() for name in names):
                kind = type(test)
                key = (getattr(kind, "rank", 1), path.stem, kind.__name__)
                groups.setdefault(key, []).append(test._testMethodName)
    return [(*key, methods) for key, methods in sorted(groups.items())]


def run_group(group):
    _, module, name, methods = group
    kind = getattr(importlib.import_module(module), name)
    collector = Collector()
    unittest.TestSuite(kind(method) for method in methods).run(collector)
    failed = len(collector.failures) + len(collector.errors)
    return collector.passed, failed, len(collector.skipped), collector.told


def tell(told):
    for state, name, text in told:
        if state == "FAILED":
            print(f"\n--- FAILED {name}\n{text}")
        elif state == "skipped":
            print(f"skipped {name}: {text}")
        elif os.environ.get("VERBOSE"):
            print(f"ok {name}: {text}")
    sys.stdout.flush()


def main():
    sys.path.insert(0, str(HERE))
    groups = discover(sys.argv[1:])
    total = [0, 0, 0]
    with multiprocessing.get_context("fork").Pool(PROCESSES, maxtasksperchild=1) as pool:
        for passed, failed, skipped, told in pool.imap_unordered(run_group, groups):
            tell(told)
            total = [a + b for a, b in zip(total, (passed, failed, skipped))]
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
