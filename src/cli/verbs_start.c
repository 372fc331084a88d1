/* Verbs that begin something: a lake, a table's declaration. */
#include "cli/verb.h"

static const verb VERBS[] = {
    {
        .name = "init",
        .arguments = "[DIR]",
        .arguments_max = 1,
        .options =
            OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_STORE) | OPTION_BIT(OPTION_LEDGER),
        .line = "make a lake: a folder with a small working sample",
        .doc =
            "Makes DIR (default: the folder of -C, or this one) with lake.yaml, two tables, a "
            "sample file in land/, and a .gitignore, then the lake's ledger and store. In a "
            "folder that has a lake.yaml but no ledger and no store yet, as after git clone, "
            "only these two are made. Nothing that is there is replaced. --store and --ledger are "
            "written into the new lake.yaml; a password does not belong there (doc/postgres.md).",
        .examples = {{"weir init italy && weir -C italy run", "a new lake, and its first run"},
                     {"git clone … lake && cd lake && weir init", "a definition from elsewhere"},
                     {"weir init shop --store s3://my-bucket/shop", "a lake in a bucket"}},
        .run = verb_init,
    },
    {
        .name = "add",
        .arguments = "TABLE [FILE]",
        .arguments_min = 1,
        .arguments_max = 2,
        .options = OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_FORCE),
        .line = "write a source table's YAML from a file that landed",
        .doc = "Looks at FILE, or at the first file below the table's land folder, and writes "
               "tables/<layer>/<name>.yaml with the format, the CSV dialect and a type for each "
               "column. Codes with leading zeros stay text. Read what it wrote before you run: a "
               "proposal from one file is not yet a contract.",
        .examples = {{"weir add raw.province", "from what lies in land/province/"},
                     {"weir add raw.province ~/province.csv", "from a file elsewhere"},
                     {"weir add -n raw.province", "only show the YAML"}},
        .run = verb_add,
    },
    {
        .name = "validate",
        .arguments = "",
        .line = "check the definition only",
        .doc = "Reads lake.yaml and tables/ and tells every error, with file, line and column. "
               "Needs no ledger and no data: for CI and commit hooks. Ends with 2 when something "
               "is wrong.",
        .examples = {{"weir validate", "all errors of the lake around here"},
                     {"weir validate -o json", "for a program"}},
        .run = verb_validate,
    },
};

const verb_group VERBS_START = {"Start", VERBS, ARRAY_SIZE(VERBS)};
