# SPDX-License-Identifier: BSD-3-Clause
# cairn import csv --like: what became of the columns of a table becomes of those of new rows, so that a model predicts the same
# for the same rows, however their columns are arranged; what it cannot be applied to is an error with line, column and cell.
. "${BASH_SOURCE%/*}/../support/run.sh"

# 60 rows of a number, a category with awkward names, a date, a yes or no, an id that is left out, and a target.
awk 'BEGIN {
    print "id,size,\"ki\tnd\",born,tall,junk,price"
    for (i = 0; i < 60; i++)
        printf "%d,%s,%s,1970-01-%02d,%s,x%d,%d\n", 500 + i * 3, i % 7 == 3 ? "" : i * 1.25,
            i % 3 == 0 ? "\"a, b\"" : i % 3 == 1 ? "c\\d" : "e", i % 28 + 1, i % 4 ? "yes" : "no", i, i * i % 17 }' >old.csv
expect 0 0 import csv old.csv -o old.h5 --categories auto --missing mean --standardize --drop junk --test-every 2
cat >run.yaml <<'END'
data: {file: old.h5}
model: [{type: dense, units: 6}, {type: tanh}, {type: dense, units: 1}]
batch: {global: 10, micro: 5}
train: {epochs: 2, reproducible: true}
END
expect 0 2 train run.yaml --out model

