-- SPDX-License-Identifier: BSD-2-Clause
-- Small content, chosen for what is hard to carry over.
INSERT INTO library.authors (name, born, home, mentor, traits, mood)
SELECT initcap(w.word) || ' ' || initcap(v.word) || ' ' || i,
	date '1800-01-01' + (i * 37 % 70000),
	ROW(initcap(w.word) || ' Street', i % 90, 'Löndon')::library.address,
	CASE WHEN i > 10 THEN i / 10 END,
	ext.hstore(w.word, v.word) || ext.hstore('it''s "odd"', NULL),
	CASE i % 3 WHEN 0 THEN '' WHEN 1 THEN 'it''s "ok"' END::library.mood
FROM generate_series(1, 2000) i
JOIN words w ON w.slot = pick(i, 1) JOIN words v ON v.slot = pick(i, 2)
ORDER BY i;
INSERT INTO library.shelves (room, label, width, depth, note)
SELECT i, 'shelf ' || i, i * 1.125, i % 7, CASE WHEN i % 2 = 0 THEN '' END
FROM generate_series(1, 300) i;
INSERT INTO library.loans (shelf, during, returned)
SELECT 100 + (i % 300) * 5, tstzrange(
	timestamptz '2024-01-01 00:00+00' + i * interval '1 hour',
	timestamptz '2024-01-01 00:00+00' + (i + 1) * interval '1 hour'),
	CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END
FROM generate_series(1, 1000) i;
INSERT INTO library.parent VALUES (1, 'parent');
INSERT INTO library.child VALUES (1, 'same key in the child', 'extra');
INSERT INTO library.typed VALUES (1, 'typed');
INSERT INTO library.other_heap SELECT i, 'row ' || i
FROM generate_series(1, 10) i;
INSERT INTO library.sales SELECT i, date '2023-06-01' + i % 1200,
	(ARRAY['north', 'south', 'north-east', 'über alles'])[1 + i % 4],
	(i * 7919 % 100000) / 100.0
FROM generate_series(1, 5000) i;
INSERT INTO library.hashed SELECT i, 'hashed ' || i
FROM generate_series(1, 1000) i;
INSERT INTO library.points_at_hashed SELECT i, i
FROM generate_series(1, 1000, 7) i;
INSERT INTO library.listed VALUES (NULL, 'null'), ('sad', 's'),
	('fröhlich', 'f'), ('', 'empty');
INSERT INTO library.unlogged SELECT i, 'lost after a crash'
FROM generate_series(1, 50) i;
INSERT INTO library.no_columns SELECT FROM generate_series(1, 3);

INSERT INTO library.every_type (id) VALUES (0);
INSERT INTO library.every_type VALUES (1, true, -32768,
	-9223372036854775808, 'NaN', 'infinity', 'NaN', -12.34,
	E'tab\tnewline\ncr\rbackslash\\quote''"\x01', '', 'ab', 'x', 'nm',
	'\x', 'infinity', '24:00', '00:00+14', '-infinity', 'infinity',
	'-1 year 2 mons -3 days 04:05:06.789', '00000000-0000-0000-0000-000000000000',
	'{"a": 1, "a":  2}', '{"ü": [1, null, "\ud83d\ude00"]}',
	'<a b="c">d&amp;</a>', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03',
	'08:00:2b:01:02:03:04:05', B'1010101', B'', '(1,2)', '{1,2,3}',
	'[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1)]',
	'((0,0),(1,1),(1,0))', '<(0,0),1>', $$'a' 'b c':2A$$,
	'a & !b', 4294967295, 'FFFFFFFF/FFFFFFFF', 'empty', '{[1,2),(3,4]}',
	'[,2024-01-01 00:00+00)', '[-2:0]={1,NULL,3}',
	E'{{"","NULL"},{NULL,"{\\"}"}}', ARRAY['1', '{"x": []}']::jsonb[],
	'"k e"=>"v\"", "n"=>NULL', ROW('Ada', ROW('Straße "1"', NULL, NULL),
	ARRAY['sad', '']::library.mood[]),
	ARRAY[ROW('x', NULL, NULL), NULL]::library.person[], '[-infinity,NaN]',
	'{[1,2],(5,6)}', 'HELLO', '978-0123456789');
