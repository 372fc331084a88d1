-- Statements that a naive map gets wrong, each right by construction or refused (test_statements.py).
--
-- A line "-- name | keys | expectation" begins one. The keys are those of the table's YAML, with ";"
-- between; "right" claims that the table, built in steps, holds what plain DuckDB gives over all
-- files at once ("right at night": make nightly looks at that); "refused: …" is a part of what `weir
-- validate` says.

-- ===== rows that are compared with others =====

-- dedupe_in_a_day | partition_by: [day] | right
SELECT day, id, shop, qty FROM raw.orders QUALIFY row_number() OVER (PARTITION BY day, id ORDER BY ts, shop, qty) = 1

-- dedupe_over_all | partition_by: [day] | refused: the window of row_number() does not contain "day"
SELECT day, id, shop, qty FROM raw.orders QUALIFY row_number() OVER (PARTITION BY id ORDER BY ts, shop, qty) = 1

-- dedupe_unpartitioned | | right
SELECT day, id, shop, qty FROM raw.orders QUALIFY row_number() OVER (PARTITION BY id ORDER BY ts, shop, qty) = 1

-- dedupe_by_named_window | partition_by: [day] | refused: the window of row_number() does not contain "day"
SELECT day, id, qty FROM raw.orders WINDOW w AS (PARTITION BY shop ORDER BY ts, id) QUALIFY row_number() OVER w = 1

-- dedupe_by_another_day | partition_by: [day] | refused: the window of row_number() does not contain "day"
SELECT day + 1 AS day, id, qty FROM raw.orders QUALIFY row_number() OVER (PARTITION BY ts ORDER BY id) = 1

-- dedupe_by_an_alias | partition_by: [d] | right at night
SELECT day + 1 AS d, id, qty FROM raw.orders QUALIFY row_number() OVER (PARTITION BY d, id ORDER BY ts, qty) = 1

-- distinct_on_day | partition_by: [day] | right
SELECT DISTINCT ON (day, shop) day, shop, qty FROM raw.orders ORDER BY day, shop, qty, id

-- distinct_on_shop | partition_by: [day] | refused: DISTINCT ON does not contain "day"
SELECT DISTINCT ON (shop) day, shop, qty FROM raw.orders ORDER BY qty, id

-- distinct_days | partition_by: [day] | right at night
SELECT DISTINCT day, kind FROM raw.orders

-- distinct_before_the_day | partition_by: [day] | refused: DISTINCT ON does not contain "day"
SELECT ts::date AS day, shop FROM (SELECT DISTINCT ON (shop) ts, shop FROM raw.orders)

-- lag_over_all | partition_by: [day] | refused: the window of lag() does not contain "day"
SELECT day, id, qty - lag(qty) OVER (ORDER BY ts, id) AS more FROM raw.orders

-- moving_sum | partition_by: [day]; map: {silver.daily: {day: [-2, 0]}} | right
SELECT day, shop, sum(qty) OVER (PARTITION BY shop ORDER BY day RANGE BETWEEN INTERVAL 2 DAYS PRECEDING AND CURRENT ROW) AS qty FROM silver.daily

-- moving_sum_without_a_map | partition_by: [day] | refused: the window of sum() does not contain "day"
SELECT day, shop, sum(qty) OVER (PARTITION BY shop ORDER BY day RANGE BETWEEN INTERVAL 2 DAYS PRECEDING AND CURRENT ROW) AS qty FROM silver.daily

-- share_of_the_day | partition_by: [day] | right at night
SELECT day, shop, qty, sum(qty) OVER (PARTITION BY day) AS of_day FROM silver.daily

-- share_of_everything | partition_by: [day] | refused: the window of sum() does not contain "day"
SELECT day, shop, qty, sum(qty) OVER () AS of_all FROM silver.daily

-- rank_after_grouping | partition_by: [day] | right
SELECT day, shop, rank() OVER (PARTITION BY day ORDER BY sum(qty)) AS place FROM raw.orders GROUP BY day, shop

