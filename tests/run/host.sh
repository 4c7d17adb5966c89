# SPDX-License-Identifier: BSD-3-Clause
# Runs in a host's process, one or two at once on parts of its world, each of which saves after every update while the host
# writes HDF5: HDF5 is called by the host's thread alone, the weights and checkpoints are those of the program.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 16}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 100, micro: 16}
optim: {name: adam, lr: 0.01}
train: {epochs: 2, seed: 3, reproducible: true}
checkpoint: {keep_best: none}
END

program=$cairn
expect 0 1 train run.yaml --out wanted
wanted=$(weights_of wanted)
updates=$(json wanted/summary.json updates)

for case in "1 1" "1 3" "2 2" "2 5"; do
    read -r parts ranks <<<"$case"
    cairn=$CAIRN_BUILD/tests/run_host
    run "$ranks" "$parts" run.yaml "at-$ranks-$parts"
    cairn=$program
    [ "$code" = 0 ] || fail "$parts runs on $ranks ranks of a host end with $code"
    [ ! -s err ] || fail "$parts runs on $ranks ranks of a host wrote on stderr"
    [ "$(grep -c ": weights $wanted, $((updates)) saves, $updates writes" out)" = "$parts" ] || fail "$parts runs on $ranks ranks: $(cat out)"
    for ((part = 0; part < parts; part++)); do
        folder=at-$ranks-$parts.$part
        same "weights of $folder" "$(weights_of "$folder")" "$wanted"
        expect 0 1 eval "$folder/checkpoints/latest.h5"
        for file in metrics.csv eval.csv config.yaml provenance.json; do [ -s "$folder/$file" ] || fail "$folder has no $file"; done
    done
done

# What a plain writer wrote is gone on with by the program, and is what the program writes.
expect 0 2 train run.yaml --resume at-1-1.0/checkpoints/latest.h5 --out on train.epochs=3
expect 0 1 train run.yaml --out straight train.epochs=3
same "weights after a host's run" "$(weights_of on)" "$(weights_of straight)"

# Refusals of the disk are warnings and come again, or end the run with 6.
cairn=$CAIRN_BUILD/tests/run_host
for fault in checkpoint.write checkpoint.check checkpoint.rename; do
    CAIRN_FAULT="$fault@0" run 2 1 run.yaml "again-$fault"
    [ "$code" = 0 ] || fail "$fault once ends a host's run with $code"
    CAIRN_FAULT="$fault@0#1-" run 2 1 run.yaml "refused-$fault"
    [ "$code" = 6 ] || fail "$fault for good ends a host's run with $code"
    [ -z "$(find . -name '*.tmp' -o -name lock)" ] || fail "$fault leaves $(find . -name '*.tmp' -o -name lock)"
done
