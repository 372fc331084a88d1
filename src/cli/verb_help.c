#include "cli/verb.h"

#include "cli/help.h"
#include "ledger/ledger.h"

static status write_help(command *c, buf *text, error *err) {
    const strings *arguments = &c->options->arguments;
    if (option_given(c->options, OPTION_MARKDOWN)) {
        help_markdown(text);
        return OK;
    }
    if (arguments->count == 0) {
        help_all(text);
        return OK;
    }
    const verb *v = NULL;
    TRY(verb_find(arguments->items[0], c->arena, &v, err));
    help_verb(text, v);
    return OK;
}

status verb_help(command *c, error *err) {
    buf text = buf_new(c->arena);
    TRY(write_help(c, &text, err));
    fputs(text.text, c->out->stream);
    return OK;
}

status verb_completion(command *c, error *err) {
    const char *shell = c->options->arguments.items[0];
    completion_writer write = completion_for(shell);
    if (write == NULL) {
        error_set(err, E_USAGE, "there is no completion for \"%s\"", shell);
        error_hint(err, "It is made for bash, zsh and fish.");
        return E_USAGE;
    }
    buf text = buf_new(c->arena);
    write(&text);
    fputs(text.text, c->out->stream);
    return OK;
}

status verb_version(command *c, error *err) {
    (void)err;
    if (c->out->format == OUTPUT_TABLE) {
        output_say(c->out, "weir %s", WEIR_VERSION);
        return OK;
    }
    JSON_AUTO document = json_pack("{s:i, s:s, s:i}", "format", 1, "version", WEIR_VERSION,
                                   "ledger_schema", LEDGER_SCHEMA);
    static const output_column COLUMNS[] = {{"version", "version", OUTPUT_TEXT}};
    JSON_AUTO rows = json_pack("[O]", document);
    output_write_list(c->out, &(output_list){document, rows, COLUMNS, ARRAY_SIZE(COLUMNS)});
    return OK;
}
