#include "ledger/journal_tables.h"

static const journal_column TBL_COLUMNS[] = {
    {"id", JOURNAL_INT, true},           {"name", JOURNAL_TEXT, false},
    {"kind", JOURNAL_TEXT, false},       {"state", JOURNAL_TEXT, false},
    {"generation", JOURNAL_INT, false},  {"code", JOURNAL_INT, false},
    {"changed_seq", JOURNAL_INT, false}, {"projected_seq", JOURNAL_LOCAL, false},
};

static const journal_column GENERATION_COLUMNS[] = {
    {"id", JOURNAL_INT, true},
    {"tbl", JOURNAL_INT, false},
    {"columns", JOURNAL_TEXT, false},
    {"columns_hash", JOURNAL_TEXT, false},
    {"partition_by", JOURNAL_TEXT, false},
    {"created_seq", JOURNAL_INT, false},
};

static const journal_column CODE_COLUMNS[] = {
    {"id", JOURNAL_INT, true},
    {"tbl", JOURNAL_INT, false},
    {"fingerprint", JOURNAL_TEXT, false},
    {"text", JOURNAL_TEXT, false},
    {"parts", JOURNAL_TEXT, false},
    {"created_seq", JOURNAL_INT, false},
};

static const journal_column EDGE_COLUMNS[] = {
    {"tbl", JOURNAL_INT, true},
    {"input", JOURNAL_INT, true},
    {"map", JOURNAL_TEXT, false},
    {"span", JOURNAL_TEXT, false},
    {"bookmark_seq", JOURNAL_LOCAL, false},
};

static const journal_column DELIVERY_COLUMNS[] = {
    {"id", JOURNAL_INT, true},           {"tbl", JOURNAL_INT, false},
    {"identity", JOURNAL_TEXT, false},   {"file", JOURNAL_PATH, false},
    {"sha256", JOURNAL_TEXT, false},     {"bytes", JOURNAL_COUNT, false},
    {"land_time", JOURNAL_INT, false},   {"accepted_at", JOURNAL_INT, false},
    {"state", JOURNAL_TEXT, false},      {"withdrawal", JOURNAL_TEXT, false},
    {"contract", JOURNAL_TEXT, false},   {"contract_hash", JOURNAL_TEXT, false},
    {"from_path", JOURNAL_TEXT, false},  {"object", JOURNAL_PATH, false},
    {"rows", JOURNAL_COUNT, false},      {"verdict", JOURNAL_TEXT, false},
    {"reason", JOURNAL_TEXT, false},     {"claim", JOURNAL_PATH, false},
    {"run", JOURNAL_TEXT, false},        {"created_seq", JOURNAL_INT, false},
    {"changed_seq", JOURNAL_INT, false},
};

static const journal_column DELIVERY_EVENT_COLUMNS[] = {
    {"delivery", JOURNAL_INT, true},
    {"seq", JOURNAL_INT, true},
    {"state", JOURNAL_TEXT, false},
};

static const journal_column PARTITION_COLUMNS[] = {
    {"id", JOURNAL_INT, true},
    {"tbl", JOURNAL_INT, false},
    {"generation", JOURNAL_INT, false},
    {"text", JOURNAL_PATH, false},
};

static const journal_column FILE_COLUMNS[] = {
    {"id", JOURNAL_INT, true},       {"tbl", JOURNAL_INT, false},
    {"object", JOURNAL_PATH, false}, {"rows", JOURNAL_COUNT, false},
    {"bytes", JOURNAL_COUNT, false}, {"sum1", JOURNAL_TEXT, false},
    {"sum2", JOURNAL_TEXT, false},   {"delivery", JOURNAL_INT, false},
};

static const journal_column VERSION_COLUMNS[] = {
    {"id", JOURNAL_INT, true},           {"partition", JOURNAL_INT, false},
    {"content", JOURNAL_TEXT, false},    {"rows", JOURNAL_COUNT, false},
    {"bytes", JOURNAL_COUNT, false},     {"run", JOURNAL_TEXT, false},
    {"created_seq", JOURNAL_INT, false}, {"state", JOURNAL_TEXT, false},
};

static const journal_column VERSION_FILE_COLUMNS[] = {
    {"version", JOURNAL_INT, true},
    {"place", JOURNAL_INT, true},
    {"file", JOURNAL_INT, false},
};

static const journal_column DERIVATION_COLUMNS[] = {
    {"id", JOURNAL_INT, true},           {"partition", JOURNAL_INT, false},
    {"memo_key", JOURNAL_TEXT, false},   {"version", JOURNAL_INT, false},
    {"code", JOURNAL_INT, false},        {"run", JOURNAL_TEXT, false},
    {"created_seq", JOURNAL_INT, false}, {"accepted", JOURNAL_INT, false},
};

static const journal_column LINEAGE_COLUMNS[] = {
    {"derivation", JOURNAL_INT, true},
    {"input", JOURNAL_INT, true},
    {"unit", JOURNAL_INT, true},
};

