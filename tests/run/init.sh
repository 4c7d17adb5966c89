# SPDX-License-Identifier: BSD-3-Clause
# cairn train --init: weights made elsewhere, what fits and what does not, and that a run which goes on leaves them alone.
# Files written by h5py: python.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 6}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 96, micro: 16}
train: {updates: 4, seed: 3, reproducible: true}
checkpoint: {every_updates: 2, keep: 0}
END

# file NAME [ARRAY=...]...: weights for it, with these arrays in place of its own; none leaves one out
file()
{
    local name=$1 array what=()
    shift
    for array in /weights/1.weight=float32:6x64 /weights/1.bias=float32:6:0.5 /weights/3.weight=float64:10x6 \
        /weights/3.bias=float32:10; do
        [[ " $* " = *" ${array%%=*}="* ]] || what+=("$array")
    done
    for array; do
        [[ $array = *=none ]] || what+=("$array")
    done
    "$CAIRN_BUILD/tests/run_make_data" "$name" "${what[@]}"
}

array() { h5dump -d "$2" -w 1 "$1" | sed -n '/DATA {/,/}/p'; }

# ---- a checkpoint is such a file, and begins another run with its weights on any number of ranks
expect 0 2 train run.yaml --out first
last=first/checkpoints/latest.h5
for ranks in 1 3; do
    expect 0 $ranks train run.yaml --out copy.$ranks --init $last train.updates=0 train.seed=9
    same "weights taken on $ranks ranks" "$(weights_of copy.$ranks)" "$(weights_of first)"
    grep -q "begins with the weights of $last" err || fail "not told what it begins with"
    expect 0 $ranks train run.yaml --out on.$ranks --init $last train.seed=9
    [ "$(weights_of on.$ranks)" != "$(weights_of first)" ] || fail "nothing was learnt after --init"
done
same "weights after --init on 1 and 3 ranks" "$(weights_of on.1)" "$(weights_of on.3)"
expect 0 1 train run.yaml --out plain train.seed=9
[ "$(weights_of on.1)" != "$(weights_of plain)" ] || fail "--init changes nothing"
same "init_from" "$(json on.1/provenance.json init_from)" $last
same "init_weights_hash" "$(json on.1/provenance.json init_weights_hash)" "$(weights_of first)"
same "init_from without --init" "$(json plain/provenance.json init_from)" null

# ---- numbers of another type, and texts around them
file other.h5 /weights@wer=someone /note=text:2:words /more/what=int32:3
expect 0 3 train run.yaml --out other --init other.h5 train.updates=0
if command -v h5dump >/dev/null; then
    array other.h5 /weights/3.weight >a
    array other/checkpoints/latest.h5 /weights/3.weight >b
    [ -s a ] && cmp -s a b || fail "float64 weights are not what was stored"
    grep -q '0\.5' <(array other/checkpoints/latest.h5 /weights/1.bias) || fail "the bias is not what was stored"
fi

# ---- a run that goes on does not read the file: the batch script of a requeued job has --init, too
expect 0 1 train run.yaml --out whole --init $last train.seed=9 train.updates=6
expect 0 2 train run.yaml --out cut --init $last train.seed=9
for ranks in 3 1; do
    expect 0 $ranks train run.yaml --out cut --init nowhere.h5 train.seed=9 train.updates=6
    same "weights of a run that went on" "$(weights_of cut)" "$(weights_of whole)"
done
same "starts that took weights" "$(grep -c "init_from\": \"$last\"" cut/provenance.json)" 1

# ---- afresh in the folder that holds those weights; where they do not fit, the older run is still there
expect_line 3 3 'nowhere.h5: No such file' train run.yaml --out first --overwrite --init nowhere.h5
expect 0 1 train run.yaml --out again --init $last train.updates=0 train.seed=9
expect 0 3 train run.yaml --out again --overwrite --init again/checkpoints/latest.h5 train.updates=0
same "weights of its own older run" "$(weights_of again)" "$(weights_of first)"

