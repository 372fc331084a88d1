/* xml: the elements of a reply, over expat.
 *
 * Expat because it is a stream of events with limits of its own against bombs, and nothing else: no
 * tree, no network, no entities from outside. Replies are hostile: depth and sizes have bounds. */
#ifndef WEIR_STORE_S3_XML_H
#define WEIR_STORE_S3_XML_H

#include "base/error.h"
#include "base/str.h"

/* Called at the end of each element. path: "ListBucketResult/Contents/Key"; text: its own, without
 * that of elements inside. Both are gone after the call. */
typedef void (*xml_element)(void *state, const char *path, const char *text);

/* False: not well-formed, too deep, or with a document type, as no reply has; elements before that
 * place were told. */
CHECKED bool xml_read(const char *text, size_t size, xml_element each, void *state);

/* The text of the first element at path, NULL when there is none. */
char *xml_text(const char *text, size_t size, const char *path, arena *a);

/* & < > " and ' as entities. */
void xml_escape(buf *out, const char *text);

#endif
