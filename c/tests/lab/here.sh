#!/bin/bash
# SPDX-License-Identifier: MIT
# The connection "here": a module runs in a fork of the process that asks for
# it wherever nothing stands against that, and else in a Python of its own; and
# what becomes of it is told either way as by the connection "local".
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
log=$folder/log

if ! command -v ansible-playbook >/dev/null; then
	skip 'the connection to this machine' 'no ansible-playbook'
	finish
fi
chmod 755 "$folder"
mkdir "$folder/library" "$folder/tmp" "$folder/utils"
echo 'WORD = "found"' >"$folder/utils/here_word.py"
cat >"$folder/library/here_probe.py" <<'END'
import os
import signal
import sys

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.here_word import WORD

module = AnsibleModule({"ends": {"type": "str", "default": "well"}})
ends = module.params["ends"]
if ends == "raised":
    raise ValueError("raised on purpose")
if ends == "exit":
    sys.exit(3)
if ends == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if ends == "talkative":
    sys.stderr.write("x" * 1000000)
with open(f"/proc/{os.getppid()}/cmdline", encoding="utf-8") as words:
    parent = words.read().replace("\0", " ")
module.exit_json(
    word=WORD, uid=os.geteuid(), temporary=module.tmpdir,
    forked="ansible-playbook" in parent, variable=os.environ.get("HERE", ""),
    read=sys.stdin.read(), said="x" * (1000000 if ends == "talkative" else 1),
    ignored=signal.getsignal(signal.SIGTERM) != signal.SIG_DFL)
END
printf '#!/bin/sh\nexec python3 "$@"\n' >"$folder/other"
chmod 755 "$folder/other"

# Fails where not all of the conditions hold.
asked() { # name of the test, settings of the task as JSON, condition...
	local name=$1 settings=$2
	shift 2
	printf '%s\n' "$@" | jq -R . | jq -s --argjson settings "$settings" '
		[{hosts: "localhost", gather_facts: false, connection: "here",
		  tasks: [
			({register: "told", ignore_errors: true, here_probe: {}} +
				$settings),
			{"ansible.builtin.assert": {that: .}}]}]' \
		>"$folder/play.yml"
	if (cd ../ansible && ANSIBLE_STDOUT_CALLBACK=default \
		ANSIBLE_LIBRARY=$folder/library ANSIBLE_MODULE_UTILS=$folder/utils \
		ANSIBLE_REMOTE_TMP=$folder/tmp TMPDIR=$folder/tmp \
		ansible-playbook -i localhost, "$folder/play.yml") \
		>"$log" 2>&1; then
		pass "$name"
	else
		fail "$name" <"$log"
	fi
}

fine='told is not failed and told.word == "found"'
asked 'a module runs in a fork' '{}' "$fine" told.forked \
	'told.read == "" and not told.ignored'
asked 'one that has an environment, in a Python of its own' \
	'{"environment": {"HERE": "there"}}' "$fine" 'not told.forked' \
	'told.variable == "there"'
asked 'one that is for another Python, in that one' \
	"$(jq -n --arg other "$folder/other" \
		'{vars: {ansible_python_interpreter: $other}}')" "$fine" \
	'not told.forked'
name='one that is for another user, as that one'
if [ "$(id -u)" = 0 ] && command -v sudo >/dev/null; then
	asked "$name" '{"become": true, "become_user": "nobody", "vars":
		{"ansible_remote_tmp": "/tmp", "ansible_shell_allow_world_readable_temp": true}}' \
		"$fine" 'not told.forked' 'told.uid != 0'
else
	skip "$name" 'wants root and sudo'
fi
asked 'one that says a lot' '{"here_probe": {"ends": "talkative"}}' "$fine" \
	'told.said | length == 1000000' told.forked
asked 'an exception is told with its place' \
	'{"here_probe": {"ends": "raised"}}' 'told is failed' \
	'"raised on purpose" in told | string'
asked 'one that ends without a word has failed, with its code' \
	'{"here_probe": {"ends": "exit"}}' 'told is failed' 'told.rc == 3'
expect_none 'none of them leaves a file behind' < <(
	find "$folder/tmp" -mindepth 1
)
asked 'one that is killed has failed' \
	'{"here_probe": {"ends": "killed"}}' 'told is failed'
finish
