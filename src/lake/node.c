#include "lake/node.h"

#include "base/strmap.h"

#include <yaml.h>

/* A reader of one file: libyaml's parser and where its tree goes. */
typedef struct reader {
    yaml_parser_t parser;
    const char *file;
    problems *problems;
    arena *arena;
} reader;

static place place_of(const reader *r, yaml_mark_t mark) {
    return (place){.file = r->file, .line = (int)mark.line + 1, .column = (int)mark.column + 1};
}

static void report_syntax(reader *r) {
    const yaml_parser_t *parser = &r->parser;
    const char *what = parser->problem != NULL ? parser->problem : "not YAML";
    place at = place_of(r, parser->problem_mark);
    if (strstr(what, "cannot start any token") != NULL) {
        error *err = problem_add(r->problems, at, "a value cannot start with this character");
        error_hint(err, "Indent with spaces, not tabs, and put quotes around texts that begin "
                        "with a special character.");
        return;
    }
    const char *context = parser->context != NULL ? parser->context : "";
    problem_add(r->problems, at, "not valid YAML: %s%s%s", context, *context == '\0' ? "" : ": ",
                what);
}

static bool next_event(reader *r, yaml_event_t *event) {
    if (yaml_parser_parse(&r->parser, event))
        return true;
    report_syntax(r);
    return false;
}

/* The features of YAML that a definition does without. */
static bool is_plain(reader *r, const yaml_event_t *event) {
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_ALIAS_EVENT)
        anchor = event->data.alias.anchor;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor == NULL && tag == NULL)
        return true;
    error *err = problem_add(r->problems, place_of(r, event->start_mark), "%s are not supported",
                             anchor != NULL ? "anchors and aliases" : "tags");
    error_hint(err, anchor != NULL ? "Write the value out." : "Write the value without the tag.");
    return false;
}

static node *new_node(reader *r, node_kind kind, const yaml_event_t *event) {
    node *n = ARENA_NEW(r->arena, node);
    n->kind = kind;
    n->at = place_of(r, event->start_mark);
    return n;
}

static node *read_text(reader *r, const yaml_event_t *event) {
    node *n = new_node(r, NODE_TEXT, event);
    size_t size = event->data.scalar.length;
    const char *text = (const char *)event->data.scalar.value;
    if (!str_is_utf8(text, size)) {
        problem_add(r->problems, n->at, "a text holds the character NUL");
        return NULL;
    }
    n->text = arena_strndup(r->arena, text, size);
    n->is_empty = size == 0 && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->is_open = strstr(n->text, "${") != NULL;
    return n;
}

static node *read_value(reader *r, const yaml_event_t *first, int depth);

/* Read the event that begins a value, and the value. *ret_ended is set instead at the end of the
 * list or map. NULL otherwise means a problem was added. */
static node *read_next(reader *r, int depth, bool *ret_ended) {
    yaml_event_t event;
    if (!next_event(r, &event))
        return NULL;
    *ret_ended = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
    node *n = *ret_ended ? NULL : read_value(r, &event, depth);
    yaml_event_delete(&event);
    return n;
}

static bool read_items(reader *r, node *list, int depth) {
    for (;;) {
        bool ended = false;
        node *item = read_next(r, depth, &ended);
        if (item == NULL)
            return ended;
        vec_push(r->arena, &list->entries, ((node_entry){.at = item->at, .value = item}));
    }
}

static bool check_name(reader *r, strmap *seen, const node *name) {
    if (name->kind != NODE_TEXT) {
        problem_add(r->problems, name->at, "a key must be text");
        return false;
    }
    const node *first = strmap_get(seen, name->text);
    if (first == NULL) {
        strmap_set(seen, name->text, (void *)(uintptr_t)name);
        return true;
    }
    problem_add(r->problems, name->at, "duplicate key \"%s\", first given at line %d",
                str_printable(r->arena, name->text), first->at.line);
    return false;
}

/* A duplicate is told, and reading goes on. */
static bool read_entries(reader *r, node *map, int depth) {
    strmap *seen = strmap_new(r->arena);
    for (;;) {
        bool ended = false;
        node *name = read_next(r, depth, &ended);
        if (name == NULL)
            return ended;
        bool good = check_name(r, seen, name);
        node *value = read_next(r, depth, &ended);
        if (value == NULL)
            return false;
        if (good)
            vec_push(r->arena, &map->entries,
                     ((node_entry){.name = name->text, .at = name->at, .value = value}));
    }
}

static node *read_value(reader *r, const yaml_event_t *first, int depth) {
    if (!is_plain(r, first))
        return NULL;
    if (first->type == YAML_SCALAR_EVENT)
        return read_text(r, first);
    if (depth >= NODE_DEPTH_MAX) {
        problem_add(r->problems, place_of(r, first->start_mark), "nested more than %d levels deep",
                    NODE_DEPTH_MAX);
        return NULL;
    }
    if (first->type == YAML_SEQUENCE_START_EVENT) {
        node *list = new_node(r, NODE_LIST, first);
        return read_items(r, list, depth + 1) ? list : NULL;
    }
    node *map = new_node(r, NODE_MAP, first);
    return read_entries(r, map, depth + 1) ? map : NULL;
}

