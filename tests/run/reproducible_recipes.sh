# SPDX-License-Identifier: BSD-3-Clause
# Every recipe has the same bits on 1, 2 and 3 ranks, also where it is stopped and goes on in another world: every layer,
# loss and optimizer that Cairn shows its users.  A few updates on data of the right shape; what the recipes reach is tested
# elsewhere.
. "${BASH_SOURCE%/*}/../support/run.sh"

# The data of datasets/make, fewer and smaller volumes, so that the same nets take seconds.
layouts=$CAIRN_BUILD/tests/cairn_layouts
sed 's/128x128x128x4/32x32x32x4/; s/ train 256 32 / train 24 32 /; s/ test 64 32 / test 4 32 /' "$datasets/layouts.txt" >small.txt

# data_of RECIPE: the key that names data which stand in for those of the recipe.
data_of()
{
    local name
    name=$(sed -nE 's#^ *(file|train): .*/##p' "$recipes/$1.yaml")
    if [ -e "$datasets/$name" ]; then
        echo "data.file=$datasets/$name"
        return
    fi
    if [ "$1" = cosmoflow ]; then
        "$layouts" small.txt cosmoflow >&2
        echo "data.train=$PWD/$name"
        return
    fi
    if [ ! -e "$name" ]; then
        case $name in
        mnist.h5) "$CAIRN_BUILD/tests/run_make_data" "$name" {train,test}/x=uint8:500x1x28x28 {train,test}/y=int32:500 \
            {train,test}/x@scale=0.00392156862745098 ;;
        shakespeare.h5) # of the 65 characters that the recipes' text has
            {
                echo " !\$&',-.3:;?"{A..Z} {a..z}
                cat "$CAIRN_SOURCE"/launch/guide/*.md | LC_ALL=C tr -cd "\n !\$&',.3:;?A-Za-z-"
            } >text.txt
            "$cairn" import text text.txt -o "$name"
            ;;
        cosmoflow-mini.h5) "$layouts" small.txt cosmoflow-mini ;;
        *) fail "the test knows no data for $name of recipe $1" ;;
        esac >&2
    fi
    echo "data.file=$PWD/$name"
}

# like_one RECIPE DIR WHERE: its bits are those of one rank.
like_one()
{
    bits "$2" >bits
    cmp -s bits.1 bits || {
        diff bits.1 bits | head -n 4 >&2
        fail "recipe $1 has other bits $3 than on 1 rank"
    }
}

# one RECIPE KEYS...: three updates, not all of them alike in size.
one()
{
    local recipe=$1 ranks keys
    shift
    keys=("$(data_of "$recipe")" train.reproducible=true train.updates=3 train.evaluate_every=2 "$@" -q)
    for ranks in 1 2 3; do
        expect 0 "$ranks" train "$recipes/$recipe.yaml" "${keys[@]}" --out "$recipe-$ranks"
        [ "$ranks" != 1 ] || bits "$recipe-1" >bits.1
        like_one "$recipe" "$recipe-$ranks" "on $ranks ranks"
    done
    cairn=$CAIRN_BUILD/tests/cairn_stopping
    CAIRN_STOP_AT=2 expect 75 2 train "$recipes/$recipe.yaml" "${keys[@]}" --out "$recipe-cut"
    cairn=$CAIRN_BUILD/cairn
    expect 0 3 train "$recipes/$recipe.yaml" "${keys[@]}" --out "$recipe-cut"
    like_one "$recipe" "$recipe-cut" "stopped on 2 ranks and gone on with on 3"
    rm -r "$recipe"-[123] "$recipe-cut"
}

for file in "$recipes"/*.yaml; do
    recipe=$(basename "$file" .yaml)
    case $recipe in
    shakespeare-gpu-size | cosmoflow) one "$recipe" batch.global=3 batch.micro=1 ;; # as large as they are on purpose
    *) one "$recipe" ;;
    esac
done
