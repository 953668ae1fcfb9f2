#compdef auth407
# SPDX-License-Identifier: MIT
# Completion of auth407 for zsh.

@TABLES@

_auth407_word_or_file() {
    local ret=1
    compadd -- "$@" && ret=0
    _files && ret=0
    return ret
}

_auth407() {
    local command=run ret=1
    local -a specs known
    _auth407_commands
    if ((CURRENT > 2)) && [[ -n ${known[(r)${(b)words[2]}:*]} ]]; then
        command=$words[2]
        shift words
        ((CURRENT--))
    elif ((CURRENT == 2)) && [[ $PREFIX != -* ]]; then
        _describe -t commands 'command of auth407' known && ret=0
    fi
    case $command in
    run | observe)
        specs=('(-)1:program:_command_names -e' '*::argument:_normal')
        ;;
    report) specs=('*:file:_files') ;;
    login) specs=('1:proxy:') ;;
    doctor)
        if ((${words[(ie)--]} < CURRENT)); then
            ((CURRENT -= ${words[(ie)--]}))
            shift ${words[(ie)--]} words
            _normal
            return
        fi
        specs=('1:proxy:')
        ;;
    help)
        ((CURRENT > 2)) && return 1
        known=(${known:#help:*})
        _describe -t commands 'command of auth407' known
        return
        ;;
    esac
    _auth407_options $command
    _arguments -s -S $specs && ret=0
    return ret
}

_auth407 "$@"
