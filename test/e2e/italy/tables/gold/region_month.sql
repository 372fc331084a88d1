-- What each region had per month; the last day's figure is the month's greatest, as cases add up.
SELECT
    cast(date_trunc('month', event_date) AS date) AS month,
    region_code,
    count(DISTINCT event_date) AS days,
    min(total_cases) AS first_cases,
    max(total_cases) AS last_cases,
    cast(sum(total_cases) AS bigint) AS sum_cases,
    cast(sum(deaths) AS bigint) AS sum_deaths,
    max(tests) AS tests
FROM silver.region
GROUP BY cast(date_trunc('month', event_date) AS date), region_code
