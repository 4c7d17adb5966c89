# SPDX-License-Identifier: BSD-3-Clause
# XXH64 with seed 0, in the shell: a second opinion on weights_hash, for some kilobytes.  After the specification of xxHash,
# https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.  Numbers of bash are 64 bits that wrap around.

# rotated VALUE BITS, into $r
rotated()
{
    r=$((($1 << $2) | (($1 >> (64 - $2)) & ((1 << $2) - 1))))
}

# spread VALUE BITS: VALUE xor VALUE shifted right, as unsigned, into $r
spread()
{
    r=$(($1 ^ (($1 >> $2) & ((1 << (64 - $2)) - 1))))
}

# round LANE INPUT, into $r
round()
{
    rotated $(($1 + $2 * p2)) 31
    r=$((r * p1))
}

# xxh64 FILE: 16 hex digits
xxh64()
{
    local p1=0x9E3779B185EBCA87 p2=0xC2B2AE3D27D4EB4F p3=0x165667B19E3779F9 p4=0x85EBCA77C2B2AE63 p5=0x27D4EB2F165667C5
    local n byte word words i=0 h r lane k
    n=$(wc -c <"$1")
    mapfile -t words < <(od -An -v -w8 -t x8 --endian=little -N $((n / 8 * 8)) "$1" | tr -d ' ' | sed 's/^/0x/')
    h=$((p5))
    if [ "$n" -ge 32 ]; then
        lane=($((p1 + p2)) $((p2)) 0 $((-p1)))
        for ((; i + 4 <= ${#words[@]}; i += 4)); do
            for k in 0 1 2 3; do
                round "${lane[k]}" "${words[i + k]}"
                lane[k]=$r
            done
        done
        h=0
        for k in 0 1 2 3; do
            set -- "$1" 1 7 12 18
            rotated "${lane[k]}" "${@:k+2:1}"
            h=$((h + r))
        done
        for k in 0 1 2 3; do
            round 0 "${lane[k]}"
            h=$(((h ^ r) * p1 + p4))
        done
    fi
    h=$((h + n))
    for ((; i < ${#words[@]}; i++)); do
        round 0 "${words[i]}"
        rotated $((h ^ r)) 27
        h=$((r * p1 + p4))
    done
    i=$((n / 8 * 8))
    if [ $((n - i)) -ge 4 ]; then
        word=$(od -An -t x4 --endian=little -j "$i" -N 4 "$1" | tr -d ' ')
        rotated $((h ^ (0x$word * p1))) 23
        h=$((r * p2 + p3))
        i=$((i + 4))
    fi
    for byte in $(od -An -v -t u1 -j "$i" "$1"); do
        rotated $((h ^ (byte * p5))) 11
        h=$((r * p1))
    done
    spread "$h" 33
    spread $((r * p2)) 29
    spread $((r * p3)) 32
    printf '%016x\n' "$r"
}
