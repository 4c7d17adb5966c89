# SPDX-License-Identifier: BSD-3-Clause
# The example that trains inside a simulation, against the shared library: the weights depend neither on the number of ranks
# nor on which of them owns what.  A host's process is not written to, and its failures come back as a status.
. "${BASH_SOURCE%/*}/../support/run.sh"

cairn=$CAIRN_BUILD/tests/example_in_situ
for ranks in 1 2 4 6; do
    for decomposition in blocks in-turn; do
        run "$ranks" "$decomposition"
        [ "$code" = 0 ] || fail "in_situ $decomposition on $ranks ranks ends with $code"
        [ ! -s err ] || fail "in_situ $decomposition on $ranks ranks wrote on stderr"
        cat out >>outcomes
    done
done
[ "$(sort -u outcomes | wc -l)" = 1 ] || fail "the weights depend on the world: $(sort outcomes | uniq -c)"
grep -qE '^40 updates, loss [0-9.e-]+, weights [0-9a-f]{16}$' out || fail "no line of the end: $(cat out)"

CAIRN_FAULT=comm.call run 3 blocks
[ "$code" = 5 ] || fail "a failed call of MPI ends with $code in a host, not with 5"
grep -q 'in_situ: MPI_[A-Za-z]* failed' err || fail "a failed call of MPI is not named: $(cat err)"
all_good
