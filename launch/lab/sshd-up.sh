#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# sshd-up.sh - a real sshd on every host of a lab that is up, with keys of the lab's own.  `lab.sh down` ends it.  LAB/ssh.env
# has LAB/env, with ssh as mpirun's remote shell.
set -euo pipefail
export LAB=${LAB:-${TMPDIR:-/tmp}/cairn-lab}
lab=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lab.sh
"$lab" on head true # the lab is up, and ours
dir=$LAB/ssh
mkdir -m 700 "$dir"
ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
ssh-keygen -q -t ed25519 -N '' -f "$dir/id"

# The lab's folder may lie below one that others write to, which StrictModes would refuse.
cat >"$dir/sshd_config" <<END
HostKey $dir/host
AuthorizedKeysFile $dir/id.pub
AuthenticationMethods publickey
UsePAM no
StrictModes no
PermitRootLogin yes
PidFile none
MaxStartups 100
END
cat >"$dir/config" <<END
Host *
    IdentityFile $dir/id
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel ERROR
END
cat >"$LAB/ssh.env" <<END
. $LAB/env
export OMPI_MCA_plm_rsh_agent="ssh -F $dir/config"
unset OMPI_MCA_plm_rsh_no_tree_spawn
END
# What the account's .bashrc does, or waits for, is no part of a test.
quiet="[ ! -e $HOME/.bashrc ] || mount --bind /dev/null $HOME/.bashrc"
for i in $(seq "$(cat "$LAB/n")"); do
    "$lab" on "h$i" "$quiet; mkdir -p /run/sshd && /usr/sbin/sshd -f $dir/sshd_config -E $dir/h$i.log"
done
echo "sshd up"
