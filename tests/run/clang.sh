# SPDX-License-Identifier: BSD-3-Clause
# The whole tree, tests included, builds with clang, where every warning is an error; and what it makes trains to the
# same loss.  Another compiler contracts other products and sums, so bits may differ.
. "${BASH_SOURCE%/*}/../support/run.sh"

command -v clang >/dev/null || skip "clang is not installed"
cmake -S "$CAIRN_SOURCE" -B "$CAIRN_BUILD/clang" -DCMAKE_C_COMPILER=clang -DCAIRN_WERROR=ON -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS=-O0 -DCAIRN_BOTH_PRECISIONS=OFF \
    >out 2>err && cmake --build "$CAIRN_BUILD/clang" -j2 >out 2>err || fail "a build with clang"

loss() { grep -o '"train_loss": [0-9.e-]*' summary.json | cut -d' ' -f2; }

expect 0 2 train "$recipes/digits.yaml" train.epochs=1 --out gcc
cp gcc/summary.json .
by_gcc=$(loss)
cairn=$CAIRN_BUILD/clang/cairn
expect 0 2 train "$recipes/digits.yaml" train.epochs=1 --out clang
cp clang/summary.json .
awk "BEGIN { d = ($by_gcc) - ($(loss)); exit !(d < 1e-4 && d > -1e-4) }" || fail "train_loss $(loss), and $by_gcc built with gcc"
