# SPDX-License-Identifier: BSD-3-Clause
# cairn report of 40 runs: the best first, each with a colour of its own, legends that do not push all else away; and
# --watch, which renews a page until its runs are done.
. "${BASH_SOURCE%/*}/../support/run.sh"
needs gnuplot

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 10}]
batch: {global: 100, micro: 50}
END
expect 0 1 train run.yaml --out one -q
mkdir runs
for i in $(seq 40); do # the lowest loss is that of the highest number
    cp -r one "runs/$i"
    rm -r "runs/$i/checkpoints"
    sed -i "s/\"eval_loss\": .*/\"eval_loss\": $((50 - i)),/" "runs/$i/summary.json"
    sed -i "s/^  lr: .*/  lr: 0.$((100 + i))/" "runs/$i/config.yaml"
done

# ---- 40 runs
expect 0 0 report runs/* -o many.html
grep -oE '<tr>|<td class="text">optim.lr 0.1[0-9]*' many.html | grep -oE '0\.1[0-9]+' | sed -n 1,40p >order
same "runs of the table, the best first" "$(tr '\n' ' ' <order)" "$(seq 140 -1 101 | sed 's/^/0./' | tr '\n' ' ')"
legend=$(tr '\n' ' ' <many.html | sed 's/<ul/\n<ul/g; s,</ul>,&\n,g' | grep '^<ul class="legend many"' | sed -n 1p)
same "colours of the first legend, one for each run; grey is also what all have in common" \
    "$(grep -oE 'stroke="#[0-9a-f]{6}" stroke-width="2.5"' <<<"$legend" | sort -u | wc -l)" 40
same "title" "$(grep -oE '<h1>[^<]*' many.html)" "<h1>40, 39, 38, 37 and 36 more"
for figure in flow time ranks; do
    sed -n "/<figure id=\"$figure\"/,/<\/figure>/p" many.html >figure
    same "runs that $figure draws by themselves" "$(grep -c '<h3>' figure) $(grep -c 'Only the first runs' figure)" "8 1"
done
# few stay in the order of the command line
expect 0 0 report runs/1 runs/2 runs/3 -o few.html
same "few runs" "$(grep -oE '<td class="text">optim.lr 0.1[0-9]*' few.html | grep -oE '0\.1[0-9]+' | sed -n 1,3p | tr '\n' ' ')" "0.101 0.102 0.103 "

# a picture has room for its chart beside the legend: lines of it are 20 units, of 2 pixels each
expect 0 0 report runs/* --png -o pictures
height=$((16#$(od -An -tx1 -j20 -N4 pictures/loss-updates.png | tr -d ' ')))
holds "height of a picture with 40 runs" "$height >= 2 * (300 + 20 * 20)"

# ---- --watch
going() { sed -i "0,/\"status\": \"done\"/s//\"status\": null/" "$1/provenance.json"; }
done_now() { sed -i "s/\"status\": null/\"status\": \"done\"/" "$1/provenance.json"; }
renewed() { grep -qs "$1" page.html; }
going runs/1
start 0 report --watch=0.2 runs/1 runs/2 -o page.html
until_true 30 renewed '<meta http-equiv="refresh" content="1">'
echo '16,1,1537,100,100,7.5e9,0.1,1,,1,1,0,0,0,0,1,,,' >>runs/1/metrics.csv
until_true 30 renewed '<td>7.5e+0*9\|<td>7500000000\|>7500000000<'
done_now runs/1
finish
same "exit code of a watch whose runs are done" "$code" 0
! renewed 'http-equiv="refresh"' || fail "the page goes on to load itself again"

going runs/1
rm page.html
start 0 report runs/1 --watch -o page.html # the word after it is no value
until_true 30 renewed '<meta http-equiv="refresh" content="10">'
kill -INT "$pid"
finish
same "exit code of a watch after INT" "$code" 0
! renewed 'http-equiv="refresh"' || fail "the page goes on to load itself again after INT"

expect_line 2 0 '--watch is for the page' report runs/1 --watch --png
expect_line 2 0 'watch' report runs/1 --watch=soon
expect_line 3 0 'there is no such folder' report nowhere --watch
