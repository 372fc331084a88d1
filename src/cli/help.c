#include "cli/help.h"

enum { WRAP_COLUMNS = 80, OPTION_COLUMN = 26 };

static const char EXIT_CODES[][80] = {
    "0   done, or nothing to do",
    "1   some partitions or files failed; the rest is current",
    "2   usage or definition wrong; nothing was touched",
    "3   a check stopped something; the old data is still current",
    "4   another run holds the lake",
    "5   interrupted; run again to go on",
    "10  plan --detailed-exitcode, and there is work",
};

/* Words of text from column indent on, broken at WRAP_COLUMNS; the first line is at column. */
static void add_wrapped(buf *b, const char *text, size_t column, size_t indent) {
    bool first = true;
    while (*text != '\0') {
        size_t size = strcspn(text, " ");
        bool breaks = !first && column + 1 + size > WRAP_COLUMNS;
        if (breaks)
            buf_printf(b, "\n%*s", (int)indent, "");
        else if (!first)
            buf_char(b, ' ');
        column = breaks ? indent + size : column + size + (first ? 0 : 1);
        buf_add_bytes(b, text, size);
        text += size;
        text += strspn(text, " ");
        first = false;
    }
    buf_char(b, '\n');
}

static char *option_form(arena *a, const option *o) {
    buf b = buf_new(a);
    if (o->letter != 0)
        buf_printf(&b, "-%c, ", o->letter);
    else
        buf_add(&b, "    ");
    buf_printf(&b, "--%s", o->name);
    if (o->argument != NULL)
        buf_printf(&b, " %s", o->argument);
    return b.text;
}

static char *option_doc(arena *a, const option *o) {
    if (o->choices == NULL)
        return arena_strdup(a, o->doc);
    return arena_printf(a, "%s: %s", o->doc, o->choices);
}

static void add_options(buf *b, option_set set) {
    for (option_id id = 0; id < OPTION_COUNT; id++) {
        if ((set & OPTION_BIT(id)) == 0)
            continue;
        const char *form = option_form(b->arena, &OPTIONS[id]);
        buf_printf(b, "  %-*s ", OPTION_COLUMN - 3, form);
        size_t column = strlen(form) + 3 > OPTION_COLUMN ? strlen(form) + 3 : OPTION_COLUMN;
        add_wrapped(b, option_doc(b->arena, &OPTIONS[id]), column, OPTION_COLUMN);
    }
}

static void add_synopsis(buf *b, const verb *v) {
    buf_printf(b, "weir %s%s%s", v->name, v->arguments[0] != '\0' ? " " : "", v->arguments);
}

static bool has_example(const verb *v, size_t i) {
    return i < VERB_EXAMPLES_MAX && v->examples[i].line != NULL;
}

void help_all(buf *b) {
    buf_add(b, "weir: make for data lakes\n\nusage: weir [OPTION…] VERB [OPTION…] [ARGUMENT…]\n");
    for (size_t i = 0; i < VERB_GROUP_COUNT; i++) {
        const verb_group *group = VERB_GROUPS[i];
        buf_printf(b, "\n%s\n", group->title);
        for (size_t j = 0; j < group->count; j++)
            buf_printf(b, "  %-11s %s\n", group->verbs[j].name, group->verbs[j].line);
    }
    buf_add(b, "\nOptions of every verb\n");
    add_options(b, OPTIONS_COMMON);
    buf_add(b, "\nExit codes\n");
    for (size_t i = 0; i < ARRAY_SIZE(EXIT_CODES); i++)
        buf_printf(b, "  %s\n", EXIT_CODES[i]);
    buf_add(b, "\n`weir help VERB` tells more, with examples.\n");
}

void help_verb(buf *b, const verb *v) {
    buf_printf(b, "weir %s: %s\n\nusage: ", v->name, v->line);
    add_synopsis(b, v);
    buf_add(b, "\n\n");
    add_wrapped(b, v->doc, 0, 0);
    buf_add(b, "\nExamples\n");
    for (size_t i = 0; has_example(v, i); i++)
        buf_printf(b, "  %s\n      %s\n", v->examples[i].line, v->examples[i].doc);
    if (v->options != 0) {
        buf_add(b, "\nOptions\n");
        add_options(b, v->options);
    }
    buf_add(b, "\nOptions of every verb\n");
    add_options(b, OPTIONS_COMMON);
}

static void add_markdown_cell(buf *b, const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '|')
            buf_char(b, '\\');
        buf_char(b, *c);
    }
}

static void add_markdown_options(buf *b, option_set set) {
    buf_add(b, "| option | |\n|---|---|\n");
    for (option_id id = 0; id < OPTION_COUNT; id++) {
        if ((set & OPTION_BIT(id)) == 0)
            continue;
        const char *form = option_form(b->arena, &OPTIONS[id]);
        buf_printf(b, "| `%s` | ", form + strspn(form, " "));
        add_markdown_cell(b, option_doc(b->arena, &OPTIONS[id]));
        buf_add(b, " |\n");
    }
}

static void add_markdown_verb(buf *b, const verb *v) {
    buf_printf(b, "\n## weir %s\n\n", v->name);
    buf_add(b, "```\n");
    add_synopsis(b, v);
    buf_printf(b, "\n```\n\n%s.\n\n", v->line);
    buf_printf(b, "%s\n\n```sh\n", v->doc);
    for (size_t i = 0; has_example(v, i); i++)
        buf_printf(b, "%s    # %s\n", v->examples[i].line, v->examples[i].doc);
    buf_add(b, "```\n");
    if (v->options == 0)
        return;
    buf_char(b, '\n');
    add_markdown_options(b, v->options);
}

void help_markdown(buf *b) {
    buf_add(b, "# The command line\n\nWritten by `weir help --markdown`; change the tables in "
               "`src/cli/`, not this page.\n\n| verb | |\n|---|---|\n");
    for (size_t i = 0; verb_at(i) != NULL; i++)
        buf_printf(b, "| [%s](#weir-%s) | %s |\n", verb_at(i)->name, verb_at(i)->name,
                   verb_at(i)->line);
    buf_add(b, "\nEvery verb takes:\n\n");
    add_markdown_options(b, OPTIONS_COMMON);
    buf_add(b, "\nData goes to standard output, progress and log to standard error. It ends "
               "with:\n\n```\n");
    for (size_t i = 0; i < ARRAY_SIZE(EXIT_CODES); i++)
        buf_printf(b, "%s\n", EXIT_CODES[i]);
    buf_add(b, "```\n");
    for (size_t i = 0; verb_at(i) != NULL; i++)
        add_markdown_verb(b, verb_at(i));
}
