"""How rows find their partition, end to end: dropped rows, many partitions, long chains."""
import os
import unittest

from harness import NOW, LakeTest, definition, oracle
from sales import BY_DAY

LARGE = os.environ.get("WEIR_LARGE") == "1"  # `make nightly`
MANY = 10_000 if LARGE else 1_000
CHAINED = 120 if LARGE else 30


def lines(head, *rows):
    return "\n".join([head, *rows]) + "\n"


class DroppedRowsTest(LakeTest):
    """Of rows that WHERE drops nothing is asked, not even a date."""

    files = definition(
        raw__log="columns: {kind: string, data: string, n: int64}\n",
        silver__days_sql="SELECT cast(data AS date) AS day, n FROM raw.log WHERE kind = 'day'\n",
        silver__days="partition_by: [day]\n")

    def give(self, now, name, *rows):
        self.lake.deliver(f"log/{name}.csv", lines("kind,data,n", *rows))
        return self.lake.run(now)

    def days(self):
        return oracle(f"FROM {self.lake.hive('silver.days')} ORDER BY ALL")

    def test_a_row_that_is_dropped_needs_no_partition_and_others_do(self):
        document = self.give(NOW, "a", "day,2024-05-01,1", "note,n/a,2", "day,2024-05-02,4")
        self.assertEqual(document["partitions"]["built"], 2)
        # The first file feeds another day as well: it is read again for one day alone.
        self.give(NOW + 1, "b", "day,2024-05-01,8", "note,2024-06-01,16", "note,,32")
        self.assertEqual(self.days(), [("2024-05-01", "1"), ("2024-05-01", "8"),
                                       ("2024-05-02", "4")])
        document = self.give(NOW + 2, "c", "note,never,64")
        self.assertEqual(document["deliveries"]["accepted"], 1)
        self.assertEqual(sum(document["partitions"].values()), 0)
        document = self.give(NOW + 3, "d", "day,2024-05-03,1", "day,n/a,2")
        (refused,) = document["deliveries"]["rejected"]
        self.assertIn("map", refused["reason"])
        self.assertEqual(self.lake.partitions("silver.days"), ["day=2024-05-01", "day=2024-05-02"])


class ManyTest(LakeTest):
    files = definition(
        raw__cells="columns: {cell: int64, n: int64}\nmax_partitions_per_delivery: 100000\n",
        silver__cells_sql="SELECT cell, n FROM raw.cells\n",
        silver__cells="partition_by: [cell]\n",
        gold__all_sql="SELECT count(*) AS cells, sum(n) AS n FROM silver.cells\n")

    def test_a_run_builds_a_thousand_or_more_partitions_and_then_one(self):
        body = lines("cell,n", *(f"{cell},{cell % 7}" for cell in range(MANY)))
        self.lake.deliver("cells/a.csv", body)
        document = self.lake.run(NOW)
        self.assertEqual(document["partitions"]["built"], MANY + 1)
        found = oracle(f"SELECT count(*), count(DISTINCT cell), sum(n) FROM "
                       f"{self.lake.hive('silver.cells')}")
        total = sum(cell % 7 for cell in range(MANY))
        self.assertEqual(found, [(str(MANY), str(MANY), str(total))])
        self.assertEqual(len(self.lake.partitions("silver.cells")), MANY)
        self.lake.deliver("cells/b.csv", lines("cell,n", f"{MANY // 2},1000"))
        self.assertEqual(self.lake.run(NOW + 1)["partitions"]["built"], 2)
        self.assertEqual(oracle(f"FROM {self.lake.hive('gold.all')}"),
                         [(str(MANY + 1), str(total + 1000))])


class ChainTest(LakeTest):
    """Each table reads the one before; every tenth also the first."""

    def chain(self):
        tables = {"raw__n": "columns: {day: date, n: int64}\n",
                  "silver__t000_sql": "SELECT day, n FROM raw.n\n", "silver__t000": BY_DAY}
        for k in range(1, CHAINED):
            sql = f"SELECT day, n + 1 AS n FROM silver.t{k - 1:03}"
            if k % 10 == 0:
                sql = (f"SELECT a.day, a.n + 1 AS n FROM silver.t{k - 1:03} AS a "
                       "JOIN silver.t000 AS b ON b.day = a.day")
            tables[f"silver__t{k:03}_sql"] = sql + "\n"
            tables[f"silver__t{k:03}"] = BY_DAY
        return definition(**tables)

    @staticmethod
    def end_of(lake):
        return oracle(f"SELECT n FROM {lake.hive(f'silver.t{CHAINED - 1:03}')} ORDER BY day")

    def test_a_correction_goes_through_a_long_chain_of_tables_and_a_cut_off_stops_it(self):
        lake = self.new_lake(self.chain())
        lake.deliver("n/a.csv", lines("day,n", "2024-05-01,1", "2024-05-02,2"))
        self.assertEqual(lake.run(NOW)["partitions"]["built"], 2 * CHAINED)
        self.assertEqual(self.end_of(lake), [(str(CHAINED),), (str(CHAINED + 1),)])
        lake.deliver("n/a.csv", lines("day,n", "2024-05-01,1", "2024-05-02,5"))
        self.assertEqual(lake.run(NOW + 1)["partitions"]["built"], CHAINED)
        self.assertEqual(self.end_of(lake), [(str(CHAINED),), (str(CHAINED + 4),)])
        lake.deliver("n/a.csv", lines("day,n", "2024-05-02,5", "2024-05-01,1"))
        document = lake.run(NOW + 2)["partitions"]
        self.assertEqual((document["built"], document["unchanged"]), (0, 2))
        told = lake.json("why", f"silver.t{CHAINED - 1:03}", "day=2024-05-02")
        for _ in range(CHAINED):
            (told,) = [c for c in told["causes"] if c.get("table") != "silver.t000" or
                       len(told["causes"]) == 1]
        self.assertEqual(told["file"], "n/a.csv")


if __name__ == "__main__":
    unittest.main()
