# SPDX-License-Identifier: BSD-3-Clause
# cairn doctor on real launches: singletons are refused for every launcher's variables, masks and quotas are seen, the
# quick part is quick by its own clock and says nothing with -q, --json is JSON.
. "${BASH_SOURCE%/*}/../support/run.sh"

# finding CHECK SEVERITY PATTERN: the last doctor said so, in one line
finding()
{
    grep -E "^$2 +$1 " out | grep -Eq -- "$3" || fail "cairn doctor has no line: $2 $1 $3; it says: $(cat out)"
}

# Without a run file: the launch alone.  Each check has a line.
for ranks in 0 1 3; do
    expect 0 "$ranks" doctor --singleton
    for check in launch cores threads blas nodes clock keepalive ends quick gemm network build; do
        grep -Eq "^(ok|warning) +$check " out || fail "cairn doctor says nothing of $check on $ranks ranks"
    done
    ! grep -Eq '^[a-z]+ +(memory|space|files) ' out || fail "without a run file there is nothing to plan"
    finding quick ok 'take [01]\.[0-9]{3} s at every start' # by its own clock: under 2 s
done
finding launch ok '3 ranks on 1 host'

# With one: memory, disk, and the gradient of this model.
for ranks in 0 3; do
    expect 0 "$ranks" doctor "$recipes/digits.yaml" --out here/run
    for check in share memory space files; do finding "$check" ok .; done
    finding files ok "^ok +files +$PWD: .*fsync \([0-9.]+ ms\)"
done
finding network ok 'for 38.4 kB of gradient'
[ ! -e here ] || fail "cairn doctor made the run folder"
[ -z "$(find . -name '.cairn-doctor*')" ] || fail "cairn doctor left a file behind"
# Memory: what cairn plan says, whose measure of the program differs from one start to the next by a part of a MB.
expect 0 2 doctor "$recipes/digits.yaml"
took_mb=$(sed -n 's/^ok *memory .*rank 0 will take \([0-9.]*\) MB.*/\1/p' out)
expect 0 0 plan "$recipes/digits.yaml" --memory --json --ranks 2
holds "memory by doctor and plan, MB" "(${took_mb:-0} - $(json out rank_0) / 1e6)^2 <= (0.05 * ${took_mb:-0})^2 && ${took_mb:-0} > 0"
cat "$recipes/digits.yaml" >plain.yaml # a run file that can be read once only
expect 0 0 doctor <(cat plain.yaml) data.file="$datasets/digits.h5"
rm plain.yaml

# Fewer micro-batches than ranks: said by all that know how many ranks there will be.
few='2 micro-batches for 3 ranks: 1 rank has no work; batch.micro=22 gives all some'
expect 0 3 doctor "$recipes/digits.yaml" batch.micro=32
finding share warning "$few"
expect 0 3 train "$recipes/digits.yaml" batch.micro=32 --check
same "warnings of --check" "$(grep -c "^cairn: warning: $few\$" err)" 1
expect 0 3 train "$recipes/digits.yaml" batch.micro=32 train.updates=1 train.epochs=none --out few
same "warnings of train" "$(grep -c "^cairn: warning: $few\$" err)" 1
expect 0 0 plan "$recipes/digits.yaml" batch.micro=32 --memory --ranks 1,2,3
same "lines of plan" "$(grep '^share: ' out)" "share: $few"
expect 0 0 slurm "$recipes/digits.yaml" batch.micro=32 --nodes 1 --ranks-per-node 3 --time 9
same "warnings of slurm" "$(cat err)" "cairn: warning: $few"
expect 0 0 slurm "$recipes/digits.yaml" --nodes 2 --ranks-per-node 8 --time 9
same "warnings of slurm" "$(cat err)" ""

large='model=[{type: flatten}, {type: dense, units: 2000000}, {type: dense, units: 200000}]'
expect_line 2 0 'this launch must not run: memory: .* the host has .*sbatch --mem=' doctor "$recipes/digits.yaml" "$large"
finding space error 'checkpoints? and the next one take .* --out on a larger disk'
finding files ok . # the others have their say all the same

# A disk with room for one checkpoint and the next, and with no room for a file.
mkdir small
if mount -t tmpfs -o size=200k none small 2>/dev/null; then
    at_end+=(unmount)
    unmount() { umount "$work/small"; }
    expect 0 0 doctor "$recipes/digits.yaml" --out small/run
    finding space warning "$PWD/small: .* 205 kB are free; checkpoint.keep=1"
    dd if=/dev/zero of=small/rest bs=1k 2>/dev/null || true
    expect_line 2 0 'must not run: space: .*make room' doctor "$recipes/digits.yaml" --out small/run
    finding files error 'No space left'
