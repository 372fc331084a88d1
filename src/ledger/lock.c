#include "ledger/lock.h"

#include "base/hash.h"
#include "ledger/handle.h"

/* 60 bits: no negative number, and not the end of what can be locked. */
enum { KEY_DIGITS = 15 };

static int64_t number_of(const char *hex) {
    static const char DIGITS[] = "0123456789abcdef";
    int64_t number = 0;
    for (size_t i = 0; i < KEY_DIGITS; i++)
        number = number * 16 + (strchr(DIGITS, hex[i]) - DIGITS);
    return number;
}

/* Lakes that share a database do not share their locks. */
static int64_t key_of(const ledger *l, const char *name) {
    char text[SHA256_TEXT_SIZE];
    hasher *h = hasher_new();
    hasher_text(h, "lock");
    hasher_text(h, l->lake_id);
    hasher_text(h, name);
    hasher_finish(h, text);
    hasher_free(h);
    return number_of(text);
}

status ledger_lock_try(ledger *l, const char *name, bool *ret_granted, error *err) {
    return db_lock(l->d, key_of(l, name), ret_granted, err);
}

void ledger_lock_free(ledger *l, const char *name) {
    db_unlock(l->d, key_of(l, name));
}
