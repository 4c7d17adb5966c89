# SPDX-License-Identifier: BSD-3-Clause
# Everything that a user can get wrong: one line that says what and where, the right exit code, on 1 and 3 ranks, and
# nothing half-written.  Faults of the machine: faults.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"

# data FILE [ARRAY=...] [ATTRIBUTE=...]...: a dataset of 30 samples of 4 numbers in 3 classes, with these arrays in place
# of its own; none leaves one out
data()
{
    local file=$1 array what=()
    shift
    for array in /train/x=float32:30x4 /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9; do
        [[ " $* " = *" ${array%%=*}="* ]] || what+=("$array")
    done
    for array; do
        [[ $array = *=none ]] || what+=("$array")
    done
    "$CAIRN_BUILD/tests/run_make_data" "$file" "${what[@]}"
}

# wrong CODE PATTERN ARGUMENTS...: on 1 rank and on 3
wrong()
{
    beside one_line 0 "$@"
    beside one_line 3 "$@"
}

# one_line RANKS CODE PATTERN ARGUMENTS...: and no file that is not whole
one_line()
{
    expect_line "$2" "$1" "$3" "${@:4}"
    if [ -n "$(find . -name '*.tmp' -o -name lock -o -name summary.json)" ]; then
        fail "cairn ${*:4} on $1 ranks left $(find . -type f)"
    fi
    # what is wrong for all is no rank's own
    if [ "$2" = 2 ] && grep -q '(rank [0-9]* of' err; then fail "cairn ${*:4} names a rank"; fi
}

# bad CODE PATTERN KEY=VALUE...: a training that is wrong there
bad()
{
    wrong "$1" "$2" train run.yaml --out result "${@:3}"
}

# here LINE...: the run file with these lines in place of those of the same section
here()
{
    local line
    for line in "data: {file: good.h5}" "model: [{type: dense, units: 3}]" "batch: {global: 6, micro: 2}"; do
        case "$*" in
        *"${line%%:*}:"*) ;;
        *) echo "$line" ;;
        esac
    done
    [ $# = 0 ] || printf '%s\n' "$@"
}

data good.h5
here >run.yaml

# The command line
wrong 2 'no command .trian.; did you mean .train.' trian run.yaml
wrong 2 'which run file' train
wrong 2 'nothere.yaml: .*No such file' train nothere.yaml
wrong 2 'no option --overwrit; did you mean --overwrite' train run.yaml --overwrit
wrong 2 '--out needs a value' train run.yaml --out
wrong 2 '--resume needs a value' train run.yaml --resume=
wrong 2 '--check takes no value' train run.yaml --check=1
wrong 2 'extra is neither an option nor a key=value' train run.yaml extra
wrong 2 'which checkpoint' eval
wrong 3 'nothere.h5: No such file' eval nothere.h5
wrong 3 'good.h5: is not a Cairn checkpoint' predict good.h5 --data good.h5 -o p.h5

# The run file: line and column, or the command line
bad 2 "command line: unknown key 'batch.globl'; did you mean 'batch.global'" batch.globl=6
bad 2 "'gradient_accumulation_steps'; Cairn calls this batch.accumulate" gradient_accumulation_steps=4
bad 2 'optim.lr is fast, but takes a number' optim.lr=fast
bad 2 '= (14|42), but batch.global is 6' batch.accumulate=7
bad 2 '1000000000 x batch.accumulate 1000000000 x [13] ranks is too large' batch.global=none batch.micro=1000000000 batch.accumulate=1000000000
bad 2 'batch.tail drop leaves nothing: batch.global is 64 for 30' batch.tail=drop batch.global=64
bad 2 'reproducible needs batch.global and batch.micro as numbers' train.reproducible=true batch.global=none batch.accumulate=2
bad 2 'optim.momentum is not used by optim.name: adam' optim.name=adam optim.momentum=0.9
bad 2 "no optimizer 'AdamW'; did you mean 'adamw'" optim.name=AdamW
residual="{type: residual, body: [{type: residual, body: [LAYER]}]}"
bad 2 "^cairn: command line: layer 0\.body\.0\.body\.0: there is no layer type 'dens'; did" "model=[${residual/LAYER/{type: dens\}}]"
bad 2 "^cairn: command line: layer 0\.body\.0\.body\.0 \(dense\) has no key 'unit'" "model=[${residual/LAYER/{type: dense, unit: 4\}}]"
bad 2 '^cairn: command line: layer 0\.body\.0\.body is a list of layers' "model=[${residual/LAYER/}]"
bad 2 '^cairn: command line: layer 0\.body\.0 \(residual\): the input \[4\] cannot be added' "model=[${residual/LAYER/{type: dense, units: 5\}}]"
bad 2 ': 4097 layers in one list; at most 4096' "model=[$(seq 4097 | sed 's,.*,{type: relu},' | paste -sd, -)]"
bad 2 'a map of more than 1000 keys' "loss={$(seq -s, -f 'k%g: 1' 1002)}"
big='{type: dense, units: 1000000000}'
bad 2 'memory for activations and weights: [0-9]+ bytes are not available' "model=[$big, $big, {type: dense, units: 3}]"
bad 2 'loss squared_error needs real targets, but the data has classes' loss=squared_error
bad 2 'train.epochs or train.updates, not both' train.epochs=1 train.updates=1

