# SPDX-License-Identifier: BSD-3-Clause
# data.ledger: killed and resumed on other numbers of ranks a run has the ledger of one that was left alone, and
# `cairn verify --ledger` proves from it that each sample was used once per epoch; what is not so is found.
. "${BASH_SOURCE%/*}/../support/run.sh"

"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:30x4 /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9
printf '%s\n' "data: {file: data.h5, ledger: true}" "model: [{type: dense, units: 3}]" \
    "batch: {global: 7, micro: 2, tail: carry}" "train: {epochs: 4}" "checkpoint: {every_updates: 3}" >run.yaml

# proves DIR TEXT KEYS...: it holds, and is said so
proves()
{
    expect 0 "${3:-0}" verify --ledger "$1"
    same "verdict on $1" "$(cat out)" "$1/ledger.csv: $2"
}
whole="18 updates: every one of 30 samples exactly once in each of 4 epochs"

# Killed ahead of its newest checkpoint, and again on other numbers of ranks.
expect 0 0 train run.yaml --out alone
proves alone "$whole"
expect 0 3 train run.yaml --out killed train.epochs=none train.updates=4
rm killed/checkpoints/update-00000004.h5
ln -sf update-00000003.h5 killed/checkpoints/latest.h5
same "last update in the ledger" "$(column killed/ledger.csv update | tail -n 1)" 4
for fault in 2:comm.call@1#60 3:comm.call@2#70; do
    CAIRN_FAULT=${fault#*:} run "${fault%%:*}" train run.yaml --out killed
    [ "$code" = 5 ] || fail "a lost rank ended with $code"
done
expect 0 2 train run.yaml --out killed
proves killed "$whole" 3
cmp killed/ledger.csv alone/ledger.csv || fail "after kills it has another ledger"

# An epoch that is begun, and tails that are left out, are proven by the order, which a checkpoint says, without the data.
expect 0 2 train run.yaml --out begun train.epochs=none train.updates=6
begun="6 updates: every one of 30 samples exactly once in 1 epoch; the last is begun: 12 of 30, each once"
proves begun "$begun"
expect 0 2 train run.yaml --out dropped batch.tail=drop
dropped="16 updates: no epoch of 30 samples is whole; in 3 more each at most once, without those that batch.tail drop leaves \
out; the last is begun: 28 of 30, each once"
proves dropped "$dropped"
mv data.h5 gone.h5
proves alone "$whole"
proves begun "$begun"
proves dropped "$dropped"
for run in begun dropped; do
    cp -r $run $run.apart
    rm -r $run.apart/checkpoints
    sed -i 's/  shuffle: full/  shuffle: auto/' $run.apart/config.yaml
done
proves begun.apart "${begun%, each once}, not proven, since their order is not known"
expect_line 3 0 'leaves out of epoch 0 is not known without the order' verify --ledger dropped.apart
mv gone.h5 data.h5

# Every order, held in memory or read ahead.
for order in blocks none auto; do
    for held in true false; do
        expect 0 3 train run.yaml --out $order.$held data.shuffle=$order data.in_memory=$held data.shuffle_window=8
        proves $order.$held "$whole"
    done
    expect 0 1 train run.yaml --out part data.shuffle=$order data.in_memory=false train.epochs=none train.updates=6 --overwrite
    proves part "$begun"
    cmp $order.true/ledger.csv $order.false/ledger.csv || [ $order = auto ] || fail "$order: another ledger where data are held"
done

# A wrong row, on any rank, in the middle of an epoch or in one that is only begun.
CAIRN_FAULT=data.row@1#3 expect 0 2 train run.yaml --out wrong
for ranks in 0 2; do
    expect_line 4 $ranks 'wrong/ledger.csv: epoch 0 update [0-9]+ was given other samples' verify --ledger wrong
done
CAIRN_FAULT=data.row#27 expect 0 0 train run.yaml --out late train.epochs=none train.updates=6
expect_line 4 0 'late/ledger.csv: epoch 1 update 6 was given other samples than those at positions 35 to 41' verify --ledger late
CAIRN_FAULT=data.row@1#3 expect 0 2 train run.yaml --out wrong.blocks data.shuffle=blocks data.in_memory=false
expect_line 4 0 'wrong.blocks/ledger.csv: epoch 0 ' verify --ledger wrong.blocks
rm -r wrong/checkpoints
sed -i 's/  shuffle: full/  shuffle: auto/' wrong/config.yaml
expect_line 4 0 'epoch 0 used 30 samples of 30, and not each of them once' verify --ledger wrong

# A ledger that is not whole, or none.
damaged() # SED-COMMAND CODE PATTERN
{
    rm -rf damaged
    cp -r alone damaged
    sed -i "$1" damaged/ledger.csv
    expect_line "$2" 0 "$3" verify --ledger damaged
}
damaged 4d 3 'update 4 follows 2; data.ledger was off'
damaged '$d' 3 'ends with update 17 and metrics.csv with 18'
damaged '5s/,30$/,3/' 3 'line 5|update 4 is of another run'
damaged '5s/,/;/' 3 'line 5 is not one of a ledger'
damaged '1s/update/Update/' 3 'is not a ledger'
damaged '5s/,7,/,6,/' 4 'update 5 begins at position 28 in epoch 0, and the one before ends at 27'
damaged '1!d' 3 'ends with update 0'
expect 0 0 train run.yaml --out off data.ledger=false
[ ! -e off/ledger.csv ] || fail "a ledger that nobody asked for"
expect_line 3 0 'off/ledger.csv: there is none; a run writes it with data.ledger=true' verify --ledger off
expect_line 2 2 'nowhere is no run folder' verify --ledger nowhere
expect_line 2 0 'leave run.yaml out' verify run.yaml --ledger alone

# Turned on or off in mid-run: no key that matters, the weights are the same, and what is missing is said.
expect 0 0 train run.yaml --out off train.epochs=5 data.ledger=true
expect_line 3 0 'update 19 follows 0' verify --ledger off
expect 0 0 train run.yaml --out on train.epochs=none train.updates=9
expect 0 0 train run.yaml --out on data.ledger=false
same "weights with and without a ledger" "$(weights_of on)" "$(weights_of alone)"
expect_line 3 0 'ends with update 9 and metrics.csv with 18' verify --ledger on

# Windows of tokens are samples.
seq 400 >words.txt
expect 0 0 import text words.txt --characters -o words.h5
expect 0 2 train run.yaml --out tokens data.file=words.h5 data.context=16 train.epochs=2 \
    'model=[{type: embedding, units: 4}, {type: dense, units: 11}]'
expect 0 0 verify --ledger tokens
grep -Eq 'every one of [0-9]+ samples exactly once in each of 2 epochs$' out || fail "tokens: $(cat out)"
