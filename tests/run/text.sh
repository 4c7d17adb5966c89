# SPDX-License-Identifier: BSD-3-Clause
# Language models: from a text to a dataset, a checkpoint, and a text again.
. "${BASH_SOURCE%/*}/../support/run.sh"

export LC_ALL=C.UTF-8 # lengths are those of characters
make_data=$CAIRN_BUILD/tests/run_make_data

# A text whose next character follows from the last: a bigram model learns it.
line='abcdefgh äöü€'
for ((i = 0; i < 60; i++)); do echo "$line"; done >text.txt # 14 characters a line, 840
expect 0 0 import text text.txt -o text.h5 --val 0.1
grep -q 'vocabulary of 14, train 756, val 84' out || fail "import says $(cat out)"
expect 0 0 info text.h5
grep -qF 'characters: \n abcdefghäöü€' out || fail "info does not show the characters: $(cat out)"
grep -q 'tokens \[756\] uint8' out || fail "info does not show the tokens: $(cat out)"

cat >run.yaml <<END
data: {file: text.h5, context: 16}
model: [{type: embedding, units: 12}, {type: dense, units: 14}]
batch: {global: 6, micro: 2}
optim: {name: adamw, lr: 0.05}
train: {epochs: 20, reproducible: true}
END
# The same bits in any world, held in memory or not; 48 windows, the last with 3 labels.
expect 0 1 train run.yaml --out one
for ranks in 2 3; do
    expect 0 $ranks train run.yaml --out world$ranks data.in_memory=false
    same "the weights on $ranks ranks" "$(bits one)" "$(bits world$ranks)"
done
same "windows of 20 epochs" "$(json one/summary.json samples)" $((20 * 48))
same "labels of an epoch, one for each token but the first" \
    "$(column one/metrics.csv normalizer | head -8 | awk '{ n += $1 } END { print n }')" 755
same "labels of the run" "$(column one/metrics.csv normalizer | awk '{ n += $1 } END { print n }')" $((20 * 755))

# eval and predict know windows.
checkpoint=one/checkpoints/latest.h5
expect 0 2 eval $checkpoint --split val
same "windows of val" "$(json out samples)" 6
holds "the learnt text" "$(json out accuracy) == 1 && $(json out loss) < 0.05"
expect 0 2 predict $checkpoint --data text.h5 --split val -o outputs.h5
if command -v h5ls >/dev/null; then
    h5ls outputs.h5 | grep -Eq 'outputs +Dataset \{6, 16, 14\}' || fail "outputs: $(h5ls outputs.h5)"
    h5ls outputs.h5 | grep -Eq 'label +Dataset \{6, 16\}' || fail "label: $(h5ls outputs.h5)"
fi

# Tokens of another text are others, though there are as many.
tr a z <text.txt >other.txt
expect 0 0 import text other.txt -o other.h5 --val 0.1
expect_line 3 3 'other.h5: .*stand for other characters' eval $checkpoint --data other.h5 --split val
expect_line 3 1 'other.h5: .*stand for other characters' predict $checkpoint --data other.h5 --split val -o wrong.h5

# sample writes it, and needs no data.
mv text.h5 away.h5
expect 0 0 info $checkpoint
grep -qF 'characters: \n abcdefghäöü€' out || fail "info of a checkpoint does not show the characters"
expect 0 0 sample $checkpoint --prompt 'abc' --tokens 24 --temperature 0
same "the text" "$(cat out)" "$line"$'\n'"$line"
expect 0 0 sample $checkpoint --tokens 3 --temperature 0 # on a new line
same "a text without a prompt" "$(cat out)" abc
expect 0 0 sample $checkpoint --prompt '' --tokens 3 --temperature 0
same "a text with an empty prompt" "$(cat out)" abc
expect 0 0 sample $checkpoint --prompt "$(cat text.txt)" --tokens 3 --temperature 0
same "what follows a prompt longer than the context" "$(tail -c 4 out)" $'\nab'

# The same seed, the same text; a longer one begins like a shorter one; another seed, another text.
sample()
{
    expect 0 0 sample $checkpoint --prompt 'a' --temperature 3 "$@"
}
sample --tokens 60 --seed 4
cp out first
sample --tokens 60 --seed 4
cmp -s out first || fail "the same seed has written another text"
same "its tokens" "$(wc -m <first)" 62
sample --tokens 30 --seed 4
same "the beginning of it" "$(cat out)" "$(head -c "$(($(wc -c <out) - 1))" first)"
sample --tokens 60 --seed 5
! cmp -s out first || fail "another seed has written the same text"
sample --tokens 25 --top-k 1
same "the most likely tokens" "$(cat out)" "$line"$'\n'"${line%?}"

