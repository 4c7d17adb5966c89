# SPDX-License-Identifier: BSD-3-Clause
# The same source with -DCAIRN_REAL=double: the digits train to the same loss with the same bits on 1 and 3 ranks, their
# checkpoint and outputs are float64, and each build goes on from a checkpoint of the other, in one line.
. "${BASH_SOURCE%/*}/../support/run.sh"
needs cmake cc

# Without optimization: that it compiles and computes in double is all that is asked.
tests="test_exact_sum test_loader test_checkpoint_match test_optim test_nn_losses mpi_test_sum"
cmake -S "$CAIRN_SOURCE" -B build -DCAIRN_REAL=double -DCAIRN_WERROR=ON -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O0 >log 2>&1 &&
    cmake --build build -j2 --target cairn_program $tests >>log 2>&1 || fail "the build with doubles: $(tail -n 20 log)"
for test in $tests; do
    launcher=()
    [ "$test" = "${test#mpi_}" ] || launcher=("$CAIRN_MPIEXEC" -n 3)
    "${launcher[@]}" "build/tests/$test" >log 2>&1 || fail "$test with doubles: $(tail -n 20 log)"
done

single=$cairn
double=$PWD/build/cairn
digits=("$recipes/digits.yaml" train.reproducible=true train.epochs=none schedule.decay=constant)

cairn=$single
expect 0 1 train "${digits[@]}" train.updates=30 --out single
cairn=$double
for ranks in 1 3; do expect 0 $ranks train "${digits[@]}" train.updates=30 --out double.$ranks; done
same "weights on 1 and 3 ranks" "$(bits double.1)" "$(bits double.3)"
holds "train_loss in double, and in float" \
    "($(json double.1/summary.json train_loss) / $(json single/summary.json train_loss) - 1) ^ 2 < 1e-10"
[ "$(weights_of double.1)" != "$(weights_of single)" ] || fail "weights of floats and doubles have the same hash"
[ "$(json double.1/provenance.json precision)" = float64 ] && [ "$(json single/provenance.json precision)" = float32 ] ||
    fail "provenance.json does not say the precision"
expect 0 0 info double.1/checkpoints/latest.h5
grep -q '1.weight \[128, 64\] float64' out || fail "cairn info says: $(cat out)"
expect 0 0 predict double.1/checkpoints/latest.h5 --data "$datasets/digits.h5" -o outputs.h5
expect 0 0 info outputs.h5
grep -q 'outputs .*float64' out || fail "cairn info of predictions says: $(cat out)"

# From a checkpoint of floats, in any world; and back.
cp -r single single.3
expect_line 0 1 'holds float32, this cairn computes in float64' train "${digits[@]}" train.updates=60 --out single
expect_line 0 3 'holds float32, this cairn computes in float64' train "${digits[@]}" train.updates=60 --out single.3
same "weights from a checkpoint of floats" "$(weights_of single)" "$(weights_of single.3)"
cairn=$single
expect_line 0 1 'holds float64, this cairn computes in float32' train "${digits[@]}" train.updates=60 --out double.1
