#include "cli/causes.h"

#include "cli/document.h"
#include "cli/files.h"

enum { HASH_SHOWN = 12 };

json_t *causes_delivery(const session *s, const delivery *d) {
    json_t *row = files_row(s, d);
    json_object_set_new(row, "identity", output_string(d->identity));
    json_object_set_new(row, "sha256", output_string(d->sha256));
    json_object_set_new(row, "run", output_string(d->run));
    json_object_set_new(row, "reason", output_string(d->reason));
    return row;
}

static json_t *code_document(const ledger_origin *origin) {
    json_t *d = json_object();
    json_object_set_new(d, "fingerprint", output_string(origin->fingerprint));
    json_object_set_new(d, "since", output_time(origin->code_us));
    json_object_set_new(d, "seq", json_integer(origin->code_seq));
    return d;
}

static json_t *upstream_document(const session *s, const why_cause *c) {
    json_t *d = c->upstream != NULL ? causes_of_version(s, c->upstream) : json_object();
    json_object_set_new(d, "partition", output_string(c->partition));
    json_object_set_new(d, "was", c->was != 0 ? json_integer(c->was) : json_null());
    return d;
}

static json_t *cause_document(const session *s, const why_version *v, const why_cause *c) {
    json_t *d = NULL;
    if (c->partition != NULL)
        d = upstream_document(s, c);
    else if (c->delivery != NULL)
        d = causes_delivery(s, c->delivery);
    else
        d = str_eq(c->kind, cause_name(CAUSE_CODE)) ? code_document(&v->origin) : json_object();
    json_object_set_new(d, "kind", json_string(c->kind));
    if (c->table != NULL)
        json_object_set_new(d, "table", output_string(c->table->name));
    if (c->instead != NULL)
        json_object_set_new(d, "instead", causes_delivery(s, c->instead));
    if (c->parts.count > 0)
        json_object_set_new(d, "parts", document_strings(&c->parts));
    return d;
}

static json_t *version_document(const why_version *v) {
    const ledger_term *t = &v->term;
    json_t *d = json_object();
    json_object_set_new(d, "version", json_integer(t->version));
    json_object_set_new(d, "rows", json_integer(t->rows));
    json_object_set_new(d, "bytes", json_integer(t->bytes));
    json_object_set_new(d, "digest", output_string(t->content));
    json_object_set_new(d, "since", output_time(t->from_us));
    json_object_set_new(d, "seq", json_integer(t->from_seq));
    json_object_set_new(d, "run", output_string(t->run));
    json_object_set_new(d, "verb", output_string(t->verb));
    json_object_set_new(d, "who", output_string(t->who));
    json_object_set_new(d, "code_version", output_string(t->code_version));
    return d;
}

/* Other inputs that gave equal rows. */
static json_t *confirmed_document(const why_version *v) {
    if (v->newest.seq <= v->term.from_seq || v->newest.is_accepted)
        return json_null();
    json_t *d = json_object();
    json_object_set_new(d, "run", output_string(v->newest.run));
    json_object_set_new(d, "seq", json_integer(v->newest.seq));
    json_object_set_new(d, "at", output_time(v->newest.at_us));
    return d;
}

static json_t *accepted_document(const ledger_origin *origin) {
    if (!origin->is_accepted)
        return json_null();
    json_t *d = json_object();
    json_object_set_new(d, "who", output_string(origin->accepted_by));
    json_object_set_new(d, "why", output_string(origin->accepted_why));
    json_object_set_new(d, "at", output_time(origin->accepted_us));
    return d;
}

json_t *causes_of_version(const session *s, const why_version *v) {
    json_t *d = json_object(), *causes = json_array();
    for (size_t i = 0; i < v->causes.count; i++)
        json_array_append_new(causes, cause_document(s, v, &v->causes.items[i]));
    json_object_set_new(d, "version", version_document(v));
    json_object_set_new(d, "code", code_document(&v->newest));
    json_object_set_new(d, "read",
                        json_pack("{s:I, s:I}", "deliveries", (json_int_t)v->deliveries,
                                  "partitions", (json_int_t)v->partitions));
    json_object_set_new(d, "causes", causes);
    json_object_set_new(d, "left_out", json_integer(v->left_out));
    json_object_set_new(d, "confirmed", confirmed_document(v));
    json_object_set_new(d, "accepted", accepted_document(&v->newest));
    return d;
}

static json_t *plain_cause(const plan_cause *c) {
    json_t *d = json_object();
    json_object_set_new(d, "kind", json_string(cause_name(c->kind)));
    json_object_set_new(d, "ref", output_string(c->ref));
    return d;
}

static json_t *root_document(const why_root *r) {
    json_t *d = plain_cause(&r->cause);
    json_object_set_new(d, "table", output_string(r->table->name));
    json_object_set_new(d, "partition", output_string(r->partition));
    return d;
}

