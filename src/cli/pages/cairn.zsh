
# SPDX-License-Identifier: BSD-3-Clause
# Completion of cairn for zsh.  The tables above are made of those of `cairn -h`.

# _cairn_after COMMAND NAME: the value of a flag or key.
_cairn_after()
{
    local wanted
    wanted=$(_cairn_value "$1" "$2") || wanted=@files
    [[ $wanted != *@files* ]] || _files
    wanted=${wanted//@files/}
    [[ -z ${wanted// /} ]] || compadd -- ${=wanted}
}

_cairn_operand()
{
    local name
    if [[ $PREFIX == ?*=* ]]; then
        name=${PREFIX%%=*}
        compset -P 1 '*='
        _cairn_after "$_cairn_command" "$name"
        return
    fi
    case $_cairn_command in
    help) compadd -- ${=_cairn_commands} ;;
    options) compadd -- ${=_cairn_keys} ;;
    recipe) compadd -- ${(f)"$(${words[1]} recipe 2>/dev/null | cut -d ' ' -f 1)"} ;;
    import)
        if [[ -z ${words[2,CURRENT-1][(r)(${~${_cairn_formats// /|}})]} ]]; then
            compadd -- ${=_cairn_formats}
        else
            _files
        fi
        ;;
    *)
        if [[ " $_cairn_with_keys " == *" $_cairn_command "* && -n ${words[2,CURRENT-1][(r)*.y(a|)ml]} ]]; then
            compadd -S = -- ${=_cairn_keys}
        fi
        _files
        ;;
    esac
}

_cairn()
{
    local _cairn_command=${words[2]}
    local -a described flags
    if ((CURRENT == 2)); then
        described=(${(f)"$(_cairn_described)"})
        _describe command described
        return
    fi
    flags=(${(f)"$(_cairn_specs "$_cairn_command")"})
    words=("${words[1]}" "${words[@]:2}")
    ((CURRENT--))
    _arguments $flags '*:operand:_cairn_operand'
}

_cairn "$@"
