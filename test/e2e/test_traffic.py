"""The city traffic example, evening by evening, against the facts counted from its files."""
import datetime
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from harness import REPOSITORY, Lake, remove_tree

EXAMPLE = REPOSITORY / "examples" / "traffic"


def evening(day):
    moment = datetime.datetime.fromisoformat(day).replace(hour=18, tzinfo=datetime.timezone.utc)
    return int(moment.timestamp())


class TrafficTest(unittest.TestCase):
    rank = 0
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.top = Path(tempfile.mkdtemp(prefix="weir-traffic-"))
        cls.addClassCleanup(remove_tree, cls.top)
        deliveries = cls.top / "deliveries"
        facts = cls.top / "expected.json"
        subprocess.run([sys.executable, EXAMPLE / "generate.py", deliveries, "--expected", facts],
                       check=True, capture_output=True, timeout=120)
        cls.expected = json.loads(facts.read_text(encoding="utf-8"))
        shutil.copytree(EXAMPLE / "lake", cls.top / "lake")
        cls.lake = Lake({}, cls.top / "lake")
        cls.documents = {}
        for folder in sorted(deliveries.iterdir()):
            shutil.copytree(folder, cls.lake.land, dirs_exist_ok=True)
            cls.documents[folder.name] = cls.lake.run(evening(folder.name))

    def test_deliveries_end_in_the_right_states(self):
        expected = sorted((d["path"], d["sha256"], d["state"]) for d in self.expected["deliveries"])
        self.assertEqual(sorted(self.lake.query("SELECT file, sha256, state FROM weir.delivery")),
                         expected)

    def assert_facts(self, table, **facts):
        """Each partition's facts, as SQL by name, and that there is no other partition."""
        select = ", ".join(facts.values())
        found = self.lake.query(f"SELECT 'event_date=' || event_date AS p, count(*), {select} "
                                f"FROM {table} GROUP BY event_date ORDER BY 1")
        partitions = self.expected["tables"][table]["partitions"]
        expected = [(p, *(str(values[name]) for name in ("rows", *facts)))
                    for p, values in sorted(partitions.items())]
        self.assertEqual(found, expected)
        self.assertEqual(self.lake.partitions(table), [row[0] for row in expected])

    def test_silver(self):
        self.assert_facts("silver.matches", valid="count(*) FILTER (WHERE is_valid)",
                          speed_kmh_sum="sum(speed_kmh)")
        self.assert_facts("silver.radar", vehicles="sum(vehicles)")

    def test_gold(self):
        self.assert_facts("gold.link_speed", matches="sum(matches)")
        self.assert_facts("gold.site_counts", vehicles="sum(vehicles)")
        facts = self.expected["tables"]["gold.reader_activity"]
        self.assertEqual(self.lake.query("SELECT count(*), sum(matches) FROM gold.reader_activity"),
                         [(str(facts["rows"]), str(facts["matches"]))])

    def test_raw_views_hold_what_is_active(self):
        for table in ("raw.matches", "raw.radar", "raw.devices"):
            self.assertEqual(self.lake.value(f"SELECT count(*) FROM {table}"),
                             str(self.expected["tables"][table]["rows"]))

    def test_the_late_file_builds_its_day_alone(self):
        built = self.lake.query("SELECT DISTINCT \"partition\" FROM weir.version WHERE run = "
                                f"'{self.documents['2024-05-20']['run']}' AND \"table\" = "
                                "'silver.matches' ORDER BY 1")
        self.assertEqual(built, [("event_date=2024-05-16",), ("event_date=2024-05-19",)])

    def test_the_same_bytes_again_are_a_duplicate(self):
        told = self.documents["2024-05-26"]["deliveries"]
        self.assertEqual(told["duplicate"], 1)

    def test_one_file_was_refused_with_a_report(self):
        refused = [r["path"] for d in self.documents.values() for r in d["deliveries"]["rejected"]]
        self.assertEqual(refused, ["matches/matches_20240520.csv"])
        ((_, report),) = self.lake.quarantine("raw.matches")
        self.assertTrue(report["failures"])

    def test_running_again_changes_nothing(self):
        state = self.lake.state()
        document = self.lake.run(evening("2024-05-27"))
        self.assertEqual(set(document["partitions"].values()), {0})
        self.assertEqual(self.lake.state(), state)


if __name__ == "__main__":
    unittest.main()
