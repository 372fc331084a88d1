"""How rows find their partition, end to end: dropped rows, many partitions, long chains."""
import unittest

from harness import NOW, LakeTest, definition, oracle


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


if __name__ == "__main__":
    unittest.main()
