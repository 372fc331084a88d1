"""What a change of the definition reaches, what `plan` says of it, and what a run does about it."""
import unittest

from harness import LAKE_YAML, NOW, LakeTest, oracle
from sales import BY_DAY, RAW, rows, sales

TWO_DAYS = rows("2024-05-01,A,1", "2024-05-01,B,2", "2024-05-02,A,4")
SHOPS = "SELECT shop, cast(sum(amount) AS bigint) AS total FROM silver.sales GROUP BY shop\n"


def reached(plan):
    """table → causes of its partitions that are certain, or "perhaps"."""
    found = {}
    for step in plan["steps"]:
        certain = {f"{c['kind']} {c['ref']}" for p in step["partitions"] if p["certain"]
                   for c in p["causes"] if c["kind"] != "upstream"}
        found[step["table"]] = certain or {"perhaps"}
    return found


class CodeTest(LakeTest):
    files = sales(gold__shops_sql=SHOPS)

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", TWO_DAYS)
        self.now = NOW
        self.lake.run(self.now)

    def change(self, path, text, *options, expect=0):
        """Rewrite one file, plan and run: what is reached, and the counts that are not zero."""
        self.lake.write(path, text)
        plan = reached(self.lake.json("plan", *options))
        self.now += 100
        counts = self.lake.run(self.now, *options, expect=expect)["partitions"]
        return plan, {name: n for name, n in counts.items() if n}

    def test_each_change_marks_what_it_reaches_and_stops_where_nothing_changed(self):
        perhaps = {"gold.total": {"perhaps"}, "gold.shops": {"perhaps"}}
        silver = "tables/silver/sales.sql"
        raw = RAW.replace("minimum: 0", "minimum: 1") + "  city: string\nmissing_columns: null\n"
        small = raw.replace("int64", "int32")
        cases = [
            ("formatting", silver, "-- a comment\nSELECT day,\n shop, amount FROM raw.sales\n",
             {}, {}),
            ("a rule and a column that nobody reads", "tables/raw/sales.yaml", raw, {}, {}),
            ("SQL with the same result", silver, "SELECT day, shop, amount + 0 AS amount "
             "FROM raw.sales\n", {"silver.sales": {"code sql"}, **perhaps}, {"unchanged": 2}),
            ("SQL of the last table", "tables/gold/shops.sql", SHOPS.replace("sum", "max"),
             {"gold.shops": {"code sql"}}, {"built": 1}),
            ("another type", "tables/raw/sales.yaml", small,
             {"silver.sales": {"code columns, columns of raw.sales"}, **perhaps},
             {"built": 2, "unchanged": 3}),
            ("other files", "tables/silver/sales.yaml",
             BY_DAY + "files: {count: 1, name: sales.parquet}\n",
             {"silver.sales": {"code files"}, **perhaps}, {"built": 2, "unchanged": 3}),
            ("the time zone", "lake.yaml", LAKE_YAML + "timezone: Europe/Rome\n",
             {name: {"code timezone"} for name in ("silver.sales", "gold.total", "gold.shops")},
             {"unchanged": 5}),
        ]
        for what, path, text, plan, counts in cases:
            with self.subTest(what):
                self.assertEqual(self.change(path, text), (plan, counts))
        self.assertEqual([p.name for p in self.lake.shown("silver.sales")], ["sales.parquet"] * 2)
        self.assertEqual(oracle(f"SELECT sum(amount) FROM {self.lake.hive('silver.sales')}"),
                         [("7",)])
        self.assertEqual(self.lake.json("plan")["steps"], [])

    def test_an_old_definition_cannot_build_back_unless_it_is_meant_to(self):
        older = self.files["tables/silver/sales.sql"]
        self.change("tables/silver/sales.sql", "SELECT day, shop, amount * 2 AS amount "
                                               "FROM raw.sales\n")
        self.lake.write("tables/silver/sales.sql", older)
        before = self.lake.digests()
        for verb in ("run", "plan", "land", "gc"):
            error = self.assert_error(self.lake.call(verb, "-o", "json"), "silver.sales", "older",
                                      "--redefine")
            self.assertEqual(error["kind"], "definition")
            self.assertEqual(self.lake.call(verb).code, 2)
        self.assertEqual(self.lake.digests(), before)
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "14")
        plan, counts = self.change("tables/silver/sales.sql", older, "--redefine")
        self.assertEqual(plan["silver.sales"], {"code sql"})
        self.assertEqual(counts, {"reused": 5})
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "7")

    def test_much_work_for_a_change_of_code_waits_and_all_else_goes_on(self):
        self.lake.write("lake.yaml", LAKE_YAML + "confirm_over: {partitions: 2}\n")
        self.lake.write("tables/silver/sales.sql", "SELECT day, shop, amount * 2 AS amount "
                                                   "FROM raw.sales\n")
        self.lake.deliver("sales/b.csv", rows("2024-05-03,A,8"))
        plan = self.lake.json("plan", "--detailed-exitcode", expect=10)
        waits = [("gold.total", 2), ("gold.shops", 1), ("silver.sales", 2)]
        self.assertCountEqual([(u["table"], u["partitions"]) for u in plan["unconfirmed"]], waits)
        document = self.lake.run(NOW + 1)
        self.assertEqual(document["partitions"]["built"], 3)
        self.assertCountEqual([(u["table"], u["partitions"]) for u in document["unconfirmed"]],
                              [("silver.sales", 2), ("gold.total", 2)])
        self.assertEqual(self.lake.query("SELECT day, total FROM gold.total ORDER BY day"),
                         [("2024-05-01", "3"), ("2024-05-02", "4"), ("2024-05-03", "16")])
        self.assertIn("weir run --yes", self.lake.weir("run", "--strict", expect=1).out)
        self.assertEqual(self.lake.run(NOW + 2, "--yes")["unconfirmed"], [])
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.shops"), "30")

    def test_what_is_accepted_is_kept_and_told_and_survives_the_ledger(self):
        self.lake.write("tables/silver/sales.sql", "SELECT day, shop, amount * 2 AS amount "
                                                   "FROM raw.sales\n")
        error = self.assert_error(self.lake.call("accept", "silver.sales", "-o", "json"),
                                  "--reason")
        self.assertEqual(error["kind"], "usage")
        ask = ("accept", "silver.*", "--reason", "only from June on")
        told = self.lake.json(*ask, "--dry-run")
        self.assertEqual([(a["partition"], a["changed"]) for a in told["accepted"]],
                         [("day=2024-05-01", "sql"), ("day=2024-05-02", "sql")])
        self.assertEqual(reached(self.lake.json("plan"))["silver.sales"], {"code sql"})
        one = self.lake.json(*ask, "--dry-run", "--from", "2024-05-02")["accepted"]
        self.assertEqual(one, told["accepted"][1:])
        self.assertEqual(self.lake.json(*ask)["accepted"], told["accepted"])
        self.assertEqual(self.lake.json(*ask)["accepted"], [])
        self.assertEqual(self.lake.json("plan")["steps"], [])
        self.assertIsNone(self.lake.run(NOW + 1)["run"])
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "7")
        events = [("accept", "silver.sales", "only from June on")]
        self.assertEqual(self.lake.query("SELECT what, ref, why FROM weir.event"), events)
        self.lake.lose_ledger()
        self.lake.weir("ledger", "rebuild")
        self.assertEqual(self.lake.run(NOW + 2)["partitions"]["built"], 0)
        self.assertEqual(self.lake.query("SELECT what, ref, why FROM weir.event"), events)
        accepted = "SELECT count(*) FROM weir.partition WHERE accepted"
        self.assertEqual(self.lake.value(accepted), "2")
        self.lake.deliver("sales/b.csv", rows("2024-05-02,B,1"))
        self.lake.run(NOW + 3)
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "13")
        self.assertEqual(self.lake.value(accepted), "1")


if __name__ == "__main__":
    unittest.main()
