# SPDX-License-Identifier: BSD-3-Clause
# Layouts that people have, of datasets/layouts.txt: each is read by keys alone, and two updates are made.
. "${BASH_SOURCE%/*}/../support/run.sh"

export LAYOUTS=$CAIRN_BUILD/tests/cairn_layouts
guide=$CAIRN_SOURCE/launch/guide/bringing-your-data.md

# field NAME WHAT: the rest of that line of a layout.
field() { sed -n "/^layout $1 /,/^model/s/^$2 //p" "$datasets/layouts.txt"; }

# trains RANKS NAME ARGUMENTS...: in its folder; the hash of the weights.
trains()
{
    local ranks=$1 name=$2 outputs loss of layers
    shift 2
    read -r outputs loss of <<<"$(field "$name" model)"
    layers="{type: flatten}, {type: dense, units: $outputs}"
    [ "$of" != means ] || layers="{type: avgpool, kernel: 16}, $layers"
    [ "$of" != pixels ] || layers="{type: conv2d, channels: $outputs, kernel: 3, padding: same}"
    cat >"$name/run.yaml" <<END
model: [$layers]
loss: $loss
batch: {global: 2, micro: 1}
train: {updates: 2, reproducible: true}
END
    cd "$name"
    set -f # patterns are cairn's
    run "$ranks" train run.yaml --out r --overwrite -q $(field "$name" keys) "$@"
    set +f
    [ "$code" = 0 ] || fail "$name ended with $code"
    weights_of r
    cd ..
}

n=0
for name in $(sed -n 's/^layout \([^ ]*\).*/\1/p' "$datasets/layouts.txt"); do
    "$datasets/make" "$name" >made || fail "$name cannot be made"
    grep -qF -- "$(field "$name" keys)" made || fail "datasets/make $name: $(cat made)"
    grep -qF -- "$(field "$name" keys)" "$guide" || fail "the guide does not show the keys of $name"
    trains 0 "$name" >hash
    n=$((n + 1))
done
holds "layouts that are read" "$n >= 20"

# One sample in each file, samples last, x and y in files of their own: streamed by two ranks, and checked.
for name in cosmoflow deepcam climsim pcam; do
    same "$name streamed" "$(trains 2 $name data.in_memory=false)" "$(trains 0 $name)"
    (cd $name && set -f && expect 0 2 info --check $(field $name keys)) || exit 1
done

# Labels of pixels are not for a model that has an output for each sample.
expect_line 2 0 "the last layer's output is \[3072\] for each sample, but its labels are \[12, 16\]" train deepcam/run.yaml --out d $(set -f && field deepcam keys | sed 's/=data-/=deepcam\/data-/') \
    "model=[{type: flatten}, {type: dense, units: 3072}]"
# A single number is a label where it is that of a file, and no list of them.
cat >odd.txt <<'END'
layout odd
array one0.h5 x f4 4x4
array one0.h5 y i4 scalar label:3
array one1.h5 x f4 4x4
array one1.h5 y i4 scalar label:3
END
"$LAYOUTS" odd.txt odd
expect_line 3 2 'one0.h5: /y has the shape \[\], but there are 4 samples in x' train usps/run.yaml --out d data.file=one0.h5
expect 0 2 train usps/run.yaml --out d data.file=one?.h5 data.sample=file

! "$datasets/make" nothing 2>err || fail "a layout of no name is made"
"$datasets/make" >names
grep -q '^usps ' names || fail "datasets/make does not list layouts"

# The data of recipes, each of them listed; that of some is a layout.
export MADE=$CAIRN_BUILD/tests/cairn_made
for recipe in $(sed -n 's|^#.* datasets/make \([a-z0-9-]*\).*|\1|p' "$recipes"/*.yaml); do
    grep -q "^$recipe " names || fail "datasets/make does not list $recipe"
    ! grep -q "^layout $recipe " "$datasets/layouts.txt" || continue
    "$datasets/make" "$recipe" . >/dev/null || fail "$recipe cannot be made"
    expect 0 0 info --check "$recipes/$recipe.yaml" data.file="$(ls "$recipe".*)"
done

# Without the build: by h5cc.
command -v h5cc >/dev/null || exit 0
LAYOUTS= "$datasets/make" usps again >/dev/null 2>err || fail "datasets/make does not compile layouts.c"
[ -z "$(ls -- *.o 2>/dev/null)" ] || fail "datasets/make leaves an object"
MADE= "$datasets/make" lstm-series again >/dev/null 2>err || fail "datasets/make does not compile made.c"
cmp -s again/usps.h5 usps/usps.h5 || h5diff again/usps.h5 usps/usps.h5 || fail "another usps.h5"
