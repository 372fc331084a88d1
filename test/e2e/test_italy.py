"""Real deliveries replayed: 703 files at 128 moments, with everything that went wrong in 2020.

Two lakes take the same deliveries: one lands and builds at every moment, the other only lands and
builds once at the end. Both must show what plain DuckDB and plain Python see in the files.
"""
import csv
import datetime
import io
import shutil
import tempfile
import unittest
from pathlib import Path

from harness import REPOSITORY, Lake, copy_lake, fast_worker, oracle, remove_tree, sql_text

DELIVERIES = REPOSITORY.parent / "shared" / "data" / "italy-2020" / "deliveries"
DEFINITION = Path(__file__).resolve().parent / "italy"

RENAMED = {"totale_attualmente_positivi": "totale_positivi",
           "nuovi_attualmente_positivi": "variazione_totale_positivi"}
NEEDED = {
    "province": {"data", "stato", "codice_regione", "denominazione_regione", "codice_provincia",
                 "denominazione_provincia", "sigla_provincia", "lat", "long", "totale_casi"},
    "region": {"data", "stato", "codice_regione", "denominazione_regione", "lat", "long",
               "ricoverati_con_sintomi", "terapia_intensiva", "totale_ospedalizzati",
               "isolamento_domiciliare", "totale_positivi", "variazione_totale_positivi",
               "dimessi_guariti", "deceduti", "totale_casi", "tamponi"},
}

# The four that the data's README calls plainly wrong, and three more that no reader could take.
WRONG_HEADERS = {
    "1583690825/province/dpc-covid19-ita-province-20200308.csv": "casi_totali",
    "1583695375/province/dpc-covid19-ita-province-20200308.csv": "casi_totali, and not UTF-8",
    "1585670670/region/dpc-covid19-ita-regioni-20200331.csv": "latitudine, longitudine",
    "1589213202/region/dpc-covid19-ita-regioni-20200511.csv": "semicolons",
}
WRONG_ROWS = {
    "1583594524/region/dpc-covid19-ita-regioni-20200306.csv": "dates such as 6/3/2020",
    "1587418217/region/dpc-covid19-ita-regioni-20200311.csv": "a value missing in a row",
    "1587418217/region/dpc-covid19-ita-regioni-20200410.csv": "a value missing in a row",
}
NOT_UTF8 = 26  # Forlì as a Mac and as Windows of old wrote it; without the one counted above
EMPTY_LAST_COLUMN = {"1583584994/region/dpc-covid19-ita-regioni-20200305.csv",
                     "1583598757/region/dpc-covid19-ita-regioni-20200305.csv"}

SILVER = {
    "province": """SELECT cast(data AS date) AS event_date, lpad(codice_regione, 2, '0'),
        codice_provincia, denominazione_provincia, sigla_provincia, cast(totale_casi AS bigint)""",
    "region": """SELECT cast(data AS date) AS event_date, lpad(codice_regione, 2, '0'),
        denominazione_regione, cast(totale_positivi AS bigint), cast(deceduti AS bigint),
        cast(totale_casi AS bigint), cast(tamponi AS bigint), cast(casi_testati AS bigint)""",
}


