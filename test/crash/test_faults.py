"""Calls that fail: each of the store's, of the ledger's database and of the system's, one by one.

A run in which the N-th call fails ends with one clear message, or goes on and says what it left
undone; after one more run the lake is what it would have been. N counts up over all calls of an
undisturbed run. Of equal calls the first stands for all, unless WEIR_CRASH_EVERY asks for every
one: the same call on the same subject, but for numbers, identifiers and which table it is.
"""
import itertools
import os
import re
import unittest

from crashlake import ELSEWHERE, CrashTest, fault_path
from judge import garbage
from scenarios import COLLECT, RUN

IN_POSTGRES = os.environ.get("WEIR_TEST_LEDGER") == "postgres"
EVERY = os.environ.get("WEIR_CRASH_EVERY")
REASONS = {"store": ("ENOSPC", "EIO", "EACCES"), "db": ("EBUSY", "ENOSPC", "EIO", "EACCES"),
           "system": ("ENOSPC", "EIO", "EACCES")}
ENDINGS = (0, 1, 4)  # exit codes
SCRIPTS = {"BEGIN IMMEDIATE", "BEGIN IMMEDIATE LIGHT", "COMMIT"}  # each of them is another one
# Calls that may be carried out and reported as failed: a reply that was lost. The system's calls
# that fail have done nothing, but for syncs.
TWICE = {"store": {"exchange", "remove", "remove_prefix", "sync", "link", "copy"}, "db": {"COMMIT"},
         "system": {"fsync", "fdatasync"}}


def subject_of(text):
    """Without what differs from run to run."""
    text = re.sub(r"(?<![0-9a-z])[0-9a-hjkmnp-tv-z]{26}(?![0-9a-z])", "ID", text)
    text = re.sub(r"silver|gold", "LAYER", text)
    return re.sub(r"(?<=LAYER[./])(sales|city|total)|\d+", "N", text)


def calls(log):
    """[(layer, number in its layer, call, subject)]."""
    counted, found = {}, []
    for line in log.read_text().splitlines():
        layer, call, subject = line.split("\t", 2)
        counted[layer] = counted.get(layer, 0) + 1
        found.append((layer, counted[layer], call, subject))
    return found


def chosen(all_calls, seen):
    """The first of equal ones, unless equal ones were seen before."""
    for layer, number, call, subject in all_calls:
        what = (layer, call, subject_of(subject))
        if EVERY or subject in SCRIPTS or what not in seen:
            seen.add(what)
            yield layer, number, call, subject


class Faults(CrashTest):
    rank = 0
    layer = None

    def begin(self, scenario):
        """A scenario's lake, and what is called when nothing fails."""
        self.top = self.new_folder()
        self.scenario = scenario
        self.base = scenario.make(self.top / "base")
        whole = self.base.copy(self.top / "case")
        log = self.top / "calls"
        whole.weir = fault_path()
        scenario.heal(whole, WEIR_FAULT_LOG=str(log))
        self.wanted = scenario.content(whole)
        self.calls = [c for c in calls(log) if c[0] == self.layer]
        whole.remove()

    def fail_once(self, lake, at):
        plain, lake.weir = lake.weir, fault_path()
        code, said = self.scenario.do(lake, WEIR_FAIL_AT=at)
        lake.weir = plain
        self.assertIn(code, ENDINGS, said)
        self.assert_clear(code, said, at)
        self.scenario.heal(lake)
        if garbage(lake):  # what could not be removed: only a run that works sweeps
            lake.call("gc")
        self.assertEqual(self.scenario.content(lake), self.wanted)
        self.assert_whole(lake)

    def assert_clear(self, code, said, at):
        """One message that names something in quotes, and what to do where that is known."""
        errors = [line for line in said.splitlines() if line.startswith("error: ")]
        told = errors + [line for line in said.splitlines() if line.startswith("failed ")]
        if code == 0:
            self.assertEqual(told, [], said)
            return
        self.assertEqual(len(told), 1, said)
        self.assertIn('"', told[0])
        if "EIO" not in at:
            self.assertIn("hint: ", said)

    def walk(self, scenario, after=None):
        """How many calls failed. after: a scenario whose calls need not fail again."""
        seen = set()
        if after is not None:
            self.begin(after)
            list(chosen(self.calls, seen))
        self.begin(scenario)
        reasons = itertools.cycle(REASONS[self.layer])
        count = 0
        for layer, number, call, subject in chosen(self.calls, seen):
            for after in ("", ":after") if {call, subject} & TWICE[layer] else ("",):
                at = f"{layer}:{number}:{next(reasons)}{after}"
                count += 1
                lake = self.base.copy(self.top / "case")
                with self.subTest(at=at, call=call, subject=subject):
                    self.fail_once(lake, at)
                lake.remove()
        return count


@unittest.skipIf(IN_POSTGRES and not EVERY, "every night only: the same calls as with SQLite")
class StoreFaults(Faults):
    layer = "store"

    def test_a_failing_call_of_the_store_loses_nothing(self):
        self.assertGreater(self.walk(RUN), 40)

    def test_a_failing_call_of_the_store_leaves_only_garbage(self):
        self.assertGreater(self.walk(COLLECT, after=RUN), 5)


@unittest.skipIf(IN_POSTGRES, "its calls fail as SQLite's do; test_postgres.py cuts connections")
@unittest.skipIf(ELSEWHERE and not EVERY, "every night only: the same calls as in folders")
class LedgerFaults(Faults):
    layer = "db"

    def test_a_failing_call_of_the_ledger_loses_nothing(self):
        self.assertGreater(self.walk(RUN), 100)

    def test_a_failing_call_of_the_ledger_leaves_only_garbage(self):
        self.assertGreater(self.walk(COLLECT, after=RUN), 10)


@unittest.skipIf(ELSEWHERE and not EVERY, "every night only: the same calls as in folders")
class SystemFaults(Faults):
    layer = "system"

    def test_a_failing_call_of_the_system_loses_nothing(self):
        self.assertGreater(self.walk(RUN), 100)


del Faults  # is no test by itself
