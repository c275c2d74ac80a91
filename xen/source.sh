# Which Xen is built: what a folder holds, whether it can be used, what would
# be lost, and whether Debian has a newer one. Sourced after common.sh, never
# run. Folders of sources are read, never written.

# What is copied of a tree. The rest (tools, docs, stubdom) is not the
# hypervisor's.
SOURCE_PARTS="Config.mk COPYING config scripts tools/flask xen
    debian/xen-kconfig"
# The releases' sums of what this layer replaces; tests have their own.
RELEASES=${MOAT_RELEASES:-$ROOT/xen/releases.txt}

# -- Versions -----------------------------------------------------------------

# newest VERSION...: by Debian's rules
newest()
{
    local v best=

    for v; do
        [ -n "$best" ] && dpkg --compare-versions "$v" le "$best" || best=$v
    done
    echo "$best"
}

# minor VERSION: its MAJOR.MINOR
minor()
{
    sed -nE 's/^([0-9]+\.[0-9]+).*/\1/p' <<<"$1"
}

# source_version TREE: what its Makefile says: 4.20.4, 4.23-unstable
source_version()
{
    sed -nE '
        s/^(export[[:blank:]]+)?XEN_VERSION[[:blank:]]*[?:]?=[[:blank:]]*//p
        s/^(export[[:blank:]]+)?XEN_SUBVERSION[[:blank:]]*[?:]?=/./p
        s/^(export[[:blank:]]+)?XEN_EXTRAVERSION[[:blank:]]*[?:]?=//p' \
        "$1/xen/Makefile" | sed 's/\$([A-Z_]*)//g' | tr -d '[:space:]'
    echo
}

# source_git TREE ARGUMENT...: git, if TREE is a checkout's top. It may belong
# to somebody else, and may not be written to.
source_git()
{
    local tree=$1

    shift
    [ -e "$tree/.git" ] && command -v git >/dev/null &&
        GIT_OPTIONAL_LOCKS=0 git -c safe.directory='*' \
            -c core.fsmonitor=false -C "$tree" "$@" 2>/dev/null
}

# source_release TREE: the release that a checkout stands on, with the number
# of commits since: 4.17.7+13. Nothing where that is not known; the nearest
# release of a development tree is an ancient one.
source_release()
{
    local v

    v=$(source_git "$1" describe --tags --match 'RELEASE-*' |
        sed -nE 's/^RELEASE-([0-9.]+)(-([0-9]+)-g.*)?$/\1+\3/p') || v=
    [ "$(minor "$v")" != "$(minor "$(source_version "$1")")" ] ||
        echo "${v%+}"
}

# source_compared TREE: its version in the form that Debian's are compared to
source_compared()
{
    local v=

    if [ -f "$1/debian/changelog" ]; then
        v=$(sed -nE '1s/^xen \(([^)]+)\).*/\1/p' "$1/debian/changelog")
    fi
    [ -n "$v" ] || v=$(source_release "$1")
    # A release is followed by what will be the next one.
    [ -n "$v" ] || v=$(source_version "$1" | sed 's/-/~/')
    echo "$v"
}

# installed_hypervisors [MAJOR.MINOR]: versions of Debian's packages
installed_hypervisors()
{
    dpkg-query -W -f '${db:Status-Status} ${Version}\n' \
        'xen-hypervisor-[4-9]*' 2>/dev/null |
        sed -n "s/^installed \(${1:-[4-9]}\..*\)/\1/p" || :
}

# What apt would install on this machine, today
debian_candidate()
{
    apt-cache policy xen-system-amd64 2>/dev/null |
        sed -n 's/^ *Candidate: *\([0-9].*\)/\1/p'
}

# The newest version of Debian's package that is known on this machine
debian_wanted()
{
    newest $(debian_candidate) $(cat "$BUILD/source/listed" 2>/dev/null)
}

# older HAVE LISTED INSTALLED: a sentence when HAVE is older than one of the
# others (empty: there is none), and nothing otherwise. A version that is not
# of a package is compared without what packages add: a number of commits
# means the same in both.
older()
{
    local have=$1 v what newer=
    local -A at=(["is listed"]=$2 ["is installed here"]=$3)

    for what in "is listed" "is installed here"; do
        v=${at[$what]}
        [[ $have == *-* ]] || v=${v%%-*}
        ! dpkg --compare-versions "$have" lt "$v" ||
            newer+="${newer:+, }${at[$what]} $what"
    done
    [ -z "$newer" ] || echo "OLDER THAN DEBIAN'S: this is Xen $have; $newer:" \
        "security fixes may be missing. Not to be installed."
}

# -- Can it be used? ----------------------------------------------------------

