-- Do the two publications of a day agree?
WITH by_province AS (
    SELECT event_date, count(*) AS provinces, cast(sum(total_cases) AS bigint) AS cases
    FROM silver.province
    GROUP BY event_date
),
by_region AS (
    SELECT event_date, count(*) AS regions, cast(sum(total_cases) AS bigint) AS cases
    FROM silver.region
    GROUP BY event_date
)
SELECT
    p.event_date,
    p.provinces,
    r.regions,
    p.cases AS province_cases,
    r.cases AS region_cases
FROM by_province AS p
JOIN by_region AS r ON r.event_date = p.event_date
