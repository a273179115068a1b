#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draw what bench.py measured, for README.md.

usage: draw.py bench.json bench.svg

Bars, not a table: how long each took beside what it is held against, what
each added after a small change, and what the stages cost. Shorter is better.
Text and grid take the colour of the page around them (light or dark).
"""

import html
import json
import sys

WIDTH, LEFT, RIGHT = 820, 250, 92
ROW, BAR, GAP = 24, 15, 56
OURS, THEIRS, YARD = '#2a78d6', '#a7adb5', '#6b7280'

TIMES = ('Time, as a multiple of "pg_dump -Fc -Z0 | zstd -3 -T2 > file"',
         'ratio', 1.0, (
             ('first backup', 'dbbackup, first', OURS),
             ('zstd pipeline', 'pg_dump | zstd', YARD),
             ('restic first', 'restic, first', THEIRS),
             ('borg first', 'borg, first', THEIRS),
             ('backup, 1 % changed', 'dbbackup, 1 % changed', OURS),
             ('restic, 1 % changed', 'restic, 1 % changed', THEIRS),
             ('borg, 1 % changed', 'borg, 1 % changed', THEIRS)))
ADDED = ('Stored after 1 % of a table changed, MB', 'stored', None, (
    ('backup, 1 % changed', 'dbbackup', OURS),
    ('restic, 1 % changed', 'restic', THEIRS),
    ('borg, 1 % changed', 'borg', THEIRS)))
RESTORES = ('Restoring, as a multiple of pg_restore of a local plain file',
            'restoring', 1.0, (
                ('restore', 'dbbackup, compared at the end', OURS),
                ('pg_restore', 'pg_restore', YARD)))
MEMORY = ('Peak memory, MiB', 'peak', None, (
    ('first backup', 'dbbackup, first', OURS),
    ('restore', 'dbbackup, restore', OURS),
    ('restic first', 'restic, first', THEIRS),
    ('borg first', 'borg, first', THEIRS)))


def value_of(row, kind):
    """The figure of a row that a panel shows."""
    return {'ratio': lambda: row['ratios']['zstd pipeline'],
            'restoring': lambda: row['ratios']['pg_restore'],
            'stored': lambda: row['stored_bytes'] / 1e6,
            'peak': lambda: row['peak_kb'] / 1024}[kind]()


def panel(document, title, kind, mark, wanted):
    """A panel's title, mark and bars (label, value, colour)."""
    rows = document['rows']
    bars = [(label, value_of(rows[name], kind), colour)
            for name, label, colour in wanted if name in rows]
    return title, mark, bars


def stages(document):
    """The stages' panel."""
    bars = [(name, 1e3 / speed, YARD if name.startswith('zstd,') else OURS)
            for name, speed in document.get('stages', {}).items()]
    return 'Stages, nanoseconds a byte on one core', None, bars


def text(x, y, words, anchor='start', weight='normal'):
    """A text element."""
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"'
            f' font-weight="{weight}">{html.escape(words)}</text>')


def number(value):
    """Three digits are enough."""
    return f'{value:.0f}' if value >= 100 else \
        f'{value:.1f}' if value >= 10 else f'{value:.2f}'


def draw_panel(top, title, mark, bars):
    """SVG elements of a panel, and where it ends."""
    found = [text(0, top + 14, title, weight='bold')]
    scale = (WIDTH - LEFT - RIGHT) / max(value for _, value, _ in bars)
    at = top + 28
    for label, value, colour in bars:
        found.append(text(LEFT - 8, at + 12, label, 'end'))
        found.append(f'<rect x="{LEFT}" y="{at}" rx="2" height="{BAR}"'
                     f' width="{max(value * scale, 1):.1f}"'
                     f' fill="{colour}"/>')
        found.append(text(LEFT + value * scale + 6, at + 12, number(value)))
        at += ROW
    if mark is not None:
        x = LEFT + mark * scale
        found.append(f'<path d="M{x:.1f} {top + 24}V{at}" fill="none"'
                     ' stroke="currentColor" stroke-dasharray="3 3"/>')
    return found, at


def draw(document):
    """The whole picture."""
    found, at = [], 8
    for title, mark, bars in (
            panel(document, *TIMES), panel(document, *ADDED),
            panel(document, *RESTORES), panel(document, *MEMORY),
            stages(document)):
        if bars:
            elements, end = draw_panel(at, title, mark, bars)
            found += elements
            at = end + GAP - ROW
    size = document['dump_bytes'] / 1e6
    found.append(text(0, at + 6, 'Shorter is better. A dump of '
                      f'{size:.0f} MB on {document["cores"]} cores, server '
                      f'included; medians of {document["runs"]} rounds, '
                      f'{document["at"][:10]}.'))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}"'
            f' height="{at + 16}" viewBox="0 0 {WIDTH} {at + 16}"'
            ' font-family="system-ui, sans-serif" font-size="13"'
            ' fill="currentColor" role="img">\n'
            '<style>svg{color:#1f2328}@media(prefers-color-scheme:dark)'
            '{svg{color:#e6edf3}}</style>\n' + '\n'.join(found) +
            '\n</svg>\n')


def main():
    """The command line."""
    if len(sys.argv) != 3:
        print(__doc__.split('\n\n')[1], file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding='utf-8') as file:
        document = json.load(file)
    with open(sys.argv[2], 'w', encoding='utf-8') as file:
        file.write(draw(document))
    return 0


if __name__ == '__main__':
    sys.exit(main())
