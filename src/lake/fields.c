#include "lake/fields.h"

typedef struct checker {
    unsigned files;
    problems *problems;
    bool good;
} checker;

static error *complain(checker *c, place at, const char *message) {
    c->good = false;
    return problem_add(c->problems, at, "%s", message);
}

static const char *shown_name(checker *c, const char *path, const char *name) {
    const char *printable = str_printable(c->problems->arena, name);
    return *path == '\0' ? printable : arena_printf(c->problems->arena, "%s.%s", path, printable);
}

/* Where a key that is unknown here belongs, or the nearest that is known. */
static void hint_unknown(checker *c, error *err, const key *parent, const char *name) {
    const key *elsewhere = key_find(c->files & ~(unsigned)FILE_DEFAULTS, parent, name);
    if (elsewhere == NULL)
        elsewhere = key_find(FILE_SOURCE | FILE_DERIVED, parent, name);
    if (elsewhere == NULL)
        elsewhere = key_find(FILE_LAKE, parent, name);
    if (elsewhere != NULL && !str_eq(key_name(elsewhere), "*")) {
        if ((elsewhere->files & c->files) != 0)
            error_hint(err, "It cannot have a default for the folder: write it for each table.");
        else if ((elsewhere->files & FILE_LAKE) != 0)
            error_hint(err, "It belongs in lake.yaml.");
        else if ((elsewhere->files & FILE_SOURCE) != 0)
            error_hint(err, "It belongs to a source table, which has no .sql file.");
        else
            error_hint(err, "It belongs to a derived table, which has a .sql file.");
        return;
    }
    strings names = {0};
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if ((KEYS[i].files & c->files) != 0 && key_is_below(&KEYS[i], parent))
            vec_push(c->problems->arena, &names, key_name(&KEYS[i]));
    }
    problem_hint_nearest(err, name, &names);
}

static void complain_unknown(checker *c, const node_entry *entry, const key *parent,
                             const char *path) {
    arena *a = c->problems->arena;
    const char *name = str_printable(a, entry->name);
    const char *message = *path == '\0'
                              ? arena_printf(a, "unknown key \"%s\"", name)
                              : arena_printf(a, "unknown key \"%s\" in \"%s\"", name, path);
    hint_unknown(c, complain(c, entry->at, message), parent, entry->name);
}

static void check_map(checker *c, const node *map, const key *parent, const char *path);

static void check_scalar(checker *c, const node *n, const key *row, const char *shown) {
    value ignored;
    error err = {0};
    if (n->is_open)
        return;
    if (value_read(row, shown, n, c->problems->arena, &ignored, &err) == OK)
        return;
    if (row->type == KEY_TYPE || row->type == KEY_COLUMN)
        error_prefix(&err, "\"%s\"", shown);
    c->good = false;
    problem_take(c->problems, n->at, &err);
}

/* An expression, or a window in its place: map.*.* */
static bool has_window(const key *row) {
    return row->type == KEY_EXPRESSION && key_find(row->files, row, "window") != NULL;
}

/* Read where it is judged: its bounds mean nothing without the column. */
static bool takes_list(const key *row) {
    return row->type == KEY_WINDOW || has_window(row);
}

static bool takes_map(const key *row) {
    return row->type == KEY_GROUP || row->type == KEY_NAMES || row->type == KEY_COLUMN
           || row->type == KEY_MAP || has_window(row);
}

/* Each says one thing, so that what breaks it can be told. */
static void check_rules(checker *c, const node *list, const key *row, const char *shown) {
    for (size_t i = 0; i < list->entries.count; i++) {
        const node *rule = list->entries.items[i].value;
        if (rule->kind == NODE_MAP && rule->entries.count == 1)
            check_map(c, rule, row, shown);
        else
            complain(c, rule->at,
                     arena_printf(c->problems->arena,
                                  "a rule of \"%s\" is a map with one key, as in "
                                  "{not_null: [id]}",
                                  shown));
    }
}

