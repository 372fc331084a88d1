"""The verbs of care may be cut off as well: doing the same again ends as if nothing had been.

What withdraws, readmits, accepts, drops, undoes and releases, what fsck mends and adopts, and a
ledger made anew; of each point the first passage, and every commit.
"""
from pathlib import Path

from crashlake import CRASHED, CrashTest
from harness import local_only
from judge import content, directories, garbage, tree
from scenarios import (ACCEPT, ADMIT_REFUSED, ADOPT, DROP, LATER, MOVE, READMIT, RELEASE, REMAKE,
                       REPAIR, UNDO, WITHDRAW)
from test_walk import cases, first_cases, passages

HELD = "SELECT tbl, partition, run FROM hold ORDER BY 1, 2"


class CutOff(CrashTest):
    def state(self, lake):
        folders = {str(Path(path).parent) for path in directories(lake)}
        return content(lake) | {"held": lake.rows(HELD), "directories": folders}

    def assert_tidy(self, lake):
        """What is held is marked; else nothing is left over."""
        waiting = {partition for _, partition, _ in lake.rows(HELD)}
        left = [g for g in garbage(lake) if g[0] != "mark" or g[1][1] not in waiting]
        self.assertEqual(left, [], "left over")
        self.assertEqual([p for p in tree(lake.dir / ".weir") if ".new" in p], [])

    def walk(self, scenario):
        top = self.new_folder()
        base = scenario.make(top / "base")
        undisturbed = base.copy(top / "undisturbed")
        counted = passages(scenario, undisturbed)
        self.assertGreater(len(counted), 3, "hardly a point is passed")
        undisturbed.run(LATER + 2)
        wanted = self.state(undisturbed)
        self.assert_tidy(undisturbed)
        commits = [at for at in cases(counted) if at.startswith("ledger.committed")]
        for at in first_cases(counted) + commits:
            lake = base.copy(top / "case")
            with self.subTest(at=at):
                code, said = scenario.do(lake, WEIR_CRASH_AT=at)
                self.assertEqual(code, CRASHED, said)
                scenario.heal(lake)
                self.assertEqual(self.state(lake), wanted)
                self.assert_tidy(lake)
            lake.remove()

    def test_withdraw(self):
        self.walk(WITHDRAW)

    def test_readmit(self):
        self.walk(READMIT)

    def test_readmit_of_what_was_refused(self):
        self.walk(ADMIT_REFUSED)

    def test_a_copy_of_the_store(self):
        self.walk(MOVE)

    def test_accept(self):
        self.walk(ACCEPT)

    def test_drop(self):
        self.walk(DROP)

    def test_undo(self):
        self.walk(UNDO)
        self.walk(UNDO)

    def test_release(self):
        self.walk(RELEASE)

    def test_fsck_that_repairs(self):
        self.walk(REPAIR)

    @local_only("nothing is adopted in a bucket")
    def test_fsck_that_adopts(self):
        self.walk(ADOPT)

    def test_a_ledger_made_anew(self):
        self.walk(REMAKE)
