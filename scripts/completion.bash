# SPDX-License-Identifier: MIT
# Completion of auth407 for bash; also works without bash-completion.
# shellcheck shell=bash disable=SC2207

# Where the command stands in COMP_WORDS, or nothing if it is not there yet.
_auth407_command_at()
{
    local i=1
    case ${COMP_WORDS[1]-} in
    run | observe | shell | env | doctor) i=2 ;;
    esac
    while ((i <= COMP_CWORD)); do
        case ${COMP_WORDS[i]} in
        --)
            echo $((i + 1))
            return
            ;;
        --help | --help-all | --version | --follow | --quiet | --verbose | --undo) ;;
        --offline | --yes) ;; # the doctor's
        --*)
            # bash makes three words of --name=value
            if [[ ${COMP_WORDS[i + 1]-} == '=' ]]; then
                ((i += 2))
            else
                ((i += 1))
            fi
            ;;
        -*) ;;
        *)
            # for the doctor it is PROXY-URL
            if [[ ${COMP_WORDS[1]} != doctor ]]; then
                ((i < COMP_CWORD)) && echo "$i"
                return
            fi
            ;;
        esac
        ((i += 1))
    done
}

_auth407_options()
{
    echo --username --domain --credentials --proxy --schemes --clear --memory \
        --notify --helper-memory --ntlm --service --canonicalize --log --log-level \
        --log-max-size --replay-max --timeout --silence-timeout --retry-after \
        --helper-timeout --follow --quiet --verbose --help --help-all
    [[ ${COMP_WORDS[1]} == observe ]] || echo --mode
    if [[ ${COMP_WORDS[1]} == env ]]; then
        echo --shell --undo
    else
        echo --password --password-file --password-fd --token --token-file \
            --version
    fi
}

# The value of option $1, as far as it was typed: $2.
_auth407_value()
{
    local cur=$2 head=
    case $1 in
    --mode) COMPREPLY=($(compgen -W 'inject observe off' -- "$cur")) ;;
    --log-level) COMPREPLY=($(compgen -W 'challenge request' -- "$cur")) ;;
    --clear) COMPREPLY=($(compgen -W 'auto yes no' -- "$cur")) ;;
    --canonicalize | --memory | --helper-memory)
        COMPREPLY=($(compgen -W 'yes no' -- "$cur"))
        ;;
    --shell) COMPREPLY=($(compgen -W 'sh fish plain' -- "$cur")) ;;
    --notify) COMPREPLY=($(compgen -W 'tty no' -- "$cur")) ;;
    --ntlm) COMPREPLY=($(compgen -W 'v1 v2' -- "$cur")) ;;
    --schemes)
        [[ $cur == *,* ]] && head=${cur%,*},
        COMPREPLY=($(compgen -P "$head" \
            -W 'negotiate digest ntlm bearer basic' -- "${cur##*,}"))
        ;;
    --log)
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -W 'stderr syslog journald none' -- "$cur"))
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$cur")
        ;;
    --password-file | --token-file | --credentials)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        ;;
    --username | --password | --password-fd | --domain | --token | --proxy | \
        --service | --log-max-size | --replay-max | --timeout | \
        --silence-timeout | --retry-after | --helper-timeout) ;;
    *) return 1 ;;
    esac
}

# auth407 report: its options, their values, and files.
_auth407_report()
{
    local cur=$1 causes='none no_credential not_sent_first'
    causes+=' not_sent_by_client dropped_by_client client_rejected rejected'
    causes+=' rejected_after_success address_not_allowed account_expired'
    causes+=' account_locked backend_down held_back_after_rejection'
    causes+=' malformed_credential scheme_unsupported scheme_not_allowed'
    causes+=' weaker_scheme_offered'
    causes+=' scheme_needs_more stale_nonce no_ticket clock_skew token_expired'
    causes+=' client_scheme_mismatch answered_by_client'
    causes+=' helper_failed no_challenge credential_for_other_endpoint'
    causes+=' endpoint_not_configured not_replayable protocol_error'
    case $2 in
    --since | --until)
        COMPREPLY=($(compgen -W 'today yesterday 1h 1d 1w' -- "$cur"))
        ;;
    --cause) COMPREPLY=($(compgen -W "$causes" -- "$cur")) ;;
    --outcome)
        COMPREPLY=($(compgen -W 'resolved unresolved observed not_retried' \
            -- "$cur"))
        ;;
    --format) COMPREPLY=($(compgen -W 'text json csv html' -- "$cur")) ;;
    --color) COMPREPLY=($(compgen -W 'auto always never' -- "$cur")) ;;
    --binary | --proxy | --top | --tolerance) ;;
    *)
        if [[ $cur == -* ]]; then
            COMPREPLY=($(compgen -W '--since --until --binary --proxy --cause
                --outcome --format --access-log --tolerance --follow --top
                --all --color --last --all-runs --tables --help' \
                -- "$cur"))
        else
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi
        ;;
    esac
}

# auth407 login: its options, and files.
_auth407_login()
{
    local cur=$1
    case $2 in
    --credentials)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        ;;
    --username | --domain | --target | --store) ;;
    *)
        COMPREPLY=($(compgen -W '--username --domain --stdin --verify
            --no-verify --target --force --store --credentials --list --delete
            --help' -- "$cur"))
        ;;
    esac
}

# auth407 doctor: its options, and the command behind "--".
_auth407_doctor()
{
    local cur=$1
    case $2 in
    --format) COMPREPLY=($(compgen -W 'text json' -- "$cur")) ;;
    --pac | --bundle)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        ;;
    --target) ;;
    *)
        COMPREPLY=($(compgen -W '--target --pac --format --bundle --offline --yes --help' \
            -- "$cur"))
        ;;
    esac
}

_auth407()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at=
    local commands='run observe report login doctor shell env'
    COMPREPLY=()
    [[ ${COMP_WORDS[1]-} == @(report|login) ]] || at=$(_auth407_command_at)
    if [[ ${COMP_WORDS[1]-} == @(report|login|doctor) ]] && ((COMP_CWORD > 1)) &&
        ((${at:-COMP_CWORD + 1} > COMP_CWORD)); then
        if [[ $cur == '=' ]]; then
            cur=
        elif [[ $prev == '=' ]]; then
            prev=${COMP_WORDS[COMP_CWORD - 2]}
        fi
        "_auth407_${COMP_WORDS[1]}" "$cur" "$prev"
        return
    fi
    if [[ ${COMP_WORDS[1]-} == help ]] && ((COMP_CWORD == 2)); then
        COMPREPLY=($(compgen -W "$commands" -- "$cur"))
        return
    fi
    if [[ -n $at ]] && ((at <= COMP_CWORD)); then
        if declare -F _command_offset >/dev/null; then
            _command_offset "$at"
        elif ((at == COMP_CWORD)); then
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -c -- "$cur")
        else
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi
        return
    fi
    if [[ $cur == '=' ]]; then
        cur=
    elif [[ $prev == '=' ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    _auth407_value "$prev" "$cur" && return
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$(_auth407_options)" -- "$cur"))
        return
    fi
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -c -- "$cur")
    ((COMP_CWORD == 1)) &&
        COMPREPLY+=($(compgen -W "$commands help" -- "$cur"))
}

complete -F _auth407 auth407
