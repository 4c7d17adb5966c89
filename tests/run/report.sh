# SPDX-License-Identifier: BSD-3-Clause
# cairn report: a page of two runs and of a study, pictures, names that nobody should use, what is missing or damaged; and
# in Chromium, where it is there: no error, nothing wider than the window, printed pages.
. "${BASH_SOURCE%/*}/../support/run.sh"

needs gnuplot
for browser in chromium chromium-browser google-chrome none; do
    command -v "$browser" >/dev/null && break
done

# has FILE TEXT...: all of these texts are in it
has()
{
    local text
    for text in "${@:2}"; do grep -qF -- "$text" "$1" || fail "$1 has no '$text'"; done
}

has_not()
{
    local text
    for text in "${@:2}"; do ! grep -qiF -- "$text" "$1" || fail "$1 has '$text'"; done
}

# alone PAGE: nothing in it comes from elsewhere or runs
alone()
{
    has_not "$1" '<script' ' src=' 'url(' '@import' '<link' '<iframe' 'javascript:' ' onload=' ' onerror='
    ! grep -oE 'href="[^"]*"' "$1" | grep -qv '^href="#' || fail "$1 has a link to elsewhere"
    [ "$(grep -oE ' id="[^"]*"' "$1" | sort | uniq -d | wc -l)" = 0 ] || fail "$1 has an id twice"
}

# chromium_on ARGUMENTS...: without its sandbox, which containers have no room for; the page is our own
chromium_on()
{
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-sync \
        --disable-background-networking --disable-component-update --disable-extensions --disable-quic \
        --user-data-dir="$work/browser" --enable-logging=stderr --log-level=0 "$@" 2>browser.err
}

# fits PAGE: in frames of 400 and 1,400 pixels nothing reaches beyond, and the console is silent
fits()
{
    local console
    cat >frames.html <<END
<body><iframe width=400 height=800 src="$1"></iframe><iframe width=1400 height=800 src="$1"></iframe><p id=answer>none</p>
<script>
onload = () => answer.textContent = 'widths: ' + [...document.querySelectorAll('iframe')].map(f =>
    f.contentDocument.scrollingElement.scrollWidth + ' of ' + f.contentWindow.innerWidth + ', ' +
    f.contentDocument.querySelectorAll('figure svg.chart').length + ' charts').join('; ')
</script></body>
END
    chromium_on --allow-file-access-from-files --dump-dom "file://$PWD/frames.html" >dom || fail "Chromium: $(tail -n 3 browser.err)"
    console=$(grep CONSOLE browser.err || true)
    [ -z "$console" ] || fail "$1: $console"
    grep -oE '>widths: [^<]*' dom >widths || fail "$1: Chromium tells no widths"
    sed 's/.*widths: *//; s/;/\n/g' widths | awk '$1 + 0 > $3 + 0 || $1 < 300 || $4 < 3 { exit 1 }' || fail "$1: $(cat widths)"
}

printed()
{
    chromium_on --no-pdf-header-footer --print-to-pdf="$PWD/page.pdf" "file://$PWD/$1" || fail "Chromium: $(tail -n 3 browser.err)"
    [ "$(head -c 5 page.pdf)" = %PDF- ] || fail "$1 is not printed"
    [ "$(grep -aoE '/Type */Page\b' page.pdf | wc -l)" -ge 2 ] || fail "$1 is printed on a single page"
}

# ---- two runs, on one page

digits=(train "$recipes/digits.yaml" train.updates=60 train.epochs=none train.evaluate_every=20 -q)
expect 0 1 "${digits[@]}" --out one
expect 0 2 "${digits[@]}" optim.lr=0.1 --out two
expect 0 0 report one two -o both.html
alone both.html
has both.html 'id="loss"' 'id="accuracy"' 'id="rate"' 'id="gradient"' 'id="flow"' 'id="accumulation"' 'id="time"' 'id="ranks"' 'run-files' \
    'optim.lr 0.3' 'optim.lr 0.1, ranks 2' 'Optical Recognition' '1 dense' 'cross_entropy'
holds "charts of two runs" "$(grep -c 'class="chart' both.html) >= 24"

# where A = 1 nothing is accumulated
expect 0 2 "${digits[@]}" batch.micro=32 --out single
expect 0 0 report single -o single.html
! grep -q 'id="accumulation"' single.html || fail "a chart of sums of one micro-batch"

# of one run the page lies in its folder
expect 0 0 report one
has one/report.html '<h1>one</h1>' 'evaluation on test'
expect 0 0 report --png one
[ "$(head -c 4 one/report-png/loss-updates.png | tail -c 3)" = PNG ] || fail "loss-updates.png is no PNG"
expect 0 0 report --svg one -o drawings
has drawings/flow-1-layers.svg '<svg' '3 dense' 'update 1<'

# ---- a study

mkdir study
cat >study/study.csv <<'END'
batch.global,optim.lr,train.seed,reached,updates,samples,wall_s,final_loss,noise_scale
8,0.1,1,1,200,1600,1.5,0.2,
8,0.1,2,1,220,1760,1.6,0.2,
64,0.5,1,1,60,3840,0.9,0.2,30
64,0.5,2,0,500,32000,9,0.9,31
END
printf 'run: digits.yaml\nstudy: {kind: updates-to-target}\n' >study/study.yaml
expect 0 0 report study
has study/report.html 'id="targets"' 'cells of study' '4 cells, 3 reached the target; over batch.global, optim.lr, train.seed' 'kind: updates-to-target'
cat >study/fit.json <<'END'
{"all": {"reason": null, "s_min": {"value": 40, "low": 38, "high": 44}, "e_min": {"value": 1500, "low": null, "high": null},
 "b_crit": {"value": 38, "low": 30, "high": 50}, "rms_log": 0.1, "perfect_until": 9.5, "flat_from": 152,
 "slope_small": {"value": -0.9}, "lr_rules": [{"batch": 8, "lr": 0.1, "linear": 0.1, "sqrt": 0.1},
   {"batch": 64, "lr": 0.5, "linear": 0.8, "sqrt": 0.28}],
 "curve": [{"batch": 8, "updates": 230, "updates_low": 210, "updates_high": 250, "samples": 1840, "perfect_updates": 188},
   {"batch": 64, "updates": 64, "updates_low": 60, "updates_high": 70, "samples": 4096, "perfect_updates": 23}],
 "points": [{"batch": 8, "updates": 210, "updates_low": 200, "updates_high": 220, "samples": 1680, "lr": 0.1, "seeds": 2,
   "seeds_reached": 2, "noise_scale": null}, {"batch": 64, "updates": 60, "updates_low": 60, "updates_high": 60,
   "samples": 3840, "lr": 0.5, "lr_high_edge": true, "seeds": 2, "seeds_reached": 1, "noise_scale": 30.5}],
 "tried": [{"batch": 8, "lr": 0.1, "updates": 210}, {"batch": 8, "lr": 0.2, "updates": 300}]}}
END
cat >study/scaling.json <<'END'
{"all": {"points": [{"ranks": 1, "batch": 8, "per_update_s": 0.01, "fitted_s": 0.0101, "fitted_error": 0.01},
   {"ranks": 2, "batch": 8, "per_update_s": 0.006, "fitted_s": 0.0061, "fitted_error": 0.016}],
 "held_out": {"points": 2, "rms": 0.05, "max": 0.08},
 "strong": [{"ranks": 1, "batch": 8, "efficiency": 1}, {"ranks": 2, "batch": 8, "efficiency": 0.83}],
 "predictions": [{"kind": "strong", "ranks": 2, "batch": 8, "efficiency": 0.8,
     "time_to_target_s": {"value": 1.2, "low": 1, "high": 1.5}, "rank_hours": {"value": 0.01, "low": 0.009, "high": 0.012}},
   {"kind": "strong", "ranks": 4, "batch": 8, "efficiency": 0.6, "time_to_target_s": {"value": 0.8, "low": 0.7, "high": 1},
    "rank_hours": {"value": 0.02, "low": 0.01, "high": 0.03}}],
 "fastest": [{"ranks": 4, "batch": {"value": 50, "low": 40, "high": 60}, "updates": {"value": 70, "low": 60, "high": 80},
   "time_to_target_s": {"value": 0.5, "low": 0.4, "high": 0.6}, "rank_hours": {"value": 0.01, "low": 0.01, "high": 0.02}}]}}
END
expect 0 0 report study
alone study/report.html
has study/report.html 'id="targets"' 'id="cost"' 'id="rates"' 'id="critical"' 'id="scaling"' 'id="prediction"' \
    'highest of its grid' '38 (30 to 50)' 'square-root rule' '(not measured)' 'off by 5 % (rms), at most 8 %'

# A batch has one colour on the page, whatever else a chart holds; nothing else has it.
colours() { sed 's/<li>/\n<li>/g' study/report.html | grep '^<li>.*B = 8[,<]' | sed -E 's/.*stroke="(#[0-9a-f]{6})".*B = 8.*/\1/' | sort -u; }
same "colours of B = 8" "$(colours | wc -l)" 1
sed 's/"batch": 8, "efficiency"/"batch": 64, "efficiency"/g' study/scaling.json >scaling && cp scaling study/scaling.json
before=$(colours)
expect 0 0 report study
same "the colour of B = 8 where other charts have another batch" "$(colours)" "$before"

# A fit of an earlier version: a chart from what study.csv has, or one line that says why there is none.
sed -i 's/"updates": 210, "updates_low": 200, "updates_high": 220, "samples": 1680, //; s/"updates": 60, "updates_low": 60, "updates_high": 60,//
    s/"curve": /"no_curve": /; s/"lr": 0.5, "lr_high/"lr_high/; s/"lr": 0.1, "seeds": 2/"seeds": 2/' study/fit.json
sed -i 's/wall_s/other_s/' study/study.csv
expect 0 0 report study -o old.html
has old.html 'There is no chart of cost: fit.json has no batch' 'There is no chart of time: neither fit.json'

# ---- names that nobody should use: no command runs, nothing of a page breaks

evil='x"; system("touch x1")`touch x2`<script>'
cp -r two "$evil"
quoted='""`touch x3`""; system(""touch x4"") '\'' <script>alert(1)</script> & \'
for file in gradflow.csv eval.csv ranks.csv; do
    QUOTED=",\"$quoted\"," awk '
        function put(what,  at) { at = index($0, what); if (at) $0 = substr($0, 1, at - 1) ENVIRON["QUOTED"] substr($0, at + length(what)) }
        { put(",3,"); put(",test,"); print }' "$evil/$file" >file && cp file "$evil/$file"
done
sed -i 's/lr: 0.1/lr: `touch x5`<script>"; system("touch x6")/' "$evil/config.yaml"
sed -i 's/"hosts": "[^"]*"/"hosts": "<script>\\" onload=\\"x"/' "$evil/provenance.json"
expect 0 0 report "$evil" one -o evil.html
alone <(sed 's/&quot; onload=&quot;//' evil.html)
has evil.html '&lt;script&gt;alert(1)' '`touch x5`&lt;script&gt;&quot;'
expect 0 0 report --svg "$evil" -o evil
for file in evil/*.svg; do alone <(sed 's/ xlink:href=.#[a-zA-Z0-9]*.//g' "$file"); done
[ -z "$(find . -name 'x[1-6]')" ] || fail "a name was run as a command"

# ---- what is missing or damaged

mkdir going
cp one/config.yaml going
{
    sed -n 1,30p one/metrics.csv
    printf '30,1,'
} >going/metrics.csv
expect 0 0 report going
has going/report.html 'there is no summary.json' '1 line was passed over' 'id="loss"'
mkdir damaged
printf '{"status": ' >damaged/summary.json
printf 'what,is,this\n' >damaged/metrics.csv
: >damaged/eval.csv
printf '[1, "x", {"hosts": 3}]' >damaged/provenance.json
expect 0 0 report damaged
has damaged/report.html 'summary.json is damaged' 'has no column update' 'no config.yaml' 'eval.csv is empty'
mkdir soon
printf 'run: x.yaml\n' >soon/study.yaml
expect 0 0 report soon
has soon/report.html 'no cell has ended'
mkdir nothing
expect_line 3 0 'neither a run nor a study.*metrics.csv.*study.csv' report nothing
expect_line 3 0 'no such folder' report one none
expect_line 2 0 'which folder' report
expect_line 2 0 'one at a time' report one --png --svg
PATH=/nowhere "$cairn" report one -o never.html 2>err && fail "a report without gnuplot" || code=$?
[ "$code" = 2 ] && grep -q 'gnuplot.*is not installed.*CSVs' err || fail "without gnuplot: $code"
[ ! -e never.html ] || fail "a page was written without gnuplot"

[ "$browser" = none ] && skip "the rest is fine, but no Chromium is there to look at the pages (launch/install-deps --tests)"
fits both.html
fits study/report.html
fits evil.html
printed both.html