# check_source TREE: dies, in a line, if nothing can be built from it.
check_source()
{
    local s=$1 p=$1/xen/drivers/passthrough v f

    [ -e "$s" ] || die "$s does not exist"
    [ -d "$s" ] || die "$s is no folder: unpack it, and name what comes out"
    [ -r "$s" ] && [ -x "$s" ] || die "$s cannot be read"
    if [ ! -f "$s/xen/Makefile" ] || [ ! -d "$p" ]; then
        [ ! -d "$s/drivers/passthrough" ] || [ ! -f "$s/../Config.mk" ] ||
            die "$s is a part of Xen's source: name the folder above it"
        die "$s is not Xen's source: it has no" \
            "$([ -f "$s/xen/Makefile" ] && echo "${p#"$s"/}" || echo xen/Makefile)"
    fi
    v=$(source_version "$s")
    [[ $v =~ ^[0-9]+\.[0-9]+ ]] ||
        die "$s: xen/Makefile does not say which Xen it is"
    dpkg --compare-versions "$(minor "$v")" ge 4.17 ||
        die "$s is Xen $v: this layer is for 4.17 and later"
    [ -d "$s/xen/arch/x86" ] ||
        die "$s has no xen/arch/x86: this layer is for x86 only"
    for f in "$p/port" "$p/core"; do
        [ ! -e "$f" ] || die "$s has this layer in it already (${f#"$s"/}):" \
            "name the tree that it was laid over"
    done
    ! grep -qs '^# Made by xen/overlay.sh' "$p/Makefile" ||
        die "$s has this layer in it already (xen/drivers/passthrough/" \
            "Makefile): name the tree that it was laid over"
    for f in iommu.c pci.c msi.c x86/iommu.c x86/hvm.c vtd/iommu.c; do
        [ -f "$p/$f" ] || die "$s is not all of Xen's source: it has no" \
            "xen/drivers/passthrough/$f"
    done
    f=$(source_files "$s" '!' -readable -printf '%p\n' -quit 2>/dev/null)
    [ -z "$f" ] || die "$s: $f cannot be read"
}

# check_out OUT TREE: OUT may be emptied, and is not TREE
check_out()
{
    local o s

    o=$(realpath -m "$1")/ s=$(realpath -m "$2")/
    [ "$o" != "$s" ] || die "$1 is the source and where the build goes"
    [[ $o != "$s"* ]] || die "the build may not go into its source: $1"
    [[ $s != "$o"* ]] || die "the source $2 lies in $1, where the build goes"
    [ -e "$1" ] || return 0
    [ -d "$1" ] || die "$1, where the build goes, is no folder"
    [ -e "$1/.inputs" ] || [ -z "$(ls -A "$1")" ] ||
        die "$1 is not empty and was not made here: the build does not go there"
}

# -- What it is made of -------------------------------------------------------

# source_files TREE FIND-ARGUMENTS...: of what is copied, without what a build
# in TREE has left
source_files()
{
    local tree=$1 part parts=()

    shift
    for part in $SOURCE_PARTS; do
        [ ! -e "$tree/$part" ] || parts+=("$part")
    done
    (cd "$tree" && find "${parts[@]}" \( -name '*.o' -o -name '.*.cmd' -o \
        -name '.*.d' -o -name '.*.d2' -o -name '*.a' -o -name '*.chk' -o \
        -name '*.pyc' -o -name __pycache__ -o -name .git -o \
        -path xen/.config -o -path xen/.config.old -o \
        -path xen/include/generated -o -path xen/include/config -o \
        -path 'xen/xen*' -o -path 'xen/.xen*' \) -prune -o "$@")
}

# source_built TREE: it was built in, and its copy needs Xen's own distclean
source_built()
{
    [ -n "$(find "$1/xen" -name '.*.cmd' -print -quit)" ]
}

# The configuration that a tree brings: Debian's, or the one that was put where
# Xen's build looks for it, as Qubes' packaging does.
source_config()
{
    local f

    for f in debian/xen-kconfig xen/.config; do
        [ ! -f "$1/$f" ] || { echo "$1/$f"; return 0; }
    done
}

# source_print TREE: changes when a file does
source_print()
{
    local config

    config=$(source_config "$1")
    {
        source_files "$1" -printf '%P %y %m %s %T@ %l\n' | LC_ALL=C sort
        [ -z "$config" ] || cat "$config"
    } | sha256sum | cut -d' ' -f1
}

# source_date TREE: seconds since 1970: of the package, or its newest file
source_date()
{
    if [ -f "$1/debian/changelog" ]; then
        sed -n '/^ -- .*>  /{s///p;q}' "$1/debian/changelog" |
            date -f - +%s
    else
        source_files "$1" -type f -printf '%T@\n' | sort -n | tail -n 1 |
            cut -d. -f1
    fi
}

# -- What would be lost -------------------------------------------------------

# What this layer replaces below drivers/passthrough (overlay.sh removes it):
# of the paths on standard input
replaced()
{
    grep -E '\.[ch]$' | grep -vE \
        '^(arm/|core/|port/|msi\.c|device_tree\.c|x86/hvm\.c|vtd/x86/hvm\.c)' ||
        :
}

# source_sums TREE: "SUM PATH" of each file that is replaced. releases.txt has
# these of all releases, with the releases that have it as it is.
source_sums()
{
    (cd "$1/xen/drivers/passthrough" && find . -type f -printf '%P\n' |
        replaced | LC_ALL=C sort | xargs -rd '\n' sha256sum) |
        sed -E 's/^(.{16})[0-9a-f]*  /\1 /'
}

# base_release TREE: the release that it is compared with; false if there is
# none, as for a development tree, or it is not in the list.
base_release()
{
    local v

    v=$(source_compared "$1")
    # Debian's packages are of what came after a release.
    [ -f "$1/debian/changelog" ] || v=${v%%+*}
    v=${v%-*}
    grep -qE " ${v//./\\.}( |$)" "$RELEASES" && echo "$v"
}

# changed_files TREE RELEASE: those that are replaced, and not as released
changed_files()
{
    awk -v base="$2" '
        /^#/ { next }
        FNR == NR { for (i = 3; i <= NF; i++)
                        if ($i == base) sum[$2] = $1
                    next }
        { if (sum[$2] != $1) print $2
          delete sum[$2] }
        END { for (f in sum) print f }' \
        "$RELEASES" <(source_sums "$1") | LC_ALL=C sort
}

# source_patches TREE: files with patches that come with it: in the package,
# or where rpm keeps them
source_patches()
{
    local d=$1/debian/patches

    [ ! -f "$d/series" ] || sed -nE "s,^([^#[:blank:]]+).*,$d/\1,p" "$d/series"
    find "$1" "$1/patches" "$1/.." "$1/../SOURCES" "$1/../../SOURCES" \
        -maxdepth 1 -type f -name '*.patch' 2>/dev/null || :
}

# patched TREE: the paths below drivers/passthrough that its patches touch
patched()
{
    source_patches "$1" | xargs -rd '\n' sed -nE \
        's,^\+\+\+ [^[:blank:]]*drivers/passthrough/([^[:blank:]]+).*,\1,p' |
        LC_ALL=C sort -u
}

# uncommitted TREE: those below drivers/passthrough that differ from what was
# committed, or were committed here only
uncommitted()
{
    local at=xen/drivers/passthrough

    {
        source_git "$1" status --porcelain -uall -- $at | cut -c4-
        [ -z "$(source_git "$1" for-each-ref --count=1 refs/remotes)" ] ||
            source_git "$1" log --format= --name-only HEAD --not --remotes \
                -- $at
    } | sed "s,^$at/,," | LC_ALL=C sort -u
}

# where_from TREE FILE RELEASE: who changed it, as far as can be seen
where_from()
{
    local f=xen/drivers/passthrough/$2 n

    {
        source_patches "$1" | xargs -rd '\n' grep -lE \
            "^\+\+\+ [^[:blank:]]*drivers/passthrough/${2//./\\.}([[:blank:]]|\$)" |
            sed 's,.*/,,'
        n=$(source_git "$1" log --oneline "RELEASE-$3..HEAD" -- "$f" | wc -l)
        [ "$n" = 0 ] || echo "$n commits since $3"
        [ -z "$(source_git "$1" status --porcelain -- "$f")" ] ||
            echo "not committed"
    } | paste -sd, | sed 's/,/, /g'
}

# losses TREE: what was changed there and this layer replaces, in a line;
# nothing if all is as it was released.
losses()
{
    local base=none files f why list=

    if base=$(base_release "$1"); then
        files=$(changed_files "$1" "$base")
    elif [ -n "$(source_git "$1" rev-parse HEAD)" ]; then
        files=$(uncommitted "$1" | replaced)
    elif [ -f "$1/debian/patches/series" ]; then
        files=$(patched "$1" | replaced)
    else
        echo "whether drivers/passthrough was changed cannot be known: Xen" \
            "$(source_version "$1") is no release that this layer knows"
        return 0
    fi
    for f in $files; do
        why=$(where_from "$1" "$f" "$base")
        list+="${list:+, }$f${why:+ ($why)}"
    done
    [ -z "$list" ] || echo "changed in this Xen, and replaced by this" \
        "layer: $list; what these changes do is lost"
}