INSERT INTO library.every_type (id, f4, f8, n, t, by, d, ts, tstz, u, ip)
VALUES (2, '-infinity', 'NaN', 'infinity', E'\\.', '\x00ff5c0a',
	'4713-01-01 BC', '294276-12-31 23:59:59.999999', '4713-11-24 00:00+00 BC',
	'ffffffff-ffff-ffff-ffff-ffffffffffff', '255.255.255.255'),
	(3, 1.1754944e-38, 4.9406564584124654e-324, '-infinity',
	E'\\N', decode(repeat('5c2e0a', 5), 'hex'), '-infinity', 'epoch', 'epoch',
	NULL, NULL),
	(4, 3.4028235e38, float8 '-0', 12345678901234567890.12345678901234567890,
	E'emoji 😀 zero\u200bwidth, ÄÖÜ, 中文, ‮right to left', NULL, '5874897-12-31',
	NULL, NULL, NULL, NULL);
INSERT INTO library.wide_values
SELECT 1, 'long text', string_agg(w.word, ' ' ORDER BY i), NULL, NULL
FROM generate_series(1, 190000) i JOIN words w ON w.slot = pick(i, 3);
INSERT INTO library.wide_values
SELECT 2, 'a megabyte of bytes', NULL,
	string_agg(sha256(int8send(i)), '' ORDER BY i), NULL
FROM generate_series(1, 32768) i;
INSERT INTO library.wide_values
SELECT 3, 'a megabyte of json', NULL, NULL,
	jsonb_object_agg(i || ' ' || w.word, ARRAY[w.word, v.word])
FROM generate_series(1, 22000) i
JOIN words w ON w.slot = pick(i, 4) JOIN words v ON v.slot = pick(i, 5);
INSERT INTO library.wide_values VALUES (4, 'one letter', repeat('a', 1048576),
	decode(repeat('00', 1048576), 'hex'), NULL);
INSERT INTO library.wide_values VALUES (5, 'lines', repeat(E'\\.\n', 30000),
	NULL, to_jsonb(repeat(E'"\\', 20000)));

INSERT INTO "Größe & Maß"."Tabelle mit ""Anführung"" und 'Strich'"
VALUES ('a', 1, E'x\ny', '%d\n', 'select'), (NULL, 2, '', NULL, E'\t');
INSERT INTO "odd ""names""
in two lines"."a table
whose name has -- two lines; DROP TABLE x" VALUES (1, 'x'), (2, NULL);
INSERT INTO "odd ""names""
in two lines".abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_sixtythre
	VALUES (1), (1);
INSERT INTO public."UPPER lower" ("$1") SELECT 'v' || i
FROM generate_series(1, 13) i;

SELECT setval('library.odd_sequence', 1234568),
	setval('library.going_down', -98),
	setval('library.nearly_full', 9223372036854775806),
	setval('library.set_not_called', 17, false),
	setval('"Größe & Maß"."it''s a ""sequence"""', 1111),
	setval('library.loans_id_seq', 987654321),
	setval('public."UPPER lower_id_seq"', 77, true),
	nextval('library.going_down') \g /dev/null

SELECT lo_from_bytea(700001, ''), lo_from_bytea(700002, '\x00'),
	lo_from_bytea(700003, convert_to(repeat('page ', 500), 'UTF8')),
	lo_from_bytea(700004, (SELECT convert_to(t, 'UTF8')
	    FROM library.wide_values WHERE id = 1)),
	lo_from_bytea(700005, (SELECT by || by || by
	    FROM library.wide_values WHERE id = 2)) \g /dev/null
SELECT lo_from_bytea(710000 + i, sha512(int4send(i)))
FROM generate_series(1, 300) i \g /dev/null
-- A hole in the middle: two pages written far apart.
SELECT lo_put(lo_create(700006), 3000000, '\x656e64') \g /dev/null
COMMENT ON LARGE OBJECT 700003 IS 'it''s large; "really"';
ALTER LARGE OBJECT 700004 OWNER TO library_owner;
GRANT SELECT ON LARGE OBJECT 700005 TO library_reader;
SET CONSTRAINTS ALL IMMEDIATE;
