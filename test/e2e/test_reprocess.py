"""From one bad file to a repaired lake: what it reached, how it is taken out and taken back."""
import unittest

from harness import NOW, LakeTest
from sales import BY_DAY, rows, sales

FIRST, SECOND = "day=2024-05-01", "day=2024-05-02"
SHARE = "SELECT day, amount / t.total AS share FROM silver.sales s, gold.all t\n"


class ReprocessTest(LakeTest):
    """Two files of two days, a total of everything, and a table that reads the total whole."""

    files = sales(gold__all_sql="SELECT sum(amount) AS total FROM silver.sales\n",
                  gold__share_sql=SHARE,
                  gold__share=BY_DAY + "map: {gold.all: all}\n")

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

    def test_takes_files_in_every_form_and_partitions(self):
        (kept,) = (self.lake.store / "raw" / "sales").rglob("a_*.csv")
        for words in (["sales/a.csv"], ["land/sales/a.csv"], [kept], [f"file://{kept}"], ["1"],
                      ["sales/a.*"], ["--table", "raw.sales", "a.csv"]):
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


if __name__ == "__main__":
    unittest.main()
