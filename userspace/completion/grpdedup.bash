# SPDX-License-Identifier: GPL-2.0
# bash completion of grpdedup(8)

# Offer those of the words that go on from what is typed. Not compgen -W: it
# expands its words, and "$(reboot)" is a valid name of a group.
_grpdedup_offer() {
	local word quoted
	for word; do
		printf -v quoted %q "$word"
		[[ $quoted != "$cur"* ]] || COMPREPLY+=("$quoted")
	done
}

# Names and numbers come from the tool, which is silent here without the module.
_grpdedup_offer_list() {
	local -a words
	mapfile -t words < <(grpdedup list "$1" 2>/dev/null)
	_grpdedup_offer "${words[@]}"
}

_grpdedup_offer_qemu() {
	local -a words
	mapfile -t words < <(pgrep '^qemu' 2>/dev/null)
	_grpdedup_offer "${words[@]}"
}

_grpdedup_offer_files() {
	local -a words
	mapfile -t words < <(compgen -f -- "$cur")
	_grpdedup_offer "${words[@]}"
}

_grpdedup() {
	local cur=${COMP_WORDS[COMP_CWORD]}
	local -a verbs=(add-group set-group del-group pause resume account
		assign move unassign scan show list dump monitor balloon estimate
		version help)

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_grpdedup_offer "${verbs[@]}"
		return
	fi
	case ${COMP_WORDS[1]} in
	add-group) _grpdedup_offer --rate --split-min --max-frames ;;
	set-group)
		_grpdedup_offer --rate --split-min --max-frames
		_grpdedup_offer_list groups
		;;
	del-group)
		_grpdedup_offer --unshare --force --no-wait
		_grpdedup_offer_list groups
		;;
	pause | resume)
		_grpdedup_offer --all
		_grpdedup_offer_list groups
		;;
	account)
		if ((COMP_CWORD == 2)); then
			_grpdedup_offer_list groups
		else
			_grpdedup_offer none
		fi
		;;
	assign | move)
		_grpdedup_offer --no-wait
		[[ ${COMP_WORDS[1]} == assign ]] || _grpdedup_offer --force
		if ((COMP_CWORD == 2)); then
			_grpdedup_offer_list groups
		else
			_grpdedup_offer_qemu
		fi
		;;
	unassign)
		_grpdedup_offer --keep --force --no-wait
		_grpdedup_offer_list pids
		;;
	scan)
		_grpdedup_offer --wait --timeout
		_grpdedup_offer_list groups
		;;
	show)
		_grpdedup_offer --json --watch
		_grpdedup_offer_list groups
		;;
	balloon)
		_grpdedup_offer --json --watch --socket
		_grpdedup_offer_list groups
		;;
	estimate)
		_grpdedup_offer --window --rate --passes --interval --mem --json
		_grpdedup_offer_qemu
		_grpdedup_offer_files
		;;
	list) _grpdedup_offer groups pids ;;
	dump) _grpdedup_offer --header ;;
	monitor) _grpdedup_offer --time --json ;;
	help) _grpdedup_offer "${verbs[@]}" ;;
	esac
}

complete -F _grpdedup grpdedup
