#!/usr/bin/env python3
"""Run the end-to-end tests: run.py [NAME…], where a NAME is part of a test's id.

WEIR names the binary. WEIR_TEST_STORE=s3 and WEIR_TEST_LEDGER=postgres choose where lakes are kept
(places.py). Test classes run in at most two processes; tests of a class that says they are `apart`,
because they share nothing, are each given to whoever is free. Failures are printed in full, then
what took longest; the last line is `N passed, N failed, N skipped`.
"""
import importlib
import multiprocessing
import os
import resource
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROCESSES = 2
SLOWEST = 10  # are told of


def cpu_seconds():
    """Of this process, and of those it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


class Collector(unittest.TestResult):
    """Counts, and keeps what is to be told."""

    def __init__(self):
        super().__init__()
        self.failfast = "WEIR_SABOTAGE" in os.environ  # one failure is what is asked for
        self.passed = 0
        self.started = {}
        self.told = []
        self.took = []  # (CPU seconds, seconds, test)

    def startTest(self, test):
        super().startTest(test)
        self.started[test.id()] = cpu_seconds(), time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        cpu, wall = self.started.pop(test.id())
        self.took.append((cpu_seconds() - cpu, time.monotonic() - wall, test.id()))

    def addSuccess(self, test):
        self.passed += 1

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


def is_repeated(kind):
    """Does another pass of CI run it with the very same places? Over a bucket, what has a bucket of
    its own; over PostgreSQL too, what has a ledger there of its own."""
    in_bucket = os.environ.get("WEIR_TEST_STORE") == "s3"
    on_postgres = os.environ.get("WEIR_TEST_LEDGER") == "postgres"
    own = "ledger" if on_postgres else "store"
    return in_bucket and own in getattr(kind, "own_places", ())


def discover(names):
    """[(rank, module, class, [method])], slow ones first so that the processes end together. What
    is repeated is left out, unless it is asked for by name."""
    loader = unittest.TestLoader()
    groups = {}
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        for test in test_ids(loader.loadTestsFromModule(module)):
            kind = type(test)
            if any(name in test.id() for name in names) or not names and not is_repeated(kind):
                key = (getattr(kind, "rank", 1), path.stem, kind.__name__,
                       test._testMethodName if getattr(kind, "apart", False) else "")
                groups.setdefault(key, []).append(test._testMethodName)
    return [(*key[:3], methods) for key, methods in sorted(groups.items())]


def run_group(group):
    _, module, name, methods = group
    kind = getattr(importlib.import_module(module), name)
    collector = Collector()
    begun = cpu_seconds(), time.monotonic()
    unittest.TestSuite(kind(method) for method in methods).run(collector)
    took = cpu_seconds() - begun[0], time.monotonic() - begun[1], f"{module}.{name}"
    failed = len(collector.failures) + len(collector.errors)
    return collector.passed, failed, len(collector.skipped), collector.told, collector.took, took


def tell(told):
    for state, name, text in told:
        if state == "FAILED":
            print(f"\n--- FAILED {name}\n{text}")
        elif state == "skipped":
            print(f"skipped {name}: {text}")
    sys.stdout.flush()


def tell_times(tests, groups):
    """Where the time went: the classes, and with VERBOSE all tests."""
    classes = {}
    for *took, name in groups:
        classes[name] = [a + b for a, b in zip(classes.get(name, (0, 0)), took)]
    told = sorted(((*took, name) for name, took in classes.items()), reverse=True)
    print(f"{sum(cpu for cpu, *_ in told):.0f} s of CPU; most of it, with seconds by the clock:")
    if os.environ.get("VERBOSE"):
        told += sorted(tests, reverse=True)
    else:
        told = told[:SLOWEST]
    for cpu, wall, name in told:
        print(f"  {cpu:6.1f} {wall:6.1f} {name}")


def main():
    sys.path.insert(0, str(HERE))
    import gateway  # the path is only known now
    import places
    groups = discover(sys.argv[1:])
    if not groups:
        print("error: no test is called so\n0 passed, 1 failed, 0 skipped")
        return 1
    total, tests_took, groups_took = [0, 0, 0], [], []
    if places.in_bucket() and not gateway.is_there():
        print(f"no {gateway.program()}: scripts/setup test builds it, with Go\n"
              f"0 passed, 0 failed, {sum(len(methods) for *_, methods in groups)} skipped")
        return 0
    with places.served(), \
            multiprocessing.get_context("fork").Pool(PROCESSES, maxtasksperchild=1) as pool:
        for *counts, told, tests, group in pool.imap_unordered(run_group, groups):
            tell(told)
            total = [a + b for a, b in zip(total, counts)]
            tests_took += tests
            groups_took.append(group)
    tell_times(tests_took, groups_took)
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
