#!/usr/bin/env python3
"""Write two weeks of city traffic deliveries, as a traffic department gets them.

usage: generate.py OUT [--scale N] [--days N] [--expected FILE]

OUT gets one folder per day of arrival, and in it what arrived for each table:

    OUT/2024-05-14/matches/matches_20240513.csv    Bluetooth travel times of one day
    OUT/2024-05-14/radar/radar_20240514.csv.gz     vehicle counts up to 06:00 of that day
    OUT/2024-05-14/devices/devices_20240514.csv    the whole device list of that day

The same arguments give the same bytes, whatever the machine's zone, locale or hash seed: all
chance comes from Stream. With --expected, the written files are read back and the facts that a
lake built from them must show are written as JSON (see expected.py).

All times are UTC. Python 3.9 or newer, nothing but its standard library.
"""

import argparse
import csv
import datetime
import gzip
import hashlib
import io
import json
import pathlib
import sys

sys.dont_write_bytecode = True

import expected  # noqa: E402  (after the line that keeps this folder free of caches)

SEED = "weir traffic 1"
FIRST_DAY = datetime.date(2024, 5, 13)
DAYS = 14
ONE_DAY = datetime.timedelta(days=1)

# The faults of real life, by the day that the file is about.
LATE = {datetime.date(2024, 5, 16): 3}  # days of delay
CORRECTED = {datetime.date(2024, 5, 15): datetime.date(2024, 5, 23)}  # the second arrival
BROKEN_HEADER = {datetime.date(2024, 5, 20)}  # the good file comes a day later
BYTE_ORDER_MARK = {datetime.date(2024, 5, 18)}
SENT_TWICE = {datetime.date(2024, 5, 23): datetime.date(2024, 5, 26)}  # the second arrival

MATCH_COLUMNS = "id,start_time,end_time,reader_a,reader_b,speed_kmh,valid,device_address"
BROKEN_COLUMNS = MATCH_COLUMNS.replace("speed_kmh,valid", "speed_kmhvalid")
RADAR_COLUMNS = "interval_start,site_code,vehicle_class,vehicles"
DEVICE_COLUMNS = ["code", "kind", "street", "lat", "lon", "installed"]

READERS = 48
NEW_READER = 49  # installed during the first week
REMOVED_READER = 12  # taken down in the second week
FAULTY_READER = 17  # why one day was delivered again
FIRST_SITE = 101
SITES = 24
MATCHES_WEEKDAY = 3600
MATCHES_WEEKEND = 2300

STREETS = [
    "Ringstraße",
    "Avenue de l'Église",
    "Harbour Road",
    "Calle Mayor, Norte",
    "Via Università",
    'Station Road "Old Gate"',
    "Brückenstraße",
    "Market Street",
    "Ålandsgatan",
    "Airport Link",
    "Hospital Lane",
    "Königsallee",
]
CLASSES = (("car", 40), ("truck", 6), ("bus", 2), ("motorcycle", 3))

# Traffic by hour of the day; a weekend has no rush hours.
WEEKDAY_HOURS = (1, 1, 1, 1, 2, 4, 8, 14, 13, 8, 6, 6, 7, 7, 7, 9, 13, 15, 12, 8, 6, 4, 3, 2)
WEEKEND_HOURS = (3, 2, 2, 1, 1, 1, 2, 3, 4, 6, 8, 9, 10, 9, 9, 9, 9, 9, 8, 7, 6, 5, 4, 4)


class Stream:
    """Random numbers of one file: splitmix64, seeded by what the file is."""

    MASK = (1 << 64) - 1

    def __init__(self, label):
        seed = hashlib.sha256(f"{SEED}/{label}".encode()).digest()
        self.state = int.from_bytes(seed[:8], "big")

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & self.MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & self.MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & self.MASK
        return z ^ (z >> 31)

    def below(self, limit):
        return self.next() % limit


def code(number):
    return f"{number:04d}"


