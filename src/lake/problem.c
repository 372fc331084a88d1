#include "lake/problem.h"

enum { LISTED_MAX = 12 };

static error *add_empty(problems *p) {
    if (p->list.count >= PROBLEMS_MAX)
        p->list.count--;
    vec_push(p->arena, &p->list, ((error){.kind = E_DEFINITION}));
    return &p->list.items[p->list.count - 1];
}

error *problem_add(problems *p, place at, const char *format, ...) {
    char message[ERROR_MESSAGE_MAX];
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
    error *err = add_empty(p);
    error_set(err, E_DEFINITION, "%s", message);
    error_at(err, at.file, at.line, at.column);
    return err;
}

error *problem_take(problems *p, place at, const error *err) {
    error *taken = add_empty(p);
    *taken = *err;
    taken->kind = E_DEFINITION;
    if (err->line > 0)
        error_at(taken, at.file, err->line, err->column);
    else
        error_at(taken, at.file, at.line, at.column);
    return taken;
}

void problem_hint_nearest(error *err, const char *text, const strings *candidates) {
    const char *nearest = str_nearest(text, candidates);
    if (nearest != NULL) {
        error_hint(err, "did you mean \"%s\"?", nearest);
        return;
    }
    ARENA_AUTO a = arena_new();
    if (candidates->count > 0 && candidates->count <= LISTED_MAX)
        error_hint(err, "There is: %s.", str_printable(a, str_join(a, candidates, ", ")));
}

static int compare(const void *left, const void *right) {
    const error *a = left, *b = right;
    int order = strcmp(a->file, b->file);
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    if (order == 0)
        order = (a->column > b->column) - (a->column < b->column);
    return order != 0 ? order : strcmp(a->message, b->message);
}

void problems_sort(problems *p) {
    if (p->list.count > 1)
        qsort(p->list.items, p->list.count, sizeof *p->list.items, compare);
}
