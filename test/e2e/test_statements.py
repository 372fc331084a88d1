"""Statements that a naive map gets wrong, in statements.sql: each is right, or refused.

Those that are right become one lake, which takes files in several runs: late rows, a late dimension
key, a corrected file. At the end each table holds what plain DuckDB gives over all files at once.
WEIR_STATEMENTS=all takes all of them, and one run for each change."""
import os
import re
import unittest
from pathlib import Path

from harness import LAKE_YAML, NOW, LakeTest, fast_worker, oracle, sql_text

HERE = Path(__file__).resolve().parent
ORDERS = ("csv: {null_values: [\"-\"]}\n"
          "columns: {day: date, ts: timestamp, tz: timestamptz, id: int64, shop: string, "
          "kind: string, qty: int64, price: \"decimal(10,2)\", weight: float64, tags: string}\n")
SOURCES = {
    "raw/orders.yaml": ORDERS,
    "raw/shops.yaml": "columns: {shop: string, city: string, opened: date}\n",
    "raw/rates.yaml": "columns: {day: date, kind: string, rate: int64}\n",
}
SILVER = {
    "daily": ("[day]", "SELECT day, shop, sum(qty)::bigint AS qty, count(*) AS n FROM raw.orders "
                       "GROUP BY ALL"),
    "by_shop": ("[shop, day]", "SELECT shop, day, sum(qty)::bigint AS qty FROM raw.orders "
                               "GROUP BY ALL"),
    "monthly": ("[month]", "SELECT date_trunc('month', day)::date AS month, day, shop, qty "
                           "FROM silver.daily"),
}
HEAD = "day,ts,tz,id,shop,kind,qty,price,weight,tags"
# Shops with names that are odd in a path; "-" is none.
ODD = ["x/y", "=%", "é ü", "", "-", "__HIVE_DEFAULT_PARTITION__", " lead", "it's", "A"]


class Statement:
    """One of statements.sql."""

    def __init__(self, head, sql):
        name, keys, wanted = (part.strip() for part in head.split("|", 2))
        self.name = name
        self.yaml = "".join(f"{key.strip()}\n" for key in keys.split(";"))
        self.sql = sql.strip()
        self.at_night = wanted == "right at night"
        self.refusal = None if wanted.startswith("right") else wanted.removeprefix("refused: ")


def statements():
    text = (HERE / "statements.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- (\w+ \|.*\|.*)$", text, flags=re.M)
    found = [Statement(head, re.sub(r"^--.*$", "", sql, flags=re.M))
             for head, sql in zip(parts[1::2], parts[2::2])]
    assert len(found) == len({one.name for one in found})
    return found


def definition(kept):
    files = {"lake.yaml": LAKE_YAML + "timezone: Europe/Rome\n"}
    files.update({f"tables/{path}": text for path, text in SOURCES.items()})
    for name, (by, sql) in SILVER.items():
        files[f"tables/silver/{name}.sql"] = sql
        files[f"tables/silver/{name}.yaml"] = f"partition_by: {by}\n"
    for one in kept:
        files[f"tables/gold/{one.name}.sql"] = one.sql
        files[f"tables/gold/{one.name}.yaml"] = one.yaml
    return files


def order(day, hour, number, shop, kind, qty):
    """A line of orders; day 0 has no date. After 22:00 UTC it is the next day in Rome."""
    date, time = f"2024-05-{day or 9:02}", f"{hour:02}:30:00"
    return (f"{date if day else '-'},{date} {time},{date} {time}+00,{number},{shop},{kind},{qty},"
            f"{qty}.50,{qty / 4},{kind}+{qty % 2}")


ORDERS_A = [order(1, 8, 1, "A", "tea", 1), order(1, 9, 2, "B", "cake", 2),
            order(1, 23, 3, "A", "tea", 4), order(2, 8, 1, "A", "tea", 3)]
ORDERS_B = [order(2, 9, 4, "B", "tea", 5), order(2, 23, 5, "C", "cake", 2),
            order(3, 8, 2, "B", "tea", 1), order(3, 8, 6, "", "cake", 6)]
LATE = [order(1, 7, 7, "C", "cake", 8), order(1, 7, 1, "A", "tea", 1),
        order(0, 10, 8, "B", "tea", 2),
        *(order(3, 11, 10 + n, shop, "tea", n) for n, shop in enumerate(ODD))]
# Two rows changed, one gone, one moved to another month.
CORRECTED = [order(1, 8, 1, "A", "tea", 9), order(1, 9, 2, "B", "tea", 2),
             order(31, 8, 1, "A", "tea", 3)]


