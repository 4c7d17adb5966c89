# SPDX-License-Identifier: BSD-3-Clause
# Every recipe has the same bits on 1, 2 and 3 ranks, and stopped on 3 and gone on with on 2: every layer, loss and optimizer
# that Cairn shows its users.  A few updates on data of the right shape; what the recipes reach is tested elsewhere.  Every
# second recipe has its products from OpenBLAS, and ranks sum by MPI or share memory; RECIPE_KEYS="train.kernels=openblas train.threads=2" says for all what they have.
. "${BASH_SOURCE%/*}/../support/run.sh"

export MADE=$CAIRN_BUILD/tests/cairn_made

# data_of RECIPE: the key that names data which stand in for those of the recipe.
data_of()
{
    local name n
    name=$(sed -nE 's#^ *(file|train): .*/##p' "$recipes/$1.yaml")
    if [ "$1" = cosmoflow ]; then # smaller volumes, so that the same net takes seconds
        for n in 1 2 3; do
            [ -e universe$n.hdf5 ] || "$CAIRN_BUILD/tests/run_make_data" universe$n.hdf5 full=int16:32x32x32x4 unitPar=float32:4 >&2
        done
        echo "data.train=$PWD/universe*.hdf5"
        return
    fi
    if [ -e "$datasets/$name" ]; then
        echo "data.file=$datasets/$name"
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
        lstm-series.h5 | climate-column.nc | unet2d-cells.h5 | unet3d-blobs.h5) "$datasets/make" "${name%.*}" . ;;
        cosmoflow-mini.h5) "$CAIRN_BUILD/tests/run_make_data" "$name" train/x=uint8:24x4x32x32x32 train/y=float32:24x4 \
            test/x=uint8:4x4x32x32x32 test/y=float32:4x4 {train,test}/x@scale=0.03125 ;;
        *) fail "the test knows no data for $name of recipe $1" ;;
        esac >&2
    fi
    echo "data.file=$PWD/$name"
}

# trains CODE RANKS OUT RECIPE KEYS...: three updates, not all of them alike in size.
trains()
{
    local wanted=$1 ranks=$2 out=$3 recipe=$4
    shift 4
    expect "$wanted" "$ranks" train "$recipes/$recipe.yaml" "$(data_of "$recipe")" train.reproducible=true \
        train.updates=3 train.evaluate_every=2 "${keys[@]}" "$@" --out "$recipe-$out" -q
}

# as_on_1 RECIPE OUT
as_on_1()
{
    bits "$1-$2" >bits
    cmp -s bits.1 bits || {
        diff bits.1 bits | head -n 4 >&2
        fail "recipe $1 has other bits in $1-$2 than on 1 rank"
    }
    rm -r "$1-$2"
}

# one RECIPE KEYS...: in all worlds.
one()
{
    trains 0 1 1 "$@"
    bits "$1-1" >bits.1
    trains 0 2 2 "$@" comm.sum=allreduce
    as_on_1 "$1" 2
    trains 0 3 3 "$@" comm.sum=node
    as_on_1 "$1" 3
}

# cut_short RECIPE: after it, stopped in one world and gone on with in another.
cut_short()
{
    cairn=$CAIRN_BUILD/tests/cairn_stopping
    CAIRN_STOP_AT=2 trains 75 3 cut "$@" comm.sum=allreduce
    cairn=$CAIRN_BUILD/cairn
    trains 0 2 cut "$@" comm.sum=node
    as_on_1 "$1" cut
}

# all RECIPE
all()
{
    case $1 in
    shakespeare-gpu-size) one "$1" batch.global=3 batch.micro=1 ;; # as large as it is on purpose
    cosmoflow)
        one "$1" batch.global=3 batch.micro=1
        cut_short "$1" batch.global=3 batch.micro=1
        ;;
    unet3d-blobs) # computed again in backward, too: branches within branches
        one "$1"
        trains 0 2 again "$1" train.recompute=4
        as_on_1 "$1" again
        cut_short "$1"
        ;;
    *)
        one "$1"
        cut_short "$1"
        ;;
    esac
}

most_beside=2
turn=0
for file in "$recipes"/*.yaml; do
    recipe=$(basename "$file" .yaml)
    data_of "$recipe" >/dev/null # once
    keys=(train.kernels=auto)
    [ $((turn++ % 2)) = 0 ] || keys=(train.kernels=openblas)
    [ -z "${RECIPE_KEYS:-}" ] || read -ra keys <<<"$RECIPE_KEYS"
    beside all "$recipe"
done
all_good
