"""Loss of power: after one more run, nothing tells that all that was not synced is gone.

One run is recorded; from its notes come the lakes that a loss at each of its points may leave
(power.py). Equal ones are looked at once.
"""
import os

from crashlake import FIRST, SECOND, CrashLake, CrashTest, base_lake, content, fault_path
from harness import NOW, remove_tree
from power import Notes

LATER = NOW + 1000


class PowerLoss(CrashTest):
    rank = 0

    def record(self, before, now):
        """The notes of a run over a copy of a lake, which is at the place where others come."""
        top = self.top / "case"
        notes = self.top / "notes"
        notes.mkdir()
        lake = before.copy(top)
        lake.weir = fault_path()
        lake.run(now, WEIR_POWER=str(notes), WEIR_POWER_TOP=str(top))
        self.wanted = content(lake)
        remove_tree(top)
        return Notes(notes, before.dir)

    def check(self, notes, tree, now):
        lake = CrashLake(self.top / "case")
        notes.make(tree, lake.dir)
        lake.run(now)
        self.assertEqual(content(lake), self.wanted)
        code, said = lake.call("gc")  # removals that did not happen left garbage
        self.assertEqual(code, 0, said)
        self.assert_whole(lake)

    def lose(self, before, now):
        """How many lakes differ."""
        notes, seen = self.record(before, now), set()
        for point, state in notes.read():
            for how in ("least", "gone"):
                tree = getattr(state, how)()
                name = state.name_of(tree)
                if name in seen:
                    continue
                seen.add(name)
                with self.subTest(point=point, how=how):
                    self.check(state, tree, now)
                remove_tree(self.top / "case")
        return len(seen)

    def setUp(self):
        self.top = self.new_folder()

    def test_a_run_that_loses_power_loses_nothing(self):
        base = base_lake(self.top / "base")
        base.deliver(SECOND)
        self.assertGreater(self.lose(base, LATER), 50)

    def test_a_new_lake_that_loses_power_is_begun_again(self):
        fresh = CrashLake(self.top / "fresh").define()
        fresh.deliver(FIRST)
        self.assertGreater(self.lose(fresh, NOW), 50)