fi

# Bad run files and data: one line, as train says it.
echo 'optim: {lr: fast}' >bad.yaml
for ranks in 0 3; do
    expect_line 2 "$ranks" 'bad.yaml' doctor bad.yaml
    expect_line 2 "$ranks" 'nowhere.yaml' doctor nowhere.yaml
    expect_line 3 "$ranks" 'nowhere.h5' doctor "$recipes/digits.yaml" data.file=nowhere.h5
    expect_line 2 "$ranks" 'there is no option --jsn; did you mean --json' doctor --jsn
done

# One of several that a launcher has not joined, as each launcher tells it.
for variable in OMPI_COMM_WORLD_SIZE MV2_COMM_WORLD_SIZE MVP_COMM_WORLD_SIZE PMI_SIZE PALS_SIZE PALS_LOCAL_SIZE MPI_LOCALNRANKS \
    MPIRUN_NTASKS JSM_NAMESPACE_SIZE FLUX_JOB_SIZE SLURM_STEP_NUM_TASKS SLURM_NTASKS SLURM_JOB_NUM_NODES PMIX_RANK ALPS_APP_PE PALS_RANKID PMI_RANK; do
    export "$variable=3"
    said=3
    [[ $variable != *RANK* && $variable != ALPS_APP_PE ]] || [ "$variable" = MPI_LOCALNRANKS ] || said=4
    expect_line 2 0 "this launch must not run: launch: .*$variable says $said ranks.*srun --mpi=pmix" doctor
    expect_line 2 0 "$variable says $said ranks.*--singleton" train "$recipes/digits.yaml" --out refused
    expect 0 0 doctor --singleton
    unset "$variable"
done
[ ! -e refused ] || fail "a refused start made its folder"
# A launcher is believed before the job around it: mpirun -n 1 is meant.
SLURM_NTASKS=4 expect 0 1 doctor
SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=1 expect 0 0 doctor
SLURM_JOB_NUM_NODES=2 SLURM_NTASKS=1 expect 0 0 doctor
SLURM_NTASKS=nonsense expect 0 0 doctor

# Masks
if command -v taskset >/dev/null && taskset -c 0 true; then
    on_one() { code=0; MPIEXEC_TIMEOUT=$limit_s ${1:+"$CAIRN_MPIEXEC" -n "$1"} taskset -c 0 "$cairn" "${@:2}" >out 2>err </dev/null || code=$?; }
    on_one '' doctor "$recipes/digits.yaml" train.threads=2
    finding threads warning 'rank 0 \(.*\): 2 threads on 1 CPU; train.threads=1; or mpirun --map-by slot:PE=2'
    if [ "$(cat /sys/devices/system/cpu/online)" != 0 ]; then
        on_one 3 doctor
        finding cores warning 'ranks 0, 1 and 2 share core 0: 3 threads on 1 of .*; mpirun --bind-to core --map-by slot:PE=1'
    fi
    on_one '' train "$recipes/digits.yaml" train.threads=2 train.updates=1 --out masked
    grep -q '^cairn: warning: rank 0 .* 2 threads on 1 CPU; train.threads=1' err || fail "a start says nothing of its threads"
    on_one '' train "$recipes/digits.yaml" train.threads=2 train.updates=1 --out quiet -q
    [ ! -s err ] || fail "-q is not quiet about the launch"
    on_one '' eval masked/checkpoints/latest.h5
    grep -q '^cairn: warning: rank 0 .* 2 threads on 1 CPU' err || fail "eval says nothing of its threads"
fi

# What Slurm grants
SLURM_MEM_PER_NODE=1 run 0 doctor "$recipes/digits.yaml"
same "exit code with one megabyte" "$code" 2
finding memory error 'Slurm grants this host 1.0 MB; sbatch --mem='
SLURM_MEM_PER_CPU=1000 SLURM_CPUS_ON_NODE=2 expect 0 0 doctor "$recipes/digits.yaml"

# JSON
for ranks in 0 3; do
    expect 0 "$ranks" doctor "$recipes/digits.yaml" --json
    if command -v python3 >/dev/null; then
        python3 - <<'PYTHON' || fail "--json is not what it should be"
import json
lines = json.load(open("out"))
assert len(lines) >= 14
for line in lines:
    assert set(line) == {"check", "severity", "where", "message", "fix"}
    assert line["severity"] in ("ok", "warning", "error")
    assert (line["severity"] == "ok") == (line["fix"] == ""), line
PYTHON
    fi
done