-- total_after_grouping | partition_by: [day] | refused: the window of sum() does not contain "day"
SELECT day, sum(sum(qty)) OVER (ORDER BY day) AS so_far FROM raw.orders GROUP BY day

-- frame_of_rows | partition_by: [day] | right at night
SELECT day, id, sum(qty) OVER (PARTITION BY day ORDER BY ts, id, shop, qty ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS around FROM raw.orders

-- window_on_the_other_side | partition_by: [day] | refused: the window of count() does not contain "day"
SELECT o.day, o.id, count(*) OVER (PARTITION BY r.day) AS n FROM raw.orders o LEFT JOIN raw.rates r ON r.day = o.day AND r.kind = o.kind

-- ===== groups =====

-- having_across_files | partition_by: [day] | right
SELECT day, shop, count(*) AS n FROM raw.orders GROUP BY day, shop HAVING count(*) > 1

-- having_over_shops | partition_by: [day] | refused: "day" is made by the aggregate max()
SELECT max(day) AS day, shop FROM raw.orders GROUP BY shop HAVING count(*) > 1

-- having_without_groups | partition_by: [day] | refused: an aggregate without GROUP BY
SELECT max(day) AS day FROM raw.orders HAVING count(*) > 1

-- float_averages | partition_by: [day] | right
SELECT day, avg(weight) AS mean, stddev_pop(weight) AS spread, sum(weight) AS total, median(weight) AS middle FROM raw.orders GROUP BY day

-- exact_sums | partition_by: [day] | right at night
SELECT day, sum(qty) AS qty, avg(price) AS price, sum(qty * price) AS paid, sum(qty) FILTER (WHERE kind = 'tea') AS tea FROM raw.orders GROUP BY day

-- ordered_aggregates | partition_by: [day] | right
SELECT day, string_agg(shop, ',' ORDER BY ts, id, shop, qty) AS shops, list(qty ORDER BY ts, id, shop, qty) AS list, arg_max(shop, (ts, id, shop)) AS last, mode(kind) FILTER (WHERE kind = 'tea') AS tea FROM raw.orders GROUP BY day

-- first_in_order | partition_by: [day] | right at night
SELECT day, first(shop ORDER BY ts, id, shop, qty) AS a, last(shop ORDER BY ts, id, shop, qty) AS b FROM raw.orders GROUP BY day

-- counts_of_distinct | partition_by: [day] | right at night
SELECT day, count(DISTINCT shop) AS shops, approx_count_distinct(shop) AS about FROM raw.orders GROUP BY day

-- grouping_by_month | partition_by: [month] | right
SELECT date_trunc('month', day)::date AS month, shop, sum(qty) AS qty FROM silver.daily GROUP BY ALL

-- grouping_by_a_part_of_the_day | partition_by: [day] | refused: "day" is made by the aggregate any_value()
SELECT any_value(day) + 0 AS day, month(ts) AS m FROM raw.orders GROUP BY month(ts), shop

-- rollup_without_the_day | partition_by: [day] | refused: makes rows without "day"
SELECT day, shop, sum(qty) AS qty FROM raw.orders GROUP BY ROLLUP (day, shop)

-- grouping_sets_with_the_day | partition_by: [day] | right
SELECT day, shop, kind, sum(qty) AS qty FROM raw.orders GROUP BY GROUPING SETS ((day, shop), (day, kind), (day))

-- alias_that_hides_a_column | partition_by: [day] | refused: "day" is made by the aggregate min()
SELECT min(ts)::date AS day, count(*) AS n FROM raw.orders GROUP BY day

-- alias_that_hides_another | partition_by: [qty] | right at night
SELECT id AS qty, count(*) AS n FROM raw.orders GROUP BY id

-- groups_of_groups | partition_by: [day] | right
WITH per_shop AS (SELECT day, shop, sum(qty) AS qty FROM raw.orders GROUP BY ALL), per_day AS (SELECT day, max(qty) AS most FROM per_shop GROUP BY day) SELECT day, shop, qty = most AS best FROM per_shop JOIN per_day USING (day)

-- groups_of_other_groups | partition_by: [day] | refused: in the INNER JOIN ties it to the partition columns
WITH per_shop AS (SELECT shop, sum(qty) AS total FROM raw.orders GROUP BY shop) SELECT o.day, o.id, p.total FROM raw.orders o JOIN per_shop p USING (shop)

-- ===== limits and samples =====

-- limit_over_all | partition_by: [day] | refused: LIMIT
SELECT day, id FROM raw.orders ORDER BY ts, id LIMIT 5

-- limit_unpartitioned | | right
SELECT day, id, shop FROM raw.orders ORDER BY ts, id, shop, qty LIMIT 5

-- offset_in_a_cte | partition_by: [day] | refused: LIMIT
WITH rest AS (SELECT day, id FROM raw.orders ORDER BY ts, id OFFSET 2) SELECT day, id FROM rest

-- limit_within_a_day | partition_by: [day]; map: {raw.rates: all} | right at night
SELECT o.day, t.rate FROM (SELECT DISTINCT day FROM raw.orders) o, LATERAL (SELECT rate FROM raw.rates r WHERE r.day = o.day ORDER BY rate, kind LIMIT 1) t

-- sample_without_a_seed | partition_by: [day] | refused: a sample gives something else at each run
SELECT day, id FROM raw.orders USING SAMPLE 10 ROWS

-- sample_with_a_seed | partition_by: [day] | refused: TABLESAMPLE
SELECT day, id FROM raw.orders TABLESAMPLE reservoir(3 ROWS) REPEATABLE (7)

-- sample_by_a_hash | partition_by: [day] | right at night
SELECT day, id, shop FROM raw.orders WHERE md5_number_lower(id::varchar) % 2 = 0

-- ===== joins =====

-- join_over_midnight | partition_by: [day] | refused: in the INNER JOIN ties it to the partition columns
SELECT a.day, a.shop, b.qty FROM silver.daily a JOIN silver.daily b ON b.shop = a.shop AND b.day = a.day - 1

-- join_over_midnight_through_a_window | partition_by: [day]; map: {silver.daily: {day: [-1, 0]}} | right
SELECT a.day, a.shop, b.qty FROM silver.daily a JOIN silver.daily b ON b.shop = a.shop AND b.day = a.day - 1

-- next_day_counts_too | partition_by: [day]; map: {silver.daily: {day: [0, 1]}} | right at night
SELECT a.day, a.shop, b.qty FROM silver.daily a LEFT JOIN silver.daily b ON b.shop = a.shop AND b.day = a.day + 1

-- late_dimension_key | partition_by: [day]; map: {raw.shops: all} | right
SELECT o.day, o.id, o.shop, s.city FROM raw.orders o LEFT JOIN raw.shops s ON s.shop = o.shop

-- dimension_without_a_map | partition_by: [day] | refused: no equality of same types in the LEFT JOIN ties it
SELECT o.day, o.id, s.city FROM raw.orders o LEFT JOIN raw.shops s ON s.shop = o.shop

-- dimension_that_makes_dates | partition_by: [opened]; map: {raw.shops: all} | refused: cannot be read whole: its rows make the partitions
SELECT s.opened, o.id FROM raw.orders o JOIN raw.shops s ON s.shop = o.shop

-- only_known_shops | partition_by: [day]; map: {raw.shops: all} | right at night
SELECT day, id, shop FROM raw.orders SEMI JOIN raw.shops USING (shop)

-- only_unknown_shops | partition_by: [day]; map: {raw.shops: all} | right
SELECT day, id, shop FROM raw.orders ANTI JOIN raw.shops USING (shop)

-- rates_of_the_day | partition_by: [day] | right
SELECT o.day, o.id, r.rate FROM raw.orders o LEFT JOIN raw.rates r ON r.day = o.day AND r.kind = o.kind

-- rates_filtered_too_late | partition_by: [day]; map: {raw.rates: all} | right at night
SELECT o.day, o.id, r.rate FROM raw.orders o LEFT JOIN raw.rates r ON r.kind = o.kind WHERE r.day = o.day

-- rates_by_using | partition_by: [day] | right at night
SELECT * FROM (SELECT day, kind, id FROM raw.orders) JOIN raw.rates USING (day, kind)

-- rates_naturally | partition_by: [day] | right at night
SELECT * FROM (SELECT day, kind, id FROM raw.orders) NATURAL JOIN raw.rates

-- rates_or_orders | partition_by: [day] | right
SELECT day, kind, o.id, r.rate FROM raw.orders o FULL JOIN raw.rates r USING (day, kind)

-- rates_or_orders_by_coalesce | partition_by: [day] | right at night
SELECT coalesce(o.day, r.day) AS day, o.id, r.rate FROM raw.orders o FULL JOIN raw.rates r ON r.day = o.day AND r.kind = o.kind

-- either_day | partition_by: [day] | refused: is not coalesce() of columns that the FULL JOIN equates
SELECT coalesce(o.day, r.day) AS day, o.id, r.rate FROM raw.orders o FULL JOIN raw.rates r ON r.kind = o.kind

-- a_day_of_two_inputs | partition_by: [day] | refused: which no equality of same types ties
SELECT greatest(o.day, r.day) AS day, o.id FROM raw.orders o JOIN raw.rates r ON r.kind = o.kind

-- a_day_of_two_inputs_that_are_one | partition_by: [day] | right at night
SELECT greatest(o.day, r.day) AS day, o.id FROM raw.orders o JOIN raw.rates r ON r.kind = o.kind AND r.day = o.day

-- outer_join_that_makes_dates | partition_by: [day] | refused: generate_series() makes partition values
SELECT g.d::date AS day, count(o.id) AS n FROM generate_series(DATE '2024-05-01', DATE '2024-05-09', INTERVAL 1 DAY) g(d) LEFT JOIN raw.orders o ON o.day = g.d::date GROUP BY ALL

-- outer_join_that_makes_dates_mapped | partition_by: [day]; map: {raw.orders: {day: day}} | refused: no input tells the partitions of "gold.outer_join_that_makes_dates_mapped": generate_series()
SELECT g.d::date AS day, count(o.id) AS n FROM generate_series(DATE '2024-05-01', DATE '2024-05-09', INTERVAL 1 DAY) g(d) LEFT JOIN raw.orders o ON o.day = g.d::date GROUP BY ALL

-- a_row_that_is_always_there | partition_by: [day] | refused: a SELECT without FROM makes partition values
SELECT day, id FROM raw.orders UNION ALL SELECT DATE '2024-05-01', 0

-- equal_but_of_other_types | partition_by: [day] | refused: no equality of same types in the LEFT JOIN ties it
SELECT o.day, o.id, r.rate FROM raw.orders o LEFT JOIN raw.rates r ON r.day = o.ts AND r.kind = o.kind

-- asof_by_the_day | partition_by: [day]; map: {raw.rates: all} | right
SELECT o.day, o.id, o.qty, r.rate FROM raw.orders o ASOF LEFT JOIN (SELECT DISTINCT ON (day, kind) day, kind, rate FROM raw.rates ORDER BY rate) r ON r.kind = o.kind AND o.day >= r.day

-- asof_without_a_map | partition_by: [day] | refused: ties it to the partition columns
SELECT o.day, o.id, r.rate FROM raw.orders o ASOF LEFT JOIN raw.rates r ON r.kind = o.kind AND o.day >= r.day

-- side_by_side | partition_by: [day] | refused: is read inside POSITIONAL JOIN
SELECT * FROM (SELECT day, id FROM raw.orders) POSITIONAL JOIN (SELECT rate FROM raw.rates)

-- every_pair_of_a_day | partition_by: [day] | right
SELECT a.day, a.id, b.id AS other FROM raw.orders a, raw.orders b WHERE a.day = b.day AND a.id < b.id

-- every_pair_of_all_days | partition_by: [day] | refused: in the CROSS JOIN ties it to the partition columns
SELECT a.day, a.id, b.id AS other FROM raw.orders a, raw.orders b WHERE a.day <> b.day AND a.id < b.id

-- ===== subqueries =====

-- above_the_mean_of_all | partition_by: [day] | refused: is read in a subquery
SELECT day, id, qty FROM raw.orders WHERE qty > (SELECT avg(qty) FROM raw.orders)

-- above_the_mean_of_the_day | partition_by: [day] | refused: is read in a subquery
SELECT day, id, qty FROM raw.orders o WHERE qty > (SELECT avg(qty) FROM raw.orders i WHERE i.day = o.day)

-- above_the_mean_of_the_day_by_window | partition_by: [day] | right
SELECT day, id, qty FROM (SELECT day, id, qty, avg(qty) OVER (PARTITION BY day) AS mean FROM raw.orders) WHERE qty > mean

-- seen_the_day_before | partition_by: [day] | refused: is read in a subquery
SELECT day, shop FROM silver.daily a WHERE EXISTS (SELECT 1 FROM silver.daily b WHERE b.shop = a.shop AND b.day = a.day - 1)

-- seen_the_day_before_through_a_window | partition_by: [day]; map: {silver.daily: {day: [-1, 0]}} | right
SELECT day, shop FROM silver.daily a WHERE EXISTS (SELECT 1 FROM silver.daily b WHERE b.shop = a.shop AND b.day = a.day - 1)

-- the_newest_day_alone | partition_by: [day] | refused: is read in a subquery
SELECT day, id FROM raw.orders WHERE day = (SELECT max(day) FROM raw.orders)

-- up_to_the_newest_rate | partition_by: [day]; map: {raw.rates: all} | right
SELECT day, id FROM raw.orders WHERE day <= (SELECT max(day) FROM raw.rates)

-- in_a_list_of_shops | partition_by: [day]; map: {raw.shops: all} | right at night
SELECT day, id FROM raw.orders WHERE shop IN (SELECT shop FROM raw.shops)

-- not_in_a_list_of_shops | partition_by: [day]; map: {raw.shops: all} | right at night
SELECT day, id FROM raw.orders WHERE shop NOT IN (SELECT shop FROM raw.shops WHERE shop IS NOT NULL)

-- a_day_from_a_subquery | partition_by: [day]; map: {raw.rates: all} | refused: "day" is made by a subquery
SELECT (SELECT max(r.day) FROM raw.rates r) AS day, id FROM raw.orders

-- a_number_from_a_subquery | partition_by: [day]; map: {raw.rates: all} | right
SELECT day, id, (SELECT max(rate) FROM raw.rates r WHERE r.day <= o.day) AS best FROM raw.orders o

-- a_list_from_a_subquery | partition_by: [day]; map: {raw.shops: all} | right at night
SELECT day, id, ARRAY(SELECT city FROM raw.shops s WHERE s.shop = o.shop ORDER BY city) AS cities FROM raw.orders o

-- lateral_sums | partition_by: [day]; map: {raw.rates: all} | right at night
SELECT o.day, o.id, l.n FROM raw.orders o, LATERAL (SELECT count(*) AS n FROM raw.rates r WHERE r.day <= o.day) l

-- ===== set operations =====

-- both_kinds_of_rows | partition_by: [day] | right at night
SELECT day, kind, qty FROM raw.orders UNION ALL SELECT day, kind, NULL FROM raw.rates

-- both_kinds_merged | partition_by: [day] | right at night
SELECT day, kind FROM raw.orders UNION SELECT day, kind FROM raw.rates

-- both_kinds_by_name | partition_by: [day] | right
SELECT kind, day, qty FROM raw.orders UNION ALL BY NAME SELECT day, rate, kind FROM raw.rates

-- a_branch_without_the_day | partition_by: [day] | refused: a branch that lacks the column
SELECT kind, day FROM raw.orders UNION ALL BY NAME SELECT kind FROM raw.rates

-- a_branch_of_another_type | partition_by: [day] | refused: do not show one type
SELECT day, kind FROM raw.orders UNION ALL SELECT ts, kind FROM raw.orders

-- the_same_input_by_two_days | partition_by: [day] | refused: is read again with another expression
SELECT day, id FROM raw.orders UNION ALL SELECT ts::date, id FROM raw.orders

-- orders_without_rates | partition_by: [day] | right at night
SELECT day, kind FROM raw.orders EXCEPT SELECT day, kind FROM raw.rates

-- orders_without_rates_counted | partition_by: [day] | right
SELECT day, kind FROM raw.orders EXCEPT ALL SELECT day, kind FROM raw.rates

-- kinds_in_both | partition_by: [day] | right at night
SELECT day, kind FROM raw.orders INTERSECT ALL SELECT day, kind FROM raw.rates

-- one_branch_limited | partition_by: [day] | refused: LIMIT
SELECT day, kind FROM raw.orders UNION ALL (SELECT day, kind FROM raw.rates ORDER BY rate LIMIT 1)

-- ===== columns =====

-- everything_that_is_there | partition_by: [day] | right at night
SELECT * FROM silver.daily

-- everything_but | partition_by: [day] | right
SELECT * EXCLUDE (ts, tags) REPLACE (upper(shop) AS shop) FROM raw.orders

-- a_day_replaced | partition_by: [day] | right at night
SELECT * REPLACE (day + 1 AS day) FROM silver.daily

-- a_day_by_case | partition_by: [day] | right
SELECT CASE WHEN kind = 'tea' THEN day ELSE day + 7 END AS day, id FROM raw.orders

-- a_month_by_case | partition_by: [p] | right at night
SELECT CASE WHEN day < DATE '2024-05-02' THEN strftime(day, '%Y-%m') ELSE day::varchar END AS p, id FROM raw.orders

-- a_day_in_the_lakes_zone | partition_by: [day] | right
SELECT tz::date AS day, hour(tz) AS hour, id FROM raw.orders

-- days_of_a_list | partition_by: [day] | right
SELECT day, unnest(string_split(tags, '+')) AS tag, id FROM raw.orders

-- a_day_of_a_list | partition_by: [tag] | refused: "tag" cannot be told from
SELECT unnest(string_split(tags, '+')) AS tag, id FROM raw.orders

-- structs_and_lists | partition_by: [day] | right at night
SELECT day, {'id': id, 'of': [shop, kind]} AS s, map([shop], [qty]) AS m, [qty, id][1] AS first FROM raw.orders WHERE shop IS NOT NULL

-- a_day_of_a_struct | partition_by: [day] | right at night
SELECT s.day AS day, s.id AS id FROM (SELECT {'day': day, 'id': id} AS s FROM raw.orders)

-- a_pivot | partition_by: [day]; map: {silver.daily: {day: day}} | right
FROM (SELECT day, shop, qty FROM silver.daily) PIVOT (sum(qty) FOR shop IN ('A', 'B') GROUP BY day)

-- an_unpivot | partition_by: [day]; map: {silver.daily: {day: day}} | right at night
FROM (SELECT day, qty, n FROM silver.daily) UNPIVOT (value FOR name IN (qty, n))

-- counted_by_columns | partition_by: [day] | right at night
SELECT day, max(COLUMNS('qty|n')) FROM silver.daily GROUP BY day

-- values_beside | partition_by: [day] | right at night
SELECT o.day, o.id, v.weight FROM raw.orders o JOIN (VALUES ('tea', 1), ('cake', 2)) v(kind, weight) ON v.kind = o.kind

-- values_that_make_days | partition_by: [day] | refused: VALUES makes partition values
SELECT v.day, o.id FROM (VALUES (DATE '2024-05-01'), (DATE '2024-05-09')) v(day) LEFT JOIN raw.orders o ON o.day = v.day

-- counting_up | partition_by: [day] | right
WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 3) SELECT o.day, o.id, up.n FROM raw.orders o JOIN up ON up.n <= o.qty

