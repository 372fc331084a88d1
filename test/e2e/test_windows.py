"""Windows over days, and lists as they were: built in steps, with late and corrected files, and
compared with plain DuckDB over all files at once."""
import unittest

from harness import NOW, LakeTest, definition, oracle, sql_text

BY_DAY = "partition_by: [event_date]\n"
FILES = definition(
    raw__trips="columns: {ts: timestamp, site: string, n: int64}\n",
    raw__devices="columns: {code: string, kind: string}\ncontents: full\n"
                 "from_path: '(?<event_date>[0-9-]+)\\.csv$'\n",
    raw__lists="columns: {code: string, label: string}\n",
    silver__days_sql="SELECT ts::date AS event_date, site, sum(n)::bigint AS n FROM raw.trips "
                     "GROUP BY ALL",
    silver__days=BY_DAY,
    gold__moving_sql="SELECT event_date, site, sum(n) OVER (PARTITION BY site ORDER BY event_date "
                     "RANGE BETWEEN INTERVAL 2 DAYS PRECEDING AND CURRENT ROW)::bigint AS n "
                     "FROM silver.days",
    gold__moving=BY_DAY + "map: {silver.days: {event_date: [-2, 0]}}\n",
    gold__midnight_sql="SELECT a.event_date, a.site, b.n FROM silver.days a JOIN silver.days b "
                       "ON a.site = b.site AND b.event_date = a.event_date - 1",
    gold__midnight=BY_DAY + "map: {silver.days: {event_date: [-1, 0]}}\n",
    gold__around_sql="SELECT d.event_date, count(t.n) AS trips FROM (SELECT DISTINCT event_date "
                     "FROM silver.days) d LEFT JOIN raw.trips t ON t.ts::date BETWEEN "
                     "d.event_date - 1 AND d.event_date + 1 GROUP BY d.event_date",
    gold__around=BY_DAY + "map: {raw.trips: {event_date: {by: \"ts::date\", window: [-1, 1]}}}\n",
    gold__kinds_sql="SELECT d.event_date, d.site, v.kind, d.n FROM silver.days d "
                    "LEFT JOIN raw.devices v ON v.code = d.site",
    gold__kinds=BY_DAY + "map: {raw.devices: {as_of: event_date}}\n",
    gold__labels_sql="SELECT d.event_date, d.site, l.label FROM silver.days d "
                     "LEFT JOIN raw.lists l ON l.code = d.site",
    gold__labels=BY_DAY + "map: {raw.lists: {as_of: event_date}}\n",
    raw__parts="columns: {event_date: date, code: string, kind: string}\n",
    silver__list_sql="SELECT event_date, code, kind FROM raw.parts",
    silver__list=BY_DAY,
    gold__named_sql="SELECT d.event_date, d.site, l.kind FROM silver.days d "
                    "LEFT JOIN silver.list l ON l.code = d.site",
    gold__named=BY_DAY + "map: {silver.list: {as_of: event_date}}\n",
)


AS_OF = ("SELECT d.event_date, d.site, v.{0}{2} FROM days d LEFT JOIN {1} v ON v.code = d.site "
         "AND v.event_date = (SELECT max(w.event_date) FROM {1} w "
         "WHERE w.event_date <= d.event_date)")
TABLES = {
    "gold.moving": "SELECT event_date, site, sum(n) OVER (PARTITION BY site ORDER BY event_date "
                   "RANGE BETWEEN INTERVAL 2 DAYS PRECEDING AND CURRENT ROW)::bigint FROM days",
    "gold.midnight": "SELECT a.event_date, a.site, b.n FROM days a JOIN days b "
                     "ON a.site = b.site AND b.event_date = a.event_date - 1",
    "gold.around": "SELECT d.event_date, count(t.n) FROM (SELECT DISTINCT event_date FROM days) d "
                   "LEFT JOIN trips t ON t.ts::date BETWEEN d.event_date - 1 AND d.event_date + 1 "
                   "GROUP BY d.event_date",
    "gold.kinds": AS_OF.format("kind", "devices", ", d.n"),
    "gold.named": AS_OF.format("kind", "devices", ""),
    "gold.labels": AS_OF.format("label", "lists", ""),
}


def trips(*rows):
    return "\n".join(["ts,site,n", *rows]) + "\n"


def devices(**kinds):
    return "\n".join(["code,kind", *(f"{code},{kind}" for code, kind in kinds.items())]) + "\n"


def counts(document):
    return {k: v for k, v in document["partitions"].items() if v}


