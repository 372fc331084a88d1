"""Tables as a user may write them, each with what its rows are by definition.

A shape gives a Table: the SQL and YAML for Weir, and the share of each input that a partition
reads, in plain SQL. What a table holds is said by the design alone: partition P is the SQL over
each input restricted to P's share of it. Where no share is given, the SQL over everything must give
the same.
"""
from dataclasses import dataclass, field

DAY = "cast({} AS date)"
BY_DAY, BY_SITE, BY_BOTH, BY_MONTH = ["event_date"], ["site"], ["site", "event_date"], ["month"]
TYPES = {"event_date": "DATE", "site": "VARCHAR", "month": "VARCHAR"}


@dataclass
class Share:
    """Of one input what partition P reads: rows where one of these holds, {p} being P's value."""

    column: str           # the expression that a row's place comes from
    before: int = 0       # days before P …
    after: int = 0        # … and after it that are read too
    newest: bool = False  # the newest place at or before P instead

    def condition(self, source, value):
        if self.newest:
            return (f"{self.column} = (SELECT max({self.column}) FROM {source} "
                    f"WHERE {self.column} <= {value})")
        if self.before == self.after == 0 or value == "NULL":
            return f"{self.column} IS NOT DISTINCT FROM {value}"
        return f"{self.column} BETWEEN {value} - {self.before} AND {value} + {self.after}"


@dataclass
class Table:
    name: str                 # layer.table
    sql: str
    by: list
    columns: set
    inputs: list              # names
    maps: list = field(default_factory=list)  # lines of the YAML's map
    shares: dict = field(default_factory=dict)  # input → Share; empty: over everything
    reads: dict = field(default_factory=dict)   # source → expressions of a row's partition
    keeps: dict = field(default_factory=dict)   # source → of which rows; else of all
    whole: set = field(default_factory=set)     # inputs that each partition reads whole
    is_computed: bool = False  # a row's partition is no column of a derived input

    @property
    def yaml(self):
        lines = [f"partition_by: [{', '.join(self.by)}]"] if self.by else []
        if self.maps:
            lines += ["map:", *(f"  {line}" for line in self.maps)]
        return "\n".join(lines or ["{}"]) + "\n"


class Maker:
    """What a shape needs: chance, the names of its inputs, the table's name."""

    def __init__(self, chance, name, sources, tables):
        self.chance, self.name = chance, name
        self.sources = sources  # role → name: e, f (events), l (list), d (daily lists)
        self.tables = tables    # those below
        self.kept = ""          # the condition of the first input's rows

    def below(self, *columns):
        """A table below that has these columns; None when there is none."""
        found = [t for t in self.tables if set(columns) <= t.columns]
        return self.chance.choice(found) if found else None

    def filter(self, column="n"):
        """Often none; the place where a change of the code most often is."""
        kind = self.chance.randrange(4)
        if kind == 0:
            self.kept = f"{column} <> {self.chance.randrange(6)}"
        elif kind == 1:
            self.kept = f"{column} % 3 < {self.chance.randrange(1, 3)} OR {column} IS NULL"
        return self.kept and f" WHERE {self.kept}"

    def factor(self):
        return self.chance.choice(["", "", " * 2", " + 1", f" - {self.chance.randrange(3)}"])

    def table(self, sql, by, columns, inputs, **more):
        keeps = {inputs[0]: self.kept} if self.kept else {}
        return Table(self.name, sql, by, set(columns.split()), inputs, keeps=keeps, **more)


# First level: over deliveries.

def rows_by_day(m):
    e = m.sources["e"]
    return m.table(f"SELECT {DAY.format('ts')} AS event_date, site, n{m.factor()} AS n, v FROM {e}"
                   f"{m.filter()}", BY_DAY, "event_date site n v", [e],
                   reads={e: [DAY.format("ts")]})


def rows_by_site(m):
    e = m.sources["e"]
    return m.table(f"SELECT site, {DAY.format('ts')} AS event_date, n{m.factor()} AS n FROM {e}"
                   f"{m.filter()}", BY_SITE, "site event_date n", [e], reads={e: ["site"]})


def rows_by_both(m):
    e = m.sources["e"]
    return m.table(f"SELECT site, {DAY.format('ts')} AS event_date, n{m.factor()} AS n, v FROM {e}"
                   f"{m.filter()}", BY_BOTH, "site event_date n v", [e],
                   reads={e: ["site", DAY.format("ts")]})


