"""Real files again, corrected or withdrawn: what they reach is rebuilt, and nothing else."""
import unittest

from harness import LakeTest
from test_italy import DEFINITION, DELIVERIES, expected_deliveries

DAYS = ("20200330", "20200331", "20200401", "20200402", "20200403")
REGIONS = 21


@unittest.skipUnless(DELIVERIES.is_dir(), f"no real deliveries at {DELIVERIES}")
class ItalyAgainTest(LakeTest):
    """Five days around the turn of a month, as they were published last."""

    files = {}

    def setUp(self):
        super().setUp()
        for path in DEFINITION.rglob("*.*"):
            self.lake.write(path.relative_to(DEFINITION), path.read_bytes())
        self.came = {d.identity: d for d in expected_deliveries()
                     if d.state == "active" and d.name[-12:-4] in DAYS}
        for delivery in self.came.values():
            self.lake.deliver(delivery.identity, delivery.body)
        self.now = max(d.moment for d in self.came.values())
        self.lake.run(self.now)

    def name(self, table, day):
        (found,) = [i for i in self.came if i.startswith(table) and i.endswith(f"{day}.csv")]
        return found

    def correct(self, identity, place, column):
        """Send it again with one figure of one place 9 higher, and build."""
        lines = self.came[identity].body.split(b"\n")
        at = lines[0].decode("utf-8-sig").strip().split(",").index(column)
        (row,) = [i for i, line in enumerate(lines) if b",%s," % place in line]
        values = lines[row].split(b",")
        values[at] = b"%d" % (int(values[at]) + 9)
        lines[row] = b",".join(values)
        self.objects = self.files_of_tables()
        self.now += 1
        self.lake.deliver(identity, b"\n".join(lines))
        return self.lake.run(self.now)

    def files_of_tables(self):
        return {p for p in self.lake.store.glob("*/.weir/objects/**/*") if p.is_file()}

    def built(self, document):
        return self.lake.query('SELECT "table", "partition" FROM weir.version WHERE run = '
                               f"'{document['run']}' ORDER BY ALL")

    def assert_little_written(self, document):
        """All files that came are not larger than the partitions that were built, by far."""
        new = sum(p.stat().st_size for p in self.files_of_tables() - self.objects)
        partitions = int(self.lake.value("SELECT sum(bytes) FROM weir.version WHERE run = "
                                         f"'{document['run']}'"))
        self.assertLessEqual(new, 1.05 * partitions)
        self.assertEqual(document["bytes"], partitions)

    def test_a_province_file_sent_again_rebuilds_its_day(self):
        before = self.lake.digests()
        identity = self.name("province", "20200401")
        document = self.correct(identity, b"Roma", "totale_casi")
        day = "event_date=2020-04-01"
        self.assertEqual(self.built(document), [("gold.day", day), ("silver.province", day)])
        self.assertEqual((document["partitions"]["built"], document["partitions"]["unchanged"]),
                         (2, 0))
        self.assert_little_written(document)
        told = self.lake.json("impact", identity)
        self.assertEqual([(p["table"], p["partition"]) for p in told["partitions"]],
                         [("silver.province", day), ("gold.day", day)])
        self.lake.weir("withdraw", "--fall-back", "--reason", "a mistake", identity)
        self.assertEqual(self.lake.run(self.now + 1)["partitions"]["reused"], 2)
        self.assertEqual(self.lake.digests(), before)

    def test_a_region_file_sent_again_rebuilds_its_day_and_month(self):
        identity = self.name("region", "20200331")
        document = self.correct(identity, b"Lazio", "tamponi")
        day = "event_date=2020-03-31"
        built = self.built(document)
        self.assertEqual([b for b in built if b[0] != "gold.region_month"],
                         [("silver.region", day)])
        self.assertEqual([b for b in built if b[0] == "gold.region_month"],
                         [("gold.region_month", "month=2020-03-01/region_code=12")])
        told = self.lake.json("impact", identity)["partitions"]
        reached = {(p["table"], p["partition"]) for p in told}
        self.assertLessEqual(set(built), reached)
        self.assertEqual(len(reached), 2 + REGIONS)
        self.assertTrue(all("2020-03" in p for _, p in reached), reached)
        self.assert_little_written(document)


if __name__ == "__main__":
    unittest.main()
