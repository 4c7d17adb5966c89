# SPDX-License-Identifier: BSD-3-Clause
# What a run leaves behind, to the letter (launch/guide/contract.md 5 and 7), and what the commands say of it: names of
# files, columns, keys, arrays; eval, predict and verify on 1 and 3 ranks; the hash of the weights worked from the checkpoint.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/xxh64.sh"

needs h5dump
digits=$datasets/digits.h5
cat >run.yaml <<END
data: {file: $digits}
model:
  - {type: flatten}
  - {type: dense, units: 12}
  - {type: relu}
  - {type: dense, units: 10, name: head}
batch: {global: 100, micro: 32}
optim: {name: sgd, lr: 0.1, momentum: 0.9}
train: {epochs: 2, reproducible: true}
checkpoint: {every_updates: 4, keep: 3}
END
expect 0 2 train run.yaml train.epochs=1 --out run
cp out first.out
expect 0 3 train run.yaml --out run
last=run/checkpoints/latest.h5

# ---- the folder
same "files" "$(cd run && find . | sort | tr '\n' ' ')" ". ./accumulation.csv ./checkpoints ./checkpoints/latest.h5 \
./checkpoints/update-00000024.h5 ./checkpoints/update-00000028.h5 ./checkpoints/update-00000030.h5 \
./config.yaml ./eval.csv ./gradflow.csv ./log.txt ./metrics.csv ./provenance.json ./ranks.csv ./summary.json "
same "latest.h5" "$(readlink $last)" update-00000030.h5
same "metrics.csv" "$(head -n 1 run/metrics.csv)" "update,epoch,samples,batch_samples,normalizer,loss,lr,grad_norm,\
noise_scale,ranks,wall_s,data_s,compute_s,reduce_s,update_s,samples_per_s,noise_scale_se,noise_scale_updates,overlap_s"
same "eval.csv" "$(head -n 1 run/eval.csv)" "update,epoch,samples,wall_s,split,loss,accuracy"
same "gradflow.csv" "$(head -n 1 run/gradflow.csv)" "update,layer,param,mean_abs,max_abs,norm,weight_norm,\
noise_scale,noise_scale_se,noise_scale_updates"
same "accumulation.csv" "$(head -n 1 run/accumulation.csv)" "update,micro_batches,samples,layer,param,mean_abs,max_abs,norm"
whole_lines run
same "ranks of both starts" "$(column run/metrics.csv ranks | uniq -c | tr -s ' ' | tr '\n' ';')" " 15 2; 15 3;"
same "evaluations" "$(cut -d, -f1,2,3,5 run/eval.csv | tail -n +2 | tr '\n' ' ')" "15,0,1437,test 30,1,2874,test "
same "layers of gradflow.csv" "$(cut -d, -f2,3 run/gradflow.csv | tail -n +2 | sort -u | tr '\n' ' ')" \
    "1,bias 1,weight head,bias head,weight "

numbers_of() { column "$1/metrics.csv" "$2" | grep -c . || true; }
same "estimates of the noise scale" "$(numbers_of run noise_scale)" 30
same "standard errors of it, from the second on" "$(numbers_of run noise_scale_se)" 29

same "partial sums in accumulation.csv of the first update, which rank 0 of 2 begins with 2 micro-batches" \
    "$(awk -F, '$1 == 1 { print $2, $3, $4, $5 }' run/accumulation.csv | tr '\n' ';')" \
    "1 32 1 weight;1 32 1 bias;1 32 head weight;1 32 head bias;2 64 1 weight;2 64 1 bias;2 64 head weight;2 64 head bias;"

cmp -s out run/summary.json || fail "stdout is not summary.json"
same "keys of summary.json" "$(grep -o '"[a-z_]*":' out | tr -d '":' | tr '\n' ' ')" "status updates epochs samples ranks \
micro_batch global_batch train_loss eval_loss eval_accuracy weights_hash samples_per_s wall_s compute_s reduce_s data_s \
checkpoint_s checkpoints checkpoint_write_s peak_rss_bytes n_parameters "
same "summary.json" "$(for key in status updates epochs samples ranks micro_batch global_batch n_parameters; do
    json out $key; done | tr '\n' ' ')" "done 30 2 2874 3 32 100 $((64 * 12 + 12 + 12 * 10 + 10)) "
mean=$(awk -F, '$2 == 1 { loss += $6 * $5; weight += $5 } END { printf "%.17g", loss / weight }' run/metrics.csv)
holds "checkpoints, their times" "$(json out checkpoints) == 9 && $(json out checkpoint_s) > 0 && $(json out checkpoint_write_s) > 0"
holds "train_loss of the last epoch" "($(json out train_loss) - $mean)^2 < 1e-24"

same "starts in provenance.json" "$(grep -c '"begin": "20..-..-..T..:..:..Z"' run/provenance.json)" 2
for key in version commit compiler compiler_flags mpi blas hdf5 cpu hosts ranks threads job command begin end data_hash \
    data_license data_source data_citation run_file_hash resumed_from; do
    same "$key in provenance.json" "$(grep -c "\"$key\": ." run/provenance.json)" 2
