# What the scripts share: one line per step, the whole log only when a step fails.
# To be sourced by bash from the top of the checkout.

say() {
    printf '%s\n' "$*"
}

die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

# step NAME TEXT COMMAND...: say TEXT, run COMMAND with its output in build/log/NAME.log.
step() {
    local log="build/log/$1.log" text=$2
    shift 2
    mkdir -p build/log
    say "$text"
    "$@" >"$log" 2>&1 && return
    cat "$log" >&2
    die "failed: $text" "The same log is in $log."
}

# Meson's options for the build folders, by name.
options() {
    case $1 in
    release) printf '%s\n' --buildtype=release -Dtests=false "--prefix=${PREFIX:-/usr/local}" ;;
    test)
        printf '%s\n' --buildtype=debugoptimized -Db_sanitize=address,undefined \
            -Dcrash_points=true
        ;;
    gcc) printf '%s\n' --buildtype=debugoptimized --werror ;;
    clang) printf '%s\n' --buildtype=debug --werror ;;
    *) die "there is no build \"$1\"" "Use release, test, gcc or clang." ;;
    esac
    [ -z "${DUCKDB_ROOT:-}" ] || printf '%s\n' "-Dduckdb_root=$(realpath "$DUCKDB_ROOT")"
}

# build NAME: the folder build/NAME, configured anew when its options are not as they were.
build() {
    local dir=build/$1 asked
    asked=$(options "$1")
    if [ "$(cat "$dir/asked" 2>/dev/null)" != "$asked" ]; then
        rm -rf "$dir"
        # shellcheck disable=SC2086 # one option per word
        step "configure-$1" "configure $dir" meson setup "$dir" $asked
        printf '%s\n' "$asked" >"$dir/asked"
    fi
    step "build-$1" "build $dir" ninja -C "$dir"
}
