#include "land/batch.h"

#include "base/crash.h"
#include "land/check.h"
#include "land/keep.h"
#include "land/prepare.h"
#include "land/record.h"
#include "land/report.h"

#include <unistd.h>

static bool is_interrupted(const landing *l) {
    return l->context->interrupted != NULL && *l->context->interrupted != 0;
}

static land_rejection tell(const landing *l, const char *file, const lake_table *table,
                           const char *reason) {
    return (land_rejection){
        .file = arena_strdup(l->arena, file),
        .table = table->name,
        .reason = str_printable(l->arena, reason),
        .left_in_land = true,
    };
}

static void tell_left(landing *l, const char *file, const lake_table *table, const error *problem) {
    land_rejection left = tell(l, file, table, problem->message);
    if (problem->hint[0] != '\0')
        left.hint = str_printable(l->arena, problem->hint);
    if (problem->kind == E_CHANGED)
        vec_push(l->arena, &l->result->waiting, left);
    else
        vec_push(l->arena, &l->result->failed, left);
}

/* Opened and not only looked at: what cannot be read is known before anybody is asked about it. */
static status stamp_claimed(const landing *l, const claimed *c, folder_stamp *ret, error *err) {
    int fd;
    TRY(folder_open_file(l->root_fd, c->claim, &fd, ret, err));
    close(fd);
    return OK;
}

/* In land it would be the newest of its queue, because moving a file changes its time. */
static void give_back(const landing *l, const claimed *c, bool is_followed) {
    error problem = {0};
    if (is_followed)
        log_write(l->context->log, LOG_INFO, "\"%s\" is kept at \"%s\" and taken the next time",
                  c->file, c->claim);
    else if (claim_return(l->root_fd, c, &problem) != OK)
        log_write(l->context->log, LOG_WARN, "\"%s\" is kept at \"%s\" and taken the next time: %s",
                  c->file, c->claim, problem.message);
}

/* A file that was changed is taken at the time of its change, after those that follow. */
static bool keeps_place(bool is_followed, const error *problem) {
    return is_followed && problem->kind != E_CHANGED;
}

static void give_back_one(landing *l, const arrival *at) {
    bool keeps = keeps_place(at->is_followed, &at->problem);
    give_back(l, &at->claimed, keeps);
    if (keeps)
        strmap_set(l->stuck, at->queue, l);
}

static status claim(const landing *l, const candidate *from, arena *a, arrival *ret, error *err) {
    arrival at = {.table = from->table, .queue = from->queue, .is_followed = from->is_followed};
    at.claimed = (claimed){from->file, from->claim, from->uploaded_us};
    if (from->claim == NULL)
        TRY(claim_take(l->root_fd,
                       &(claim_request){l->id, from->file, l->context->lake->land_bucket != NULL},
                       a, &at.claimed, err));
    status stamped = stamp_claimed(l, &at.claimed, &at.stamp, err);
    if (stamped == OK)
        *ret = at;
    else
        give_back(l, &at.claimed, false);
    return stamped;
}

static status hold_back(error *err) {
    return error_set(err, E_CHANGED, "waits for a file of its identity that came before it");
}

/* A full disk stops landing as such; anything else concerns that file alone. */
static status claim_all(batch *b, const candidate *list, size_t count, error *err) {
    landing *l = b->landing;
    for (size_t i = 0; i < count; i++) {
        error problem = {0};
        status taken = strmap_has(l->stuck, list[i].queue)
                           ? hold_back(&problem)
                           : claim(l, &list[i], b->arena, &b->items[b->count], &problem);
        if (taken == OK) {
            b->count++;
            continue;
        }
        if (taken == E_FULL)
            return error_pass(taken, &problem, err);
        tell_left(l, list[i].file, list[i].table, &problem);
    }
    return OK;
}

static status prepare_all(batch *b, error *err) {
    const landing *l = b->landing;
    for (size_t i = 0; i < b->count; i++) {
        arrival *at = &b->items[i];
        TRY(prepare_path(l, at, b->arena, err));
        TRY(prepare_known(l, at, b->arena, err));
        prepare_twin(l, at, b->arena);
        if (at->fate == ARRIVAL_OPEN && at->kind.format == FORMAT_OPAQUE)
            TRY(check_opaque(l->context, at, b->arena, err));
        at->needs_check = at->fate == ARRIVAL_OPEN;
    }
    return OK;
}

static void report_progress(landing *l, const arrival *at) {
    l->done++;
    if (l->context->progress != NULL)
        l->context->progress(l->context->progress_state, l->done, l->known, at->claimed.file);
}

