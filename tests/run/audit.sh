# SPDX-License-Identifier: BSD-3-Clause
# cairn audit: what lies between two checkpoints is trained again, on any number of ranks, and is what was recorded, or is found
# not to be.  The run folder stays as it is.
. "${BASH_SOURCE%/*}/../support/run.sh"
export TMPDIR=$work/scratch
mkdir scratch

"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:30x4:rising /train/y=int32:30 /val/x=float32:9x4 /val/y=int32:9 \
    /test/x=float32:9x4 /test/y=int32:9 /train/x@scale=0.01
printf '%s\n' "data: {file: data.h5}" "model: [{type: dense, units: 8}, {type: batchnorm}, {type: dropout, p: 0.2}," \
    "  {type: relu}, {type: dense, units: 3}]" "optim: {name: adam, lr: 0.01}" "schedule: {decay: cosine, warmup_updates: 3}" \
    "batch: {global: 7, micro: 2}" "train: {updates: 11, reproducible: true, ema: 0.9}" \
    "checkpoint: {every_updates: 4, keep: 0}" >run.yaml

contents() { (cd "$1" && find . -type f -exec md5sum {} + | sort); }

# audited CODE RANKS DIR LINES ARGUMENTS...: the code, and for each span FROM,TO,VERDICT,FIRST_UPDATE,WHAT; nothing is changed
# and nothing is left behind.
audited()
{
    local before
    before=$(contents "$3")
    expect "$1" "$2" audit "$3" "${@:5}"
    same "spans of $3 on $2 ranks" "$(tail -n +2 out | cut -d, -f1,2,6-)" "$4"
    same "header" "$(head -n 1 out)" "from,to,recorded,replayed,difference,verdict,first_update,what"
    [ "$before" = "$(contents "$3")" ] || fail "audit changed $3"
    nothing_left
}
nothing_left() { ! ls -d scratch/cairn-* 2>/dev/null || fail "audit left something"; }

expect 0 2 train run.yaml --out run
all=$'4,8,equal,,\n8,11,equal,,'
for ranks in 0 1 3; do audited 0 $ranks run "$all"; done
same "the hash of the last" "$(tail -n 1 out | cut -d, -f3,4,5)" "$(weights_of run),$(weights_of run),0"
audited 0 0 run $'0,4,equal,,\n'"$all" --updates 0:11
audited 0 0 run '8,11,equal,,' --updates 5:20
audited 0 0 run '0,4,equal,,' --updates 0:7

# From the initial weights where one checkpoint is all there is.
expect 0 0 train run.yaml --out one checkpoint.keep=1
audited 0 3 one '0,11,equal,,'

# The lines before another run's checkpoint are in the folder of that one; those after it are all there.
expect 0 0 train run.yaml --out stem schedule.decay=constant train.updates=8 checkpoint.keep=1
expect 0 0 train run.yaml --out branch --resume stem/checkpoints/latest.h5 schedule.decay=constant checkpoint.keep=1
audited 0 2 branch '0,11,equal,,'
sed -i '/^10,/d' branch/metrics.csv
audited 3 0 branch '0,11,differs,10,metrics'

# Stopped and gone on with, longer than it was to be at first; the rate follows evaluations; other precision; other orders.
expect 0 0 train run.yaml --out longer train.updates=8
expect 0 2 train run.yaml --out longer train.updates=16
audited 0 0 longer $'4,8,equal,,\n8,12,equal,,\n12,16,equal,,'
expect 0 0 train run.yaml --out plateau schedule.decay=plateau schedule.plateau_patience=0 schedule.plateau_factor=0.5 \
    train.evaluate_every=2 train.updates=16
[ "$(column plateau/metrics.csv lr | sort -u | wc -l)" -gt 4 ] || fail "the rate never fell"
audited 0 3 plateau $'4,8,equal,,\n8,12,equal,,\n12,16,equal,,'
expect 0 0 train run.yaml --out double train.precision=float64 data.shuffle=blocks data.shuffle_window=8 batch.tail=carry \
    data.in_memory=false train.stop='eval_loss < 100' train.evaluate_every=9
audited 0 2 double $'4,8,equal,,\n8,9,equal,,'

# An order that was chosen at the first start, and would be another one now.
"$CAIRN_BUILD/tests/run_make_data" chunks.h5 /train/x=float32:30x4:rising /train/y=int32:30 /train/x@scale=0.01
if command -v h5repack >/dev/null; then h5repack -l /train/x:CHUNK=5x4 chunks.h5 packed.h5; else cp data.h5 packed.h5; fi
chosen=(--out chosen data.file=packed.h5 data.shuffle=auto checkpoint.keep=1)
expect 0 0 train run.yaml "${chosen[@]}" data.in_memory=false train.updates=4
expect 0 0 train run.yaml "${chosen[@]}" data.in_memory=true
audited 0 3 chosen '0,11,equal,,'

# Samples that were left out: the file has to name them still, as far as they were used.
printf '%s\n' 4 17 >left.txt
expect 0 0 train run.yaml --out left data.exclude=left.txt 'model=[{type: dense, units: 3}]'
audited 0 2 left "$all"
audited 0 0 left '0,4,equal,,' --updates 0:4
echo 5 >>left.txt
for updates in 0:11 4:11; do
    for ranks in 0 3; do
        expect_line 3 $ranks 'update-00000[0-9]*.h5 left out other samples than data.exclude .*left.txt names now' \
            audit left --updates $updates
    done
