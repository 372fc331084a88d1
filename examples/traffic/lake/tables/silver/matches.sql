-- Travel times by the day on which the journey started.
SELECT
    cast(start_time AS date) AS event_date,
    id AS match_id,
    start_time,
    end_time,
    date_diff('second', start_time, end_time) AS travel_seconds,
    reader_a,
    reader_b,
    speed_kmh,
    valid AS is_valid,
    device_address
FROM raw.matches