def rows_by_month(m):
    e = m.sources["e"]
    return m.table(f"SELECT strftime(ts, '%Y-%m') AS month, {DAY.format('ts')} AS event_date, site,"
                   f" n{m.factor()} AS n FROM {e}{m.filter()}", BY_MONTH, "month event_date site n",
                   [e], reads={e: ["strftime(ts, '%Y-%m')"]})


def sums_by_day(m):
    e = m.sources["e"]
    having = m.chance.choice(["", "", " HAVING count(*) > 1", " HAVING sum(n) > 3"])
    return m.table(f"SELECT {DAY.format('ts')} AS event_date, site, count(*) AS c, "
                   f"cast(sum(n{m.factor()}) AS bigint) AS n FROM {e}{m.filter()} GROUP BY ALL"
                   f"{having}", BY_DAY, "event_date site n", [e], reads={e: [DAY.format("ts")]})


def averages_by_day(m):
    e = m.sources["e"]
    return m.table(f"SELECT {DAY.format('ts')} AS event_date, avg(v) AS a, sum(v{m.factor()}) AS s "
                   f"FROM {e}{m.filter()} GROUP BY ALL", BY_DAY, "event_date", [e],
                   reads={e: [DAY.format("ts")]})


def totals(m):
    e = m.sources["e"]
    return m.table(f"SELECT site, count(*) AS c, cast(sum(n{m.factor()}) AS bigint) AS n FROM {e}"
                   f"{m.filter()} GROUP BY site", [], "site n", [e], whole={e})


def best_of_day(m):
    e = m.sources["e"]
    order = m.chance.choice(["n DESC, v, ts, k", "ts, n, v, k", "v DESC, n, ts, k"])
    return m.table(f"SELECT {DAY.format('ts')} AS event_date, site, n, v FROM {e} QUALIFY "
                   f"row_number() OVER (PARTITION BY {DAY.format('ts')}, site ORDER BY {order}) "
                   f"= 1", BY_DAY, "event_date site n v", [e], reads={e: [DAY.format("ts")]})


def best_of_site(m):
    """Not aligned: by what is written, each day has its own."""
    e = m.sources["e"]
    order = m.chance.choice(["n DESC, v, ts, k", "ts, n, v, k"])
    return m.table(f"SELECT {DAY.format('ts')} AS event_date, site, n FROM {e} QUALIFY "
                   f"row_number() OVER (PARTITION BY site ORDER BY {order}) = 1", BY_DAY,
                   "event_date site n", [e], maps=[f'{e}: {{event_date: "{DAY.format("ts")}"}}'],
                   shares={e: Share(DAY.format("ts"))}, reads={e: [DAY.format("ts")]})


def both_events(m):
    e, f = m.sources["e"], m.sources["f"]
    union = m.chance.choice(["UNION ALL", "UNION ALL", "UNION"])
    return m.table(f"SELECT {DAY.format('ts')} AS event_date, site, n{m.factor()} AS n FROM {e}"
                   f"{m.filter()} {union} SELECT {DAY.format('ts')}, site, n FROM {f}", BY_DAY,
                   "event_date site n", [e, f],
                   reads={e: [DAY.format("ts")], f: [DAY.format("ts")]})


def first_not_second(m):
    e, f = m.sources["e"], m.sources["f"]
    set_operation = m.chance.choice(["EXCEPT", "INTERSECT", "EXCEPT ALL"])
    return m.table(f"SELECT {DAY.format('ts')} AS event_date, site FROM {e}{m.filter()} "
                   f"{set_operation} SELECT {DAY.format('ts')}, site FROM {f}", BY_DAY,
                   "event_date site", [e, f],
                   reads={e: [DAY.format("ts")], f: [DAY.format("ts")]})


def pairs_of_day(m):
    e, f = m.sources["e"], m.sources["f"]
    return m.table(f"SELECT {DAY.format('a.ts')} AS event_date, a.site, a.n{m.factor()} AS n, b.n "
                   f"AS m FROM {e} AS a JOIN {f} AS b ON {DAY.format('a.ts')} = "
                   f"{DAY.format('b.ts')} AND a.site = b.site", BY_DAY, "event_date site n", [e, f],
                   reads={e: [DAY.format("ts")], f: [DAY.format("ts")]})


