"""The traffic example's generator: the same bytes everywhere, and every fault the demo tells of."""

import csv
import gzip
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "traffic"
MATCH_COLUMNS = "id,start_time,end_time,reader_a,reader_b,speed_kmh,valid,device_address"


def generate(out, *options, **environment):
    command = [sys.executable, str(EXAMPLE / "generate.py"), str(out), *options]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )


def tree_hash(out):
    """One hash over all names and bytes."""
    total = hashlib.sha256()
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        total.update(str(path.relative_to(out)).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class GeneratorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weir-generator-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.top = pathlib.Path(cls.folder.name)
        cls.out = cls.top / "first"
        done = generate(cls.out, "--expected", str(cls.top / "expected.json"))
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.expected = json.loads((cls.top / "expected.json").read_text(encoding="utf-8"))

    def matches(self, arrival, day):
        return self.out / f"2024-05-{arrival}" / "matches" / f"matches_202405{day}.csv"

    def arrivals_of(self, day):
        found = self.out.glob(f"*/matches/matches_202405{day}.csv")
        return sorted(path.parts[-3] for path in found)

    def test_zone_locale_and_hash_seed_do_not_matter(self):
        other = self.top / "second"
        done = generate(
            other, TZ="Pacific/Chatham", LANG="C", LC_ALL="C", PYTHONHASHSEED="7", PYTHONUTF8="0"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(tree_hash(self.out), tree_hash(other))

    def test_scale_multiplies_rows_and_keeps_the_faults(self):
        other = self.top / "scaled"
        facts = self.top / "scaled.json"
        done = generate(other, "--scale", "2", "--expected", str(facts))
        self.assertEqual(done.returncode, 0, done.stderr)
        scaled = json.loads(facts.read_text(encoding="utf-8"))
        self.assertEqual(scaled["states"], self.expected["states"])
        for name in ("raw.matches", "raw.radar"):
            small, large = (facts["tables"][name]["rows"] for facts in (self.expected, scaled))
            self.assertAlmostEqual(large / small, 2, delta=0.1)

    def test_more_days_give_more_partitions(self):
        facts = self.top / "long.json"
        done = generate(self.top / "long", "--days", "30", "--expected", str(facts))
        self.assertEqual(done.returncode, 0, done.stderr)
        tables = json.loads(facts.read_text(encoding="utf-8"))["tables"]
        for name in ("silver.matches", "silver.radar", "gold.link_speed", "gold.site_counts"):
            self.assertEqual(len(tables[name]["partitions"]), 30)

    def test_a_folder_in_use_is_refused(self):
        before = tree_hash(self.out)
        done = generate(self.out)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(str(self.out), done.stderr)
        self.assertEqual(tree_hash(self.out), before)

    def test_deliveries_arrive_on_fourteen_days(self):
        days = sorted(path.name for path in self.out.iterdir())
        self.assertEqual(days, [f"2024-05-{day}" for day in range(14, 28)])

    def test_a_file_holds_a_few_thousand_matches_that_started_on_its_day(self):
        for path in self.out.glob("*/matches/*.csv"):
            day = f"{path.stem[8:12]}-{path.stem[12:14]}-{path.stem[14:16]}"
            found = rows(path)
            self.assertTrue(2000 <= len(found) <= 5000, path)
            self.assertEqual({row["start_time"][:10] for row in found}, {day})
            self.assertTrue(any(row["end_time"][:10] > day for row in found), path)
            self.assertTrue(all(row["end_time"] > row["start_time"] for row in found), path)

    def test_ids_are_unique_over_all_active_files(self):
        seen = set()
        for delivery in self.expected["deliveries"]:
            if delivery["table"] == "matches" and delivery["state"] == "active":
                ids = {r["id"] for r in rows(self.out / delivery["arrival"] / delivery["path"])}
                self.assertTrue(seen.isdisjoint(ids))
                seen |= ids
        self.assertEqual(len(seen), self.expected["tables"]["raw.matches"]["rows"])

    def test_codes_are_padded_with_zeros(self):
        for row in rows(self.matches(14, 13)):
            self.assertRegex(row["reader_a"], r"^00\d\d$")
            self.assertRegex(row["device_address"], r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")

    def test_one_file_is_three_days_late(self):
        self.assertEqual(self.arrivals_of(16), ["2024-05-20"])

    def test_one_file_is_corrected_with_other_content(self):
        self.assertEqual(self.arrivals_of(15), ["2024-05-16", "2024-05-23"])
        first, second = rows(self.matches(16, 15)), rows(self.matches(23, 15))
        self.assertLess(len(first), len(second))
        valid = [sum(row["valid"] == "true" for row in file) for file in (first, second)]
        self.assertNotEqual(*valid)

    def test_one_header_is_broken_and_corrected_the_next_day(self):
        self.assertEqual(self.arrivals_of(20), ["2024-05-21", "2024-05-22"])
        broken, good = (self.matches(day, 20).read_text().split("\n", 1) for day in (21, 22))
        self.assertNotEqual(broken[0], MATCH_COLUMNS)
        self.assertEqual(good[0], MATCH_COLUMNS)
        self.assertEqual(broken[1], good[1])

    def test_exactly_one_file_has_a_byte_order_mark(self):
        marked = [p for p in self.out.rglob("*.csv") if p.read_bytes()[:3] == b"\xef\xbb\xbf"]
        self.assertEqual(marked, [self.matches(19, 18)])

    def test_one_file_is_sent_twice_with_the_same_bytes(self):
        self.assertEqual(self.arrivals_of(23), ["2024-05-24", "2024-05-26"])
        first, second = (self.matches(day, 23).read_bytes() for day in (24, 26))
        self.assertEqual(first, second)

    def test_radar_files_hold_rows_of_two_days_and_cover_every_quarter_once(self):
        seen = set()
        for path in sorted(self.out.glob("*/radar/*.csv.gz")):
            with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
                found = list(csv.DictReader(file))
            quarters = {row["interval_start"] for row in found}
            self.assertTrue(seen.isdisjoint(quarters), path)
            seen |= quarters
            last = path.parts[-3] == "2024-05-27"
            self.assertEqual(len({quarter[:10] for quarter in quarters}), 1 if last else 2)
        self.assertEqual(len(seen), 14 * 96)

    def test_the_device_list_changes_on_three_days(self):
        bodies = [path.read_bytes() for path in sorted(self.out.glob("*/devices/*.csv"))]
        changes = [n for n in range(1, 14) if bodies[n] != bodies[n - 1]]
        self.assertEqual([f"2024-05-{14 + n}" for n in changes],
                         ["2024-05-19", "2024-05-22", "2024-05-25"])

    def test_expected_states_count_every_file_once(self):
        files = sum(1 for path in self.out.rglob("*") if path.is_file())
        self.assertEqual(
            self.expected["states"],
            {"active": 29, "duplicate": 1, "rejected": 1, "superseded": 14},
        )
        self.assertEqual(sum(self.expected["states"].values()), files)

    def test_expected_valid_rows_are_those_after_corrections(self):
        partitions = self.expected["tables"]["silver.matches"]["partitions"]
        final = {13: 14, 15: 23, 16: 20, 18: 19, 20: 22, 23: 24}
        for day, arrival in final.items():
            # Counted as text, without the reader of columns that expected.py uses.
            text = self.matches(arrival, day).read_text(encoding="utf-8")
            facts = partitions[f"event_date=2024-05-{day}"]
            self.assertEqual(facts["rows"], text.count("\n") - 1)
            self.assertEqual(facts["valid"], text.count(",true,"))

    def test_expected_totals_agree_between_layers(self):
        tables = self.expected["tables"]
        for raw, silver in (("raw.matches", "silver.matches"), ("raw.radar", "silver.radar")):
            self.assertEqual(tables[raw]["rows"], tables[silver]["rows"])
        for day, facts in tables["silver.matches"]["partitions"].items():
            gold = tables["gold.link_speed"]["partitions"][day]
            self.assertEqual(facts["valid"], gold["matches"])


if __name__ == "__main__":
    unittest.main()
