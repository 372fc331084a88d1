/* memo-worker: a worker that remembers.
 *
 * A job's result depends on its document and on the bytes of the files that it names. Tests that
 * let the same small lake go through hundreds of deaths ask the same again and again; here the
 * engine is asked once. What differs by run is put aside first: the lake's folder, and identifiers.
 *
 *     WEIR_MEMO=FOLDER          where answers are kept, and shared with other memo-workers
 *     WEIR_MEMO_STORE=s3://…    the lake's store, where that is a bucket of the tests' service
 *     WEIR_MEMO_FOLDER=FOLDER   … whose objects are files below this folder
 *
 * The engine is the program "worker" beside this one, started when an answer is not known yet. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/path.h"
#include "base/process.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 64 * 1024 * 1024, ID_SIZE = ID_TEXT_SIZE - 1 };

static const char MARK = '\1'; /* JSON never holds it as it is */
static const char TEMPORARY[] = "/.weir/tmp";

typedef struct memo {
    arena *arena;       /* of the whole process */
    const char *folder; /* of the answers */
    const char *engine; /* path of the real worker */
    char *lake;         /* the folder that its jobs are about; NULL before they are opened */
    const char *store;  /* where that is a bucket */
    const char *store_folder;
    char *open_line; /* how to open the engine, when it is needed */
    process process;
    FILE *answers; /* the engine's; NULL when it does not run */
} memo;

/* One job, and what was put aside in it. */
typedef struct job {
    memo *m;
    arena *arena;
    const char *line;
    json_t *document;
    strings ids;
    char key[SHA256_TEXT_SIZE];
} job;

static _Noreturn void give_up(const char *why) {
    fprintf(stderr, "memo-worker: %s\n", why);
    exit(EXIT_FAILURE);
}

static bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t word_size(const char *text) {
    size_t size = 0;
    while (is_word(text[size]))
        size++;
    return size;
}

/* Its number among those put aside; add: also when it is new. */
static bool number_of(job *j, const char *id, bool add, size_t *ret) {
    for (size_t i = 0; i < j->ids.count; i++)
        if (memcmp(j->ids.items[i], id, ID_SIZE) == 0) {
            *ret = i;
            return true;
        }
    *ret = j->ids.count;
    if (add)
        vec_push(j->arena, &j->ids, arena_strndup(j->arena, id, ID_SIZE));
    return add;
}

/* Does the text begin with a place? Its size, or 0. */
static size_t size_of_place(const char *place, const char *text) {
    return place != NULL && str_starts(text, place) ? strlen(place) : 0;
}

/* The text with the lake's folder, its store and identifiers replaced by marks. */
static char *put_aside(job *j, const char *text, bool add) {
    buf out = buf_new(j->arena);
    while (*text != '\0') {
        size_t size = word_size(text), number;
        size_t lake_size = size_of_place(j->m->lake, text);
        size_t store_size = size_of_place(j->m->store, text);
        if (lake_size + store_size > 0) {
            buf_printf(&out, "%c%c", MARK, lake_size > 0 ? '/' : ':');
            text += lake_size + store_size;
        } else if (size == ID_SIZE && number_of(j, text, add, &number)) {
            buf_printf(&out, "%c%zu;", MARK, number);
            text += size;
        } else {
            size = size == 0 ? 1 : size;
            buf_add_bytes(&out, text, size);
            text += size;
        }
    }
    return out.text;
}

static char *put_back(const job *j, const char *text) {
    buf out = buf_new(j->arena);
    for (; *text != '\0'; text++) {
        if (*text != MARK) {
            buf_char(&out, *text);
        } else if (*++text == '/' || *text == ':') {
            buf_add(&out, *text == '/' ? j->m->lake : j->m->store);
        } else {
            size_t number = 0;
            for (; *text != ';'; text++)
                number = number * 10 + (size_t)(*text - '0');
            ASSERT(number < j->ids.count);
            buf_add(&out, j->ids.items[number]);
        }
    }
    return out.text;
}

/* Of the file that the text names, or that the object is which it names; else NULL. */
static const char *file_of(const memo *m, const char *text, arena *a) {
    size_t size = text == NULL ? 0 : size_of_place(m->store, text);
    if (size > 0)
        return arena_printf(a, "%s%s", m->store_folder, text + size);
    return text != NULL && text[0] == '/' ? text : NULL;
}

