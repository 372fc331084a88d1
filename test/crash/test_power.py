"""Loss of power: after one more run, nothing tells that all that was not synced is gone.

One run is recorded; from its notes come the lakes that a loss at each of its points may leave
(power.py). Equal ones are looked at once.
"""
import unittest

from crashlake import ELSEWHERE, CrashLake, CrashTest, fault_path
from harness import remove_tree
from judge import garbage
from power import Notes
from scenarios import BIRTH, COLLECT, RUN


class PowerLoss(CrashTest):
    rank = 0
    scenario = None

    def record(self, before):
        """The notes of a run over a copy of a lake, which is at the place where others come."""
        top = self.top / "case"
        notes = self.top / "notes"
        notes.mkdir()
        lake = before.copy(top)
        lake.weir = fault_path()
        self.scenario.heal(lake, WEIR_POWER=str(notes), WEIR_POWER_TOP=str(top))
        self.wanted = self.scenario.content(lake)
        remove_tree(top)
        return Notes(notes, before.dir)

    def check(self, notes, tree):
        notes.make(tree, self.top / "case")
        lake = CrashLake(self.top / "case")
        self.scenario.heal(lake)
        if garbage(lake):  # of removals that did not happen
            lake.call("gc")
        self.assertEqual(self.scenario.content(lake), self.wanted)
        self.assert_whole(lake)

    def lose(self):
        """How many lakes differ."""
        self.top = self.new_folder()
        notes, seen = self.record(self.scenario.make(self.top / "base")), set()
        for point, state in notes.read():
            for how in ("least", "gone"):
                tree = getattr(state, how)()
                name = state.name_of(tree)
                if name in seen:
                    continue
                seen.add(name)
                with self.subTest(point=point, how=how):
                    self.check(state, tree)
                remove_tree(self.top / "case")
        return len(seen)


IN_FILES = unittest.skipIf(ELSEWHERE,
                           "folders and files only: others keep what they have answered for")


@IN_FILES
class Run(PowerLoss):
    scenario = RUN

    def test_a_run_that_loses_power_loses_nothing(self):
        self.assertGreater(self.lose(), 50)


@IN_FILES
class Birth(PowerLoss):
    scenario = BIRTH

    def test_a_new_lake_that_loses_power_is_begun_again(self):
        self.assertGreater(self.lose(), 50)


@IN_FILES
class Collection(PowerLoss):
    scenario = COLLECT

    def test_a_collection_that_loses_power_loses_nothing(self):
        self.assertGreater(self.lose(), 10)


del PowerLoss  # is no test by itself
