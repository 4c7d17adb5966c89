# SPDX-License-Identifier: BSD-3-Clause
# Signals [n, C, L] and volumes [n, C, D, H, W] through the whole program: the same bits on 1, 2 and 3 ranks and after a stop,
# weights as PyTorch names and shapes them, predictions, and idx files of volumes.
. "${BASH_SOURCE%/*}/../support/run.sh"

make_data=$CAIRN_BUILD/tests/run_make_data
"$make_data" signals.h5 /train/x=float32:41x2x31 /train/y=int32:41 /test/x=uint8:9x2x31 /test/y=int32:9
"$make_data" volumes.h5 /train/x=uint8:25x2x5x4x7 /train/y=float32:25x2 /test/x=uint8:9x2x5x4x7 /test/y=float32:9x2 /train/x@scale=1,0.5

cat >signals.yaml <<END
data: {file: signals.h5}
model: [{type: conv1d, channels: 6, kernel: 5, padding: same, dilation: 2}, {type: batchnorm}, {type: relu}, {type: residual, project: true,
  body: [{type: conv1d, channels: 6, kernel: 3, stride: 2, padding: 1, groups: 3}, {type: relu}]}, {type: groupnorm, groups: 2},
  {type: maxpool, kernel: 3}, {type: upsample, factor: 2, mode: linear}, {type: instancenorm, affine: true}, {type: transpose, dims: [1, 0]},
  {type: rmsnorm}, {type: silu}, {type: flatten}, {type: dense, units: 3}]
batch: {global: 12, micro: 5}
train: {epochs: 3, seed: 5, reproducible: true}
END
cat >volumes.yaml <<END
data: {file: volumes.h5}
model: [{type: conv3d, channels: 4, kernel: [2, 3, 3], padding: same, bias: false}, {type: batchnorm}, {type: relu}, {type: residual,
  project: true, body: [{type: conv3d, channels: 6, kernel: 3, stride: [1, 2, 2], padding: 1}]}, {type: groupnorm, groups: 3},
  {type: maxpool, kernel: 2, padding: 1}, {type: avgpool, kernel: [1, 2, 2], stride: 1}, {type: leaky_relu},
  {type: upsample, factor: [1, 2, 1]}, {type: elu}, {type: reshape, to: [6, -1]}, {type: instancenorm}, {type: scale, factor: 2}, {type: softplus},
  {type: global_avgpool}, {type: dense, units: 2}]
loss: squared_error
batch: {global: 12, micro: 5}
train: {epochs: 3, seed: 5, reproducible: true}
END
for name in signals volumes; do
    for ranks in 1 2 3; do
        expect 0 $ranks train $name.yaml --out $name-$ranks -q
        bits $name-$ranks >$name-$ranks.bits
        cmp -s $name-1.bits $name-$ranks.bits || fail "$name has other bits on $ranks ranks"
    done
    expect 0 2 train $name.yaml --out $name-part -q train.epochs=2
    expect 0 3 train $name.yaml --out $name-part -q
    same "$name, resumed" "$(weights_of $name-part)" "$(weights_of $name-1)"
    expect 0 1 verify $name.yaml
    expect 0 0 predict $name-1/checkpoints/latest.h5 --data $name.h5 --split test -o $name.out.h5
done
expect 0 0 info signals-1/checkpoints/latest.h5
grep -q '0.weight \[6, 2, 5\] float32' out && grep -q '3.body.0.weight \[6, 2, 3\]' out && grep -q '3.project.0.weight \[6, 6, 1\]' out ||
    fail "weights of signals: $(cat out)"
expect 0 0 info volumes-1/checkpoints/latest.h5
grep -q '0.weight \[4, 2, 2, 3, 3\] float32' out && grep -q '3.project.0.weight \[6, 4, 1, 1, 1\]' out || fail "weights of volumes: $(cat out)"

# [n, C, D, H, W] of bytes
printf '\0\0\10\5\0\0\0\4\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\5' >images
{ yes volume || true; } | head -c 120 >>images
printf '\0\0\10\1\0\0\0\4\0\1\2\0' >labels
expect 0 0 import idx --train images labels -o idx.h5
expect 0 0 info idx.h5
grep -q 'x \[4, 1, 2, 3, 5\] uint8' out || fail "an idx file of volumes: $(cat out)"
all_good