done
same "what was resumed" "$(grep -c 'resumed_from": ".*update-00000015.h5"' run/provenance.json)" 1
if command -v python3 >/dev/null; then
    python3 -c 'import json, sys; [json.load(open(f)) for f in sys.argv[1:]]' run/*.json || fail "no JSON"
fi

# ---- config.yaml and /config: every key but those whose default the data decide, and the same run again
expect 0 0 options
sed -E '/^X."(data|eval).*TREE, ""/d' "$CAIRN_SOURCE/src/config/options.def" | grep -o '^X("[a-z_.]*"' | cut -d'"' -f2 >keys
while read -r key; do
    grep -Eq "^ *$key +" out || fail "cairn options does not tell of $key"
    grep -Eq "^ *${key##*.}:" run/config.yaml || fail "config.yaml has no $key"
done <keys
expect 0 0 options pos_weight
same "keys of a loss" "$(sed -E 's/[:-] .*//; s/ +//g' out)" $'binary_cross_entropy\npos_weight'
expect 0 0 options cosine
grep -q '^ *schedule.decay ' out && ! grep -q '^ *optim.lr ' out || fail "cairn options cosine says: $(cat out)"
expect 0 0 options nn.LeakyReLU
same "a name of PyTorch" "$(sed -E 's/[:-] .*//; s/ +//g; s/[0-9].*//' out)" \
    $'LeakyReLUofPyTorch;LeakyReLUofKeras->layerleaky_relu\nleaky_relu\nslope'
expect_line 2 0 "has 'learning_rate'; Cairn calls this optim.lr" options learning_rate
expect_line 2 0 'there is no option --lr; Cairn calls this optim.lr, .*optim.lr=0.1$' train run.yaml --lr 0.1
expect 0 0 train -h
cp out help
expect 0 0 help train
cmp -s out help || fail "cairn help train is not cairn train -h"
expect 0 0 --version
cp out version
expect 0 0 version
cmp -s out version || fail "cairn version is not cairn --version"

# ---- on a terminal two lines for people, elsewhere JSON, below mpirun too
expect 0 2 train run.yaml --out people train.epochs=none train.updates=3
same "JSON" "$(head -c 1 out)" "{"
if command -v script >/dev/null; then
    for launcher in "" "'$CAIRN_MPIEXEC' -n 2"; do
        script -qec "$launcher '$cairn' train run.yaml --out people --overwrite train.epochs=none train.updates=3" /dev/null >out 2>err </dev/null ||
            fail "no run on a terminal: $(cat out)"
        grep -Eq '^done: 3 updates, .* s.*; (test|training) loss ' out && grep -q '^people: summary.json' out || fail "on a terminal: $(cat out)"
        ! grep -q weights_hash out || fail "JSON on a terminal"
    done
fi

expect 0 1 train run/config.yaml --out again
same "weights of config.yaml" "$(weights_of again)" "$(weights_of run)"
cmp -s again/config.yaml run/config.yaml || fail "config.yaml is not read back as it was written"
expect 0 0 info $last
same "/config" "$(sed '1,/run file:/d; s/^    //' out)" "$(cat run/config.yaml)"

# ---- the checkpoint
h5dump -q creation_order -pH $last >layout
arrays()
{
    h5dump -q creation_order -H -g "$1" $last | sed -n 's/.*DATASET "\(.*\)".*/\1/p'
}
same "groups in their order" "$(sed -nE 's/^   (GROUP|DATASET) "(.*)".*/\2/p' layout | tr '\n' ' ')" \
    "weights optimizer progress config "
same "weights in their order" "$(arrays /weights | tr '\n' ' ')" "1.weight 1.bias head.weight head.bias "
same "optimizer" "$(arrays /optimizer/momentum_buffer | tr '\n' ' ')" "1.weight 1.bias head.weight head.bias "
for array in 'weights/1.weight:( 12, 64 )' 'weights/1.bias:( 12 )' 'weights/head.weight:( 10, 12 )' 'weights/head.bias:( 10 )'; do
    h5dump -H -d "/${array%:*}" $last | grep -Fq "SIMPLE { ${array#*:} / " || fail "shape of ${array%:*}"
    h5dump -H -d "/${array%:*}" $last | grep -q H5T_IEEE_F32LE || fail "type of ${array%:*}"
done
n=$(grep -c 'DATASET "' layout)
same "chunked arrays" "$(grep -c 'CHUNKED (' layout)" "$n"
same "arrays with Fletcher-32" "$(grep -c 'CHECKSUM FLETCHER32' layout)" "$n"
for name in update epoch position seed samples; do grep -q "DATASET \"$name\"" layout || fail "no /progress/$name"; done
for name in format format_version written_by mpi_version blas_version hdf5_version; do
    grep -q "ATTRIBUTE \"$name\"" layout || fail "the checkpoint has no attribute $name"
done
h5dump -a /format $last | grep -q '"cairn-checkpoint' || fail "format of the checkpoint"
progress() { h5dump -d "/progress/$1" $last | sed -n 's/^ *(0): //p'; }
same "progress" "$(progress update) $(progress epoch) $(progress position) $(progress seed)" "30 2 0 1"
for array in $(arrays /weights); do
    h5dump -d "/weights/$array" -b LE -o array.bin $last >/dev/null
    cat array.bin >>weights.bin
