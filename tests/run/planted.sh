# SPDX-License-Identifier: BSD-3-Clause
# Folders where others may write: nothing is for everybody to write, whatever the umask, and a name of ours that was put
# there first, as a link or a pipe, leads to nothing that is read, cut or overwritten.
. "${BASH_SOURCE%/*}/../support/run.sh"

"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:30x4 /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9
printf '%s\n' "data: {file: data.h5, ledger: true}" "model: [{type: dense, units: 3}]" "batch: {global: 6, micro: 2}" \
    "train: {updates: 10}" "checkpoint: {every_updates: 5}" >run.yaml
printf '%s\n' "a,b,c" "1,2,0" "3,4,1" "5,6,0" "7,8,1" >table.csv
seq 500 >words.txt

# Every file and folder of ours, with the umask that forbids nothing; links have no mode.
open_to_nobody()
{
    umask 0
    expect 0 "$1" train run.yaml --out runs/deep
    expect 0 "$1" train run.yaml --out runs/deep train.updates=12
    expect 0 "$1" verify run.yaml
    expect 0 "$1" predict runs/deep/checkpoints/latest.h5 --data data.h5 -o runs/p.h5
    expect 0 0 import csv table.csv -o runs/table.h5
    expect 0 0 import text words.txt --characters -o runs/words.h5
    echo damaged >runs/deep/metrics.csv
    chmod 644 runs/deep/metrics.csv
    expect 0 0 train run.yaml --out runs/deep train.updates=14
    [ -e runs/deep/metrics.csv.damaged ] || fail "what was damaged is not kept"
    if [ -n "$(find runs -perm /o+w ! -type l)" ]; then fail "for everybody to write: $(find runs -perm /o+w ! -type l)"; fi
    same "files of others" "$(find . -newer run.yaml -perm /o+w ! -type l ! -path . ! -name err ! -name out)" ""
}

# victim: files that must stay as they are
victim()
{
    mkdir precious
    echo "do not touch" | tee precious/text >precious/other
    cp data.h5 precious/update-00000001.h5
    : >precious/.p.h5.0123456789abcdef.tmp
    chmod -R a-w precious
    before=$(of_victim)
}
of_victim()
{
    find precious -type f -exec sha256sum {} + | sort
}
untouched()
{
    same "what a planted $1 leads to" "$(of_victim)" "$before"
}

# All names of a run folder, as a link, as a second name, as a pipe: replaced where a file is made anew and gets its name
# by rename, refused with one line where it is written in place.
links()
{
    local name kind kinds=("ln -s $PWD/precious/text")
    victim
    [ "$1" != 0 ] || kinds+=("ln -s $PWD/precious/nothing" "ln $PWD/precious/text" mkfifo)
    for kind in "${kinds[@]}"; do
        for name in metrics.csv eval.csv gradflow.csv accumulation.csv ledger.csv lock config.yaml provenance.json summary.json ranks.csv; do
            rm -rf result
            mkdir result
            $kind result/$name
            case $name:$kind in
            config.yaml:mkfifo) expect_line 6 "$1" "$name: is not a plain file" train run.yaml --out result ;;
            config.yaml:* | summary.json:ln* | ranks.csv:ln*) expect 0 "$1" train run.yaml --out result -q ;;
            *:ln\ -s*) expect_line 6 "$1" "$name: is a symbolic link, which is not followed" train run.yaml --out result ;;
            *) expect_line 6 "$1" "$name: (is not a plain file|cannot be opened)" train run.yaml --out result ;;
            esac
            untouched "$name ($kind)"
            [ ! -e precious/nothing ] || fail "$name was made where a link led"
            if [ "$code" = 0 ] && [ "$(stat -c %F:%h result/$name)" != "regular file:1" ]; then
                fail "$name is not a file of its own"
            fi
        done
    done
}

# Checkpoints, outputs, and what an older writer could have left: replaced or removed by name, never followed.
outputs()
{
    local precious=$PWD/precious
    victim
    mkdir -p result/checkpoints
    ln -s "$precious/text" result/checkpoints/latest.h5
    ln -s "$precious/text" result/checkpoints/update-00000005.h5
    ln "$precious/other" result/checkpoints/.update-00000005.h5.0123456789abcdef.tmp
    ln -s "$precious/text" result/.config.yaml.0123456789abcdef.tmp
    ln -s "$precious/text" result/metrics.csv.damaged
    expect 0 "$1" train run.yaml --out result --overwrite
    untouched "checkpoint"
    same "latest.h5" "$(readlink result/checkpoints/latest.h5)" update-00000010.h5
    [ ! -L result/checkpoints/update-00000005.h5 ] || fail "a link stands for a checkpoint"
    if [ -n "$(find result -name '*.tmp')" ]; then fail "unfinished files stay"; fi
    ln -s "$precious/text" p.h5
    expect 0 "$1" predict result/checkpoints/latest.h5 --data data.h5 -o p.h5
    ln -s "$precious/text" t.h5
    expect_line 2 0 't.h5: is already there; --overwrite' import csv table.csv -o t.h5
    expect 0 0 import csv table.csv -o t.h5 --overwrite
    ln -s "$precious/nothing" u.h5
    expect 0 0 import csv table.csv -o u.h5
    untouched "output"
    if [ -L p.h5 ] || [ -L t.h5 ] || [ -L u.h5 ] || [ -e precious/nothing ]; then fail "an output went through a link"; fi
}

# A folder of checkpoints that is a link: one's own leads to another disk, another user's to a trap.
folder()
{
    victim
    mkdir result elsewhere
    ln -s "$PWD/elsewhere" result/checkpoints
    expect 0 "$1" train run.yaml --out result
    [ -e elsewhere/latest.h5 ] || fail "one's own link to another disk is not followed"
    [ "$(id -u)" = 0 ] || { echo "left out, since only root can make it: a link of another user"; return 0; }
    rm -rf result
    mkdir result
    ln -s "$PWD/precious" result/checkpoints
    chown -h 12345 result/checkpoints
    expect_line 6 "$1" 'checkpoints: is a symbolic link of another user \(12345\)' train run.yaml --out result --overwrite
    untouched "checkpoints"
}

# Nothing in a run file is run, or taken as a format.
run_file()
{
    local text
    for text in '$(touch ran)' '`touch ran`' '; touch ran;' '%n%s%n%99999999s' '| touch ran' '!!python/object/apply:os.system ["touch ran"]'; do
        run "$1" train run.yaml --out result -q "data.file=$text"
        case $code in 2 | 3) ;; *) fail "data.file=$text ended with $code" ;; esac
        run "$1" train run.yaml --out result -q "model.0.name=$text"
        same "exit code of a name $text" "$code" 2
    done
    expect_line 3 "$1" '\$\(touch ran\): No such file' train run.yaml --out result 'data.file=$(touch ran)'
    COMMAND='$(touch ran)' expect_line 3 "$1" '\$\(touch ran\): No such file' train run.yaml --out result 'data.file=${COMMAND}'
    [ -z "$(find . -name ran)" ] || fail "a run file ran a command"
}

for ranks in 0 3; do
    for what in open_to_nobody links outputs folder run_file; do
        beside "$what" "$ranks"
    done
done
all_good
