"""From one bad file to a repaired lake: what it reached, how it is taken out and taken back."""
import unittest

from harness import NOW, LakeTest, definition
from sales import BY_DAY, RAW, rows, sales

FIRST, SECOND = "day=2024-05-01", "day=2024-05-02"
SHARE = "SELECT day, amount / t.total AS share FROM silver.sales s, gold.all t\n"


TOTAL = "SELECT sum(amount) AS total FROM silver.sales\n"


class ReprocessTest(LakeTest):
    """Two files of two days."""

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1"))
        self.lake.deliver("sales/b.csv", rows("2024-05-02,B,4", "2024-05-01,B,8"))
        self.lake.run(NOW)

    def impact(self, *args, **options):
        return self.lake.json("impact", *args, **options)

    def reached(self, *args, **options):
        return [(p["table"], p["partition"]) for p in self.impact(*args, **options)["partitions"]]


ALL = [("gold.all", "()"), ("gold.share", FIRST), ("gold.share", SECOND)]
OF_A = [("silver.sales", FIRST), *ALL, ("gold.total", FIRST)]


class ImpactTest(ReprocessTest):
    """With a total of everything, and a table that reads the total whole."""

    files = sales(gold__all_sql=TOTAL, gold__share_sql=SHARE,
                  gold__share=BY_DAY + "map: {gold.all: all}\n")

    def test_names_each_partition_with_its_size_and_says_what_is_certain(self):
        document = self.impact("a.csv")
        self.assertEqual([(d["table"], d["file"], d["state"]) for d in document["inputs"]],
                         [("raw.sales", "sales/a.csv", "active")])
        found = document["partitions"]
        self.assertCountEqual([(p["table"], p["partition"]) for p in found], OF_A)
        self.assertEqual([p["table"] for p in found if p["certain"]], ["silver.sales"])
        self.assertEqual(found[0]["rows"], 2)
        self.assertTrue(all(p["bytes"] > 0 for p in found))
        self.assertEqual([(x["layer"], x["partitions"]) for x in document["layers"]],
                         [("silver", 1), ("gold", 4)])
        self.assertEqual((document["publications"], document["complete"]), ([], True))
        self.assertEqual(document["open"], [])

    def test_says_where_new_values_may_lead_further(self):
        self.lake.write("tables/gold/months.sql",
                        "SELECT strftime(day, '%Y-%m') AS month, count(*) AS n FROM silver.sales "
                        "GROUP BY ALL\n")
        self.lake.write("tables/gold/months.yaml", "partition_by: [month]\n")
        self.lake.write("tables/gold/shops.sql",
                        "SELECT shop, count(*) AS n FROM silver.sales GROUP BY ALL\n")
        self.lake.write("tables/gold/shops.yaml", "partition_by: [shop]\n")
        document = self.impact("a.csv")
        self.assertEqual((document["open"], document["complete"]), (["gold.shops"], True))
        self.assertIn(("gold.months", "month=2024-05"),
                      [(p["table"], p["partition"]) for p in document["partitions"]])

    def test_takes_files_in_every_form_and_partitions(self):
        (kept,) = (self.lake.store / "raw" / "sales").rglob("a_*.csv")
        kept = self.lake.address(kept)
        url = kept if "://" in kept else f"file://{kept}"
        for words in (["sales/a.csv"], ["land/sales/a.csv"], [kept], [url], ["1"], ["sales/a.*"],
                      ["--table", "raw.sales", "a.csv"]):
            with self.subTest(words):
                self.assertCountEqual(self.reached(*words), OF_A)
        self.assertCountEqual(self.reached("-", stdin=b"a.csv\r\n\nsales/a.csv\n"), OF_A)
        self.assertCountEqual(self.reached("silver.sales", FIRST), OF_A)
        self.assertEqual(len(self.reached("raw.sales")), 7)
        in_range = ["--table", "raw.sales", "--landed-from", NOW, "--landed-to", NOW + 1]
        self.assertEqual(len(self.reached(*in_range)), 7)

    def test_changes_nothing(self):
        before = self.lake.state(), self.lake.query("SELECT * FROM weir.mark")
        self.impact("a.csv")
        self.impact("--summary")
        self.assertEqual((self.lake.state(), self.lake.query("SELECT * FROM weir.mark")), before)

    def test_the_tree_shows_each_way(self):
        told = self.lake.weir("impact", "--tree", "b.csv").out
        self.assertIn("raw.sales sales/b.csv (delivery 2, active)\n", told)
        self.assertIn(f"├─ silver.sales {FIRST}  ", told)
        self.assertIn(f"gold.total {FIRST}  ", told)
        self.assertIn("gold.share  every partition, 2", told)
        self.assertIn("gold.all ()", told)
        self.assertIn("(see above)", told)
        edges = self.impact("--tree", "b.csv")["edges"]
        self.assertIn(({"table": "gold.all", "partition": "()"},
                       {"table": "gold.share", "partition": "*"}),
                      [(e["from"], e["to"]) for e in edges])

    def test_the_summary_tells_what_one_delivery_of_each_source_reaches(self):
        (source,) = self.impact("--summary")["sources"]
        self.assertEqual((source["table"], source["deliveries"], source["worst"]),
                         ("raw.sales", 2, "sales/b.csv"))
        self.assertEqual((source["partitions_median"], source["partitions_worst"]), (5, 7))

    def test_what_cannot_be_told_is_refused_with_what_to_do(self):
        self.lake.deliver("sales/new.csv", rows("2024-05-01,A,1"))
        for words, found in ((["c.csv"], "a.csv"), (["new.csv"], "weir land"), ([], "FILE"),
                             (["silver.sales", "day=2024-05-03"], FIRST[:-1]),
                             (["raw.sales", FIRST], "deliveries"),
                             (["--landed-from", "2024-05-01"], "--table")):
            with self.subTest(words):
                self.assert_error(self.lake.weir("impact", *words, "-o", "json", expect=2), found)


