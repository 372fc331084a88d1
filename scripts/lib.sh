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

# under_test: what the tests run, and how its sanitizers speak.
under_test() {
    export WEIR=$PWD/build/test/src/weir
    export WEIR_ORACLE=$PWD/build/test/test/harness/oracle
    export ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1
    export UBSAN_OPTIONS=print_stacktrace=1
    export LSAN_OPTIONS=suppressions=$PWD/test/lsan.supp:print_suppressions=0
}

# quick_processes: whole processes need not be searched for leaks as well, nor remember for each
# allocation where it was asked for (malloc_context_size=30 tells again): under DuckDB that is a
# third of the time.
quick_processes() {
    export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0:malloc_context_size=1:quarantine_size_mb=4
}

# logged NAME COMMAND...: its output in build/log/NAME.log, too, and there alone the line that sums
# it up: the last line of all is the one to be read. Its exit code goes to NAME.code.
logged() {
    local code=0
    rm -f "build/log/$1.code"
    "${@:2}" 2>&1 | tee "build/log/$1.log" |
        sed -u '/^[0-9]* passed, [0-9]* failed, [0-9]* skipped$/d' || code=$?
    printf '%s\n' "$code" >"build/log/$1.code"
}

# sum_up NAME LOG...: one line for all, which is also the last one of build/log/NAME.log.
sum_up() {
    local name=$1
    logged "$name" python3 test/summary.py "${@:2}"
    tail -n 1 "build/log/$name.log"
    return "$(cat "build/log/$name.code")"
}