def day_name(day):
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def clock(day, second):
    """The timestamp that many seconds after the day began; may lie in a later day."""
    day += ONE_DAY * (second // 86400)
    minute, sec = divmod(second % 86400, 60)
    return f"{day.isoformat()} {minute // 60:02d}:{minute % 60:02d}:{sec:02d}"


def is_weekend(day):
    return day.weekday() >= 5


def hour_weights(day):
    return WEEKEND_HOURS if is_weekend(day) else WEEKDAY_HOURS


def links(day):
    """The road links measured on a day: two readers, length in metres, usual speed in km/h."""
    stream = Stream("links")
    found = []
    for number in range(1, READERS + 1):
        for step in (1, 7):
            other = (number - 1 + step) % READERS + 1
            found.append((number, other, 600 + stream.below(4400), 30 + 10 * stream.below(4)))
    if day >= FIRST_DAY + 6 * ONE_DAY:
        found.append((NEW_READER, 3, 2100, 50))
    if day >= FIRST_DAY + 12 * ONE_DAY:
        found = [link for link in found if REMOVED_READER not in link[:2]]
    return found


def device_address(stream):
    """A pseudonym in the shape of a Bluetooth address; the low bits say 'locally administered'."""
    raw = stream.below(1 << 48).to_bytes(6, "big")
    return bytes([raw[0] & 0xFC | 0x02]).hex() + "".join(f":{byte:02x}" for byte in raw[1:])


def match_row(day, number, start, stream, roads):
    """One match as a list of texts. Some drivers stop on the way: slow, and flagged invalid."""
    a, b, metres, usual = roads[stream.below(len(roads))]
    rush = hour_weights(day)[start // 3600] > 11
    speed = max(4, usual * (60 if rush else 95) // 100 + stream.below(17) - 8)
    kind = stream.below(100)
    if kind < 7:
        speed = 1 + stream.below(3)
    seconds = metres * 36 // (speed * 10)
    ident = f"{day_name(day)}{number:07d}"
    reported = "" if kind < 1 else str(speed)
    valid = "false" if kind < 7 else "true"
    times = [clock(day, start), clock(day, start + seconds)]
    return [ident, *times, code(a), code(b), reported, valid, device_address(stream)]


def match_rows(day, scale):
    """The matches that started on a day, by start time; the last ones end after midnight."""
    stream = Stream(f"matches/{day.isoformat()}")
    hours = [hour for hour, weight in enumerate(hour_weights(day)) for _ in range(weight)]
    count = scale * (MATCHES_WEEKEND if is_weekend(day) else MATCHES_WEEKDAY)
    count += stream.below(200 * scale)
    starts = [hours[stream.below(len(hours))] * 3600 + stream.below(3600) for _ in range(count)]
    starts += [86399 - stream.below(20) for _ in range(3)]
    roads = links(day)
    return [
        match_row(day, number, start, stream, roads)
        for number, start in enumerate(sorted(starts), 1)
    ]


def before_correction(rows):
    """What was delivered first: one reader's times doubted by nobody, and the export cut short."""
    faulty = code(FAULTY_READER)
    for row in rows[: len(rows) * 98 // 100]:
        if faulty in row[3:5]:
            yield row[:5] + [str(2 * int(row[5] or 20)), "true", row[7]]
        else:
            yield row


def match_file(rows, header=MATCH_COLUMNS, mark=b""):
    lines = [header]
    lines.extend(",".join(row) for row in rows)
    return mark + "\n".join(lines).encode() + b"\n"


def match_deliveries(day, scale):
    """What arrives about one day, as (day of arrival, bytes)."""
    rows = match_rows(day, scale)
    usual = day + ONE_DAY
    good = match_file(rows, mark=b"\xef\xbb\xbf" if day in BYTE_ORDER_MARK else b"")
    if day in LATE:
        return [(usual + LATE[day] * ONE_DAY, good)]
    if day in CORRECTED:
        return [(usual, match_file(before_correction(rows))), (CORRECTED[day], good)]
    if day in BROKEN_HEADER:
        return [(usual, match_file(rows, BROKEN_COLUMNS)), (usual + ONE_DAY, good)]
    if day in SENT_TWICE:
        return [(usual, good), (SENT_TWICE[day], good)]
    return [(usual, good)]


def radar_lines(arrival, last_arrival, scale):
    """Counts of 15 minutes each, from 06:00 of the day before; the campaign's ends are midnights.

    A file therefore holds rows of two days."""
    stream = Stream(f"radar/{arrival.isoformat()}")
    day = arrival - ONE_DAY
    first = 0 if day == FIRST_DAY else 24
    end = 96 if arrival == last_arrival else 120
    for quarter in range(first, end):
        share = hour_weights(day + ONE_DAY * (quarter // 96))[quarter % 96 // 4]
        for site in range(FIRST_SITE, FIRST_SITE + SITES * scale):
            for name, usual in CLASSES:
                vehicles = usual * share * (50 + stream.below(101)) // 400
                if vehicles:
                    yield f"{clock(day, quarter * 900)},{code(site)},{name},{vehicles}"


def radar_file(arrival, last_arrival, scale):
    text = "\n".join([RADAR_COLUMNS, *radar_lines(arrival, last_arrival, scale)]) + "\n"
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=6, mtime=0) as out:
        out.write(text.encode())
    return packed.getvalue()


def device_row(number, kind, stream):
    street = STREETS[stream.below(len(STREETS))]
    lat = 51_200_000 + stream.below(90_000)
    lon = 6_700_000 + stream.below(150_000)
    installed = datetime.date(2019, 1, 1) + ONE_DAY * stream.below(1800)
    place = [f"{micro // 10**6}.{micro % 10**6:06d}" for micro in (lat, lon)]
    return [code(number), kind, street, *place, installed.isoformat()]


def device_rows(arrival, scale):
    """The whole list as of one day; it changes on three days, else it is the same bytes."""
    stream = Stream("devices")
    rows = [device_row(number, "bluetooth", stream) for number in range(1, READERS + 1)]
    sites = range(FIRST_SITE, FIRST_SITE + SITES * scale)
    rows += [device_row(number, "radar", stream) for number in sites]
    new_day = FIRST_DAY + 6 * ONE_DAY
    if arrival >= new_day:
        new = device_row(NEW_READER, "bluetooth", stream)
        rows.insert(READERS, new[:5] + [new_day.isoformat()])
    if arrival >= FIRST_DAY + 9 * ONE_DAY:
        moved = next(row for row in rows if row[0] == code(FIRST_SITE))
        moved[2] = "Harbour Road, East Quay"
    if arrival >= FIRST_DAY + 12 * ONE_DAY:
        rows = [row for row in rows if row[0] != code(REMOVED_READER)]
    return rows


def device_file(arrival, scale):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(DEVICE_COLUMNS)
    writer.writerows(device_rows(arrival, scale))
    return text.getvalue().encode()


def write(out, arrival, table, name, body):
    folder = out / arrival.isoformat() / table
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(body)


def generate(out, scale=1, days=DAYS):
    """Write everything below out, which must not hold anything yet."""
    last_arrival = FIRST_DAY + days * ONE_DAY
    for number in range(days):
        day = FIRST_DAY + number * ONE_DAY
        arrival = day + ONE_DAY
        stamp = day_name(arrival)
        for when, body in match_deliveries(day, scale):
            write(out, when, "matches", f"matches_{day_name(day)}.csv", body)
        counts = radar_file(arrival, last_arrival, scale)
        write(out, arrival, "radar", f"radar_{stamp}.csv.gz", counts)
        write(out, arrival, "devices", f"devices_{stamp}.csv", device_file(arrival, scale))


def at_least(least):
    def parse(text):
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}")
        return number

    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(description="Write traffic deliveries, by day of arrival.")
    parser.add_argument("out", type=pathlib.Path, help="folder to write; new or empty")
    parser.add_argument("--scale", type=at_least(1), default=1, help="times the rows (default 1)")
    parser.add_argument(
        "--days", type=at_least(DAYS), default=DAYS, help=f"days of traffic (default {DAYS})"
    )
    parser.add_argument("--expected", type=pathlib.Path, help="also write the facts to this file")
    return parser.parse_args()


def main():
    args = parse_arguments()
    if args.out.exists() and (not args.out.is_dir() or any(args.out.iterdir())):
        sys.exit(f"generate.py: '{args.out}' exists and is not an empty folder")
    generate(args.out, args.scale, args.days)
    if args.expected:
        facts = json.dumps(expected.facts(args.out), indent=2, sort_keys=True)
        args.expected.write_text(facts + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
