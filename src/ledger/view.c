#include "ledger/view.h"

#include "base/number.h"
#include "ledger/handle.h"

const ledger_view_about *ledger_view_at(size_t i) {
    return i < VIEW_COUNT ? &VIEWS[i].about : NULL;
}

static const view *find_view(const char *name) {
    for (size_t i = 0; i < VIEW_COUNT; i++)
        if (str_eq(VIEWS[i].about.name, name))
            return &VIEWS[i];
    return NULL;
}

static status refuse_unknown(const char *name, error *err) {
    ARENA_AUTO a = arena_new();
    strings names = {0};
    for (size_t i = 0; i < VIEW_COUNT; i++)
        vec_push(a, &names, VIEWS[i].about.name);
    error_set(err, E_NOT_FOUND, "there is no view \"weir.%s\"", name);
    error_hint(err, "Choose one of %s.", str_join(a, &names, ", "));
    return E_NOT_FOUND;
}

static json_t *columns_of(const ledger_view_about *about) {
    json_t *array = json_array();
    for (size_t i = 0; i < about->column_count; i++)
        json_array_append_new(array, json_pack("{s:s, s:s}", "name", about->columns[i].name, "type",
                                               about->columns[i].type));
    return array;
}

static json_t *text_cell(const char *text, arena *a) {
    json_t *made = json_string(text);
    return made != NULL ? made : json_string(str_printable(a, text)); /* it was no UTF-8 */
}

static json_t *cell(const db_rows *row, size_t i, const char *type, arena *a) {
    char time[TIME_TEXT_SIZE];
    if (db_is_null(row, i))
        return json_null();
    if (str_eq(type, "BOOLEAN"))
        return json_string(db_int(row, i) != 0 ? "true" : "false");
    if (!str_eq(type, "TIMESTAMP"))
        return text_cell(db_text(row, i, a), a);
    time_text(db_int(row, i), time);
    return json_string(time);
}

typedef struct reading {
    const view *view;
    json_t *rows;
    arena *scratch; /* for one row at a time */
} reading;

static void read_row(const db_rows *row, arena *a, void *into) {
    (void)a;
    reading *r = into;
    const ledger_view_about *about = &r->view->about;
    json_t *cells = json_array();
    ASSERT(db_width(row) == about->column_count);
    for (size_t i = 0; i < about->column_count; i++)
        json_array_append_new(cells, cell(row, i, about->columns[i].type, r->scratch));
    json_array_append_new(r->rows, cells);
    arena_reset(r->scratch);
}

status ledger_view(ledger *l, const char *name, json_t **ret_columns, json_t **ret_rows,
                   error *err) {
    ARENA_AUTO scratch = arena_new();
    const view *asked = find_view(name);
    if (asked == NULL)
        return refuse_unknown(name, err);
    reading r = {asked, json_array(), scratch};
    const ledger_query query = {asked->sql, NULL, 0, read_row};
    status result = ledger_select(l, &query, scratch, &r, err);
    if (result != OK) {
        json_decref(r.rows);
        return result;
    }
    *ret_columns = columns_of(&asked->about);
    *ret_rows = r.rows;
    return OK;
}