/* Every text in the document that is a file's path stands for that file's bytes. */
static void hash_files(const memo *m, const json_t *value, hasher *h) {
    ARENA_AUTO a = arena_new();
    const char *key;
    json_t *child;
    size_t i, size;
    char *body;
    json_object_foreach((json_t *)(uintptr_t)value, key, child) hash_files(m, child, h);
    json_array_foreach(value, i, child) hash_files(m, child, h);
    const char *path = file_of(m, json_string_value(value), a);
    if (path == NULL || file_read(path, FILE_SIZE_MAX, a, &body, &size, NULL))
        return;
    hasher_int(h, (int64_t)size);
    hasher_bytes(h, body, size);
}

static void make_key(job *j) {
    hasher *h = hasher_new();
    hasher_text(h, put_aside(j, j->line, true));
    hash_files(j->m, j->document, h);
    hasher_finish(h, j->key);
    hasher_free(h);
}

/* asking the engine */

static void start_engine(memo *m) {
    error err = {0};
    const char *argv[] = {m->engine, NULL};
    if (process_start(&(process_options){.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT},
                      &m->process, &err)
        != OK)
        give_up(err.message);
    m->answers = fdopen(m->process.stdout_fd, "r");
    ASSERT(m->answers != NULL);
}

static void send(const memo *m, const char *line) {
    if (!file_write_fd(m->process.stdin_fd, line, strlen(line)))
        give_up("the engine takes no job");
}

static char *next_line(const memo *m, arena *a) {
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size = getline(&line, &capacity, m->answers);
    if (size < 0)
        give_up("the engine is gone");
    char *kept = arena_strndup(a, line, (size_t)size);
    free(line);
    return kept;
}

/* Only a query has several lines. */
static bool is_last(const job *j, const char *line) {
    return !str_eq(json_get_string(j->document, "op", ""), "query") || strstr(line, "\"done\":")
           || str_starts(line, "{\"error\":");
}

static strings ask_engine(const job *j) {
    memo *m = j->m;
    strings lines = {0};
    if (m->answers == NULL) {
        start_engine(m);
        if (j->line != m->open_line) {
            send(m, m->open_line);
            next_line(m, j->arena);
        }
    }
    send(m, j->line);
    do
        vec_push(j->arena, &lines, next_line(m, j->arena));
    while (!is_last(j, lines.items[lines.count - 1]));
    return lines;
}

/* keeping answers: lines, and the files that a build made */

static const char *output_folder(const job *j) {
    const char *named = json_get_string(json_object_get(j->document, "output"), "dir", NULL);
    return file_of(j->m, named, j->arena);
}

static char *to_hex(arena *a, const char *bytes, size_t size) {
    static const char DIGITS[] = "0123456789abcdef";
    char *hex = arena_alloc(a, 2 * size + 1);
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = DIGITS[(unsigned char)bytes[i] >> 4];
        hex[2 * i + 1] = DIGITS[(unsigned char)bytes[i] & 15];
    }
    return hex;
}

