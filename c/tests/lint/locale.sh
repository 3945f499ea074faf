#!/bin/bash
# SPDX-License-Identifier: MIT
# The verbs of the top folder have one locale, whatever the user's: Ansible
# insists on UTF-8, and numbers are to have a point. Nor is what a user has for
# other work in the way: where cd looks first, Python's modules, Ansible's.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/ansible-playbook" <<'END_OF_SCRIPT'
#!/bin/sh
echo "LC_ALL=$LC_ALL LANGUAGE=${LANGUAGE-} $(locale charmap)" >>"$SAID"
END_OF_SCRIPT
chmod +x "$work/ansible-playbook"
for locale in C POSIX de_DE.UTF-8; do
	for verb in doctor status restore teardown; do
		: >"$work/said"
		env -u MAKEFLAGS -u MAKELEVEL SAID="$work/said" LANGUAGE=de \
			LC_ALL=$locale PATH="$work:$PATH" \
			make -s -C .. $verb >"$work/log" 2>&1
		expect_none "make $verb under $locale" < <(
			[ -s "$work/said" ] || cat "$work/log"
			[ -s "$work/said" ] || echo 'it did not come to Ansible'
			grep -vx 'LC_ALL=C.UTF-8 LANGUAGE= UTF-8' "$work/said"
		)
	done
done
name='also where it is given to make'
: >"$work/said"
env -u MAKEFLAGS -u MAKELEVEL SAID="$work/said" PATH="$work:$PATH" \
	make -s -C .. LC_ALL=C status >"$work/log" 2>&1
if grep -q 'LC_ALL=C.UTF-8' "$work/said"; then
	pass "$name"
else
	fail "$name" <"$work/log"
fi

cat >"$work/ansible-playbook" <<'END_OF_SCRIPT'
#!/bin/sh
echo "$PWD" >>"$SAID"
env | grep -E '^(ANSIBLE_|BASH_ENV|CDPATH|PYTHON(PATH|HOME))' >>"$SAID"
END_OF_SCRIPT
mkdir "$work/ansible"
echo 'exit 7' >"$work/bash_env"
top=$(realpath ..)
for verb in doctor status restore teardown; do
	: >"$work/said"
	env -u MAKEFLAGS -u MAKELEVEL SAID="$work/said" CDPATH="$work" \
		BASH_ENV="$work/bash_env" PYTHONPATH="$work" PYTHONHOME="$work" \
		ANSIBLE_GATHERING=smart PATH="$work:$PATH" \
		make -s -C .. $verb >"$work/log" 2>&1
	expect_none "make $verb in a user's environment" < <(
		[ -s "$work/said" ] || cat "$work/log"
		diff - "$work/said" <<-END
			$top/ansible
			ANSIBLE_CONFIG=$top/ansible/ansible.cfg
		END
	)
done
finish
