#include "ledger/view.h"

#define COLUMNS(list) .columns = list, .column_count = ARRAY_SIZE(list)

static const ledger_view_column DELIVERY[] = {
    {"delivery", "BIGINT", "its number in this ledger"},
    {"table", "VARCHAR", "the source table"},
    {"identity", "VARCHAR", "what makes two deliveries the same thing sent again"},
    {"file", "VARCHAR", "path below the land folder, as delivered"},
    {"state", "VARCHAR", "active, superseded, duplicate, withdrawn or rejected"},
    {"land_time", "TIMESTAMP", "when it was delivered (file_land_timestamp)"},
    {"accepted_at", "TIMESTAMP", "when Weir took it in"},
    {"sha256", "VARCHAR", "of its bytes"},
    {"bytes", "BIGINT", "its size as delivered"},
    {"rows", "BIGINT", "rows read from it"},
    {"object", "VARCHAR", "where it is kept: below the layer's store, or in quarantine"},
    {"reason", "VARCHAR", "why it was rejected or withdrawn"},
    {"run", "VARCHAR", "the run that took it in"},
    {"created_seq", "BIGINT", "the commit that recorded it"},
    {"changed_seq", "BIGINT", "the newest commit that changed its state"},
};

static const ledger_view_column PARTITION[] = {
    {"table", "VARCHAR", "the derived table"},
    {"partition", "VARCHAR", "its partition columns and their values, or ()"},
    {"version", "BIGINT", "the version that is current"},
    {"rows", "BIGINT", "rows in it"},
    {"bytes", "BIGINT", "size of its files"},
    {"stale", "BOOLEAN", "a mark waits to be built"},
    {"failed", "BOOLEAN", "its newest build failed; what is current is older"},
    {"run", "VARCHAR", "the run that made the version"},
    {"since_seq", "BIGINT", "the commit that made it current"},
    {"accepted", "BOOLEAN", "another code made it, and weir accept kept it"},
};

static const ledger_view_column VERSION[] = {
    {"version", "BIGINT", "its number in this ledger"},
    {"table", "VARCHAR", "the derived table"},
    {"partition", "VARCHAR", "the partition it is a content of"},
    {"state", "VARCHAR", "current or retired"},
    {"rows", "BIGINT", "rows in it"},
    {"bytes", "BIGINT", "size of its files"},
    {"files", "BIGINT", "how many files"},
    {"content", "VARCHAR", "its digest: equal content, equal rows"},
    {"run", "VARCHAR", "the run that made it"},
    {"created_seq", "BIGINT", "the commit that recorded it"},
};

static const ledger_view_column LINEAGE[] = {
    {"table", "VARCHAR", "the derived table"},
    {"partition", "VARCHAR", "the partition that was made"},
    {"version", "BIGINT", "the version that came out"},
    {"input", "VARCHAR", "the table that was read"},
    {"delivery", "BIGINT", "the delivery that was read, of a source table"},
    {"file", "VARCHAR", "its file"},
    {"input_version", "BIGINT", "the version that was read, of a derived table"},
    {"input_partition", "VARCHAR", "its partition"},
    {"current", "BOOLEAN", "is this how the current content was made"},
};

static const ledger_view_column RUN_LOG[] = {
    {"run", "VARCHAR", "its id; ids sort by time"},
    {"verb", "VARCHAR", "what was asked for"},
    {"state", "VARCHAR", "running, done, failed or interrupted"},
    {"started", "TIMESTAMP", "when it began"},
    {"finished", "TIMESTAMP", "when it ended"},
    {"seq", "BIGINT", "its newest commit; empty when it changed nothing"},
    {"who", "VARCHAR", "who ran it"},
    {"code_version", "VARCHAR", "of the lake's definition"},
    {"summary", "VARCHAR", "the run document, JSON"},
};

static const ledger_view_column MARK[] = {
    {"table", "VARCHAR", "the derived table"},
    {"partition", "VARCHAR", "the partition to build again"},
    {"cause", "VARCHAR",
     "new, superseded, withdrawn, readmitted, upstream, code, forced or missing"},
    {"ref", "VARCHAR", "what caused it: a file, a partition, a fingerprint"},
    {"seq", "BIGINT", "the commit of the cause"},
};

static const ledger_view_column VERDICT[] = {
    {"delivery", "BIGINT", "the delivery that was checked"},
    {"table", "VARCHAR", "the source table"},
    {"file", "VARCHAR", "path below the land folder, as delivered"},
    {"land_time", "TIMESTAMP", "when it was delivered"},
    {"accepted", "BOOLEAN", "did it pass"},
    {"reason", "VARCHAR", "why it did not, in one line"},
    {"verdict", "VARCHAR", "the report, JSON"},
};