-- recursion_over_days | partition_by: [day] | refused: is read inside a recursive CTE
WITH RECURSIVE next(day, shop) AS (SELECT day, shop FROM silver.daily UNION SELECT day + 1, shop FROM next WHERE day < DATE '2024-05-05') SELECT * FROM next

-- a_cte_used_twice | partition_by: [day] | right
WITH o AS (SELECT day, shop, qty FROM raw.orders WHERE qty > 0) SELECT a.day, a.shop, b.most FROM o a JOIN (SELECT day, max(qty) AS most FROM o GROUP BY day) b USING (day)

-- filtered_by_the_day_outside | partition_by: [day] | right
SELECT * FROM (SELECT day, shop, sum(qty) AS qty FROM raw.orders GROUP BY ALL) WHERE day >= DATE '2024-05-02' OR day IS NULL

-- filtered_by_a_rank_outside | partition_by: [day] | refused: the window of rank() does not contain "day"
SELECT day, shop FROM (SELECT day, shop, rank() OVER (ORDER BY qty DESC) AS r FROM silver.daily) WHERE r <= 3

-- ===== what a run must not depend on =====

-- the_time_of_day | partition_by: [day] | refused: function "now" depends on when it runs
SELECT day, id FROM raw.orders WHERE ts < now()

-- the_date_of_the_run | partition_by: [day] | refused: depends on when it runs
SELECT day, id, current_date - day AS age FROM raw.orders

