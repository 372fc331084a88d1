-- The ledger's first schema. {id} is the driver's generated key. Times are microseconds since 1970 UTC
-- unless the name says seconds. seq is the number of a commit (design section 6).

CREATE TABLE lake (
    id TEXT NOT NULL PRIMARY KEY,           -- random, also in <store>/.weir/lake.json
    name TEXT NOT NULL,
    seq BIGINT NOT NULL,                    -- of the newest commit; its row lock orders commits
    definition TEXT,                        -- fingerprint of the definition last synchronised
    journal TEXT NOT NULL                   -- sha256 of the newest journal entry; '': none
);

CREATE TABLE tbl (
    id {id},
    name TEXT NOT NULL UNIQUE,              -- layer.name
    kind TEXT NOT NULL,                     -- source | derived
    state TEXT NOT NULL,                    -- active | orphaned (not defined) | dropped
    generation BIGINT,
    code BIGINT,
    changed_seq BIGINT NOT NULL,            -- newest commit that changed a unit of this table
    projected_seq BIGINT NOT NULL           -- the directories show at least this commit
);

CREATE TABLE generation (
    id {id},
    tbl BIGINT NOT NULL,
    columns TEXT NOT NULL,                  -- JSON [{"name","type","field_id"}]
    columns_hash TEXT NOT NULL,
    partition_by TEXT NOT NULL,             -- JSON ["event_date"]
    created_seq BIGINT NOT NULL
);

CREATE TABLE code (
    id {id},
    tbl BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    text TEXT NOT NULL,                     -- the SQL; '' for source tables
    parts TEXT NOT NULL,                    -- JSON {"sql": hash, …}: what the fingerprint is made of
    created_seq BIGINT NOT NULL             -- the order of definitions
);
CREATE INDEX code_by_tbl ON code (tbl, fingerprint);

-- One table reading another, with the map under which its feeds are kept.
CREATE TABLE edge (
    tbl BIGINT NOT NULL,
    input BIGINT NOT NULL,
    map TEXT NOT NULL,                      -- map fingerprint
    span TEXT,                              -- of a window or as_of map, JSON; feeds are of base partitions
    bookmark_seq BIGINT NOT NULL,           -- the input's changes up to here were turned into marks
    reason TEXT,                            -- why the bookmark was set back: what of the code changed
    reason_seq BIGINT NOT NULL DEFAULT 0,   -- and where it had stood
    PRIMARY KEY (tbl, input)
);
CREATE INDEX edge_by_input ON edge (input);

CREATE TABLE delivery (
    id {id},
    tbl BIGINT NOT NULL,
    identity TEXT NOT NULL,
    file TEXT NOT NULL,                     -- path below the land root as delivered
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    land_time BIGINT NOT NULL,              -- seconds: file_land_timestamp
    accepted_at BIGINT NOT NULL,
    state TEXT NOT NULL,                    -- active | superseded | duplicate | withdrawn | rejected
    withdrawal TEXT,                        -- decided for this very one: empties | falls_back; NULL: nothing
    contract TEXT,                          -- reading contract, JSON
    contract_hash TEXT,
    from_path TEXT,                         -- JSON object of the pattern's named groups
    object TEXT NOT NULL,                   -- key below the layer's store, or below the store's quarantine
    rows BIGINT NOT NULL,
    verdict TEXT,                           -- JSON report of the check
    reason TEXT,                            -- one line for rejected and withdrawn ones
    claim TEXT NOT NULL,                    -- path of the claimed file, relative to the land root
    run TEXT NOT NULL,
    created_seq BIGINT NOT NULL,
    changed_seq BIGINT NOT NULL             -- newest commit that changed the state
);
CREATE INDEX delivery_by_identity ON delivery (tbl, identity, land_time);
CREATE INDEX delivery_by_change ON delivery (tbl, changed_seq);
CREATE INDEX delivery_by_state ON delivery (tbl, state, identity, land_time);
CREATE INDEX delivery_by_claim ON delivery (claim);
CREATE INDEX delivery_by_time ON delivery (tbl, land_time);

-- Every state that a delivery has had, for "as of". Within a commit the last one counts.
CREATE TABLE delivery_event (
    delivery BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (delivery, seq)
);

CREATE TABLE partition (
    id {id},
    tbl BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    text TEXT NOT NULL,                     -- event_date=2024-05-22, or ()
    UNIQUE (generation, text)
);
CREATE INDEX partition_by_tbl ON partition (tbl, text);

CREATE TABLE version (
    id {id},
    partition BIGINT NOT NULL,
    content TEXT NOT NULL,                  -- content id: algorithm, columns hash and digest
    rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    run TEXT NOT NULL,
    created_seq BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'kept'      -- kept | lost (files damaged) | deleting | gone (gc)
);
CREATE INDEX version_by_partition ON version (partition);