class WithdrawTest(ReprocessTest):
    files = sales(gold__all_sql=TOTAL)
    WRONG = ("--reason", "wrong unit")

    def withdraw(self, *args, **options):
        return self.lake.json("withdraw", *self.WRONG, *args, **options)

    def fresh(self, *files):
        """Digests of a lake that only ever got these: (name, body), later ones later."""
        lake = self.new_lake(self.files)
        for i, (name, body) in enumerate(files):
            lake.deliver(f"sales/{name}", body)
            lake.land_now(NOW + i)
        lake.run(NOW + len(files))
        return lake.digests()

    def marks(self):
        return self.lake.query('SELECT "table", "partition", cause, ref FROM weir.mark ORDER BY 1')

    def test_a_withdrawn_file_is_repaired_as_if_it_had_never_come(self):
        before, runs = self.lake.digests(), self.lake.query("SELECT run FROM weir.run_log")
        rehearsed = self.withdraw("--dry-run", "a.csv")
        self.assertEqual(self.lake.query("SELECT run FROM weir.run_log"), runs)
        self.assertEqual(self.marks(), [])
        document = self.withdraw("a.csv")
        self.assertEqual(rehearsed, {**document, "run": None})
        self.assertEqual([(d["file"], d["state"]) for d in document["withdrawn"]],
                         [("sales/a.csv", "withdrawn")])
        reached = [(p["table"], p["partition"]) for p in document["partitions"]]
        self.assertCountEqual(reached, [("silver.sales", FIRST), ("gold.all", "()"),
                                        ("gold.total", FIRST)])
        self.assertEqual(self.marks(), [("silver.sales", FIRST, "withdrawn", "sales/a.csv")])
        self.assertEqual(self.lake.digests(), before)
        self.assertEqual(self.lake.run(NOW + 1)["partitions"]["built"], 3)
        self.assertEqual(self.lake.digests(),
                         self.fresh(("b.csv", rows("2024-05-02,B,4", "2024-05-01,B,8"))))
        self.assertEqual(self.lake.query("SELECT what, why FROM weir.event"),
                         [("withdraw", "wrong unit")])
        past = self.lake.weir("query", "--as-of", runs[0][0], "-o", "csv",
                              "SELECT count(*) FROM raw.sales")
        self.assertEqual(past.out.split()[-1], "3")
        self.lake.weir("readmit", "a.csv")
        counts = self.lake.run(NOW + 2)["partitions"]
        self.assertEqual((counts["built"], counts["reused"]), (0, 3))
        self.assertEqual(self.lake.digests(), before)

    def test_falling_back_lets_the_corrected_one_be_forgotten(self):
        before = self.lake.digests()
        self.lake.deliver("sales/a.csv", rows("2024-05-03,A,100"))
        self.lake.run(NOW + 1)
        document = self.withdraw("--fall-back", "a.csv")
        self.assertEqual([(d["file"], d["landed"]) for d in document["counting"]],
                         [("sales/a.csv", "2023-11-14T22:13:20Z")])
        touched = {p["partition"] for p in document["partitions"] if p["certain"]}
        self.assertEqual(touched, {FIRST, "day=2024-05-03"})
        self.lake.run(NOW + 2)
        self.assertEqual(self.lake.digests(), before)
        self.assertEqual(self.lake.partitions("silver.sales"), [FIRST, SECOND])

    def test_the_same_bytes_wait_in_quarantine_and_a_correction_does_not(self):
        self.withdraw("a.csv")
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1"))
        (refused,) = self.lake.run(NOW + 1)["deliveries"]["rejected"]
        self.assertIn("withdrawn on", refused["reason"])
        self.assertIn("wrong unit; `weir readmit` to take them", refused["reason"])
        self.assertEqual(len(self.lake.quarantine("raw.sales")), 1)
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,2"))
        self.lake.run(NOW + 2)
        self.assertEqual(self.lake.value("SELECT total FROM gold.all"), "14")
        self.lake.weir("readmit", self.lake.address(self.lake.quarantine("raw.sales")[0][0]))
        self.lake.run(NOW + 3)
        self.assertEqual(self.lake.value("SELECT total FROM gold.all"), "14")
        self.assertEqual(self.lake.quarantine("raw.sales"), [])
        states = self.lake.query("SELECT state FROM weir.delivery WHERE file = 'sales/a.csv' "
                                 "ORDER BY land_time")
        self.assertEqual(states, [("superseded",), ("duplicate",), ("active",)])

    def test_what_was_never_accepted_is_refused_and_nothing_is_touched(self):
        self.lake.deliver("sales/c.csv", rows("2024-05-01,A,-1"))
        self.lake.run(NOW + 1)
        before = self.lake.state(), self.lake.query("FROM weir.run_log ORDER BY ALL")
        for words, found in ((["c.csv"], "never accepted"), (["a.csv", "x.csv"], "x.csv"),
                             ([], "FILE"),
                             (["--table", "raw.sales"], "FILE")):
            with self.subTest(words):
                result = self.lake.weir("withdraw", *self.WRONG, *words, "-o", "json", expect=2)
                self.assert_error(result, found)
        self.assert_error(self.lake.weir("withdraw", "a.csv", "-o", "json", expect=2), "reason")
        self.assertEqual((self.lake.state(), self.lake.query("FROM weir.run_log ORDER BY ALL")),
                         before)

    def test_withdrawn_files_stay_withdrawn_when_the_ledger_is_lost(self):
        self.withdraw("a.csv")
        self.lake.run(NOW + 1)
        before = self.lake.deliveries("delivery, state, reason"), self.lake.digests()
        self.lake.lose_ledger()
        self.lake.weir("ledger", "rebuild")
        self.assertEqual(self.lake.run(NOW + 2)["partitions"]["built"], 0)
        self.assertEqual((self.lake.deliveries("delivery, state, reason"), self.lake.digests()),
                         before)
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1"))
        self.assertEqual(len(self.lake.run(NOW + 3)["deliveries"]["rejected"]), 1)
        self.lake.weir("readmit", "--table", "raw.sales", "a.csv")
        self.assertEqual(self.lake.run(NOW + 4)["partitions"]["built"], 0)

    def test_a_withdrawal_ends_the_hold_on_what_it_led_to(self):
        before = self.lake.digests()
        self.lake.deliver("sales/c.csv", rows("2024-05-01,C,5"))
        run = self.lake.run(NOW + 1)["run"]
        self.lake.weir("undo", run)
        self.assertEqual(self.lake.run(NOW + 2)["partitions"]["built"], 0)
        self.withdraw("c.csv")
        self.lake.run(NOW + 3)
        self.assertEqual(self.lake.digests(), before)
        self.assertEqual(sum(t["held"] + t["stale"] for t in self.lake.json("status")["tables"]), 0)

    def test_a_refused_file_is_taken_when_its_rule_has_changed(self):
        self.lake.deliver("sales/c.csv", rows("2024-05-02,C,-1"))
        self.lake.run(NOW + 1)
        self.assert_error(self.lake.weir("readmit", "c.csv", "-o", "json", expect=3),
                          "still does not pass", "amount", "tables/raw/sales.yaml")
        self.lake.write("tables/raw/sales.yaml", RAW.replace(", minimum: 0", ""))
        told = self.lake.json("readmit", "c.csv")
        self.assertEqual([(d["file"], d["state"]) for d in told["readmitted"]],
                         [("sales/c.csv", "active")])
        self.lake.run(NOW + 2)
        self.assertEqual(self.lake.value("SELECT total FROM gold.all"), "12")
        self.assertEqual(self.lake.weir("fsck").code, 0)


