"""A rebuild that dies at any of its points: the set that it stored is what is built in the end."""
from collections import Counter

from crashlake import CRASHED, CrashTest, base_lake
from judge import content
from scenarios import LATER
from test_walk import cases, first_cases

ASKED = ("rebuild", "silver.sales", "--from", "2024-01-02", "--downstream")
FORCED = {"day=2024-01-02", "day=2024-01-03", "()"}


class Rebuild(CrashTest):
    def setUp(self):
        self.top = self.new_folder()
        self.base = base_lake(self.top / "base")
        self.wanted = content(self.base)

    def points(self):
        lake = self.base.copy(self.top / "undisturbed")
        log = self.top / "passages"
        lake.call(*ASKED, "--now", LATER, WEIR_CRASH_LOG=str(log))
        self.assertEqual(content(lake), self.wanted)
        return Counter(log.read_text().split())

    def forced(self, lake):
        return {p for (p,) in lake.rows("SELECT partition FROM mark WHERE cause = 'forced'")}

    def check(self, at, again):
        lake = self.base.copy(self.top / at.replace(":", "_"))
        with self.subTest(at=at, again=again):
            code, said = lake.call(*ASKED, "--now", LATER, WEIR_CRASH_AT=at)
            self.assertEqual(code, CRASHED, said)
            self.assertIn(self.forced(lake), (set(), FORCED), "a part of the set")
            code, said = lake.call(*again, "--now", LATER + 1000)
            self.assertEqual(code, 0, said)
            self.assertEqual(content(lake), self.wanted)
            self.assert_whole(lake)

    def test_the_stored_set_is_built_whoever_goes_on(self):
        points = self.points()
        ways = (("run",), ASKED, ("rebuild", "--resume"))
        commits = [at for at in cases(points) if at.startswith("ledger.committed")]
        for number, at in enumerate(first_cases(points, without=("ledger.",)) + commits):
            self.check(at, ways[number % len(ways)])
