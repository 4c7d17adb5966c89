# SPDX-License-Identifier: BSD-3-Clause
# TERM comes between the loss of a link and its notice.  What mpirun then sends to the lost host keeps the kernel from asking for
# signs of life, and mpirun alone would wait for a quarter of an hour: cairn-mpirun sees it and ends with 5.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs
lab_up 2
keys=(train.epochs=none train.updates=20000 train.evaluate_every=none checkpoint.every_updates=100)
lab_start 2 h1 h2 -- train "$recipes/digits.yaml" "${keys[@]}" --out run
until_true "$limit_s" reached run 200
begin=$EPOCHREALTIME
cut_off h2
lab_signal TERM
lab_finish
echo "over after $(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $begin }") s (10 wanted)"
same "exit code" "$code" 5
nothing_left() { [ -z "$(processes h1 cairn)$(processes h2 cairn)$(processes h1 orted)$(processes h2 orted)" ]; }
until_true 30 nothing_left