def with_kinds(m):
    e, l = m.sources["e"], m.sources["l"]
    join = m.chance.choice(["LEFT JOIN", "JOIN"])
    return m.table(f"SELECT {DAY.format('x.ts')} AS event_date, x.site, x.n{m.factor()} AS n, "
                   f"y.kind FROM {e} AS x {join} {l} AS y ON y.site = x.site", BY_DAY,
                   "event_date site n", [e, l], maps=[f"{l}: all"], whole={l},
                   reads={e: [DAY.format("ts")]})


def with_kinds_of_then(m):
    e, d = m.sources["e"], m.sources["d"]
    return m.table(f"SELECT {DAY.format('x.ts')} AS event_date, x.site, x.n{m.factor()} AS n, "
                   f"y.kind FROM {e} AS x LEFT JOIN {d} AS y ON y.site = x.site", BY_DAY,
                   "event_date site n", [e, d], maps=[f"{d}: {{as_of: event_date}}"],
                   shares={e: Share(DAY.format("ts")), d: Share("place", newest=True)},
                   reads={e: [DAY.format("ts")]})


def around(m):
    e, f = m.sources["e"], m.sources["f"]
    before = m.chance.randrange(1, 3)
    day = DAY.format("ts")
    return m.table(f"SELECT x.event_date, x.site, count(y.k) AS n FROM (SELECT DISTINCT "
                   f"{DAY.format('ts')} AS event_date, site FROM {f}) AS x LEFT JOIN {e} AS y ON "
                   f"y.site = x.site AND {DAY.format('y.ts')} BETWEEN x.event_date - {before} AND "
                   f"x.event_date GROUP BY ALL", BY_DAY, "event_date site n", [e, f],
                   maps=[f'{e}: {{event_date: {{by: "{day}", window: [-{before}, 0]}}}}'],
                   shares={e: Share(day, before=before), f: Share(day)})


# Further levels: over tables.

def per_day(m):
    t = m.below("event_date", "n")
    return t and m.table(f"SELECT event_date, count(*) AS c, cast(sum(n{m.factor()}) AS bigint) AS "
                         f"n FROM {t.name}{m.filter()} GROUP BY event_date", BY_DAY, "event_date n",
                         [t.name])


def per_month(m):
    t = m.below("event_date", "n")
    return t and m.table(f"SELECT strftime(event_date, '%Y-%m') AS month, count(*) AS c, "
                         f"cast(sum(n{m.factor()}) AS bigint) AS n FROM {t.name}{m.filter()} GROUP "
                         f"BY strftime(event_date, '%Y-%m')", BY_MONTH, "month n", [t.name],
                         is_computed=True)


def per_site(m):
    t = m.below("site", "n")
    return t and m.table(f"SELECT site, cast(sum(n{m.factor()}) AS bigint) AS n FROM {t.name}"
                         f"{m.filter()} GROUP BY site", BY_SITE, "site n", [t.name])


def in_other_partitions(m):
    t = m.below("event_date", "site", "n")
    by = m.chance.choice([BY_DAY, BY_SITE, BY_BOTH])
    return t and m.table(f"SELECT event_date, site, n{m.factor()} AS n FROM {t.name}{m.filter()}",
                         by, "event_date site n", [t.name])


def sites_of_day(m):
    t = m.below("event_date", "site", "n")
    return t and m.table(f"SELECT event_date, string_agg(site, '+' ORDER BY site, n) AS sites FROM "
                         f"{t.name}{m.filter()} GROUP BY event_date", BY_DAY, "event_date",
                         [t.name])


def ranks(m):
    t = m.below("event_date", "site", "n")
    return t and m.table(f"SELECT event_date, site, n{m.factor()} AS n, rank() OVER (PARTITION BY "
                         f"event_date ORDER BY n) AS r FROM {t.name}", BY_DAY, "event_date site n",
                         [t.name])


def grand_total(m):
    t = m.below("n")
    return t and m.table(f"SELECT count(*) AS c, cast(sum(n{m.factor()}) AS bigint) AS n FROM "
                         f"{t.name}{m.filter()}", [], "n", [t.name], whole={t.name})


