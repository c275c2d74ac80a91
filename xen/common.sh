# Shell helpers shared by the build scripts: sourced, never run.
#
# The caller has set ROOT (the project's checkout). Everything that is made
# goes below BUILD; everything that is missing comes from Debian.

BUILD=${BUILD:-$ROOT/build}
LOGS=$BUILD/logs
JOBS=${JOBS:-$(nproc)}
mkdir -p "$LOGS"
# What make was told here is not meant for the makes of Xen and Linux.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

say()
{
    printf '== %s\n' "$*"
}

# What must not be missed, whoever reads on
warn()
{
    printf '!! %s\n' "$*" >&2
}

die()
{
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Runs a command as root: directly, or through sudo.
as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -n "$@"
    else
        die "not root and no sudo: cannot run $*"
    fi
}

# need PACKAGE...: installs those of the Debian packages that are missing.
need()
{
    local p missing=

    for p; do
        dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null |
            grep -qx installed || missing="$missing $p"
    done
    [ -z "$missing" ] && return 0
    say "installing from Debian:$missing (log: $LOGS/apt.log)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update \
        >>"$LOGS/apt.log" 2>&1 || say "apt-get update failed; going on"
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
        -o DPkg::Lock::Timeout=300 install --no-install-recommends $missing \
        >>"$LOGS/apt.log" 2>&1 ||
        die "cannot install$missing; see $LOGS/apt.log"
}

# Fetching needs package lists, which a minimal machine may not have.
need_lists()
{
    [ -n "$(apt-cache madison "$1" 2>/dev/null)" ] && return 0
    say "reading Debian's package lists (log: $LOGS/apt.log)"
    as_root apt-get -qq update >>"$LOGS/apt.log" 2>&1 ||
        say "apt-get update failed; going on"
}

# progress LOG TOTAL COMMAND...: runs COMMAND with its output in LOG, and
# shows how many lines it has written (of about TOTAL) every few seconds.
progress()
{
    local log=$1 total=$2 pid status=0 began=$SECONDS n last=-1

    shift 2
    "$@" >"$log" 2>&1 &
    pid=$!
    while kill -0 $pid 2>/dev/null; do
        sleep 1
        [ $(((SECONDS - began) % 10)) = 0 ] || continue
        n=$(wc -l <"$log")
        [ "$n" = "$last" ] && continue
        last=$n
        printf '   %4d s  %6d of about %d steps\n' \
            $((SECONDS - began)) "$n" "$total"
    done
    wait $pid || status=$?
    if [ $status != 0 ]; then
        tail -n 25 "$log" >&2
        die "failed after $((SECONDS - began)) s: $* (log: $log)"
    fi
    say "done in $((SECONDS - began)) s (log: $log)"
}

# Only one script at a time may fill a folder: lock NAME waits for its turn.
lock()
{
    mkdir -p "$BUILD"
    exec 9>"$BUILD/.lock-$1"
    flock 9
}
