# SPDX-License-Identifier: BSD-3-Clause
# Standard output that refuses is code 6 and one line for every command, on every rank; a reader that goes away ends neither
# a training nor anything else with a failure.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: data.h5}
model: [{type: dense, units: 3}]
batch: {global: 6, micro: 2}
train: {updates: 4}
END
cat >study.yaml <<END
run: run.yaml
axes: {batch.global: [6]}
study: {target: train_loss <= 0.1, budget_updates: 10}
END
"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:30x4 /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9
seq 10 | sed 's/$/,1/' >table.csv
expect 0 0 train run.yaml --out result
cp -L result/checkpoints/latest.h5 model.h5
mkfifo gone
gone=$PWD/gone wanted=$(weights_of result)

# into WHERE RANKS ARGUMENTS...: cairn, each rank with its own standard output there; its exit code in $code
into()
{
    local where=$1 ranks=$2 launcher=()
    shift 2
    [ "$ranks" = 0 ] || launcher=("$CAIRN_MPIEXEC" -n "$ranks")
    code=0
    gone=$gone timeout $limit_s "${launcher[@]}" bash -c 'case $0 in
        full) exec "$@" >/dev/full ;;
        closed) exec "$@" >&- ;;
        closed_all) exec "$@" <&- >&- 2>&- ;;
        gone) exec 8<>"$gone" 7>"$gone" 8<&-; exec "$@" >&7 ;;
        gone_all) exec 8<>"$gone" 7>"$gone" 8<&-; exec "$@" >&7 2>&7 ;;
        esac' "$where" "$cairn" "$@" 2>err || code=$?
}

# result RANKS ARGUMENTS...: a command that ends with 0 and prints something
result()
{
    local where
    for where in full closed; do
        into "$where" "$@"
        same "exit code of $* with standard output $where" "$code" 6
        same "lines of $*" "$(grep '^cairn: ' err | grep -vc '^cairn: warning: ')" 1
        grep -q '^cairn: standard output cannot be written: ' err || fail "$*: no line about standard output"
    done
    into gone "$@"
    same "exit code of $* without a reader" "$code" 0
    ! grep '^cairn: ' err | grep -v '^cairn: warning: ' || fail "$* complains of a reader that went away"
}

alone()
{
    result 0 --version
    result 0 -h
    result 0 train -h
    result 0 options
    result 0 info data.h5
    result 0 info model.h5
    result 0 plan run.yaml --memory
    result 0 slurm run.yaml --nodes 1 --ranks-per-node 2 --time 1:00:00
    result 0 study study.yaml --slurm --nodes 1 --ranks-per-node 2 --time 1:00:00
    result 0 import csv table.csv -o table.h5 --overwrite
}

collective()
{
    result 0 predict model.h5 --data data.h5 -o p.h5
    result 0 verify run.yaml
    result 0 doctor
    result 0 train run.yaml --check
    result 3 eval model.h5 --data data.h5
    result 3 verify run.yaml
}

# A training is complete, whatever becomes of its output; nothing of it lands in a file that took the place of a stream.
training()
{
    local where
    for where in "${@:2}"; do
        into "$where" "$1" train run.yaml --out "$where" -v
        case $where in
        gone*) same "exit code of a training with its output $where" "$code" 0 ;;
        *) same "exit code of a training with its output $where" "$code" 6 ;;
        esac
        same "end with its output $where" "$(json "$where/summary.json" status)" done
        same "weights with its output $where" "$(weights_of "$where")" "$wanted"
        expect 0 0 info "$where/checkpoints/latest.h5"
    done
}

# Text without end stops with its reader.
endless()
{
    "$CAIRN_BUILD/tests/run_make_data" text.h5 /train/tokens=uint8:200 /test/tokens=uint8:50 \
        /train/tokens@vocabulary=256 /test/tokens@vocabulary=256
    expect 0 0 train run.yaml --out text data.file=text.h5 data.context=4 train.updates=0 \
        'model=[{type: embedding, units: 4}, {type: dense, units: 256}]'
    into gone 0 sample text/checkpoints/latest.h5 --prompt ab --tokens 1000000000
    same "exit code of a text without a reader" "$code" 0
    into full 0 sample text/checkpoints/latest.h5 --prompt ab --tokens 1000000000
    same "exit code of a text on a full disk" "$code" 6
}

beside alone
beside collective
beside training 0 full closed closed_all gone gone_all
beside training 3 full closed_all gone_all
beside endless
all_good