CREATE TABLE file (
    id {id},
    tbl BIGINT NOT NULL,
    object TEXT NOT NULL UNIQUE,            -- key below the layer's store
    rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    sum1 TEXT NOT NULL,                     -- 16 hex digits each: the file's digest
    sum2 TEXT NOT NULL,
    delivery BIGINT                         -- a part: the delivery these rows came from
);

CREATE TABLE version_file (
    version BIGINT NOT NULL,
    place BIGINT NOT NULL,
    file BIGINT NOT NULL,
    PRIMARY KEY (version, place)
);
CREATE INDEX version_file_by_file ON version_file (file);

CREATE TABLE derivation (
    id {id},
    partition BIGINT NOT NULL,
    memo_key TEXT NOT NULL,
    version BIGINT NOT NULL,
    code BIGINT NOT NULL,
    run TEXT NOT NULL,
    created_seq BIGINT NOT NULL,
    accepted BIGINT NOT NULL DEFAULT 0,     -- the event that took the version for this code's; 0: it is
    UNIQUE (partition, memo_key)
);
CREATE INDEX derivation_by_version ON derivation (version);

CREATE TABLE lineage (
    derivation BIGINT NOT NULL,
    input BIGINT NOT NULL,                  -- tbl
    unit BIGINT NOT NULL,                   -- delivery or version id, by the input's kind
    PRIMARY KEY (derivation, input, unit)
);
CREATE INDEX lineage_by_unit ON lineage (input, unit);

-- Which version a partition has, and had: answers every "as of".
CREATE TABLE current (
    id {id},
    partition BIGINT NOT NULL,
    tbl BIGINT NOT NULL,
    generation BIGINT NOT NULL,             -- the partition's
    derivation BIGINT NOT NULL,
    version BIGINT NOT NULL,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT                           -- NULL: now
);
CREATE UNIQUE INDEX current_now ON current (partition) WHERE to_seq IS NULL;
CREATE INDEX current_by_partition ON current (partition, from_seq);
CREATE INDEX current_by_generation ON current (tbl, generation) WHERE to_seq IS NULL;
CREATE INDEX current_by_start ON current (tbl, from_seq);
CREATE INDEX current_by_end ON current (tbl, to_seq) WHERE to_seq IS NOT NULL;
CREATE INDEX current_by_version ON current (version);

-- This unit of the input feeds that partition of the reader, under a map.
CREATE TABLE feed (
    tbl BIGINT NOT NULL,
    input BIGINT NOT NULL,
    map TEXT NOT NULL,
    unit BIGINT NOT NULL,
    partition TEXT NOT NULL,
    rows BIGINT NOT NULL,
    PRIMARY KEY (tbl, input, map, partition, unit)
);
CREATE INDEX feed_by_unit ON feed (input, unit, tbl, map, partition);

-- Units whose feeds are known (they may have none).
CREATE TABLE fed (
    tbl BIGINT NOT NULL,
    input BIGINT NOT NULL,
    map TEXT NOT NULL,
    unit BIGINT NOT NULL,
    PRIMARY KEY (tbl, input, map, unit)
);

CREATE TABLE mark (
    tbl BIGINT NOT NULL,
    partition TEXT NOT NULL,
    cause TEXT NOT NULL,                    -- new superseded withdrawn readmitted upstream code forced missing
    ref TEXT NOT NULL,                      -- what caused it: a file, a partition, a fingerprint
    seq BIGINT NOT NULL,
    PRIMARY KEY (tbl, partition, cause, ref)
);

-- Rebuilds that were asked for and are not carried out yet; what one forces is marked.
CREATE TABLE rebuild (
    run TEXT NOT NULL PRIMARY KEY,
    request TEXT NOT NULL,                  -- the arguments as given
    tables TEXT NOT NULL                    -- names of those that it may build, by spaces
);

-- A partition that was undone: runs leave it as it is, although it is marked.
CREATE TABLE hold (
    tbl BIGINT NOT NULL,
    partition TEXT NOT NULL,
    derivation BIGINT NOT NULL,             -- how the content was made that was undone
    basis TEXT NOT NULL,                    -- fingerprint of what ends the hold when it changes
    run TEXT NOT NULL,                      -- the run that was undone
    seq BIGINT NOT NULL,
    who TEXT NOT NULL,
    why TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (tbl, partition)
);

-- Names that tables had: whoever still defines them has an old definition.
CREATE TABLE renamed (
    old TEXT NOT NULL PRIMARY KEY,
    tbl BIGINT NOT NULL,
    seq BIGINT NOT NULL
);

-- Directories that are to move, or to go: the table has another name, or was dropped.
CREATE TABLE directory_move (
    layer TEXT NOT NULL,
    folder TEXT NOT NULL,
    target TEXT,                            -- NULL: it goes
    PRIMARY KEY (layer, folder)
);

