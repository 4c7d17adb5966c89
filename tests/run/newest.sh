# SPDX-License-Identifier: BSD-3-Clause
# --resume auto takes the newest checkpoint that opens and whose checksums hold, names the ones it passed over, and ends with
# the bits of a run that was left alone, whatever lies in the folder.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 8}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 100, micro: 16}
optim: {name: adam, lr: 0.01}
train: {updates: 12, seed: 3, reproducible: true, ema: 0.9}
checkpoint: {every_updates: 3, keep: 3}
log: {gradflow_every: 4}
END
expect 0 1 train run.yaml --out whole
bits whole >whole.bits
whole=$PWD/whole
last=update-00000012.h5
n_bytes=$(stat -c %s whole/checkpoints/$last)

# What is done to the newest one; $file is its path.
zero_length() { : >"$file"; }
one_byte() { head -c 1 "$whole/checkpoints/$last" >"$file"; }
half() { truncate -s $((n_bytes / 2)) "$file"; }
three_quarters() { truncate -s $((n_bytes * 3 / 4)) "$file"; }
all_but_one_byte() { truncate -s -1 "$file"; }
text() { echo "not a checkpoint" >"$file"; }
dataset() { cp "$datasets/digits.h5" "$file"; }
loop() { ln -sfn $last "$file"; }
dangling() { ln -sfn nowhere.h5 "$file"; }
unreadable() { chmod a-r "$file"; }

# flip N: a bit of the byte at N sixty-fourths of the file
flip()
{
    local at=$((n_bytes * $1 / 64)) byte
    byte=$(od -An -tu1 -j $at -N 1 "$file")
    printf "\\x$(printf %x $((byte ^ 16)))" | dd of="$file" bs=1 seek=$at conv=notrunc status=none
}

# passes RANKS SAYS DAMAGE...: SAYS is "named": passed over, with one line; or "maybe": that, or it hits nothing that counts
passes()
{
    local ranks=$1 says=$2 dir="run.$3" file n
    cp -a "$whole" "$dir"
    file=$dir/checkpoints/$last
    rm "$dir/summary.json"
    "${@:3}"
    run "$ranks" train run.yaml --out "$dir" -q
    same "exit code after ${*:3} on $ranks ranks" "$code" 0
    n=$(grep -c '^cairn: ' err || true)
    [ "$n" -le 1 ] || fail "${*:3} on $ranks ranks: $n lines"
    [ "$says" = maybe ] && [ "$n" = 0 ] ||
        grep -Eq "^cairn: warning: checkpoint passed over: [^ ]*/$dir/checkpoints/$last: ." err || fail "${*:3} is not named"
    bits "$dir" | cmp -s - whole.bits || fail "${*:3} on $ranks ranks: other bits"
    same "newest after ${*:3}" "$(newest "$dir")" 12
    rm -rf "$dir"
}

# A name that is taken by what is no file is passed over; where the run comes to that name itself, it ends with 6.
occupied()
{
    local ranks=$1 kind=$2 dir=occupied.$2
    cp -a "$whole" "$dir"
    rm "$dir/checkpoints/$last" "$dir/summary.json"
    case $kind in
    folder) mkdir "$dir/checkpoints/$last" ;;
    pipe) mkfifo "$dir/checkpoints/$last" ;;
    esac
    run "$ranks" train run.yaml --out "$dir" -q
    same "exit code with a $kind in the way" "$code" 6
    grep -q "^cairn: warning: checkpoint passed over: .*/$last: is not a file" err || fail "the $kind is not named"
    grep -q "^cairn: [^ ]*/$last: is not a plain file" err || fail "no last line about the $kind"
    expect 0 "$ranks" train run.yaml --out "$dir" train.updates=13
    same "updates beyond the $kind" "$(json "$dir/summary.json" updates)" 13
}

# latest.h5 is for people: no start depends on it.
latest()
{
    local ranks=$1 kind
    for kind in dangling loop none; do
        cp -a "$whole" latest.$kind
        rm latest.$kind/checkpoints/$last latest.$kind/summary.json
        case $kind in
        loop) ln -sfn latest.h5 latest.loop/checkpoints/latest.h5 ;;
        none) rm latest.none/checkpoints/latest.h5 ;;
        esac
        expect 0 "$ranks" train run.yaml --out latest.$kind -q
        same "lines with latest.h5 $kind" "$(grep -c '^cairn: ' err || true)" 0
        bits latest.$kind | cmp -s - whole.bits || fail "latest.h5 $kind: other bits"
        same "latest.h5" "$(readlink latest.$kind/checkpoints/latest.h5)" $last
    done
}

# All damaged: they are named, and nothing is trained or removed.
all_damaged()
{
    local file
    cp -a "$whole" all
    for file in all/checkpoints/update-*; do half; done
    run "$1" train run.yaml --out all -q
    same "exit code where all are damaged" "$code" 3
    same "checkpoints passed over" "$(grep -c '^cairn: warning: checkpoint passed over: ' err)" 3
    grep -Eq '^cairn: .*all 3 checkpoints are damaged.*; .*--overwrite' err || fail "no advice where all are damaged"
    same "files" "$(ls all/checkpoints)" "$(ls "$whole/checkpoints")"
}

cases()
{
    local ranks=$1 at damage
    for damage in $3; do passes "$ranks" named "$damage"; done
    passes "$ranks" maybe all_but_one_byte
    [ "$(id -u)" = 0 ] || passes "$ranks" named unreadable
    for at in $2; do passes "$ranks" maybe flip "$at"; done
    occupied "$ranks" folder
    occupied "$ranks" pipe
    latest "$ranks"
    all_damaged "$ranks"
}

beside cases 0 "$(seq 0 2 63)" "zero_length one_byte half three_quarters text dataset loop dangling"
beside cases 3 "5 33" "zero_length half loop"
all_good
