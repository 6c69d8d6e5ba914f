"""Shippers (one schema each), the hosts they answer to, and the outbox of work to be done."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from apps.core.access import ALL, Access
from apps.core.ids import new_id
from apps.core.models import Record

SCHEMA_PREFIX = "t_"
SLUG = RegexValidator(
    r"^(?!xn--)[a-z][a-z0-9-]{1,38}[a-z0-9]\Z",  # no punycode: a browser shows that as another word
    _("3 to 40 characters: lower-case letters, digits and hyphens, starting with a letter."),
)


class Shipper(TenantMixin):
    """A company that makes deliveries happen: one tenant, one schema, one database role of the same name."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.CharField(
        _("short name"), max_length=40, unique=True, validators=[SLUG], help_text=_("Becomes its address.")
    )
    name = models.CharField(_("name"), max_length=200)
    state = models.CharField(max_length=12, choices=State, default=State.REQUESTED)
    gs1_company_prefix = models.CharField(
        _("GS1 company prefix"),
        max_length=12,
        blank=True,
        validators=[RegexValidator(r"^[0-9]{4,12}\Z", _("4 to 12 digits."))],
        help_text=_("Used for the SSCCs of its handling units."),
    )
    country = models.CharField(_("country"), max_length=2, default="ZA")
    created_at = models.DateTimeField(auto_now_add=True)

    auto_create_schema = False  # services.provisioning makes the schema, so that it can be repeated
    auto_drop_schema = False

    access: ClassVar[Access] = Access(hub="SELECT, INSERT, UPDATE", rows="schema_name = current_user")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Domain(DomainMixin):
    """A host name under which a shipper's desk answers."""

    access: ClassVar[Access] = Access(rows="tenant_id = (SELECT current_shipper())")


class Outbox(Record):
    """Work that was decided in some transaction and has yet to be done (transactional outbox).

    The row is written with the change that causes it; the worker delivers it at least once and marks
    it done in the transaction of its effect.
    """

    schema_name = models.CharField(max_length=63)
    name = models.CharField(max_length=100)
    payload = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    access: ClassVar[Access] = Access(hub=ALL, shipper="INSERT", rows="schema_name = current_user")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(done_at=None), name="outbox_waiting"),
        ]