static json_t *failure_document(const ledger_failure *f) {
    JSON_AUTO told = NULL;
    json_t *d = json_object();
    json_object_set_new(d, "memo_key", output_string(f->memo_key));
    json_object_set_new(d, "run", output_string(f->run));
    json_object_set_new(d, "at", output_time(f->failed_us));
    if (json_parse(f->error, strlen(f->error), "failure", &told, NULL) == OK)
        json_object_set(d, "error", told);
    return d;
}

static json_t *hold_document(const ledger_hold *h) {
    json_t *d = json_object();
    json_object_set_new(d, "run", output_string(h->run));
    json_object_set_new(d, "who", output_string(h->who));
    json_object_set_new(d, "why", output_string(h->why));
    json_object_set_new(d, "at", output_time(h->at_us));
    return d;
}

json_t *causes_of_wait(const why_wait *w) {
    json_t *d = json_object(), *causes = json_array(), *roots = json_array();
    for (size_t i = 0; i < w->causes.count; i++)
        json_array_append_new(causes, plain_cause(&w->causes.items[i]));
    for (size_t i = 0; i < w->roots.count; i++)
        json_array_append_new(roots, root_document(&w->roots.items[i]));
    json_object_set_new(d, "state", json_string(why_state_name(w->state)));
    json_object_set_new(d, "certain", json_boolean(w->certain));
    json_object_set_new(d, "causes", causes);
    json_object_set_new(d, "roots", roots);
    json_object_set_new(d, "blocked_by", output_string(w->blocked_by));
    json_object_set_new(d, "failure",
                        w->failure != NULL ? failure_document(w->failure) : json_null());
    json_object_set_new(d, "hold", w->hold != NULL ? hold_document(w->hold) : json_null());
    return d;
}

/* For people, from the documents. */

enum { INDENT = 2, ROOTS_SHOWN_MAX = 5 };

static const char *text(const json_t *d, const char *key) {
    return json_get_string(d, key, "unknown");
}

/* A time without its fraction. */
static char *when(arena *a, const json_t *d, const char *key) {
    const char *time = text(d, key), *fraction = strchr(time, '.');
    if (fraction == NULL)
        return arena_strdup(a, time);
    return arena_printf(a, "%.*sZ", (int)(fraction - time), time);
}

static void tell_causes(output *o, const json_t *of, int depth);

static void tell_delivery(output *o, const json_t *c, int depth) {
    const json_t *instead = json_object_get(c, "instead");
    const char *reason = json_get_string(c, "reason", NULL);
    output_say(o, "%*s%-10s %s %s: delivery %lld, landed %s, sha256 %.*s, run %s", depth, "",
               text(c, "kind"), text(c, "table"), text(c, "file"),
               (long long)json_get_int(c, "delivery", 0), text(c, "landed"), HASH_SHOWN,
               text(c, "sha256"), text(c, "run"));
    if (instead != NULL)
        output_say(o, "%*sin place of delivery %lld, landed %s, sha256 %.*s", depth + INDENT, "",
                   (long long)json_get_int(instead, "delivery", 0), text(instead, "landed"),
                   HASH_SHOWN, text(instead, "sha256"));
    if (reason != NULL)
        output_say(o, "%*s%s", depth + INDENT, "", reason);
}

static void tell_upstream(output *o, const json_t *c, int depth) {
    const json_t *version = json_object_get(c, "version");
    int64_t was = json_get_int(c, "was", 0);
    ARENA_AUTO a = arena_new();
    const char *before = was != 0 ? arena_printf(a, " in place of %lld", (long long)was) : "";
    if (version == NULL) {
        output_say(o, "%*s%-10s %s %s is not read any more", depth, "", text(c, "kind"),
                   text(c, "table"), text(c, "partition"));
        return;
    }
    output_say(o, "%*s%-10s %s %s: version %lld%s, since %s (commit %lld)", depth, "",
               text(c, "kind"), text(c, "table"), text(c, "partition"),
               (long long)json_get_int(version, "version", 0), before, when(a, version, "since"),
               (long long)json_get_int(version, "seq", 0));
    tell_causes(o, c, depth + INDENT);
}

static void tell_code(output *o, const json_t *c, int depth) {
    ARENA_AUTO a = arena_new();
    strings names = {0};
    size_t i;
    const json_t *part;
    json_array_foreach(json_object_get(c, "parts"), i, part)
        vec_push(a, &names, json_string_value(part));
    output_say(o, "%*s%-10s %s%s%.*s, since %s (commit %lld)", depth, "", text(c, "kind"),
               str_join(a, &names, ", "), names.count > 0 ? ": " : "", HASH_SHOWN,
               text(c, "fingerprint"), when(a, c, "since"), (long long)json_get_int(c, "seq", 0));
}

