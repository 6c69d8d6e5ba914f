"""timescale_css: write static/css/timescale.css, with whose classes templates place things on a time axis.

Pages may not carry inline styles (content security policy), so a position is a class: ``hours-16`` on the
axis, ``from-345 span-60`` on what starts 345 minutes after the axis begins and lasts 60. Steps are of five
minutes, and an axis may be 25 hours long, the longest day that a change of clocks makes.

Run it after changing this module; a test compares the file with what this writes.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

STEP = 5
LONGEST_AXIS_HOURS = 25

HEAD = """\
/* Time drawn to scale. Written by manage.py timescale_css; change it there.
   .timescale inside .hours-N is an axis of N hours; .from-M .span-M place a child on it, in minutes
   and steps of five. */

@layer components {
  .timescale {
    display: grid; grid-template-columns: repeat(var(--units, 288), minmax(0, 1fr));
    margin: 0; min-inline-size: 0;
  }
  .timescale > * { grid-row: 1; }
  .timescale--ruled {
    background-image: linear-gradient(to right, var(--line) 1px, transparent 1px);
    background-size: calc(100% / var(--hours, 24)) 100%;
  }
  .timescale--axis { block-size: 2rem; align-items: center; }
  .timescale__hour {
    padding-inline-start: 0.3125rem; border-inline-start: 1px solid var(--line);
    color: var(--ink-2); font-size: var(--text-1); line-height: 2rem;
  }
  .timescale__hour.from-0 { border-inline-start: 0; }

  /* Now: one colour, one line through every row; the rows' names (--head wide) stay free of it. */
  .timescale__overlay {
    position: absolute; inset-block: 0; inset-inline: var(--head, 0) 0; z-index: 2; pointer-events: none;
  }
  .timescale__now {
    justify-self: start; inline-size: 0; block-size: 100%; margin-inline-start: -1px;
    border-inline-start: 2px solid var(--accent);
  }
  .timescale__now-label {
    align-self: center; justify-self: start; z-index: 1; inline-size: max-content; translate: -50% 0;
    padding: 1px 0.3125rem; border-radius: var(--radius); background: var(--accent); color: var(--on-accent);
    font-size: var(--text-1); font-weight: 600; line-height: 1.3;
  }
  .timescale__now-label:dir(rtl) { translate: 50% 0; }

"""


def timescale_css() -> str:
    """The whole style sheet, one rule per line."""
    units_per_hour = 60 // STEP
    units = LONGEST_AXIS_HOURS * units_per_hour
    hours = (
        f".hours-{n} {{ --hours: {n}; --units: {n * units_per_hour}; }}"
        for n in range(1, LONGEST_AXIS_HOURS + 1)
    )
    starts = (f".from-{n * STEP} {{ grid-column-start: {n + 1}; }}" for n in range(units))
    spans = (f".span-{n * STEP} {{ grid-column-end: span {n}; }}" for n in range(1, units + 1))
    return HEAD + "".join(f"  {rule}\n" for rule in (*hours, *starts, *spans)) + "}\n"


class Command(BaseCommand):
    help = "Write static/css/timescale.css."

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / "static" / "css" / "timescale.css").write_text(timescale_css(), encoding="utf-8")
