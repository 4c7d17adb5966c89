# SPDX-License-Identifier: BSD-3-Clause
# Data for the recipes of launch/recipes, small and of the right shape.  For tests that have support/run.sh.

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