static bool wants_copy(const arrival *at) {
    return at->fate == ARRIVAL_OPEN || at->fate == ARRIVAL_ACCEPTED;
}

/* Together, because a file system that writes one folder's names mostly has written the others'. */
static status sync_claims(const batch *b, error *err) {
    claimed_files all = {0};
    for (size_t i = 0; i < b->count; i++)
        vec_push(b->arena, &all, b->items[i].claimed);
    TRY(claim_sync(b->landing->root_fd, &all, err));
    crash_point("land.claims_synced");
    return OK;
}

/* The workers read while we copy. */
static status check_and_stage(batch *b, check *c, error *err) {
    TRY(check_advance(c, err));
    for (size_t i = 0; i < b->count; i++) {
        if (is_interrupted(b->landing))
            return error_set(err, E_INTERRUPTED, "interrupted");
        if (wants_copy(&b->items[i]))
            TRY(keep_stage(b->landing, &b->items[i], err));
        report_progress(b->landing, &b->items[i]);
        TRY(check_advance(c, err));
    }
    return check_finish(c, err);
}

static status look_into(batch *b, error *err) {
    check *c = check_new(b);
    status result = check_and_stage(b, c, err);
    if (result != OK)
        check_cancel(c);
    for (size_t i = 0; result == OK && i < b->count; i++)
        keep_confirm(b->landing, &b->items[i]);
    return result;
}

static status carry_out(batch *b, error *err) {
    TRY(prepare_all(b, err));
    TRY(keep_prepare(b, err));
    crash_point("land.pending");
    TRY(sync_claims(b, err));
    TRY(look_into(b, err));
    TRY(record_batch(b, err));
    crash_point("land.recorded");
    return OK;
}

/* What another run may have taken over by now stays as it is: its holder sees to it. */
static void undo(batch *b, status why) {
    if (why == E_UNCERTAIN || !keep_undo(b))
        return;
    for (size_t i = 0; i < b->count; i++)
        give_back(b->landing, &b->items[i].claimed, b->items[i].is_followed);
}

static void tell_rejected(landing *l, const arrival *at) {
    land_rejection r = tell(l, at->claimed.file, at->table, report_reason(l->arena, at->failures));
    r.left_in_land = false;
    r.report = arena_printf(l->arena, "%s" KEEP_REPORT,
                            store_url(l->context->quarantine, l->arena, at->quarantined));
    vec_push(l->arena, &l->result->rejected, r);
}

static void tell_accepted(const landing *l, const arrival *at) {
    land_result *r = l->result;
    if (l->context->parsed != NULL && at->fate == ARRIVAL_ACCEPTED
        && json_get_bool(at->answer, "kept", false))
        parsed_add(l->context->parsed, arrival_layer(l, at), at->object, at->staging);
    r->duplicate += at->state == DELIVERY_DUPLICATE;
    r->accepted += at->state != DELIVERY_DUPLICATE;
    r->superseded += at->superseded_others;
    r->bytes += at->bytes;
    for (size_t i = 0; i < at->warnings.count; i++)
        log_write(l->context->log, LOG_WARN, "%s", at->warnings.items[i]);
}

/* The files are recorded: a claim that cannot be removed now is found by the next landing. */
static void finish(batch *b) {
    landing *l = b->landing;
    for (size_t i = 0; i < b->count; i++) {
        const arrival *at = &b->items[i];
        error problem = {0};
        if (at->fate == ARRIVAL_RETURNED) {
            give_back_one(l, at);
            tell_left(l, at->claimed.file, at->table, &at->problem);
            continue;
        }
        if (at->fate == ARRIVAL_REJECTED)
            tell_rejected(l, at);
        else
            tell_accepted(l, at);
        if (claim_remove(l->root_fd, &at->claimed, &problem) != OK)
            log_write(l->context->log, LOG_WARN, "ignoring: %s", problem.message);
        crash_point("land.removed");
    }
}

static void release(batch *b) {
    for (size_t i = 0; i < b->count; i++) {
        json_decref(b->items[i].from_path);
        json_decref(b->items[i].answer);
        json_decref(b->items[i].failures);
    }
    arena_free(b->arena);
}

status batch_take(landing *l, const candidate *list, size_t count, int64_t number, error *err) {
    batch b = {.landing = l, .arena = arena_new(), .number = number};
    b.items = ARENA_ARRAY(b.arena, arrival, count);
    b.layers = ARENA_ARRAY(b.arena, bool, l->context->lake->layer_count);
    status result = claim_all(&b, list, count, err);
    if (result == OK && b.count > 0)
        result = carry_out(&b, err);
    if (result == OK)
        finish(&b);
    else
        undo(&b, result);
    release(&b);
    return result;
}
