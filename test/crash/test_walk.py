"""Every crash point, in every way to die there: after one more run nothing tells of it.

The main process leaves, is killed, or loses its worker. The names come from src/base/crash.c; one
that no run reaches fails the test.
"""
import re
from collections import Counter

from crashlake import CRASHED, KILLED, CrashTest, garbage
from harness import REPOSITORY, remove_tree
from scenarios import BIRTH, COLLECT, MOVE, REMAKE, RUN

PASSAGES_MAX = 2  # of one point, besides the last; of these, all:
ALL_PASSAGES = ("ledger.committing", "ledger.committed")
# Points of healing are reached only after a death at another.
PRIORS = {"land.recovered": "land.synced", "store.removed": "land.synced",
          "build.recovered": "build.synced"}
# They take another process, and test/e2e/test_share.py dies at all of them.
WITH_HELPERS = ("share.", "help.")


def listed_points():
    text = (REPOSITORY / "src/base/crash.c").read_text()
    table = re.search(r"CRASH_POINTS\[\] = \{(.*?)\};", text, re.DOTALL).group(1)
    return re.findall(r'"([\w.]+)"', table)


def called_points():
    return {name for path in (REPOSITORY / "src").rglob("*.c")
            for call in re.findall(r"crash_point\((.*?)\);", path.read_text())
            for name in re.findall(r'"([\w.]+)"', call)}


def passages(scenario, lake, prior=None):
    """Point → how often it is passed."""
    log = lake.dir.parent / "passages"
    if prior is not None:
        scenario.do(lake, WEIR_CRASH_AT=prior)
    code, said = scenario.do(lake, WEIR_CRASH_LOG=str(log))
    if code != 0:
        raise AssertionError(said)
    counted = Counter(log.read_text().split())
    log.unlink()
    return counted


def cases(counted):
    """point:n for the first passages, and the last."""
    for name, count in sorted(counted.items()):
        chosen = set(range(1, count + 1))
        if name not in ALL_PASSAGES:
            chosen = {n for n in chosen if n <= PASSAGES_MAX or n == count}
        yield from (f"{name}:{n}" for n in sorted(chosen))


def first_cases(counted, without=()):
    """point:1 of each that does not begin with one of some words."""
    return [f"{name}:1" for name in sorted(counted) if not name.startswith(without)]


class Walk(CrashTest):
    """One way to die in one scenario."""

    rank = 0
    scenario = RUN
    how = None
    codes = (CRASHED,)

    def setUp(self):
        self.top = self.new_folder()
        self.base = self.scenario.make(self.top / "base")
        undisturbed = self.base.copy(self.top / "case")
        self.counted = passages(self.scenario, undisturbed)
        self.assert_whole(undisturbed)
        self.wanted = self.scenario.content(undisturbed)
        remove_tree(undisturbed.dir)

    def die(self, lake, at):
        how = {} if self.how is None else {"WEIR_CRASH_SIGNAL": self.how}
        code, said = self.scenario.do(lake, WEIR_CRASH_AT=at, **how)
        self.assertIn(code, self.codes, f"{at}\n{said}")

    def check_case(self, at, prior=None):
        lake = self.base.copy(self.top / "case")
        with self.subTest(at=at, how=self.how):
            if prior is not None:
                self.scenario.do(lake, WEIR_CRASH_AT=prior)
            self.die(lake, at)
            self.scenario.heal(lake)
            self.assertEqual(self.scenario.content(lake), self.wanted)
            self.assert_whole(lake)
        remove_tree(lake.dir)

    def walk(self, points):
        for at in points:
            self.check_case(at)


class LeavesAtCommits(Walk):
    def test_a_run_that_leaves_at_any_commit_leaves_nothing(self):
        self.walk([at for at in cases(self.counted) if at.startswith("ledger.")])


class Leaves(Walk):
    def reached_elsewhere(self):
        """Points of healing, and those of the other scenarios."""
        for point, prior in PRIORS.items():
            lake = self.base.copy(self.top / "case")
            yield from (p for p in passages(RUN, lake, prior) if p == point)
            remove_tree(lake.dir)
        for scenario in (BIRTH, COLLECT, REMAKE, MOVE):
            lake = scenario.make(self.top / "case")
            yield from passages(scenario, lake)
            remove_tree(lake.dir)

    def test_points_are_listed_and_reached(self):
        listed = listed_points()
        self.assertEqual(sorted(listed), sorted(called_points()))
        reached = set(self.counted) | set(self.reached_elsewhere())
        alone = {point for point in listed if not point.startswith(WITH_HELPERS)}
        self.assertEqual(alone - reached, set(), "no run of the walk comes by")

    def test_a_run_that_leaves_at_any_point_leaves_nothing(self):
        self.walk([at for at in cases(self.counted) if not at.startswith("ledger.")])

    def test_healing_may_be_cut_off_too(self):
        for point, prior in PRIORS.items():
            self.check_case(point, prior)


class IsBorn(Walk):
    scenario = BIRTH

    def test_a_new_lake_may_be_cut_off(self):
        self.walk([p for p in cases(self.counted) if p.startswith(("init.", "ledger.comm"))])


class CollectsGarbage(Walk):
    scenario = COLLECT

    def test_gc_may_be_cut_off(self):
        self.assertNotEqual(garbage(self.base), [])
        self.walk(cases(self.counted))


class Killed(Walk):
    how = "kill"
    codes = (KILLED,)

    def test_a_run_that_is_killed_at_any_point_leaves_nothing(self):
        self.walk(first_cases(self.counted))


class LosesItsWorker(Walk):
    """Then the run goes on: what it could not build or check, the next one does."""

    how = "worker"
    codes = (0, 1)

    def test_a_run_that_loses_its_worker_at_any_point_leaves_nothing(self):
        self.walk(first_cases(self.counted, without=("project.", "ledger.", "work.ending")))


del Walk  # is no test by itself