done
same "weights_hash worked from the checkpoint" "$(xxh64 weights.bin)" "$(weights_of run)"
expect 0 1 train run.yaml --out adam optim.name=adam optim.momentum=0 optim.lr=0.01 train.epochs=1
same "Adam's slots" "$(h5dump -n adam/checkpoints/latest.h5 | grep -oE '/optimizer/[a-z_]+$' | tr '\n' ' ')" \
    "/optimizer/exp_avg /optimizer/exp_avg_sq "

# ---- a moving average of the weights is one more group
expect 0 1 train run.yaml --out ema train.ema=0.9 train.epochs=1
same "groups with an average" "$(h5dump -q creation_order -n ema/checkpoints/latest.h5 | grep -oE '^ group +/[a-z]+$' |
    tr -s ' ' | tr -d '\n')" " group /weights group /ema group /optimizer group /progress"
same "keys of its summary" "$(grep -oE '"[a-z_]*eval_[a-z]*"' out | tr '\n' ' ')" \
    '"eval_loss" "eval_accuracy" "ema_eval_loss" "ema_eval_accuracy" '

# ---- eval, predict, verify
loss=$(json run/summary.json eval_loss)
accuracy=$(json run/summary.json eval_accuracy)
for ranks in 1 3; do
    expect 0 $ranks eval $last
    holds "loss of eval on $ranks ranks" "($(json out loss) - $loss)^2 < (1e-8 * $loss)^2"
    holds "accuracy of eval on $ranks ranks" "($(json out accuracy) - $accuracy)^2 < 1e-16"
    expect 0 $ranks eval $last --split train --data "$digits"
    same "samples of train" "$(json out samples)" 1437
    expect 0 $ranks predict $last --data "$digits" -o predicted.$ranks.h5
    expect 0 $ranks verify run.yaml
    same "splits on $ranks ranks" "$(grep -c ' ok$' out)" $((ranks + 3))
    expect 0 $ranks verify run.yaml train.reproducible=false
done
cmp -s predicted.1.h5 predicted.3.h5 || fail "predict depends on the ranks"
values() { h5dump -d "$2" -w 1 "$1" | sed -nE 's/^ *\([0-9]+\): ([0-9]+),?$/\1/p'; }
values predicted.3.h5 /label >label
values "$digits" /test/y >y
same "predictions" "$(wc -l <label) $(wc -l <y)" "360 360"
right=$(paste label y | awk '$1 == $2 { n++ } END { print n / NR }')
holds "accuracy of the predictions" "($right - $accuracy)^2 < 1e-10"

# ---- the rest of the command line
expect 0 0 info $last
for words in 'written_by: cairn' 'update: 30' '1.weight \[12, 64\] float32' 'momentum_buffer' 'units: 12'; do
    grep -q "$words" out || fail "cairn info of a checkpoint does not say $words"
done
expect 0 0 info "$digits"
for words in 'train: 1437 samples' 'test: 360 samples' '10 classes' 'CC-BY' 'scale 0.0625'; do
    grep -q "$words" out || fail "cairn info of a dataset does not say $words"
done
expect 0 0 --version
for words in '^cairn [0-9]+\.[0-9]+' '^MPI ' '^BLAS ' '^HDF5 '; do
    grep -Eq "$words" out || fail "cairn --version does not say $words"
done
expect 0 0 -h
for command in $(sed -nE 's/^  ([a-z]+)  .*/\1/p' out) train; do
    expect 0 0 "$command" -h
    grep -q "^usage: .*cairn $command" out || fail "cairn $command -h has no usage"
    [ ! -s err ] || fail "cairn $command -h says something on stderr"
done
expect 0 3 train run.yaml --check --out checked
[ ! -e checked ] || fail "--check made a folder"
expect 2 0 train run.yaml --check optim.lr=fast
expect 0 2 train run.yaml --out quiet -q
[ ! -s err ] || fail "-q is not quiet"
cmp -s out quiet/summary.json || fail "-q hides the summary"
expect 0 1 train run.yaml --out single batch.global=32 train.updates=2 train.epochs=none
same "noise scale of a single micro-batch, which tells nothing" "$(numbers_of single noise_scale)" 0
expect 0 1 train run.yaml --out unknown train.noise=off train.updates=2 train.epochs=none
same "noise scale with train.noise=off" "$(numbers_of unknown noise_scale)" 0
expect 0 1 train run.yaml --out half train.noise=rank train.updates=2 train.epochs=none
same "noise scale from half of one rank" "$(numbers_of half noise_scale)" 2
expect 0 2 train run.yaml --out loud -v
grep -q 'noise scale from micro-batches' err || fail "-v does not say what the noise scale is made from"
! grep -q "$(printf '[\033\r]')" err || fail "colours or a bar in a file"
mkdir elsewhere
(cd elsewhere && expect 0 1 train ../run.yaml && test -e runs/run/summary.json) || fail "the default folder is not runs/run"