static void check_entry(checker *c, const node_entry *entry, const key *parent, const char *path) {
    arena *a = c->problems->arena;
    const node *n = entry->value;
    const char *shown = shown_name(c, path, entry->name);
    const key *row = key_find(c->files, parent, entry->name);
    if (row == NULL) {
        complain_unknown(c, entry, parent, path);
    } else if (row->is_later) {
        complain(c, entry->at, arena_printf(a, "\"%s\" is not supported yet", shown));
    } else if (n->kind == NODE_TEXT && n->is_empty) {
        error *err = complain(c, entry->at, arena_printf(a, "\"%s\" has no value", shown));
        error_hint(err, "Remove the key to take its default.");
    } else if (n->kind == NODE_MAP && takes_map(row)) {
        check_map(c, n, row, shown);
    } else if (n->kind == NODE_LIST && row->type == KEY_RULES) {
        check_rules(c, n, row, shown);
    } else if (row->type == KEY_LAYERS || (n->kind == NODE_LIST && takes_list(row))) {
        /* lake_file.c and maps_span.c judge these lists */
    } else {
        check_scalar(c, n, row, shown);
    }
}

static void check_map(checker *c, const node *map, const key *parent, const char *path) {
    for (size_t i = 0; i < map->entries.count; i++)
        check_entry(c, &map->entries.items[i], parent, path);
}

bool fields_check(const node *root, unsigned files, problems *p) {
    checker c = {.files = files, .problems = p, .good = true};
    check_map(&c, root, NULL, "");
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const key *row = &KEYS[i];
        if (!row->required || (row->files & files) == 0 || node_get(root, row->path) != NULL)
            continue;
        error *err =
            complain(&c, root->at, arena_printf(p->arena, "the key \"%s\" is missing", row->path));
        error_hint(err, "It is %s.", row->doc);
    }
    return c.good;
}

void fields_default(key_file file, arena *a, void *base) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const key *row = &KEYS[i];
        if ((row->files & file) == 0 || row->offset == KEY_NOT_STORED || row->otherwise == NULL)
            continue;
        value v = value_default(row, a);
        value_store(row, &v, base);
    }
}

void fields_apply_below(const node *map, key_file file, const key *parent, arena *a, void *base) {
    for (size_t i = 0; i < map->entries.count; i++) {
        const node_entry *entry = &map->entries.items[i];
        const key *row = key_find(file, parent, entry->name);
        value v;
        if (row == NULL || row->is_later || row->type == KEY_NAMES)
            continue;
        if (entry->value->kind == NODE_MAP && row->type == KEY_GROUP)
            fields_apply_below(entry->value, file, row, a, base);
        else if (row->offset != KEY_NOT_STORED
                 && value_read(row, row->path, entry->value, a, &v, NULL) == OK)
            value_store(row, &v, base);
    }
}

void fields_apply(const node *root, key_file file, arena *a, void *base) {
    fields_apply_below(root, file, NULL, a, base);
}

static void hash_field(const key *row, const char *field, hasher *h) {
    int choice;
    int64_t number;
    strings texts;
    const char *text;
    switch ((int)row->type) {
    case KEY_BOOL:
    case KEY_FLAG:
        hasher_int(h, *field);
        break;
    case KEY_INT:
    case KEY_BYTES:
    case KEY_DURATION:
        memcpy(&number, field, sizeof number);
        hasher_int(h, number);
        break;
    case KEY_CHOICE:
        memcpy(&choice, field, sizeof choice);
        hasher_int(h, choice);
        break;
    case KEY_TEXTS:
        memcpy(&texts, field, sizeof texts);
        hasher_int(h, (int64_t)texts.count);
        for (size_t i = 0; i < texts.count; i++)
            hasher_text(h, texts.items[i]);
        break;
    default:
        memcpy(&text, field, sizeof text);
        hasher_text(h, text);
    }
}

void fields_hash(key_file file, bool policy_only, const void *base, hasher *h) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const key *row = &KEYS[i];
        if ((row->files & file) == 0 || row->offset == KEY_NOT_STORED
            || (policy_only && !row->is_policy) || strchr(row->path, '*') != NULL)
            continue;
        hasher_text(h, row->path);
        hash_field(row, (const char *)base + row->offset, h);
    }
}
