SELECT
    cast(data AS date) AS event_date,
    lpad(codice_regione, 2, '0') AS region_code,
    denominazione_regione AS region,
    totale_positivi AS positive,
    deceduti AS deaths,
    totale_casi AS total_cases,
    tamponi AS tests,
    casi_testati AS people_tested
FROM raw.region
