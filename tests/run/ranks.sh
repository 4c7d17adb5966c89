# SPDX-License-Identifier: BSD-3-Clause
# The table of ranks: ranks.csv is of the last start, and adds up to what that start did.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 16}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 100, micro: 16}
train: {updates: 10, seed: 3}
END

# adds_up DIR RANKS MICRO_BATCHES SAMPLES: of all ranks, in their order; nobody waits longer than it sums.
adds_up()
{
    same "ranks of $1" "$(column "$1/ranks.csv" rank | tr '\n' ' ')" "$(seq -s ' ' 0 $(($2 - 1))) "
    same "hosts of $1" "$(column "$1/ranks.csv" host | sort -u)" "$(uname -n)"
    same "micro-batches of $1" "$(column "$1/ranks.csv" micro_batches | awk '{ n += $1 } END { print n }')" "$3"
    same "samples of $1" "$(column "$1/ranks.csv" samples | awk '{ n += $1 } END { print n }')" "$4"
    paste -d ' ' <(column "$1/ranks.csv" wait_s) <(column "$1/ranks.csv" reduce_s) |
        awk '$1 < 0 || $1 > $2 + 1e-5 { exit 1 }' || fail "$1: a rank waited longer than its sums took"
}

# lines_of_ranks: rows of the table on stderr
lines_of_ranks()
{
    grep -cE "^ +[0-9]+  $(uname -n) +[0-9]+( +[0-9.]+){6}$" err || true
}

expect 0 3 train run.yaml --out run
adds_up run 3 70 1000
same "rows on stderr" "$(lines_of_ranks)" 3
expect 0 2 train run.yaml --out run train.updates=12 -q # of this start alone, and quiet
adds_up run 2 14 200
same "rows on stderr of a quiet run" "$(lines_of_ranks)" 0
cp run/ranks.csv before.csv
expect 0 2 train run.yaml --out run train.updates=12 # complete: it keeps what it has
cmp run/ranks.csv before.csv || fail "a complete run changed ranks.csv"
expect 0 0 train run.yaml --out run --overwrite
adds_up run 1 70 1000
same "rows on stderr of one rank" "$(lines_of_ranks)" 0

# Of many ranks the slowest and the fastest, and one that has nothing to do is there as well.
expect 0 18 train run.yaml --out many train.updates=3
adds_up many 18 21 300
same "rows on stderr of 18 ranks" "$(lines_of_ranks)" 16
grep -q '^ *and 2 between these (ranks.csv)$' err || fail "no word on the ranks between"
