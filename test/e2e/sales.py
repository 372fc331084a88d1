"""A small lake that most tests use: sales per shop and day, kept per day, summed per day."""
from harness import definition

RAW = """
columns:
  day: {type: date, nullable: false}
  shop: string
  amount: {type: int64, minimum: 0}
"""
SILVER = "SELECT day, shop, amount FROM raw.sales\n"
GOLD = "SELECT day, cast(sum(amount) AS bigint) AS total FROM silver.sales GROUP BY day\n"
BY_DAY = "partition_by: [day]\n"


def sales(raw=RAW, **more):
    """Files of the lake. raw: the source table's YAML; more: other tables, as for definition()."""
    tables = {"raw__sales": raw, "silver__sales_sql": SILVER, "silver__sales": BY_DAY,
              "gold__total_sql": GOLD, "gold__total": BY_DAY, **more}
    return definition(**{k: v for k, v in tables.items() if v is not None})


def raw_only(raw=RAW, **more):
    """Only the source table (and more)."""
    return definition(raw__sales=raw, **more)


def rows(*lines, end="\n"):
    """A CSV file of these rows."""
    return end.join(["day,shop,amount", *lines]) + end
