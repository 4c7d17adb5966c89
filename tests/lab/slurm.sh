# SPDX-License-Identifier: BSD-3-Clause
# Under real Slurm, on two hosts in namespaces: launch/slurm/train.sbatch is stopped in mid-run, queued again, resumes and
# ends with the bits of a run that was never stopped.  Once with srun, once with mpirun.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs slurm
lab_up 2
lab_slurm_up

keys=(train.reproducible=true train.epochs=600 train.evaluate_every=none checkpoint.every_updates=500)
expect 0 2 train "$recipes/digits.yaml" "${keys[@]}" --out whole

for launcher in srun mpirun; do
    job=$(submit --nodes=2 --time=5 "--output=$work/$launcher.log" "--export=ALL,CAIRN=$cairn,CAIRN_LAUNCHER=$launcher" \
        "$CAIRN_SOURCE/launch/slurm/train.sbatch" "$recipes/digits.yaml" "${keys[@]}" --out "$launcher" --overwrite)
    until_true 30 test -e "$launcher/checkpoints/latest.h5"
    on head scancel --batch -s USR1 "$job"
    until_true 60 job_over "$job"
    cp "$launcher.log" err
    same "state of the job with $launcher" "$(job_state "$job")" COMPLETED
    grep -q "saved and is queued again" err || fail "the job with $launcher was not stopped"
    grep -q "goes on from" err || fail "the job with $launcher began afresh"
    grep -q "restart 1" err || fail "the job with $launcher did not start again"
    same "status with $launcher" "$(json "$launcher/summary.json" status)" done
    same "weights with $launcher" "$(weights_of "$launcher")" "$(weights_of whole)"
done
