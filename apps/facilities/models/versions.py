"""How a site's rules read at each of its versions: what a booking was agreed under stays visible."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.access import Access
from apps.core.models import Record
from apps.facilities.models.places import VISIBLE_SITE, Site


class SiteVersion(Record):
    """A site's public profile in sentences as it stood at one version; written once, never changed.

    ``sections`` holds pairs of a heading and its sentences, in order. ``changes`` says in sentences what
    this version did away with (“− …”) and brought (“+ …”); it names no shipper.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    changed_by = models.CharField(max_length=150, blank=True)
    sections = models.JSONField(default=list)
    changes = ArrayField(models.TextField(), default=list, blank=True)

    access: ClassVar[Access] = Access(hub="SELECT, INSERT", rows=VISIBLE_SITE)

    class Meta:
        ordering = ["site", "-number"]
        constraints = [models.UniqueConstraint(fields=["site", "number"], name="site_version_once")]

    def __str__(self) -> str:
        return f"{self.site} · {self.number}"
