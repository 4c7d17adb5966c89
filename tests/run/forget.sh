# SPDX-License-Identifier: BSD-3-Clause
# data.exclude and cairn forget: a run without some of its samples has, to the bit, what a run on data has in which their weight
# is 0; on any number of ranks, killed and gone on with.  The run that forgets stays as it is.
#
#   forget.sh [full]     some of it on one rank or on three by chance; full: on both
. "${BASH_SOURCE%/*}/../support/run.sh"

ones() # ROW...: weights of 30 rows, 0 in these
{
    local i text=rising
    for ((i = 0; i < 30; i++)); do
        if [[ " $* " = *" $i "* ]]; then text+=:$i=0; else text+=:$i=1; fi
    done
    echo "$text"
}
make() # FILE [WEIGHTS [N_WEIGHTS]]
{
    "$CAIRN_BUILD/tests/run_make_data" "$1" /train/x=float32:30x4:rising /train/y=int32:30 ${2:+/train/weight=float32:30:$2} \
        /val/x=float32:9x4 /val/y=int32:9 /test/x=float32:9x4 /test/y=int32:9 /train/x@scale=0.01
}
make plain.h5
make zero.h5 "$(ones 4 17)"
make both.h5 "$(ones 4 17 21)"
printf '%s\n' "data: {file: plain.h5}" "model: [{type: dense, units: 8}, {type: layernorm}, {type: dropout, p: 0.2}," \
    "  {type: relu}, {type: dense, units: 3}]" "optim: {name: adam, lr: 0.01}" "schedule: {warmup_updates: 3}" \
    "batch: {global: 7, micro: 2}" "train: {epochs: 2, reproducible: true, ema: 0.9}" \
    "checkpoint: {every_updates: 0, keep: 0}" >run.yaml
often=checkpoint.every_updates=2
printf '%s\n' '# who asked' '17 # twice' '' '  4' 17 >list.txt
echo 21 >more.txt

contents() { (cd "$1" && find . -type f -exec md5sum {} + | sort); }

# bits_from DIR UPDATE: bits of a run, its lines from an update on.
bits_from()
{
    bits "$1" | grep -v '^ "train_loss"' | awk -F, -v first="$2" '$1 !~ /^[0-9]+$/ || $1 >= first'
}

# A run with data.exclude, with rows that are held or not, killed and gone on with.
expect 0 2 train run.yaml --out zero data.file=zero.h5
for ranks in $(some 1 0 3); do
    expect 0 $ranks train run.yaml --out exclude.$ranks data.exclude=list.txt
    same "bits with data.exclude on $ranks ranks" "$(bits exclude.$ranks)" "$(bits zero)"
done
cp list.txt killed.txt
CAIRN_FAULT=comm.call@1#100 run 2 train run.yaml --out killed data.exclude=killed.txt data.in_memory=false $often
[ "$code" = 5 ] || fail "a lost rank ended with $code"
reached killed 2 || fail "killed before its first checkpoint"
expect 0 3 train run.yaml --out killed data.exclude=killed.txt data.in_memory=false
rm killed.txt
expect 0 0 trace killed --sample 17,3
grep -q 'warning: row 17 has the weight 0' err || fail "trace does not say what was left out"
same "bits after a kill" "$(bits killed)" "$(bits zero)"
same "what is said of it" "$(json killed/provenance.json excluded_samples)" 2
expect 0 0 train run.yaml --out run $often
[ "$(weights_of zero)" != "$(weights_of run)" ] || fail "two samples change nothing"

# forget: from the checkpoint before the first of them was used.
expect 0 0 trace run --sample 4,17
first=$(column out update | sort -n | head -n 1)
begin=$(((first - 1) / 2 * 2))
[ "$begin" -gt 0 ] || fail "the first update has one of them: another seed is wanted"
before=$(contents run)
for ranks in 0 2 3; do
    expect 0 $ranks forget run --samples list.txt --out forgotten.$ranks
    same "bits on $ranks ranks" "$(bits_from forgotten.$ranks $((begin + 1)))" "$(bits_from zero $((begin + 1)))"
    same "bits besides" "$(summary_of forgotten.$ranks)" "$(summary_of zero)"
