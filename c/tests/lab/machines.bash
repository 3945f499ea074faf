# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of campaigns on machines, which are network namespaces here,
# and die when a test says so; no VM.
# shellcheck source=tests/lab/own_experiment.bash
. tests/lab/own_experiment.bash
# shellcheck source=tests/support/two_namespaces.bash
. tests/support/two_namespaces.bash
# On a disk, which a folder for temporary files may not be: the doctor refuses
# captures in memory.
folder=$(mktemp -d "$(realpath "${BUILD:-build}")/machines-XXXXXX")
id=$$
trader=t2t-lost-t$id exchange=t2t-lost-e$id
export MORTAL_FOLDER=$folder/dead LAB_FOLDER=$folder/lab
# Whoever else turns the machine's knobs is waited for.
export LAB_WAIT=1
export ANSIBLE_CONNECTION_PLUGINS=$PWD/tests/lab/connection
mkdir "$MORTAL_FOLDER" "$LAB_FOLDER" "$folder/$trader" "$folder/$exchange"

# shellcheck disable=SC2317 # called by the trap
clean() {
	for name in $trader $exchange; do
		kill_all "$name"
		ip netns delete "$name" 2>/dev/null
	done
	rm -rf "$folder"
}
kill_all() { # machine
	local pid
	for pid in $(ip netns pids "$1" 2>/dev/null); do
		kill -KILL "$pid" 2>/dev/null
	done
}
trap clean EXIT

# Of the inventory.
machine() { # name, namespace, last number of the address
	cat <<-END
		        $1:
		          ansible_host: $2
		          ansible_connection: mortal
		          experiment_connect: [ip, netns, exec, $2]
		          experiment_interface: lost0
		          experiment_address: 10.79.0.$3
		          experiment_scratch: $folder/$2
		          experiment_knobs: $folder/$2/knobs.json
	END
}

# Two machines with a wire between them, and their inventory.
machines_make() {
	local name
	two_namespaces $exchange $trader lost0 10.79.0
	for name in $exchange $trader; do
		ip netns exec "$name" sysctl -qw net.ipv6.conf.lost0.disable_ipv6=1
	done

	mkdir "$folder/inventory"
	cat >"$folder/inventory/hosts.yml" <<END
all:
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    experiment_programs: $BUILD
    experiment_tools: $BUILD
    experiment_wiretap: exchange
    experiment_wiretap_fifo: 0
  children:
    exchanges:
      hosts:
$(machine exchange $exchange 1)
    traders:
      hosts:
$(machine trader $trader 2)
END
}

# The campaign of $folder/mine.yml on them.
play() { # name of the result, pace, arguments...
	local output=$folder/$1 pace=$2
	shift 2
	own_experiment "$folder/mine.yml" >"$folder/mine.json"
	cd ../ansible && exec setsid ansible-playbook -i "$folder/inventory" \
		experiment.yml -e experiment=thp -e "@$folder/mine.json" \
		-e "experiment_feed=$folder/feed.csv.gz" \
		-e "experiment_pace=$pace" -e "experiment_output=$output" "$@" \
		>"$folder/log" 2>&1 </dev/null
}