# ---- what does not fit: all of it in one line, on 1 rank and on 3
# wrong CODE PATTERN ARGUMENTS...
wrong()
{
    local ranks
    for ranks in 0 3; do
        rm -rf wrong
        expect_line "$1" $ranks "$2" train run.yaml --out wrong "${@:3}"
        if [ "$1" = 2 ]; then [ ! -e wrong ] || fail "${*:3} made a folder"; fi
        [ ! -e wrong/checkpoints/latest.h5 ] || fail "${*:3} left a checkpoint"
    done
}

wrong 3 'nowhere.h5: No such file' --init nowhere.h5
echo "no weights" >text.h5
wrong 3 'text.h5: is not an HDF5 file' --init text.h5
head -c 3000 other.h5 >short.h5
wrong 3 'short.h5: is damaged or not complete' --init short.h5
wrong 3 'digits.h5: has no group /weights' --init "$datasets/digits.h5"
file bad.h5 /weights/1.weight=float32:6x63 /weights/3.bias=none /weights/4.weight=float32:3x4 /buffers/2.mean=float32:3
wrong 3 'bad.h5: does not fit the model: missing 3.bias \[10\]; of another shape 1.weight \[6, 63\], wanted \[6, 64\]; surplus 4.weight, 2.mean; --init-partial' --init bad.h5
wrong 3 'bad.h5: does not fit' --init bad.h5 --check
file bad.h5 /weights/1.weight=float32:64x6
wrong 3 'model: of another shape 1.weight \[64, 6\], wanted \[6, 64\]; --init-partial' --init bad.h5
file bad.h5 /weights/1.weight=float32:6x64:nan
wrong 3 '/weights/1.weight: number 0 is not finite' --init bad.h5
file bad.h5 /weights/3.weight=float64:10x6:1e300
wrong 3 '/weights/3.weight: number 0 is not finite as float32' --init bad.h5
file bad.h5 /weights/1.bias=text:6
wrong 3 '/weights/1.bias holds text' --init bad.h5
"$CAIRN_BUILD/tests/run_make_data" bad.h5 /weights/module.{1.weight=float32:6x64,1.bias=float32:6,3.weight=float32:10x6,3.bias=float32:10}
wrong 3 "bad.h5: all names begin with 'module.'" --init bad.h5
"$CAIRN_BUILD/tests/run_make_data" bad.h5 /weights/stem.weight=float32:6x64 /weights/11.bias=float32:6
wrong 3 'nothing in it fits the model: missing 1.weight \[6, 64\], 1.bias \[6\], 3.weight .*; surplus stem.weight, 11.bias' --init bad.h5 --init-partial
surplus=()
for n in $(seq 10 29); do surplus+=("/weights/$n.weight=float32:2"); done
file bad.h5 "${surplus[@]}"
wrong 3 'surplus 10.weight,.* 19.weight and 10 more; --init-partial' --init bad.h5
wrong 2 '--init-partial .* which is not given' --init-partial
wrong 2 '--init .* and --resume .*leave one out' --init other.h5 --resume $last
wrong 2 '--init needs a value' --init=

# ---- a new head: what fits is taken, the rest keeps its first values
expect 0 3 train run.yaml --out head --init $last --init-partial train.updates=0 model.3.units=12
grep -q "^cairn: warning: $last: taken in part: of another shape 3.weight \[10, 6\], wanted \[12, 6\], 3.bias" err ||
    fail "--init-partial does not warn of what it leaves out"
expect 0 1 train run.yaml --out fresh train.updates=0 model.3.units=12
if command -v h5dump >/dev/null; then
    same "the body" "$(array head/checkpoints/latest.h5 /weights/1.weight)" "$(array $last /weights/1.weight)"
    same "the head" "$(array head/checkpoints/latest.h5 /weights/3.weight)" "$(array fresh/checkpoints/latest.h5 /weights/3.weight)"
fi
