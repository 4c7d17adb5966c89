# SPDX-License-Identifier: BSD-3-Clause
# launch/bench --against-pytorch: its tables have their rows, and what is not measured is said.  No figure is looked at.
. "${BASH_SOURCE%/*}/../support/run.sh"
needs python3

# speed ARGUMENTS...: the script that launch/bench calls, as short as can be; its exit code in $code
speed()
{
    code=0
    python3 "$CAIRN_SOURCE/tests/bench/peers/speed.py" --cairn "$cairn" --quick --rounds 1 --seconds 0.02 "$@" >out 2>err || code=$?
}

# row PATTERN: a row of a table
row()
{
    grep -Eq "^\| $1 \|$" out || fail "no row '$1': $(cat out)"
}

number='[0-9.]+'
spread="$number \[$number, $number\]"
speed --python nowhere --only 'mlp-[14],gpt-s,reproducible-mlp-32-1'
[ "$code" = 0 ] || fail "without PyTorch it ended with $code"
row "mlp-1 \| 1 \| $number \| - \| - \| 1.4 \| $number % \| - \| $number \| - \| - \(0.3\) \| -"
row "mlp-4 \| 1 \| .*"
row "gpt-s \| 1 \| .*"
row "reproducible-mlp-32-1 \| $number \| $number \| $spread \| 1.1"
same "lines on what is missing" "$(grep -c 'no PyTorch: nowhere: .*nowhere' err)" 1
grep -q '^PyTorch: not measured: no PyTorch: nowhere' out || fail "the table does not say what is missing: $(cat out)"
grep -q '^cairn .*compiler .*MPI .*BLAS ' out || fail "the table does not say what was measured: $(cat out)"

speed --only 'mpl-*'
[ "$code" = 2 ] && grep -q 'no row is called mpl-\*; there are mlp-1, ' err || fail "a row that does not exist: $code $(cat err)"
code=0
"$CAIRN_SOURCE/launch/bench" --against-torch >out 2>err || code=$?
[ "$code" = 2 ] && grep -q 'launch/bench --against-pytorch ' err || fail "a flag that does not exist: $code $(cat err)"

# With PyTorch, where there is one.
for python in ${PYTHON:-python3 /usr/bin/python3} ""; do
    [ -n "$python" ] || break
    ! "$python" -c "import torch, yaml" 2>/dev/null || break
done
[ -n "$python" ] || exit 0
speed --python "$python" --only 'mlp-1,gpt-s'
[ "$code" = 0 ] || fail "with PyTorch it ended with $code"
row "mlp-1 \| 1 \| $number \| $number \| $spread \| 1.4 \| $number % \| $number % \| $number \| $number \| $number \(0.3\) \| plain.*"
row "gpt-s \| 1 \| $number \| $number \| $spread \| 1.2 \| $number % \(78 %\) \| $number % \| .*"
grep -Eq '^PyTorch [0-9]' out || fail "the table does not say which PyTorch: $(cat out)"