def is_wrong(table, body):
    """Would a careful person refuse this file? In plain Python."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return True
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [RENAMED.get(name, name) for name in header]
    if NEEDED[table] - set(header) or any(len(row) != len(header) for row in rows):
        return True
    try:
        for row in rows:
            datetime.datetime.fromisoformat(row[header.index("data")])
    except ValueError:
        return True
    return False


class Delivery:
    """One published file: what should become of it."""

    def __init__(self, path):
        self.moment = int(path.parts[-3])
        self.table = path.parts[-2]
        self.name = path.name
        self.path = path
        self.key = "/".join(path.parts[-3:])
        self.identity = f"{self.table}/{self.name}"
        self.body = path.read_bytes()
        self.state = "rejected" if is_wrong(self.table, self.body) else "active"

    @property
    def kept_as(self):
        stem = self.name.removesuffix(".csv")
        return f"file_land_timestamp={self.moment}/{stem}_{self.moment}.csv"


def expected_deliveries():
    """All deliveries in order, each in the state that it must have at the end."""
    newest, found = {}, []
    for path in sorted(DELIVERIES.glob("*/*/*"), key=lambda p: (int(p.parts[-3]), str(p))):
        delivery = Delivery(path)
        found.append(delivery)
        before = newest.get(delivery.identity)
        if delivery.state == "rejected":
            continue
        if before and before.body == delivery.body:
            delivery.state = "duplicate"
            continue
        if before:
            before.state = "superseded"
        newest[delivery.identity] = delivery
    return found


def fast_lake(top):
    lake = Lake({}, top)
    lake.environment.update(fast_worker())
    return lake


@unittest.skipUnless(DELIVERIES.is_dir(), f"no real deliveries at {DELIVERIES}")
class ItalyTest(unittest.TestCase):
    rank = 0
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.deliveries = expected_deliveries()
        cls.moments = sorted({d.moment for d in cls.deliveries})
        cls.top = Path(tempfile.mkdtemp(prefix="weir-italy-"))
        cls.addClassCleanup(remove_tree, cls.top)
        cls.daily = cls.make_lake("daily")
        cls.at_once = cls.make_lake("at-once")
        cls.documents = {}
        cls.waiting = {}  # moment with a wrong file → what status says of quarantine
        for moment in cls.moments:
            cls.replay(moment)
        cls.last = cls.at_once.run(cls.moments[-1])

    @classmethod
    def make_lake(cls, name):
        shutil.copytree(DEFINITION, cls.top / name)
        return fast_lake(cls.top / name)

    @classmethod
    def replay(cls, moment):
        for lake in (cls.daily, cls.at_once):
            shutil.copytree(DELIVERIES / str(moment), lake.land, dirs_exist_ok=True)
        cls.documents[moment] = cls.daily.run(moment)
        cls.at_once.land_now(moment)
        if any(d.moment == moment and d.state == "rejected" for d in cls.deliveries):
            cls.waiting[moment] = cls.daily.json("status")["quarantine"]

    def in_state(self, *states):
        return [d for d in self.deliveries if d.state in states]

    def newest_files(self, table):
        return [str(d.path) for d in self.in_state("active") if d.table == table]

    def source(self, table):
        """The newest deliveries, read by plain DuckDB as text."""
        files = ", ".join(sql_text(path) for path in self.newest_files(table))
        return (f"read_csv([{files}], all_varchar = true, union_by_name = true, header = true, "
                "delim = ',', quote = '\"', escape = '\"')")

    def test_what_is_wrong_was_judged_on_evidence(self):
        wrong = {d.key for d in self.in_state("rejected")}
        self.assertEqual(len(wrong), len(WRONG_HEADERS) + len(WRONG_ROWS) + NOT_UTF8)
        self.assertLessEqual(WRONG_HEADERS.keys() | WRONG_ROWS.keys(), wrong)
        self.assertTrue(EMPTY_LAST_COLUMN.isdisjoint(wrong))
        good = {d.identity for d in self.in_state("active")}
        self.assertEqual(good, {d.identity for d in self.deliveries})

    def test_each_moment_accepts_and_refuses_what_it_should(self):
        for moment in self.moments:
            came = [d for d in self.deliveries if d.moment == moment]
            told = self.documents[moment]["deliveries"]
            refused = {d.identity for d in came if d.state == "rejected"}
            self.assertEqual({r["path"] for r in told["rejected"]}, refused, moment)
            duplicates = sum(d.state == "duplicate" for d in came)
            self.assertEqual(told["duplicate"], duplicates, moment)
            self.assertEqual(told["accepted"], len(came) - len(refused) - duplicates, moment)

    def test_a_refused_file_waits_in_quarantine_until_its_correction_comes(self):
        for moment, count in self.waiting.items():
            came = [d for d in self.deliveries if d.moment <= moment]
            good = {d.identity: d.moment for d in came if d.state != "rejected"}
            pending = [d for d in came if d.state == "rejected"
                       and good.get(d.identity, 0) < d.moment]
            self.assertEqual(count, len(pending), moment)
        self.assertEqual(self.daily.json("status")["quarantine"], 0)

    def test_quarantine_holds_the_wrong_files_with_their_reasons(self):
        for lake in (self.daily, self.at_once):
            kept = [(file.read_bytes(), report) for table in ("raw.province", "raw.region")
                    for file, report in lake.quarantine(table)]
            self.assertEqual(sorted(body for body, _ in kept),
                             sorted(d.body for d in self.in_state("rejected")))
            for body, report in kept:
                self.assertTrue(report["failures"], report)
                self.assertTrue(all(f["rule"] and f["message"] for f in report["failures"]), report)

    def test_reasons_name_the_column(self):
        reasons = {(moment, r["path"]): r["reason"] for moment, document in self.documents.items()
                   for r in document["deliveries"]["rejected"]}
        for key, word in (("1583690825/province/dpc-covid19-ita-province-20200308.csv",
                           "totale_casi"),
                          ("1585670670/region/dpc-covid19-ita-regioni-20200331.csv", "lat"),
                          ("1583594524/region/dpc-covid19-ita-regioni-20200306.csv", "data")):
            moment, path = key.split("/", 1)
            self.assertIn(word, reasons[int(moment), path])

    def test_raw_history_is_byte_identical(self):
        for lake in (self.daily, self.at_once):
            for table in ("province", "region"):
                expected = {d.kept_as: d.body for d in self.in_state("active", "superseded")
                            if d.table == table}
                found = lake.raw_files(f"raw.{table}")
                self.assertEqual(found.keys(), expected.keys())
                self.assertEqual([k for k in found if found[k] != expected[k]], [])
            self.assertTrue(lake.land_is_empty())

    def test_the_ledger_knows_each_delivery_once(self):
        expected = sorted((d.identity, d.state) for d in self.deliveries)
        for lake in (self.daily, self.at_once):
            found = lake.query("SELECT file, state FROM weir.delivery")
            self.assertEqual(sorted(found), expected)

    def facts(self, ask, table):
        return ask(f"""SELECT count(*), min(event_date), max(event_date), sum(total_cases),
            sum(total_cases) FILTER (WHERE event_date = DATE '2020-05-31'),
            sum(total_cases) FILTER (WHERE event_date = DATE '2020-05-30'),
            count(DISTINCT event_date) FROM {table}""")[0]

    def test_silver_has_the_facts_that_were_computed_independently(self):
        expected = {
            "province": ("12544", "2020-02-24", "2020-05-31", "13056519", "233019", "232664", "98"),
            "region": ("2058", "2020-02-24", "2020-05-31", "13056726", "232997", "232664", "98"),
        }
        for lake in (self.daily, self.at_once):
            for table, facts in expected.items():
                self.assertEqual(self.facts(lake.query, f"silver.{table}"), facts)
                self.assertEqual(self.facts(oracle, lake.hive(f"silver.{table}")), facts)
                self.assertEqual(len(lake.partitions(f"silver.{table}")), 98)

    def test_silver_is_row_for_row_what_plain_duckdb_reads(self):
        for lake in (self.daily, self.at_once):
            for table, select in SILVER.items():
                expected = f"{select} FROM {self.source(table)}"
                found = f"SELECT * FROM {lake.hive(f'silver.{table}')}"
                (row,) = oracle(f"""SELECT
                    (SELECT count(*) FROM ({expected} EXCEPT ALL {found})),
                    (SELECT count(*) FROM ({found} EXCEPT ALL {expected}))""")
                self.assertEqual(row, ("0", "0"))

    def test_gold_per_region_and_month_is_what_plain_duckdb_computes(self):
        expected = oracle(f"""SELECT cast(date_trunc('month', cast(data AS date)) AS date) AS month,
            lpad(codice_regione, 2, '0') AS region_code, count(DISTINCT cast(data AS date)),
            min(cast(totale_casi AS bigint)), max(cast(totale_casi AS bigint)),
            sum(cast(totale_casi AS bigint)), sum(cast(deceduti AS bigint)),
            max(cast(tamponi AS bigint)) FROM {self.source('region')}
            GROUP BY 1, 2 ORDER BY 1, 2""")
        for lake in (self.daily, self.at_once):
            self.assertEqual(lake.query("FROM gold.region_month ORDER BY month, region_code"),
                             expected)
            self.assertEqual(oracle(f"FROM {lake.hive('gold.region_month')} "
                                    "ORDER BY month, region_code"), expected)
            self.assertEqual(lake.partitions("gold.region_month"),
                             [f"month={row[0]}/region_code={row[1]}" for row in expected])

    def test_gold_per_day_is_what_plain_duckdb_computes(self):
        expected = oracle(f"""WITH
            p AS (SELECT cast(data AS date) AS day, count(*) AS n, sum(cast(totale_casi AS bigint))
                AS cases FROM {self.source('province')} GROUP BY 1),
            r AS (SELECT cast(data AS date) AS day, count(*) AS n, sum(cast(totale_casi AS bigint))
                AS cases FROM {self.source('region')} GROUP BY 1)
            SELECT day, p.n, r.n, p.cases, r.cases FROM p JOIN r USING (day) ORDER BY day""")
        for lake in (self.daily, self.at_once):
            self.assertEqual(lake.query("FROM gold.day ORDER BY event_date"), expected)

    def test_both_lakes_have_equal_digests(self):
        digests = self.daily.digests()
        self.assertGreater(len(digests), 300)
        self.assertEqual(digests, self.at_once.digests())

    def test_a_build_at_the_end_builds_each_partition_once(self):
        built = self.last["partitions"]
        self.assertEqual(built["built"], len(self.at_once.digests()))
        self.assertEqual(self.last["failed"], [])

    def test_a_correction_builds_only_what_it_touches(self):
        moment = self.moments[-1]
        touched = {d.name[-12:-4] for d in self.deliveries if d.moment == moment}
        built = self.documents[moment]["partitions"]
        # Per day: silver, the day's gold, and 21 regions' months.
        self.assertLessEqual(built["built"] + built["unchanged"], len(touched) * 24)

    def test_running_again_changes_nothing(self):
        for lake in (self.daily, self.at_once):
            state, versions = lake.state(), lake.query("SELECT * FROM weir.version ORDER BY ALL")
            document = lake.run(self.moments[-1])
            self.assertEqual(set(document["partitions"].values()), {0})
            self.assertEqual(lake.state(), state)
            self.assertEqual(lake.query("SELECT * FROM weir.version ORDER BY ALL"), versions)

    def test_a_lost_ledger_is_made_anew_and_builds_nothing(self):
        copy_lake(self.daily.dir, self.top / "lost")
        lost = fast_lake(self.top / "lost")
        lost.lose_ledger()
        kept = self.daily.ledger_rows()
        lost.weir("ledger", "rebuild")
        made = lost.ledger_rows()
        self.assertEqual(made.keys(), kept.keys())
        for table, rows in kept.items():
            self.assertEqual(made[table], rows, table)
        document = lost.run(self.moments[-1])
        self.assertEqual(document["partitions"]["built"], 0, document)
        self.assertEqual(document["partitions"]["reused"], 0, document)
        self.assertEqual(lost.digests(), self.daily.digests())
        self.assertEqual(lost.deliveries("delivery, file, sha256, state"),
                         self.daily.deliveries("delivery, file, sha256, state"))


if __name__ == "__main__":
    unittest.main()
