#include "cli/verb.h"

/* Words that people bring from elsewhere, and the verb that does it. */
typedef struct customary {
    const char *word;
    const char *verb;
} customary;

static const customary CUSTOMARY[] = {
    {"apply", "run"},         {"backfill", "rebuild"}, {"build", "run"},
    {"catalogue", "catalog"}, {"check", "validate"},   {"clean", "gc"},
    {"compile", "validate"},  {"create", "init"},      {"dag", "graph"},
    {"describe", "show"},     {"docs", "help"},        {"execute", "run"},
    {"import", "land"},       {"ingest", "land"},      {"lineage", "graph"},
    {"lint", "validate"},     {"list", "ls"},          {"load", "land"},
    {"make", "run"},          {"new", "init"},         {"quarantine", "show"},
    {"reprocess", "rebuild"}, {"retry", "run"},        {"revert", "undo"},
    {"rollback", "undo"},     {"runs", "log"},         {"select", "query"},
    {"sql", "query"},         {"start", "init"},       {"sync", "run"},
    {"tables", "ls"},         {"try", "land"},         {"update", "run"},
    {"vacuum", "gc"},
};

/* All verbs that there will be: those without a handler come later. */
static const char *const PROMISED[] = {
    "accept",  "add",    "adopt",    "bookmark", "catalog", "changes", "completion",
    "diff",    "doctor", "drop",     "export",   "forget",  "fsck",    "gc",
    "graph",   "help",   "history",  "impact",   "init",    "land",    "ledger",
    "log",     "ls",     "plan",     "publish",  "query",   "readmit", "rebuild",
    "release", "run",    "schema",   "serve",    "show",    "status",  "store",
    "test",    "undo",   "validate", "verify",   "version", "why",     "withdraw",
};

static const verb *exact(const char *name) {
    for (size_t i = 0; verb_at(i) != NULL; i++)
        if (str_eq(verb_at(i)->name, name))
            return verb_at(i);
    return NULL;
}

static const char *customary_for(const char *word) {
    for (size_t i = 0; i < ARRAY_SIZE(CUSTOMARY); i++)
        if (str_eq(CUSTOMARY[i].word, word))
            return CUSTOMARY[i].verb;
    return NULL;
}

static bool comes_later(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(PROMISED); i++)
        if (str_eq(PROMISED[i], name))
            return true;
    return false;
}

static status refuse_later(const char *name, error *err) {
    error_set(err, E_USAGE, "\"%s\" is not yet in this version of weir", name);
    error_hint(err, "weir help lists the verbs that are.");
    return E_USAGE;
}

static status refuse_customary(const char *word, const char *instead, error *err) {
    error_set(err, E_USAGE, "\"%s\" is not a verb of weir", word);
    const verb *v = exact(instead);
    if (v == NULL)
        error_hint(err, "That is \"%s\" here, which this version does not have yet.", instead);
    else
        error_hint(err, "That is `weir %s%s`: %s.", v->name,
                   str_eq(word, "retry") ? " --retry-failed" : "", v->line);
    return E_USAGE;
}

status verb_find(const char *name, arena *a, const verb **ret, error *err) {
    const verb *found = exact(name);
    if (found != NULL) {
        *ret = found;
        return OK;
    }
    if (comes_later(name))
        return refuse_later(name, err);
    const char *instead = customary_for(name);
    if (instead != NULL)
        return refuse_customary(name, instead, err);
    strings names = {0};
    for (size_t i = 0; verb_at(i) != NULL; i++)
        vec_push(a, &names, verb_at(i)->name);
    const char *nearest = str_nearest(name, &names);
    error_set(err, E_USAGE, "\"%s\" is not a verb of weir", name);
    if (nearest != NULL)
        error_hint(err, "Did you mean `weir %s`?", nearest);
    else
        error_hint(err, "weir help lists the verbs.");
    return E_USAGE;
}

status verb_check_arguments(const verb *v, const strings *arguments, error *err) {
    if (arguments->count >= v->arguments_min && arguments->count <= v->arguments_max)
        return OK;
    if (arguments->count < v->arguments_min)
        error_set(err, E_USAGE, "\"weir %s\" needs %s", v->name, v->arguments);
    else
        error_set(err, E_USAGE, "\"%s\" is one argument too many for \"weir %s\"",
                  arguments->items[v->arguments_max], v->name);
    error_hint(err, "The form is: weir %s%s%s", v->name, v->arguments[0] != '\0' ? " " : "",
               v->arguments);
    return E_USAGE;
}
