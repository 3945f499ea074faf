# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034
# Sourced by make-image: the kernels that are wanted.
# What is not assigned or not used here is make-image's.

# "NAME PACKAGE SUITE" of each kernel that has a name.
known_kernels=$(sed 's/#.*//' "$here/kernels" | awk 'NF == 3')

kernel_line() { # name
	awk -v name="$1" '$1 == name' <<<"$known_kernels"
}

# The boot sector's signature and the header's, as Documentation/arch/x86/boot
# says; its kernel_version is an offset from 0x200. Nothing if it is none.
bzimage_release() { # path
	local size signature magic offset
	size=$(stat -L -c %s "$1")
	[ "$size" -ge 1024 ] || return 0
	signature=$(od -An -tx1 -j 510 -N 2 "$1" | tr -d ' \n')
	[ "$signature" = 55aa ] || return 0
	magic=$(od -An -c -j 514 -N 4 "$1" | tr -d ' \n')
	[ "$magic" = HdrS ] || return 0
	offset=$(od -An -tu2 --endian=little -j 526 -N 2 "$1" | tr -d ' ')
	dd if="$1" bs=1 skip=$((offset + 512)) count=256 status=none |
		tr '\0' '\n' | sed -n '1s/ .*//p'
}

# Lines of NAME, SOURCE and the rest (stages/kernels), between tabs. The source
# says what a kernel is made of, so that another one is noticed.
wanted=''
want() { # field...
	local IFS=$'\t'
	[[ "$*" != *$'\n'* ]] || fail 'the name of a file has a line break in it'
	wanted+="$*"$'\n'
}

is_wanted() { # name
	[[ $'\n'$wanted = *$'\n'"$1"$'\t'* ]]
}

# As make-kernel left it: without modules.
want_built() { # name
	local path=$output/built/$1/bzImage source=$custom_source
	local release=$custom_release
	[ -f "$path" ] ||
		fail "--kernel $1: it is not built yet: images/make-kernel $1 does, in hours"
	look_at_custom "$path" ''
	is_wanted "$1" || want "$1" "$custom_source" file "$path" "$custom_release"
	custom_source=$source custom_release=$release
}

want_packaged() { # name
	local line names package from
	line=$(kernel_line "$1")
	if [ -z "$line" ]; then
		names=$(cut -d' ' -f1 <<<"$known_kernels" | paste -sd' ')
		misused "--kernel $1: neither a file nor one of: $names"
	fi
	read -r _ package from <<<"$line"
	if [ "$from" = built ]; then
		want_built "$1"
		return
	fi
	if [ "$from" = - ]; then from=$suite; else from=$suite-$from; fi
	is_wanted "$1" || want "$1" "$package/$from" package "$package" "$from"
}

# What a bzImage and the folder of its modules, if any, are: custom_source and
# custom_release.
look_at_custom() { # path, modules
	local sum version
	[ -f "$1" ] || misused "--kernel $1: no such file"
	[ -r "$1" ] || fail "--kernel $1: can't be read"
	custom_release=$(bzimage_release "$1")
	[ -n "$custom_release" ] ||
		fail "--kernel $1: this is not a bzImage (arch/x86/boot/bzImage of a built kernel is one)"
	sum=$(hash_of <"$1")
	custom_source=sha256:$sum
	[ -n "$2" ] || return 0
	[ -f "$2/modules.dep" ] || fail "--modules $2: no modules.dep in it"
	version=$(realpath "$2")
	[ "${version##*/}" = "$custom_release" ] ||
		fail "--modules $2: the kernel is $custom_release"
	sum=$(cd "$2" && find . -type f -printf '%p %s %T@\n' | sort | hash_of)
	custom_source+=+$sum
}

# The one that was given before, as it was then: from what was made of it, or,
# if that is damaged, from where it came if it is there still.
want_custom_again() { # lines of what is damaged
	local path folder tar=''
	path=$(recorded '.kernels.custom.path // ""')
	folder=$(recorded '.kernels.custom.modules // ""')
	custom_release=$(recorded .kernels.custom.release)
	if ! grep -q '^kernels/custom/' <<<"$1"; then
		custom_source=$(recorded .kernels.custom.source)
		[ ! -e "$output/kernels/custom/modules.tar" ] ||
			tar=$output/kernels/custom/modules.tar
		want custom "$custom_source" file \
			"$output/kernels/custom/vmlinuz" "$custom_release" "$tar"
	else
		custom_source=
		[ ! -f "$path" ] || look_at_custom "$path" "$folder"
		was "$custom_source" .kernels.custom.source ||
			fail "kernels/custom is damaged, and $path is not what it was: KERNEL=FILE (--kernel) names another, IMAGE=stock (--image) does without"
		want custom "$custom_source" file "$path" "$custom_release" "$folder"
	fi
	custom=$path custom_modules=$folder
}
