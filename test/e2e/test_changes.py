"""Following a table from outside: `weir changes`, a consumer's position, and `weir bookmark`."""
import unittest

from harness import NOW, LakeTest, oracle
from sales import rows, sales


class ChangesTest(LakeTest):
    files = sales()

    def setUp(self):
        super().setUp()
        self.take("a.csv", "2024-05-01,A,1", "2024-05-02,A,4")

    def take(self, name, *lines):
        self.lake.deliver(f"sales/{name}", rows(*lines))
        self.lake.run(NOW)

    def changes(self, *options):
        return self.lake.json("changes", "gold.total", *options)

    def told(self, document):
        return {(c["kind"], c["partition"]) for c in document["changes"]}

    def test_a_consumer_is_told_until_it_says_that_it_has_it(self):
        """It dies between reading and saying so, and mirrors the table from what it is told."""
        mirror = {}

        def follow(die):
            told = self.changes("--consumer", "export")
            for change in told["changes"]:
                mirror.pop(change["partition"], None)
                if change["kind"] != "emptied":
                    mirror[change["partition"]] = oracle(
                        f"SELECT total FROM {self.lake.hive('gold.total', change['partition'])}")
            if not die:
                self.lake.weir("changes", "gold.total", "--consumer", "export",
                               "--ack", told["to"])
            return self.told(told)

        day1, day2, day3 = (f"day=2024-05-0{d}" for d in (1, 2, 3))
        first = {("added", day1), ("added", day2)}
        self.assertEqual(follow(die=True), first)
        self.assertEqual(follow(die=False), first)
        self.assertEqual(follow(die=False), set())
        self.take("a.csv", "2024-05-01,A,10")
        self.take("b.csv", "2024-05-03,A,8")
        later = {("changed", day1), ("emptied", day2), ("added", day3)}
        self.assertEqual(follow(die=True), later)
        self.assertEqual(follow(die=False), later)
        self.assertEqual(mirror, {day1: [("10",)], day3: [("8",)]})
        self.lake.weir("bookmark", "gold.total", "export", 0, "--reason", "lost its disk")
        self.assertEqual({p for _, p in follow(die=True)}, {day1, day2, day3})
        events = self.lake.query("SELECT what, ref, why FROM weir.event")
        self.assertEqual(events, [("bookmark", "gold.total export 0", "lost its disk")])
        self.lake.weir("bookmark", "gold.total", "export", "none")
        self.assertNotIn("export", self.lake.weir("bookmark").out)

    def test_pages_follow_each_other_by_commit(self):
        for day in range(3, 6):
            self.take(f"{day}.csv", f"2024-05-0{day},A,1")
        since, pages = 0, []
        for _ in range(10):
            told = self.changes("--since", since, "--limit", 1)
            pages.append([c["partition"][-1] for c in told["changes"]])
            since = told["to"]
            if not told["more"]:
                break
        self.assertEqual(pages, [["1", "2"], ["3"], ["4"], ["5"]])
        self.assertEqual(self.changes("--since", since)["changes"], [])
        (row,) = self.changes("--since", told["changes"][0]["seq"] - 1)["changes"]
        self.assertEqual((row["kind"], row["rows"]), ("added", 1))
        self.assertEqual(row["version"], self.lake.json("history", "gold.total", "day=2024-05-05")
                         ["versions"][0]["version"])

    def test_what_is_asked_wrongly_is_refused(self):
        for options, words in [
            (("changes", "gold.total"), ("--since", "--consumer")),
            (("changes", "raw.sales", "--since", 0), ("deliveries",)),
            (("changes", "gold.total", "--since", 99), ("99",)),
            (("changes", "gold.total", "--ack", 1), ("--consumer",)),
            (("changes", "gold.total", "--consumer", "x", "--ack", 99), ("newest",)),
            (("bookmark", "gold.total", "x", 0), ("no consumer",)),
        ]:
            result = self.lake.call(*options, "-o", "json")
            self.assertEqual(result.code, 2, result)
            self.assert_error(result, *words)
        self.lake.weir("changes", "gold.total", "--consumer", "x", "--ack", 2)
        back = self.lake.call("changes", "gold.total", "--consumer", "x", "--ack", 1)
        self.assertEqual(back.code, 2, back)
        found = self.lake.json("bookmark", "silver.sales")["bookmarks"]
        self.assertEqual([(b["reader"], b["kind"], b["behind"]) for b in found],
                         [("gold.total", "table", False)])


if __name__ == "__main__":
    unittest.main()
