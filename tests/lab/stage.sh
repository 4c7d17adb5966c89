# SPDX-License-Identifier: BSD-3-Clause
# data.stage on several hosts, whose scratch is their own: one rank of each host copies, all read their own host's copy, and a
# disk that refuses on one host ends all ranks with one line.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs
lab_up 2

keys=(train.reproducible=true train.epochs=2)
expect 0 1 train "$recipes/digits.yaml" "${keys[@]}" --out alone
stage=$LAB/scratch/data
copy=$stage/cairn-0$datasets/digits.h5

lab_expect 0 4 h1 h2 -- train "$recipes/digits.yaml" "${keys[@]}" --out staged data.stage="$stage"
same "weights of 4 ranks with copies" "$(weights_of staged)" "$(weights_of alone)"
same "said" "$(grep -c 'data.stage: copying' err)" 1
for host in h1 h2; do
    on $host cmp "$copy" "$datasets/digits.h5" || fail "$host has no copy"
    same "files on $host" "$(on $host find "$stage" -type f | wc -l)" 2
done

# A host that lost its copy makes it again, the other one uses what it has.
before=$(on h1 stat -c %i "$copy")
on h2 rm -r "$stage"
lab_expect 0 4 h1 h2 -- train "$recipes/digits.yaml" "${keys[@]}" --out again data.stage="$stage"
same "weights with one new copy" "$(weights_of again)" "$(weights_of alone)"
same "the copy of h1" "$(on h1 stat -c %i "$copy")" "$before"
on h2 cmp "$copy" "$datasets/digits.h5" || fail "h2 has no copy"

# No folder and no room on the second host alone.
on h2 "rm -r $stage; touch $stage"
lab_expect 6 4 h1 h2 -- train "$recipes/digits.yaml" "${keys[@]}" --out no data.stage="$stage" -q
same "lines" "$(grep -c '^cairn: ' err)" 1
grep -q "^cairn: $stage: the folder cannot be made: .*(rank 2 of 4)" err || fail "no word of the folder on h2"
on h2 "rm $stage; mkdir $stage; mount -t tmpfs -o size=64k tmpfs $stage" || skip "h2 cannot have a small disk"
lab_expect 6 4 h1 h2 -- train "$recipes/digits.yaml" "${keys[@]}" --out no data.stage="$stage" -q
same "lines" "$(grep -c '^cairn: ' err)" 1
grep -Eq "^cairn: $stage: the data take .* and .* are free; make room there.*(rank 2 of 4)" err || fail "no word of the room on h2"
