# SPDX-License-Identifier: BSD-3-Clause
# Every recipe has the same bits on 1, 2 and 3 ranks: every layer, loss and optimizer that Cairn shows its users.  A few
# updates on data of the right shape; what the recipes reach is tested elsewhere.
. "${BASH_SOURCE%/*}/../support/run.sh"

# data_of RECIPE: a file that stands in for the one that the recipe names.
data_of()
{
    local name
    name=$(sed -n 's|^ *file: .*/||p' "$recipes/$1.yaml")
    if [ -e "$datasets/$name" ]; then
        echo "$datasets/$name"
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
        *) fail "the test knows no data for $name of recipe $1" ;;
        esac >&2
    fi
    echo "$PWD/$name"
}

# one RECIPE KEYS...: three updates, not all of them alike in size.
one()
{
    local recipe=$1 ranks
    shift
    for ranks in 1 2 3; do
        expect 0 "$ranks" train "$recipes/$recipe.yaml" "data.file=$(data_of "$recipe")" train.reproducible=true \
            train.updates=3 train.evaluate_every=2 "$@" --out "$recipe-$ranks" -q
        bits "$recipe-$ranks" >bits.$ranks
        cmp -s bits.1 bits.$ranks || {
            diff bits.1 bits.$ranks | head -n 4 >&2
            fail "recipe $recipe has other bits on $ranks ranks than on 1"
        }
    done
    rm -r "$recipe"-[123]
}

for file in "$recipes"/*.yaml; do
    recipe=$(basename "$file" .yaml)
    case $recipe in
    shakespeare-gpu-size) one "$recipe" batch.global=3 batch.micro=1 ;; # as large as it is on purpose
    *) one "$recipe" ;;
    esac
done
