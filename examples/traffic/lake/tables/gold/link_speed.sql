-- How fast each road link was on each day.
SELECT
    event_date,
    reader_a,
    reader_b,
    count(*) AS matches,
    min(speed_kmh) AS slowest_kmh,
    max(speed_kmh) AS fastest_kmh,
    cast(sum(travel_seconds) // count(*) AS bigint) AS mean_travel_seconds
FROM silver.matches
WHERE is_valid
GROUP BY event_date, reader_a, reader_b