class StatementTest(LakeTest):
    rank = 0
    all = os.environ.get("WEIR_STATEMENTS") == "all"

    def give(self, name, head, lines):
        text = "\n".join([head, *lines]) + "\n"
        self.lake.deliver(f"{name}.csv", text)
        self.files[name] = text

    def build_in_steps(self):
        self.files = {}
        self.give("orders/a", HEAD, ORDERS_A)
        self.give("orders/b", HEAD, ORDERS_B)
        self.give("shops/one", "shop,city,opened", ["A,Rome,2024-05-01", "B,Bari,2024-05-02"])
        self.give("rates/one", "day,kind,rate", ["2024-05-01,tea,3", "2024-05-02,tea,4"])
        yield self.lake.run(NOW)
        self.give("orders/late", HEAD, LATE)
        self.give("shops/two", "shop,city,opened", ["C,Pisa,2024-05-03", "D,Bari,2024-05-04"])
        self.give("rates/two", "day,kind,rate", ["2024-05-03,tea,5", "2024-05-02,cake,1",
                                                 "2024-05-08,tea,9"])
        if self.all:
            yield self.lake.run(NOW + 10)
        self.give("orders/a", HEAD, CORRECTED)
        self.give("shops/one", "shop,city,opened", ["A,Pisa,2024-05-01"])
        yield self.lake.run(NOW + 20)

    def plain(self, table, columns):
        """A table of plain DuckDB of the table's files that count."""
        top = self.lake.dir / "plain" / table
        top.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            if name.startswith(f"{table}/"):
                (top / f"{name.split('/')[1]}.csv").write_text(text, encoding="utf-8")
        return (f"CREATE TABLE raw.{table} AS FROM read_csv({sql_text(top / '*.csv')}, "
                f"header = true, nullstr = '-', quote = '\"', columns = {columns});")

    def whole(self):
        """Plain DuckDB with all files at once."""
        views = [f"CREATE TABLE silver.{name} AS {sql};" for name, (_, sql) in SILVER.items()]
        return "SET TimeZone = 'Europe/Rome'; CREATE SCHEMA raw; CREATE SCHEMA silver;" + "".join([
            self.plain("orders", "{day: 'DATE', ts: 'TIMESTAMP', tz: 'TIMESTAMPTZ', id: 'BIGINT', "
                       "shop: 'VARCHAR', kind: 'VARCHAR', qty: 'BIGINT', price: 'DECIMAL(10,2)', "
                       "weight: 'DOUBLE', tags: 'VARCHAR'}"),
            self.plain("shops", "{shop: 'VARCHAR', city: 'VARCHAR', opened: 'DATE'}"),
            self.plain("rates", "{day: 'DATE', kind: 'VARCHAR', rate: 'BIGINT'}"), *views])

    def differences(self, kept):
        """Rows that a table has too many or too few, as texts: a sum's type is not compared."""
        queries = []
        for one in kept:
            built = f"SELECT r::varchar AS r FROM {self.lake.hive(f'gold.{one.name}')} AS r"
            wanted = f"SELECT r::varchar AS r FROM ({one.sql}) AS r"
            if not self.lake.partitions(f"gold.{one.name}"):
                built = "SELECT '' AS r WHERE false"
            for sign, first, second in (("more", built, wanted), ("less", wanted, built)):
                queries.append(f"SELECT '{one.name}' AS name, '{sign}' AS sign, r FROM "
                               f"(({first}) EXCEPT ALL ({second}))")
        return oracle(self.whole() + " UNION ALL ".join(queries))

    def test_what_is_right_is_right_built_in_steps(self):
        kept = [one for one in statements()
                if one.refusal is None and (self.all or not one.at_night)]
        self.lake = self.new_lake(definition(kept))
        self.lake.environment.update(fast_worker())
        for document in self.build_in_steps():
            self.assertEqual((document["failed"], document["blocked"]), ([], []))
        self.assertEqual(self.differences(kept), [])

    def test_what_cannot_be_right_is_refused(self):
        refused = [one for one in statements() if one.refusal is not None]
        self.lake = self.new_lake(definition(refused))
        told = {}
        for line in self.lake.weir("validate", "-o", "json", expect=2).doc["errors"]:
            told.setdefault(Path(line["file"]).stem, []).append(line)
        wrong = []
        for one in refused:
            errors = told.pop(one.name, [])
            wanted = [e for e in errors if one.refusal in e["message"] and e["hint"] and e["line"]]
            if not wanted or not all(e["hint"] and e["line"] for e in errors):
                wrong.append((one.name, one.refusal, errors))
        self.assertEqual((wrong, told), ([], {}))


if __name__ == "__main__":
    unittest.main()
