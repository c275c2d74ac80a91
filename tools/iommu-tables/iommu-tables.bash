# SPDX-License-Identifier: GPL-2.0-only
# Completion of iommu-tables(8) for bash, with bash-completion.

_iommu_tables()
{
    local cur prev words cword split options
    options='--decode --verdicts --explain= --json --svg --html --compile
             --diff --bytes --pci --pci= --memmap= --output= --table= --color= --help
             --version'

    _init_completion -s || return

    case $prev in
        --color)
            COMPREPLY=($(compgen -W 'auto always never' -- "$cur"))
            return
            ;;
        -e|--explain)
            # The devices of this machine; the table may be another's.
            COMPREPLY=($(compgen -W "$(lspci -D 2>/dev/null |
                         cut -d' ' -f1 | sed 's/:/\\:/g')" -- "$cur"))
            return
            ;;
        --table)
            return
            ;;
        --pci|--memmap|-o|--output)
            _filedir
            return
            ;;
    esac

    $split && return

    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$cur"))
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
        return
    fi
    _filedir
} &&
    complete -F _iommu_tables iommu-tables