-- Who follows a table from outside, and how far it has come.
CREATE TABLE consumer (
    tbl BIGINT NOT NULL,
    name TEXT NOT NULL,
    seq BIGINT NOT NULL,                    -- it has everything up to here
    who TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tbl, name)
);

-- What somebody reads: what was current at that commit must stay until the pin ends.
CREATE TABLE pin (
    id {id},
    seq BIGINT NOT NULL,
    process TEXT NOT NULL,                  -- as in lease
    until BIGINT NOT NULL                   -- by the database's clock
);

-- When each commit was, never going back, and which run made it.
CREATE TABLE moment (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    run TEXT
);
CREATE INDEX moment_by_time ON moment (at);
CREATE INDEX moment_by_run ON moment (run);

CREATE TABLE failure (
    tbl BIGINT NOT NULL,
    partition TEXT NOT NULL,
    memo_key TEXT NOT NULL,
    error TEXT NOT NULL,                    -- JSON {"kind","message","hint"}
    run TEXT NOT NULL,
    failed_at BIGINT NOT NULL,
    PRIMARY KEY (tbl, partition)
);

CREATE TABLE run (
    id TEXT NOT NULL PRIMARY KEY,
    verb TEXT NOT NULL,
    state TEXT NOT NULL,                    -- running | done | failed | interrupted
    started BIGINT NOT NULL,
    finished BIGINT,
    seq BIGINT,                             -- its newest commit
    who TEXT NOT NULL,
    code_version TEXT,
    summary TEXT                            -- JSON, the run document of design section 11
);
CREATE INDEX run_by_start ON run (started);

CREATE TABLE step (
    run TEXT NOT NULL,
    tbl BIGINT NOT NULL,
    built BIGINT NOT NULL,
    reused BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    emptied BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    blocked BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    dropped BIGINT NOT NULL,                -- rows of windows' surroundings, in no file
    micros BIGINT NOT NULL,
    PRIMARY KEY (run, tbl)
);
CREATE INDEX step_by_tbl ON step (tbl, run);

CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,                    -- run id
    process TEXT NOT NULL,                  -- boot id, pid and start time: is the owner alive?
    fence BIGINT NOT NULL,
    until BIGINT NOT NULL,                  -- by the database's clock
    basis TEXT                              -- what its owner's helpers must have; NULL: no help
);

-- Written, or about to be, and not yet recorded anywhere: garbage when its run is dead.
CREATE TABLE pending_object (
    store TEXT NOT NULL,                    -- layer name, or quarantine
    object TEXT NOT NULL,                   -- a key, or a prefix that ends in /
    run TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (store, object)
);

-- Built and durable, and in no commit yet: the next run finds it by its memo key.
CREATE TABLE staged (
    tbl BIGINT NOT NULL,
    partition TEXT NOT NULL,
    memo_key TEXT NOT NULL,
    basis TEXT NOT NULL,                    -- fingerprint of file policy and readers' maps
    folder TEXT NOT NULL,                   -- key prefix of its files
    answer TEXT NOT NULL,                   -- what the worker told of it, JSON
    created BIGINT NOT NULL,
    PRIMARY KEY (tbl, partition, memo_key)
);

-- Who builds what other hosts' runs offer. Its claims are good as long as it is.
CREATE TABLE helper (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,                     -- host and process id, for people
    process TEXT NOT NULL,                  -- as a lease has it
    until BIGINT NOT NULL                   -- by the database's clock
);

-- Jobs that the run which holds the lease lets others build.
CREATE TABLE offer (
    id {id},
    run TEXT NOT NULL,
    engine TEXT NOT NULL,                   -- its name and version
    tbl BIGINT NOT NULL,
    number BIGINT NOT NULL,                 -- of the job within run and table
    attempt BIGINT NOT NULL,                -- grows whenever a claim is lost
    partitions TEXT NOT NULL,               -- JSON: [[text, memo key], …]
    job TEXT NOT NULL,                      -- JSON, the worker's document without buckets
    state TEXT NOT NULL,                    -- open, claimed, done, failed
    helper TEXT,                            -- who has it, or built it
    answer TEXT                             -- JSON: the worker's, or the error
);
CREATE INDEX offer_by_run ON offer (run, state);

CREATE TABLE event (
    id {id},
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    ref TEXT,
    why TEXT
);

-- Keys of rows that changed and are in no journal entry yet, filled by triggers. The columns are a
-- key's numbers and texts in their order.
CREATE TABLE unjournaled (
    tbl TEXT NOT NULL,
    i1 BIGINT,
    i2 BIGINT,
    i3 BIGINT,
    t1 TEXT,
    t2 TEXT
);

-- Journal entries that are not known to be in the store yet.
CREATE TABLE outbox (
    seq BIGINT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL
);
