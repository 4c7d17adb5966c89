# SPDX-License-Identifier: BSD-3-Clause
# cairn trace: which updates a sample took part in.  Sample i has the weight 2^i here, so the normalizer of an update, in
# metrics.csv, says exactly which samples it had; the ledger says where each update begins.
. "${BASH_SOURCE%/*}/../support/run.sh"

n=30
all=$(seq -s , 0 $((n - 1)))
weights=rising
for ((i = 0; i < n; i++)); do weights+=:$i=$((2 ** i)); done
"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:${n}x4 /train/y=int32:$n /train/weight=float32:$n:$weights \
    /again/x=float32:${n}x4 /again/y=int32:$n /again/weight=float32:$n /test/x=float32:9x4 /test/y=int32:9
printf '%s\n' "data: {file: data.h5, ledger: true, shuffle_window: 8}" "model: [{type: dense, units: 3}]" "optim: {lr: 1e-12}" \
    "batch: {global: 7, micro: 2}" "train: {epochs: 4}" "checkpoint: {every_updates: 3}" >run.yaml

# traced DIR: the lines of all samples say what the run says of its updates, in every column.
traced()
{
    expect 0 0 trace "$1" --sample "$all"
    same "header" "$(head -n 1 out)" "sample,epoch,update,position,micro_batch"
    # by update: how many samples, and the sum of their weights
    awk -F, 'NR > 1 { n[$3]++; w[$3] += 2 ^ $1; if ($3 > last) last = $3 }
             END { for (u = 1; u <= last; u++) printf "%d %d %d\n", u, n[u], w[u] }' out >found
    awk -F, 'NR > 1 { printf "%d %d %d\n", $1, $4, $5 }' "$1/metrics.csv" >wanted
    cmp found wanted || fail "$1: other samples than those of its updates"
    # by position: each once, and in the micro-batch that the first position of its update says
    awk -F, -v n=$n 'NR == FNR { if (FNR > 1 && !($1 in first)) first[$1] = $3; next }
        FNR > 1 { p = $2 * n + $4; if ($4 >= n || seen[p]++ || $5 != int((p - first[$3]) / 2)) exit 1 }' \
        "$1/ledger.csv" out || fail "$1: a position is wrong"
}

for tail in exact drop carry; do
    for order in full blocks none; do
        expect 0 "$([ $tail.$order = carry.full ] && echo 2 || echo 0)" train run.yaml --out $tail.$order batch.tail=$tail \
            data.shuffle=$order
        traced $tail.$order
    done
done
expect 0 0 train run.yaml --out ramp 'batch.ramp=[[0, 4], [20, 8], [60, 12]]'
traced ramp
expect 0 0 train run.yaml --out wide batch.global=70 batch.tail=carry # a sample twice in one update
traced wide

# Stopped and gone on with: a run that became longer has an update in its middle that was its last before.
expect 0 0 train run.yaml --out longer batch.tail=carry train.epochs=2
expect 0 0 train run.yaml --out longer batch.tail=carry train.epochs=4
same "a short update in the middle" "$(column longer/metrics.csv batch_samples | sed -n 9p)" 4
traced longer
expect 0 0 trace longer --sample 3
same "one sample of several" "$(cat out)" "$(expect 0 0 trace longer --sample "$all"; grep -E '^sample|^3,' out)"

# On from another run's checkpoint: what was before is said to be elsewhere.
for tail in exact drop carry; do
    expect 0 0 train run.yaml --out second.$tail --resume $tail.full/checkpoints/update-00000015.h5 batch.tail=$tail train.epochs=6
    expect 0 0 trace second.$tail --sample "$all"
    grep -q 'warning: this run began with the checkpoint of update' err || fail "another run's updates: not said"
    grep -v , out && fail "no line"
    cp out found
    expect 0 0 train run.yaml --out whole.$tail batch.tail=$tail train.epochs=6
    expect 0 0 trace whole.$tail --sample "$all"
    same "later updates" "$(cat found)" "$(awk -F, 'NR == 1 || $3 > 15' out)"