static node *empty_map(reader *r) {
    node *n = ARENA_NEW(r->arena, node);
    n->kind = NODE_MAP;
    n->at = (place){.file = r->file, .line = 1, .column = 1};
    return n;
}

/* The document that begins with the event, then the end of the stream. */
static node *read_document(reader *r, const yaml_event_t *start) {
    if (start->type == YAML_STREAM_END_EVENT)
        return empty_map(r);
    bool ended = false;
    node *root = read_next(r, 0, &ended);
    if (root == NULL)
        return NULL;
    yaml_event_t event;
    if (!next_event(r, &event)) /* the document's end */
        return NULL;
    yaml_event_delete(&event);
    if (!next_event(r, &event))
        return NULL;
    bool alone = event.type == YAML_STREAM_END_EVENT;
    if (!alone)
        problem_add(r->problems, place_of(r, event.start_mark), "a second document in one file");
    yaml_event_delete(&event);
    return alone ? root : NULL;
}

static node *read_stream(reader *r) {
    yaml_event_t event;
    if (!next_event(r, &event)) /* the stream's start */
        return NULL;
    yaml_event_delete(&event);
    if (!next_event(r, &event))
        return NULL;
    node *root = read_document(r, &event);
    yaml_event_delete(&event);
    if (root != NULL && root->kind == NODE_TEXT && root->is_empty)
        return empty_map(r);
    if (root != NULL && root->kind != NODE_MAP) {
        problem_add(r->problems, root->at, "the file must hold keys and values");
        return NULL;
    }
    return root;
}

/* The first byte that no UTF-8 text holds there. */
static place bad_byte(const char *file, const char *text, size_t size) {
    size_t good = 0, step = size;
    while (step > 0) {
        if (good + step <= size && str_is_utf8(text, good + step))
            good += step;
        else
            step /= 2;
    }
    int line = 1;
    for (size_t i = 0; i < good; i++)
        line += text[i] == '\n';
    return (place){.file = file, .line = line};
}

node *node_parse(const char *file, const char *text, size_t size, problems *p) {
    if (!str_is_utf8(text, size)) {
        error *err = problem_add(p, bad_byte(file, text, size), "the file is not UTF-8 text");
        error_hint(err, "Save it in the encoding UTF-8.");
        return NULL;
    }
    reader r = {.file = file, .problems = p, .arena = p->arena};
    if (!yaml_parser_initialize(&r.parser)) {
        problem_add(p, (place){.file = file}, "cannot start the YAML parser");
        return NULL;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, size);
    node *root = read_stream(&r);
    yaml_parser_delete(&r.parser);
    return root;
}

const node *node_get(const node *map, const char *name) {
    if (map == NULL || map->kind != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->entries.count; i++) {
        if (str_eq(map->entries.items[i].name, name))
            return map->entries.items[i].value;
    }
    return NULL;
}

/* Add the value of the variable that begins at `start` (behind "${"). Returns what follows its
 * "}", or NULL with a problem added. */
static const char *add_variable(buf *text, const char *start, place at, problems *p,
                                strings *names) {
    size_t size = strcspn(start, "}");
    if (start[size] == '\0' || size == 0) {
        error *err = problem_add(p, at, "\"${\" without a name and \"}\"");
        error_hint(err, "Write ${NAME} for a variable, or $${ for the characters ${.");
        return NULL;
    }
    const char *name = arena_strndup(p->arena, start, size);
    const char *value = getenv(name);
    if (value == NULL || !str_is_utf8(value, strlen(value))) {
        error *err = problem_add(p, at, "environment variable \"%s\" is not %s",
                                 str_printable(p->arena, name), value == NULL ? "set" : "UTF-8");
        error_hint(err, "Set it before calling weir, or write the value itself.");
        return NULL;
    }
    if (names != NULL && !strings_contain(names, name))
        vec_push(p->arena, names, name);
    buf_add(text, value);
    return start + size + 1;
}

static void expand_text(node *n, problems *p, strings *names) {
    buf text = buf_new(p->arena);
    for (const char *at = n->text; at != NULL && *at != '\0';) {
        if (str_starts(at, "$${")) {
            buf_add(&text, "${");
            at += 3;
        } else if (str_starts(at, "${")) {
            at = add_variable(&text, at + 2, n->at, p, names);
            if (at == NULL)
                return;
        } else {
            buf_char(&text, *at++);
        }
    }
    n->text = text.text;
    n->is_open = false;
}

void node_expand(node *n, problems *p, strings *names) {
    if (n->kind == NODE_TEXT && n->is_open)
        expand_text(n, p, names);
    for (size_t i = 0; i < n->entries.count; i++)
        node_expand(n->entries.items[i].value, p, names);
}
