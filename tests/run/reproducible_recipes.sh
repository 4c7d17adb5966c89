# SPDX-License-Identifier: BSD-3-Clause
# Every recipe has the same bits in every way that its ranks can work together, and stopped in one way and gone on with in
# another: every layer, loss and optimizer that Cairn shows its users, on data of the right shape.  The bits are those of a
# kernel and a number of threads.  What the recipes reach is tested elsewhere.
#
#   reproducible_recipes.sh [full [RECIPE...]]     every second recipe, three updates, on this host: one way by chance, and
#       stopped in another and gone on with in a third
#       full, in half an hour or more: every recipe or these, 20 updates, all ways, four kills, and each kernel on 1 and 2
#       threads, ranks also on hosts of the lab
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"
. "${BASH_SOURCE%/*}/../support/recipes.sh"

# Any two values of two columns meet in one of these lines.
ways=( # ranks, hosts, comm.sum, comm.overlap, comm.bucket_mb, train.balance
    "1 1 allreduce on  0.001 auto"
    "1 1 node      off 0.25  off"
    "1 1 node      on  64    auto"
    "2 2 node      off 0.001 auto"
    "2 1 allreduce on  0.25  off"
    "2 2 allreduce off 64    off"
    "3 1 allreduce off 0.001 off"
    "3 2 node      on  0.25  auto"
    "3 2 allreduce on  64    auto"
    "5 2 node      on  0.001 off"
    "5 2 allreduce off 0.25  auto"
    "5 1 node      off 64    off"
)

# begins WAY OUT RECIPE KEYS...: a training in the background, on one host where $here is set.
here=yes
begins()
{
    local ranks hosts sum overlap bucket balance arguments out=$2 recipe=$3
    read -r ranks hosts sum overlap bucket balance <<<"${ways[$1]}"
    shift 3
    arguments=(train "$recipes/$recipe.yaml" "$(data_of "$recipe")" train.reproducible=true
        "train.updates=$updates" "train.evaluate_every=$(((updates + 1) / 2))" train.balance_every=2 "${kernel[@]}" "$@"
        "comm.sum=$sum" "comm.overlap=$overlap" "comm.bucket_mb=$bucket" "train.balance=$balance"
        --out "$recipe-$out" -q)
    if [ "$hosts" = 2 ] && [ -z "$here" ]; then
        lab_start "$ranks" h1 h2 -- "${arguments[@]}"
    else
        start "$ranks" "${arguments[@]}"
    fi
}

# trains CODE WAY OUT RECIPE KEYS...
trains()
{
    local wanted=$1
    shift
    begins "$@"
    finish
    [ "$code" = "$wanted" ] || fail "recipe $3, ${kernel[*]}, with ${ways[$1]} ended with $code instead of $wanted"
}

# as_first RECIPE OUT WHAT
as_first()
{
    bits "$1-$2" >bits
    cmp -s bits.1 bits || {
        diff bits.1 bits | head -n 4 >&2
        fail "recipe $1, ${kernel[*]}: other bits $3 than on 1 rank"
    }
    rm -r "$1-$2"
}

# one RECIPE KEYS...: each way of $tried.
one()
{
    local way
    trains 0 0 1 "$@"
    bits "$1-1" >bits.1
    rm -r "$1-1"
    for way in "${tried[@]}"; do
        trains 0 "$way" other "$@" "${again[@]}"
        as_first "$1" other "with ${ways[way]}"
    done
}

# stopped RECIPE KEYS...: after it, asked to end in one way and gone on with in another.
stopped()
{
    local before after here=yes
    before=$((RANDOM % ${#ways[@]}))
    after=$((RANDOM % ${#ways[@]}))
    cairn=$CAIRN_BUILD/tests/cairn_stopping
    CAIRN_STOP_AT=2 trains 75 "$before" cut "$@"
    cairn=$CAIRN_BUILD/cairn
    trains 0 "$after" cut "$@"
    as_first "$1" cut "stopped with ${ways[before]}, gone on with ${ways[after]}"
}

# killed RECIPE KEYS...: after it, all processes ended at any moment, four times, each time in another way.
killed()
{
    local n at way story= here=yes
    for ((n = 0; n < 4; n++)); do
        way=$((RANDOM % ${#ways[@]}))
        at=$(($(newest "$1-cut") + 1 + RANDOM % 3))
        [ "$at" -lt "$updates" ] || break
        begins "$way" cut "$@" checkpoint.every_updates=1
        until_true 100 reached "$1-cut" "$at"
        sleep "0.0$((RANDOM % 10))"
        cut_off
        [ "$code" != 137 ] || echo "$1" >>../kills
        story+="killed with ${ways[way]}, "
    done
    way=$((RANDOM % ${#ways[@]}))
    trains 0 "$way" cut "$@"
    as_first "$1" cut "${story}gone on with ${ways[way]}"
}

# all RECIPE
all()
{
    local again=()
    RANDOM=$((seed + n_beside))
    case $1 in
    shakespeare-gpu-size) # as large as it is on purpose
        updates=3
        one "$1" batch.global=3 batch.micro=1
        return
        ;;
    cosmoflow) set -- "$1" batch.global=3 batch.micro=1 ;;
    unet3d-blobs) again=(train.recompute=4) ;; # branches within branches
    esac
    one "$@"
    "$cut" "$@"
}

# walk FIRST STEP: every so many recipes.
walk()
{
    local k recipe
    for ((k = $1; k < ${#files[@]}; k += $2)); do
        recipe=$(basename "${files[k]}" .yaml)
        data_of "$recipe" >/dev/null # once
        beside all "$recipe"
    done
}

seed=$RANDOM
echo "seed $seed"
RANDOM=$seed
most_beside=2
files=("$recipes"/*.yaml)
[ $# -lt 2 ] || files=("${@:2}")
if [ $is_full = yes ]; then
    limit_s=400
    lab_needs
    lab_up 2
    here=
    updates=20
    cut=killed
    tried=("${!ways[@]}")
    kernel=(train.kernels=auto)
    walk 0 1
    cut=stopped
    all_kernels=(openblas onednn)
    ! "$cairn" --version | grep -q '^kernels amx' || all_kernels+=(amx)
    for threads in 1 2; do
        for kernels in "${all_kernels[@]}"; do
            kernel=("train.kernels=$kernels" "train.threads=$threads")
            tried=(3 7 11) # 2, 3 and 5 ranks
            walk 0 1
        done
    done
    wait
    [ ! -e kills ] || echo "$(wc -l <kills) kills"
else
    updates=3
    cut=stopped
    for kernels in auto openblas; do
        kernel=("train.kernels=$kernels")
        tried=($((1 + RANDOM % (${#ways[@]} - 1))))
        walk $((RANDOM % 4)) 4
    done
fi
all_good