class WindowTest(LakeTest):
    """The files that count are kept beside the lake: path → text."""

    files = FILES

    def setUp(self):
        super().setUp()
        self.now = NOW
        self.trips = {}    # name → rows
        self.devices = {}  # date → kinds
        self.lists = []    # (moment, labels)

    def take_trips(self, name, *rows):
        self.trips[name] = trips(*rows)
        self.lake.deliver(f"trips/{name}.csv", self.trips[name])

    def take_devices(self, day, **kinds):
        self.devices[day] = kinds
        self.lake.deliver(f"devices/{day}.csv", devices(**kinds))
        dated = [f"{day},{code},{kind}" for code, kind in kinds.items()]
        self.lake.deliver(f"parts/{day}.csv", "\n".join(["event_date,code,kind", *dated]) + "\n")

    def run_at(self, day):
        """A run at that day of November 2023; NOW is the 14th, at 22:13."""
        self.now = NOW + (day - 14) * 86400 + len(self.trips)
        return self.lake.run(self.now)

    def wanted(self):
        """Per table the SELECT of plain DuckDB over what was delivered, and the tables it reads."""
        top = self.lake.dir / "plain"
        top.mkdir(exist_ok=True)
        for name, text in self.trips.items():
            (top / f"{name}.csv").write_text(text, encoding="utf-8")
        lists = [f"('{day}', '{code}', '{kind}')" for day, kinds in self.devices.items()
                 for code, kind in kinds.items()]
        labels = [f"(DATE '{day}', '{code}', '{label}')" for day, known in self.lists
                  for code, label in known.items()]
        return f"""
            CREATE TABLE trips AS FROM read_csv({sql_text(top / '*.csv')}, header = true,
                columns = {{ts: 'TIMESTAMP', site: 'VARCHAR', n: 'BIGINT'}});
            CREATE TABLE days AS SELECT ts::date AS event_date, site, sum(n)::bigint AS n
                FROM trips GROUP BY ALL;
            CREATE TABLE devices (event_date DATE, code VARCHAR, kind VARCHAR);
            INSERT INTO devices VALUES {', '.join(lists)};
            CREATE TABLE lists (event_date DATE, code VARCHAR, label VARCHAR);
            INSERT INTO lists VALUES {', '.join(labels)};"""

    def assert_right(self):
        """Each table's files hold what its SELECT gives, neither more nor less."""
        differences = [f"SELECT '{table}' AS t, '{sign}' AS sign, r::varchar AS r FROM "
                       f"({first} EXCEPT ALL {second}) AS r"
                       for table, sql in TABLES.items()
                       for files in [f"FROM {self.lake.hive(table)}"]
                       for sign, first, second in [("more", files, sql), ("less", sql, files)]]
        self.assertEqual(oracle(self.wanted() + " UNION ALL ".join(differences)), [])

    def test_days_are_built_in_any_order_and_lists_count_for_their_days(self):
        self.take_trips("a", "2023-11-10 08:00,A,1", "2023-11-10 23:30,B,2", "2023-11-11 00:10,A,4")
        self.take_devices("2023-11-09", A="radar", B="loop")
        self.lake.deliver("lists/one.csv", "code,label\nA,first\n")
        self.lists.append(("2023-11-09", {"A": "first"}))
        self.run_at(9)
        self.assert_right()
        self.take_trips("b", "2023-11-13 08:00,A,8", "2023-11-14 08:00,A,16")
        self.take_devices("2023-11-13", A="camera")
        self.lake.deliver("lists/two.csv", "code,label\nA,second\nB,b\n")
        self.lists.append(("2023-11-12", {"A": "second", "B": "b"}))
        self.run_at(12)
        self.assert_right()
        # A late day, and a list between two that are there.
        self.take_trips("c", "2023-11-12 08:00,A,32", "2023-11-12 09:00,B,64")
        self.take_devices("2023-11-11", A="laser", B="wire")
        self.run_at(15)
        self.assert_right()
        # A corrected list and a corrected day: what is around is looked at, and nothing else.
        self.take_devices("2023-11-11", A="mended", B="wire")
        document = self.run_at(16)
        self.assert_right()
        self.assertEqual(counts(document), {"built": 5})  # a list; 11 and 12 November of two tables
        self.take_trips("a", "2023-11-10 08:00,A,1000", "2023-11-10 23:30,B,2",
                        "2023-11-11 00:10,A,4")
        self.run_at(17)
        self.assert_right()
        self.assertEqual(counts(self.lake.run(self.now)), {})


if __name__ == "__main__":
    unittest.main()