class FullContentsTest(LakeTest):
    files = definition(raw__names="columns: {shop: string, name: string}\ncontents: full\n",
                       gold__names_sql="SELECT shop, name FROM raw.names\n",
                       gold__names="partition_by: [shop]\n")

    def test_the_list_before_counts_again(self):
        self.lake.deliver("names/monday.csv", "shop,name\nA,Anna\n")
        self.lake.run(NOW)
        before = self.lake.digests()
        self.lake.deliver("names/tuesday.csv", "shop,name\nA,Anna\nB,Bert\n")
        self.lake.run(NOW + 1)
        told = self.lake.weir("withdraw", "--reason", "half of it", "tuesday.csv")
        self.assertIn("--fall-back", told.err)
        self.lake.run(NOW + 2)
        self.assertEqual(self.lake.partitions("gold.names"), [])
        self.lake.weir("withdraw", "--fall-back", "--reason", "half of it", "tuesday.csv")
        self.lake.run(NOW + 3)
        self.assertEqual(self.lake.digests(), before)


class OrderTest(LakeTest):
    """The same deliveries and decisions in many orders end in the same lake."""

    def test_it_does_not_matter_when_files_are_taken_and_withdrawn(self):
        came = [("a.csv", rows("2024-05-01,A,2")), ("a.csv", rows("2024-05-01,A,1")),
                ("b.csv", rows("2024-05-02,B,4"))]
        ends = set()
        for order in ((0, 1, 2, "W"), ("W", 2, 1, 0), (1, "W", "R", 0, 2, "W")):
            lake = self.new_lake(sales(gold__total=None, gold__total_sql=None))
            lake.deliver("sales/a.csv", rows("2024-05-01,A,1"))
            lake.land_now(NOW)
            for step in order:
                if step == "W":
                    lake.weir("withdraw", "--reason", "wrong", "1")
                elif step == "R":
                    lake.weir("readmit", "1")
                else:
                    name, body = came[step]
                    lake.deliver(f"sales/{name}", body)
                    lake.land_now(NOW + 1 + step)
            lake.run(NOW + 10)
            ends.add(tuple(lake.digests()))
        self.assertEqual(len(ends), 1)


if __name__ == "__main__":
    unittest.main()
