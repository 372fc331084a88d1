#include "cli/verb.h"

#include "base/path.h"
#include "cli/document.h"
#include "cli/identity.h"
#include "cli/session.h"
#include "ledger/journal.h"
#include "ledger/location.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

static const int64_t REBUILD_LEASE_US = INT64_C(3600) * 1000000;
static const char LEASE[] = "run"; /* whoever has it commits */

static status open_whole(session *s, error *err) {
    identity_state state = IDENTITY_FRESH;
    const char *id = NULL;
    TRY(identity_look(s->lake, s->arena, &state, &id, err));
    if (state == IDENTITY_WHOLE)
        return identity_open(s->lake, id, &s->ledger, err);
    error_set(err, E_NOT_FOUND, "lake \"%s\" has no ledger yet", s->lake->name);
    error_hint(err, "`weir run` makes it.");
    return E_NOT_FOUND;
}

static bool is_same_file(const char *left, const char *right) {
    char real_left[PATH_MAX], real_right[PATH_MAX];
    return realpath(left, real_left) != NULL && realpath(right, real_right) != NULL
           && str_eq(real_left, real_right);
}

static status check_target(const session *s, const char *file, error *err) {
    if (!file_exists(file))
        return OK;
    if (is_same_file(file, s->lake->ledger)) {
        error_set(err, E_USAGE, "\"%s\" is the ledger itself", file);
        error_hint(err, "Name another file, on another disk if there is one.");
        return E_USAGE;
    }
    if (option_given(s->command->options, OPTION_YES))
        return OK;
    error_set(err, E_EXISTS, "\"%s\" is there already", file);
    error_hint(err, "Give --yes to replace it.");
    return E_EXISTS;
}

static status remove_if_there(const char *path, error *err) {
    if (unlink(path) == 0 || errno == ENOENT)
        return OK;
    return error_set_errno(err, errno, "cannot remove \"%s\"", path);
}

/* Whole or not at all, and what was there before stays until then. */
static status copy_to(session *s, const char *file, error *err) {
    const char *unfinished = arena_printf(s->arena, "%s.new", file);
    TRY(remove_if_there(unfinished, err));
    status result = ledger_backup(s->ledger, unfinished, err);
    if (result == OK && rename(unfinished, file) != 0)
        result = error_set_errno(err, errno, "cannot write \"%s\"", file);
    if (result == OK)
        return dir_sync(path_parent(s->arena, file), err);
    (void)remove_if_there(unfinished, NULL);
    return result;
}

/* The copy's own commit: runs may have gone on meanwhile. */
static status tell_copied(const session *s, const char *file, error *err) {
    ledger *copy = NULL;
    int64_t seq = 0;
    TRY(ledger_open(file, ledger_lake_id(s->ledger), &copy, err));
    status result = ledger_seq(copy, &seq, err);
    ledger_close(copy);
    TRY(result);
    output *o = s->command->out;
    if (o->format == OUTPUT_TABLE) {
        output_say(o, "copied the ledger as of commit %" PRId64 " to \"%s\"", seq, file);
        return OK;
    }
    JSON_AUTO document = document_new();
    json_object_set_new(document, "file", output_string(file));
    json_object_set_new(document, "seq", json_integer(seq));
    output_json(o, document);
    return OK;
}

static status back_up(session *s, error *err) {
    const char *file = s->command->options->arguments.items[1];
    TRY(open_whole(s, err));
    TRY(check_target(s, file, err));
    TRY(copy_to(s, file, err));
    return tell_copied(s, file, err);
}

static status refuse_readable(const session *s, error *err) {
    const char *kept = ledger_beside(s->arena, s->lake->ledger, IDENTITY_REPLACED);
    error_set(err, E_EXISTS, "ledger \"%s\" is there and can be read",
              ledger_shown(s->arena, s->lake->ledger));
    error_hint(err, "Give --yes to make it anew all the same; it is kept as \"%s\".",
               ledger_shown(s->arena, kept));
    return E_EXISTS;
}

