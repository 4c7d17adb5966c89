# SPDX-License-Identifier: BSD-3-Clause
# cairn selftest on 1, 2 and 3 ranks: all parts pass, one page and one file, and nothing else stays.  Then each part is made to
# fail: its line, its exit code, and the other parts have their say all the same.
#
#   selftest_site.sh [full]     some of these by chance; full: all of them
. "${BASH_SOURCE%/*}/../support/run.sh"

parts="doctor files bits resume sums scaling model"

# verdict PART VERDICT PATTERN: the last page has such a line
verdict()
{
    grep -E "^$2 +$1 " out | grep -Eq -- "$3" || fail "no line '$2 $1 $3': $(cat out)"
}

# page: a line for each part, at most 60 in all
page()
{
    local part
    for part in $parts; do
        same "lines of $part" "$(grep -Ec "^(pass|FAIL|skip) +$part " out)" 1
    done
    holds "lines of the page" "$(wc -l <out) <= 60"
}

# only_the_file DIR: all else is removed
only_the_file()
{
    same "what stays in $1" "$(ls -A "$1")" selftest.json
}

# plant CODE RANKS PART PATTERN ARGUMENTS...: with CAIRN_FAULT or not, this part fails with this line
plant()
{
    local part=$3 pattern=$4
    expect_line "$1" "$2" "selftest: $part: $pattern" selftest --quick "${@:5}"
    page
    verdict "$part" FAIL "$pattern"
    same "outcome in the file" "$(json "${json:-cairn-selftest/selftest.json}" outcome)" failed
    same "code in the file" "$(json "${json:-cairn-selftest/selftest.json}" exit_code)" "$1"
    echo "planted on $2: $(grep "^FAIL  $part" out)"
}

good()
{
    expect 0 "$1" selftest --quick
    page
    ! grep -q ^FAIL out || fail "$(cat out)"
    [ "$1" = 1 ] || ! grep -q ^skip out || fail "$(cat out)"
    verdict resume pass 'killed in a checkpoint on 1 rank, resumed at update 5 on'
    only_the_file cairn-selftest
    same "outcome" "$(json cairn-selftest/selftest.json outcome)" passed
    same "ranks" "$(json cairn-selftest/selftest.json ranks)" "$1"
    grep -Eo 'weights_hash [0-9a-f]{16}' out >hashes
    command -v python3 >/dev/null || return 0
    python3 - "$1" <<'PYTHON' || fail "selftest.json is not what it should be"
import json, sys
test = json.load(open("cairn-selftest/selftest.json"))
assert [part["name"] for part in test["parts"]] == "doctor files bits resume sums scaling model".split()
for part in test["parts"]:
    assert set(part) == {"name", "doc", "outcome", "code", "message", "seconds", "figures", "lines"}, part
    assert part["outcome"] in ("passed", "skipped") and part["code"] == 0
figures = {name: value for part in test["parts"] for name, value in part["figures"].items()}
for name in "mlp_update_s", "mlp_strong_efficiency", "net3d_weak_efficiency", "predicted_further_s":
    assert figures[name] > 0, name
assert int(sys.argv[1]) == 1 or figures["sum_efficiency_1_mib"] > 0
PYTHON
}

# One rank of three computes with another BLAS core.
other_blas()
{
    local core=Nehalem
    ! "$cairn" --version | grep -q Nehalem || core=Haswell
    [ "$(uname -m)" != aarch64 ] || core=cortexa57
    code=0
    MPIEXEC_TIMEOUT=$limit_s "$CAIRN_MPIEXEC" -n 2 "$cairn" selftest --quick : -n 1 env OPENBLAS_CORETYPE=$core \
        "$cairn" selftest --quick >out 2>err </dev/null || code=$?
    "$cairn" --version | grep BLAS >usual
    ! OPENBLAS_CORETYPE=$core "$cairn" --version | grep -qFf usual || { echo "left out: this BLAS has no other core"; return 0; }
    same "exit code with another BLAS" "$code" 2
    page
    verdict doctor FAIL 'nodes: rank 2 \(.*\): another BLAS'
    verdict bits FAIL "rank 2 \(.*\): not what most ranks have, but .*$core"
    echo "planted on 3: $(grep '^FAIL  bits' out)"
}

