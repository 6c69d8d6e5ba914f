"""Who belongs to an organisation, inviting more, leaving, and joining by invitation."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.accounts.actors import Organisation, Side
from apps.accounts.http import ActingRequest
from apps.accounts.middleware import SIGNED_IN_AT
from apps.accounts.models import Invitation, Membership
from apps.accounts.permissions import allows, require
from apps.accounts.services import (
    LastOfThem,
    UnknownMember,
    accept_invitation,
    end_membership,
    find_invitation,
    invite,
    is_known,
    withdraw_invitation,
)
from apps.accounts.services.invitations import ROLES_OF
from apps.core.errors import DomainError
from apps.facilities.models import Recipient
from apps.portal.access import hub_page, shipper_page
from apps.portal.forms import InviteForm, JoinForm
from apps.portal.frame import desk_frame, hub_frame
from apps.tenancy.doorway import current_shipper

BACKEND = "apps.accounts.backends.MemberBackend"


@shipper_page
def desk_people(request: ActingRequest) -> HttpResponse:
    """The shipper's people, and a form to invite another for whoever may."""
    context = desk_frame(request, section="people")
    return _people(request, _own_shipper(), "desk:people", "desk_base.html", context)


@hub_page
def hub_people(request: ActingRequest) -> HttpResponse:
    """The people of the person's first recipient; ``?recipient=`` names another of theirs."""
    own = Recipient.objects.filter(pk__in=request.actor.recipient_ids)
    recipient = own.filter(name=request.GET.get("recipient", "")).first() or own.first()
    assert recipient is not None
    context = hub_frame(request, section="people")
    return _people(request, _as_organisation(recipient), "hub:people", "hub_base.html", context)


@shipper_page
def desk_end_role(request: ActingRequest, membership_id: UUID) -> HttpResponse:
    """Asks (GET) and takes a role from one of the shipper's people (POST)."""
    found = get_object_or_404(Membership.objects.filter(shipper_id=current_shipper().pk), pk=membership_id)
    context = desk_frame(request, section="people")
    return _end_role(request, found, _own_shipper(), "desk:people", "desk_base.html", context)


@hub_page
def hub_end_role(request: ActingRequest, membership_id: UUID) -> HttpResponse:
    """Asks (GET) and takes a role from one of a recipient's people (POST)."""
    own = Membership.objects.filter(recipient_id__in=request.actor.recipient_ids)
    found = get_object_or_404(own.select_related("recipient"), pk=membership_id)
    context = hub_frame(request, section="people")
    return _end_role(
        request, found, _as_organisation(found.recipient), "hub:people", "hub_base.html", context
    )


@require_POST
@shipper_page
def desk_withdraw(request: ActingRequest, invitation_id: UUID) -> HttpResponse:
    """Takes an open invitation of the shipper's back."""
    own = Invitation.objects.filter(shipper_id=current_shipper().pk)
    return _withdraw(request, get_object_or_404(own, pk=invitation_id), _own_shipper(), "desk:people")


@require_POST
@hub_page
def hub_withdraw(request: ActingRequest, invitation_id: UUID) -> HttpResponse:
    """Takes an open invitation of a recipient's back."""
    own = Invitation.objects.filter(recipient_id__in=request.actor.recipient_ids)
    found = get_object_or_404(own.select_related("recipient"), pk=invitation_id)
    return _withdraw(request, found, _as_organisation(found.recipient), "hub:people")


def _own_shipper() -> Organisation:
    shipper = current_shipper()
    return Organisation(Side.SHIPPER, shipper.name, shipper.pk)


def _as_organisation(recipient: Recipient | None) -> Organisation:
    assert recipient is not None
    return Organisation(Side.RECIPIENT, recipient.name, recipient.pk)


def _address(url_name: str, organisation: Organisation) -> str:
    """The people's page of that organisation."""
    query = {"recipient": organisation.name} if organisation.side == Side.RECIPIENT else {}
    return f"{reverse(url_name)}?{urlencode(query)}" if query else reverse(url_name)


def _end_role(
    request: ActingRequest,
    found: Membership,
    organisation: Organisation,
    url_name: str,
    base: str,
    context: dict[str, object],
) -> HttpResponse:
    is_own = found.person_id == request.actor.person_id
    if not is_own:
        require(request.actor, "accounts.invite", organisation)
    back = _address(url_name, organisation)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            ended = end_membership(actor=request.actor, membership_id=found.pk, organisation=organisation)
        except LastOfThem as refused:
            error = refused
        else:
            messages.success(request, _("%(name)s no longer has that role.") % {"name": ended.person.name})
            return redirect("/" if is_own else back)
    context |= {
        "base": base,
        "organisation": organisation,
        "member": found,
        "is_own": is_own,
        "error": error,
        "back_url": back,
    }
    return render(request, "portal/end_role.html", context, status=error.status if error else 200)


def _withdraw(
    request: ActingRequest, found: Invitation, organisation: Organisation, url_name: str
) -> HttpResponse:
    try:
        withdraw_invitation(
            actor=request.actor, invitation_id=found.pk, organisation=organisation, now=timezone.now()
        )
    except UnknownMember as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The invitation of %(email)s is taken back.") % {"email": found.email})
    return redirect(_address(url_name, organisation))


def _people(
    request: ActingRequest, organisation: Organisation, url_name: str, base: str, context: dict[str, object]
) -> HttpResponse:
    may_invite = allows(request.actor, "accounts.invite", organisation)
    form = InviteForm(request.POST or None, roles=frozenset(ROLES_OF[organisation.side]))
    if request.method == "POST" and may_invite and form.is_valid():
        invite(
            actor=request.actor,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
            organisation=organisation,
            link=invitation_link(request),
            now=timezone.now(),
        )
        messages.success(request, _("%(email)s is invited.") % form.cleaned_data)
        return redirect(_address(url_name, organisation))
    context |= {
        "base": base,
        "organisation": organisation,
        "members": Membership.objects.filter(**organisation.own)
        .select_related("person")
        .order_by("person__name"),
        "invitations": Invitation.objects.filter(
            **organisation.own, accepted_at=None, expires_at__gt=timezone.now()
        ),
        "form": form if may_invite else None,
        "end_url_name": url_name.replace("people", "end_role"),
        "withdraw_url_name": url_name.replace("people", "withdraw_invitation"),
    }
    return render(request, "portal/people.html", context, status=422 if form.errors else 200)


def invitation_link(request: HttpRequest) -> str:
    """The address of the joining page at this host, with ``{token}`` left open."""
    return request.build_absolute_uri(reverse("join", args=["TOKEN"])).replace("TOKEN", "{token}")


@never_cache
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation (GET), accept it (POST); somebody with an account signs in with it afterwards."""
    now = timezone.now()
    try:
        invitation = find_invitation(token=token, now=now)
    except DomainError as error:
        return render(request, "refused.html", {"error": error}, status=error.status)
    known = is_known(invitation)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and (known or form.is_valid()):
        name, password = ("", None) if known else (form.cleaned_data["name"], form.cleaned_data["password"])
        person = accept_invitation(token=token, name=name, password=password, now=now)
        if known:
            messages.success(request, _("The role is added. Sign in to use it."))
            return redirect("account_login")
        login(request, person, backend=BACKEND)
        request.session[SIGNED_IN_AT] = request.get_host().split(":")[0]
        return redirect("/")
    context = {"invitation": invitation, "is_known": known, "form": form}
    return render(request, "portal/join.html", context, status=422 if form.errors else 200)
