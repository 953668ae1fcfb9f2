# SPDX-License-Identifier: MIT
# Completion of auth407 for bash; also works without bash-completion.
# shellcheck shell=bash disable=SC2207,SC2154

# Options of each command, with "=" where they take a value; known values.
@TABLES@

_auth407_files()
{
    local file
    compopt -o filenames 2>/dev/null
    while IFS= read -r file; do
        COMPREPLY+=("$file")
    done < <(compgen "$@")
}

# The command of another program stands at $1, or will.
_auth407_program()
{
    if declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    elif (($1 == COMP_CWORD)); then
        _auth407_files -c -- "$cur"
    else
        _auth407_files -f -- "$cur"
    fi
}

# The value of an option, of which these are the known ones.
_auth407_value()
{
    local head=
    [[ $prev == --schemes && $cur == *,* ]] && head=${cur%,*},
    COMPREPLY=($(compgen -P "$head" -W "${1%FILE}" -- "${cur##*,}"))
    [[ $1 != *FILE ]] || _auth407_files -f -- "$cur"
}

_auth407()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local command=run i=1 options commands=" ${!_auth407_options[*]} "
    COMPREPLY=()
    if ((COMP_CWORD > 1)) && [[ $commands == *" ${COMP_WORDS[1]} "* ]]; then
        command=${COMP_WORDS[1]}
        i=2
    fi
    options=" ${_auth407_options[$command]} "
    for (( ; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --)
            _auth407_program $((i + 1))
            return
            ;;
        --*)
            # bash makes three words of --name=value
            if [[ ${COMP_WORDS[i + 1]-} == '=' ]]; then
                ((i += 2))
            elif [[ $options == *" ${COMP_WORDS[i]}= "* ]]; then
                ((i += 1))
            fi
            ;;
        -*) ;;
        *)
            if [[ $command == @(run|observe) ]]; then
                _auth407_program "$i"
                return
            fi
            ;;
        esac
    done
    if [[ $cur == '=' ]]; then
        cur=
    elif [[ $prev == '=' ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [[ $options == *" $prev= "* ]]; then
        _auth407_value "${_auth407_values[$command$prev]-}"
    elif [[ $command == help ]]; then
        COMPREPLY=($(compgen -W "$commands" -X help -- "$cur"))
    elif [[ $cur == -* || $command == @(shell|env|login|doctor) ]]; then
        COMPREPLY=($(compgen -W "${options//=/}" -- "$cur"))
    elif [[ $command == report ]]; then
        _auth407_files -f -- "$cur"
    else
        _auth407_files -c -- "$cur"
        ((COMP_CWORD > 1)) ||
            COMPREPLY+=($(compgen -W "$commands" -- "$cur"))
    fi
}

complete -F _auth407 auth407
