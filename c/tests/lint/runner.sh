#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run itself: what must turn it red does, and what it prints is right. It
# runs small scripts that pass, fail, skip, crash, hang or say nothing.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/tests/unit" "$folder/tests/lab"
cp tests/run tests/skips.bash tests/tap.bash "$folder/tests"

# A test, from stdin; it finds tap.bash in the folder it runs in.
fake() { # KIND/NAME
	cat >"$folder/tests/$1.sh"
}
fake unit/good <<<'echo "ok 1 - one"; echo "ok 2 - two"; echo 1..2'
fake unit/bad <<<'echo "not ok 1 - one"; echo "# for a reason"; echo 1..1; exit 1'
fake unit/silent <<<':'
fake unit/crash <<<'echo "ok 1 - one"; echo 1..1; kill -SEGV $$'
fake unit/short <<<'echo "ok 1 - one"; echo 1..2'
fake unit/hang <<<'echo "ok 1 - one"; echo 1..1; sleep 60'
fake unit/skips <<<'echo "ok 1 - one"; echo "ok 2 - two # SKIP no ear"; echo 1..2'
fake unit/cmocka <<'END'
printf '%s\n' 1..2 '# skipped: no ear' 'not ok 1 # SKIP one' 'ok 2 - two'
END
fake unit/plans <<<'echo "1..0 # SKIP no ear"'
fake unit/cases <<'END'
. tests/tap.bash
pass 'a one'
pass 'b two'
fail 'b three' <<<''
finish
END
fake unit/third <<'END'
echo x >>count
echo 1..1
[ "$(wc -l <count)" -lt 3 ] && echo 'ok 1 - one' || echo 'not ok 1 - one'
END
# Each waits for the other: beside each other they end, in turn they hang.
fake lab/first <<<'touch first; until [ -e second ]; do sleep 0.1; done; echo ok 1 - one'
fake unit/second <<<'touch second; until [ -e first ]; do sleep 0.1; done; echo ok 1 - one'
# The marks, which this script itself must not have.
colon=:
# The other must be over.
fake unit/other <<<'touch busy; sleep 0.5; rm busy; echo ok 1 - one'
fake unit/alone <<END
# Runs alone$colon it looks at a clock.
[ -e busy ] && echo not ok 1 - one || echo ok 1 - one
END
fake unit/long <<<"# Takes long$colon more than most.
echo ok 1 - one"
: >"$folder/tests/skips"

# Output and exit code of a run. TEST_CASE is ours, not theirs.
at_a_time=2
run() { # arguments
	output=$(cd "$folder" && env -u TEST_CASE JOBS=$at_a_time tests/run "$@" 2>&1)
	code=$?
}

# The last run ended with this code and last line, and said so.
expect() { # name, code, last line, text...
	local name=$1 wanted=$2 last=$3 text faults=''
	shift 3
	[ $code = "$wanted" ] || faults+="exit code $code, not $wanted"$'\n'
	[ "${output##*$'\n'}" = "$last" ] || faults+="the last line is not: $last"$'\n'
	for text; do
		[[ $output == *"$text"* ]] || faults+="it doesn't say: $text"$'\n'
	done
	if [ -z "$faults" ]; then
		pass "$name"
	else
		fail "$name" <<<"$faults$output"
	fi
}

run build unit:good
expect 'what passes is green' 0 '2 passed, 0 failed, 0 skipped'
run build unit:bad
expect 'a failure is red, and shown whole' 1 '0 passed, 1 failed, 0 skipped' \
	'| # for a reason'
run build unit:silent
expect 'silence is red' 1 '0 passed, 1 failed, 0 skipped' \
	'unit/silent ran no test'
run build unit:crash
expect 'a crash is red, whatever was printed' 1 \
	'1 passed, 1 failed, 0 skipped' 'unit/crash ended with 139'
run build unit:short
expect 'a plan that is not kept is red' 1 '1 passed, 1 failed, 0 skipped' \
	'ended before all of its 2 tests'
TEST_TIMEOUT=1 run build unit:hang
expect 'a test that hangs is ended, and red' 1 \
	'1 passed, 1 failed, 0 skipped' 'was ended after 1 s'
run build unit:goood
expect 'a misspelt pattern is red' 1 '0 passed, 1 failed, 0 skipped' \
	'unit:goood: no such test'
run build unti
expect 'a misspelt kind is red' 1 '0 passed, 1 failed, 0 skipped'
run build unit:good unit:bad
expect 'all is added up' 1 '2 passed, 1 failed, 0 skipped'
run build unit:good -- other unit:good
expect 'builds are told apart' 0 '4 passed, 0 failed, 0 skipped' \
	'other: unit/good'

run build unit:skips
expect 'a skip that nobody expects is red, named, and says what to do' 1 \
	'1 passed, 1 failed, 0 skipped' 'not ok - two: no ear' 'give the skip a line'