def moving_sum(m):
    t = by_day(m, "site", "n")
    before = m.chance.randrange(1, 4)
    return t and m.table(f"SELECT event_date, site, n, cast(sum(n) OVER (PARTITION BY site ORDER "
                         f"BY event_date RANGE BETWEEN INTERVAL {before} DAYS PRECEDING AND "
                         f"CURRENT ROW) AS bigint) AS m FROM {t.name}", BY_DAY, "event_date site n",
                         [t.name], maps=[f"{t.name}: {{event_date: [-{before}, 0]}}"],
                         shares={t.name: Share("event_date", before=before)})


def over_midnight(m):
    t = by_day(m, "site", "n")
    return t and m.table(f"SELECT a.event_date, a.site, a.n, b.n AS m FROM {t.name} AS a JOIN "
                         f"{t.name} AS b ON a.site = b.site AND b.event_date = a.event_date - 1",
                         BY_DAY, "event_date site n", [t.name],
                         maps=[f"{t.name}: {{event_date: [-1, 0]}}"],
                         shares={t.name: Share("event_date", before=1)})


def few_of_day(m):
    """Not aligned: by what is written, each day has its own few."""
    t = by_day(m, "site", "n")
    few = m.chance.randrange(1, 4)
    return t and m.table(f"SELECT event_date, site, n FROM {t.name} ORDER BY n, site, event_date "
                         f"LIMIT {few}", BY_DAY, "event_date site n", [t.name],
                         maps=[f"{t.name}: {{event_date: event_date}}"],
                         shares={t.name: Share("event_date")})


def days_together(m):
    t, u = by_day(m, "site", "n"), by_day(m, "n")
    join = m.chance.choice(["JOIN", "LEFT JOIN"])
    if t is None or u is None or t is u:
        return None
    return m.table(f"SELECT a.event_date, a.site, a.n, b.n AS m FROM {t.name} AS a {join} {u.name} "
                   f"AS b ON a.event_date = b.event_date{m.chance.choice(['', ' AND a.n < b.n'])}",
                   BY_DAY, "event_date site n", [t.name, u.name])


def days_of_two(m):
    t, u = m.below("event_date", "site", "n"), m.below("event_date", "site", "n")
    if t is None or t is u:
        return None
    return m.table(f"SELECT event_date, site, n{m.factor()} AS n FROM {t.name}{m.filter()} UNION "
                   f"ALL SELECT event_date, site, n FROM {u.name}", BY_DAY, "event_date site n",
                   [t.name, u.name])


def known_sites(m):
    t, u = m.below("event_date", "site", "n"), m.below("site")
    if t is None or t is u:
        return None
    return m.table(f"SELECT event_date, site, n{m.factor()} AS n FROM {t.name} WHERE site IN "
                   f"(SELECT site FROM {u.name})", BY_DAY, "event_date site n", [t.name, u.name],
                   maps=[f"{u.name}: all"], whole={u.name})


def newest_before(m):
    t, u = by_day(m, "site", "n"), by_day(m, "site", "n")
    if t is None or u is None or t is u:
        return None
    return m.table(f"SELECT a.event_date, a.site, a.n, b.n AS m FROM {t.name} AS a LEFT JOIN "
                   f"{u.name} AS b ON a.site = b.site", BY_DAY, "event_date site n",
                   [t.name, u.name], maps=[f"{u.name}: {{as_of: event_date}}"],
                   shares={t.name: Share("event_date"), u.name: Share("event_date", newest=True)})


def by_day(m, *columns):
    """A table below with one partition for each day."""
    found = [t for t in m.tables if t.by == BY_DAY and {"event_date", *columns} <= t.columns]
    return m.chance.choice(found) if found else None


OVER_DELIVERIES = [(rows_by_day, "e"), (rows_by_site, "e"), (rows_by_both, "e"),
                   (rows_by_month, "e"), (sums_by_day, "e"), (averages_by_day, "e"), (totals, "e"),
                   (best_of_day, "e"), (best_of_site, "e"), (both_events, "ef"),
                   (first_not_second, "ef"), (pairs_of_day, "ef"), (with_kinds, "el"),
                   (with_kinds_of_then, "ed"), (around, "ef")]
OVER_TABLES = [per_day, per_month, per_site, in_other_partitions, sites_of_day, ranks, grand_total,
               moving_sum, over_midnight, few_of_day, days_together, days_of_two, known_sites,
               newest_before]
