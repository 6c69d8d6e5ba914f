"""Icons: Lucide's tag takes each out of its archive's tree and copies it anew; here each is drawn once.

A page has a dozen icons and there are some hundred in all, so that they are most of what a small page costs
to fill in.
"""

from functools import lru_cache

from django import template
from lucide.templatetags.lucide import lucide as draw

register = template.Library()
register.simple_tag(lru_cache(maxsize=512)(draw), name="lucide")
