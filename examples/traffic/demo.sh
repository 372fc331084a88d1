#!/usr/bin/env bash
# Two weeks of city traffic, landed day by day into a lake. Half a minute to run, two to read.
#
# WEIR=path/to/weir   the binary (default: weir from PATH)
# KEEP=1              keep the lake and say where it is
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
    printf 'demo.sh: %s\n' "$1" >&2
    exit 2
}

binary=$(command -v -- "${WEIR:-weir}") ||
    fail "'${WEIR:-weir}' is not a program; set WEIR to the path of the binary, or run 'make demo'"
binary=$(realpath -- "$binary")
command -v python3 >/dev/null || fail "python3 is missing; it writes the deliveries"

weir() {
    "$binary" "$@"
}

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-demo.XXXXXX")
deliveries=$work/deliveries
lake=$work/lake

clean_up() {
    local code=$?
    if [ "${KEEP:-0}" = 1 ]; then
        printf '\nThe lake is kept at %s\n' "$lake"
    else
        chmod -R u+w -- "$work"
        rm -rf -- "$work"
    fi
    exit "$code"
}
trap clean_up EXIT

say() {
    printf '\n'
    printf '%s\n' "$@"
}

# Print a command as one would type it, then run it.
show() {
    local word
    printf '$'
    for word in "$@"; do
        case $word in
        *\"*) printf " '%s'" "$word" ;;
        *[!A-Za-z0-9_./:=+,@-]*) printf ' "%s"' "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$@"
}

arrive() {
    cp -r -- "$deliveries/$1/." "$lake/land/"
}

# What a cron job does on one evening.
one_day() {
    arrive "$1"
    show weir run --now "$1T18:00:00Z"
}

say "A city's traffic department gets three kinds of files every day: travel times" \
    "between Bluetooth readers, radar counts, and the list of its roadside devices." \
    "Here are two weeks of them, sorted by the day on which they arrived."
python3 "$here/generate.py" "$deliveries"
printf '%s files, %s\n' "$(find "$deliveries" -type f | wc -l)" "$(du -sh "$deliveries" | cut -f 1)"

say "A lake is a folder: lake.yaml, and one small file or two for each table." \
    "A source table says how its files are read, a derived table is one SELECT."
cp -r -- "$here/lake" "$lake"
mkdir -p -- "$lake/land"
cd -- "$lake"
export WEIR_CODE_VERSION=${WEIR_CODE_VERSION:-demo}
show cat tables/raw/radar.yaml
show cat tables/gold/link_speed.sql
show weir validate
show weir graph

say "The first evening. 'weir run' takes in what landed, then builds what that touches." \
    "(--now says what time it is; without it the clock does.)"
one_day 2024-05-14

say "More evenings. On the 17th the travel times of the 16th do not come." \
    "'Unchanged' is what was looked at and stayed as it is: nothing below it runs."
for day in 2024-05-15 2024-05-16 2024-05-17 2024-05-18; do
    one_day "$day"
done

say "On the 19th a file starts with a byte order mark; that is read past."
one_day 2024-05-19

say "On the 20th the missing file comes, three days late. Its day is built;" \
    "the days of travel times that were there stay as they are."
one_day 2024-05-20

say "On the 21st a file has lost a comma in its header. It is refused, the others go on." \
    "The file is kept in quarantine, with a report beside it. In short:"
one_day 2024-05-21
report=$(find data/.weir/quarantine/raw.matches -name '*.report.json' | sort | head -n 1)
[ -n "$report" ] || fail "the broken file left no report in data/.weir/quarantine/raw.matches"
show grep -E '"(file|verdict|message|hint)"' "$report"

say "A day later the sender corrects it, under the same name. The device list has changed, too:" \
    "every day of gold.site_counts reads it, so all of them are built again."
one_day 2024-05-22

say "On the 23rd the sender corrects the travel times of the 15th: a reader was faulty." \
    "Take that file in, and look at the plan before anything is built."
corrected=matches_20240515.csv
mv -- "$deliveries/2024-05-23/matches/$corrected" "$deliveries/"
cp -- "$deliveries/$corrected" land/matches/
show weir land --now 2024-05-23T18:00:00Z
show weir plan
show weir run --now 2024-05-23T18:00:00Z

say "That was one day of each table. Now the other files of the 23rd, and the last evenings." \
    "On the 26th one file comes a second time, the same bytes: no work."
for day in 2024-05-23 2024-05-24 2024-05-25 2024-05-26 2024-05-27; do
    one_day "$day"
done

say "Where things stand:"
show weir status

say "Raw history holds each accepted file byte for byte, under the second it landed." \
    "The 15th is there twice; the newer one counts."
show ls data/raw/matches/*/*20240515*
kept=$(find data/raw/matches -name '*20240515*' | sort | tail -n 1)
show cmp "../deliveries/$corrected" "$kept"
printf '(no difference)\n'

say "Tables are folders of Parquet files, for any tool; each partition changes in one step."
show ls data/silver/matches

say "One query per layer. Codes keep their zeros:"
show weir query "SELECT id, start_time, reader_a, reader_b, speed_kmh
    FROM raw.matches ORDER BY id LIMIT 3"
show weir query "SELECT event_date, count(*) AS matches, count(*) FILTER (WHERE is_valid) AS valid
    FROM silver.matches GROUP BY event_date ORDER BY event_date LIMIT 3"
show weir query "SELECT event_date, street, vehicles
    FROM gold.site_counts ORDER BY vehicles DESC, event_date, street LIMIT 3"

say "Now the question this is all about. The radar vendor calls: on the 22nd one counted twice." \
    "What did that file touch? Before anything is done:"
bad=radar_20240522.csv.gz
day=event_date=2024-05-22
show weir impact --tree "$bad"

say "Take it out. Raw history keeps it; the next run repairs what it reached, and only that." \
    "(Until a corrected file comes; the same bytes again would go to quarantine.)"
show weir withdraw --reason "unit 7 counted twice" "$bad"
show weir run

say "Somebody wonders about that day. Why is it what it is?"
show weir why gold.site_counts "$day"

say "The vendor was wrong, the file was right. Back in, as if nothing had been:" \
    "the versions of before are found again, nothing is computed."
show weir readmit "$bad"
show weir run

say "Mistakes in SQL go back, too. A colleague doubles all travel times, and it runs at night:"
query=tables/gold/link_speed.sql
cp -- "$query" "$work/link_speed.sql"
sed -i "s/sum(travel_seconds)/sum(2 * travel_seconds)/" "$query"
! cmp -s "$query" "$work/link_speed.sql" || fail "$query has no sum(travel_seconds)"
show weir run
run=$(weir log --limit 1 -o csv | sed -n "2s/,.*//p")

say "In the morning, all at once back to what was; held, so that the next run leaves it so."
show weir undo --reason "times doubled" "$run"
show weir run

say "Then the query of before is put back. An older definition needs a word, lest an old image" \
    "builds back what a newer one has built. What it wants is there already."
cp -- "$work/link_speed.sql" "$query"
show weir run --redefine

say "Run again: nothing landed, nothing changed, nothing is done."
show weir run

say "Where to look next:" \
    "  examples/traffic/lake     the definition that you just saw at work" \
    "  examples/traffic/README.md" \
    "  KEEP=1 make demo          keeps the lake, to try your own queries" \
    "  weir help                 all verbs; with make, build/release/src/weir"
