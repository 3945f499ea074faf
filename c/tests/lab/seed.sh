#!/bin/bash
# SPDX-License-Identifier: MIT
# cloud-init's seeds: cloud-init takes them, nobody gets in by a password, and
# a seed has another name exactly when something else is in it.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
images=${IMAGES:-../images/build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
lab=$folder/lab
log=$folder/log
limit=120

for program in ansible-playbook cloud-localds isoinfo ssh-keygen; do
	if ! command -v $program >/dev/null; then
		skip 'seeds' "no $program"
		finish
	fi
done
mkdir "$lab"
ssh-keygen -q -t ed25519 -N '' -C seed-test -f "$lab/key"

seed() { # setting...
	(cd ../ansible && LAB_FOLDER=$lab timeout $limit ansible-playbook \
		-i ../inventory/lab -e "lab_repository=${PWD%/*} $*" \
		../c/tests/lab/seed.yml) >"$log" 2>&1
}

identity() { # guest
	sed -n 's/^instance-id: //p' "$lab/seed/$1/meta-data"
}

name='the seeds are made'
if seed; then
	pass "$name"
else
	fail "$name" <"$log"
	finish
fi

# -- cloud-init takes them: the guests' own, or else this machine's.

run_cloud_init() { # its arguments; the file comes on stdin
	if [ "$(id -u)" = 0 ] && [ -x "$images/root/usr/bin/cloud-init" ]; then
		timeout $limit ../images/in-root --images "$images" \
			cloud-init "$@" 2>&1
	else
		timeout $limit cloud-init "$@" 2>&1
	fi
}
# What is deprecated today is refused by tomorrow's.
takes() { # name, file, schema's arguments...
	local name=$1 file=$2 said
	shift 2
	if said=$(run_cloud_init schema -c /dev/stdin "$@" <"$file") &&
		! grep -qi deprecated <<<"$said"; then
		pass "$name"
	else
		fail "$name" <<<"$said"
	fi
}
known=$(run_cloud_init schema --help </dev/null) || known=
for guest in exchange trader; do
	for file in user-data network-config; do
		name="cloud-init takes the $file of $guest"
		if [ -z "$known" ]; then
			skip "$name" \
				'no cloud-init: neither root and a build root, nor here'
		elif [ $file = user-data ]; then
			takes "$name" "$lab/seed/$guest/$file"
		elif grep -q network-config <<<"$known"; then
			takes "$name" "$lab/seed/$guest/$file" -t network-config
		else
			skip "$name" 'this cloud-init has no schema for it'
		fi
	done
done

# It says where it ran; not in the build root, which would then not be what was
# made.
name='nothing of a run stays in the build root'
if [ "$(id -u)" = 0 ] && [ -d "$images/root/run" ]; then
	expect_none "$name" < <(find "$images/root/run" -type f)
else
	pass "$name"
fi

# -- Nobody gets in by a password.

keys_only='
import re, sys, yaml
folder, key = sys.argv[1:]
def read(name):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        return file.read()
public = read("../../key.pub").strip()
user_data = yaml.safe_load(read("user-data"))
users = user_data["users"]
if len(users) != 1:
    print("users:", users)
for user in users:
    if user.get("ssh_authorized_keys") != [public]:
        print("another key than the one of the lab:", user)
    if user.get("lock_passwd") is not True:
        print("not locked:", user)
if user_data.get("ssh_pwauth") is not False:
    print("ssh_pwauth is not off")
def walk(value, path=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            if re.search("passw|secret|hash", name) and name != "lock_passwd":
                print(f"{path}{name} is set")
            walk(inner, f"{path}{name}: ")
    elif isinstance(value, list):
        for inner in value:
            walk(inner, path)
    elif re.search(r"passw|PRIVATE KEY|\$[0-9a-z]{1,2}\$", str(value), re.I) \
            and value != "ALL=(ALL) NOPASSWD:ALL":
        print(f"{path}{value}")
for name in ("user-data", "network-config", "meta-data"):
    walk(yaml.safe_load(read(name)))
'
for guest in exchange trader; do
	expect_none "$guest is entered by the lab's key alone" \
		< <(python3 -c "$keys_only" "$lab/seed/$guest" "$lab/key" 2>&1)
done

# -- What is packed is what was written.

compare_packed() { # guest
	local id file
	id=$(identity "$1")
	[ -n "$id" ] || echo 'no instance-id'
	[ "$(isoinfo -d -i "$lab/seed/$1-$id.img" |
		sed -n 's/^Volume id: //p')" = cidata ] || echo 'no label cidata'
	for file in user-data network-config meta-data; do
		isoinfo -R -x "/$file" -i "$lab/seed/$1-$id.img" |
			cmp - "$lab/seed/$1/$file"
	done
}
for guest in exchange trader; do
	expect_none "the disk of $guest holds its seed, labelled cidata" \
		< <(compare_packed $guest 2>&1)
done

# -- Another seed is another instance, and nothing else is.

first=$(identity trader)
name='exchange and trader are two instances'
if [ -n "$first" ] && [ "$first" != "$(identity exchange)" ]; then
	pass "$name"
else
	fail "$name" <<<"both are '$first'"
fi

same() { # name, setting...
	local name=$1 now
	shift
	if ! seed "$@"; then
		fail "$name" <"$log"
		return
	fi
	now=$(identity trader)
	if [ "$now" = "$first" ]; then
		pass "$name"
	else
		fail "$name" <<<"it was $first and is $now"
	fi
}
other() { # name, setting...
	local name=$1 now
	shift
	if ! seed "$@"; then
		fail "$name" <"$log"
		return
	fi
	now=$(identity "${domain:-trader}")
	if [ -n "$now" ] && [ "$now" != "$first" ]; then
		pass "$name"
	else
		fail "$name" <<<"it was $first and is $now"
	fi
}
same 'the same seed is the same instance'
name='and it changes nothing'
if grep -q 'changed=0' "$log"; then
	pass "$name"
else
	fail "$name" <"$log"
fi
same 'what the seed does not hold leaves the instance as it is' \
	domain_nic_model=e1000e domain_vcpus=2 domain_memory_mib=512 \
	domain_kernel_arguments=quiet exchange_place=host
other 'another network is another instance' lab_subnet=10.88.0
other 'another management network is another instance' \
	lab_management_subnet=10.88.1
other 'another MAC is another instance' domain_mac_lab=52:54:00:00:00:01
domain=b-trader other 'another name is another instance' lab_prefix=b-
rm "$lab/key" "$lab/key.pub"
ssh-keygen -q -t ed25519 -N '' -C seed-test -f "$lab/key"
other 'another key is another instance'
finish
