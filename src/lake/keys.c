#include "lake/keys.h"

#define IN_LAKE(field)   (int)offsetof(lake, field)
#define IN_SOURCE(field) (int)offsetof(lake_source, field)
#define IN_TABLE(field)  (int)offsetof(lake_table, field)

/* Rows of later keys have no field and no type: they are refused before their value is read. */
#define LATER(files_, path_, doc_)                                                      \
    {                                                                                   \
        .files = (files_), .path = (path_), .offset = KEY_NOT_STORED, .is_later = true, \
        .doc = (doc_)                                                                   \
    }

enum {
    SOURCE_DEFAULTS = FILE_SOURCE | FILE_DEFAULTS,
    DERIVED_DEFAULTS = FILE_DERIVED | FILE_DEFAULTS,
    BOTH_DEFAULTS = FILE_SOURCE | FILE_DERIVED | FILE_DEFAULTS,
};

const key KEYS[] = {
    /* lake.yaml */
    {FILE_LAKE, "lake", KEY_LABEL, NULL, IN_LAKE(name), .required = true, .doc = "the lake's name"},
    {FILE_LAKE, "layers", KEY_LAYERS, NULL, KEY_NOT_STORED, .required = true,
     .doc = "the levels in order, as [raw, silver, gold]; a table reads its own or earlier ones; "
            "{gold: {store: s3://bucket/prefix}} for one with a place of its own"},
    {FILE_LAKE, "land", KEY_LOCATION, "land", IN_LAKE(land),
     .doc = "where deliverers write to, a folder or s3://bucket/prefix; below it one folder per "
            "source table"},
    {FILE_LAKE, "store", KEY_LOCATION, "data", IN_LAKE(store),
     .doc = "the data, in a folder or s3://bucket/prefix; a layer's tables are at "
            "<store>/<layer>/<table>/"},
    {FILE_LAKE, "ledger", KEY_LOCATION, ".weir/ledger.db", IN_LAKE(ledger),
     .doc =
         "the truth about the lake: a SQLite file, or postgresql://user@host/database?schema=NAME "
         "for several hosts"},
    {FILE_LAKE, "timezone", KEY_ZONE, "UTC", IN_LAKE(timezone),
     .doc = "the time zone of the SQL; the machine's own never matters"},
    {FILE_LAKE, "engine", KEY_WORD, "duckdb", KEY_NOT_STORED, .values = {"duckdb"},
     .later = {"spark"}, .doc = "what runs the SQL"},
    {FILE_LAKE, "code_version", KEY_TEXT, NULL, IN_LAKE(code_version),
     .doc = "the version of the definition that runs record; by default the environment variable "
            "WEIR_CODE_VERSION, else what git describes"},
    {FILE_LAKE, "commit", KEY_FLAG, "run", IN_LAKE(commit_per_table), .values = {"run", "table"},
     .doc = "what becomes current together: all tables of a run that depend on each other, or "
            "each table by itself"},
    {FILE_LAKE, "workers", KEY_GROUP, NULL, KEY_NOT_STORED,
     .doc = "the processes that do the work"},
    {FILE_LAKE, "workers.count", KEY_INT, "1", IN_LAKE(worker_count), 1, .doc = "how many at once"},
    {FILE_LAKE, "workers.threads", KEY_INT, "2", IN_LAKE(worker_threads), 1,
     .doc = "threads of each"},
    {FILE_LAKE, "workers.memory", KEY_BYTES, "4GB", IN_LAKE(worker_memory_bytes), 1,
     .doc = "memory of each; what does not fit goes to disk"},
    {FILE_LAKE, "retention", KEY_GROUP, NULL, KEY_NOT_STORED,
     .doc = "how long replaced versions are kept, for undo, diff and query --as-of"},
    {FILE_LAKE, "retention.for", KEY_DURATION, "30d", IN_LAKE(retention_us),
     .doc = "at least this long"},
    {FILE_LAKE, "retention.keep", KEY_INT, "2", IN_LAKE(retention_keep),
     .doc = "and at least so many of each partition"},
    {FILE_LAKE, "confirm_over", KEY_GROUP, NULL, KEY_NOT_STORED,
     .doc = "work that follows from a change of code alone waits for `weir run --yes` above this"},
    {FILE_LAKE, "confirm_over.partitions", KEY_INT, "1000", IN_LAKE(confirm_partitions),
     .doc = "so many partitions; 0 for any"},
    {FILE_LAKE, "confirm_over.bytes", KEY_BYTES, "100GB", IN_LAKE(confirm_bytes),
     .doc = "or so much, by the size of what is there now"},
    {FILE_LAKE, "unknown_files", KEY_CHOICE, "report", IN_LAKE(unknown_files),
     .values = {"report", "fail", "ignore"},
     .doc = "what to do about files below land that belong to no table"},
    {FILE_LAKE, "environments", KEY_NAMES, NULL, KEY_NOT_STORED,
     .doc = "other places of the same lake, chosen by --env or WEIR_ENV"},
    {FILE_LAKE, "environments.*", KEY_GROUP, NULL, KEY_NOT_STORED,
     .doc = "what differs there; one that changes store must name its ledger"},
    {FILE_LAKE, "environments.*.land", KEY_LOCATION, NULL, IN_LAKE(land), .doc = "as above"},
    {FILE_LAKE, "environments.*.store", KEY_LOCATION, NULL, IN_LAKE(store), .doc = "as above"},
    {FILE_LAKE, "environments.*.ledger", KEY_LOCATION, NULL, IN_LAKE(ledger), .doc = "as above"},
    {FILE_LAKE, "environments.*.timezone", KEY_ZONE, NULL, IN_LAKE(timezone), .doc = "as above"},
    {FILE_LAKE, "environments.*.engine", KEY_WORD, NULL, KEY_NOT_STORED, .values = {"duckdb"},
     .later = {"spark"}, .doc = "as above"},
    {FILE_LAKE, "environments.*.code_version", KEY_TEXT, NULL, IN_LAKE(code_version),
     .doc = "as above"},
    {FILE_LAKE, "environments.*.workers", KEY_GROUP, NULL, KEY_NOT_STORED, .doc = "as above"},
    {FILE_LAKE, "environments.*.workers.count", KEY_INT, NULL, IN_LAKE(worker_count), 1,
     .doc = "as above"},
    {FILE_LAKE, "environments.*.workers.threads", KEY_INT, NULL, IN_LAKE(worker_threads), 1,
     .doc = "as above"},
    {FILE_LAKE, "environments.*.workers.memory", KEY_BYTES, NULL, IN_LAKE(worker_memory_bytes), 1,
     .doc = "as above"},
    {FILE_LAKE, "environments.*.confirm_over", KEY_GROUP, NULL, KEY_NOT_STORED, .doc = "as above"},
    {FILE_LAKE, "environments.*.confirm_over.partitions", KEY_INT, NULL,
     IN_LAKE(confirm_partitions), .doc = "as above"},
    {FILE_LAKE, "environments.*.confirm_over.bytes", KEY_BYTES, NULL, IN_LAKE(confirm_bytes),
     .doc = "as above"},
    LATER(FILE_LAKE, "environments.*.protected", "changes need a second confirmation there"),

    /* A source table. */
    {SOURCE_DEFAULTS, "format", KEY_CHOICE, "by_extension", IN_SOURCE(format),
     .values = {"by_extension", "csv", "json", "parquet", "opaque"}, .later = {"avro"},
     .is_policy = true, .doc = "what the files are; .gz and .zst are understood"},
    {FILE_SOURCE, "land", KEY_PATH, NULL, IN_SOURCE(land),
     .doc = "the folder below the lake's land folder; by default the table's name"},
    {FILE_SOURCE, "was", KEY_TEXT, NULL, IN_SOURCE(was),
     .doc = "the table's old name, as raw.x: its deliveries are those of this table now; its land "
            "folder is not, unless \"land\" says so"},
    {SOURCE_DEFAULTS, "csv", KEY_GROUP, NULL, KEY_NOT_STORED, .doc = "how CSV files are written"},
    {SOURCE_DEFAULTS, "csv.delimiter", KEY_CHARACTER, ",", IN_SOURCE(csv.delimiter),
     .is_policy = true, .doc = "the character between values"},
    {SOURCE_DEFAULTS, "csv.quote", KEY_QUOTE, "\"", IN_SOURCE(csv.quote), .is_policy = true,
     .doc = "the character around values; \"\" for none"},
    {SOURCE_DEFAULTS, "csv.header", KEY_BOOL, "true", IN_SOURCE(csv.header), .is_policy = true,
     .doc = "the first line names the columns"},
    {SOURCE_DEFAULTS, "csv.header_case", KEY_FLAG, "exact", IN_SOURCE(csv.header_exact),
     .values = {"ignore", "exact"}, .is_policy = true,
     .doc = "whether names in the header must match in upper and lower case"},
    {SOURCE_DEFAULTS, "csv.encoding", KEY_WORD, "utf-8", IN_SOURCE(csv.encoding),
     .values = {"utf-8", "latin-1", "utf-16"}, .later = {"windows-1252", "iso-8859-15"},
     .is_policy = true, .doc = "the encoding of the bytes"},
    {SOURCE_DEFAULTS, "csv.null_values", KEY_TEXTS, "", IN_SOURCE(csv.null_values),
     .is_policy = true, .doc = "texts that mean NULL"},
    {FILE_SOURCE, "columns", KEY_NAMES, NULL, KEY_NOT_STORED,
     .doc = "the columns of the files, in the order readers see them"},
    {FILE_SOURCE, "columns.*", KEY_COLUMN, NULL, KEY_NOT_STORED,
     .doc = "the column's type, or a map with more about it"},
    {FILE_SOURCE, "columns.*.type", KEY_TYPE, "string", KEY_NOT_STORED,
     .doc = "string, int64, float64, boolean, date, timestamp, decimal(18,2), …"},
    {FILE_SOURCE, "columns.*.nullable", KEY_BOOL, "true", KEY_NOT_STORED,
     .doc = "whether values may be missing"},
    {FILE_SOURCE, "columns.*.aliases", KEY_TEXTS, NULL, KEY_NOT_STORED,
     .doc = "other header names that mean this column"},
    {FILE_SOURCE, "columns.*.minimum", KEY_LITERAL, NULL, KEY_NOT_STORED,
     .doc = "the smallest value allowed"},
    {FILE_SOURCE, "columns.*.maximum", KEY_LITERAL, NULL, KEY_NOT_STORED,
     .doc = "the largest value allowed"},
    {SOURCE_DEFAULTS, "missing_columns", KEY_CHOICE, "fail", IN_SOURCE(missing_columns),
     .values = {"fail", "null"}, .is_policy = true,
     .doc = "a file without a declared column is refused, or its values are NULL"},
    {SOURCE_DEFAULTS, "extra_columns", KEY_CHOICE, "fail", IN_SOURCE(extra_columns),
     .values = {"fail", "keep", "drop"}, .is_policy = true,
     .doc = "a file with a column not declared is refused, the column kept as text, or left out"},
    {SOURCE_DEFAULTS, "from_path", KEY_PATTERN, NULL, IN_SOURCE(from_path), .is_policy = true,
     .doc = "a regular expression over the path below the land folder; its named groups become "
            "text columns"},
    {SOURCE_DEFAULTS, "identity", KEY_PATTERN, "path", IN_SOURCE(identity), .is_policy = true,
     .doc = "what makes two deliveries the same thing sent again: path, or a regular expression "
            "over the path whose groups are the identity"},
    {SOURCE_DEFAULTS, "contents", KEY_FLAG, "delta", IN_SOURCE(contents_full),
     .values = {"delta", "full"}, .is_policy = true,
     .doc = "deliveries add up, or each is the whole table and the newest counts"},
    {SOURCE_DEFAULTS, "delivery", KEY_WORD, "file", KEY_NOT_STORED, .values = {"file"},
     .later = {"folder"}, .doc = "what arrives and is taken as one"},
    {SOURCE_DEFAULTS, "on_redelivery", KEY_CHOICE, "supersede", IN_SOURCE(on_redelivery),
     .values = {"supersede", "keep_both", "reject"}, .is_policy = true,
     .doc = "what a second delivery of one identity does"},
    {SOURCE_DEFAULTS, "land_time", KEY_CHOICE, "uploaded", IN_SOURCE(land_time),
     .values = {"uploaded", "accepted"},
     .doc = "when a file counts as delivered: when it was written, or when it was taken in"},
    {SOURCE_DEFAULTS, "settle", KEY_DURATION, "0s", IN_SOURCE(settle_us),
     .doc = "how long size and time of a file must be unchanged before it is taken"},
    {SOURCE_DEFAULTS, "rows", KEY_GROUP, NULL, KEY_NOT_STORED,
     .doc = "bounds of the number of rows of a delivery"},
    {SOURCE_DEFAULTS, "rows.min", KEY_INT, "1", IN_SOURCE(rows_min), .is_policy = true,
     .doc = "fewer are refused"},
    {SOURCE_DEFAULTS, "rows.max", KEY_INT, NULL, IN_SOURCE(rows_max), .is_policy = true,
     .doc = "more are refused; by default there is no limit"},
    {SOURCE_DEFAULTS, "max_partitions_per_delivery", KEY_INT, "400",
     IN_SOURCE(max_partitions_per_delivery), 1, .is_policy = true,
     .doc = "a delivery that feeds more partitions of one table is refused"},
    LATER(SOURCE_DEFAULTS, "checks", "rules that rows must keep, beyond those of columns"),
    LATER(BOTH_DEFAULTS, "timezone", "the time zone of this table"),
    LATER(SOURCE_DEFAULTS, "required", "a refused delivery fails the run"),

    /* A derived table. */
    {DERIVED_DEFAULTS, "partition_by", KEY_TEXTS, NULL, IN_TABLE(partition_by),
     .doc = "the result's columns whose values make the partitions"},
    {FILE_DERIVED, "map", KEY_NAMES, NULL, KEY_NOT_STORED,
     .doc = "how rows of an input find their partition, where Weir cannot derive it"},
    {FILE_DERIVED, "map.*", KEY_MAP, NULL, KEY_NOT_STORED,
     .doc = "all: a partition reads the whole input; else an expression or a window per partition "
            "column, or as_of"},
    {FILE_DERIVED, "map.*.as_of", KEY_TEXT, NULL, KEY_NOT_STORED,
     .doc = "a partition column: a partition reads the newest delivery or version at or before its "
            "value. Of a source with `contents: full` every accepted delivery counts for its time"},
    {FILE_DERIVED, "map.*.by", KEY_EXPRESSION, NULL, KEY_NOT_STORED,
     .doc = "with as_of, when a row is; by default the input's column of that name, of a source "
            "table what `from_path` takes under that name, else the day it landed"},
    {FILE_DERIVED, "map.*.*", KEY_EXPRESSION, NULL, KEY_NOT_STORED,
     .doc = "SQL over one row of the input; [-6, 0]: a partition reads the input from 6 before to "
            "itself, in days of dates, units of whole numbers, or as in [-1 month, 0]"},
    {FILE_DERIVED, "map.*.*.window", KEY_WINDOW, NULL, KEY_NOT_STORED,
     .doc = "the window, when `by` is needed too"},
    {FILE_DERIVED, "map.*.*.by", KEY_EXPRESSION, NULL, KEY_NOT_STORED,
     .doc = "where a row stands; by default the input's partition column of that name, or what the "
            "SQL says"},
    {FILE_DERIVED, "was", KEY_TEXT, NULL, IN_TABLE(was),
     .doc = "the table's old name, as silver.x: what it holds is this table's now"},
    {DERIVED_DEFAULTS, "mode", KEY_WORD, "rebuild", KEY_NOT_STORED, .values = {"rebuild"},
     .later = {"merge", "point_in_time"}, .doc = "how a partition is made"},
    {FILE_DERIVED, "checks", KEY_RULES, NULL, KEY_NOT_STORED,
     .doc = "rules that each partition must keep, as [{not_null: [id]}, {unique: [day, id]}]; one "
            "that does not is not built, and what was there before stays current"},
    {FILE_DERIVED, "checks.not_null", KEY_TEXTS, NULL, KEY_NOT_STORED,
     .doc = "columns that have a value in every row"},
    {FILE_DERIVED, "checks.unique", KEY_TEXTS, NULL, KEY_NOT_STORED,
     .doc = "columns whose values together are in one row only; partition columns must be among "
            "them. Rows with a NULL there are not compared"},
    {FILE_DERIVED, "columns", KEY_NAMES, NULL, KEY_NOT_STORED,
     .doc = "a contract: the result must have exactly these columns"},
    {FILE_DERIVED, "columns.*", KEY_TYPE, NULL, KEY_NOT_STORED, .doc = "the column's type"},
    {DERIVED_DEFAULTS, "format", KEY_WORD, "parquet", KEY_NOT_STORED, .values = {"parquet"},
     .later = {"csv", "json", "avro"}, .doc = "what the files are"},
    {DERIVED_DEFAULTS, "files", KEY_GROUP, NULL, KEY_NOT_STORED,
     .doc = "how a partition is cut into files"},
    {DERIVED_DEFAULTS, "files.target_size", KEY_BYTES, "256MB", IN_TABLE(file_target_bytes), 1,
     .doc = "the size to aim at"},
    {DERIVED_DEFAULTS, "files.count", KEY_INT, NULL, KEY_NOT_STORED, 1,
     .doc = "1: each partition is one file"},
    {DERIVED_DEFAULTS, "files.name", KEY_FILE_NAME, NULL, IN_TABLE(file_name),
     .doc = "with count: 1, the fixed name of the file"},
    {DERIVED_DEFAULTS, "projection", KEY_CHOICE, "auto", IN_TABLE(projection),
     .values = {"auto", "none", "hive", "manifest"},
     .doc = "what other programs read: the directory tree, or lists of the files in the form of "
            "symlink manifests; by default the tree in a folder, the lists in a bucket"},
    LATER(FILE_DERIVED, "audit", "columns that differ by run"),
    LATER(FILE_DERIVED, "inputs", "the inputs of SQL whose syntax tree cannot be read"),
    LATER(FILE_DERIVED, "key", "the columns that identify a row, for mode: merge"),
    LATER(FILE_DERIVED, "sequence", "what orders the changes of a row, for mode: merge"),
    LATER(FILE_DERIVED, "deleted", "the condition of a deletion, for mode: merge"),
};

const size_t KEY_COUNT = ARRAY_SIZE(KEYS);

bool key_is_below(const key *row, const key *parent) {
    const char *rest = row->path;
    if (parent != NULL) {
        size_t size = strlen(parent->path);
        if (strncmp(rest, parent->path, size) != 0 || rest[size] != '.')
            return false;
        rest += size + 1;
    }
    return strchr(rest, '.') == NULL;
}

const char *key_name(const key *row) {
    const char *dot = strrchr(row->path, '.');
    return dot == NULL ? row->path : dot + 1;
}

const key *key_find(unsigned files, const key *parent, const char *name) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const key *row = &KEYS[i];
        if ((row->files & files & ~(unsigned)FILE_DEFAULTS) == 0 || !key_is_below(row, parent))
            continue;
        if ((files & FILE_DEFAULTS) != 0 && (row->files & FILE_DEFAULTS) == 0)
            continue;
        if (str_eq(key_name(row), "*") || str_eq(key_name(row), name))
            return row;
    }
    return NULL;
}