static void tell_cause(output *o, const json_t *c, int depth) {
    if (json_object_get(c, "delivery") != NULL)
        tell_delivery(o, c, depth);
    else if (json_object_get(c, "partition") != NULL)
        tell_upstream(o, c, depth);
    else if (json_object_get(c, "fingerprint") != NULL)
        tell_code(o, c, depth);
    else
        output_say(o, "%*s%s", depth, "", text(c, "kind"));
}

static void tell_causes(output *o, const json_t *of, int depth) {
    size_t i;
    const json_t *c;
    int64_t left_out = json_get_int(of, "left_out", 0);
    json_array_foreach(json_object_get(of, "causes"), i, c) tell_cause(o, c, depth);
    if (left_out > 0)
        output_say(o, "%*s… and %lld more", depth, "", (long long)left_out);
}

static void tell_version(output *o, const json_t *document) {
    ARENA_AUTO a = arena_new();
    const json_t *v = json_object_get(document, "version");
    const json_t *code = json_object_get(document, "code");
    const json_t *again = json_object_get(document, "confirmed");
    const json_t *accepted = json_object_get(document, "accepted");
    output_say(o, "%*sversion %lld, %s, %s, current since %s (commit %lld)", INDENT, "",
               (long long)json_get_int(v, "version", 0),
               output_plural(a, json_get_int(v, "rows", 0), "row", "rows"),
               output_bytes(a, json_get_int(v, "bytes", 0)), when(a, v, "since"),
               (long long)json_get_int(v, "seq", 0));
    output_say(o, "%*sby run %s (%s by %s)", INDENT, "", text(v, "run"), text(v, "verb"),
               text(v, "who"));
    output_say(o, "%*scode %.*s, since %s (commit %lld)", INDENT, "", HASH_SHOWN,
               text(code, "fingerprint"), when(a, code, "since"),
               (long long)json_get_int(code, "seq", 0));
    if (json_is_object(again))
        output_say(o, "%*sbuilt again with equal rows by run %s (commit %lld)", INDENT, "",
                   text(again, "run"), (long long)json_get_int(again, "seq", 0));
    if (json_is_object(accepted))
        output_say(o, "%*snot made by that code: accepted by %s on %s: %s", INDENT, "",
                   text(accepted, "who"), when(a, accepted, "at"), text(accepted, "why"));
}

static void add_roots(buf *b, const json_t *wait) {
    size_t i;
    const json_t *root;
    const json_t *roots = json_object_get(wait, "roots");
    json_array_foreach(roots, i, root) {
        if (i == ROOTS_SHOWN_MAX) {
            buf_printf(b, " and %zu more", json_array_size(roots) - i);
            return;
        }
        buf_printf(b, "%s %s %s", i > 0 ? "," : ":", text(root, "kind"), text(root, "ref"));
    }
}

static void add_failure(buf *b, const json_t *wait) {
    const json_t *failure = json_object_get(wait, "failure");
    if (!json_is_object(failure)) {
        buf_add(b, ": what some input feeds cannot be told");
        return;
    }
    buf_printf(b,
               " in run %s: %s; not tried again until an input or the code changes, or with "
               "`weir run --retry-failed` (key %.*s)",
               text(failure, "run"), text(json_object_get(failure, "error"), "message"), HASH_SHOWN,
               text(failure, "memo_key"));
}

char *causes_line(arena *a, const json_t *wait) {
    buf b = buf_new(a);
    const char *state = text(wait, "state");
    const json_t *hold = json_object_get(wait, "hold");
    buf_add(&b, state);
    if (str_eq(state, why_state_name(WHY_FAILED)))
        add_failure(&b, wait);
    else if (str_eq(state, why_state_name(WHY_BLOCKED)))
        buf_printf(&b, " by %s", text(wait, "blocked_by"));
    else if (json_is_object(hold))
        buf_printf(&b,
                   " since %s: %s undid run %s%s%s; until `weir release`, or an input or the code "
                   "changes",
                   when(a, hold, "at"), text(hold, "who"), text(hold, "run"),
                   json_is_string(json_object_get(hold, "why")) ? ": " : "",
                   json_get_string(hold, "why", ""));
    else
        add_roots(&b, wait);
    if (str_eq(state, why_state_name(WHY_STALE)))
        buf_add(&b, json_get_bool(wait, "certain", true)
                        ? "; the next run looks at it"
                        : "; it may turn out equal: the next run looks at it");
    return b.text;
}

void causes_tell(output *o, const json_t *document) {
    ARENA_AUTO a = arena_new();
    output_say(o, "%s %s", text(document, "table"), text(document, "partition"));
    if (json_is_object(json_object_get(document, "version"))) {
        tell_version(o, document);
        output_say(o, "because");
        tell_causes(o, document, INDENT);
    } else {
        output_say(o, "%*sthere is no version yet", INDENT, "");
    }
    output_say(o, "now");
    output_say(o, "%*s%s", INDENT, "", causes_line(a, json_object_get(document, "now")));
}
