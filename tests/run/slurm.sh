# SPDX-License-Identifier: BSD-3-Clause
# Under real Slurm, on two hosts in namespaces: launch/slurm/train.sbatch is stopped in mid-run, queued again, resumes and
# ends with the bits of a run that was never stopped.  Once with srun, once with mpirun.
. "${BASH_SOURCE%/*}/../support/run.sh"

[ "$(id -u)" = 0 ] || skip "the lab of hosts in namespaces wants root"
needs sbatch slurmctld slurmd munged ip nsenter
unshare --net --pid --mount --uts --ipc --fork true 2>/dev/null || skip "this machine does not let root make namespaces"

export LAB=$work/lab
lab=$CAIRN_SOURCE/launch/lab
at_end+=(lab_down)
lab_down() { "$lab/lab.sh" down 2>/dev/null || true; }
on_head() { "$lab/lab.sh" on head ". $LAB/slurm.env; $*"; }

"$lab/lab.sh" up 2 >out 2>err || fail "the lab does not come up"
"$lab/slurm-up.sh" >out 2>err || fail "Slurm does not come up"

keys=(train.reproducible=true train.epochs=600 train.evaluate_every=none checkpoint.every_updates=500)
expect 0 2 train "$recipes/digits.yaml" "${keys[@]}" --out whole

state() { on_head scontrol show job "$job" | sed -n 's/.*JobState=\([A-Z]*\).*/\1/p'; }
over() { [[ $(state) =~ COMPLETED|FAILED|CANCELLED|TIMEOUT ]]; }

for launcher in srun mpirun; do
    job=$(on_head "CAIRN=$cairn CAIRN_LAUNCHER=$launcher" \
        sbatch --parsable --nodes=2 --time=5 "--output=$work/$launcher.log" "$CAIRN_SOURCE/launch/slurm/train.sbatch" \
        "$recipes/digits.yaml" "${keys[@]}" --out "$launcher" --overwrite) || fail "sbatch"
    until_true 30 test -e "$launcher/checkpoints/latest.h5"
    on_head scancel --batch -s USR1 "$job"
    until_true 60 over
    cp "$launcher.log" err
    same "state of the job with $launcher" "$(state)" COMPLETED
    grep -q "saved and is queued again" err || fail "the job with $launcher was not stopped"
    grep -q "goes on from" err || fail "the job with $launcher began afresh"
    grep -q "restart 1" err || fail "the job with $launcher did not start again"
    same "status with $launcher" "$(json "$launcher/summary.json" status)" done
    same "weights with $launcher" "$(weights_of "$launcher")" "$(weights_of whole)"
done
