"""People of the network, what they are to which organisation, invitations, and links that need no account."""

from typing import Any, ClassVar

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_tenants.utils import get_public_schema_name

from apps.core.access import ALL, CURRENT_SHIPPER, OWN_MEMBERS, Access
from apps.core.ids import new_id
from apps.core.models import Record
from apps.tenancy.connection import connection
from apps.tenancy.models import Shipper


class Role(models.TextChoices):
    """What a person is to an organisation; each role belongs to one kind of organisation or to two."""

    PLANNER = "planner", _("Planner")
    SHIPPER_ADMIN = "shipper_admin", _("Shipper administrator")
    RECEIVING_MANAGER = "receiving_manager", _("Receiving manager")
    DOCK_OPERATOR = "dock_operator", _("Dock operator")
    AUDITOR = "auditor", _("Auditor")
    OPERATOR = "operator", _("Network operator")


SHIPPER_ROLES = frozenset({Role.PLANNER, Role.SHIPPER_ADMIN, Role.AUDITOR})
RECIPIENT_ROLES = frozenset({Role.RECEIVING_MANAGER, Role.DOCK_OPERATOR, Role.AUDITOR})


def organisation_fits_role(prefix: str) -> models.CheckConstraint:
    """A role goes with the organisation it is a role in: a shipper, a recipient, or the network (neither)."""
    return models.CheckConstraint(
        name=f"{prefix}_role_fits_organisation",
        condition=models.Q(role__in=sorted(SHIPPER_ROLES), shipper__isnull=False, recipient__isnull=True)
        | models.Q(role__in=sorted(RECIPIENT_ROLES), shipper__isnull=True, recipient__isnull=False)
        | models.Q(role=Role.OPERATOR, shipper__isnull=True, recipient__isnull=True),
    )


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Add a person; without a password only a reset link lets them in."""
        person = self.model(email=email.lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """Somebody who signs in by e-mail. What they may do comes from their memberships alone.

    A shipper's role finds its own members and nobody else, when somebody signs in at its host as well.
    """

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = PersonManager()

    is_superuser = False  # nobody is: libraries ask

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    access: ClassVar[Access] = Access(shipper="SELECT, UPDATE", rows=f"id IN ({OWN_MEMBERS})")

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="person_email_any_case")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    @property
    def initials(self) -> str:
        """First letters of the first and the last word of the name, or of the address."""
        words = self.name.split() or [self.email]
        return "".join(word[0] for word in dict.fromkeys((words[0], words[-1]))).upper()

    @property
    def is_staff(self) -> bool:
        """Whether the admin of the schema that the connection is in lets this person in."""
        if connection.schema_name == get_public_schema_name():
            return False
        return self.memberships.filter(
            shipper__schema_name=connection.schema_name, role__in=[Role.PLANNER, Role.SHIPPER_ADMIN]
        ).exists()

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        return self.is_active and any(backend.has_perm(self, perm, obj) for backend in get_backends())

    def has_perms(self, perm_list: list[str], obj: models.Model | None = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and any(
            backend.has_module_perms(self, app_label)
            for backend in get_backends()
            if hasattr(backend, "has_module_perms")
        )


class Membership(Record):
    """A person's role in one organisation. A shipper reads its own; the network writes them."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    shipper = models.ForeignKey(
        Shipper, null=True, blank=True, on_delete=models.CASCADE, related_name="memberships"
    )
    recipient = models.ForeignKey(
        "facilities.Recipient", null=True, blank=True, on_delete=models.CASCADE, related_name="memberships"
    )

    access: ClassVar[Access] = Access(rows=f"shipper_id = {CURRENT_SHIPPER}")

    class Meta:
        ordering = ["id"]
        constraints = [
            organisation_fits_role("membership"),
            models.UniqueConstraint(
                fields=["person", "role", "shipper", "recipient"],
                nulls_distinct=False,
                name="membership_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_role_display()}"


class Invitation(Record):
    """An e-mailed link by which somebody becomes a member; only the hash of its token is kept."""

    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role)
    shipper = models.ForeignKey(Shipper, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    recipient = models.ForeignKey(
        "facilities.Recipient", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    token_hash = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(shipper=ALL, rows=f"shipper_id = {CURRENT_SHIPPER}")

    class Meta:
        ordering = ["-id"]
        constraints = [organisation_fits_role("invitation")]


class Link(Record):
    """An e-mailed or printed address that lets whoever holds it do one thing; only its token's hash is kept.

    ``purpose`` names the thing (“appointments.answer”), ``subject_id`` what it is done to. A link to be used
    once is closed by its use; all end at ``expires_at`` or when they are revoked.
    """

    purpose = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    shipper = models.ForeignKey(Shipper, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    issued_to = models.CharField(max_length=200, help_text=_("The address or name it was given to."))
    facts = models.JSONField(default=dict, help_text=_("What else the thing needs, as plain values."))
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(shipper=ALL, rows=f"shipper_id = {CURRENT_SHIPPER}")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["purpose", "subject_id"])]
