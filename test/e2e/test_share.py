"""Several processes share a run's work: one plans and commits, others build what it offers."""
import os
import signal
import unittest

from harness import COMMAND_SECONDS_MAX, NOW, fast_worker
from processes import ProcessTest
from sales import BY_DAY, rows, sales

DAYS = [f"2024-05-{day:02}" for day in range(1, 9)]
SHORT = {"WEIR_LEASE_MS": "1500"}
TRIES_MAX = 10
WANTED = []  # what one process makes of it, once it was asked for


def month(amount):
    return rows(*(f"{day},A,{amount + n}" for n, day in enumerate(DAYS)))


class ShareTest(ProcessTest):
    """self.lake has work for several jobs."""
    files = sales()
    rank = 0

    def setUp(self):
        super().setUp()
        self.lake.environment.update(fast_worker())
        self.lake.weir("init")
        self.lake.deliver("sales/a.csv", month(1))

    def wanted(self):
        if not WANTED:
            alone = self.new_lake(self.files)
            alone.environment.update(fast_worker())
            alone.deliver("sales/a.csv", month(1))
            alone.run(NOW)
            WANTED.extend(alone.digests())
        return WANTED

    def stopped_conductor(self, *words, point="build.sent", **environment):
        """A run that stands still, its first job with its worker and the others offered."""
        return self.stopped_at(self.lake, point, "run", "--now", NOW, "-o", "json", *words,
                               **environment)

    def assert_whole(self):
        self.assertEqual(self.lake.digests(), self.wanted())
        self.assertIsNone(self.lake.run(NOW)["run"])
        self.assertEqual(self.lake.json("fsck")["faults"], [])
        told = self.lake.json("gc")
        self.assertEqual(told["unknown"], [], told)

    def test_two_processes_build_one_plan(self):
        helper, helper_passes = self.helper(self.lake)
        conductor = self.stopped_conductor()
        helper_passes("help.answered")
        self.wake(conductor)
        told = self.document(conductor)
        hosts = {h["host"].split(":")[-1]: h for h in told["hosts"]}
        self.assertEqual(set(hosts), {str(conductor.pid), str(helper.pid)})
        self.assertTrue(all(h["partitions"] > 0 for h in hosts.values()), hosts)
        self.assertEqual(sum(h["partitions"] for h in hosts.values()),
                         told["partitions"]["built"])
        did = self.stop(helper)
        self.assertEqual(did["jobs"], hosts[str(helper.pid)]["jobs"])
        self.assertEqual(did["failed"], 0)
        self.assert_whole()

    def test_what_a_killed_helper_had_is_built_by_others(self):
        for point in ("help.sent", "help.answered"):
            with self.subTest(point=point):
                self.setUp()
                helper, _ = self.helper(self.lake, WEIR_CRASH_AT=point, WEIR_CRASH_SIGNAL="kill")
                conductor = self.stopped_conductor()
                self.assertEqual(helper.wait(COMMAND_SECONDS_MAX), -signal.SIGKILL)
                self.wake(conductor)
                told = self.document(conductor)
                self.assertEqual(len(told["hosts"]), 2 if point == "help.answered" else 1, told)
                self.assert_whole()

    def test_who_comes_late_with_a_job_leaves_nothing(self):
        for point in ("help.claimed", "help.sealed"):
            with self.subTest(point=point):
                self.setUp()
                conductor, helper = self.second(point, "--worker", **SHORT)
                self.assertEqual(len(self.document(conductor)["hosts"]), 1)
                self.wake(helper)
                self.document(helper)
                self.assert_whole()

    def test_a_helper_that_is_stopped_gives_its_job_back(self):
        helper, _ = self.helper(self.lake, WEIR_CRASH_AT="help.sent", WEIR_CRASH_SIGNAL="stop")
        conductor = self.stopped_conductor()
        self.wait_until_stopped(helper)
        helper.send_signal(signal.SIGTERM)
        self.wake(helper)
        self.assertEqual(self.document(helper)["jobs"], 0)
        self.wake(conductor)
        self.assertEqual(len(self.document(conductor)["hosts"]), 1)
        self.assert_whole()

    def second(self, point, *words, **environment):
        """A run, and another that waits for it, helps, and stands still at the point.

        On a busy machine the run may have built all before the other got a job: then once more.
        """
        for _ in range(TRIES_MAX):
            conductor, second = self.try_second(point, *words, **environment)
            _, told = os.waitpid(second.pid, os.WUNTRACED)
            if os.WIFSTOPPED(told):
                return conductor, second
            conductor.communicate(timeout=COMMAND_SECONDS_MAX)
            self.setUp()
        self.fail(f"in {TRIES_MAX} runs nobody got to {point}")

    def try_second(self, point, *words, **environment):
        conductor = self.stopped_conductor(point="build.pending")
        second, passes = self.watched(
            self.lake, "run", *(words or ["--wait", "--now", NOW]), "-o", "json",
            WEIR_CRASH_AT=point, WEIR_CRASH_SIGNAL="stop", **environment)
        passes("ledger.committed")
        self.wake(conductor)
        return conductor, second

    def test_a_run_that_waits_helps_and_then_has_nothing_to_build(self):
        conductor, second = self.second("help.sent")
        self.wake(second)
        self.assertEqual(len(self.document(conductor)["hosts"]), 2)
        self.assertEqual(self.document(second)["partitions"]["built"], 0)
        self.assert_whole()

    def test_who_helped_a_run_that_was_killed_finishes_it(self):
        conductor, second = self.second("help.sealed")
        conductor.kill()
        conductor.wait()
        self.wake(second)
        told = self.document(second)["partitions"]
        self.assertGreater(told["reused"], 0)
        self.assertEqual(told["built"] + told["reused"], 2 * len(DAYS))
        self.assert_whole()

    def test_what_was_built_for_a_killed_run_is_found_by_the_next(self):
        helper, helper_passes = self.helper(self.lake)
        conductor = self.stopped_conductor()
        helper_passes("help.answered")
        conductor.kill()
        conductor.wait()
        told = self.lake.run(NOW)
        self.assertGreater(told["partitions"]["reused"], 0)
        self.stop(helper)
        self.assert_whole()

    def test_a_run_may_die_wherever_it_shares(self):
        for point in ("share.offered", "share.taken"):
            with self.subTest(point=point):
                self.setUp()
                helper, _ = self.helper(self.lake, WEIR_CRASH_AT="help.sealed",
                                        WEIR_CRASH_SIGNAL="stop")
                conductor = self.start(self.lake, "run", "--now", NOW, WEIR_CRASH_AT=point,
                                       WEIR_CRASH_SIGNAL="kill")
                self.wait_until_stopped(helper)
                self.wake(helper)
                self.finish(conductor, -signal.SIGKILL)
                self.lake.run(NOW)
                self.stop(helper)
                self.assert_whole()

    def test_a_failure_is_the_same_whoever_found_it(self):
        self.files = {**self.files,
                      "tables/silver/sales.yaml": BY_DAY + "checks: [{not_null: [amount]}]\n",
                      "tables/silver/sales.sql": "SELECT day, shop, CASE WHEN day(day) % 2 = 0 "
                                                 "THEN amount END AS amount FROM raw.sales\n"}
        told = []
        for helped in (False, True):
            self.setUp()
            if not helped:
                told.append(self.lake.run(NOW, expect=3)["failed"])
                continue
            helper, helper_passes = self.helper(self.lake)
            conductor = self.stopped_conductor()
            helper_passes("help.answered")
            self.wake(conductor)
            told.append(self.document(conductor, code=3)["failed"])
            self.assertGreater(self.stop(helper)["failed"], 0)
        self.assertEqual(len(told[0]), len(DAYS) / 2)
        self.assertEqual(*(sorted((f["partition"], f["error"]["message"]) for f in failed)
                           for failed in told))

    def test_what_a_helper_cannot_build_is_built_by_the_run(self):
        helper, helper_passes = self.helper(self.lake, WEIR_CRASH_AT="help.sent",
                                            WEIR_CRASH_SIGNAL="worker")
        conductor = self.stopped_conductor()
        helper_passes("help.answered")
        self.wake(conductor)
        self.assertEqual(self.document(conductor)["partitions"]["built"], 2 * len(DAYS))
        self.assertEqual(self.stop(helper)["failed"], 1)
        self.assert_whole()

    def test_another_definition_is_refused(self):
        conductor = self.stopped_conductor()
        self.lake.write("tables/gold/total.sql",
                        "SELECT day, cast(max(amount) AS bigint) AS total FROM silver.sales "
                        "GROUP BY day\n")
        refused = self.lake.weir("run", "--worker", "-o", "json", expect=2)
        self.assert_error(refused, "definition", "cannot be helped")
        self.wake(conductor)
        self.finish(conductor)

    def test_who_only_helps_ends_when_there_is_nothing_to_help_with(self):
        self.assertIn("nothing to help with", self.lake.weir("run", "--worker").out)
        self.assert_error(self.lake.weir("run", "--worker", "--strict", "-o", "json", expect=2),
                          "--worker")


if __name__ == "__main__":
    unittest.main()
