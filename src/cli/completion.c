#include "cli/help.h"

/* The words of a single-quoted shell text: a quote inside ends it, escapes one, starts it again. */
static void add_shell_quoted(buf *b, const char *text) {
    buf_char(b, '\'');
    for (const char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            buf_add(b, "'\\''");
        else
            buf_char(b, *c);
    buf_char(b, '\'');
}

static void add_verb_names(buf *b, const char *separator) {
    for (size_t i = 0; verb_at(i) != NULL; i++)
        buf_printf(b, "%s%s", i > 0 ? separator : "", verb_at(i)->name);
}

static void add_long_options(buf *b, option_set set) {
    bool first = true;
    for (option_id id = 0; id < OPTION_COUNT; id++) {
        if ((set & OPTION_BIT(id)) == 0)
            continue;
        buf_printf(b, "%s--%s", first ? "" : " ", OPTIONS[id].name);
        first = false;
    }
}

static void add_choice_words(buf *b, const char *choices) {
    for (const char *c = choices; *c != '\0'; c++)
        buf_char(b, *c == '|' ? ' ' : *c);
}

static void add_bash_choices(buf *b) {
    buf_add(b, "    case $before in\n");
    for (option_id id = 0; id < OPTION_COUNT; id++) {
        const option *o = &OPTIONS[id];
        if (o->choices == NULL)
            continue;
        buf_printf(b, "    --%s", o->name);
        if (o->letter != 0)
            buf_printf(b, "|-%c", o->letter);
        buf_add(b, ") words=\"");
        add_choice_words(b, o->choices);
        buf_add(b, "\" ;;\n");
    }
    buf_printf(b, "    --%s|-%c) COMPREPLY=($(compgen -d -- \"$now\")); return ;;\n    esac\n",
               OPTIONS[OPTION_DIR].name, OPTIONS[OPTION_DIR].letter);
}

static void write_bash(buf *b) {
    buf_add(b, "# bash completion of weir\n"
               "_weir() {\n"
               "    local now=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
               "    local verb= words= word\n"
               "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
               "        case \" ");
    add_verb_names(b, " ");
    buf_add(b, " \" in *\" $word \"*) verb=$word; break ;; esac\n    done\n");
    add_bash_choices(b);
    buf_add(b, "    if [ -z \"$words\" ]; then\n        case $verb in\n        '') words=\"");
    add_verb_names(b, " ");
    buf_char(b, ' ');
    add_long_options(b, OPTIONS_COMMON);
    buf_add(b, "\" ;;\n");
    for (size_t i = 0; verb_at(i) != NULL; i++) {
        buf_printf(b, "        %s) words=\"", verb_at(i)->name);
        add_long_options(b, verb_at(i)->options | OPTIONS_COMMON);
        buf_add(b, "\" ;;\n");
    }
    buf_add(b, "        esac\n    fi\n"
               "    COMPREPLY=($(compgen -W \"$words\" -- \"$now\"))\n"
               "    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$now\"))\n"
               "}\n"
               "complete -F _weir weir\n");
}

/* '--output=[how]:FORMAT:(table json)' with ':' and '[' of the text escaped. */
static void add_zsh_option(buf *b, const option *o) {
    buf text = buf_new(b->arena);
    buf_printf(&text, "*--%s%s[", o->name, o->argument != NULL ? "=" : "");
    for (const char *c = o->doc; *c != '\0'; c++) {
        if (strchr("[]:\\", *c) != NULL)
            buf_char(&text, '\\');
        buf_char(&text, *c);
    }
    buf_char(&text, ']');
    if (o->choices != NULL) {
        buf_printf(&text, ":%s:(", o->argument);
        add_choice_words(&text, o->choices);
        buf_char(&text, ')');
    } else if (o->argument != NULL) {
        buf_printf(&text, ":%s:%s", o->argument, str_eq(o->argument, "DIR") ? "_files -/" : " ");
    }
    buf_add(b, " \\\n            ");
    add_shell_quoted(b, text.text);
}

static void add_zsh_options(buf *b, option_set set) {
    for (option_id id = 0; id < OPTION_COUNT; id++)
        if ((set & OPTION_BIT(id)) != 0)
            add_zsh_option(b, &OPTIONS[id]);
}

static void write_zsh(buf *b) {
    buf_add(b, "#compdef weir\n"
               "_weir() {\n"
               "    local -a verbs\n"
               "    verbs=(\n");
    for (size_t i = 0; verb_at(i) != NULL; i++) {
        buf_add(b, "        ");
        add_shell_quoted(b, arena_printf(b->arena, "%s:%s", verb_at(i)->name, verb_at(i)->line));
        buf_char(b, '\n');
    }
    buf_add(b, "    )\n"
               "    local verb=${words[(r)(");
    add_verb_names(b, "|");
    buf_add(b, ")]}\n    case $verb in\n");
    for (size_t i = 0; verb_at(i) != NULL; i++) {
        buf_printf(b, "    %s)\n        _arguments -s", verb_at(i)->name);
        add_zsh_options(b, verb_at(i)->options | OPTIONS_COMMON);
        buf_add(b, " \\\n            '*:file:_files' ;;\n");
    }
    buf_add(b,
            "    *) _describe verb verbs ;;\n"
            "    esac\n"
            "}\n"
            "if [ \"$funcstack[1]\" = _weir ]; then _weir \"$@\"; else compdef _weir weir; fi\n");
}

static void add_fish_option(buf *b, const char *condition, const option *o) {
    buf_printf(b, "complete -c weir%s%s -l %s", condition[0] != '\0' ? " -n " : "", condition,
               o->name);
    if (o->letter != 0)
        buf_printf(b, " -s %c", o->letter);
    if (o->choices != NULL) {
        buf_add(b, " -x -a '");
        add_choice_words(b, o->choices);
        buf_char(b, '\'');
    } else if (o->argument != NULL) {
        buf_add(b, " -r");
    }
    buf_add(b, " -d ");
    add_shell_quoted(b, o->doc);
    buf_char(b, '\n');
}

static void write_fish(buf *b) {
    buf_add(b, "# fish completion of weir\n");
    for (size_t i = 0; verb_at(i) != NULL; i++) {
        buf_printf(b, "complete -c weir -n __fish_use_subcommand -a %s -d ", verb_at(i)->name);
        add_shell_quoted(b, verb_at(i)->line);
        buf_char(b, '\n');
    }
    for (option_id id = 0; id < OPTION_COUNT; id++)
        if ((OPTIONS_COMMON & OPTION_BIT(id)) != 0)
            add_fish_option(b, "", &OPTIONS[id]);
    for (size_t i = 0; verb_at(i) != NULL; i++) {
        const char *condition =
            arena_printf(b->arena, "'__fish_seen_subcommand_from %s'", verb_at(i)->name);
        for (option_id id = 0; id < OPTION_COUNT; id++)
            if ((verb_at(i)->options & OPTION_BIT(id)) != 0)
                add_fish_option(b, condition, &OPTIONS[id]);
    }
}

completion_writer completion_for(const char *shell) {
    static const struct {
        const char *shell;
        completion_writer writer;
    } WRITERS[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};
    for (size_t i = 0; i < ARRAY_SIZE(WRITERS); i++)
        if (str_eq(WRITERS[i].shell, shell))
            return WRITERS[i].writer;
    return NULL;
}
