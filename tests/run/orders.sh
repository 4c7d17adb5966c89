# SPDX-License-Identifier: BSD-3-Clause
# data.shuffle: one hash for each order, whether data are held by each rank, once for the node, read as they come, or from a copy, whatever
# is read ahead, on any number of ranks, and after a stop; a file that was packed anew in other chunks goes on in the order of
# the checkpoint; auto decides once.
. "${BASH_SOURCE%/*}/../support/run.sh"
needs h5repack h5dump

# 4000 images of 28 x 28, 3 MB: a dozen blocks.  Packed in chunks of 100 images.
n=4000
{ printf '\0\0\10\3\0\0\17\240\0\0\0\34\0\0\0\34' && { seq 1000000 9999999 || true; } | head -c $((n * 784)); } >images
{ printf '\0\0\10\1\0\0\17\240' && { seq 1000000 9999999 || true; } | head -c $n | tr '\n0-9' '\0-\12'; } >labels
expect 0 0 import idx --train images labels -o plain.h5
h5repack -f GZIP=4 -l /train/x:CHUNK=100x1x28x28 plain.h5 packed.h5
h5repack -f GZIP=1 -l /train/x:CHUNK=7x1x28x28 plain.h5 small.h5

cat >run.yaml <<END
data: {file: packed.h5, shuffle_window: 1000}
model: [{type: flatten}, {type: dense, units: 11}]
batch: {global: 60, micro: 12}
train: {updates: 80, evaluate_every: none, reproducible: true}
END

# hash NAME RANKS KEYS...
hash()
{
    expect 0 "$2" train run.yaml --out "$1" "${@:3}"
    weights_of "$1"
}

mkdir disk
for order in full blocks none; do
    bits=$(hash $order 1 data.shuffle=$order data.in_memory=true)
    same "$order held once by three ranks" "$(hash $order-3 3 data.shuffle=$order data.in_memory=true)" "$bits"
    same "$order read as it comes" "$(hash $order-s 1 data.shuffle=$order data.in_memory=false)" "$bits"
    same "$order read as it comes by two ranks" "$(hash $order-s2 2 data.shuffle=$order data.in_memory=false data.prefetch=0)" "$bits"
    same "$order read from a copy" "$(hash $order-c 2 data.shuffle=$order data.in_memory=false data.stage=disk)" "$bits"
    same "$order read as it comes by five ranks" "$(hash $order-s5 5 data.shuffle=$order data.in_memory=false)" "$bits"
    echo "$bits" >>all
done
same "three orders" "$(sort -u all | wc -l)" 3

# A stop in the second epoch; on as another world, from a file in other chunks.
cat >>run.yaml <<END
checkpoint: {every_updates: 70}
END
blocks=$(sed -n 2p all)
expect 0 2 train run.yaml --out stop data.shuffle=blocks data.in_memory=false train.updates=70
expect 0 3 train run.yaml --out stop data.shuffle=blocks data.in_memory=false data.file=small.h5 --resume auto
same "after a stop, in other chunks" "$(weights_of stop)" "$blocks"
same "the order in its checkpoint" \
    "$(h5dump -d /progress/order stop/checkpoints/latest.h5 | grep -o 'blocks-[^\\"]*')" "blocks-feistel-philox-1 block 400 window 1000"

# auto: blocks where they are read as they come; the checkpoint says so to those that hold them.
expect 0 2 train run.yaml --out auto data.shuffle=auto data.in_memory=false train.updates=70
expect 0 1 train run.yaml --out auto data.shuffle=auto data.in_memory=true --resume auto
same "auto after a stop" "$(weights_of auto)" "$blocks"
same "auto where all is held" "$(hash held 2 data.shuffle=auto data.in_memory=true)" "$(sed -n 1p all)"

# Another order is another run.
expect 0 1 train run.yaml --out other data.shuffle=none train.updates=70
expect_line 2 1 'data.shuffle' train run.yaml --out other data.shuffle=blocks --resume auto