run build unit:cmocka
expect "cmocka's skip is one, its reason the line before" 1 \
	'1 passed, 1 failed, 0 skipped' 'not ok - one: no ear'
run build unit:plans
expect 'a plan of none is no skip' 1 '0 passed, 1 failed, 0 skipped'
list() { # lines...
	printf '%s\n' '# A comment' '' "$@" >"$folder/tests/skips"
}
list 'always unit/skips two: no*'
run build unit:skips
expect 'a skip that the list expects is green, and counted' 0 \
	'1 passed, 0 failed, 1 skipped' 'skipped: two: no ear'
run build unit:good
expect 'an expected skip that does not come is green' 0 \
	'2 passed, 0 failed, 0 skipped'
list 'always unit/skips two: no eye'
run build unit:skips
expect 'a skip for another reason is red' 1 '1 passed, 1 failed, 0 skipped'
list 'sanitizer unit/skips two: *'
run build unit:skips
expect "a sanitizer's skip is red in other builds" 1 \
	'1 passed, 1 failed, 0 skipped'
mkdir -p "$folder/asan"
echo 'SANITIZE := address' >"$folder/asan/config.mk"
run asan unit:skips
expect "and green in the sanitizer's" 0 '1 passed, 0 failed, 1 skipped'
list 'alwys unit/skips two: *'
run build unit:good
expect 'a misspelt condition is refused, by line' 2 \
	"tests/skips:3: no condition 'alwys'"
list 'always unit/skips'
run build unit:good
expect 'a line that lacks its pattern is refused' 2 \
	'tests/skips:3: wants CONDITION TEST PATTERN'
list

run --case 'a*' build unit:cases
expect 'of a script the cases of one name' 0 '1 passed, 0 failed, 0 skipped'
run --case '*three' build unit:cases
expect 'and if that one fails' 1 '0 passed, 1 failed, 0 skipped'
run --case 'c*' build unit:cases
expect 'a case that is misspelt is red' 1 '0 passed, 1 failed, 0 skipped'
mkdir "$folder/tests/python"
cp tests/lab/python/tap.py "$folder/tests/python"
cat >"$folder/tests/python/test_two.py" <<'END'
import unittest
class Two(unittest.TestCase):
    def test_a_one(self):
        pass
    def test_b_two(self):
        self.fail()
END
fake unit/python <<<'exec python3 tests/python/tap.py'
run --case 'two: a*' build unit:python
expect "of Python's tests too" 0 '1 passed, 0 failed, 0 skipped'
run build unit:python
expect 'and all of them without' 1 '1 passed, 1 failed, 0 skipped'
echo 'import nothing_of_that_name' >"$folder/tests/python/test_broken.py"
run --case 'two: a*' build unit:python
expect "what can't be loaded is red whatever is asked for" 1 \
	'1 passed, 1 failed, 0 skipped'
run --repeat 3 build unit:good
expect '--repeat adds up' 0 '6 passed, 0 failed, 0 skipped' \
	'3 of 3 rounds passed'
run --repeat 5 build unit:third
expect '--repeat ends at the first failure, and shows it' 1 \
	'2 passed, 1 failed, 0 skipped' '2 of 5 rounds passed, round 3 failed' \
	'| not ok 1 - one'
for value in 0 x ''; do
	run --repeat "$value" build unit:good
	expect "--repeat '$value' is refused" 2 \
		"tests/run: --repeat $value is no number from 1 on; see tests/run --help"
done
run --repaet build unit:good
expect 'an unknown option is refused' 2 \
	'tests/run: unknown option --repaet; see tests/run --help'
run --help
expect '--help says how' 0 "${output##*$'\n'}" 'tests/run [OPTION]' '--repeat N'

# Red the first time, green the second.
fake unit/busy <<'END'
echo 1..1
[ -e been ] && echo 'ok 1 - one' || echo 'not ok 1 - one'
touch been
END
run build unit:busy
expect 'what fails once has failed' 1 '0 passed, 1 failed, 0 skipped'
rm "$folder/been"
run --again build unit:busy unit:good
expect '--again runs it once more, and tells that it is flaky' 0 \
	'3 passed, 0 failed, 0 skipped' '| not ok 1 - one' \
	$'flaky, red beside others and green by itself:\n     unit/busy\n'
run --again build unit:bad unit:good
expect 'what fails twice has failed, once' 1 '2 passed, 1 failed, 0 skipped' \
	$'once more, by itself:\nFAIL unit/bad'
expect_none 'and is not called flaky' < <(grep flaky <<<"$output")
rm "$folder/been"
for i in 1 2 3 4 5; do
	cp "$folder/tests/unit/bad.sh" "$folder/tests/unit/worse$i.sh"
done
run --again build unit:busy 'unit:worse*'
expect 'six that fail are no chance' 1 '0 passed, 6 failed, 0 skipped'

