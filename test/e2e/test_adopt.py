"""A raw history that others kept becomes Weir's, where it is."""
import os
import unittest

from harness import LakeTest, local_only
from sales import rows, sales


@local_only("nothing is adopted in a bucket")
class AdoptTest(LakeTest):
    files = sales()

    def setUp(self):
        super().setUp()
        self.top = self.lake.store / "raw/sales"
        self.put("file_land_timestamp=1000/may_1000.csv", rows("2024-05-01,A,1"))
        self.put("file_land_timestamp=2000/may.csv", rows("2024-05-01,A,2"))
        self.put("june.csv", rows("2024-06-01,A,4"), mtime=3000)
        self.put("broken.csv", "no,such,columns\n1,2,3\n", mtime=3000)

    def put(self, name, text, mtime=None):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if mtime is not None:
            os.utime(path, (mtime, mtime))

    def test_it_is_registered_in_place_and_built_and_only_once(self):
        before = self.lake.raw_files("raw.sales")
        told = self.lake.json("adopt", "raw.sales", "data/raw/sales", expect=1)
        self.assertEqual(sorted((a["file"], a["land_time"][11:19], a["state"])
                                for a in told["adopted"]),
                         [("sales/june.csv", "00:50:00", "active"),
                          ("sales/may.csv", "00:16:40", "superseded"),
                          ("sales/may.csv", "00:33:20", "active")])
        self.assertEqual([left["object"] for left in told["left"]], ["sales/broken.csv"])
        self.assertIn("no", told["left"][0]["reason"])
        self.lake.run()
        self.assertEqual(self.lake.query("SELECT day, total FROM gold.total ORDER BY day"),
                         [("2024-05-01", "2"), ("2024-06-01", "4")])
        again = self.lake.json("adopt", "raw.sales", self.top, expect=1)
        self.assertEqual((again["adopted"], again["known"], len(again["left"])), ([], 3, 1))
        self.assertEqual(self.lake.raw_files("raw.sales"), before)
        self.assertEqual(self.lake.json("plan")["steps"], [])

    def test_what_is_elsewhere_is_refused_with_what_to_do(self):
        self.lake.weir("init")
        for table, path, words in [
            ("raw.sales", "land", ("file_land_timestamp=", "land/sales")),
            ("raw.sales", "nowhere", ("there is no",)),
            ("silver.sales", "data", ("source table",)),
        ]:
            result = self.lake.call("adopt", table, path, "-o", "json")
            self.assertEqual(result.code, 2, result)
            self.assert_error(result, *words)
        told = self.lake.json("adopt", "--dry-run", "raw.sales", self.top / "june.csv")
        self.assertEqual([a["file"] for a in told["would_adopt"]], ["sales/june.csv"])
        self.assertEqual(self.lake.deliveries(), [])


if __name__ == "__main__":
    unittest.main()
