/* Verbs that change what the lake is made of. */
#include "cli/verb.h"

#include "cli/files.h"

static const verb VERBS[] = {
    {
        .name = "run",
        .arguments = "[SELECT…]",
        .arguments_max = SIZE_MAX,
        .options = OPTION_SELECT | OPTION_RANGE | OPTION_BOUNDS | OPTION_BIT(OPTION_JOBS)
                   | OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_RETRY_FAILED)
                   | OPTION_BIT(OPTION_STRICT) | OPTION_BIT(OPTION_WAIT) | OPTION_BIT(OPTION_WORKER)
                   | OPTION_BIT(OPTION_REDEFINE) | OPTION_BIT(OPTION_EVENTS),
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
            "a part of it, a day through all tables before the next; the rest stays stale. "
            "Several hosts share a run's work: with --wait one that finds another's run going "
            "helps it before its own, with --worker it only helps (and with --worker --wait each "
            "run that begins, until it is stopped).",
        .examples = {{"weir run", "everything"},
                     {"weir run silver.* --exclude silver.slow", "some tables"},
                     {"weir run --max-time 30m --newest-first", "a part of a long backlog"},
                     {"weir run --worker --wait", "on other hosts: help whatever run begins"},
                     {"weir run --now 2024-05-22T18:00:00Z", "a replay of that moment"}},
        .run = verb_run,
    },
    {
        .name = "land",
        .arguments = "[SELECT…] | --try TABLE FILE",
        .arguments_max = SIZE_MAX,
        .options = OPTION_SELECT | OPTION_BIT(OPTION_DRY_RUN) | OPTION_BIT(OPTION_STRICT)
                   | OPTION_BIT(OPTION_TRY) | OPTION_BIT(OPTION_WAIT) | OPTION_BIT(OPTION_JOBS)
                   | OPTION_BIT(OPTION_REDEFINE) | OPTION_BIT(OPTION_EVENTS),
        .line = "only take deliveries in",
        .doc =
            "Checks each file below the land folder against its table and keeps it byte for "
            "byte in raw history, or in quarantine with a report. Nothing is built. With --try "
            "one file is checked as if it were delivered, and not taken. Where land is a bucket, "
            "--events looks only at what event records tell of, and lists nothing; a landing "
            "without it finds what no record told of.",
        .examples = {{"weir land", "take in what landed"},
                     {"weir land --try raw.province new.csv", "would this file be accepted?"},
                     {"weir land --events -", "what the event records on standard input tell of"}},
        .run = verb_land,
    },
    {
        .name = "rebuild",
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
};

const verb_group VERBS_WORK = {"Work", VERBS, ARRAY_SIZE(VERBS)};
