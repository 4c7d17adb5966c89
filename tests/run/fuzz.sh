# SPDX-License-Identifier: BSD-3-Clause
# Inputs that nobody should make - damaged and invented HDF5 files, run files, command lines, tables - given to the
# commands: each ends with 0, 2, 3, 4 or 6, one plain line, nothing half-written, in bounded time and memory.
#
#   tests/run/fuzz.sh              some inputs of each kind from a fixed seed: the test run.fuzz
#   tests/run/fuzz.sh KIND|all SEED FIRST COUNT
#                                  by hand, with CAIRN_BUILD, CAIRN_SOURCE and CAIRN_MPIEXEC as ctest sets them; failed
#                                  inputs are kept in FUZZ_KEEP, default the folder of the call
#
# The same numbers are the same inputs, as long as the good files they begin with are.
keep=${FUZZ_KEEP:-$PWD}
export TMPDIR=${FUZZ_TMPDIR:-/dev/shm} # an input is written many times over
. "${BASH_SOURCE%/*}/../support/run.sh"

fuzz=$CAIRN_BUILD/tests/cairn_fuzz
export OMPI_MCA_btl=self ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

# The good files.
mkdir seeds work
cd seeds
"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:30x4 /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9 \
    /@format=cairn-dataset /@format_version=1 /@title=Title /train/x@scale=0.5,1,1,2 /test/x@shift=1
"$CAIRN_BUILD/tests/run_make_strangers" texts.h5 x=f8be y=texts weight=i8
"$CAIRN_BUILD/tests/run_make_strangers" enum.h5 x=f2 y=enum weight=u1
seq 300 | tr ' ' '\n' >words.txt
head -n 5 "$CAIRN_SOURCE/datasets/README.md" >>words.txt
expect 0 0 import text words.txt --characters -o tokens.h5 --title Words --license CC0
vocabulary=$("$cairn" info tokens.h5 | sed -n 's/^  vocabulary: //p')
printf '%s\n' "data: {file: $PWD/data.h5}" "model: [{type: dense, units: 3}, {type: batchnorm}]" \
    "batch: {global: 6, micro: 2}" "optim: {momentum: 0.9}" "train: {updates: 2, ema: 0.5}" >run.yaml
printf '%s\n' "data: {file: $PWD/tokens.h5, context: 8}" \
    "model: [{type: embedding, units: 4}, {type: position}, {type: transformer_block, heads: 2, causal: true}, {type: dense, units: $vocabulary}]" \
    "batch: {global: 6, micro: 2}" "train: {updates: 1}" >text.yaml
expect 0 0 train run.yaml --out run -q
expect 0 0 train text.yaml --out text -q
cp run/config.yaml all.yaml
cp run/checkpoints/latest.h5 model.h5
cp text/checkpoints/latest.h5 text_model.h5
expect 0 0 export model.h5 -o model.safetensors
for file in data tokens model text_model; do "$fuzz" old $file.h5 ${file}_old.h5; done
printf '%s\n' a,b,c 1,2,0 3.5,-4e3,1 '5, 6 ,0' '"7",8,1' >table.csv
printf '%s\n' 'a;b;"c"' '1;2;red' '3;4;"bl""ue"' '5;6;red' '7;8;blue' >classes.csv
printf '%s\n' '1 2  3' '4 5 6' '7 8 9' '1 1 1' >spaces.txt
{ printf '\0\0\10\3\0\0\0\5\0\0\0\2\0\0\0\3'; seq -s '' 9 38; } | head -c 46 >images.idx
printf '\0\0\10\1\0\0\0\5\1\2\0\1\2' >labels.idx
zcat "$datasets/digits.csv.gz" | sed -n 1,20p >digits.csv
"$CAIRN_BUILD/tests/run_make_sources"
seq 10 >names.txt
gzip -kn table.csv images.idx x.npy
for file in *.h5; do expect 0 0 info "$file"; done
rm -rf run text out err
cd ../work
if [ $# -gt 0 ]; then
    code=0
    "$fuzz" ../seeds "$@" || code=$?
    cp failed-* "$keep" 2>/dev/null || true
    exit "$code"
fi
"$fuzz" ../seeds all 1 0 150 || { cp failed-* "$keep" 2>/dev/null; cat failed-*.err; fail "inputs that fail are kept in $keep"; }
