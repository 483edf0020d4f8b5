# shellcheck shell=bash
# What the scripts share. It is sourced; each script runs under `set -euo pipefail`.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1
# System tools are not on every user's path.
PATH=$PATH:/usr/sbin:/sbin

if [[ -t 1 && -z ${NO_COLOR-} ]]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m'
else
    bold='' dim='' red='' green='' yellow='' plain=''
fi

say() { printf '%s\n' "$*"; }
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
complain() { printf '%s%s:%s %s\n' "$red" "${0##*/}" "$plain" "$*" >&2; }
die() { complain "$*"; exit 1; }

# The Swift toolchain: on the path, or in one of the places it is unpacked to. SWIFT names another command.
find_swift() {
    if [[ -n ${SWIFT-} ]]; then return; fi
    local folder
    for folder in '' "$HOME"/.local/share/swiftly/bin/ "$HOME"/.swiftly/bin/ /opt/*/usr/bin/ /usr/libexec/swift/*/bin/ /usr/share/swift/usr/bin/; do
        if command -v "${folder}swift" >/dev/null && "${folder}swift" --version >/dev/null 2>&1; then
            SWIFT=${folder}swift
            # The build plugin looks for the toolchain's clang beside it.
            if [[ -n $folder ]]; then PATH=$folder:$PATH; fi
            return
        fi
    done
    die "no Swift toolchain: install Swift 6.3 or later from https://www.swift.org/install and put its 'swift' on the path"
}

# need PACKAGE WHAT: notes a package as missing unless WHAT, a command, or a file by its path or glob, is there.
missing_packages=()
need() {
    local what
    for what in "${@:2}"; do
        if [[ $what == /* ]]; then
            compgen -G "$what" >/dev/null && return
        elif command -v "$what" >/dev/null; then
            return
        fi
    done
    missing_packages+=("$1")
}

need_to_build() {
    need pkg-config pkg-config pkgconf
    need libbpf-dev /usr/include/bpf/libbpf.h /usr/local/include/bpf/libbpf.h
    need libelf-dev /usr/include/libelf.h
    need zlib1g-dev /usr/include/zlib.h
    need libyaml-dev '/usr/lib/*/libyaml.a' '/usr/lib*/libyaml.a'
    need libssl-dev '/usr/lib/*/libcrypto.a' '/usr/lib*/libcrypto.a'
    need linux-libc-dev '/usr/include/*/asm/types.h' /usr/include/asm/types.h
}

need_for_traffic() {
    need iproute2 ip
    need util-linux nsenter
    need mount mount
    need curl curl
    need python3 python3
    need iputils-ping ping
}

# Python's module for JSON Schema, in the Python on the path or in the system's: the tests take either.
need_for_schema() {
    local python
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import jsonschema' 2>/dev/null && return
    done
    missing_packages+=(python3-jsonschema)
}

# Installs what `need` found missing.
install_missing() {
    ((${#missing_packages[@]})) || return 0
    local list=${missing_packages[*]}
    command -v apt-get >/dev/null || die "missing: $list (names of Debian's packages; there is no apt-get here to install them)"
    if [[ $EUID -ne 0 ]]; then die "missing: $list. Install them as root: apt-get install $list"; fi
    say "installing $list"
    local log
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    local install=(apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "${missing_packages[@]}")
    # The lists of packages may be old or absent: they are fetched only when it does not work without.
    if ! "${install[@]}" >"$log" 2>&1 && ! { apt-get update && "${install[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "cannot install $list"
    fi
    rm -f "$log"
    missing_packages=()
}

# Says all that keeps this machine or user from running eBPF programs in namespaces of their own, and ends the script if there is
# something.
require_kernel() {
    local problems=() text
    if [[ $EUID -ne 0 ]]; then
        # What else is missing cannot be told from here: without root, everything is refused.
        problems+=("root: run this with sudo (it works in network namespaces of its own and leaves the host's network alone)")
    elif ! text=$(python3 "$ROOT/scripts/lib-probe.py" 2>&1); then
        mapfile -t problems <<<"$text"
    fi
    ((${#problems[@]})) || return 0
    complain "this cannot run here. Missing:"
    printf '  - %s\n' "${problems[@]}" >&2
    exit 1
}

# The flags of a release build: Swift's library always linked in; libbpf, libelf and zlib as well where their archives are there.
release_flags() {
    RELEASE_FLAGS=(-c release --static-swift-stdlib)
    local libraries
    libraries=$(pkg-config --variable=libdir libbpf 2>/dev/null) || return 0
    local name
    for name in bpf elf z; do
        [[ -e $libraries/lib$name.a ]] || return 0
    done
    # SwiftPM asks pkg-config for libbpf's flags; this answers with the archives. Written only when it changes, so that nothing is
    # built again.
    local folder=$ROOT/.build/pkgconfig text
    text="Name: libbpf
Description: libbpf, libelf and zlib, linked in
Version: $(pkg-config --modversion libbpf)
Libs: -L$libraries -l:libbpf.a -l:libelf.a -l:libz.a
Cflags: $(pkg-config --cflags libbpf)"
    mkdir -p "$folder"
    if [[ "$(cat "$folder/libbpf.pc" 2>/dev/null)" != "$text" ]]; then printf '%s\n' "$text" >"$folder/libbpf.pc"; fi
    RELEASE_FLAGS+=(--pkg-config-path "$folder")
}

# Runs a command and shows on one line, on a terminal, what it is at; prints everything it said if it fails.
quietly() {
    local what=$1 log start=$SECONDS
    shift
    log=$(mktemp)
    "$@" >"$log" 2>&1 &
    local pid=$!
    # An interrupt ends the work as well, and not only the waiting for it.
    trap 'kill $pid 2>/dev/null; exit 130' INT
    if [[ -t 1 ]]; then
        while kill -0 $pid 2>/dev/null; do
            printf '\r\e[K%s %s%3ds  %.*s%s' "$what" "$dim" $((SECONDS - start)) 60 "$(tail -n 1 "$log" 2>/dev/null | tr -d '\r')" "$plain"
            sleep 0.5
        done
        printf '\r\e[K'
    fi
    local code=0
    wait $pid || code=$?
    trap - INT
    if ((code)); then cat "$log" >&2; fi
    rm -f "$log"
    ((code == 0)) && say "$what: $((SECONDS - start)) s"
    return $code
}

# swift build. SwiftPM 6.3 itself is ended by a signal now and then (seen while it fetched packages); what is wrong with sources never
# ends it so. Once more, then, and it is said.
swift_build() {
    local code=0
    "$SWIFT" build "$@" || code=$?
    if ((code > 128 && code != 130 && code != 143)); then
        complain "swift build was ended by signal $((code - 128)): once more"
        code=0
        "$SWIFT" build "$@" || code=$?
    fi
    return $code
}

build_release() {
    find_swift
    release_flags
    local program
    for program in policyd policyctl; do
        quietly "build $program (release)" swift_build "${RELEASE_FLAGS[@]}" --product $program || die "$program does not build"
    done
    BIN=$ROOT/.build/release
}

# Names of namespaces, pins, programs and processes that the project's scripts and tests make and must not leave behind.
NAMESPACE_PATTERN='^(policyd-|bpftest-)'

# Kernel programs of ours: one line each, "number name".
our_programs() { python3 "$ROOT/scripts/lib-probe.py" --programs; }
