/* lineage: how what is current came to be, for those who ask why. Only reads.
 *
 * A version is current for a time; within that time another derivation may turn out to give the
 * same content, and then stands for it. What changed at the beginning of the time is told by the
 * derivation of then, against the one that stood before. */
#ifndef WEIR_LEDGER_LINEAGE_H
#define WEIR_LEDGER_LINEAGE_H

#include "ledger/ledger.h"

/* A version's time as current, and the run that made it so. */
typedef struct ledger_term {
    int64_t table;
    const char *partition;
    int64_t version, rows, bytes;
    const char *content;
    int64_t from_seq, from_us;
    int64_t to_seq;                              /* 0: it still is */
    int64_t derivation;                          /* that stands for it in the end, or now */
    const char *run, *verb, *who, *code_version; /* NULL: not known any more */
} ledger_term;
typedef VEC(ledger_term) ledger_terms;
/* The newest of a partition that began before a commit, and the one that it followed without a
 * gap: at most two, newest first. */
CHECKED status ledger_terms_before(ledger *l, int64_t table, const char *partition,
                                   int64_t before_seq, arena *a, ledger_terms *ret, error *err);
/* A version's newest time that began before a commit. E_NOT_FOUND. */
CHECKED status ledger_term_of(ledger *l, int64_t version, int64_t before_seq, arena *a,
                              ledger_term *ret, error *err);

/* One way in which a version was made. */
typedef struct ledger_origin {
    int64_t derivation;
    const char *memo_key;
    int64_t seq, at_us;
    const char *run;
    int64_t code;
    const char *fingerprint, *parts; /* parts: JSON object of hashes; NULL: not known any more */
    int64_t code_seq, code_us;       /* when that code was defined */
    int64_t generation;
    bool is_accepted; /* the code did not make it: somebody said that it may stand */
    const char *accepted_by, *accepted_why;
    int64_t accepted_us;
} ledger_origin;
/* E_NOT_FOUND. */
CHECKED status ledger_origin_get(ledger *l, int64_t derivation, arena *a, ledger_origin *ret,
                                 error *err);
/* The newest derivation of a version up to a commit; 0: none. */
CHECKED status ledger_origin_at(ledger *l, int64_t version, int64_t up_to_seq, int64_t *ret,
                                error *err);

/* What a derivation read. */
typedef struct ledger_read {
    int64_t input; /* table id */
    bool is_source;
    int64_t unit;          /* delivery or version */
    const char *partition; /* of a version */
} ledger_read;
typedef VEC(ledger_read) ledger_reads;
/* By input and unit. */
CHECKED status ledger_reads_of(ledger *l, int64_t derivation, arena *a, ledger_reads *ret,
                               error *err);

/* Was the delivery withdrawn or rejected before it counted? */
CHECKED status ledger_delivery_returned(ledger *l, int64_t id, bool *ret, error *err);

#endif