# Each refusal is one line with its exit code.
refused()
{
    local wanted=$1 pattern=$2
    shift 2
    expect_line "$wanted" 0 "$pattern" sample "$@"
}
refused 2 "the character 'x' U\+0078 is none of the 14 of this model" $checkpoint --prompt 'abx'
refused 2 'the character U\+0009 is none' $checkpoint --prompt $'a\tb'
refused 2 'not UTF-8: it has the byte 0xff' $checkpoint --prompt $'a\xff'
refused 2 '--tokens is 0, but must be at least 1' $checkpoint --tokens 0
refused 2 '--temperature is -1' $checkpoint --temperature=-1
refused 2 '--temperature is hot' $checkpoint --temperature hot
refused 2 '--top-k is 0' $checkpoint --top-k 0
refused 2 '--tokens needs a value, not an empty one' $checkpoint --tokens ''
refused 3 'was trained without train.ema' $checkpoint --ema
refused 2 'which checkpoint' --tokens 3
refused 2 'one checkpoint at a time' $checkpoint $checkpoint
refused 3 'none.h5: No such file' none.h5
refused 3 'away.h5: is not a Cairn checkpoint' away.h5
if [ -w /dev/full ]; then
    code=0
    "$cairn" sample $checkpoint >/dev/full 2>err || code=$?
    same "a full output" "$code $(grep -c 'standard output cannot be written' err)" '6 1'
fi
mv away.h5 text.h5

# A model that looks ahead cannot write; one of samples neither.
expect 0 1 train run.yaml --out ahead train.epochs=1 \
    model='[{type: embedding, units: 8}, {type: attention, heads: 2, causal: false}, {type: dense, units: 14}]'
refused 3 'its outputs change with tokens that come later' ahead/checkpoints/latest.h5
printf 'data: {file: %s/digits.h5}\nmodel: [{type: flatten}, {type: dense, units: 10}]\n' "$datasets" >digits.yaml
echo 'batch: {global: 100, micro: 50}' >>digits.yaml
expect 0 1 train digits.yaml --out digits train.updates=1
refused 3 'was trained on samples, not on tokens' digits/checkpoints/latest.h5

# The average of the weights writes otherwise than the weights.
expect 0 1 train run.yaml --out average train.ema=0.99 train.epochs=20
sample="average/checkpoints/latest.h5 --prompt a --tokens 60 --temperature 1"
expect 0 0 sample $sample
cp out first
expect 0 0 sample $sample --ema
! cmp -s out first || fail "--ema writes as the weights do"

# Bytes: any file.
head -c 3000 "$datasets/digits.h5" >binary
expect 0 0 import text binary -o bytes.h5 --bytes --val 0 --test 0.5
grep -q 'vocabulary of 256, train 1500, test 1500' out || fail "import says $(cat out)"
expect 0 1 train run.yaml --out bytes data.file=bytes.h5 model.1.units=256 train.updates=2 train.epochs=none
expect 0 0 sample bytes/checkpoints/latest.h5 --tokens 40
same "its bytes" "$(wc -c <out)" 41

# Weights of tokens: twice as much for all is twice the W and the same weights; of none is none.
for weight in 1 2; do
    "$make_data" weighted$weight.h5 /train/tokens=uint8:200 /train/tokens@vocabulary=14 /train/weight=float32:200:$weight
done
"$make_data" plain.h5 /train/tokens=uint8:200 /train/tokens@vocabulary=14
for name in plain weighted1 weighted2; do
    expect 0 2 train run.yaml --out $name data.file=$name.h5 train.epochs=2
done
same "weights of 1" "$(bits plain)" "$(bits weighted1)"
# sums of losses are kept to an absolute 2^-k, so that the loss of doubled ones may have a last digit more
losses()
{
    column "$1/metrics.csv" loss | awk '{ printf "%.12g\n", $1 }'
}
same "weights of 2: loss" "$(losses plain)" "$(losses weighted2)"
same "weights of 2: W" "$(column plain/metrics.csv normalizer | awk '{ print 2 * $1 }')" "$(column weighted2/metrics.csv normalizer)"
same "weights of 2: weights" "$(weights_of plain)" "$(weights_of weighted2)"

# What is wrong, on one rank and on several.
"$make_data" high.h5 /train/tokens=uint8:200:20 /train/tokens@vocabulary=14
for ranks in 1 3; do
    expect_line 2 $ranks 'run.yaml:1:8: .*text.h5 holds tokens: give data.context' train run.yaml --out new data.context=none
    expect_line 2 $ranks 'data.context is for tokens, but .*digits.h5 holds x and y' train run.yaml --out new data.file="$datasets/digits.h5"
    expect_line 2 $ranks 'has a vocabulary of 14; give the last layer units: 14' train run.yaml --out new model.1.units=13
    expect_line 3 $ranks '/train/tokens position 0: the token 20 is not below the vocabulary of 14' train run.yaml --out new data.file=high.h5
    expect_line 3 $ranks '/train/tokens position [0-9]+: the token 20' train run.yaml --out new data.file=high.h5 data.in_memory=false
done
expect_line 3 1 'has a vocabulary of 256' eval $checkpoint --data bytes.h5
expect_line 3 0 'binary: is an HDF5 file' import text binary -o new.h5
printf 'text \351t\351\n' >latin1
expect_line 3 0 'latin1:[0-9]+: byte [0-9]+ \(0x[0-9a-f]+\) is not UTF-8' import text latin1 -o new.h5
expect_line 2 0 'binary is what the import reads' import text binary -o ./binary --bytes --overwrite
expect_line 2 0 '--val is 1.5, but must be at most 0.99' import text text.txt -o new.h5 --val 1.5
expect_line 2 0 'leave nothing to train on' import text text.txt -o new.h5 --val 0.9 --test 0.1
[ ! -e new.h5 ] || fail "a refused import has left a file"
