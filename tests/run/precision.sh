# SPDX-License-Identifier: BSD-3-Clause
# train.precision: float64: the digits train to the same loss as in float32, with the same bits on 1 and 3 ranks and through a
# stop; checkpoint, outputs and imported numbers are float64, what is made of a checkpoint is in its precision, and a run goes on
# from the other one with a warning.
. "${BASH_SOURCE%/*}/../support/run.sh"

digits=("$recipes/digits.yaml" train.reproducible=true train.epochs=none schedule.decay=constant)
double=("${digits[@]}" train.precision=float64)

expect 0 1 train "${digits[@]}" train.kernels=openblas train.updates=30 --out single
for ranks in 1 3; do expect 0 $ranks train "${double[@]}" train.updates=30 --out double.$ranks; done
same "weights on 1 and 3 ranks" "$(bits double.1)" "$(bits double.3)"
expect 0 3 train "${double[@]}" train.updates=10 --out stopped
expect 0 1 train "${double[@]}" train.updates=30 --out stopped
same "weights after a stop" "$(weights_of double.1)" "$(weights_of stopped)"
holds "train_loss in double, and in float" \
    "($(json double.1/summary.json train_loss) / $(json single/summary.json train_loss) - 1) ^ 2 < 1e-10"
[ "$(weights_of double.1)" != "$(weights_of single)" ] || fail "weights of floats and doubles have the same hash"
[ "$(json double.1/provenance.json precision)" = float64 ] && [ "$(json single/provenance.json precision)" = float32 ] ||
    fail "provenance.json does not say the precision"

# In the run file, and what is made of the checkpoint.
sed "s|^ *file: .*|  file: $datasets/digits.h5|" "$recipes/digits.yaml" >run.yaml
sed -i 's/^train: {/train: {precision: float64, /' run.yaml
grep -q float64 run.yaml || fail "digits.yaml has no line 'train: {' any more"
expect 0 3 train run.yaml train.reproducible=true train.epochs=none schedule.decay=constant train.updates=30 --out written
same "weights of a precision in the run file" "$(weights_of double.1)" "$(weights_of written)"
expect 0 0 info double.1/checkpoints/latest.h5
grep -q '1.weight \[128, 64\] float64' out || fail "cairn info says: $(cat out)"
expect 0 0 predict double.1/checkpoints/latest.h5 --data "$datasets/digits.h5" -o outputs.h5
expect 0 0 info outputs.h5
grep -q 'outputs .*float64' out || fail "cairn info of predictions says: $(cat out)"
expect 0 3 eval double.1/checkpoints/latest.h5
# its micro-batches are other ones, for which a BLAS may add up in another order
holds "eval of a checkpoint" "($(json out loss) / $(json double.1/summary.json eval_loss) - 1) ^ 2 < 1e-28"
expect 0 2 verify run.yaml
expect 0 0 plan run.yaml
grep -q 'gradient  *153760 ' out || fail "cairn plan of doubles says: $(cat out)"

# In the place of a run file that can be read but once the command line says it.
mkfifo pipe.yaml
cat run.yaml >pipe.yaml &
expect_line 2 1 'train.precision is float64, which a rank could not read before' train pipe.yaml --out piped
cat run.yaml >pipe.yaml &
expect 0 1 train pipe.yaml train.precision=float64 train.epochs=none train.updates=3 --out piped
[ "$(json piped/provenance.json precision)" = float64 ] || fail "a run file from a pipe is not read in double"
expect_line 2 3 'train.precision' train run.yaml train.precision=float16 --out none

# A rank that does not see the run file or the checkpoint, and so began in the other precision.
mkdir sees blind
cp run.yaml double.1/checkpoints/latest.h5 sees
one_is_blind()
{
    code=0
    "$CAIRN_MPIEXEC" -n 1 -wdir "$PWD/sees" "$cairn" "${@:3}" : -n 1 -wdir "$PWD/blind" "$cairn" "${@:3}" \
        >out 2>err </dev/null || code=$?
    [ "$code" = "$1" ] && grep -q "$2" err || fail "$3 where a rank does not see its file"
}
one_is_blind 3 'latest.h5 holds float64, which some ranks could not see' eval latest.h5
one_is_blind 2 'train.precision is float64, which a rank could not read' doctor run.yaml

