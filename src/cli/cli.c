#include "cli/cli.h"

#include "cli/document.h"
#include "cli/help.h"
#include "cli/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

static bool wants_color(FILE *stream) {
    const char *no_color = getenv("NO_COLOR");
    return (no_color == NULL || no_color[0] == '\0') && isatty(fileno(stream)) == 1;
}

static log_level level_of(const option_values *o) {
    int64_t level = LOG_INFO;
    level += (int64_t)o->values[OPTION_VERBOSE].count;
    level -= (int64_t)o->values[OPTION_QUIET].count;
    if (level < LOG_ERROR)
        return LOG_ERROR;
    return level > LOG_DEBUG ? LOG_DEBUG : (log_level)level;
}

/* Names from the command line go into documents and messages. */
static status check_words(int argc, const char *const *argv, error *err) {
    for (int i = 1; i < argc; i++)
        if (!str_is_utf8(argv[i], strlen(argv[i])))
            return error_set(err, E_USAGE, "argument %d, \"%s\", is not UTF-8", i, argv[i]);
    return OK;
}

/* Options may stand before the verb and after it. */
static status parse(int argc, const char *const *argv, arena *a, option_values *o,
                    const verb **ret_verb, error *err) {
    TRY(check_words(argc, argv, err));
    option_input in = {.argv = argv,
                       .argc = argc,
                       .from = 1,
                       .allowed = OPTIONS_COMMON | OPTION_BIT(OPTION_VERSION),
                       .until_argument = true};
    int next = 1;
    TRY(option_parse(&in, a, o, &next, err));
    if (option_given(o, OPTION_VERSION))
        return verb_find("version", a, ret_verb, err);
    if (next == argc)
        return verb_find("help", a, ret_verb, err);
    const verb *found = NULL;
    TRY(verb_find(argv[next], a, &found, err));
    in.from = next + 1;
    in.allowed = OPTIONS_COMMON | found->options;
    in.until_argument = false;
    TRY(option_parse(&in, a, o, &next, err));
    *ret_verb = found;
    return option_given(o, OPTION_HELP) ? OK : verb_check_arguments(found, &o->arguments, err);
}

static status carry_out(command *c, error *err) {
    if (option_given(c->options, OPTION_HELP) && !str_eq(c->verb->name, "help")) {
        buf text = buf_new(c->arena);
        help_verb(&text, c->verb);
        fputs(text.text, c->out->stream);
        return output_finish(c->out, err);
    }
    TRY(c->verb->run(c, err));
    return output_finish(c->out, err);
}

/* A program reads standard output and finds the error there; people read standard error. */
static int fail(const output *out, const log *l, const error *err) {
    log_error(l, err);
    if (out->format == OUTPUT_JSON || out->format == OUTPUT_JSONL) {
        JSON_AUTO document = document_error(err);
        json_dumpf(document, out->stream, JSON_COMPACT);
        fputc('\n', out->stream);
        fflush(out->stream);
    }
    return status_exit_code(err->kind);
}

/* A file opened later must not get the number of a standard stream that the caller closed. */
static void hold_standard_streams(void) {
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDONLY);
    if (fd > STDERR_FILENO)
        close(fd);
}

int cli_main(int argc, const char *const *argv) {
    hold_standard_streams();
    ARENA_AUTO a = arena_new();
    option_values options = {0};
    const verb *found = NULL;
    error err = {0};
    status parsed = parse(argc, argv, a, &options, &found, &err);
    output out = {.stream = stdout, .color = wants_color(stdout)};
    out.format = output_format_of(option_text(&options, OPTION_OUTPUT));
    progress *shown = progress_new(
        stderr, progress_mode_of(option_text(&options, OPTION_PROGRESS), stderr), &CLOCK_SYSTEM);
    const log l = {.stream = progress_log_stream(shown),
                   .level = level_of(&options),
                   .color = wants_color(stderr)};
    command c = {.verb = found,
                 .options = &options,
                 .arena = a,
                 .log = &l,
                 .out = &out,
                 .progress = shown,
                 .clock = &CLOCK_SYSTEM,
                 .interrupted = interrupt_watch()};
    bool ok = parsed == OK && carry_out(&c, &err) == OK;
    progress_clear(shown);
    int code = ok ? c.exit_code : fail(&out, &l, &err);
    progress_free(shown);
    return code;
}
