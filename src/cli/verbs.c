/* What weir can be told to do. */
#include "cli/verb.h"

#include "cli/files.h"

const char *const VERB_GROUP_TITLES[VERB_GROUP_COUNT] = {
    [VERB_START] = "Start",
    [VERB_WORK] = "Work",
    [VERB_LOOK] = "Look",
    [VERB_OTHER] = "Other",
};

const verb VERBS[] = {
    {
        .name = "init",
        .group = VERB_START,
        .arguments = "[DIR]",
        .arguments_max = 1,
        .options = OPTION_BIT(OPTION_DRY_RUN),
        .line = "make a lake: a folder with a small working sample",
        .doc = "Makes DIR (default: the folder of -C, or this one) with lake.yaml, two tables, a "
               "sample file in land/, and a .gitignore, then the lake's ledger and store. In a "
               "folder that has a lake.yaml but no ledger and no store yet, as after git clone, "
               "only these two are made. Nothing that is there is replaced.",
        .examples = {{"weir init italy && weir -C italy run", "a new lake, and its first run"},
                     {"git clone … lake && cd lake && weir init", "a definition from elsewhere"}},
        .run = verb_init,
    },
    {
        .name = "add",
        .group = VERB_START,
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
        .group = VERB_START,
        .arguments = "",
        .line = "check the definition only",
        .doc = "Reads lake.yaml and tables/ and tells every error, with file, line and column. "
               "Needs no ledger and no data: for CI and commit hooks. Ends with 2 when something "
               "is wrong.",
        .examples = {{"weir validate", "all errors of the lake around here"},
                     {"weir validate -o json", "for a program"}},
        .run = verb_validate,
    },
    {
        .name = "run",
        .group = VERB_WORK,
        .arguments = "[SELECT…]",
        .arguments_max = SIZE_MAX,
        .options = OPTION_SELECT | OPTION_RANGE | OPTION_BOUNDS | OPTION_BIT(OPTION_JOBS)
                   | OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_RETRY_FAILED)
                   | OPTION_BIT(OPTION_STRICT) | OPTION_BIT(OPTION_WAIT)
                   | OPTION_BIT(OPTION_REDEFINE),
        .line = "land, then rebuild what is stale: the one command for cron",
        .doc =
            "Takes in what landed, rebuilds exactly the partitions that this or a change of "
            "the definition reaches, makes all of it current in one commit, and brings the "
            "directories up to date. What a killed run left is cleared first. Without work it "
            "does nothing. A definition that a later one has replaced is refused, so that an old "
            "copy cannot build back; --redefine takes it back on purpose. Much work (see "
            "confirm_over in lake.yaml) that follows from a change of code alone waits until weir "
            "run --yes, while all else goes on. SELECT names tables: silver.province, silver.*, +x "
            "(x and what it reads), x+ (x and what reads it). A "
            "range or a partition leaves stale what is outside, and what would mix both; see weir "
            "rebuild to build what is not stale. --max-partitions, --max-bytes and --max-time do "
            "a part of it, a day through all tables before the next; the rest stays stale.",
        .examples = {{"weir run", "everything"},
                     {"weir run silver.* --exclude silver.slow", "some tables"},
                     {"weir run --max-time 30m --newest-first", "a part of a long backlog"},
                     {"weir run --now 2024-05-22T18:00:00Z", "a replay of that moment"}},
        .run = verb_run,
    },
    {
        .name = "land",
        .group = VERB_WORK,
        .arguments = "[SELECT…] | --try TABLE FILE",
        .arguments_max = SIZE_MAX,
        .options = OPTION_SELECT | OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_STRICT)
                   | OPTION_BIT(OPTION_TRY) | OPTION_BIT(OPTION_WAIT) | OPTION_BIT(OPTION_JOBS)
                   | OPTION_BIT(OPTION_REDEFINE),
        .line = "only take deliveries in",
        .doc = "Checks each file below the land folder against its table and keeps it byte for "
               "byte in raw history, or in quarantine with a report. Nothing is built. With --try "
               "one file is checked as if it were delivered, and not taken.",
        .examples = {{"weir land", "take in what landed"},
                     {"weir land --try raw.province new.csv", "would this file be accepted?"}},
        .run = verb_land,
    },
    {
        .name = "rebuild",
        .group = VERB_WORK,
        .arguments = "SELECT… | --resume",
        .arguments_max = SIZE_MAX,
        .options =
            OPTION_SELECT | OPTION_RANGE | OPTION_BIT(OPTION_ONLY) | OPTION_BIT(OPTION_DOWNSTREAM)
            | OPTION_BIT(OPTION_RESUME) | OPTION_BIT(OPTION_JOBS) | OPTION_BIT(OPTION_DRY_RUN)
            | OPTION_BIT(OPTION_REASON) | OPTION_BIT(OPTION_WAIT) | OPTION_BIT(OPTION_REDEFINE),
        .line = "build partitions again although nothing changed",
        .doc = "Builds the partitions of the selected tables again, all or those of a range, then "
               "what reads them where their content changed; equal content changes nothing. "
               "Nothing is landed, and other stale partitions stay as they are. What is to be "
               "built is stored first, so after a kill the same command, --resume or weir run go "
               "on with that set, whatever 7d would be by then. Ranges are half-open, and lie on "
               "the first partition column with dates or timestamps; of a table without, on the "
               "first with whole numbers or text. 7d counts days of the lake's time zone.",
        .examples = {{"weir rebuild silver.province --from 2020-03-01 --to 2020-04-01", "a month"},
                     {"weir rebuild silver.province --from 7d --only", "and no reader"},
                     {"weir rebuild gold.day --partition event_date=2020-03-01", "one partition"},
                     {"weir rebuild --resume", "what a killed one left"}},
        .run = verb_rebuild,
    },
    {
        .name = "withdraw",
        .group = VERB_WORK,
        .arguments = "FILE…",
        .arguments_max = SIZE_MAX,
        .options = OPTIONS_FILES | OPTION_BIT(OPTION_REASON) | OPTION_BIT(OPTION_FALL_BACK)
                   | OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_WAIT),
        .line = "let bad files count no more",
        .doc = "Marks deliveries as withdrawn and all that they reach as stale; the next run "
               "rebuilds it without them. Raw history keeps the bytes, and sent again they go to "
               "quarantine. Nothing stands in for a withdrawn file until a corrected one comes, "
               "unless --fall-back lets the delivery before it count again. FILE is as for weir "
               "impact, which shows the same beforehand, as does --dry-run.",
        .examples = {{"weir withdraw --reason 'wrong unit' province_20200301.csv && weir run",
                      "out, and repaired"},
                     {"weir withdraw --fall-back --reason 'cut off' raw_devices.csv",
                      "the older one counts again"},
                     {"weir withdraw --reason 'sensor 7' --table raw.radar --landed-from "
                      "2024-05-20 --landed-to 2024-05-22",
                      "whatever came in two days"},
                     {"weir withdraw --reason 'wrong unit' --dry-run - <list", "what it would do"}},
        .run = verb_withdraw,
    },
    {
        .name = "readmit",
        .group = VERB_WORK,
        .arguments = "FILE…",
        .arguments_max = SIZE_MAX,
        .options = OPTIONS_FILES | OPTION_BIT(OPTION_REASON) | OPTION_BIT(OPTION_ACCEPT_ANYWAY)
                   | OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_WAIT),
        .line = "let files count that were withdrawn or refused",
        .doc = "A withdrawn delivery counts again from when it landed, as if it had never been "
               "withdrawn. One that was refused is checked again, under the declaration of now, "
               "and leaves quarantine when it passes. --accept-anyway takes it although a rule "
               "speaks against it, as long as its values are of their types; that needs --reason.",
        .examples = {{"weir readmit province_20200301.csv && weir run", "back in"},
                     {"weir readmit --accept-anyway --reason 'a real outlier' radar_0521.csv.gz",
                      "a refused one as it is"}},
        .run = verb_readmit,
    },
    {
        .name = "undo",
        .group = VERB_WORK,
        .arguments = "RUN",
        .arguments_min = 1,
        .arguments_max = 1,
        .options = OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_REASON) | OPTION_BIT(OPTION_WAIT),
        .line = "make current again what a run replaced, and hold it",
        .doc = "Where the versions that RUN made are still current, those before become current "
               "again, all in one commit, and are held: runs leave them as they are until weir "
               "release, or until a delivery behind them is withdrawn or superseded, or the code "
               "changes. Partitions that were replaced since are left alone and listed with the "
               "deliveries that did it. Deliveries stay; see weir withdraw for those.",
        .examples = {{"weir undo --reason 'wrong rates' 01hx…", "a run that weir log lists"},
                     {"weir undo --dry-run 01hx…", "what it would do"}},
        .run = verb_undo,
    },
    {
        .name = "release",
        .group = VERB_WORK,
        .arguments = "SELECT… | TABLE PARTITION",
        .arguments_min = 1,
        .arguments_max = SIZE_MAX,
        .options = OPTION_SELECT | OPTION_BIT(OPTION_WAIT),
        .line = "end the holds that undo left",
        .doc = "What is released is stale from then on: the next run builds it, or takes again "
               "what was undone.",
        .examples = {{"weir release silver.province event_date=2020-03-01", "one partition"},
                     {"weir release '*.*' && weir run", "all of them"}},
        .run = verb_release,
    },
    {
        .name = "accept",
        .group = VERB_WORK,
        .arguments = "SELECT…",
        .arguments_min = 1,
        .arguments_max = SIZE_MAX,
        .options = OPTION_SELECT | OPTION_RANGE | OPTION_BIT(OPTION_REASON)
                   | OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_WAIT),
        .line = "keep what there is although the code is another one",
        .doc = "Partitions that are stale only because their code changed stay as they are: the "
               "ledger keeps who said so and why, and weir status and weir why show it. Nothing is "
               "built. When an input of such a partition changes, it is built with the new code, "
               "as weir rebuild does on demand. Partitions whose inputs changed too, or whose "
               "columns are others, stay stale and are listed.",
        .examples = {{"weir accept silver.province --reason 'only a new comment column'",
                      "all partitions of a table"},
                     {"weir accept silver.province --to 2023-01-01 --reason 'audited years'",
                      "some of them"},
                     {"weir accept --dry-run 'gold.*' --reason …", "what it would keep"}},
        .run = verb_accept,
    },
    {
        .name = "drop",
        .group = VERB_WORK,
        .arguments = "TABLE",
        .arguments_min = 1,
        .arguments_max = 1,
        .options = OPTION_BIT(OPTION_REASON) | OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_WAIT),
        .line = "let a table go that is no longer defined",
        .doc = "A table whose files are gone from tables/ is orphaned: nothing builds it, and what "
               "it has stays as it is. drop lets go of that: its directories are removed now, its "
               "files by weir gc when retention is over (whatever `keep` says). Until then, "
               "defining the table again brings it back without work. Of a source table nothing is "
               "removed: raw history stays.",
        .examples = {{"weir drop silver.old --reason 'nobody reads it since May'", "let it go"},
                     {"weir drop --dry-run silver.old", "what it has"}},
        .run = verb_drop,
    },
    {
        .name = "adopt",
        .group = VERB_WORK,
        .arguments = "TABLE PATH",
        .arguments_min = 2,
        .arguments_max = 2,
        .options = OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_WAIT),
        .line = "register an existing raw history where it is",
        .doc =
            "Files below PATH, which is the source table's folder in its layer's store or "
            "something in it, become deliveries: hashed, checked under the table's contract, and "
            "recorded with the land time of a file_land_timestamp=SECONDS folder in their path, "
            "else the time of the file. Nothing is copied or moved. What is known already is "
            "left alone, so it can be called again; what the table would not take is told with "
            "the reason, and the verb ends with 1.",
        .examples = {{"weir adopt raw.province data/raw/province", "all that is there"},
                     {"weir adopt --dry-run raw.province data/raw/province",
                      "which files, and when they landed"}},
        .run = verb_adopt,
    },
    {
        .name = "plan",
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
        .group = VERB_LOOK,
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
    {
        .name = "doctor",
        .group = VERB_OTHER,
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
        .group = VERB_OTHER,
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
        .group = VERB_OTHER,
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
        .group = VERB_OTHER,
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
        .group = VERB_OTHER,
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
        .group = VERB_OTHER,
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
        .group = VERB_OTHER,
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
        .name = "version",
        .group = VERB_OTHER,
        .arguments = "",
        .line = "the version of weir",
        .doc = "Also of the forms it reads and writes.",
        .examples = {{"weir version", "one line"}},
        .run = verb_version,
    },
    {
        .name = "help",
        .group = VERB_OTHER,
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
        .group = VERB_OTHER,
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

const size_t VERB_COUNT = ARRAY_SIZE(VERBS);