no_locks()
{
    local library=$CAIRN_BUILD/tests/libcairn_no_locks.so
    ! nm "$cairn" 2>/dev/null | grep -q '__[at]san_init' || { echo "left out: sanitizers want to be the first"; return 0; }
    LD_PRELOAD="$library${LD_PRELOAD:+:$LD_PRELOAD}" plant 6 "$1" files 'rank 0 \(nowhere\): .* has no locks'
}

no_room()
{
    json=here.json plant 6 "$1" doctor '(space|files): /proc: ' --out /proc/nowhere --json here.json
    verdict files FAIL '/proc/nowhere'
    verdict resume skip 'see files'
    expect_line 6 "$1" 'nowhere/x.json' selftest --quick --json nowhere/x.json
}

# A disk that takes the small files, and not the checkpoints.
full_disk()
{
    mkdir small
    mount -t tmpfs -o size=48k none small 2>/dev/null || { echo "left out: no file system can be mounted"; return 0; }
    run "$1" selftest --quick --out small -q --json here.json
    umount small
    same "exit code on a full disk" "$code" 6
    verdict doctor FAIL '(space|files): '
    echo "planted on $1: $(grep '^FAIL  doctor' out)"
}

slow_rank()
{
    CAIRN_FAULT=slow:nn.gradient@1#1- plant 2 "$1" scaling 'slow: rank 1 \(.*\): MLP, .* ms of work' --slow 1.3
}

# Samples, and so weights, that only one rank sees.
other_bits()
{
    CAIRN_FAULT=data.row@1#1- plant 4 "$1" bits 'rank 1 \(.*\): the MLP, .*, has weights_hash [0-9a-f]{16} in place of'
}

refused_read()
{
    CAIRN_FAULT=checkpoint.read@0 plant 3 "$1" resume .
}

limits()
{
    plant 2 "$1" sums 'slow link: rank 0 \(.*\) to rank 1 \(.*\): .* % of the .* of --link; .*btl_tcp_if_include' \
        --link=1us,1000TB/s
    plant 2 "$1" sums 'a sum of 1 MiB takes .* is below' --least-sum 1e6 --least-scaling 1000 --most-off 1.000000001
    verdict scaling FAIL 'MLP on 2 ranks, strong: .* below 1000'
    verdict model FAIL 'the time model predicts .* times off'
    expect 0 "$1" selftest --quick --minutes 0.01
    verdict model skip 'the time was over: --minutes'
}

# A rank that hangs is lost: who lives says where.
hangs()
{
    CAIRN_FAULT=hang:nn.gradient@1#5 run "$1" selftest --quick --hang-timeout 4
    same "exit code" "$code" 5
    grep -Eq '^cairn: rank 1 of .* on host ' err || fail "nobody says where rank 1 hangs"
    echo "planted on $1: $(grep -Eo '^cairn: rank 1 .* for [0-9]+ s' err)"
}

wrong_words()
{
    expect_line 2 "$1" 'minutes' selftest --minutes 0
    expect_line 2 "$1" '--link' selftest --link fast
    expect_line 2 "$1" 'there is no option --quik; did you mean --quick' selftest --quik
    [ ! -e cairn-selftest ] || fail "wrong words made a folder"
}

most_beside=1 # each keeps all cores busy
for ranks in $(some 1 1 2) 3; do beside good "$ranks"; done
all_good
for n in $(seq 2 $n_beside); do same "hashes on other numbers of ranks" "$(cat beside.$n/hashes)" "$(cat beside.1/hashes)"; done
plants=(other_blas "no_locks 2" "no_room 1" "no_room 2" "full_disk 2" "slow_rank 2" "slow_rank 3" "other_bits 3" "refused_read 2"
    "limits 2" "hangs 2")
some 5 "${plants[@]}" >chosen
while read -r plant; do beside $plant; done <chosen
for ranks in 1 3; do beside wrong_words "$ranks"; done
all_good
