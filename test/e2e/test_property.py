"""The same deliveries in any batching and order give the same lake (invariants I5 and I7).

Deliveries are made by chance from a seed that is told; SEED=N tries another one, DELIVERIES=N more.
"""
import os
import random
import unittest

from harness import NOW, LakeTest
from sales import BY_DAY, rows, sales

SEED = int(os.environ.get("SEED", "20240522"))
DELIVERIES = int(os.environ.get("DELIVERIES", "14"))
FILES = sales(
    raw__shops="contents: full\ncolumns: {shop: string, city: string}\n",
    silver__city_sql="SELECT s.day, p.city, s.amount FROM silver.sales AS s "
                     "LEFT JOIN raw.shops AS p ON p.shop = s.shop\n",
    silver__city=BY_DAY + "map: {raw.shops: all}\n",
    gold__month_sql="SELECT cast(date_trunc('month', day) AS date) AS month, city, count(*) AS n, "
                    "sum(amount / 3.0) AS third FROM silver.city "
                    "GROUP BY cast(date_trunc('month', day) AS date), city\n",
    gold__month="partition_by: [month]\n",
    gold__names_sql="SELECT day, string_agg(shop, ' ') AS shops, arg_max(shop, amount) AS best, "
                    "list(amount) AS amounts FROM silver.sales GROUP BY day\n",
    gold__names=BY_DAY,
    silver__ranks_sql="SELECT day, shop, "
                      "row_number() OVER (PARTITION BY day ORDER BY amount) AS n, "
                      "first(shop) OVER (PARTITION BY day) AS first FROM raw.sales\n",
    silver__ranks=BY_DAY,
    gold__all_sql="SELECT shop, sum(amount) AS total FROM silver.sales GROUP BY shop\n",
)
TABLES = {"silver.sales": "SELECT day, shop, amount FROM raw.sales",
          "gold.total": "SELECT day, sum(amount) FROM raw.sales GROUP BY day",
          "silver.city": "SELECT s.day, p.city, s.amount FROM raw.sales AS s "
                         "LEFT JOIN raw.shops AS p ON p.shop = s.shop",
          "gold.all": "SELECT shop, sum(amount) FROM raw.sales GROUP BY shop"}


def sales_file(chance):
    days = chance.sample(range(1, 29), chance.randint(1, 4))
    lines = [f"2024-{chance.choice((4, 5)):02}-{chance.choice(days):02},S{chance.randrange(4)},"
             f"{chance.randrange(100)}" for _ in range(chance.randint(1, 12))]
    if chance.random() < 0.15:
        lines.append("2024-05-01,S1,bad")
    return rows(*lines)


def shops_file(chance):
    lines = [f"S{n},{chance.choice(('Roma', 'Bari', 'Pisa'))}" for n in range(chance.randint(1, 4))]
    return "\n".join(["shop,city", *lines]) + "\n"


def make_deliveries(chance):
    """[(moment, path, body)]: few names, so that most are sent again, some with earlier bytes."""
    sent = []
    for n in range(DELIVERIES):
        path = chance.choice(["sales/a.csv", "sales/b.csv", "sales/c.csv", "shops/list.csv"])
        earlier = [body for _, p, body in sent if p == path]
        if earlier and chance.random() < 0.3:
            body = chance.choice(earlier)
        else:
            body = shops_file(chance) if path.startswith("shops") else sales_file(chance)
        sent.append((NOW + 10 * n, path, body))
    return sent


class AnyOrderTest(LakeTest):
    def setUp(self):
        super().setUp()
        self.chance = random.Random(SEED)
        self.deliveries = make_deliveries(self.chance)

    def lake_of(self, deliveries, build):
        """A lake that took these one by one; build(n): run after the n-th, not only land."""
        lake = self.new_lake(FILES)
        for n, (moment, path, body) in enumerate(deliveries):
            lake.deliver(path, body)
            verb = "run" if build(n) else "land"
            lake.json(verb, "--now", moment)
        lake.run(NOW + 10 * DELIVERIES)
        return lake

    def assert_whole(self, lake):
        """Each table is its SQL over everything."""
        for table, sql in TABLES.items():
            (row,) = lake.query(f"SELECT (SELECT count(*) FROM ({sql} EXCEPT ALL FROM {table})), "
                                f"(SELECT count(*) FROM (FROM {table} EXCEPT ALL {sql}))")
            self.assertEqual(row, ("0", "0"), f"{table}, SEED={SEED}")

    def test_batches_and_order_do_not_matter(self):
        shuffled = list(self.deliveries)
        self.chance.shuffle(shuffled)
        step_by_step = self.lake_of(self.deliveries, lambda n: True)
        at_once = self.lake_of(self.deliveries, lambda n: False)
        out_of_order = self.lake_of(shuffled, lambda n: n % 5 == 2)
        for lake in (step_by_step, at_once, out_of_order):
            self.assert_whole(lake)
        self.assertEqual(step_by_step.digests(), at_once.digests(), f"SEED={SEED}")
        self.assertEqual(step_by_step.digests(), out_of_order.digests(), f"SEED={SEED}")


if __name__ == "__main__":
    unittest.main()
