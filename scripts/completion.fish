# SPDX-License-Identifier: MIT
# Completion of auth407 for fish.

# Prints the command of auth407, and where that of another program begins among
# the words, or 0: not yet.
function __auth407_where
    set -l words (commandline -opc)
    set -l command run
    set -l i 2
    set -l at 0
    if contains -- "$words[2]" $__auth407_commands
        set command $words[2]
        set i 3
    end
    while test $i -le (count $words) -a $at = 0
        switch $words[$i]
            case --
                set at (math $i + 1)
            case '-*'
                if contains -- $command$words[$i] $__auth407_values
                    set i (math $i + 1)
                end
            case '*'
                if contains $command run observe
                    set at $i
                end
        end
        set i (math $i + 1)
    end
    echo $command
    echo $at
end

# Among the options and words of one of these commands.
function __auth407_in
    set -l where (__auth407_where)
    test "$where[2]" = 0; and contains -- $where[1] $argv
end

# Where this command of auth407 may stand.
function __auth407_fits
    set -l words (commandline -opc)
    test (count $words) = 1
    or test (count $words) = 2 -a "$words[2]" = help -a $argv != help
end

function __auth407_behind
    set -l where (__auth407_where)
    test "$where[2]" != 0
end

function __auth407_program
    set -l where (__auth407_where)
    set -l words (commandline -opc) (commandline -ct)
    complete -C "$words[$where[2]..]"
end

set -g __auth407_commands
set -g __auth407_values
complete -c auth407 -f
complete -c auth407 -n __auth407_behind -a '(__auth407_program)'
complete -c auth407 -n '__auth407_in run observe' -a '(__fish_complete_command)'
complete -c auth407 -n '__auth407_in report' -F
@TABLES@