done
rm left.txt
expect_line 3 3 'data.exclude .*left.txt: there is no such file' audit left

# What was not made as it says.
copy() { rm -rf other && cp -r "${1:-run}" other; }
copy
sed -i '7s/^\(6,[^,]*,[^,]*,[^,]*,[^,]*,[0-9.]*\)/\19/' other/metrics.csv
audited 3 0 other $'4,8,differs,6,metrics\n8,11,equal,,'
grep -Eq '^cairn: other: 1 of 2 spans give other results than were recorded$' err || fail "no line of it"
copy
sed -i 10d other/metrics.csv
audited 3 0 other '8,11,differs,9,metrics' --updates 8:11
copy
sed -i '$d' other/metrics.csv
audited 3 0 other '8,11,differs,11,metrics' --updates 8:11
CAIRN_FAULT=data.row#38 expect 0 0 train run.yaml --out wrong # a wrong sample in update 7
audited 3 0 wrong $'4,8,differs,7,weights buffers ema optimizer metrics\n8,11,equal,,'
copy
cp wrong/checkpoints/update-00000008.h5 other/checkpoints/
audited 3 2 other $'4,8,differs,,weights buffers ema optimizer\n8,11,differs,9,weights buffers ema optimizer metrics'
expect 0 0 train run.yaml --out rate optim.lr=0.011
cp rate/checkpoints/update-00000008.h5 other/checkpoints/
expect_line 3 3 'update-00000008.h5 is of another run than .*update-00000004.h5: .*optim.lr \(0.011, was 0.01\)' audit other

# Bits that are not promised.
expect 0 2 train run.yaml --out plain train.reproducible=false
expect_line 2 3 'plain was trained without train.reproducible' audit plain
expect 0 3 audit plain --tolerance 1e-3
same "spans" "$(tail -n +2 out | cut -d, -f1,2,6 | sed 's/equal/close/')" $'4,8,close\n8,11,close'
copy plain
CAIRN_FAULT=data.row#38 expect 0 0 train run.yaml --out wrong.plain train.reproducible=false
cp wrong.plain/checkpoints/update-00000008.h5 other/checkpoints/
expect_line 3 0 'other: 2 of 2 spans give other' audit other --tolerance 1e-6

# Another program: its bits may be the same, and where they are not that is said.
commit=$("$cairn" --version | sed -n '1s/.*(\(.*\)).*/\1/p')
sed "s/$commit/${commit//?/x}/g" "$cairn" >strange
chmod +x strange
program=$cairn
cairn=$work/strange
expect 0 0 train run.yaml --out strange.run
cairn=$program
audited 0 0 strange.run "$all"
copy strange.run
cp wrong/checkpoints/update-00000008.h5 other/checkpoints/
expect_line 3 0 "1 of 1 spans .*, which may be rounding: they were made with .*xxx.*, this is .*$commit" audit other --updates 8:11

# A run at work.
start 0 train run.yaml --out live train.updates=1000000 checkpoint.every_updates=0 checkpoint.milestones='[2, 5]'
live=$pid
pid=
timeout 60 bash -c 'until [ -e live/checkpoints/update-00000005.h5 ]; do sleep 0.1; done'
expect 0 0 audit live --updates 0:5
same "a run at work" "$(tail -n +2 out | cut -d, -f1,2,6-)" $'0,2,equal,,\n2,5,equal,,'
kill -TERM "$live"
wait "$live" || true

# Bad inputs, on 1 and on 3 ranks.
expect 0 0 train run.yaml --out begun --init run/checkpoints/latest.h5 checkpoint.keep=1
expect 0 0 train run.yaml --out second --resume begun/checkpoints/latest.h5 checkpoint.keep=1 train.updates=15
expect 0 0 train run.yaml --out third --resume second/checkpoints/latest.h5 checkpoint.keep=1 train.updates=19
expect 0 0 train run.yaml --out late --resume one/checkpoints/latest.h5 checkpoint.keep=1 train.updates=15
expect 0 0 train run.yaml --out orphan --resume late/checkpoints/latest.h5 checkpoint.keep=1 train.updates=19
expect 0 0 train run.yaml --out orphan checkpoint.keep=1 train.updates=23
rm late/provenance.json
mkdir none
cp run/config.yaml none/
copy
truncate -s 4000 other/checkpoints/update-00000008.h5
expect_line 2 0 'which run folder' audit
for updates in 8:4 4:4 4 x:y 4:8:9 -1:4; do expect_line 2 0 "wants two numbers that rise" audit run "--updates=$updates"; done
for ranks in 0 3; do
    expect_line 2 $ranks 'nowhere is no run folder' audit nowhere
    expect_line 2 $ranks 'keeps no two checkpoints there' audit run --updates 5:9
    expect_line 2 $ranks 'began with weights that were made elsewhere' audit begun
    expect_line 2 $ranks 'begun/.*began with weights that were made elsewhere' audit third
    expect_line 2 $ranks 'late/.*provenance.json does not say how .* went on: orphan, so' audit orphan
    expect_line 3 $ranks 'there is no checkpoint to compare with' audit none
    expect_line 3 $ranks 'update-00000008.h5' audit other
done
nothing_left
"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:30x4 /train/y=int32:30
expect_line 3 2 'other data' audit run
expect_line 3 2 'other data' audit one
rm data.h5
expect_line 3 2 'data.h5' audit run
