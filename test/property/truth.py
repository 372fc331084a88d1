"""What the tables of small lakes hold by definition: plain DuckDB over the files that count.

Shares no code with Weir, and does not ask it. One script answers for many lakes: of each table its
partitions with rows, counted and hashed, and where what Weir wrote differs.
"""
import itertools

from harness import sql_text
from lakes import DAYS, SITES

EVENTS = {"ts": "TIMESTAMP", "site": "VARCHAR", "n": "BIGINT", "v": "DOUBLE", "k": "BIGINT"}
LISTS = {"site": "VARCHAR", "kind": "VARCHAR"}
COLUMNS = {"e": EVENTS, "f": EVENTS, "l": LISTS, "d": LISTS}
SCHEMAS = ["raw", "silver", "gold", "whole"]


def stored(name):
    """Where the whole of a table is; its own name is what a partition reads of it."""
    return "whole." + name.replace(".", "_")


def reader(path, role):
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS[role].items())
    return (f"read_csv({sql_text(path)}, header = true, auto_detect = false, delim = ',', "
            f"quote = '\"', escape = '\"', columns = {{{columns}}})")


def source(name, role, files):
    """files: [(path of a copy, the file's own name)]. A daily list's place is in its name."""
    columns = {**COLUMNS[role], **({"place": "DATE"} if role == "d" else {})}
    listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    lines = [f"CREATE TABLE {stored(name)} ({listed});"]
    for path, own in files:
        day = own.rsplit("/", 1)[1].removesuffix(".csv")
        place = f", DATE {sql_text(day)}" if role == "d" else ""
        lines.append(f"INSERT INTO {stored(name)} SELECT *{place} FROM {reader(path, role)};")
    return lines


def values_of(column):
    """All values that a partition column may have here, as SQL, and a day before and after."""
    if column == "event_date":
        return [f"DATE '{day}'" for day in ["2024-02-26", *DAYS, "2024-03-06", "2024-03-07"]] + [
            "NULL"]
    if column == "site":
        return [sql_text(s) if s is not None else "NULL" for s in SITES]
    return ["'2024-02'", "'2024-03'", "NULL"]


def view(name, where=None):
    hidden = " EXCLUDE (place)" if name.endswith("d") and name.startswith("raw.") else ""
    return (f"CREATE OR REPLACE VIEW {name} AS SELECT *{hidden} FROM {stored(name)}"
            f"{' WHERE ' + where if where else ''};")


def each_partition(table):
    """The SQL over each partition's share of the inputs; of its rows those of the partition."""
    lines = []
    for number, value in enumerate(values_of(table.by[0])):
        for name, share in table.shares.items():
            lines.append(view(name, share.condition(stored(name), value)))
        body = (f"SELECT * FROM ({table.sql}) AS one_row WHERE one_row.{table.by[0]} "
                f"IS NOT DISTINCT FROM {value}")
        head = f"CREATE TABLE {stored(table.name)} AS" if number == 0 else (
            f"INSERT INTO {stored(table.name)}")
        lines.append(f"{head} {body};")
    return lines


def content(table):
    """The table as it must be, in its place, and as others read it."""
    lines = [view(name) for name in table.inputs]
    if table.shares:
        lines += each_partition(table)
    else:
        lines.append(f"CREATE TABLE {stored(table.name)} AS {table.sql};")
    return lines + [view(table.name)]


def partition_values(table, alias=""):
    texts = [f"cast({alias}{column} AS VARCHAR)" for column in table.by]
    return f"to_json([{', '.join(texts)}])" if texts else "'[]'"


def columns(relation):
    return (f"SELECT string_agg(column_name || ' ' || column_type, ', ') FROM (DESCRIBE FROM "
            f"{relation})")


def counted(table):
    """Of each partition a number that tells its rows from others."""
    name = stored(table.name)
    rows = f"count(*) || ' ' || sum(hash(one_row)) || ' ' || ({columns(name)})"
    place = f"cast({partition_values(table)} AS VARCHAR)"
    return (f"SELECT {sql_text(table.name)} AS t, 'rows' AS what, {place} AS p, {rows} AS h FROM "
            f"{name} AS one_row GROUP BY ALL HAVING count(*) > 0")


def differences(table, got):
    """Rows that Weir's files have more or less than once for each that there should be, and other
    columns. got: a FROM clause's source of those files; None: there are none."""
    name, values = sql_text(table.name), f"cast({partition_values(table)} AS VARCHAR)"
    want = stored(table.name)
    if not got:
        return f"SELECT {name}, 'less', {values}, cast(one_row AS VARCHAR) FROM {want} AS one_row"
    rows = [f"SELECT {name}, '{sign}', {values}, cast(one_row AS VARCHAR) FROM (FROM {first} "
            f"EXCEPT ALL FROM {second}) AS one_row"
            for sign, first, second in (("more", got, want), ("less", want, got))]
    types = (f"SELECT {name}, 'more', '[]', c FROM (SELECT ({columns(got)}) AS c) WHERE c <> "
             f"({columns(want)})")
    return " UNION ALL ".join([*rows, types])


def reached(table, source_name, path, role):
    """Partitions that a file's rows belong to, by what the table says."""
    texts = ", ".join(f"cast({expression} AS VARCHAR)" for expression in table.reads[source_name])
    kept = table.keeps.get(source_name, "true")
    return (f"SELECT DISTINCT {sql_text(table.name)}, 'reached', cast(to_json([{texts}]) AS "
            f"VARCHAR), '' FROM {reader(path, role)} WHERE {kept}")


def script(parts):
    """parts: (statements, questions); the questions are answered in one list."""
    statements = [f"CREATE SCHEMA {name};" for name in SCHEMAS]
    statements += ["SET threads = 1;", "SET TimeZone = 'UTC';"]
    statements += itertools.chain.from_iterable(lines for lines, _ in parts)
    questions = [question for _, asked in parts for question in asked]
    return "\n".join(statements) + "\n" + "\nUNION ALL ".join(questions)

