#include "store/s3/xml.h"

#include <expat.h>

enum { PATH_MAX_SIZE = 256, TEXT_MAX_SIZE = 64 * 1024, DEPTH_MAX = 16 };

typedef struct reading {
    XML_Parser parser;
    xml_element each;
    void *state;
    char path[PATH_MAX_SIZE];
    size_t path_size;
    int depth;
    char *text; /* of the innermost element */
    size_t text_size;
} reading;

static void begin(void *state, const char *name, const char **attributes) {
    (void)attributes;
    reading *r = state;
    size_t size = strlen(name);
    if (++r->depth > DEPTH_MAX || r->path_size + size + 2 > PATH_MAX_SIZE) {
        XML_StopParser(r->parser, XML_FALSE);
        return;
    }
    if (r->path_size > 0)
        r->path[r->path_size++] = '/';
    memcpy(r->path + r->path_size, name, size + 1);
    r->path_size += size;
    r->text_size = 0;
}

/* Replies have none: entities are how small texts become large ones. */
static void refuse_doctype(void *state, const char *name, const char *system_id,
                           const char *public_id, int has_internal_subset) {
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    const reading *r = state;
    XML_StopParser(r->parser, XML_FALSE);
}

static void text(void *state, const char *bytes, int size) {
    reading *r = state;
    if (r->text_size + (size_t)size >= TEXT_MAX_SIZE) {
        XML_StopParser(r->parser, XML_FALSE);
        return;
    }
    memcpy(r->text + r->text_size, bytes, (size_t)size);
    r->text_size += (size_t)size;
}

static void end(void *state, const char *name) {
    (void)name;
    reading *r = state;
    r->text[r->text_size] = '\0';
    r->each(r->state, r->path, r->text);
    char *slash = strrchr(r->path, '/');
    r->path_size = slash == NULL ? 0 : (size_t)(slash - r->path);
    r->path[r->path_size] = '\0';
    r->depth--;
    r->text_size = 0;
}

bool xml_read(const char *bytes, size_t size, xml_element each, void *state) {
    reading r = {.each = each, .state = state, .parser = XML_ParserCreate("UTF-8")};
    r.text = malloc(TEXT_MAX_SIZE);
    ASSERT(r.parser != NULL && r.text != NULL);
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, begin, end);
    XML_SetCharacterDataHandler(r.parser, text);
    XML_SetStartDoctypeDeclHandler(r.parser, refuse_doctype);
    bool whole =
        size <= INT32_MAX && XML_Parse(r.parser, bytes, (int)size, XML_TRUE) == XML_STATUS_OK;
    XML_ParserFree(r.parser);
    free(r.text);
    return whole;
}

typedef struct finding {
    const char *path;
    arena *arena;
    char *found;
} finding;

static void find(void *state, const char *path, const char *found) {
    finding *f = state;
    if (f->found == NULL && str_eq(path, f->path))
        f->found = arena_strdup(f->arena, found);
}

char *xml_text(const char *bytes, size_t size, const char *path, arena *a) {
    finding f = {.path = path, .arena = a};
    if (size == 0 || !xml_read(bytes, size, find, &f))
        return NULL;
    return f.found;
}

void xml_escape(buf *out, const char *plain) {
    static const struct {
        char c;
        const char *entity;
    } ENTITIES[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"},
    };
    for (const char *c = plain; *c != '\0'; c++) {
        const char *entity = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(ENTITIES); i++)
            if (ENTITIES[i].c == *c)
                entity = ENTITIES[i].entity;
        if (entity != NULL)
            buf_add(out, entity);
        else
            buf_char(out, *c);
    }
}
