"""Which of two files of one name counts is decided by the order of their delivery, whatever ends,
or fails, between them."""
import hashlib

from crashlake import CRASHED, CrashTest, base_lake, sales
from harness import NOW

NAME = "sales/a.csv"
BEFORE, AFTER = sales((1, "a", 11)), sales((1, "a", 12))
ACTIVE = "SELECT sha256 FROM delivery WHERE state = 'active' AND file = '%s'" % NAME


class Order(CrashTest):
    def test_a_file_that_could_not_be_looked_at_does_not_overtake_its_correction(self):
        for point in ("land.claims_synced", "land.staged"):
            with self.subTest(point=point):
                lake = base_lake(self.new_folder() / "base")
                lake.deliver({NAME: BEFORE})
                code, said = lake.call("run", "--now", NOW + 10, WEIR_CRASH_AT="land.claimed")
                self.assertEqual(code, CRASHED, said)
                lake.deliver({NAME: AFTER})
                for second in range(20, 50, 10):  # without its worker; the next two in peace
                    lost = {"WEIR_CRASH_AT": point, "WEIR_CRASH_SIGNAL": "worker"}
                    lake.call("run", "--now", NOW + second, **(lost if second == 20 else {}))
                wanted = hashlib.sha256(AFTER.encode()).hexdigest()
                self.assertEqual(lake.rows(ACTIVE), [(wanted,)])
                self.assert_whole(lake)
