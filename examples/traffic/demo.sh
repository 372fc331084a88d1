#!/usr/bin/env bash
# Two weeks of city traffic, landed day by day into a lake. About a minute to run and to read.
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
        *[!A-Za-z0-9_./:=+,@-]*) printf ' "%s"' "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$@"
}

evening() {
    date -u -d "$1 18:00" +%s
}

arrive() {
    cp -r -- "$deliveries/$1/." "$lake/land/"
}

# What a cron job does on one evening.
one_day() {
    arrive "$1"
    printf '# the evening of %s\n' "$1"
    show weir run --now "$(evening "$1")"
}

say "A city's traffic department gets three kinds of files every day: travel times" \
    "between Bluetooth readers, radar counts, and the list of its roadside devices." \
    "Here are two weeks of them, sorted by the day on which they arrived."
show python3 "$here/generate.py" "$deliveries"
printf '%s files, %s\n' "$(find "$deliveries" -type f | wc -l)" "$(du -sh "$deliveries" | cut -f 1)"

say "A lake is a folder: lake.yaml, and one small file or two for each table."
cp -r -- "$here/lake" "$lake"
mkdir -p -- "$lake/land"
cd -- "$lake"
export WEIR_CODE_VERSION=${WEIR_CODE_VERSION:-demo}
show ls tables/raw tables/silver tables/gold
show cat tables/gold/link_speed.sql
show weir validate
show weir graph

say "The first evening. 'weir run' takes in what landed, then builds what that touches." \
    "(--now says what time it is; without it the clock does.)"
one_day 2024-05-14

say "More evenings. On the 17th the travel times of the 16th do not come."
for day in 2024-05-15 2024-05-16 2024-05-17 2024-05-18; do
    one_day "$day"
done

say "On the 19th a file starts with a byte order mark, and the device list has a new reader." \
    "A list of the same bytes as yesterday's makes no work; a new list is looked at."
one_day 2024-05-19

say "On the 20th the missing file comes, three days late. Its day is built, no other one is redone."
one_day 2024-05-20

say "On the 21st a file has lost a comma in its header. It is refused, the others go on."
one_day 2024-05-21
report=$(find data/.weir/quarantine/raw.matches -name '*.report.json' | sort | head -n 1)
[ -n "$report" ] || fail "the broken file left no report in data/.weir/quarantine/raw.matches"
show cat "$report"
printf '\n'

say "A day later the sender corrects it, under the same name."
one_day 2024-05-22

say "On the 23rd the sender corrects the travel times of the 15th: a reader was faulty." \
    "Take the files in, and look at the plan before anything is built."
arrive 2024-05-23
show weir land --now "$(evening 2024-05-23)"
show weir plan
show weir run --now "$(evening 2024-05-23)"

say "The last evenings. On the 26th one file comes a second time, the same bytes: no work."
for day in 2024-05-24 2024-05-25 2024-05-26 2024-05-27; do
    one_day "$day"
done

say "Where things stand:"
show weir status

say "Raw history holds each accepted file byte for byte, under the second it landed." \
    "The 15th is there twice; the newer one counts."
show ls data/raw/matches/*/*20240515*
kept=$(find data/raw/matches -name '*20240515*' | sort | tail -n 1)
show cmp "$deliveries/2024-05-23/matches/matches_20240515.csv" "$kept"
printf '(no difference)\n'
show weir ls silver.matches

say "One query per layer. Codes keep their zeros:"
show weir query "SELECT id, start_time, reader_a, reader_b, speed_kmh FROM raw.matches ORDER BY id LIMIT 3"
show weir query "SELECT event_date, count(*) AS matches, count(*) FILTER (WHERE is_valid) AS valid FROM silver.matches GROUP BY event_date ORDER BY event_date"
show weir query "SELECT event_date, street, sum(vehicles) AS vehicles FROM gold.site_counts GROUP BY event_date, street ORDER BY vehicles DESC, event_date, street LIMIT 3"

say "Run again: nothing landed, nothing changed, nothing is done."
show weir run

say "Where to look next:" \
    "  examples/traffic/lake     the definition that you just saw at work" \
    "  examples/traffic/README.md" \
    "  KEEP=1 make demo          keeps the lake, to try your own queries" \
    "  weir help                 all verbs"
