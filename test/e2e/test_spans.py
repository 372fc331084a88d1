"""Windows and lists as they were, when something fails, waits, is undone or is asked about."""
from harness import NOW, LakeTest, definition
from sales import BY_DAY

FILES = definition(
    raw__trips="columns: {day: date, n: string}\n",
    raw__asked="columns: {day: date, k: int64}\n",
    silver__days_sql="SELECT day, sum(cast(n AS bigint))::bigint AS n FROM raw.trips GROUP BY day",
    silver__days=BY_DAY,
    gold__two_sql="SELECT a.day, sum(d.n)::bigint AS n FROM raw.asked a LEFT JOIN silver.days d "
                  "ON d.day BETWEEN a.day - 1 AND a.day GROUP BY a.day",
    gold__two=BY_DAY + "map: {silver.days: {day: [-1, 0]}}\n",
    gold__last_sql="SELECT a.day, sum(d.n)::bigint AS n FROM raw.asked a CROSS JOIN silver.days d "
                   "GROUP BY a.day",
    gold__last=BY_DAY + "map: {silver.days: {as_of: day}}\n",
    gold__moving_sql="SELECT day, sum(n) OVER (ORDER BY day RANGE BETWEEN INTERVAL 1 DAY PRECEDING "
                     "AND CURRENT ROW)::bigint AS n FROM silver.days",
    gold__moving=BY_DAY + "map: {silver.days: {day: [-1, 0]}}\n",
)


def day(number):
    return f"day=2024-05-{number:02}"


def file(head, rows):
    return head + "\n" + "".join(f"2024-05-{d:02},{n}\n" for d, n in rows.items())


class SpanTest(LakeTest):
    files = FILES

    def give(self, name, rows):
        self.lake.deliver(f"trips/{name}.csv", file("day,n", rows))

    def ask(self, name, *days):
        self.lake.deliver(f"asked/{name}.csv", file("day,k", dict.fromkeys(days, 1)))

    def sums(self, table):
        """Day → value."""
        rows = self.lake.query(f"SELECT day(day), n FROM gold.{table} ORDER BY day")
        return {int(d): None if n is None else int(n) for d, n in rows}

    def blocked(self, document):
        return {(b["table"], b["partition"]) for b in document["blocked"]}

    def test_a_partition_to_come_waits_for_what_it_reads_and_for_nothing_else(self):
        self.give("one", {1: 1})
        self.give("five", {5: 5})
        self.ask("a", 1, 5)
        self.lake.run(NOW)
        self.give("five", {5: "bad"})
        self.give("seven", {7: "bad"})  # never built
        self.ask("b", 3, 6, 7, 10)
        document = self.lake.run(NOW + 1, expect=1)
        failed = {(f["table"], f["partition"]) for f in document["failed"]}
        self.assertEqual(failed, {("silver.days", day(5)), ("silver.days", day(7))})
        self.assertEqual(self.blocked(document), {
            *(("gold.two", day(d)) for d in (5, 6, 7)),
            *(("gold.last", day(d)) for d in (5, 6, 7, 10)),
            *(("gold.moving", day(d)) for d in (5, 7))})
        self.assertEqual(self.sums("two"), {1: 1, 3: None, 5: 5, 10: None})
        self.assertEqual(self.sums("last"), {1: 1, 3: 1, 5: 5})
        self.give("five", {5: 50})
        self.give("seven", {7: 70})
        self.assertEqual(self.blocked(self.lake.run(NOW + 2)), set())
        self.assertEqual(self.sums("two"), {1: 1, 3: None, 5: 50, 6: 50, 7: 70, 10: None})
        self.assertEqual(self.sums("last"), {1: 1, 3: 1, 5: 50, 6: 50, 7: 70, 10: 70})

    def test_work_in_bounds_ends_as_work_at_once_and_rows_around_windows_are_counted(self):
        self.give("a", {1: 1, 2: 2, 3: 3})
        self.ask("a", 2, 3, 4)
        self.lake.land_now(NOW)
        dropped = 0
        for _ in range(8):
            document = self.lake.run(NOW, "--max-partitions", 5)
            self.assertLessEqual(document["partitions"]["built"], 5)
            dropped += document["dropped"]
            if not document["later"]:
                break
        self.assertEqual(document["later"], [])
        self.assertEqual(dropped, 2)  # of the days before the second and the third
        self.assertEqual(self.sums("two"), {2: 3, 3: 5, 4: 3})
        self.assertEqual(self.sums("last"), {2: 2, 3: 3, 4: 3})
        self.assertEqual(self.sums("moving"), {1: 1, 2: 3, 3: 5})
        self.assertEqual(sum(self.lake.run(NOW)["partitions"].values()), 0)
        self.undo_a_correction()

    def undo_a_correction(self):
        self.give("a", {1: 1, 2: 2, 3: 300})
        document = self.lake.run(NOW + 1)
        self.assertEqual((document["partitions"]["built"], document["dropped"]), (6, 1))
        self.assertIn("1 row around", self.lake.weir("rebuild", "gold.moving", "--partition",
                                                     day(3), "--now", NOW + 1).out)
        told = self.lake.json("why", "gold.two", day(4))
        (cause,) = told["causes"]
        self.assertEqual((cause["table"], cause["partition"]), ("silver.days", day(3)))
        self.assertEqual(cause["causes"][0]["file"], "trips/a.csv")
        self.lake.weir("undo", "--reason", "a test", document["run"])
        after = {"two": {2: 3, 3: 5, 4: 3}, "last": {2: 2, 3: 3, 4: 3},
                 "moving": {1: 1, 2: 3, 3: 5}}
        self.assertEqual({t: self.sums(t) for t in after}, after)
        self.assertEqual(self.lake.json("why", "gold.two", day(4))["now"]["state"], "held")
        self.assertEqual(sum(self.lake.run(NOW + 2)["partitions"].values()), 0)
        self.give("a", {1: 1, 2: 2, 3: 30})
        self.lake.run(NOW + 3)
        self.assertEqual(self.sums("two"), {2: 3, 3: 32, 4: 30})
        self.assertEqual(self.sums("last"), {2: 2, 3: 30, 4: 30})


class WholeTest(LakeTest):
    files = definition(
        raw__trips="columns: {day: date, n: int64}\n",
        silver__days_sql="SELECT day, n FROM raw.trips",
        silver__days=BY_DAY,
        silver__months_sql="SELECT date_trunc('month', day)::date AS month, sum(n)::bigint AS n "
                           "FROM silver.days GROUP BY date_trunc('month', day)::date",
        silver__months="partition_by: [month]\n",
        gold__share_sql="SELECT d.day, d.n, m.n AS of FROM silver.days d JOIN silver.months m "
                        "ON m.month = date_trunc('month', d.day)::date",
        gold__share=BY_DAY + "map: {silver.months: all}\n")

    def test_the_newest_day_first_does_not_wait_for_ever_for_what_it_reads_whole(self):
        self.lake.deliver("trips/a.csv", file("day,n", {30: 1, 31: 2}))
        self.lake.land_now(NOW)
        for _ in range(8):
            document = self.lake.run(NOW, "--max-partitions", 1, "--newest-first")
            self.assertGreater(sum(document["partitions"].values()), 0, document)
            if not document["later"]:
                break
        self.assertEqual(self.lake.query("FROM gold.share ORDER BY day"),
                         [("2024-05-30", "1", "3"), ("2024-05-31", "2", "3")])
