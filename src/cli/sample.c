#include "cli/sample.h"

const char SAMPLE_LAKE_HEAD[] = "# What this lake is; `weir schema lake` describes every key.\n";
const char SAMPLE_LAKE_LAYERS[] = "layers: [raw, silver, gold]\n"
                                  "land: land      # deliverers write below land/<table>/\n";
const char SAMPLE_LAKE_TAIL[] = "timezone: UTC\n";

const char SAMPLE_GITIGNORE[] = "/.weir/\n/data/\n/land/\n";

const sample_file SAMPLE_FILES[] = {
    {"tables/raw/weather.yaml",
     "# A source table: files that land in land/weather/ are checked against this.\n"
     "format: csv\n"
     "columns:\n"
     "  measured_at: {type: timestamp, nullable: false}\n"
     "  station: {type: string, nullable: false}     # codes keep their zeros: 0042\n"
     "  celsius: {type: \"decimal(4,1)\", minimum: -60, maximum: 60}\n"},
    {"tables/silver/weather_day.yaml",
     "# Built one day at a time: a corrected file rebuilds only the days that it holds.\n"
     "partition_by: [day]\n"},
    {"tables/silver/weather_day.sql",
     "-- A derived table is one SELECT; its inputs are named layer.table.\n"
     "SELECT\n"
     "    cast(measured_at AS date) AS day,\n"
     "    station,\n"
     "    count(*) AS measurements,\n"
     "    min(celsius) AS coldest,\n"
     "    max(celsius) AS warmest\n"
     "FROM raw.weather\n"
     "GROUP BY cast(measured_at AS date), station\n"},
    {"land/weather/weather_2024-05-01.csv", "measured_at,station,celsius\n"
                                            "2024-05-01 06:00:00,0042,8.5\n"
                                            "2024-05-01 14:00:00,0042,19.0\n"
                                            "2024-05-01 06:00:00,0107,6.9\n"
                                            "2024-05-01 14:00:00,0107,17.2\n"
                                            "2024-05-02 06:00:00,0042,9.1\n"
                                            "2024-05-02 14:00:00,0042,21.4\n"},
};

const size_t SAMPLE_FILE_COUNT = ARRAY_SIZE(SAMPLE_FILES);
