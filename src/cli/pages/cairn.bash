
# SPDX-License-Identifier: BSD-3-Clause
# Completion of cairn for bash.  The tables above are made of those of `cairn -h`.

# _cairn_operands COMMAND WORDS...: what may follow these words.
_cairn_operands()
{
    local command=$1 word
    shift
    case $command in
    help) echo "$_cairn_commands" ;;
    options) echo "$_cairn_keys" ;;
    recipe) "${COMP_WORDS[0]}" recipe 2>/dev/null | cut -d ' ' -f 1 ;;
    import)
        for word; do
            [[ " $_cairn_formats " != *" $word "* ]] || { echo @files && return; }
        done
        echo "$_cairn_formats"
        ;;
    *)
        echo @files
        if [[ " $_cairn_with_keys " == *" $command "* && "$* " == *.y?(a)ml\ * ]]; then
            printf '%s= ' $_cairn_keys
        fi
        ;;
    esac
}

# Where "=" is in COMP_WORDBREAKS it is a word of its own, and what is returned stands after it.
_cairn()
{
    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local name='' front='' command='' wanted i
    COMPREPLY=()
    if [ "$cur" = = ]; then
        name=$before cur=
    elif [ "$before" = = ]; then
        name=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $cur == ?*=* ]]; then
        name=${cur%%=*} front=${cur%%=*}= cur=${cur#*=}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]} && break; }
    done
    if [ -z "$command" ]; then
        wanted="$_cairn_commands --version $(_cairn_flags '')"
    elif [ -n "$name" ]; then
        wanted=$(_cairn_value "$command" "$name") || wanted=@files
    elif [[ $before == -* ]] && wanted=$(_cairn_value "$command" "$before"); then
        : # that flag's value
    elif [[ $cur == -* ]]; then
        wanted=$(_cairn_flags "$command")
    else
        wanted=$(_cairn_operands "$command" "${COMP_WORDS[@]:i+1:COMP_CWORD-i-1}")
    fi
    [[ $wanted == *@files* ]] || compopt +o default 2>/dev/null # files are readline's own
    COMPREPLY=($(compgen -P "$front" -W "${wanted//@files/}" -- "$cur"))
    [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -o default -F _cairn cairn