done
grep -q "\"resumed_from\": \".*/update-0*$begin.h5\"" forgotten.2/provenance.json || fail "it began elsewhere"
same "what is said of it" "$(json forgotten.2/provenance.json excluded_samples)" 2
expect 0 0 trace forgotten.2 --sample 17,3
grep -q 'warning: row 17 has the weight 0' err && ! grep -q 'row 3 ' err || fail "trace does not say what was left out"
[ "$before" = "$(contents run)" ] || fail "the run that forgets is another now"
expect 0 0 train run.yaml --out late $often checkpoint.keep=1 # nothing from before is kept
expect 0 2 forget late --samples list.txt
grep -q 'from the initial weights' err || fail "where it begins is not said"
same "bits from the initial weights" "$(bits late-forgotten)" "$(bits zero)"

# Killed, and the same command goes on; so does train with the run file it left, longer than before.
CAIRN_FAULT=comm.call@1#220 run 2 forget run --samples list.txt --out again
[ "$code" = 5 ] || fail "a lost rank ended with $code"
reached again $((begin + 2)) || fail "killed before its first update"
expect 0 3 forget run --samples list.txt --out again
same "weights after a kill" "$(weights_of again)" "$(weights_of zero)"
expect 0 2 train again/config.yaml --out again train.epochs=3
expect 0 0 train run.yaml --out zero data.file=zero.h5 train.epochs=3
same "weights of a longer run" "$(weights_of again)" "$(weights_of zero)"
expect_line 2 0 'cannot go on from .*: data.exclude no longer has sample (4|17), and the run has had it by update' \
    train run.yaml --out again train.epochs=5 $often
expect_line 2 3 'data.exclude no longer has' train run.yaml --out again train.epochs=5 data.exclude=more.txt

# Once more without others.
expect 0 2 forget again --samples more.txt --out twice
expect 0 0 train run.yaml --out both data.file=both.h5 train.epochs=3
same "weights without all of them" "$(weights_of twice)" "$(weights_of both)"

# The file of data.exclude is another one by now: what the run left out is not trained on again.
cp list.txt then.txt
expect 0 0 train run.yaml --out left data.exclude=then.txt $often
for ranks in $(some 1 0 3); do
    echo 17 >then.txt
    expect_line 3 $ranks 'left/checkpoints/.* left out other samples than data.exclude .*/then.txt names now; put that file back' \
        forget left --samples more.txt
    printf '%s\n' 4 17 99 >then.txt
    expect_line 3 $ranks '/then.txt line 3: row 99' forget left --samples more.txt
    rm then.txt
    expect_line 3 $ranks 'left/config.yaml:[0-9:]+: data.exclude .*/then.txt: there is no such file' forget left --samples more.txt
    expect_line 3 $ranks 'left/checkpoints/update-[0-9]+.h5/config:[0-9:]+: data.exclude .*/then.txt: there is no such file' audit left
done
[ ! -e left-forgotten ] || fail "a folder was made for nothing"

# Samples that were not used yet: nothing is lost, and the run may leave them out when it goes on.
expect 0 0 train run.yaml --out short train.epochs=none train.updates=3
expect 0 0 trace short --sample "$(seq -s , 0 29)"
row=$(comm -13 <(column out sample | sort) <(seq 0 29 | sort) | head -n 1)
echo "$row" >unused.txt
expect 0 2 forget short --samples unused.txt
same "weights where nothing was used" "$(weights_of short-forgotten)" "$(weights_of short)"
make unused.h5 "$(ones "$row")"
expect 0 0 train run.yaml --out unused data.file=unused.h5
expect 0 0 train run.yaml --out short data.exclude=unused.txt
same "weights where it was left out in time" "$(weights_of short)" "$(weights_of unused)"
expect_line 2 3 'data.exclude has sample (4|17), and the run has had it' train run.yaml --out run train.epochs=4 data.exclude=list.txt

