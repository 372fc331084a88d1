#include "cli/verb.h"

#include "base/number.h"
#include "build/verify.h"
#include "cli/document.h"
#include "cli/range.h"

enum { SHOWN_MAX = 10, DIGEST_SHOWN = 33, PERCENT = 100 };

static status read_share(const session *s, double *ret, error *err) {
    const char *text = option_text(s->command->options, OPTION_SAMPLE);
    double percent = PERCENT;
    if (text == NULL) {
        *ret = 1;
        return OK;
    }
    char *number = arena_strdup(s->arena, text);
    if (str_ends(number, "%"))
        number[strlen(number) - 1] = '\0';
    if (!number_double(number, &percent) || percent <= 0 || percent > PERCENT) {
        error_set(err, E_USAGE, "\"%s\" is no value of --sample", text);
        error_hint(err, "Write a share of the partitions, like 5%%.");
        return E_USAGE;
    }
    *ret = percent / PERCENT;
    return OK;
}

static const char *find_seed(const session *s) {
    const char *given = option_text(s->command->options, OPTION_SEED);
    if (given != NULL)
        return given;
    char *made = ARENA_ARRAY(s->arena, char, ID_TEXT_SIZE);
    clock_new_id(s->command->clock, made);
    return made;
}

static status read_question(session *s, verify_ask *into, error *err) {
    bool *selected = NULL;
    TRY(session_select(s, &selected, err));
    into->selected = selected;
    TRY(range_read(s, selected, &into->filter, err));
    TRY(read_share(s, &into->share, err));
    into->seed = find_seed(s);
    into->whole = option_given(s->command->options, OPTION_WHOLE);
    into->temp_dir = s->temp_dir;
    return OK;
}

static json_t *finding_document(const verify_finding *f) {
    json_t *d = json_object();
    json_object_set_new(d, "table", output_string(f->table));
    json_object_set_new(d, "partition", output_string(f->partition));
    json_object_set_new(d, "version", json_integer(f->version));
    json_object_set_new(d, "rows", json_integer(f->rows));
    json_object_set_new(d, "digest", output_string(f->content));
    if (f->reason != NULL) {
        json_object_set_new(d, "reason", output_string(f->reason));
    } else if (f->failure.kind != OK) {
        json_object_set_new(d, "error", document_error_body(&f->failure));
    } else {
        json_object_set_new(d, "rows_again", json_integer(f->rows_again));
        json_object_set_new(d, "digest_again", output_string(f->content_again));
    }
    return d;
}

static json_t *finding_documents(const verify_findings *all) {
    json_t *rows = json_array();
    for (size_t i = 0; i < all->count; i++)
        json_array_append_new(rows, finding_document(&all->items[i]));
    return rows;
}

static json_t *outside_documents(const verify_result *r) {
    json_t *rows = json_array();
    for (size_t i = 0; i < r->outside.count; i++) {
        const verify_outside *o = &r->outside.items[i];
        json_array_append_new(rows, json_pack("{s:s, s:I, s:o}", "table", o->table, "rows",
                                              (json_int_t)o->rows, "partitions",
                                              document_strings(&o->partitions)));
    }
    return rows;
}

static json_t *make_document(const verify_ask *ask, const verify_result *r) {
    json_t *d = document_new();
    json_object_set_new(d, "seed", output_string(ask->seed));
    json_object_set_new(d, "share", json_real(ask->share));
    json_object_set_new(d, "whole", json_boolean(ask->whole));
    json_object_set_new(d, "equal", json_integer(r->equal));
    json_object_set_new(d, "unsampled", json_integer(r->unsampled));
    json_object_set_new(d, "different", finding_documents(&r->different));
    json_object_set_new(d, "failed", finding_documents(&r->failed));
    json_object_set_new(d, "skipped", finding_documents(&r->skipped));
    json_object_set_new(d, "outside", outside_documents(r));
    return d;
}

static void tell_finding(output *o, const verify_finding *f) {
    if (f->reason != NULL)
        output_say(o, "skipped    %s %s: %s", f->table, f->partition, f->reason);
    else if (f->failure.kind != OK)
        output_say(o, "failed     %s %s: %s", f->table, f->partition, f->failure.message);
    else
        output_say(o, "different  %s %s: version %lld has %lld rows, built again %lld: %s and %s",
                   f->table, f->partition, (long long)f->version, (long long)f->rows,
                   (long long)f->rows_again,
                   strlen(f->content) > DIGEST_SHOWN ? f->content + DIGEST_SHOWN : f->content,
                   strlen(f->content_again) > DIGEST_SHOWN ? f->content_again + DIGEST_SHOWN
                                                           : f->content_again);
}

static void tell_findings(output *o, const verify_findings *all, size_t shown) {
    for (size_t i = 0; i < all->count && i < shown; i++)
        tell_finding(o, &all->items[i]);
    if (all->count > shown)
        output_say(o, "… and %zu more", all->count - shown);
}

static void tell(output *o, const verify_ask *ask, const verify_result *r) {
    ARENA_AUTO a = arena_new();
    tell_findings(o, &r->different, SIZE_MAX);
    tell_findings(o, &r->failed, SIZE_MAX);
    tell_findings(o, &r->skipped, SHOWN_MAX);
    for (size_t i = 0; i < r->outside.count; i++)
        output_say(o, "outside    %s: %lld rows in partitions that it does not have, such as %s",
                   r->outside.items[i].table, (long long)r->outside.items[i].rows,
                   str_join(a, &r->outside.items[i].partitions, ", "));
    output_say(o, "%s equal, %zu different, %zu failed, %zu skipped",
               output_plural(a, r->equal, "partition", "partitions"), r->different.count,
               r->failed.count, r->skipped.count);
    if (r->unsampled > 0)
        output_say(o, "%s not in the sample; --seed %s takes the same one",
                   output_plural(a, r->unsampled, "partition", "partitions"), ask->seed);
}

static int exit_code_of(const verify_result *r) {
    if (r->different.count > 0 || r->outside.count > 0)
        return status_exit_code(E_CHECK);
    return r->failed.count > 0 ? 1 : 0;
}

static status verify(session *s, error *err) {
    verify_ask ask = {0};
    verify_result result = {0};
    TRY(read_question(s, &ask, err));
    build_context build = session_build_context(s, "verify");
    TRY(verify_build(&build, &ask, s->arena, &result, err));
    progress_clear(s->command->progress);
    output *o = s->command->out;
    if (o->format == OUTPUT_TABLE) {
        tell(o, &ask, &result);
    } else {
        JSON_AUTO document = make_document(&ask, &result);
        output_json(o, document);
    }
    s->command->exit_code = exit_code_of(&result);
    return OK;
}

status verb_verify(command *c, error *err) {
    session s = {0};
    status result = session_open(c, SESSION_READ, &s, err);
    if (result == OK)
        result = verify(&s, err);
    session_close(&s);
    return result;
}
