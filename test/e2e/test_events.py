"""Deliveries in a bucket that event records tell of: taken in without listing anything."""
import http.server
import json
import threading
import time
import unittest

import gateway
from harness import LakeTest, oracle
from sales import raw_only

TOLD_SECONDS_MAX = 60


class Told:
    """What a service tells, one document per request."""

    def __init__(self):
        self.documents = []
        self.more = threading.Condition()
        told = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with told.more:
                    told.documents.append(body.decode())
                    told.more.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def about(self, *keys):
        """All documents, once each key was told of."""
        end = time.monotonic() + TOLD_SECONDS_MAX
        with self.more:
            while not all(any(key in text for text in self.documents) for key in keys):
                if not self.more.wait(end - time.monotonic()):
                    raise AssertionError(f"{keys} not in {self.documents}")
            return list(self.documents)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def record(key, name="ObjectCreated:Put", bucket=gateway.BUCKET):
    """As S3 sends it."""
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name,
            "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1, "eTag": "e",
                                                          "sequencer": "0055AED6DCD90281E5"}}}


@unittest.skipUnless(gateway.is_there(), "no versitygw; scripts/setup test builds it, with Go")
class EventsTest(LakeTest):
    @classmethod
    def setUpClass(cls):
        cls.told = Told()
        cls.addClassCleanup(cls.told.stop)
        cls.service = gateway.Gateway(events=cls.told.url)
        cls.addClassCleanup(cls.service.stop)

    def bucket_lake(self, prefix):
        files = raw_only()
        files["lake.yaml"] += (f"store: data\nland: s3://{gateway.BUCKET}/{prefix}\n")
        lake = self.new_lake(files)
        lake.land = self.service.bucket() / prefix
        lake.environment.update(self.service.variables())
        return lake

    def upload(self, *keys):
        extension = gateway.REPOSITORY / ".deps/duckdb/lib/httpfs.duckdb_extension"
        copies = "".join(f"COPY (SELECT '2024-05-01' AS day, 'A' AS shop, {n} AS amount) "
                         f"TO 's3://{gateway.BUCKET}/{key}' (FORMAT csv); "
                         for n, key in enumerate(keys))
        oracle(f"LOAD '{extension}'; CREATE SECRET (TYPE s3, KEY_ID '{gateway.ACCESS_KEY}', "
               f"SECRET '{gateway.SECRET_KEY}', ENDPOINT '127.0.0.1:{self.service.port}', "
               f"URL_STYLE 'path', USE_SSL false, REGION 'us-east-1'); {copies} SELECT 1")

    def listings(self):
        return sum("List" in operation for operation, _ in self.service.requests())

    def test_what_a_service_tells_is_landed_without_a_listing(self):
        lake = self.bucket_lake("real")
        keys = ["real/sales/a b+c.csv", "real/sales/b.csv", "elsewhere/c.csv"]
        self.upload(*keys)
        documents = self.told.about("b.csv", "elsewhere/c.csv")
        before = self.listings()
        told = lake.json("land", "--events", "-", stdin="\n".join(documents * 2).encode())
        self.assertEqual(lake.deliveries("file, state"),
                         [("sales/a b+c.csv", "active"), ("sales/b.csv", "active")], documents)
        self.assertEqual(self.listings(), before)
        self.assertEqual(told["events"]["objects"], 2)
        self.assertLessEqual(told["requests"], 5 * 2)
        self.assertEqual(list(lake.land.rglob("*.csv")), [])

    def test_what_no_record_told_of_is_found_by_a_listing(self):
        lake = self.bucket_lake("gaps")
        self.upload("gaps/sales/told.csv", "gaps/sales/untold.csv")
        lines = [record("gaps/sales/told.csv"), record("gaps/sales/gone.csv"),
                 record("gaps/sales/untold.csv", "ObjectRemoved:Delete"),
                 record("gaps/sales/untold.csv", bucket="other"), record("gaps/sales/told.csv")]
        folder = lake.dir / "queue"
        for number, line in enumerate(reversed(lines)):
            lake.write(f"queue/{number}.json", json.dumps({"Records": [line]}))
        told = lake.json("land", "--events", str(folder))
        self.assertEqual(told["events"], {"records": 5, "ignored": 2, "objects": 2, "absent": 1})
        self.assertEqual(lake.deliveries("file"), [("sales/told.csv",)])
        again = lake.json("land", "--events", str(folder))
        self.assertEqual(again["events"]["absent"], 2)
        lake.weir("land")
        self.assertEqual(lake.deliveries("file"), [("sales/told.csv",), ("sales/untold.csv",)])

    def test_hostile_records_are_refused_before_anything_is_taken(self):
        lake = self.bucket_lake("hostile")
        self.upload("hostile/sales/a.csv")
        good = json.dumps({"Records": [record("hostile/sales/a.csv")]})
        lake.write("records", good + "\n" + '{"Records": [{"eventName": 1}]}\n')
        told = lake.call("land", "--events", "records")
        self.assertEqual(told.code, 1, told)
        self.assertIn('record 2 of "records": the key "eventName" is an integer', told.err)
        self.assertIn("records:2", told.err)
        self.assertEqual(lake.deliveries(), [])
        odd = [record("hostile/" + key) for key in ("../../x.csv", "sales//b.csv", "a/./b", ".x")]
        lake.json("land", "--events", "-", stdin=json.dumps({"Records": odd}).encode())
        self.assertEqual(lake.deliveries(), [])
        self.assertEqual(len(list(lake.land.rglob("*.csv"))), 1)

    def test_a_folder_needs_no_records(self):
        lake = self.new_lake(raw_only())
        told = lake.call("land", "--events", "-")
        self.assertEqual(told.code, 2, told)
        self.assertIn("--events is for a land bucket", told.err)


if __name__ == "__main__":
    unittest.main()