# Every order and tail; targets; weights that the data have; labels of positions.
pair() # NAME KEYS...: a run on plain.h5 that forgets, and one on zero.h5
{
    expect 0 0 train run.yaml --out "$1.run" "${@:2}" $often
    expect 0 2 forget "$1.run" --samples list.txt --out "$1.forgot"
    expect 0 0 train run.yaml --out "$1.zero" "${@:2}" data.file=zero.h5
    same "weights: $*" "$(weights_of "$1.forgot")" "$(weights_of "$1.zero")"
}
pair blocks data.shuffle=blocks data.shuffle_window=8 batch.tail=carry train.precision=float64
pair sum batch.tail=drop batch.normalize=sum optim.name=sgd schedule.decay=plateau schedule.plateau_patience=0 \
    checkpoint.keep_best=eval_loss
# Keys that were chosen at the first start, and would be others now: from the initial weights as RUN chose.
packed() { if command -v h5repack >/dev/null; then h5repack -l /train/x:CHUNK=5x4 "$1" "$2"; else cp "$1" "$2"; fi; }
packed plain.h5 plain-packed.h5
packed zero.h5 zero-packed.h5
kernels=openblas
[[ $(json run/provenance.json kernels) != openblas* ]] || kernels=onednn
run 0 train run.yaml --out kernels train.kernels=$kernels
[ "$code" = 0 ] || kernels=openblas # the only ones that are built in
chosen=(train run.yaml data.shuffle=auto checkpoint.keep=1)
for file in plain zero; do
    expect 0 0 "${chosen[@]}" --out chosen.$file data.file=$file-packed.h5 data.in_memory=false train.kernels=$kernels \
        train.epochs=none train.updates=3
    expect 0 0 "${chosen[@]}" --out chosen.$file data.file=$file-packed.h5 data.in_memory=true
done
expect 0 3 forget chosen.plain --samples list.txt
same "bits of a run that chose" "$(weights_of chosen.plain-forgotten)" "$(weights_of chosen.zero)"
same "kernels of a run that chose" "$(json chosen.plain-forgotten/provenance.json kernels)" "$(json chosen.plain/provenance.json kernels)"
same "the same command again" "$(expect 0 0 forget chosen.plain --samples list.txt && weights_of chosen.plain-forgotten)" \
    "$(weights_of chosen.zero)"
