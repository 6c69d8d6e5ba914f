"""Shapes of what people type on the common pages: who to invite, a new member, a new shipper."""

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Role
from apps.tenancy.models import SLUG


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, data: QueryDict | None, *, roles: frozenset[Role]) -> None:
        super().__init__(data)
        choices = sorted(((role.value, role.label) for role in roles), key=lambda choice: str(choice[1]))
        self.fields["role"] = forms.ChoiceField(label=_("Role"), choices=choices)


class JoinForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters; a password manager's choice is best."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class ShipperForm(forms.Form):
    name = forms.CharField(label=_("Company name"), max_length=200)
    slug = forms.CharField(
        label=_("Short name"),
        validators=[SLUG],
        help_text=_("Becomes the address of its desk: 3 to 40 lower-case letters, digits and hyphens."),
    )
    gs1_company_prefix = forms.RegexField(
        r"^[0-9]{4,12}$",
        label=_("GS1 company prefix"),
        required=False,
        help_text=_("4 to 12 digits, for its SSCCs."),
    )
    administrator = forms.EmailField(
        label=_("Its administrator's e-mail"), required=False, help_text=_("Gets an invitation.")
    )
