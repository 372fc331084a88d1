-- Vehicles per radar site and day, with the street that the newest device list gives.
SELECT
    r.event_date,
    r.site_code,
    d.street,
    cast(sum(r.vehicles) AS bigint) AS vehicles,
    cast(sum(CASE WHEN r.vehicle_class = 'truck' THEN r.vehicles ELSE 0 END) AS bigint) AS trucks
FROM silver.radar AS r
LEFT JOIN raw.devices AS d ON d.code = r.site_code
GROUP BY r.event_date, r.site_code, d.street
