# SPDX-License-Identifier: BSD-3-Clause
# What bash and zsh complete.  "=" is a word of its own, as COMP_WORDBREAKS has it, or part of one.
. "${BASH_SOURCE%/*}/../support/run.sh"

made=$CAIRN_BUILD/share/bash-completion/completions/cairn
[ -s "$made" ] || skip "this build made no completion"
# completes WANTED WORDS...: of the last word
completes()
{
    local got
    got=$(PATH=$CAIRN_BUILD:$PATH bash -uc '
        source "$1"
        COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
        complete -p cairn >/dev/null
        _cairn
        echo "${COMPREPLY[*]-}"' - "$made" "${@:2}" 2>err) || fail "completing: ${*:2}"
    same "what follows ${*:2}" "$got" "$1"
    [ ! -s err ] || fail "completing: ${*:2}"
}
completes 'train trace' cairn tr
completes 'plan' cairn -q pl
completes 'sample study selftest slurm' cairn help s
completes '--resume' cairn train --re
completes 'auto never' cairn train --resume ''
completes 'never' cairn train --resume = n
completes '--resume=never' cairn train --resume=n
completes '' cairn train --out ''
completes '' cairn train --out runs/a
completes 'srun mpirun' cairn slurm run.yaml --launcher ''
completes '--slurm' cairn study study.yaml --sl
completes '--test-fraction' cairn import csv a.csv --test-f
completes '' cairn train ru
completes 'batch.tail=' cairn train run.yaml batch.t
completes 'batch.tail=' cairn train --out dir run.yaml -q batch.t
completes 'exact drop carry' cairn train run.yaml batch.tail =
completes 'exact' cairn train run.yaml batch.tail = e
completes 'batch.tail=exact' cairn train run.yaml batch.tail=e
completes 'adam adamw' cairn train run.yaml optim.name = a
completes 'true false' cairn train run.yaml train.reproducible =
completes '' cairn train run.yaml data.file = da
completes 'diabetes digits-resnet digits' cairn recipe di
completes 'cifar10 csv' cairn import c
completes '' cairn import csv a
completes 'optim.momentum optim.momentum_correction' cairn options optim.mom
[[ $("$cairn" options -h) == *--json* ]] && completes '--json' cairn options --j

command -v zsh >/dev/null || { echo "zsh is not installed: bash alone" && exit 0; }
zsh -n "$CAIRN_BUILD/share/zsh/site-functions/_cairn" 2>err || fail "zsh -n"
# In a terminal of its own: type, press TAB, and read what the line has become.
cat >typed.zsh <<'END'
zmodload zsh/zpty
zpty shell zsh -fi
wanted() { # TEXT LINE: until TEXT is on the terminal
    local out all=
    zpty -w -n shell "$2"
    repeat 300; do
        while zpty -r -t shell out; do all+=$out; done
        [[ $all == *$1* ]] && { zpty -w -n shell $'\C-u'; return 0; }
        sleep 0.1
    done
    print -r -- "no $1 after $2: ${(qqqq)all}" >&2
    exit 1
}
wanted READY $'fpath=('${(q)1:h}$' $fpath); PS1=; autoload -Uz compinit; compinit -u -D; print REA""DY\n'
wanted 'train' $'cairn trai\t'
wanted '--resume' $'cairn train --resu\t'
wanted 'never' $'cairn train --resume=nev\t'
wanted 'batch.tail=' $'cairn train run.yaml batch.tai\t'
wanted 'batch.tail=exact' $'cairn train run.yaml batch.tail=ex\t'
wanted 'diabetes' $'cairn recipe dia\t'
wanted 'libsvm' $'cairn import libs\t'
zpty -d shell
END
PATH=$CAIRN_BUILD:$PATH TERM=dumb zsh -f typed.zsh "$CAIRN_BUILD/share/zsh/site-functions/_cairn" 2>err || fail "zsh completes otherwise"
