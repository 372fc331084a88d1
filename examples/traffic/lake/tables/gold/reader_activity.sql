-- What each Bluetooth reader of the newest list has seen so far; one small unpartitioned table.
SELECT
    d.code,
    d.street,
    d.installed,
    count(m.match_id) AS matches,
    min(m.event_date) AS first_day,
    max(m.event_date) AS last_day
FROM raw.devices AS d
LEFT JOIN silver.matches AS m ON m.reader_a = d.code
WHERE d.kind = 'bluetooth'
GROUP BY d.code, d.street, d.installed
