/* keys: the one table of all that a definition's YAML may hold.
 *
 * Parsing, defaults, validation, hints, the JSON Schema and the reference page derive from it. A
 * key of the design that this version cannot honour is in the table too and refused by name.
 * Inside lake/ only. */
#ifndef WEIR_LAKE_KEYS_H
#define WEIR_LAKE_KEYS_H

#include "lake/lake.h"

/* The files a key may stand in; also the struct its offset belongs to. */
typedef enum key_file {
    FILE_LAKE = 1,     /* lake.yaml: lake */
    FILE_SOURCE = 2,   /* a table's YAML without SQL: lake_source */
    FILE_DERIVED = 4,  /* a table's YAML beside its SQL: lake_table */
    FILE_DEFAULTS = 8, /* with one of the two before: _defaults.yaml may have it as well */
} key_file;

typedef enum key_type {
    KEY_GROUP,      /* a map of the keys below it in the table */
    KEY_NAMES,      /* a map of any names to what is below it as "*" */
    KEY_TEXT,       /* const char * */
    KEY_LABEL,      /* const char *, letters, digits, '_' and '-' */
    KEY_PATH,       /* const char *, relative and safe */
    KEY_LOCATION,   /* const char *, a path that may be absolute */
    KEY_FILE_NAME,  /* const char *, one name that every reader of a lake accepts */
    KEY_PATTERN,    /* const char *, PCRE2 */
    KEY_ZONE,       /* const char *, a time zone of the IANA database */
    KEY_CHARACTER,  /* const char *, one character */
    KEY_QUOTE,      /* const char *, one ASCII character or nothing */
    KEY_WORD,       /* const char *, one of values */
    KEY_CHOICE,     /* an enum, its values in the order of values */
    KEY_FLAG,       /* bool: the first of values is false, the second true */
    KEY_BOOL,       /* bool */
    KEY_INT,        /* int64_t */
    KEY_BYTES,      /* int64_t, bytes */
    KEY_DURATION,   /* int64_t, microseconds */
    KEY_TEXTS,      /* strings: a list, or one text */
    KEY_LAYERS,     /* the list of layers */
    KEY_TYPE,       /* a type's name */
    KEY_COLUMN,     /* a type's name, or a map of the keys below it */
    KEY_MAP,        /* `all`, or a map of partition columns to expressions */
    KEY_WINDOW,     /* a list of two bounds */
    KEY_EXPRESSION, /* SQL; or a window, or a map of the keys below it */
    KEY_LITERAL,    /* a text or number */
    KEY_RULES,      /* a list of maps, each with one of the keys below it */
} key_type;

enum { KEY_VALUES_MAX = 6, KEY_NOT_STORED = -1 };

typedef struct key {
    unsigned files;   /* key_file bits */
    const char *path; /* "csv.delimiter"; "*" is any name */
    key_type type;
    const char *otherwise;              /* the default as YAML text; NULL: none */
    int offset;                         /* of the field, or KEY_NOT_STORED */
    int64_t least;                      /* the smallest number allowed */
    const char *values[KEY_VALUES_MAX]; /* what is allowed, for words, choices and flags */
    const char *later[KEY_VALUES_MAX];  /* values that a later version brings */
    bool required;
    bool is_later; /* the key itself is one that a later version brings */
    bool
        is_policy; /* decides what is accepted and how it is read: part of a source's fingerprint */
    const char *doc;
} key;

extern const key KEYS[];
extern const size_t KEY_COUNT;

/* The row for `name` below the row `parent` (NULL: the top level), or NULL. files: any of these. */
const key *key_find(unsigned files, const key *parent, const char *name);

/* Is row directly below parent (NULL: the top level)? */
bool key_is_below(const key *row, const key *parent);

/* The last part of the row's path. */
const char *key_name(const key *row);

#endif
