#include "plan/plan.h"

#include "base/hash.h"

#include <inttypes.h>

/* Change these when the same inputs and code would give other rows or other digests. */
#define MEMO_ALGORITHM   "weir-memo-1"
#define DIGEST_ALGORITHM "duckdb-hash-1"

enum { DIGEST_DIGITS = 16 };

/* What a delivery contributes: its bytes and how they are read; its name and time only to SQL that
 * can see them (design section 6, "Memo key"). */
static void add_delivery(hasher *h, const lake_input *input, const ledger_unit *unit) {
    hasher_text(h, unit->sha256);
    hasher_text(h, unit->contract_hash);
    if (input->reads_land_timestamp || input->map_reads_land_timestamp)
        hasher_int(h, unit->land_time);
    if (input->reads_file || input->map_reads_file)
        hasher_text(h, unit->file);
    if (input->reads_from_path)
        hasher_text(h, unit->from_path);
}

static void add_input(hasher *h, const plan_inputs *in) {
    const lake_input *input = in->input;
    hasher_text(h, input->table->name);
    hasher_text(h, input->map_fingerprint);
    hasher_int(h, (int64_t)in->units->count);
    for (size_t i = 0; i < in->units->count; i++) {
        if (input->table->source)
            add_delivery(h, input, &in->units->items[i]);
        else
            hasher_text(h, in->units->items[i].content);
    }
}

void plan_memo_key(const lake_table *t, const char *generation_hash, const char *partition,
                   const plan_inputs *inputs, size_t input_count, char key[65]) {
    hasher *h = hasher_new();
    hasher_text(h, MEMO_ALGORITHM);
    hasher_text(h, DIGEST_ALGORITHM);
    hasher_text(h, t->fingerprint);
    hasher_text(h, generation_hash);
    hasher_text(h, partition);
    for (size_t i = 0; i < input_count; i++)
        add_input(h, &inputs[i]);
    hasher_finish(h, key);
    hasher_free(h);
}

static bool read_sum(const char *hex, uint64_t *ret) {
    uint64_t value = 0;
    if (!hex || strlen(hex) != DIGEST_DIGITS)
        return false;
    for (size_t i = 0; i < DIGEST_DIGITS; i++) {
        const char *digits = "0123456789abcdef", *found = strchr(digits, hex[i]);
        if (!found)
            return false;
        value = value << 4 | (uint64_t)(found - digits);
    }
    *ret = value;
    return true;
}

status plan_content_id(arena *a, const char *columns_hash, const ledger_file *files,
                       size_t file_count, const char **ret, error *err) {
    uint64_t sum1 = 0, sum2 = 0, one = 0, two = 0;
    int64_t rows = 0;
    for (size_t i = 0; i < file_count; i++) {
        if (!read_sum(files[i].sum1, &one) || !read_sum(files[i].sum2, &two))
            return error_set(err, E_DATA, "the digest of \"%s\" is not 16 hex digits",
                             files[i].object);
        sum1 += one;
        sum2 += two;
        rows += files[i].rows;
    }
    *ret = arena_printf(a, "%s:%.16s:%" PRId64 ":%016" PRIx64 ":%016" PRIx64, DIGEST_ALGORITHM,
                        columns_hash, rows, sum1, sum2);
    return OK;
}
