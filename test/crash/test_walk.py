"""Every crash point, in every way to die there: after one more run nothing tells of it.

The main process leaves, is killed, or loses its worker. The names come from src/base/crash.c; one
that no run reaches fails the test.
"""
import os
import random
import re
import unittest
from collections import Counter

import places
from crashlake import CRASHED, ELSEWHERE, KILLED, CrashTest
from harness import REPOSITORY
from judge import garbage, objects_of_versions, objects_of_current
from scenarios import BIRTH, COLLECT, FETCH, MOVE, REMAKE, RUN, UPLOAD

PASSAGES_MAX = 2  # of one point, besides the last; of these, all:
ALL_PASSAGES = ("ledger.committing", "ledger.sent", "ledger.committed")
# Elsewhere than in a folder and a file each point's first passage, and some of the others.
EVERY = os.environ.get("WEIR_CRASH_EVERY") or not ELSEWHERE
SEED = int(os.environ.get("WEIR_CRASH_SEED", "1"))
SAMPLE = 0.2
# Points that only these places have.
IN_FOLDERS = {"store.written", "store.durable", "project.cleared", "project.synced",
              "project.exchanged"}
IN_BUCKETS = {"land.mirrored", "land.fetched", "land.dropped", "store.begun", "store.part",
              "project.removed"}
IN_POSTGRES = {"ledger.sent"}
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


def points_elsewhere():
    """That no run comes by where these lakes are."""
    stores = IN_FOLDERS if places.in_bucket() else IN_BUCKETS
    return stores if places.on_postgres() else stores | IN_POSTGRES


def cases(counted):
    """point:n for the first passages, and the last; of these all, or a sample."""
    chance = random.Random(SEED)
    return [at for at in all_cases(counted)
            if EVERY or at.endswith(":1") or chance.random() < SAMPLE]


def all_cases(counted):
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
        undisturbed.remove()

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
            self.check_end(lake)
        lake.remove()

    def check_end(self, lake):
        self.assertEqual(self.scenario.content(lake), self.wanted)
        self.assert_whole(lake)

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
            lake.remove()
        others = (FETCH, UPLOAD) if places.in_bucket() else ()
        for scenario in (BIRTH, COLLECT, REMAKE, MOVE, *others):
            lake = scenario.make(self.top / "case")
            yield from passages(scenario, lake)
            lake.remove()

    def test_points_are_listed_and_reached(self):
        listed = listed_points()
        self.assertEqual(sorted(listed), sorted(called_points()))
        reached = set(self.counted) | set(self.reached_elsewhere())
        alone = {point for point in listed if not point.startswith(WITH_HELPERS)}
        self.assertEqual(alone - reached, points_elsewhere(), "no run of the walk comes by")

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

    def check_end(self, lake):
        """Nothing is kept that is not current: neither of the objects, nor in the ledger."""
        super().check_end(lake)
        self.assertEqual(objects_of_versions(lake), objects_of_current(lake))


@unittest.skipUnless(places.in_bucket(), "buckets only: lands from one")
class Fetches(Walk):
    scenario = FETCH

    def test_a_landing_from_a_bucket_may_be_cut_off(self):
        self.walk([at for at in cases(self.counted) if at.startswith("land.")])


@unittest.skipUnless(places.in_bucket(), "buckets only: uploads in parts")
class Uploads(Walk):
    scenario = UPLOAD
    how = "kill"
    codes = (KILLED,)

    def test_an_upload_may_be_cut_off_between_its_parts(self):
        parts = [f"store.part:{n}" for n in range(1, self.counted["store.part"] + 1)]
        self.assertGreater(len(parts), 2)
        self.walk([*parts, "store.begun:1", "store.named:1", "land.staged:1", "land.placed:1"])


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
