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
    local ranks=$1 name=$2 outputs loss means
    shift 2
    read -r outputs loss means <<<"$(field "$name" model)"
    cat >"$name/run.yaml" <<END
model: [${means:+{type: avgpool, kernel: $means\}, }{type: flatten}, {type: dense, units: $outputs}]
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
for name in $("$datasets/make" | cut -d ' ' -f 1); do
    "$datasets/make" "$name" >made || fail "$name cannot be made"
    grep -qF -- "$(field "$name" keys)" made || fail "datasets/make $name: $(cat made)"
    grep -qF -- "$(field "$name" keys)" "$guide" || fail "the guide does not show the keys of $name"
    trains 0 "$name" >hash
    n=$((n + 1))
done
holds "layouts that are read" "$n >= 20"

# One sample in each file, samples last, x and y in files of their own: streamed by two ranks, and checked.
for name in cosmoflow climsim pcam; do
    same "$name streamed" "$(trains 2 $name data.in_memory=false)" "$(trains 0 $name)"
    (cd $name && set -f && expect 0 2 info --check $(field $name keys)) || exit 1
done

expect_line 3 0 'labels_0 is int32 \[2, 12, 16\]; store' train deepcam/run.yaml --out d $(set -f && cd deepcam && field deepcam keys | sed 's/data.y=[^ ]*/data.y=climate\/labels_0/; s/=data-/=deepcam\/data-/')
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

# Without the build: by h5cc.
command -v h5cc >/dev/null || exit 0
LAYOUTS= "$datasets/make" usps again >/dev/null 2>err || fail "datasets/make does not compile layouts.c"
[ -z "$(ls -- *.o 2>/dev/null)" ] || fail "datasets/make leaves an object"
cmp -s again/usps.h5 usps/usps.h5 || h5diff again/usps.h5 usps/usps.h5 || fail "another usps.h5"