static const journal_column CURRENT_COLUMNS[] = {
    {"id", JOURNAL_INT, true},          {"partition", JOURNAL_INT, false},
    {"tbl", JOURNAL_INT, false},        {"generation", JOURNAL_INT, false},
    {"derivation", JOURNAL_INT, false}, {"version", JOURNAL_INT, false},
    {"from_seq", JOURNAL_INT, false},   {"to_seq", JOURNAL_INT, false},
};

static const journal_column FEED_COLUMNS[] = {
    {"tbl", JOURNAL_INT, true},  {"input", JOURNAL_INT, true},      {"map", JOURNAL_TEXT, true},
    {"unit", JOURNAL_INT, true}, {"partition", JOURNAL_PATH, true}, {"rows", JOURNAL_COUNT, false},
};

static const journal_column FED_COLUMNS[] = {
    {"tbl", JOURNAL_INT, true},
    {"input", JOURNAL_INT, true},
    {"map", JOURNAL_TEXT, true},
    {"unit", JOURNAL_INT, true},
};

static const journal_column FAILURE_COLUMNS[] = {
    {"tbl", JOURNAL_INT, true},        {"partition", JOURNAL_PATH, true},
    {"memo_key", JOURNAL_TEXT, false}, {"error", JOURNAL_TEXT, false},
    {"run", JOURNAL_TEXT, false},      {"failed_at", JOURNAL_INT, false},
};

static const journal_column RUN_COLUMNS[] = {
    {"id", JOURNAL_TEXT, true},       {"verb", JOURNAL_TEXT, false},
    {"state", JOURNAL_TEXT, false},   {"started", JOURNAL_INT, false},
    {"finished", JOURNAL_INT, false}, {"seq", JOURNAL_INT, false},
    {"who", JOURNAL_TEXT, false},     {"code_version", JOURNAL_TEXT, false},
    {"summary", JOURNAL_TEXT, false},
};

static const journal_column STEP_COLUMNS[] = {
    {"run", JOURNAL_TEXT, true},         {"tbl", JOURNAL_INT, true},
    {"built", JOURNAL_COUNT, false},     {"reused", JOURNAL_COUNT, false},
    {"unchanged", JOURNAL_COUNT, false}, {"emptied", JOURNAL_COUNT, false},
    {"failed", JOURNAL_COUNT, false},    {"blocked", JOURNAL_COUNT, false},
    {"rows", JOURNAL_COUNT, false},      {"bytes", JOURNAL_COUNT, false},
    {"dropped", JOURNAL_COUNT, false},   {"micros", JOURNAL_COUNT, false},
};

static const journal_column EVENT_COLUMNS[] = {
    {"id", JOURNAL_INT, true},    {"seq", JOURNAL_INT, false},   {"at", JOURNAL_INT, false},
    {"who", JOURNAL_TEXT, false}, {"what", JOURNAL_TEXT, false}, {"ref", JOURNAL_TEXT, false},
    {"why", JOURNAL_TEXT, false},
};

static const journal_column RENAMED_COLUMNS[] = {
    {"old", JOURNAL_TEXT, true},
    {"tbl", JOURNAL_INT, false},
    {"seq", JOURNAL_INT, false},
};

static const journal_column CONSUMER_COLUMNS[] = {
    {"tbl", JOURNAL_INT, true},   {"name", JOURNAL_TEXT, true}, {"seq", JOURNAL_INT, false},
    {"who", JOURNAL_TEXT, false}, {"at", JOURNAL_INT, false},
};

static const journal_column HOLD_COLUMNS[] = {
    {"tbl", JOURNAL_INT, true},         {"partition", JOURNAL_PATH, true},
    {"derivation", JOURNAL_INT, false}, {"basis", JOURNAL_TEXT, false},
    {"run", JOURNAL_TEXT, false},       {"seq", JOURNAL_INT, false},
    {"who", JOURNAL_TEXT, false},       {"why", JOURNAL_TEXT, false},
    {"at", JOURNAL_INT, false},
};

static const journal_column MOMENT_COLUMNS[] = {
    {"seq", JOURNAL_INT, true},
    {"at", JOURNAL_INT, false},
    {"run", JOURNAL_TEXT, false},
};