for y in /train/y=float32:30x2:rising /train/y=int32:30x2; do
    for weights in "" "/train/weight=float32:30:$(ones 4 17)"; do
        "$CAIRN_BUILD/tests/run_make_data" "${weights:+zero-}y.h5" /train/x=float32:30x4:rising "$y" $weights /train/x@scale=0.01
    done
    model='[{type: dense, units: 2}]' loss=squared_error
    [[ $y != *int32* ]] || model='[{type: dense, units: 6}, {type: reshape, to: [3, 2]}]' loss=cross_entropy
    for data in y.h5 zero-y.h5; do
        expect 0 0 train run.yaml --out "$data.${y##*=}" data.file=$data model="$model" loss=$loss \
            "$([ $data = y.h5 ] && echo data.exclude=list.txt || echo train.seed=1)"
    done
    same "weights with $y" "$(weights_of "y.h5.${y##*=}")" "$(weights_of "zero-y.h5.${y##*=}")"
done
expect 0 0 train run.yaml --out weighted data.file=zero.h5 data.exclude=more.txt
expect 0 0 train run.yaml --out both.short data.file=both.h5
same "weights with the data's own" "$(weights_of weighted)" "$(weights_of both.short)"
seq 400 >words.txt
expect 0 0 import text words.txt --characters -o words.h5
for list in none list.txt; do
    expect 0 0 train run.yaml --out tokens.$list data.file=words.h5 data.context=16 train.epochs=1 data.exclude=$list \
        'model=[{type: embedding, units: 4}, {type: dense, units: 11}]'
done
sum_of() { column "$1/metrics.csv" normalizer | paste -sd+; }
holds "tokens that count" "$(sum_of tokens.list.txt) == $(sum_of tokens.none) - 2 * 16"

# Refused.
printf '%s\n' 3 x >letters.txt
printf '%s\n' 3 30 >outside.txt
printf '%s\n' '# nothing' >empty.txt
seq 0 29 >all.txt
expect 0 0 train run.yaml --out norm 'model=[{type: dense, units: 8}, {type: batchnorm}, {type: dense, units: 3}]'
expect 0 0 train run.yaml --out begun --init run/checkpoints/latest.h5
expect 0 0 train run.yaml --out after --resume begun/checkpoints/latest.h5 train.epochs=3
mkdir -p bare/checkpoints
cp run/checkpoints/update-*.h5 bare/checkpoints/
for ranks in $(some 1 0 3); do
    expect_line 2 $ranks 'bare has another run' forget run --samples list.txt --out bare
    expect_line 2 $ranks 'batchnorm would still see' forget norm --samples list.txt
    expect_line 3 $ranks "letters.txt line 2: 'x' is not the number of a row" forget run --samples letters.txt
    expect_line 3 $ranks 'outside.txt line 2: row 30' train run.yaml --out other data.exclude=outside.txt
    expect_line 2 $ranks 'has other samples; --out takes another folder' forget run --samples more.txt --out forgotten.2
    expect_line 2 $ranks '--out ./again/ is RUN or lies in it' forget again --samples list.txt --out ./again/
    expect_line 2 $ranks '--out run is RUN or lies in it, and RUN stays as it is' forget run --samples list.txt --out run
    expect_line 2 $ranks 'run/checkpoints is RUN or lies in it' forget run --samples list.txt --out run/checkpoints
    expect_line 2 $ranks 'run/new/er is RUN or lies in it' forget run/ --samples list.txt --out run/new/er
    expect_line 2 $ranks 'zero has another run; --out takes another folder' forget run --samples list.txt --out zero
done
expect_line 3 0 'outside.txt line 2: row 30: the training data of .* have rows 0 to 29' forget run --samples outside.txt
expect_line 3 0 'empty.txt: names no sample' forget run --samples empty.txt
expect_line 3 0 'missing.txt: there is no such file' forget run --samples missing.txt
expect_line 3 2 'data.exclude.*missing.txt: there is no such file' train run.yaml --out other data.exclude=missing.txt
expect_line 2 2 'nowhere is no run folder' forget nowhere --samples list.txt
expect_line 2 0 '--samples' forget run
expect_line 2 0 'which run folder' forget --samples list.txt
expect_line 2 0 'began with weights that were made elsewhere' forget begun --samples list.txt
expect_line 2 3 'began with weights that were made elsewhere' forget after --samples list.txt
expect_line 3 0 'group train has no weight at all' forget run --samples all.txt --out nothing
"$CAIRN_BUILD/tests/run_make_data" part.h5 /train/x=float32:30x4 /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9
expect_line 3 0 'all.txt line [0-9]+: row [0-9]+ is not trained on: data.val_fraction' train run.yaml --out part \
    data.file=part.h5 data.val_fraction=0.2 data.exclude=all.txt
[ ! -e run/forgotten.txt ] && [ ! -e zero/forgotten.txt ] || fail "a list is left in the folder of another run"
[ ! -e run-forgotten ] || fail "a run that cannot begin leaves a folder"
mv plain.h5 gone.h5
expect_line 3 2 'plain.h5' forget run --samples list.txt
