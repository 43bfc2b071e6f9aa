# Tab completion of tasks, options and values for ./inv and invoke in bash and zsh. Usage: . ./inv-completion.sh
# shellcheck shell=bash

if [ -n "${ZSH_VERSION:-}" ]; then
    autoload -U +X compinit bashcompinit && compinit && bashcompinit
fi

_complete_inv() {
    local command root current candidates
    current="${COMP_WORDS[COMP_CWORD]}"
    command=$(command -v -- "${COMP_WORDS[0]}") || return
    root=$(cd "$(dirname "$command")" && pwd)
    # invoke is in .venv/bin; inv is beside .venv.
    root="${root%/.venv/bin}"
    candidates=$(cd "$root" && .venv/bin/python -m cli.completion "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
    # Bash makes a word of the = between an option and its value.
    # shellcheck disable=SC2207  # bash 3.2 has no mapfile, and candidates contain no spaces
    COMPREPLY=($(compgen -W "$candidates" -- "${current#=}"))
}

# Without candidates, the shell offers files.
complete -o default -F _complete_inv inv invoke
