# SPDX-License-Identifier: BSD-3-Clause
# Where /dev/shm has just room for the data, or none, each rank holds them for itself: no rank waits within MPI for one that
# found no room, and none is killed for a page that is not there.
if [ -z "${own_mounts:-}" ] && unshare -m true 2>/dev/null; then own_mounts=1 exec unshare -m bash "$0"; fi
. "${BASH_SOURCE%/*}/../support/run.sh"
[ -n "${own_mounts:-}" ] || skip "no mounts of our own: unshare -m is not allowed"

# 6125 KiB of images.
n=8000
{ printf '\0\0\10\3\0\0\37\100\0\0\0\34\0\0\0\34' && { seq 1000000 9999999 || true; } | head -c $((n * 784)); } >images
{ printf '\0\0\10\1\0\0\37\100' && { seq 1000000 9999999 || true; } | head -c $n | tr '\n0-9' '\0-\12'; } >labels
expect 0 0 import idx --train images labels -o data.h5
cat >run.yaml <<END
data: {file: data.h5, in_memory: true}
model: [{type: flatten}, {type: dense, units: 11}]
batch: {global: 60, micro: 12}
train: {updates: 5, evaluate_every: none, reproducible: true}
END

limit_s=60
bits=
for size in 5000 6500 60000; do # KiB: too small; less than a twentieth more than the data; enough
    mount -t tmpfs -o "size=${size}k" tmpfs /dev/shm || skip "no file system can be mounted"
    expect 0 0 plan run.yaml --memory --ranks 3
    once=$(grep -c 'once for the ranks of a node' out || true)
    same "held once in $size KiB" "$once" $((size == 60000))
    expect 0 3 train run.yaml --out "$size"
    same "bits in $size KiB" "$(weights_of "$size")" "${bits:=$(weights_of "$size")}"
    umount /dev/shm
done
