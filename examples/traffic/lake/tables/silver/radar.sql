-- Counts by the day of the interval; each day comes from two files.
SELECT
    cast(interval_start AS date) AS event_date,
    interval_start,
    site_code,
    vehicle_class,
    vehicles
FROM raw.radar
