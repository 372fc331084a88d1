/* sql_tree: reading the syntax tree, for the sql modules only.
 *
 * The tree is hostile until sql_tree_check has passed it: then it is not too deep, and the members
 * named there have their types. Everything else is read leniently: what is missing reads as empty
 * and what is unknown is refused where it matters. */
#ifndef WEIR_LAKE_SQL_TREE_H
#define WEIR_LAKE_SQL_TREE_H

#include "lake/sql.h"

/* One JSON level; an operator of an expression takes two. */
enum { SQL_DEPTH_MAX = 1000 };

/* E_DEFINITION for more than one statement or too deep a tree, E_ENGINE for one that is
 * malformed. */
CHECKED status sql_tree_check(const json_t *tree, error *err);

/* The statement's outermost query node, of a checked tree. */
const json_t *sql_tree_node(const json_t *tree);

/* For jansson's iteration, which wants what it will not change. */
json_t *sql_mutable(const json_t *value);

/* Text members; "" when absent. */
const char *sql_text(const json_t *object, const char *key);
bool sql_is(const json_t *object, const char *key, const char *value);
bool sql_same_name(const char *a, const char *b); /* without regard to ASCII case */

/* Where the object stands in the text, or SQL_NO_PLACE. */
int64_t sql_location(const json_t *object);
/* The first location in or below value. */
int64_t sql_location_within(const json_t *value);
/* " at 3:8", or "" for no place. */
char *sql_at(arena *a, const char *sql, int64_t location);
/* Line and column, 0 and 0 for no place. */
void sql_place_of(const char *sql, int64_t location, int *line, int *column);

/* Fingerprint of the tree without locations. */
void sql_fingerprint(const json_t *tree, char text[65]);

#endif