const journal_table JOURNAL_TABLES[] = {
    {"tbl", TBL_COLUMNS, ARRAY_SIZE(TBL_COLUMNS)},
    {"generation", GENERATION_COLUMNS, ARRAY_SIZE(GENERATION_COLUMNS)},
    {"code", CODE_COLUMNS, ARRAY_SIZE(CODE_COLUMNS)},
    {"edge", EDGE_COLUMNS, ARRAY_SIZE(EDGE_COLUMNS)},
    {"delivery", DELIVERY_COLUMNS, ARRAY_SIZE(DELIVERY_COLUMNS)},
    {"delivery_event", DELIVERY_EVENT_COLUMNS, ARRAY_SIZE(DELIVERY_EVENT_COLUMNS)},
    {"partition", PARTITION_COLUMNS, ARRAY_SIZE(PARTITION_COLUMNS)},
    {"file", FILE_COLUMNS, ARRAY_SIZE(FILE_COLUMNS)},
    {"version", VERSION_COLUMNS, ARRAY_SIZE(VERSION_COLUMNS)},
    {"version_file", VERSION_FILE_COLUMNS, ARRAY_SIZE(VERSION_FILE_COLUMNS)},
    {"derivation", DERIVATION_COLUMNS, ARRAY_SIZE(DERIVATION_COLUMNS)},
    {"lineage", LINEAGE_COLUMNS, ARRAY_SIZE(LINEAGE_COLUMNS)},
    {"current", CURRENT_COLUMNS, ARRAY_SIZE(CURRENT_COLUMNS)},
    {"feed", FEED_COLUMNS, ARRAY_SIZE(FEED_COLUMNS)},
    {"fed", FED_COLUMNS, ARRAY_SIZE(FED_COLUMNS)},
    {"failure", FAILURE_COLUMNS, ARRAY_SIZE(FAILURE_COLUMNS)},
    {"run", RUN_COLUMNS, ARRAY_SIZE(RUN_COLUMNS)},
    {"step", STEP_COLUMNS, ARRAY_SIZE(STEP_COLUMNS)},
    {"event", EVENT_COLUMNS, ARRAY_SIZE(EVENT_COLUMNS)},
    {"renamed", RENAMED_COLUMNS, ARRAY_SIZE(RENAMED_COLUMNS)},
    {"consumer", CONSUMER_COLUMNS, ARRAY_SIZE(CONSUMER_COLUMNS)},
    {"hold", HOLD_COLUMNS, ARRAY_SIZE(HOLD_COLUMNS)},
    {"moment", MOMENT_COLUMNS, ARRAY_SIZE(MOMENT_COLUMNS)},
};
const size_t JOURNAL_TABLE_COUNT = ARRAY_SIZE(JOURNAL_TABLES);

const journal_table *journal_table_find(const char *name) {
    for (size_t i = 0; i < JOURNAL_TABLE_COUNT; i++)
        if (str_eq(JOURNAL_TABLES[i].name, name))
            return &JOURNAL_TABLES[i];
    return NULL;
}

const journal_column *journal_column_find(const journal_table *t, const char *name) {
    for (size_t i = 0; i < t->count; i++)
        if (t->columns[i].type != JOURNAL_LOCAL && str_eq(t->columns[i].name, name))
            return &t->columns[i];
    return NULL;
}

static bool is_number(const journal_column *c) {
    return c->type == JOURNAL_INT || c->type == JOURNAL_COUNT;
}

const char *journal_slot(const journal_table *t, const journal_column *key) {
    static const char *const NUMBERS[] = {"i1", "i2", "i3"}, *const TEXTS[] = {"t1", "t2"};
    size_t numbers = 0, texts = 0;
    for (const journal_column *c = t->columns; c < key; c++) {
        numbers += c->key && is_number(c);
        texts += c->key && !is_number(c);
    }
    ASSERT(is_number(key) ? numbers < ARRAY_SIZE(NUMBERS) : texts < ARRAY_SIZE(TEXTS));
    return is_number(key) ? NUMBERS[numbers] : TEXTS[texts];
}

/* row: NEW or OLD. */
static char *note_statement(const journal_table *t, const char *row, arena *a) {
    buf slots = buf_new(a), values = buf_new(a);
    for (size_t i = 0; i < t->count; i++) {
        if (!t->columns[i].key)
            continue;
        buf_printf(&slots, ", %s", journal_slot(t, &t->columns[i]));
        buf_printf(&values, ", %s.%s", row, t->columns[i].name);
    }
    return arena_printf(a, "INSERT INTO unjournaled (tbl%s) VALUES ('%s'%s)", slots.text, t->name,
                        values.text);
}

static char *carried_columns(const journal_table *t, arena *a) {
    strings names = {0};
    for (size_t i = 0; i < t->count; i++)
        if (t->columns[i].type != JOURNAL_LOCAL)
            vec_push(a, &names, t->columns[i].name);
    return str_join(a, &names, ", ");
}

static status watch_table(db *d, const journal_table *t, error *err) {
    ARENA_AUTO a = arena_new();
    const struct {
        const char *name, *event, *row;
    } events[] = {
        {"added", "INSERT", "NEW"},
        {"changed", arena_printf(a, "UPDATE OF %s", carried_columns(t, a)), "NEW"},
        {"removed", "DELETE", "OLD"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
        const db_trigger made = {.name = arena_printf(a, "%s_%s", t->name, events[i].name),
                                 .table = t->name,
                                 .event = events[i].event,
                                 .statement = note_statement(t, events[i].row, a)};
        TRY(db_trigger_set(d, &made, err));
    }
    return OK;
}

status journal_watch(db *d, error *err) {
    for (size_t i = 0; i < JOURNAL_TABLE_COUNT; i++)
        TRY(watch_table(d, &JOURNAL_TABLES[i], err));
    return OK;
}
