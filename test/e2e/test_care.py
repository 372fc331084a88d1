"""Care: looking back, undoing, keeping, checking and cleaning what the lake has."""
import unittest

from harness import NOW, LakeTest, oracle
from sales import rows, sales

DAY = "day=2024-05-01"
OTHER = "day=2024-05-02"


class CareTest(LakeTest):
    """A lake with a first delivery, and a correction of one day."""

    files = sales()

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        self.first = self.lake.run(NOW)["run"]

    def correct(self):
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,10", "2024-05-02,A,2"))
        return self.lake.run(NOW + 1)["run"]

    def total(self, *args, day="2024-05-01"):
        told = self.lake.weir("query", *args, "-o", "csv",
                              f"SELECT total FROM gold.total WHERE day = '{day}'").out
        return told.split()[1:]

    def history(self, table="gold.total", partition=DAY):
        return self.lake.json("history", table, partition)["versions"]


class HistoryTest(CareTest):
    def test_lists_the_current_version_first_and_each_once(self):
        run = self.correct()
        versions = self.history()
        self.assertEqual([v["state"] for v in versions], ["current", "retired"])
        self.assertEqual([v["run"] for v in versions], [run, self.first])
        self.assertEqual([v["rows"] for v in versions], [1, 1])
        self.assertNotEqual(versions[0]["digest"], versions[1]["digest"])
        self.assertTrue(all(v["code"] and v["committed"] for v in versions))
        self.assertEqual(len(self.history(partition=OTHER)), 1)

    def test_content_that_comes_back_is_the_same_version(self):
        self.correct()
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        self.lake.run(NOW + 2)
        versions = self.history()
        self.assertEqual([v["run"] for v in versions][0], self.first)
        self.assertEqual([v["state"] for v in versions], ["current", "retired"])

    def test_what_never_was_is_refused_with_the_nearest_name(self):
        for words in (["gold.total", "day=2024-05-03"], ["gold.total"], ["raw.sales", DAY],
                      ["gold.totl", DAY]):
            with self.subTest(words):
                self.assert_error(self.lake.weir("history", *words, "-o", "json", expect=2))


