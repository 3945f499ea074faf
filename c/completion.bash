# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completes the options of t2t-lab's programs. `make completion` puts this before
# what `t2t-NAME --completion` says of one program, and that is what is
# installed: a file for each, as bash-completion loads them.
#
# _t2t_words: 'PROGRAM' its options; 'PROGRAM --OPTION' its values, or @file,
# @folder, @interface; 'PROGRAM --OPTION NAME' the keys that follow "NAME:".
declare -gA _t2t_words

# Sets COMPREPLY. Readline divides words at COMP_WORDBREAKS, which has ':' and
# '='; here a word is what stands between blanks.
_t2t() { # program
	local program=${1##*/} line=${COMP_LINE:0:COMP_POINT}
	local word before value option='' start='' key words cut
	word=${line##*[[:blank:]]}
	read -ra before <<<"${line%"$word"}"
	value=$word
	[ ${#before[@]} -lt 2 ] || option=${before[-1]}
	if [[ $word == --*=* ]]; then
		option=${word%%=*}
		start=$option=
		value=${word#*=}
	fi
	key="$program $option"
	if [ -z "${_t2t_words[$key]+set}" ]; then
		words=${_t2t_words[$program]-}
		start='' value=$word
	elif [[ $value == *:* ]]; then
		words=${_t2t_words["$key ${value%%:*}"]-}
		start+=${value%"${value##*[:,]}"}
		value=${value##*[:,]}
	else
		words=${_t2t_words[$key]}
	fi
	case $words in
	@file) mapfile -t COMPREPLY < <(compgen -f -- "$value") ;;
	@folder) mapfile -t COMPREPLY < <(compgen -d -- "$value") ;;
	@interface)
		words=$(printf '%s ' /sys/class/net/*)
		words=${words//\/sys\/class\/net\//}
		;;&
	*) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$value") ;;
	esac
	case $words in @file | @folder) compopt -o filenames 2>/dev/null ;; esac
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
	COMPREPLY=("${COMPREPLY[@]/#/$start}")
	cut=${word%"${word##*["$COMP_WORDBREAKS"]}"}
	COMPREPLY=("${COMPREPLY[@]#"$cut"}")
}
