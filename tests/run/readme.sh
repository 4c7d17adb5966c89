# SPDX-License-Identifier: BSD-3-Clause
# The commands and the run file of README.md, as printed: what a user types first has to work.  Not here: what installs,
# fetches or takes minutes; of the study its plan.
. "${BASH_SOURCE%/*}/../support/run.sh"

cp -r "$CAIRN_SOURCE/launch" launch # without a build beside it, so that cairn-mpirun takes the cairn in PATH
mkdir datasets
cp "$datasets/digits.h5" datasets/
export PATH=$CAIRN_BUILD:$PATH
readme=$CAIRN_SOURCE/README.md

grep -E '^    (launch/cairn-mpirun|cairn) ' "$readme" | sed 's/  *#.*//; s/^ *//' >commands
n=0
while IFS= read -r line; do
    case $line in
    *" study "*)
        "$CAIRN_BUILD/tests/run_make_data" datasets/mnist.h5 {train,val,test}/x=uint8:500x1x28x28 {train,val,test}/y=int32:500
        line="$line --check"
        ;;
    "cairn report "*) command -v gnuplot >/dev/null || continue ;;
    esac
    eval "$line" >out 2>err </dev/null || fail "README.md: $line"
    n=$((n + 1))
done <commands
holds "commands of README.md that were tried" "$n >= 4"

awk '/^```yaml$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$readme" >run.yaml
expect 0 2 train run.yaml --out own
[ -s own/summary.json ] || fail "the run file of README.md leaves no summary"

# What the table of the run folder names is there.
for file in config.yaml metrics.csv eval.csv gradflow.csv accumulation.csv ranks.csv summary.json provenance.json checkpoints/latest.h5; do
    [ -s "own/$file" ] || fail "a run leaves no $file"
    grep -q "\`${file##*/}\`" "$readme" || fail "README.md does not name $file"
done
