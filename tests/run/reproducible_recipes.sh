# SPDX-License-Identifier: BSD-3-Clause
# Every recipe has the same bits on 1, 2 and 3 ranks, and stopped on 3 and gone on with on 2: every layer, loss and optimizer
# that Cairn shows its users.  A few updates on data of the right shape; what the recipes reach is tested elsewhere.  Every
# second recipe has its products from OpenBLAS, and ranks sum by MPI or share memory; RECIPE_KEYS="train.kernels=openblas train.threads=2" says for all what they have.
#
#   reproducible_recipes.sh [full]     every second recipe, from the first or the second by chance; full: all
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/recipes.sh"

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

step=2
[ "${1:-}" != full ] || step=1
offset=$((RANDOM % step))
echo "every $step recipes from $offset"

most_beside=2
turn=0
files=("$recipes"/*.yaml)
for ((k = offset; k < ${#files[@]}; k += step)); do
    recipe=$(basename "${files[k]}" .yaml)
    data_of "$recipe" >/dev/null # once
    keys=(train.kernels=auto)
    [ $((turn++ % 2)) = 0 ] || keys=(train.kernels=openblas)
    [ -z "${RECIPE_KEYS:-}" ] || read -ra keys <<<"$RECIPE_KEYS"
    beside all "$recipe"
done
all_good