at_a_time=1
run build unit:good unit:long
at_a_time=2
expect 'what takes long comes first' 0 '3 passed, 0 failed, 0 skipped' \
	$'\nok   unit/good'
run --short build unit:long unit:good
expect '--short leaves out what takes long' 0 '2 passed, 0 failed, 0 skipped'
TEST_TIMEOUT=20 run build lab:first unit:second
if unshare --net --mount --pid --fork --mount-proc true 2>/dev/null; then
	expect 'the lab runs beside the rest' 0 '2 passed, 0 failed, 0 skipped'
	rm "$folder/first" "$folder/second"
	fake lab/second <<END
# Makes guests$colon two.
touch second; until [ -e first ]; do sleep 0.1; done; echo ok 1 - one
END
	TEST_TIMEOUT=20 run build 'lab:*'
	expect 'and with guests beside those without' 0 \
		'2 passed, 0 failed, 0 skipped'
	rm "$folder/first" "$folder/second"
	if [ -e /proc/self/autogroup ]; then
		fake lab/first <<-'END'
			read -r _ _ nice </proc/self/autogroup
			[ "$nice" -gt 0 ] && echo ok 1 - one
		END
		fake lab/second <<-END
			# Makes guests$colon two.
			read -r _ _ nice </proc/self/autogroup
			[ "\$nice" = 0 ] && echo ok 1 - one
		END
		cp "$folder/tests/lab/first.sh" "$folder/tests/unit/gives_way.sh"
		run build 'lab:*' unit:gives_way
		expect 'what makes guests has the CPUs before all others' 0 \
			'3 passed, 0 failed, 0 skipped'
	fi
	fake lab/first <<END
# Waits for the machine's knobs$colon somebody has them.
[ -e second ] && echo ok 1 - one
END
	fake lab/second <<<'sleep 0.5; touch second; echo ok 1 - one'
	run build 'lab:*'
	expect "who waits for the machine's knobs comes last" 0 \
		'2 passed, 0 failed, 0 skipped'
	rm "$folder/second"
	fake lab/first <<END
# Makes guests$colon two.
[ -e busy ] && exit 1; touch busy; sleep 0.5; rm busy; echo ok 1 - one
END
	cp "$folder/tests/lab/first.sh" "$folder/tests/lab/second.sh"
	run build 'lab:*'
	expect 'of those with guests one at a time' 0 \
		'2 passed, 0 failed, 0 skipped'
	# Each waits for the two others, and two run beside the lab.
	for i in 1 2 3; do
		fake "unit/crowd$i" <<END
touch crowd$i
until [ -e crowd1 ] && [ -e crowd2 ] && [ -e crowd3 ]; do sleep 0.1; done
echo ok 1 - one
END
	done
	fake lab/first <<<'echo ok 1 - one'
	TEST_TIMEOUT=20 run build lab:first 'unit:crowd*'
	expect 'twice as many once the lab is over' 0 '4 passed, 0 failed, 0 skipped'
	rm "$folder"/crowd?
	fake lab/first <<'END'
for ((i = 0; i < 50; i++)); do
	[ ! -e crowd1 ] || [ ! -e crowd2 ] || break
	sleep 0.1
done
sleep 1
set -- crowd?
[ $# = 2 ] && echo ok 1 - one
END
	TEST_TIMEOUT=20 run build lab:first 'unit:crowd*'
	expect 'and not before' 0 '4 passed, 0 failed, 0 skipped'
else
	skip 'the lab runs beside the rest' 'namespaces are not permitted'
fi
run build unit:alone unit:other
expect 'what runs alone waits for the rest' 0 '2 passed, 0 failed, 0 skipped'
for i in 1 2 3; do
	fake "unit/wait$i" <<END
# Mostly waits$colon for the two others.
touch here$i
until [ -e here1 ] && [ -e here2 ] && [ -e here3 ]; do sleep 0.1; done
echo ok 1 - one
END
done
TEST_TIMEOUT=20 run build 'unit:wait*'
expect 'what mostly waits does so together' 0 '3 passed, 0 failed, 0 skipped'
for i in 1 2 3 4 5 6 7 8 9 10; do
	fake "unit/many$i" <<<'echo ok 1 - one'
done
fake unit/many11 <<<'sleep 4; echo ok 1 - one'
run build 'unit:many*'
slowest=${output#*the ten slowest:}
expect 'the ten slowest are named' 0 '11 passed, 0 failed, 0 skipped' \
	'the ten slowest:'
output=$(head -n 2 <<<"$slowest" | sed 's/^ *[0-9]* s *[0-9]* s of CPU *//')
expect 'the slowest first' 0 unit/many11

# Two of them beside each other would see each other's huge pages.
expect_none 'of the lab, what makes guests says so' < <(
	grep -l 'lab_hindrance)' tests/lab/*.sh | xargs grep -L "Makes guests$colon"
)
finish