# The rows of test as new ones: in another order of columns, with a column more, and without the target.
awk -F, 'NR == 1 { print "tall,new,size,id,\"ki\tnd\",born"; next }
    NR % 2 == 0 { kind = $3; at = 4; if (kind ~ /^"/) { kind = kind "," $4; at = 5 }
        printf "%s,9,%s,%s,%s,%s\n", $(at + 1), $2, $1, kind, $at }' old.csv >new.csv
expect 0 0 import csv new.csv --like old.h5 --no-target -o new.h5
grep -q 'samples \[7\], without targets, test 30' out || fail "import says $(cat out)"
grep -q 'column 1 (new): left out: not in --like' err || fail "nothing is said of a new column: $(cat err)"
outputs()
{
    expect 0 1 predict model/checkpoints/latest.h5 --data "$1" -o p.h5 --split test
    h5dump -d /outputs -m %.9g p.h5 2>/dev/null | sed -n '/DATA {/,/}/p'
    rm p.h5
}
needs h5dump
same "outputs of the same rows" "$(outputs new.h5)" "$(outputs old.h5)"
[ -n "$(outputs new.h5)" ] || fail "there are no outputs"
expect 0 0 info new.h5
grep -q 'no y' out || fail "info says $(cat out)"

# With the target it is judged, and a file that is like another serves as that one.
expect 0 0 import csv old.csv --like old.h5 -o whole.h5
grep -q '1 real targets, test 60' out || fail "import says $(cat out)"
expect 0 1 eval model/checkpoints/latest.h5 --data whole.h5
expect 0 0 import csv new.csv --like whole.h5 --no-target -o again.h5
same "outputs by way of another file" "$(outputs again.h5)" "$(outputs old.h5)"

# Classes keep their numbers, whichever of them come.
printf 'a,kind\n1,rose\n2,daisy\n3,tulip\n4,rose\n' >flowers.csv
expect 0 0 import csv flowers.csv --classes -o flowers.h5
printf 'kind,a\ntulip,5\nrose,6\n' >more.csv
expect 0 0 import csv more.csv --like flowers.h5 -o more.h5
same "labels" "$(h5dump -d /test/y more.h5 | sed -n 's/^ *(0): //p' | head -n 1)" "2, 1"
printf 'a,n\n1,7\n2,10\n3,9\n' >numbers.csv
expect 0 0 import csv numbers.csv --classes -o numbers.h5
printf 'a,n\n1,10\n' >more.csv
expect 0 0 import csv more.csv --like numbers.h5 -o number.h5
same "labels" "$(h5dump -d /test/y number.h5 | sed -n 's/^ *(0): //p' | head -n 1)" "10"

# More columns than an attribute has room for; no header.
awk 'BEGIN { for (r = 0; r < 4; r++) for (c = 0; c < 1500; c++) printf "%d%s", r * c % 11, c < 1499 ? "," : "\n" }' >wide.csv
expect 0 0 import csv wide.csv --standardize -o wide.h5
expect 0 0 import csv wide.csv --like wide.h5 -o wider.h5
grep -q 'samples \[1499\], 1 real targets, test 4' out || fail "import says $(cat out)"

# What it does not fit: a line each.
refused() # CODE PATTERN SED-COMMAND FLAGS...
{
    sed "$3" new.csv >bad.csv
    expect_line "$1" 0 "$2" import csv bad.csv --like old.h5 -o bad.h5 "${@:4}"
    [ ! -e bad.h5 ] || fail "a file is left by: $2"
}
refused 3 "bad.csv:1: there is no column 'price', in old.h5 target 0, numbers; the columns are tall, new, .*; --no-target" ''
refused 3 "bad.csv:1: there is no column 'size', in old.h5 feature 1, numbers; the columns are tall, new, sice, id" '1s/size/sice/' --no-target
refused 3 "bad.csv:4: column 4 is 'f', a value that old.h5 does not know .column ki.nd: a, b, c.d, e.; fix or remove" '4s/,[^,]*\(,[^,]*\)$/,f\1/' --no-target
refused 3 "bad.csv:3: column 0 is '1', not a yes or no, true or false as in old.h5 .column tall." '3s/^[a-z]*/1/' --no-target
refused 3 "bad.csv:3: column 5 is '70', not a date as in old.h5 .column born." '3s/,[^,]*$/,70/' --no-target
refused 3 "bad.csv:3: column 3 is 'x5', not a number as in old.h5 .column id." '3s/,9,\([^,]*\),[0-9]*/,9,\1,x5/' --no-target
for flag in "--target id" --classes "--only id" "--drop id" "--categories auto" --standardize "--val 1" "--test-every 2"; do
    refused 2 "leave ${flag%% *} out|${flag%% *} is said by --like old.h5|--no-target leaves nothing" '' --no-target $flag
done
expect_line 3 0 'diabetes.h5: does not say what became of columns: --like wants a file that cairn import csv' \
    import csv new.csv --like "$datasets/diabetes.h5" -o bad.h5
printf 'a,kind\n,rose\n' >more.csv
expect_line 3 0 "more.csv:2: column 0 is '', no value .column a., and flowers.h5 has none for it; --missing drop" \
    import csv more.csv --like flowers.h5 -o bad.h5
printf 'a,kind\n1,lily\n' >more.csv
expect_line 3 0 "more.csv:2: column 1 is 'lily', a class that flowers.h5 does not know .column kind: daisy, rose, tulip.; .*--no-target" \
    import csv more.csv --like flowers.h5 -o bad.h5

# What an import reads is not replaced, whoever names it.
cp flowers.h5 kept.h5
replaces() # FILE FORMAT ARGUMENTS...
{
    cp "$1" before
    expect_line 2 0 "-o $1 is what the import reads; choose" import "${@:2}" -o "$1" --overwrite
    cmp -s "$1" before || fail "$1 is another after: import ${*:2}"
}
replaces flowers.h5 csv more.csv --like flowers.h5
replaces kept.h5 hdf5 'kep?.h5'
replaces kept.h5 hdf5 flowers.h5 --test-group kept.h5
printf '1 1:2\n' >a.svm
cp a.svm b.svm
replaces b.svm libsvm a.svm --test b.svm
expect_line 2 0 '--scale is 0, but must be at least' import npy a.npy --scale 0 -o bad.h5
printf 'a,b\n1,2\n' >two.csv
expect_line 3 0 'two.csv: has no line but those that --skip and --comment pass over' import csv two.csv --skip 5 -o bad.h5
