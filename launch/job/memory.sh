# SPDX-License-Identifier: BSD-3-Clause
# What Linux killed for memory on this node, for job.sh, which comes next.

# memory_group: of this job's control group on this node in which memory is counted, version 2 or 1, how many of its processes were
# killed for memory so far, and what it is granted: "2 524288000"; the second may be missing.  $CAIRN_TEST_ROOT: of a test.
memory_group()
{
    local names path top file limit
    while IFS=: read -r _ names path; do
        case ,$names, in
        ,,) top=${CAIRN_TEST_ROOT-}/sys/fs/cgroup file=memory.events limit=memory.max path=${path%/step_*} ;;
        *,memory,*) top=${CAIRN_TEST_ROOT-}/sys/fs/cgroup/memory file=memory.oom_control limit=memory.limit_in_bytes ;;
        *) continue ;;
        esac
        while [ -n "${path%/}" ] && [ ! -r "$top$path/$file" ]; do path=${path%/*}; done # a container shows its top alone
        path=${path%/}
        [ ! -r "$top$path/$file" ] || cat "$top$path/$file" "$top$path/$limit" 2>/dev/null || true
    done <"${CAIRN_TEST_ROOT-}/proc/self/cgroup" 2>/dev/null | awk '$1 == "oom_kill" { n += $2 }
        NF == 1 && $1 ~ /^[0-9]+$/ && $1 < 2^62 && (most == "" || $1 + 0 < most) { most = $1 + 0 } END { printf "%d %s\n", n, most }'
}
# killed_for_memory BEFORE: words for what was killed since memory_group said that; fails where nothing was.
killed_for_memory()
{
    local before after most
    read -r before _ <<<"$1"
    read -r after most < <(memory_group)
    [ "$after" -gt "$before" ] || return 1
    echo "a rank was killed for memory: of this control group${most:+, which is granted $(numfmt --to=si --suffix=B "$most"),} Linux" \
        "killed $((after - before)); ask for more, or take a smaller batch.micro, fewer ranks on a node, or data.in_memory=false"
}
