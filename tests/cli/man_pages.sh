# SPDX-License-Identifier: BSD-2-Clause
# The man pages tell of every verb, option and exit status that there is, and
# of no other.
options() {
	sed -n 's/^  \(-., \|    \)--\([a-z-]*\).*/\2/p' | sort -u
}
verbs() {
	sed -n '/^$/,/^options/s/^  \([a-z][a-z]*\) .*/\1/p' | sort -u
}
for program in dbb-backup dbb-restore; do
	page=$MANDIR/$program.1
	$program --help | verbs >verbs
	{
		$program --help
		while read -r verb; do
			$program $verb --help
		done <verbs
	} | options >told
	sed -n 's/^\.It .*Fl -\([a-z-]*\).*/\1/p' "$page" |
	    sort -u >written
	diff told written && echo "$program: $(wc -l <told) options"
	sed -n 's/^\.Ss \([a-z]*\).*/\1/p' "$page" | sort -u >written
	diff verbs written && echo "$program: $(wc -l <verbs) verbs"
	sed -n 's/^#define CLI_EXIT_[A-Z]* *\([0-9]*\).*/\1/p' "$EXITS" |
	    sort >codes
	sed -n 's/^\.It \([0-9][0-9]*\)$/\1/p' "$page" | sort >written
	diff codes written && echo "$program: $(wc -l <codes) exit statuses"
done
