"""Other columns or partitions of a table come as a whole, and go back as a whole."""
from harness import NOW, LakeTest, oracle
from sales import BY_DAY, rows, sales

CRASHED = 86
SILVER = "tables/silver/sales.yaml"
BY_SHOP = "partition_by: [shop]\n"


class GenerationTest(LakeTest):
    files = sales()

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-01,B,2", "2024-05-02,A,4"))
        self.lake.run(NOW)
        self.before = self.lake.digests()
        self.lake.write(SILVER, BY_SHOP)

    def kill_at(self, point):
        result = self.lake.call("run", "--now", NOW + 1, env={"WEIR_CRASH_AT": point})
        self.assertEqual(result.code, CRASHED, result)

    def seen(self):
        """What a query sees: partitions and their rows, which add up whatever comes in between."""
        return self.lake.query("SELECT \"partition\", rows FROM weir.partition "
                               "WHERE \"table\" = 'silver.sales' AND rows > 0 ORDER BY ALL"), \
            self.lake.value("SELECT sum(amount) FROM silver.sales")

    def test_queries_see_the_old_or_the_new_as_a_whole_wherever_a_run_dies(self):
        old = [("day=2024-05-01", "2"), ("day=2024-05-02", "1")], "7"
        new = [("shop=A", "2"), ("shop=B", "1")], "7"
        self.kill_at("build.staged")
        self.assertEqual(self.seen(), old)
        self.assertEqual(self.lake.partitions("silver.sales"), ["day=2024-05-01", "day=2024-05-02"])
        self.kill_at("build.committed")
        self.assertEqual(self.seen(), new)
        for point in ("project.emptied", "project.swapped"):
            self.kill_at(point)
            self.assertEqual(self.seen(), new)
        self.lake.run(NOW + 1)
        self.assertEqual(self.lake.partitions("silver.sales"), ["shop=A", "shop=B"])
        self.assertEqual(oracle(f"SELECT sum(amount) FROM {self.lake.hive('silver.sales')}"),
                         [("7",)])

    def test_a_run_in_bounds_makes_some_of_it_and_the_last_one_swaps(self):
        for _ in range(4):
            document = self.lake.run(NOW + 1, "--max-partitions", 1)
            self.assertEqual(self.seen()[1], "7")
            if not document["later"]:
                break
        self.assertEqual(document["later"], [])
        self.assertEqual(self.lake.partitions("silver.sales"), ["shop=A", "shop=B"])

    def test_an_undo_leaves_it_and_says_how_to_go_back_without_building(self):
        run = self.lake.run(NOW + 1)["run"]
        built = self.seen()
        told = self.lake.weir("undo", "--reason", "by mistake", run).out
        self.assertIn("0 undone, 2 left", told)
        self.assertIn("weir run --redefine", told)
        self.assertEqual(self.lake.json("plan")["steps"], [])
        self.assertEqual(self.seen(), built)
        self.lake.write(SILVER, BY_DAY)
        counts = self.lake.run(NOW + 2, "--redefine")["partitions"]
        self.assertEqual((counts["built"], counts["reused"]), (0, 4))
        self.assertEqual(self.lake.digests(), self.before)
        self.assertEqual(self.lake.partitions("silver.sales"), ["day=2024-05-01", "day=2024-05-02"])