-- an_age_until_now | partition_by: [day] | refused: function "age" depends on when it runs
SELECT day, age(ts) AS age FROM raw.orders

-- by_chance | partition_by: [day] | refused: function "random" gives something else at each run
SELECT day, id FROM raw.orders WHERE random() < 0.5

-- a_new_key | partition_by: [day] | refused: function "uuid" gives something else at each run
SELECT day, uuid() AS key FROM raw.orders

-- a_file_of_ones_own | partition_by: [day] | refused: function "read_csv" reads files or runs text
SELECT o.day, c.x FROM raw.orders o, read_csv('/tmp/x.csv') c

-- a_file_in_from | partition_by: [day] | refused: the file "x.csv" cannot be read in FROM
SELECT day FROM 'x.csv'

-- text_that_runs | partition_by: [day] | refused: function "query" reads files or runs text
SELECT * FROM query('SELECT 1 AS day')

-- a_setting | partition_by: [day] | refused: function "current_setting" depends on the session
SELECT day, current_setting('TimeZone') AS zone FROM raw.orders

-- ===== other partitionings =====

-- by_odd_texts | partition_by: [shop] | right
SELECT shop, day, id FROM raw.orders

-- by_shop_and_day | partition_by: [shop, day] | right at night
SELECT shop, day, sum(qty) AS qty, count(*) AS n FROM raw.orders GROUP BY ALL

-- by_shop_and_day_from_parts | partition_by: [day, shop] | right at night
SELECT shop, day, qty FROM silver.by_shop WHERE qty >= 0

-- by_month_from_parts | partition_by: [month, shop] | right
SELECT date_trunc('month', day)::date AS month, shop, max(qty) AS most FROM silver.by_shop GROUP BY ALL

-- a_day_from_months | partition_by: [day] | right
SELECT day, shop, qty FROM silver.monthly

-- by_shop_alone_misaligned | partition_by: [shop, day] | refused: the window of sum() does not contain "shop"
SELECT shop, day, sum(qty) OVER (PARTITION BY day) AS n FROM raw.orders

-- by_a_number | partition_by: [qty] | right at night
SELECT qty, id, shop FROM raw.orders

-- by_a_truth | partition_by: [big] | right at night
SELECT qty > 3 AS big, id FROM raw.orders

-- by_an_hour | partition_by: [hour] | right at night
SELECT date_trunc('hour', ts) AS hour, id FROM raw.orders

-- by_a_moment | partition_by: [tz] | right
SELECT tz, id FROM raw.orders

-- by_a_float | partition_by: [weight] | refused: a column of type DOUBLE cannot partition a table
SELECT weight, id FROM raw.orders
