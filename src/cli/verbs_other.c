/* Verbs that keep a lake sound, and those about weir itself. */
#include "cli/verb.h"

static const verb VERBS[] = {
    {
        .name = "doctor",
        .arguments = "",
        .line = "check this machine and the lake's places",
        .doc = "Starts a worker, opens the ledger, writes, reads, links, exchanges and removes a "
               "file in each layer's store, and looks at the land folder, the free space and the "
               "clock. Ends with 1 when something is wrong.",
        .examples = {{"weir doctor", "before the first run, or when runs fail"}},
        .run = verb_doctor,
    },
    {
        .name = "verify",
        .arguments = "[SELECT…]",
        .arguments_max = SIZE_MAX,
        .options = OPTION_SELECT | OPTION_RANGE | OPTION_BIT(OPTION_SAMPLE)
                   | OPTION_BIT(OPTION_SEED) | OPTION_BIT(OPTION_WHOLE) | OPTION_BIT(OPTION_JOBS),
        .line = "build again what is current, and compare",
        .doc =
            "Makes partitions again from the inputs they were made of, in a folder beside the "
            "lake that is removed, and compares digests: another engine, a damaged input, or SQL "
            "that does not always give the same shows. What is stale, held or accepted is "
            "skipped. --whole runs the SQL once over all of every input instead, and so names "
            "the partitions where a written map leaves out what the SQL would take. Changes "
            "nothing and holds no lease: runs go on meanwhile. Ends with 3 when something "
            "differs. Damage to files is weir fsck's business.",
        .examples = {{"weir verify --sample 5%", "a part, for cron; another one each time"},
                     {"weir verify gold.day --from 30d", "the last days, all of them"},
                     {"weir verify --whole silver.province", "is the map right?"}},
        .run = verb_verify,
    },
    {
        .name = "fsck",
        .arguments = "",
        .options = OPTION_BIT(OPTION_REPAIR) | OPTION_BIT(OPTION_FAST) | OPTION_BIT(OPTION_ADOPT)
                   | OPTION_BIT(OPTION_WAIT),
        .line = "compare the ledger with the files",
        .doc = "Looks for files of raw history, quarantine, tables and journal that are missing, "
               "altered (every byte is read, unless --fast), writable or not known, for "
               "directories that do not show what is current, and for damage of the ledger itself. "
               "Ends with 1 when something is wrong. --repair makes the "
               "directories anew and lets the next run build lost files of tables again; a file "
               "lost from raw history comes back when it is delivered again. --adopt takes files "
               "in raw history that are not known for deliveries of the time in their names, if "
               "their table would accept them; the others are told and left alone.",
        .examples = {{"weir fsck --fast", "names and sizes"},
                     {"weir fsck --repair; weir run", "mend what can be mended"},
                     {"weir fsck --fast --adopt; weir run", "take in what is not known"}},
        .run = verb_fsck,
    },
    {
        .name = "gc",
        .arguments = "",
        .options = OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_WAIT),
        .line = "remove files that nothing needs any more",
        .doc = "Replaced versions stay as long as retention in lake.yaml says (30 days, and two of "
               "each partition), and while a hold, a reader or a query needs them. gc removes the "
               "others' files and what dead runs left, and lists files that the ledger does not "
               "know. It never touches raw history or quarantine.",
        .examples = {{"weir gc --dry-run", "what would go, and who needs the rest"},
                     {"weir gc", "for cron, after weir run"}},
        .run = verb_gc,
    },
    {
        .name = "schema",
        .arguments = "lake | TABLE",
        .arguments_min = 1,
        .arguments_max = 1,
        .options = OPTION_BIT(OPTION_MARKDOWN),
        .line = "JSON Schema of the definition's files, or a table's columns",
        .doc = "weir schema lake writes the JSON Schema that editors use to check and complete "
               "lake.yaml and the files below tables/; with --markdown, a page of all keys.",
        .examples = {{"weir schema lake >lake.schema.json", "for an editor"},
                     {"weir schema silver.province", "columns and types"}},
        .run = verb_schema,
    },
    {
        .name = "bookmark",
        .arguments = "[TABLE [CONSUMER SEQ|none]]",
        .arguments_max = 3,
        .options = OPTION_BIT(OPTION_REASON),
        .line = "how far each table, and each consumer, has taken changes in",
        .doc = "Lists for each table and input the commit up to which the input's changes were "
               "turned into work, and the consumers of weir changes. With SEQ a consumer's "
               "position is set, also back, to be told again; none removes it. Tables' own "
               "bookmarks cannot be set: weir rebuild builds again.",
        .examples = {{"weir bookmark", "all of them"},
                     {"weir bookmark gold.region export 0", "tell it everything again"},
                     {"weir bookmark gold.region export none", "nobody asks for it any more"}},
        .run = verb_bookmark,
    },
    {
        .name = "ledger",
        .arguments = "backup FILE | copy FROM TO | rebuild",
        .arguments_min = 1,
        .arguments_max = 3,
        .line = "copy the ledger, move it, or make it anew from the store",
        .doc =
            "backup writes a copy of one state of the ledger to FILE while runs go on; a FILE "
            "that is there is replaced with --yes. A copy put back later is brought forward by "
            "the next run, from the journal in the store. copy moves the ledger at FROM, a path "
            "or postgresql://…, to TO, and compares all of it; then name TO in lake.yaml. rebuild "
            "makes a lost ledger anew from the store alone, equal in deliveries, versions and "
            "lineage; the next run looks at every partition and builds none. A ledger that can "
            "be read is replaced only with --yes, and kept beside the new one.",
        .examples = {{"weir ledger backup /backup/italy.db", "a copy, at any time"},
                     {"weir ledger backup --yes /backup/italy.db", "the same every night"},
                     {"weir ledger copy .weir/ledger.db postgresql:///weir", "to a team's"},
                     {"weir ledger rebuild && weir run", "after the ledger was lost"}},
        .run = verb_ledger,
    },
    {
        .name = "store",
        .arguments = "copy FROM TO",
        .arguments_min = 1,
        .arguments_max = 3,
        .options = OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_FAST),
        .line = "move the lake between folders and buckets",
        .doc =
            "copy copies what the ledger knows of the store at FROM, a folder or s3://…, to TO: "
            "raw history, quarantine, the files of all versions and the journal. Directories and "
            "manifests are made anew there. Then every byte is read back and compared with the "
            "ledger, unless --fast. FROM is the lake's store, or that of a layer; layers with a "
            "store of their own stay where they are. It goes on where it was cut off, and changes "
            "nothing at FROM. Runs wait meanwhile. Then name TO in lake.yaml.",
        .examples = {{"weir store copy data s3://my-bucket/prod/shop",
                      "a folder's lake to a bucket"},
                     {"weir store copy s3://my-bucket/prod/shop data", "and back"},
                     {"weir store copy data/gold s3://other-bucket/gold", "one layer"},
                     {"weir store copy --dry-run data /mnt/large/shop", "what it would copy"}},
        .run = verb_store,
    },
    {
        .name = "version",
        .arguments = "",
        .line = "the version of weir",
        .doc = "Also of the forms it reads and writes.",
        .examples = {{"weir version", "one line"}},
        .run = verb_version,
    },
    {
        .name = "help",
        .arguments = "[VERB]",
        .arguments_max = 1,
        .options = OPTION_BIT(OPTION_MARKDOWN),
        .line = "tell about weir or one verb",
        .doc = "weir VERB --help is the same.",
        .examples = {{"weir help run", "one verb"}},
        .run = verb_help,
    },
    {
        .name = "completion",
        .arguments = "bash|zsh|fish",
        .arguments_min = 1,
        .arguments_max = 1,
        .line = "a script that completes verbs and options",
        .doc = "Load it in the shell's start file.",
        .examples = {{"source <(weir completion bash)", "in ~/.bashrc"},
                     {"weir completion fish | source", "in config.fish"}},
        .run = verb_completion,
    },
};

const verb_group VERBS_OTHER = {"Other", VERBS, ARRAY_SIZE(VERBS)};
