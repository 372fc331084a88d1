"""Two runs on one lake: one works, the other waits, is refused, or takes over from one that stands
still, which on waking can neither commit nor project what is old."""
import os
import select
import signal
import unittest

import places
from crashlake import ELSEWHERE, SECOND, CrashTest, base_lake, sales
from harness import COMMAND_SECONDS_MAX, NOW
from judge import content

LATER = NOW + 1000
SHORT = {"WEIR_LEASE_MS": "700" if ELSEWHERE else "300"}  # to renew one takes longer there
BUSY = 4
THIRD = {"sales/a.csv": sales((1, "b", 70)), "sales/d.csv": sales((6, "a", 9))}
# Where the ledger's write lock or a table's lock is held, others wait instead of taking over.
BEFORE_COMMIT = ("work.begun", "land.claimed:2", "land.pending", "land.staged:2", "land.recorded",
                 "land.removed:2", "build.absorbed", "build.pending", "build.sent:2",
                 "build.answered", "build.sealed", "build.synced", "build.staged:3")
AFTER_COMMIT = ("build.committed", "project.recorded:2", "work.ending")
PROJECTING = ("project.emptied", "project.swapped", "project.swapped:4", "project.linked",
              "project.removed") if places.in_bucket() else (
    "project.cleared", "project.linked", "project.exchanged", "project.swapped")
IN_POSTGRES = os.environ.get("WEIR_TEST_LEDGER") == "postgres"
IN_TRANSACTION = ("ledger.writing:4", "ledger.committing:9")


def stop_at(lake, point, **environment):
    """A run that stands still at the point."""
    process = lake.start("run", "--now", LATER, WEIR_CRASH_AT=point, WEIR_CRASH_SIGNAL="stop",
                         **environment)
    _, state = os.waitpid(process.pid, os.WUNTRACED)
    if not os.WIFSTOPPED(state):
        raise AssertionError(f"did not stop at {point}\n{process.stdout.read()}")
    return process


def wake(process):
    """(exit code, what was said) of a run that may go on."""
    process.send_signal(signal.SIGCONT)
    said, _ = process.communicate(timeout=COMMAND_SECONDS_MAX)
    return process.returncode, said


class Lease(CrashTest):
    rank = 1

    def setUp(self):
        self.top = self.new_folder()
        self.base = base_lake(self.top / "base")
        self.base.deliver(SECOND)

    def wanted(self):
        """The lake where one run after the other took what there was."""
        lake = self.base.copy(self.top / "wanted")
        lake.run(LATER)
        lake.deliver(THIRD)
        lake.run(LATER + 1)
        return content(lake)

    def test_a_second_run_is_refused_and_changes_nothing(self):
        first = stop_at(self.base, "build.synced")
        code, said = self.base.call("run", "--now", LATER)
        self.assertEqual(code, BUSY, said)
        self.assertIn("another run", said)
        code, said = wake(first)
        self.assertEqual(code, 0, said)
        self.assert_whole(self.base)

    def test_a_second_run_waits_for_the_first(self):
        first = stop_at(self.base, "build.synced")
        second = self.base.start("run", "--wait", "--now", LATER)
        code, said = wake(first)
        self.assertEqual(code, 0, said)
        said, _ = second.communicate(timeout=COMMAND_SECONDS_MAX)
        self.assertEqual(second.returncode, 0, said)
        self.assert_whole(self.base)

    def test_the_lease_of_a_dead_run_is_taken_over_at_once(self):
        first = stop_at(self.base, "build.synced")
        first.kill()
        first.communicate(timeout=COMMAND_SECONDS_MAX)
        self.base.run(LATER)
        self.assert_whole(self.base)

    def start_and_wait_for(self, point, *args, **environment):
        """A process that has passed the point."""
        pipe = self.top / "passages"
        os.mkfifo(pipe)
        passages = os.open(pipe, os.O_RDWR)  # for writing, too: those who write come and go
        self.addCleanup(os.close, passages)
        process = self.base.start(*args, WEIR_CRASH_LOG=str(pipe), **environment)
        passed = ""
        while point not in passed.split():
            ready, _, _ = select.select([passages], [], [], COMMAND_SECONDS_MAX)
            self.assertTrue(ready, f"did not pass {point}")
            passed += os.read(passages, 4096).decode()
        return process

    def test_a_long_job_does_not_lose_the_lease(self):
        """The keeper renews while the run waits: leases pass in one job."""
        first = self.start_and_wait_for("work.begun", "run", "--now", LATER,
                                        WEIR_CRASH_AT="build.sent", WEIR_CRASH_SIGNAL="pause",
                                        **SHORT)
        code, said = self.base.call("run", "--now", LATER, "--wait")
        self.assertEqual(code, 0, said)
        said, _ = first.communicate(timeout=COMMAND_SECONDS_MAX)
        self.assertEqual(first.returncode, 0, said)
        self.assert_whole(self.base)

    def take_over(self, lake, point):
        first = stop_at(lake, point, **SHORT)
        self.addCleanup(first.stdout.close)
        lake.deliver(THIRD)
        code, said = lake.call("run", "--wait", "--now", LATER + 1, **SHORT)
        return first, code, said

    def check_end(self, lake, wanted):
        lake.run(LATER + 2)
        ended = content(lake)
        self.assertEqual(ended["digests"], wanted["digests"])
        self.assertEqual(lake.rows(ACTIVE), self.active)
        self.assert_whole(lake)

    def test_who_wakes_after_the_lease_can_neither_commit_nor_project(self):
        wanted = self.wanted()
        self.active = type(self.base)(self.top / "wanted").rows(ACTIVE)
        for point in BEFORE_COMMIT + AFTER_COMMIT:
            with self.subTest(point=point):
                lake = self.base.copy(self.top / point)
                first, code, said = self.take_over(lake, point)
                self.assertEqual(code, 0, said)
                now = content(lake)["digests"]
                code, said = wake(first)
                if point in BEFORE_COMMIT:
                    self.assertEqual(code, BUSY, said)
                self.assertEqual(content(lake)["digests"], now)
                self.check_end(lake, wanted)

    @unittest.skipUnless(IN_POSTGRES, "PostgreSQL only: who stands still keeps SQLite's lock")
    def test_who_stands_still_in_a_transaction_does_not_keep_others_from_the_ledger(self):
        wanted = self.wanted()
        self.active = type(self.base)(self.top / "wanted").rows(ACTIVE)
        for point in IN_TRANSACTION:
            with self.subTest(point=point):
                lake = self.base.copy(self.top / point)
                first, code, said = self.take_over(lake, point)
                self.assertEqual(code, 0, said)
                now = content(lake)["digests"]
                code, said = wake(first)
                self.assertNotEqual(code, 0, said)
                self.assertEqual(content(lake)["digests"], now)
                self.check_end(lake, wanted)

    def test_who_stands_still_while_projecting_keeps_others_from_it(self):
        wanted = self.wanted()
        self.active = type(self.base)(self.top / "wanted").rows(ACTIVE)
        for point in PROJECTING:
            with self.subTest(point=point):
                lake = self.base.copy(self.top / point)
                first, code, said = self.take_over(lake, point)
                self.assertEqual(code, BUSY, said)
                self.assertIn("directories", said)
                code, said = wake(first)
                self.assertEqual(code, BUSY, said)
                self.check_end(lake, wanted)


ACTIVE = ("SELECT t.name, d.file, d.sha256 FROM delivery d JOIN tbl t ON t.id = d.tbl"
          " WHERE d.state = 'active' ORDER BY 1, 2")
