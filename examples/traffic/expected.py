"""The facts that a lake built from generated deliveries must show.

Computed only from the files on disk and the rules of landing, not from how they were made, so
that it can judge both the generator and the lake. To use it from the command line:
generate.py OUT --expected FILE.
"""

import collections
import csv
import gzip
import hashlib
import io

COLUMNS = {
    "matches": [
        "id",
        "start_time",
        "end_time",
        "reader_a",
        "reader_b",
        "speed_kmh",
        "valid",
        "device_address",
    ],
    "radar": ["interval_start", "site_code", "vehicle_class", "vehicles"],
    "devices": ["code", "kind", "street", "lat", "lon", "installed"],
}


def read(body, name):
    """Header and rows (as dictionaries) of one delivered file."""
    text = gzip.decompress(body) if name.endswith(".gz") else body
    reader = csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""))
    return reader.fieldnames, list(reader)


def load(out):
    """Every delivery in order of arrival, with a state that holds at the end."""
    found = []
    for path in sorted(out.glob("*/*/*")):
        body = path.read_bytes()
        arrival, table, name = path.parts[-3:]
        header, rows = read(body, name)
        found.append(
            {
                "path": f"{table}/{name}",
                "arrival": arrival,
                "table": table,
                "sha256": hashlib.sha256(body).hexdigest(),
                "bytes": len(body),
                "state": "active" if header == COLUMNS[table] else "rejected",
                "rows": rows,
            }
        )
    return found


def settle(deliveries):
    """The newest good delivery of a path counts; of the device list, the newest of all."""
    newest = {}
    for delivery in deliveries:
        if delivery["state"] == "rejected":
            continue
        whole = delivery["table"] == "devices"
        identity = delivery["table"] if whole else delivery["path"]
        before = newest.get(identity)
        same_path = before and before["path"] == delivery["path"]
        if same_path and before["sha256"] == delivery["sha256"]:
            delivery["state"] = "duplicate"
            continue
        if before:
            before["state"] = "superseded"
        newest[identity] = delivery


def active_rows(deliveries, table):
    for delivery in deliveries:
        if delivery["table"] == table and delivery["state"] == "active":
            yield from delivery["rows"]


def by_day(rows, column):
    """Rows grouped under the partition of their day, in order."""
    days = collections.defaultdict(list)
    for row in rows:
        days[f"event_date={row[column][:10]}"].append(row)
    return dict(sorted(days.items()))


def table(partitions):
    rows = sum(partition["rows"] for partition in partitions.values())
    return {"rows": rows, "partitions": partitions}


def is_valid(row):
    return row["valid"] == "true"


def silver_matches(rows):
    speeds = [int(row["speed_kmh"]) for row in rows if row["speed_kmh"]]
    valid = sum(1 for row in rows if is_valid(row))
    return {"rows": len(rows), "valid": valid, "speed_kmh_sum": sum(speeds)}


def silver_radar(rows):
    return {"rows": len(rows), "vehicles": sum(int(row["vehicles"]) for row in rows)}


def gold_link_speed(rows):
    valid = [row for row in rows if is_valid(row)]
    pairs = {(row["reader_a"], row["reader_b"]) for row in valid}
    return {"rows": len(pairs), "matches": len(valid)}


def gold_site_counts(rows):
    sites = {row["site_code"] for row in rows}
    return {"rows": len(sites), "vehicles": sum(int(row["vehicles"]) for row in rows)}


def gold_reader_activity(devices, matches):
    readers = {row["code"] for row in devices if row["kind"] == "bluetooth"}
    started = sum(1 for row in matches if row["reader_a"] in readers)
    return {"rows": len(readers), "matches": started}


def tables(deliveries):
    raw = {name: list(active_rows(deliveries, name)) for name in COLUMNS}
    matches = by_day(raw["matches"], "start_time")
    radar = by_day(raw["radar"], "interval_start")
    facts = {f"raw.{name}": {"rows": len(rows)} for name, rows in raw.items()}
    facts["silver.matches"] = table({key: silver_matches(rows) for key, rows in matches.items()})
    facts["silver.radar"] = table({key: silver_radar(rows) for key, rows in radar.items()})
    facts["gold.link_speed"] = table({key: gold_link_speed(rows) for key, rows in matches.items()})
    facts["gold.site_counts"] = table({key: gold_site_counts(rows) for key, rows in radar.items()})
    facts["gold.reader_activity"] = gold_reader_activity(raw["devices"], raw["matches"])
    return facts


def facts(out):
    """out: the folder that generate.py wrote. Returns what json can write."""
    deliveries = load(out)
    settle(deliveries)
    states = collections.Counter(delivery["state"] for delivery in deliveries)
    listed = [
        {**{key: value for key, value in delivery.items() if key != "rows"},
         "rows": len(delivery["rows"])}
        for delivery in deliveries
    ]
    return {
        "format": 1,
        "states": dict(sorted(states.items())),
        "deliveries": listed,
        "tables": tables(deliveries),
    }
