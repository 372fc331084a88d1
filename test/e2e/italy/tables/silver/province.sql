SELECT
    cast(data AS date) AS event_date,
    lpad(codice_regione, 2, '0') AS region_code,
    codice_provincia AS province_code,
    denominazione_provincia AS province,
    sigla_provincia AS plate,
    totale_casi AS total_cases
FROM raw.province