# Rules for changing the batch
bad 2 'command line: optim.scaling needs optim.base_batch' optim.scaling=linear
bad 2 'command line: optim.base_batch does nothing by itself; set optim.scaling' optim.base_batch=2
bad 2 'normalize: sum the gradient grows with the batch already' optim.base_batch=2 optim.scaling=sqrt batch.normalize=sum
bad 2 'scaling: adam is for optimizers with beta1 and beta2, and sgd has none' optim.base_batch=2 optim.scaling=adam
adam=(optim.name=adam optim.scaling=adam batch.global=20)
bad 2 'adam: k \(1 - beta1\) = 10 x \(1 - 0\.9\) = 1 is not below 1.* batch.global below base_batch 2 / \(1 - beta1\) = 20' "${adam[@]}" optim.base_batch=2
bad 2 'adam: k \(1 - beta2\) = 4 x \(1 - 0\.5\) = 2 is not below 1' "${adam[@]}" optim.base_batch=5 optim.beta2=0.5
bad 2 'scaling: adam needs one global batch.*with batch.ramp use sqrt or linear' "${adam[@]}" optim.base_batch=20 'batch.ramp=[[0,4]]'
bad 2 'give schedule.warmup_updates or schedule.warmup_epochs, not both' schedule.warmup_updates=2 schedule.warmup_epochs=0.5
bad 2 'give schedule.step_samples or schedule.step_epochs, not both' schedule.decay=step schedule.step_samples=2 schedule.step_epochs=1
bad 2 'schedule.step_epochs is for schedule.decay: step' schedule.step_epochs=1
bad 2 'for samples give schedule.step_samples or schedule.step_epochs' schedule.decay=step schedule.decay_by=samples schedule.step_updates=3
bad 2 'give schedule.fall_updates or schedule.fall_samples, not both' schedule.decay=wsd schedule.fall_updates=2 schedule.fall_samples=9
bad 2 'schedule.fall_updates is for schedule.decay: wsd' schedule.fall_updates=1
bad 2 'wsd falls at the end of the run: say how long, by schedule.fall_updates' schedule.decay=wsd
miles='schedule.decay=milestones'
bad 2 'decay: milestones needs schedule.milestones, pairs \[epoch, factor\]' $miles
bad 2 'schedule.milestones is for schedule.decay: milestones' 'schedule.milestones=[[1,0.1]]'
bad 2 'schedule.milestones entry 1 is not a pair \[epoch, factor\]' $miles 'schedule.milestones=[[1,0.1],2]'
bad 2 'schedule.milestones entry 1 at 1 does not come after' $miles 'schedule.milestones=[[1,0.1],[1,0.2]]'
bad 2 'entry 0 is at 0.5, but updates and samples are whole' $miles schedule.milestones_by=samples 'schedule.milestones=[[0.5,1]]'
bad 2 'warmup_epochs is -1, but must be at least 0' schedule.warmup_epochs=-1
bad 2 "unknown key 'rampup_batch_size'; Cairn calls this batch.ramp" rampup_batch_size=4
bad 2 'batch.ramp is 4, but takes one of: list none' batch.ramp=4
bad 2 'batch.ramp has 0 entries, but takes 1 to 64' 'batch.ramp=[]'
bad 2 "batch.ramp has 65 entries" "batch.ramp=[$(seq -s, -f '[%g,4]' 65)]"
bad 2 'batch.ramp entry 1 is not a pair \[samples, global batch\]' 'batch.ramp=[[0,4],[3]]'
bad 2 'batch.ramp entry 0 is not a pair' 'batch.ramp=[0,4]'
bad 2 'batch.ramp entry 0: samples must be a whole number' 'batch.ramp=[[[0],4]]'
bad 2 'batch.ramp entry 1.batch is many, but takes a whole number' 'batch.ramp=[[0,4],[8,many]]'
bad 2 'batch.ramp entry 0.batch is 0, but must be at least 1' 'batch.ramp=[[0,0]]'
bad 2 'batch.ramp entry 0.samples is -1, but must be at least 0' 'batch.ramp=[[-1,4]]'
bad 2 'batch.ramp entry 1 begins at 8 samples, the one before at 8; samples must rise' 'batch.ramp=[[8,4],[8,6]]'
bad 2 'leave out batch.accumulate' 'batch.ramp=[[0,4]]' batch.global=none batch.accumulate=2
bad 2 'batch.ramp is rounded to whole micro-batches: give batch.micro' 'batch.ramp=[[0,4]]' batch.micro=auto
bad 2 'batch.ramp_kind needs batch.ramp' batch.ramp_kind=linear
bad 2 'drop leaves nothing: a global batch of batch.ramp is 32 for 30' 'batch.ramp=[[0,4],[9,31]]' batch.tail=drop
bad 2 'give two of batch.global' 'batch.ramp=[[8,4]]' batch.global=none
here 'optim:' '  scaling: linear' >bad.yaml
wrong 2 'bad.yaml:5:3: optim.scaling needs' train bad.yaml

