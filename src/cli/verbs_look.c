/* Verbs that only look. */
#include "cli/verb.h"

#include "cli/files.h"

static const verb VERBS[] = {
    {
        .name = "plan",
        .arguments = "[SELECT…]",
        .arguments_max = SIZE_MAX,
        .options = OPTION_SELECT | OPTION_RANGE | OPTION_BOUNDS | OPTION_BIT(OPTION_RETRY_FAILED)
                   | OPTION_BIT(OPTION_DETAILED_EXITCODE) | OPTION_BIT(OPTION_REDEFINE),
        .line = "what a run would build, and why",
        .doc = "Lists the stale partitions in the order of building, each with its causes. "
               "Partitions below something not built yet are uncertain: they may turn out "
               "unchanged. Files still in land are not in it; weir run --dry-run lists those too. "
               "Seconds and bytes are foretold from the last 20 runs that built a table; how far "
               "such forecasts have been off is told, too.",
        .examples = {{"weir plan", "everything"},
                     {"weir plan --detailed-exitcode gold.*", "ends with 10 when there is work"}},
        .run = verb_plan,
    },
    {
        .name = "impact",
        .arguments = "FILE… | TABLE [PARTITION…]",
        .arguments_max = SIZE_MAX,
        .options = OPTIONS_FILES | OPTION_BIT(OPTION_TREE) | OPTION_BIT(OPTION_SUMMARY)
                   | OPTION_BIT(OPTION_EXCLUDE),
        .line = "what a file or a partition reaches, before anything is done",
        .doc = "Lists the partitions of all layers that depend on these deliveries, or on these "
               "partitions, with rows and bytes as they are. Certain are those that read them; the "
               "others may be spared, when what they read comes out equal. Where what is made anew "
               "can have values that lead further, the tables are named. FILE is a name, a "
               "pattern, a land path as it was, a path in raw history, or a delivery's number; - "
               "reads a list from standard input; --table with --landed-from and --landed-to "
               "means what landed then. --summary takes tables instead, and tells what one "
               "delivery of each source reaches.",
        .examples = {{"weir impact province_20200301.csv", "one file"},
                     {"weir impact --tree 'sales/2024-05-2?/*'", "and on which way"},
                     {"weir impact silver.province event_date=2020-03-01", "one partition"},
                     {"weir impact --summary", "are partitions designed so that one file costs "
                                               "little?"}},
        .run = verb_impact,
    },
    {
        .name = "why",
        .arguments = "TABLE [PARTITION] | FILE… | --stale [SELECT…]",
        .arguments_max = SIZE_MAX,
        .options =
            OPTION_SELECT | OPTIONS_FILES | OPTION_BIT(OPTION_STALE) | OPTION_BIT(OPTION_LIMIT),
        .line = "what led to a partition, or keeps it as it is",
        .doc = "From the files, decisions and changes of code through all tables on the way to "
               "the version that is current: what it was made of, against what stood there before. "
               "Then what is to come: up to date, stale and because of what, failed, blocked by "
               "what, held. Of a FILE: how it stands, what counts in its place, what it feeds. At "
               "each step 10 causes are shown unless --limit says otherwise.",
        .examples = {{"weir why gold.day event_date=2020-03-01", "the chain of causes"},
                     {"weir why --stale", "all that waits, and for what"},
                     {"weir why province/20200301.csv", "what became of a file"}},
        .run = verb_why,
    },
    {
        .name = "status",
        .arguments = "[SELECT…]",
        .arguments_max = SIZE_MAX,
        .options = OPTION_SELECT,
        .line = "how the tables stand",
        .doc = "Each table with its partitions (a source table: its deliveries), how many are "
               "stale or failed, rows and bytes, and the files in quarantine.",
        .examples = {{"weir status", "everything"}, {"weir status -o json", "for a program"}},
        .run = verb_status,
    },
    {
        .name = "query",
        .arguments = "SQL",
        .arguments_min = 1,
        .arguments_max = 1,
        .options = OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_AS_OF),
        .line = "ask the tables with SQL",
        .doc = "Runs one SELECT (or DESCRIBE, SUMMARIZE, SHOW TABLES) over the tables as they are "
               "at one commit, whatever runs at the same time. Tables are named layer.table; the "
               "ledger's own are weir.delivery, weir.partition, weir.version and so on. SQL of - "
               "is read from standard input. --as-of reads them as they were, as far back as "
               "retention in lake.yaml keeps them.",
        .examples = {{"weir query -o csv 'FROM gold.region' >region.csv", "a file"},
                     {"weir query --as-of 2024-05-22T18:00:00Z 'FROM gold.region'", "back then"},
                     {"weir query 'SELECT file, reason FROM weir.delivery'", "the ledger"}},
        .run = verb_query,
    },
    {
        .name = "ls",
        .arguments = "[TABLE [PARTITION]]",
        .arguments_max = 2,
        .line = "tables, a table's partitions, a partition's files",
        .doc = "Without arguments the tables; with TABLE its partitions, or the deliveries of a "
               "source table; with PARTITION the paths of its files.",
        .examples = {{"weir ls", "tables"},
                     {"weir ls silver.province", "partitions"},
                     {"weir ls silver.province event_date=2020-03-01", "files"}},
        .run = verb_ls,
    },
    {
        .name = "history",
        .arguments = "TABLE [PARTITION]",
        .arguments_min = 1,
        .arguments_max = 2,
        .options = OPTION_BIT(OPTION_LIMIT),
        .line = "the versions that a partition has had",
        .doc = "Lists the versions of one partition, the one that is current first, with the run "
               "and the code that made each, and when it became current. A version whose files gc "
               "has removed stays listed.",
        .examples = {{"weir history silver.province event_date=2020-03-01", "one partition"},
                     {"weir history gold.summary", "of a table without partitions"}},
        .run = verb_history,
    },
    {
        .name = "diff",
        .arguments = "TABLE [PARTITION [A B]]",
        .arguments_min = 1,
        .arguments_max = 4,
        .options = OPTION_BIT(OPTION_KEY) | OPTION_BIT(OPTION_LIMIT),
        .line = "which rows differ between two versions of a partition",
        .doc = "Compares versions A and B as weir history numbers them; without them what is "
               "current with what was before. With --key rows are matched by those columns and "
               "count as changed; without it whole rows are added or removed, with their "
               "multiplicity. Of each kind 20 rows are shown unless --limit says otherwise.",
        .examples = {{"weir diff silver.province event_date=2020-03-01", "the newest change"},
                     {"weir diff --key province_code silver.province event_date=2020-03-01 17 21",
                      "by key"}},
        .run = verb_diff,
    },
    {
        .name = "changes",
        .arguments = "TABLE",
        .arguments_min = 1,
        .arguments_max = 1,
        .options = OPTION_BIT(OPTION_SINCE) | OPTION_BIT(OPTION_CONSUMER) | OPTION_BIT(OPTION_ACK)
                   | OPTION_BIT(OPTION_LIMIT),
        .line = "which partitions changed, for those who follow a table",
        .doc =
            "Lists each partition of TABLE that changed after --since, with what is current in "
            "it now: added and changed mean replace what you have of it, emptied means remove "
            "it. \"to\" is the commit up to which all is told; ask from there next time. Of more "
            "than --limit partitions (whole commits) \"more\" is true. With --consumer the "
            "ledger keeps the position: take the changes over first, then say so with --ack and "
            "the \"to\" that you were told. Who dies in between is told the same again, and "
            "never less.",
        .examples = {{"weir changes gold.region --since 2024-05-22 -o json", "since a time"},
                     {"weir changes gold.region --consumer export -o json", "what is new to it"},
                     {"weir changes gold.region --consumer export --ack 17", "it has that"}},
        .run = verb_changes,
    },
    {
        .name = "graph",
        .arguments = "[SELECT…]",
        .arguments_max = SIZE_MAX,
        .options = OPTION_SELECT | OPTION_BIT(OPTION_MAPS) | OPTION_BIT(OPTION_DOT),
        .line = "which table reads which",
        .doc = "The tables as a tree from the sources down. --maps shows for each input how its "
               "rows find their partition, where that comes from, and whether partitions may "
               "share one pass.",
        .examples = {{"weir graph", "the tree"},
                     {"weir graph --maps silver.province", "how rows find partitions"},
                     {"weir graph --dot | dot -Tsvg >graph.svg", "a picture"}},
        .run = verb_graph,
    },
    {
        .name = "log",
        .arguments = "",
        .options = OPTION_BIT(OPTION_LIMIT),
        .line = "the runs, newest first",
        .doc = "Lists runs that changed the lake (20 unless --limit says otherwise). weir show "
               "RUN tells what one did.",
        .examples = {{"weir log --limit 5", "the last five"}},
        .run = verb_log,
    },
    {
        .name = "show",
        .arguments = "RUN | DELIVERY | TABLE",
        .arguments_min = 1,
        .arguments_max = 1,
        .line = "everything about one run, delivery or table",
        .doc = "RUN is an id that weir log lists, DELIVERY a number that weir ls lists for a "
               "source table, with the whole verdict for a refused one, TABLE a name.",
        .examples = {{"weir show raw.province", "columns, inputs, maps, folder"},
                     {"weir show 17", "a delivery, with each failure"},
                     {"weir show -o json 01hx…", "a run's document"}},
        .run = verb_show,
    },
};

const verb_group VERBS_LOOK = {"Look", VERBS, ARRAY_SIZE(VERBS)};