class UndoTest(CareTest):
    def undo(self, run, *args, **options):
        return self.lake.json("undo", run, *args, **options)

    def held(self):
        """{table: partitions held} and the list."""
        status = self.lake.json("status")
        counts = {t["table"]: t["held"] for t in status["tables"] if t["held"]}
        return counts, [(h["table"], h["partition"]) for h in status["held"]]

    def test_brings_back_all_tables_of_the_run_in_one_commit_and_stays(self):
        run = self.correct()
        self.assertEqual(self.total(), ["10"])
        told = self.undo(run, "--reason", "wrong")
        self.assertEqual([(u["table"], u["partition"]) for u in told["undone"]],
                         [("gold.total", DAY), ("silver.sales", DAY)])
        self.assertEqual(told["undone"][0]["deliveries"], ["sales/a.csv"])
        self.assertEqual(told["skipped"], [])
        for _ in range(2):
            self.assertEqual(self.total(), ["1"])
            self.assertEqual(self.lake.value("SELECT sum(amount) FROM silver.sales"), "3")
            self.assertEqual(self.held()[0], {"silver.sales": 1, "gold.total": 1})
            self.assertEqual([v["run"] for v in self.history()], [self.first, run])
            self.assertEqual(self.lake.run(NOW + 2)["partitions"]["built"], 0)
        self.assertIsNone(self.lake.run(NOW + 2)["run"], "a run with only holds has no work")

    def test_the_directories_follow(self):
        run = self.correct()
        self.undo(run)
        path = self.lake.store / "gold" / "total" / DAY
        total = f"SELECT total FROM read_parquet('{path}/*.parquet', hive_partitioning = false)"
        self.assertEqual(oracle(total), [("1",)])

    def test_release_takes_again_what_was_undone_without_building(self):
        run = self.correct()
        self.undo(run)
        released = self.lake.json("release", "gold.*", "silver.*")["released"]
        self.assertEqual(len(released), 2)
        self.assertEqual(self.total(), ["1"], "only a run changes what is current")
        document = self.lake.run(NOW + 2)
        self.assertEqual((document["partitions"]["built"], document["partitions"]["reused"]), (0, 2))
        self.assertEqual(self.total(), ["10"])
        self.assertEqual(self.held(), ({}, []))

    def test_one_partition_can_be_released(self):
        run = self.correct()
        self.undo(run)
        self.lake.weir("release", "silver.sales", DAY)
        self.lake.run(NOW + 2)
        self.assertEqual(self.held()[0], {"gold.total": 1})
        self.assertEqual(self.lake.value("SELECT sum(amount) FROM silver.sales"), "12")
        self.assertEqual(self.total(), ["1"])

    def test_a_hold_ends_when_an_input_is_superseded(self):
        self.undo(self.correct())
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,20", "2024-05-02,A,2"))
        self.lake.run(NOW + 2)
        self.assertEqual(self.total(), ["20"])
        self.assertEqual(self.held(), ({}, []))

    def test_a_hold_survives_a_new_delivery_and_other_partitions_go_on(self):
        self.undo(self.correct())
        self.lake.deliver("sales/b.csv", rows("2024-05-01,B,5", "2024-05-02,B,5"))
        self.lake.run(NOW + 2)
        self.assertEqual(self.total(), ["1"])
        self.assertEqual(self.total(day="2024-05-02"), ["7"])
        self.lake.weir("release", "silver.sales", "gold.total")
        self.lake.run(NOW + 3)
        self.assertEqual(self.total(), ["15"])

    def test_a_hold_ends_when_the_code_changes(self):
        self.undo(self.correct())
        self.lake.write("tables/gold/total.sql", "SELECT day, cast(2 * sum(amount) AS bigint) AS "
                                                 "total FROM silver.sales GROUP BY day\n")
        self.lake.run(NOW + 2)
        self.assertEqual(self.held()[0], {"silver.sales": 1})
        self.assertEqual(self.total(), ["2"])

    def test_what_was_replaced_since_is_left_and_named_with_its_deliveries(self):
        run = self.correct()
        self.lake.deliver("sales/b.csv", rows("2024-05-01,B,5"))
        self.lake.run(NOW + 2)
        told = self.undo(run)
        self.assertEqual(told["undone"], [])
        self.assertEqual({(s["table"], s["reason"], *s["deliveries"]) for s in told["skipped"]},
                         {("silver.sales", "replaced since", "sales/b.csv"),
                          ("gold.total", "replaced since", "sales/b.csv")})
        self.assertEqual(self.total(), ["15"])

    def test_undoing_the_first_run_empties_and_stays_so(self):
        self.undo(self.first)
        self.assertEqual(self.lake.partitions("gold.total"), [])
        self.assertEqual(self.lake.value("SELECT count(*) FROM silver.sales"), "0")
        self.lake.run(NOW + 1)
        self.assertEqual(self.lake.value("SELECT count(*) FROM silver.sales"), "0")
        self.lake.weir("release", "silver.*", "gold.*")
        self.lake.run(NOW + 2)
        self.assertEqual(self.total(), ["1"])

    def test_an_undo_can_be_undone(self):
        undo = self.undo(self.correct())["run"]
        self.undo(undo)
        self.assertEqual(self.total(), ["10"])
        self.lake.run(NOW + 2)
        self.assertEqual(self.total(), ["10"])

    def test_a_dry_run_tells_and_does_nothing(self):
        run = self.correct()
        before = self.lake.state()
        self.assertEqual(len(self.undo(run, "--dry-run")["undone"]), 2)
        self.assertEqual(self.lake.state(), before)
        self.assertEqual(self.total(), ["10"])

    def test_an_unknown_run_is_refused(self):
        self.assert_error(self.lake.weir("undo", "nonsense", "-o", "json", expect=2), "weir log")


if __name__ == "__main__":
    unittest.main()