here 'optim: {lr: 0.1,' '        momentm: 0.9}' >bad.yaml
wrong 2 "bad.yaml:5:9: unknown key 'optim.momentm'; did you mean 'optim.momentum'" train bad.yaml
here 'train: {epochs: many}' >bad.yaml
wrong 2 'bad.yaml:4:9: train.epochs is many, but takes a whole number' train bad.yaml
here 'train: {epochs: -1}' >bad.yaml
wrong 2 'bad.yaml:4:9: train.epochs is -1, but must be at least 0' train bad.yaml
here 'model: [{type: dense, unitz: 3}]' >bad.yaml
wrong 2 "bad.yaml:3:23: layer 0 .dense. has no key 'unitz'; did you mean 'units'" train bad.yaml

# The data
bad 3 'nothere.h5: No such file' data.file=nothere.h5
echo "no data" >text.h5
bad 3 'text.h5: is not an HDF5 file' data.file=text.h5
head -c $(($(stat -c %s good.h5) / 2)) good.h5 >short.h5
bad 3 'short.h5: is damaged or not complete' data.file=short.h5
data bad.h5 /train/y=int32:29
bad 3 '/train/y has the shape \[29\], but there are 30 samples' data.file=bad.h5
data bad.h5 /train/y=int32:30:7
bad 3 '/train/y row 0: the label 7 is outside the classes 0 to 2' data.file=bad.h5
data bad.h5 /test/y=int32:9:-1
bad 3 '/test/y row 0: the label -1 is not a class' data.file=bad.h5
data bad.h5 /train/x=float32:30x4:nan
bad 3 '/train/x row 0: number 0 is not finite' data.file=bad.h5
bad 3 '/train/x row [0-9]+: number 0 is not finite' data.file=bad.h5 data.in_memory=false
data bad.h5 /train/y=float32:30:nan /test/y=float32:9
bad 3 '/train/y row 0: number 0 is not finite' data.file=bad.h5 model.0.units=1
data bad.h5 /train/x=text:30
bad 3 '/train/x holds texts; store numbers' data.file=bad.h5
data bad.h5 /train/x=float32:0x4 /train/y=int32:0
bad 3 '/train/x holds no samples' data.file=bad.h5
data bad.h5 /test/x=float32:9x5
bad 3 '/test/x is \[5\], one of another group \[4\]' data.file=bad.h5
data bad.h5 /train/x@scale=1,2,3
bad 3 "'scale' of /train/x has 3 numbers for 4" data.file=bad.h5
data bad.h5 /train/x=none /train/y=none
bad 3 'has no group train' data.file=bad.h5
data bad.h5 /train/y=none
bad 3 '/train/y' data.file=bad.h5
bad 2 'dense.*flatten' data.file="$datasets/digits.h5" model.0.units=10

# Numbers.  That update 1 was done is seen; there is no checkpoint, since none was due.
bad 4 'training, epoch [0-9]+ update [0-9]+: .*optim.lr' optim.lr=1e38 train.epochs=50
bad 4 'training, epoch [0-9]+ update [0-9]+: .*optim.lr' optim.lr=1e38 train.epochs=50 train.reproducible=true

all_good
