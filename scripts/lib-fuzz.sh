# shellcheck shell=bash
# What the scripts share that run libFuzzer, which comes with the toolchain. Sourced behind lib.sh, with CORPUS set: the folder of inputs
# worth keeping.

# Reads [--keep] [SECONDS] into KEEP and SECONDS_TO_RUN.
fuzz_arguments() {
    KEEP=
    if [[ ${1-} == --keep ]]; then KEEP=1; shift; fi
    case ${1-} in
        -h | --help) usage; exit 0 ;;
        *[!0-9]*) usage >&2; exit 2 ;;
    esac
    if (($# > 1)) || [[ -n $KEEP && $# -eq 0 ]]; then usage >&2; exit 2; fi
    SECONDS_TO_RUN=${1:-60}
    find_swift
    WORK=$(mktemp -d)
    trap 'rm -rf "$WORK"' EXIT
    mkdir "$WORK/found" "$WORK/least"
}

# fuzz OPTION...: runs $WORK/fuzz from the corpus, with the options of libFuzzer; what it finds is in $WORK/found.
fuzz() {
    # Swift's own handler of crashes gets in the sanitiser's way.
    export SWIFT_BACKTRACE=enable=no
    if ! "$WORK/fuzz" -max_total_time="$SECONDS_TO_RUN" -use_value_profile=1 -artifact_prefix="$WORK/" "$@" "$WORK/found" "$CORPUS" >"$WORK/log" 2>&1
    then
        tail -n 60 "$WORK/log" >&2
        local file
        for file in "$WORK"/crash-* "$WORK"/leak-* "$WORK"/timeout-* "$WORK"/oom-*; do
            [[ -e $file ]] && say "the input, in base64: $(base64 -w 0 "$file")" >&2
        done
        die "an input was found that the code does not stand"
    fi
    # scripts/test has built them, and builds other things now: only one SwiftPM works in a folder at a time.
    [[ -n ${TESTS_ARE_BUILT-} ]] || quietly "build the tests" swift_build --build-tests || die "the tests do not build"
    say "$(grep -o 'Done [0-9]* runs in [0-9]*' "$WORK/log") s, $(find "$WORK/found" -type f | wc -l) new inputs kept"
}

# judged_by_kernel SUITE VARIABLE WHAT: has the tests judge by the kernel what was found, whose folder the variable of the environment names.
judged_by_kernel() {
    if ! env "$2=$WORK/found" .build/debug/policydPackageTests.xctest --testing-library swift-testing --filter "$1" >"$WORK/log" 2>&1; then
        grep -E '^(✘|  [^ ])' "$WORK/log" >&2 || tail -n 40 "$WORK/log" >&2
        die "kernel and user space do not agree on $3 that was kept"
    fi
    grep -Eq 'Test run with [1-9][0-9]* tests? .* passed' "$WORK/log" || die "the kernel was not asked"
    # Not every frame may be one that a test-run takes; the tests say how many are.
    local taken
    taken=$(sed -n 's/^a test-run takes \([0-9]*\) of .*/\1/p' "$WORK/log")
    say "kernel and user space agree on ${taken:-$(find "$WORK/found" "$CORPUS" -type f | wc -l)} of them"
}

# keep_least OPTION...: leaves the smallest set of inputs in the corpus that reaches as much of the code, where --keep asks for it.
keep_least() {
    [[ -n $KEEP ]] || return 0
    "$WORK/fuzz" -merge=1 "$@" "$WORK/least" "$CORPUS" "$WORK/found" >"$WORK/log" 2>&1 || die "cannot merge: $(tail -n 5 "$WORK/log")"
    # Those written by hand stay: what they are for is not what of the code they reach.
    find "$CORPUS" -type f ! -name 'seed-*' -delete
    cp -r "$WORK/least/." "$CORPUS/"
    say "$(find "$CORPUS" -type f | wc -l) inputs, $(du -sb "$CORPUS" | cut -f1) bytes, in $CORPUS"
}
