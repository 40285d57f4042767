#!/usr/bin/env bash
# Measures a whole run against the floor: DataFusion only reading the same files and writing Parquet.
#
#   benches/run.sh [CASES] [ROUNDS] [THREADS]      default: 1000000 3, all cores
#
# Both are built in the release profile and run in turn, so that a busy spell of the machine meets both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cases=${1:-1000000}
rounds=${2:-3}
threads=${3:-$(nproc)}
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/trueup-target}"
work="${TRUEUP_BENCH:-$HOME/.cache/trueup-bench}"
exports="$work/exports-$cases"
time_=$(type -P time) || {
    echo "needs GNU time: apt-get install time" >&2
    exit 2
}

echo "== build (release)"
cargo build --locked --release --bin trueup --example synthesize --example floor
bin="$CARGO_TARGET_DIR/release"

if [[ ! -e $exports/.whole ]]; then
    echo "== make exports of $cases cases"
    rm -rf "$exports"
    mkdir -p "$work"
    "$bin/examples/synthesize" --cases "$cases" --seed 2017 --out "$exports"
    touch "$exports/.whole"
fi
# Read once, so that the first round meets the same warm files as the others.
cat "$exports"/*.csv >/dev/null
echo "== $(cat "$exports"/*.csv | wc -c) bytes in six files, $threads threads, $rounds rounds"

# measure NAME COMMAND…: appends `seconds KiB` to $work/NAME.
measure() {
    local name=$1 code=0
    shift
    "$time_" -v -o "$work/time" "$@" >"$work/$name.out" 2>"$work/$name.err" || code=$?
    # 1: the run says that discrepancies are above the limit; it did its whole work.
    if [[ $code -gt 1 ]]; then
        echo "$name ended with $code" >&2
        cat "$work/$name.out" "$work/$name.err" >&2
        exit 1
    fi
    awk -v name="$name" -v results="$work/$name" '
        /Elapsed/ { n = split($NF, t, ":"); s = 0; for (i = 1; i <= n; i++) s = s * 60 + t[i] }
        /Maximum resident/ { kib = $NF }
        /File system outputs/ { blocks = $NF }
        END {
            printf "%-8s %7.2f s  %6d MiB peak  %6d MiB written\n", name, s, kib / 1024, blocks / 2048
            print s, kib >> results
        }' "$work/time"
}

rm -f "$work/floor" "$work/run"
for round in $(seq "$rounds"); do
    echo "-- round $round"
    rm -rf "$work/floor-out" "$work/run-out"
    measure floor "$bin/examples/floor" --in "$exports" --out "$work/floor-out" --threads "$threads"
    measure run "$bin/trueup" run --delivery "$exports" --out "$work/run-out" --as-of 2017-10-09 --threads "$threads" \
        --fail-on never
done

# The median: one disturbed round does not move it.
median() { sort -n "$work/$1" | awk '{ s[NR] = $1 } END { print s[int((NR + 1) / 2)] }'; }
peak() { sort -n -k 2 "$work/$1" | awk 'END { printf "%d", $2 / 1024 }'; }
floor=$(median floor)
run=$(median run)
echo "== median of $rounds"
awk -v f="$floor" -v r="$run" -v fp="$(peak floor)" -v rp="$(peak run)" 'BEGIN {
    printf "floor    %7.2f s  %6d MiB\nrun      %7.2f s  %6d MiB\nratio    %7.2f\n", f, fp, r, rp, r / f
}'