/* What only the old ledger knows comes into the journal first, and no run may have it. */
static status take_over(session *s, error *err) {
    char owner[ID_TEXT_SIZE];
    int64_t fence;
    clock_new_id(s->command->clock, owner);
    TRY(store_open(s->lake->store, &s->journal, err));
    TRY(ledger_lease_take(s->ledger, LEASE, owner, REBUILD_LEASE_US, &fence, err));
    return journal_export(s->ledger, s->journal, err);
}

/* The lease ends with this process, in the file that is set aside. A ledger of another lake has
 * nothing to say here. */
static status rebuild_over(session *s, int64_t *ret_commits, error *err) {
    identity_state state = IDENTITY_FRESH;
    const char *id = NULL;
    if (!option_given(s->command->options, OPTION_YES))
        return refuse_readable(s, err);
    TRY(identity_look(s->lake, s->arena, &state, &id, err));
    if (id != NULL && str_eq(id, ledger_lake_id(s->ledger)))
        TRY(take_over(s, err));
    ledger_close(s->ledger);
    s->ledger = NULL;
    return identity_rebuild(s->lake, ret_commits, err);
}

static void tell_rebuilt(const session *s, int64_t commits) {
    output *o = s->command->out;
    const char *shown = ledger_shown(s->arena, s->lake->ledger);
    if (o->format == OUTPUT_TABLE) {
        output_say(o, "made ledger \"%s\" from %" PRId64 " commits. Next:", shown, commits);
        output_say(o, "  weir run");
        return;
    }
    JSON_AUTO document = document_new();
    json_object_set_new(document, "ledger", output_string(shown));
    json_object_set_new(document, "commits", json_integer(commits));
    output_json(o, document);
}

static status rebuild(session *s, error *err) {
    int64_t commits = 0;
    bool is_there;
    TRY(ledger_exists(s->lake->ledger, &is_there, err));
    bool is_readable = is_there && ledger_open(s->lake->ledger, NULL, &s->ledger, NULL) == OK;
    TRY(is_readable ? rebuild_over(s, &commits, err) : identity_rebuild(s->lake, &commits, err));
    tell_rebuilt(s, commits);
    return OK;
}

static status copy_over(session *s, error *err) {
    const strings *arguments = &s->command->options->arguments;
    const char *from = arguments->items[1], *to = arguments->items[2];
    int64_t seq = 0;
    TRY(ledger_copy(from, to, &seq, err));
    const char *shown = ledger_shown(s->arena, to);
    output *o = s->command->out;
    if (o->format == OUTPUT_TABLE) {
        output_say(
            o, "copied the ledger as of commit %" PRId64 ", and compared all of it. Next:", seq);
        output_say(o, "  in lake.yaml, `ledger: %s`", shown);
        return OK;
    }
    JSON_AUTO document = document_new();
    json_object_set_new(document, "from", output_string(ledger_shown(s->arena, from)));
    json_object_set_new(document, "to", output_string(shown));
    json_object_set_new(document, "seq", json_integer(seq));
    output_json(o, document);
    return OK;
}

static const struct {
    const char *name;
    size_t arguments;
    status (*run)(session *s, error *err);
} ACTIONS[] = {{"backup", 2, back_up}, {"copy", 3, copy_over}, {"rebuild", 1, rebuild}};

/* Who mistypes a command does not want its password told. */
static const char *shown_arguments(const command *c) {
    const strings *arguments = &c->options->arguments;
    strings shown = {0};
    for (size_t i = 0; i < arguments->count; i++)
        vec_push(c->arena, &shown, ledger_shown(c->arena, arguments->items[i]));
    return str_join(c->arena, &shown, " ");
}

status verb_ledger(command *c, error *err) {
    const strings *arguments = &c->options->arguments;
    session s = {0};
    for (size_t i = 0; i < ARRAY_SIZE(ACTIONS); i++) {
        if (!str_eq(arguments->items[0], ACTIONS[i].name)
            || arguments->count != ACTIONS[i].arguments)
            continue;
        status result = session_open(c, SESSION_DEFINITION, &s, err);
        if (result == OK)
            result = ACTIONS[i].run(&s, err);
        session_close(&s);
        return result;
    }
    error_set(err, E_USAGE, "\"weir ledger %s\" is not understood", shown_arguments(c));
    error_hint(err, "The form is: weir ledger %s", c->verb->arguments);
    return E_USAGE;
}
