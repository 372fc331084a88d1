/* node: one YAML file as a tree that knows the place of everything in it.
 *
 * Scalars stay text; what they mean is said by the key they stand under (lake/keys.h). Only the
 * plain part of YAML is understood: no anchors, aliases, tags or second documents. Files are
 * hostile: size, depth, encoding and duplicate keys are checked here. */
#ifndef WEIR_LAKE_NODE_H
#define WEIR_LAKE_NODE_H

#include "lake/problem.h"

enum {
    DEFINITION_SIZE_MAX = 1024 * 1024, /* of one file, YAML or SQL */
    NODE_DEPTH_MAX = 16,
};

typedef enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP } node_kind;

typedef struct node node;

typedef struct node_entry {
    const char *name; /* NULL in lists */
    place at;         /* of the name; in lists, of the value */
    node *value;
} node_entry;

struct node {
    node_kind kind;
    place at;
    const char *text; /* NODE_TEXT only */
    bool is_empty;    /* nothing is written: `key:` */
    bool is_open;     /* holds ${…} that has not been replaced yet */
    VEC(node_entry) entries;
};

/* Read text (size bytes, of file, which is borrowed) into a tree in the arena. NULL with problems
 * added when it is no plain YAML; an empty file gives an empty map. */
node *node_parse(const char *file, const char *text, size_t size, problems *p);

/* The value under name, or NULL. */
const node *node_get(const node *map, const char *name);

/* Replace ${NAME} by the environment's value in every text below n; "$${" stands for "${".
 * A variable that is not set is a problem. names: of the variables, added to; or NULL. */
void node_expand(node *n, problems *p, strings *names);

#endif