static const ledger_view_column EVENT[] = {
    {"event", "BIGINT", "its number"},
    {"seq", "BIGINT", "the commit it is part of"},
    {"at", "TIMESTAMP", "when"},
    {"who", "VARCHAR", "who decided"},
    {"what", "VARCHAR", "the verb"},
    {"ref", "VARCHAR", "what it was done to"},
    {"why", "VARCHAR", "the reason given"},
};

const view VIEWS[VIEW_COUNT] = {
    {.about = {.name = "delivery",
               .doc = "every file that was delivered, also refused ones",
               COLUMNS(DELIVERY)},
     .sql = "SELECT d.id, t.name, d.identity, d.file, d.state, d.land_time * 1000000,"
            " d.accepted_at, d.sha256, d.bytes, d.rows, d.object, d.reason, d.run, d.created_seq,"
            " d.changed_seq FROM delivery d JOIN tbl t ON t.id = d.tbl ORDER BY d.id"},
    {.about = {.name = "partition",
               .doc = "what is current, partition by partition",
               COLUMNS(PARTITION)},
     .sql = "SELECT t.name, p.text, c.version, v.rows, v.bytes,"
            " EXISTS (SELECT 1 FROM mark m WHERE m.tbl = c.tbl AND m.partition = p.text),"
            " EXISTS (SELECT 1 FROM failure f WHERE f.tbl = c.tbl AND f.partition = p.text),"
            " v.run, c.from_seq,"
            " EXISTS (SELECT 1 FROM derivation d WHERE d.id = c.derivation AND d.accepted <> 0)"
            " FROM current c JOIN tbl t ON t.id = c.tbl"
            " JOIN partition p ON p.id = c.partition JOIN version v ON v.id = c.version"
            " WHERE c.to_seq IS NULL ORDER BY t.name, p.text, p.id"},
    {.about = {.name = "version",
               .doc = "every content that a partition has or had",
               COLUMNS(VERSION)},
     .sql = "SELECT v.id, t.name, p.text, CASE WHEN EXISTS (SELECT 1 FROM current c"
            " WHERE c.version = v.id AND c.to_seq IS NULL) THEN 'current' ELSE 'retired' END,"
            " v.rows, v.bytes, (SELECT count(*) FROM version_file f WHERE f.version = v.id),"
            " v.content, v.run, v.created_seq FROM version v JOIN partition p ON p.id = v.partition"
            " JOIN tbl t ON t.id = p.tbl ORDER BY v.id"},
    {.about = {.name = "lineage", .doc = "what each content was made of", COLUMNS(LINEAGE)},
     .sql = "SELECT t.name, p.text, d.version, i.name, del.id, del.file, ver.id, inp.text,"
            " EXISTS (SELECT 1 FROM current c WHERE c.partition = p.id AND c.to_seq IS NULL"
            " AND c.derivation = d.id) FROM lineage l JOIN derivation d ON d.id = l.derivation"
            " JOIN partition p ON p.id = d.partition JOIN tbl t ON t.id = p.tbl"
            " JOIN tbl i ON i.id = l.input"
            " LEFT JOIN delivery del ON del.id = l.unit AND i.kind = 'source'"
            " LEFT JOIN version ver ON ver.id = l.unit AND i.kind = 'derived'"
            " LEFT JOIN partition inp ON inp.id = ver.partition"
            " ORDER BY d.id, i.name, l.unit"},
    {.about = {.name = "run_log", .doc = "the runs that changed the lake", COLUMNS(RUN_LOG)},
     .sql = "SELECT id, verb, state, started, finished, seq, who, code_version, summary FROM run"
            " ORDER BY started, id"},
    {.about = {.name = "mark", .doc = "what waits to be built, and why", COLUMNS(MARK)},
     .sql = "SELECT t.name, m.partition, m.cause, m.ref, m.seq FROM mark m"
            " JOIN tbl t ON t.id = m.tbl ORDER BY t.name, m.partition, m.seq, m.cause, m.ref"},
    {.about = {.name = "verdict", .doc = "how each delivery was checked", COLUMNS(VERDICT)},
     .sql = "SELECT d.id, t.name, d.file, d.land_time * 1000000,"
            " CASE WHEN d.state = 'rejected' THEN 0 ELSE 1 END, d.reason, d.verdict"
            " FROM delivery d JOIN tbl t ON t.id = d.tbl ORDER BY d.id"},
    {.about = {.name = "event", .doc = "decisions: who, what and why", COLUMNS(EVENT)},
     .sql = "SELECT id, seq, at, who, what, ref, why FROM event ORDER BY id"},
};