static int digit(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void keep_file(job *j, json_t *files, const char *name) {
    char *body;
    size_t size;
    const char *path = path_join(j->arena, output_folder(j), name);
    if (file_read(path, FILE_SIZE_MAX, j->arena, &body, &size, NULL) != OK)
        give_up("a file of the answer cannot be read");
    json_array_append_new(files, json_pack("{s:s, s:s}", "name", put_aside(j, name, false), "body",
                                           to_hex(j->arena, body, size)));
}

static void keep_files(job *j, json_t *files, const char *line) {
    JSON_AUTO answer = json_loads(line, 0, NULL);
    size_t i, k;
    json_t *partition, *file;
    json_array_foreach(json_object_get(answer, "partitions"), i, partition)
        json_array_foreach(json_object_get(partition, "files"), k, file)
            keep_file(j, files, json_get_string(file, "name", ""));
}

static void keep(job *j, const strings *lines) {
    JSON_AUTO entry = json_pack("{s:[], s:[]}", "lines", "files");
    const char *path = path_join(j->arena, j->m->folder, j->key);
    const char *unfinished = arena_printf(j->arena, "%s.%ld", path, (long)getpid());
    for (size_t i = 0; i < lines->count; i++) {
        if (output_folder(j) != NULL)
            keep_files(j, json_object_get(entry, "files"), lines->items[i]);
        json_array_append_new(json_object_get(entry, "lines"),
                              json_string(put_aside(j, lines->items[i], false)));
    }
    if (json_dump_file(entry, unfinished, JSON_COMPACT) != 0 || rename(unfinished, path) != 0)
        give_up("an answer cannot be kept");
}

/* A bucket has none, but the files that its objects are do. */
static void make_folders(const job *j, const char *path) {
    char *folder = arena_strdup(j->arena, path);
    for (char *end = strchr(folder + 1, '/'); end != NULL; end = strchr(end + 1, '/')) {
        *end = '\0';
        mkdir(folder, 0755);
        *end = '/';
    }
}

/* As the service keeps an object's ETag. */
static bool make_tag(const job *j, FILE *file) {
    const char *tag = arena_printf(j->arena, "\"%.32s\"", j->key);
    return fsetxattr(fileno(file), "user.etag", tag, strlen(tag), 0) == 0;
}

static void make_file(const job *j, const json_t *kept) {
    const char *hex = json_get_string(kept, "body", "");
    const char *name = put_back(j, json_get_string(kept, "name", ""));
    const char *path = path_join(j->arena, output_folder(j), name);
    if (j->m->store != NULL)
        make_folders(j, path);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        give_up("a file of the answer cannot be made");
    for (; *hex != '\0'; hex += 2)
        fputc(digit(hex[0]) << 4 | digit(hex[1]), file);
    bool tagged = j->m->store == NULL || make_tag(j, file);
    if (fclose(file) != 0 || !tagged)
        give_up("a file of the answer cannot be written");
}

static bool recall(const job *j, strings *ret) {
    JSON_AUTO entry = json_load_file(path_join(j->arena, j->m->folder, j->key), 0, NULL);
    size_t i;
    json_t *item;
    if (entry == NULL)
        return false;
    json_array_foreach(json_object_get(entry, "files"), i, item) make_file(j, item);
    json_array_foreach(json_object_get(entry, "lines"), i, item)
        vec_push(j->arena, ret, put_back(j, json_string_value(item)));
    return true;
}

static void note_open(job *j) {
    memo *m = j->m;
    const char *temporary = json_get_string(j->document, "temp_dir", "");
    if (!str_eq(json_get_string(j->document, "op", ""), "open"))
        return;
    if (str_ends(temporary, TEMPORARY))
        m->lake = arena_strndup(m->arena, temporary, strlen(temporary) - strlen(TEMPORARY));
    m->open_line = arena_strdup(m->arena, j->line);
    j->line = m->open_line;
}

static void answer(memo *m, const char *line) {
    ARENA_AUTO a = arena_new();
    JSON_AUTO document = json_loads(line, 0, NULL);
    job j = {.m = m, .arena = a, .line = line, .document = document};
    strings lines = {0};
    note_open(&j);
    make_key(&j);
    if (!recall(&j, &lines)) {
        lines = ask_engine(&j);
        if (!str_starts(lines.items[0], "{\"error\":"))
            keep(&j, &lines);
    }
    for (size_t i = 0; i < lines.count; i++)
        fputs(lines.items[i], stdout);
    fflush(stdout);
}

int main(void) {
    char own[PATH_SIZE_MAX + 1] = "";
    char *line = NULL;
    size_t capacity = 0;
    ARENA_AUTO a = arena_new();
    memo m = {.arena = a,
              .folder = getenv("WEIR_MEMO"),
              .store = getenv("WEIR_MEMO_STORE"),
              .store_folder = getenv("WEIR_MEMO_FOLDER")};
    if (m.folder == NULL || (m.store != NULL && m.store_folder == NULL)
        || readlink("/proc/self/exe", own, PATH_SIZE_MAX) < 0)
        give_up("WEIR_MEMO names no folder");
    m.engine = path_join(a, path_parent(a, own), "worker");
    while (getline(&line, &capacity, stdin) > 0)
        answer(&m, line);
    free(line);
    return EXIT_SUCCESS;
}
