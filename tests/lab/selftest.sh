# SPDX-License-Identifier: BSD-3-Clause
# cairn selftest on four hosts: all parts pass; then a slow link, a slow rank, a disk of one host alone and a host
# that is lost in the middle are found and named.
#
#   selftest.sh [full]     one of the first three by chance; full: all of them
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs
limit_s=200
lab_up 4

# verdict PART VERDICT PATTERN: the last page has such a line
verdict()
{
    grep -E "^$2 +$1 " out | grep -Eq -- "$3" || fail "no line '$2 $1 $3': $(cat out)"
    [ "$2" = pass ] || echo "planted: $(grep -E "^$2 +$1 " out)"
}

# tried CODE ARGUMENTS...: one rank on each host
tried()
{
    lab_expect "$1" 4 h1 h2 h3 h4 -- selftest --quick --out here "${@:2}"
    holds "lines of the page" "$(wc -l <out) <= 60"
}

lab_expect 0 8 h1 h2 h3 h4 -- selftest --quick --out here # two on each
grep -q '8 ranks on 4 nodes' out || fail "it does not see the hosts: $(cat out)"
verdict bits pass . # node by node, and one of each
verdict resume pass 'killed in a checkpoint on 1 rank'
grep -Eq '1 MiB +MPI_Allreduce .* ms, ring .* ms, in a node .* ms' out || fail "not all ways to sum were timed: $(cat out)"
same "what stays" "$(ls -A here)" selftest.json

slow_link()
{
    shape 20mbit h3
    tried 2
    verdict sums FAIL 'slow link: .*\(h3\)'
    unshape
}

# By a fault, since a quota shows only where the machine has nothing else to do.
slow_rank()
{
    CAIRN_FAULT=slow:nn.gradient@1#1- tried 2 --slow 1.3
    verdict scaling FAIL 'slow: rank 1 \(h2\): MLP'
}

own_disk()
{
    tried 6 --out "$LAB/scratch/here"
    verdict files FAIL 'rank [1-3] \(h[2-4]\): does not see what rank 0 writes; --out on a shared disk'
    verdict resume skip 'see files'
}

for plant in $(some 1 slow_link slow_rank own_disk); do "$plant"; done

lab_start 4 h1 h2 h3 h4 -- selftest --quick --out here
until_true 60 compgen -G 'here/work-*/whole' >/dev/null
power_off h4
lab_finish
same "exit code with a host that is lost" "$code" 5
echo "planted: $(grep '^cairn' err | head -n 2)"
