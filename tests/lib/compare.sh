# SPDX-License-Identifier: BSD-2-Clause
#
# Compare two databases by what they hold, with psql alone: nothing of
# libdbbackup takes part. Sourced.

# describe DATABASE: a line "kind|name|count|hash" for each table, sequence,
# and for all large objects together. Row order does not count.
describe() {
	"$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -d "$1" <<-'SQL'
	-- A database may have settings of its own for how values are shown.
	SET search_path = '';
	SET datestyle = 'ISO, YMD';
	SET intervalstyle = 'postgres';
	SET timezone = 'UTC';
	SET bytea_output = 'hex';
	SET extra_float_digits = 1;
	SET lc_monetary = 'C';
	SET xmloption = 'content';
	SET client_min_messages = warning;
	SELECT format($q$SELECT 'table', %L, count(*), md5(coalesce(
	    string_agg(h, '' ORDER BY h), '')) FROM (SELECT md5(whole_row::text)
	    COLLATE "C" AS h FROM ONLY %I.%I AS whole_row) AS rows$q$,
	    replace(format('%I.%I', n.nspname, c.relname), E'\n', ' '),
	    n.nspname, c.relname)
	FROM pg_catalog.pg_class c
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated)
	    AND n.nspname !~ '^(pg_|information_schema$)'
	ORDER BY n.nspname, c.relname
	\gexec
	SELECT format($q$SELECT 'sequence', %L, last_value, is_called
	    FROM %I.%I$q$,
	    replace(format('%I.%I', n.nspname, c.relname), E'\n', ' '),
	    n.nspname, c.relname)
	FROM pg_catalog.pg_class c
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'S' AND n.nspname !~ '^(pg_|information_schema$)'
	ORDER BY n.nspname, c.relname
	\gexec
	SELECT 'large objects', 'large objects', count(*), md5(coalesce(
	    string_agg(oid || md5(lo_get(oid)), '' ORDER BY oid), ''))
	FROM pg_catalog.pg_largeobject_metadata;
	SQL
}

# show_comparison BEFORE AFTER: the largest tables and the sums; fails when
# anything differs, and shows what.
show_comparison() {
	awk -F '|' '
	function comma(n,  s) {
		for (s = ""; length(n) > 3; n = substr(n, 1, length(n) - 3))
			s = "," substr(n, length(n) - 2) s
		return n s
	}
	function line(name, a, b, verdict) {
		printf "  %-40s %12s %12s   %s\n", name, a, b, verdict
	}
	NR == FNR { before[$1 "|" $2] = $3 "|" $4; next }
	{
		key = $1 "|" $2; after[key] = 1
		same = before[key] == $3 "|" $4
		split(before[key], was, "|")
		if (!same) {
			bad++
			line($2, comma(was[1]), comma($3), "DIFFERENT")
		} else if ($1 == "table") {
			tables++; rows += $3
			size[$2] = $3
		} else if ($1 == "sequence")
			sequences++
		else
			objects = $3
	}
	END {
		for (key in before)
			if (!(key in after)) {
				bad++
				line(key, "there", "missing", "DIFFERENT")
			}
		for (i = 0; i < 6; i++) {
			best = ""
			for (t in size)
				if (best == "" || size[t] > size[best] ||
				    size[t] == size[best] && t < best)
					best = t
			if (best == "")
				break
			line(best, comma(size[best]), comma(size[best]),
			    "same")
			delete size[best]
		}
		left = 0; sum = 0
		for (t in size) { left++; sum += size[t] }
		if (left)
			line(left " smaller tables", comma(sum), comma(sum),
			    "same")
		line("large objects", objects + 0, objects + 0, "same")
		line("sequences", sequences + 0, sequences + 0, "same")
		exit bad > 0
	}' "$1" "$2"
}
