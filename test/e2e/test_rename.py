"""Tables that are called otherwise, are gone from git, come back, and are dropped."""
import unittest

from harness import NOW, LakeTest, local_only, oracle
from sales import BY_DAY, rows, sales

TWO_DAYS = rows("2024-05-01,A,1", "2024-05-01,B,2", "2024-05-02,A,4")


class RenameTest(LakeTest):
    files = sales()

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", TWO_DAYS)
        self.lake.run(NOW)

    def remove(self, layer, table):
        for suffix in ("sql", "yaml"):
            (self.lake.dir / f"tables/{layer}/{table}.{suffix}").unlink(missing_ok=True)

    def rename_silver(self):
        sql = (self.lake.dir / "tables/silver/sales.sql").read_text()
        self.remove("silver", "sales")
        self.lake.write("tables/silver/trade.sql", sql)
        self.lake.write("tables/silver/trade.yaml", BY_DAY + "was: silver.sales\n")
        self.lake.write("tables/gold/total.sql", "SELECT day, cast(sum(amount) AS bigint) AS total "
                                                 "FROM silver.trade GROUP BY day\n")

    def versions(self, table, day="day=2024-05-01"):
        return [v["version"] for v in self.lake.json("history", table, day)["versions"]]

    def test_a_derived_table_keeps_all_it_has_under_its_new_name(self):
        before = self.versions("silver.sales")
        self.rename_silver()
        counts = self.lake.run(NOW + 1)["partitions"]
        self.assertEqual((counts["built"], counts["unchanged"]), (0, 2))
        self.assertEqual(self.versions("silver.trade"), before)
        self.assertEqual(self.lake.partitions("silver.trade"),
                         ["day=2024-05-01", "day=2024-05-02"])
        self.assertEqual(self.lake.partitions("silver.sales"), [])
        self.assertEqual(oracle(f"SELECT sum(amount) FROM {self.lake.hive('silver.trade')}"),
                         [("7",)])
        files = self.lake.query("SELECT DISTINCT file FROM weir.lineage "
                                "WHERE \"table\" = 'silver.trade'")
        self.assertEqual(files, [("sales/a.csv",)])
        self.lake.deliver("sales/b.csv", rows("2024-05-02,A,8"))
        self.lake.run(NOW + 2)
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "15")
        self.assertEqual(self.lake.json("fsck")["faults"], [])

    @local_only("directories do not change places")
    def test_a_kill_before_directories_have_moved_is_made_good(self):
        self.rename_silver()
        self.lake.call("run", "--now", NOW + 1, env={"WEIR_CRASH_AT": "project.swapped:1"})
        self.assertEqual(len(self.lake.partitions("silver.trade")), 2)
        self.lake.run(NOW + 1)
        self.assertEqual(len(self.lake.partitions("silver.trade")), 2)
        self.remove("silver", "trade")
        self.remove("gold", "total")
        self.lake.run(NOW + 2)
        dead = self.lake.call("drop", "silver.trade", "--reason", "over",
                              env={"WEIR_CRASH_AT": "project.exchanged:1"})
        self.assertNotEqual(dead.code, 0, dead)
        self.assertEqual(self.lake.partitions("silver.trade"), [])
        self.lake.run(NOW + 3)
        self.assertEqual(list((self.lake.store / "silver/.weir/project").rglob("*.parquet")), [])
        self.assertEqual(self.lake.json("fsck")["faults"], [])

    def test_the_old_definition_cannot_run_any_more(self):
        self.rename_silver()
        self.lake.run(NOW + 1)
        for table in ("silver.trade",):
            self.remove(*table.split("."))
        for path, text in self.files.items():
            self.lake.write(path, text)
        result = self.lake.call("run", "-o", "json")
        self.assertEqual(result.code, 2, result)
        self.assert_error(result, "silver.sales", "renamed", "silver.trade", "--redefine")
        self.lake.run(NOW + 2, "--redefine")
        self.assertEqual(self.lake.partitions("silver.sales"),
                         ["day=2024-05-01", "day=2024-05-02"])
        self.assertEqual(self.lake.partitions("silver.trade"), [])
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "7")

    def test_a_source_table_keeps_its_deliveries_and_their_files(self):
        before = self.lake.raw_files("raw.sales")
        self.remove("raw", "sales")
        self.lake.write("tables/raw/trade.yaml", self.files["tables/raw/sales.yaml"]
                        + "was: raw.sales\nland: sales\n")
        self.lake.write("tables/silver/sales.sql", "SELECT day, shop, amount FROM raw.trade\n")
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,10"))
        self.lake.run(NOW + 1)
        self.assertEqual(self.lake.deliveries(), [("sales/a.csv", "active"),
                                                  ("sales/a.csv", "superseded")])
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "10")
        self.assertEqual(self.lake.raw_files("raw.sales"), before)
        self.assertEqual(len(self.lake.raw_files("raw.trade")), 1)
        self.assertEqual(self.lake.json("fsck")["faults"], [])

    def test_what_was_cannot_be_is_refused(self):
        for was, words in [("gold.sales", ("layer",)), ("silver.trade", ("called now",)),
                           ("silver.sales", ("defined, too",))]:
            self.lake.write("tables/silver/trade.sql", "SELECT 1 AS one\n")
            self.lake.write("tables/silver/trade.yaml", f"was: {was}\n")
            result = self.lake.call("run", "-o", "json")
            self.assertEqual(result.code, 2, result)
            error = self.assert_error(result, *words)
            self.assertEqual(error["file"], "tables/silver/trade.yaml")

    def test_a_table_that_is_gone_is_orphaned_until_it_is_dropped(self):
        refused = self.lake.call("drop", "gold.total", "--reason", "x", "-o", "json")
        self.assertEqual(refused.code, 2, refused)
        self.assert_error(refused, "still defined", "tables/gold/total.sql")
        self.remove("gold", "total")
        self.lake.run(NOW + 1)
        (orphan,) = self.lake.json("status")["orphaned"]
        self.assertEqual((orphan["table"], orphan["partitions"]), ("gold.total", 2))
        self.assertEqual(len(self.lake.partitions("gold.total")), 2)
        self.assertEqual(self.lake.call("drop", "gold.total").code, 2)
        self.lake.weir("drop", "gold.total", "--reason", "nobody reads it")
        self.assertEqual(self.lake.json("status")["orphaned"], [])
        self.assertEqual(self.lake.partitions("gold.total"), [])
        self.assertEqual(self.lake.query("SELECT what, ref, why FROM weir.event"),
                         [("drop", "gold.total", "nobody reads it")])
        self.assertEqual(self.lake.json("fsck")["faults"], [])
        self.lake.write("tables/gold/total.sql", self.files["tables/gold/total.sql"])
        self.lake.write("tables/gold/total.yaml", BY_DAY)
        counts = self.lake.run(NOW + 2)["partitions"]
        self.assertEqual((counts["built"], counts["reused"]), (0, 2))
        self.assertEqual(oracle(f"SELECT sum(total) FROM {self.lake.hive('gold.total')}"), [("7",)])

    def test_gc_takes_what_was_dropped_and_raw_history_stays(self):
        raw = self.lake.raw_files("raw.sales")
        for layer, table in (("gold", "total"), ("silver", "sales"), ("raw", "sales")):
            self.remove(layer, table)
        self.lake.write("tables/raw/other.yaml", "columns: {a: string}\n")
        self.lake.write("lake.yaml", self.files["lake.yaml"] + "retention: {for: 0s, keep: 2}\n")
        self.lake.run(NOW + 1)
        for table in ("gold.total", "silver.sales", "raw.sales"):
            self.lake.weir("drop", table, "--reason", "all of it")
        self.lake.weir("gc")
        self.assertEqual([p for p in (self.lake.store).rglob("*.parquet")], [])
        self.assertEqual(self.lake.raw_files("raw.sales"), raw)
        self.assertEqual(self.lake.json("fsck")["faults"], [])


if __name__ == "__main__":
    unittest.main()