# Numbers that floats cannot tell apart.
printf '%s\n' a,b,y 1.00000000001,2,1 1.00000000002,2.5,2 1.00000000003,3,4 >table.csv
for precision in float32 float64; do
    expect 0 0 import csv table.csv --target y --precision $precision -o $precision.h5
    expect 0 0 info $precision.h5
    grep -q "x .*$precision" out || fail "cairn info of numbers imported as $precision says: $(cat out)"
done

# The cells of a study.
cat >study.yaml <<END
run: run.yaml
set: {train.epochs: none, train.updates: 4, schedule.decay: constant}
axes: {batch.micro: [4, 8]}
study: {kind: accumulation, budget_updates: 4, keep: all}
END
expect 0 1 study study.yaml --out study
grep -rq '"precision": "float64"' study --include=provenance.json || fail "a study of doubles has cells in another precision"
sed -i 's/^axes: .*/axes: {batch.micro: [4, 8], train.precision: [float32, float64]}/' study.yaml
expect_line 2 1 'train.precision cannot be: a study computes in one precision' study study.yaml --out other

# bf16 where the CPU and the build can: operands of products alone are rounded.  Elsewhere one line says so.
if "$CAIRN_BUILD/cairn" --version | grep -q '^kernels \(amx\|onednn .*_bf16\)'; then
    for ranks in 1 3; do expect 0 $ranks train "${digits[@]}" train.precision=bf16 train.updates=30 --out bf16.$ranks; done
    same "weights in bf16 on 1 and 3 ranks" "$(weights_of bf16.1)" "$(weights_of bf16.3)"
    [ "$(weights_of bf16.1)" != "$(weights_of single)" ] || fail "bf16 has the weights of float32"
    holds "train_loss in bf16, and in float" \
        "($(json bf16.1/summary.json train_loss) / $(json single/summary.json train_loss) - 1) ^ 2 < 1e-4"
    [ "$(json bf16.1/provenance.json precision)" = bf16 ] || fail "provenance.json does not say bf16"
    expect 0 0 info bf16.1/checkpoints/latest.h5
    grep -q '1.weight \[128, 64\] float32' out || fail "weights in bf16: $(cat out)"
    # 5 samples of a micro-batch and a short last one, on channels that a library takes, with a bias and without
    cat >conv.yaml <<END
data: {file: $datasets/digits.h5}
model:
  - {type: conv2d, channels: 16, kernel: 3, padding: 1}
  - {type: relu}
  - {type: conv2d, channels: 17, kernel: 3, stride: 2, bias: false}
  - {type: relu}
  - {type: conv_transpose2d, channels: 16, kernel: 2, stride: 2}
  - {type: flatten}
  - {type: dense, units: 10}
loss: cross_entropy
batch: {global: 64, micro: 5}
optim: {name: sgd, lr: 0.1}
train: {reproducible: true, updates: 10}
END
    for ranks in 1 3; do expect 0 $ranks train conv.yaml train.precision=bf16 --out conv.$ranks; done
    expect 0 1 train conv.yaml --out conv
    same "weights of convolutions in bf16 on 1 and 3 ranks" "$(weights_of conv.1)" "$(weights_of conv.3)"
    [ "$(weights_of conv.1)" != "$(weights_of conv)" ] || fail "convolutions in bf16 have the weights of float32"
    holds "train_loss of convolutions in bf16, and in float" \
        "($(json conv.1/summary.json train_loss) / $(json conv/summary.json train_loss) - 1) ^ 2 < 1e-4"
    expect_line 2 3 'train.precision is bf16, and train.kernels openblas' train "${digits[@]}" train.precision=bf16 \
        train.kernels=openblas --out nothing
else
    expect_line 2 3 'train.precision is bf16, which takes a CPU' train "${digits[@]}" train.precision=bf16 --out nothing
fi

# From a checkpoint of the other, in any world.
cp -r single single.3
expect_line 0 1 'holds float32, this run computes in float64' train "${double[@]}" train.updates=60 --out single
expect_line 0 3 'holds float32, this run computes in float64' train "${double[@]}" train.updates=60 --out single.3
same "weights from a checkpoint of floats" "$(weights_of single)" "$(weights_of single.3)"
expect_line 0 1 'holds float64, this run computes in float32' train "${digits[@]}" train.updates=60 --out double.1