done

# Rows that became val, and rows of several groups, by their numbers as they are stored.
expect 0 0 train run.yaml --out split data.val_fraction=0.2 batch.tail=carry
expect 0 0 trace split --sample "$all"
same "rows that are val" "$(grep -c 'is not trained on: data.val_fraction' err)" 6
awk -F, 'NR > 1 { w[$3] += 2 ^ $1 } END { for (u in w) printf "%d %d\n", u, w[u] }' out | sort >found
awk -F, 'NR > 1 { printf "%d %d\n", $1, $5 }' split/metrics.csv | sort >wanted
cmp found wanted || fail "with data.val_fraction rows have other numbers"
expect 0 0 train run.yaml --out twice data.train='[train, again]'
expect 0 0 trace twice --sample "$((n + 3)),3"
same "a sample of the second group" "$(cut -d, -f1 out | sort | uniq -c | awk '{ print $1, $2 }' | paste -sd' ')" "4 3 4 33 1 sample"

# Sizes of micro-batches that are not known are left out; windows of tokens are samples.
expect 0 0 train run.yaml --out auto batch.micro=auto
expect 0 0 trace auto --sample 3
grep -Eqx '3,0,[0-9]+,[0-9]+,' out || fail "micro-batches of a size that nobody knows: $(cat out)"
seq 400 >words.txt
expect 0 0 import text words.txt --characters -o words.h5
expect 0 0 train run.yaml --out tokens data.file=words.h5 data.context=16 train.epochs=2 \
    'model=[{type: embedding, units: 4}, {type: dense, units: 11}]'
expect 0 0 trace tokens --sample 5
same "a window in two epochs" "$(column out epoch | paste -sd' ')" "0 1"

# A run at work, or just begun, is read as far as it is.
mkdir -p begun
cp carry.full/config.yaml begun/
head -n 1 carry.full/metrics.csv >begun/metrics.csv
expect 0 0 trace begun --sample 3
same "nothing yet" "$(cat out)" "sample,epoch,update,position,micro_batch"
cp carry.full/metrics.csv begun/
printf '18,4' >>begun/metrics.csv
cp out before
expect 0 0 trace begun --sample 3
cp out found
expect 0 0 trace carry.full --sample 3
cmp out found || fail "half a line changes what is before it"

# Bad inputs, on 1 and on 3 ranks.
damaged() # SED-COMMAND CODE PATTERN
{
    rm -rf damaged
    cp -r carry.full damaged
    sed -i "$1" damaged/metrics.csv
    expect_line "$2" 0 "$3" trace damaged --sample 3
}
damaged 4d 3 'metrics.csv: update 4 follows 2'
damaged '5s/,/;/' 3 'metrics.csv: line 5 is not one of an update'
damaged '1s/update/Update/' 3 'metrics.csv: does not begin with'
damaged '5s/^4,[0-9]*/4,3/' 3 'update 4 has samples up to 28 in epoch 3, which does not follow'
rm damaged/metrics.csv
expect_line 3 0 'metrics.csv: there is none' trace damaged --sample 3
for ranks in 0 3; do
    expect_line 2 $ranks 'nowhere is no run folder' trace nowhere --sample 3
    expect_line 2 $ranks 'rows 0 to 29' trace carry.full --sample 3,30
done
for sample in 3, -1 x 3,,4 99999999999999999999; do
    expect_line 2 0 'wants numbers with commas' trace carry.full "--sample=$sample"
done
expect_line 2 0 '--sample' trace carry.full
expect_line 2 0 'which run folder' trace --sample 3
"$CAIRN_BUILD/tests/run_make_data" other.h5 /train/x=float32:${n}x4:1 /train/y=int32:$n
sed -i 's/data.h5/other.h5/' damaged/config.yaml
expect_line 3 0 'was made with other data than .*other.h5' trace damaged --sample 3
sed -i 's/other.h5/gone.h5/' damaged/config.yaml
expect_line 3 0 'gone.h5' trace damaged --sample 3
