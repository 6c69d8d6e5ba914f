"""Who is signed in, read together with the roles they hold: every page asks for both."""

from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend

from apps.accounts.actors import with_memberships
from apps.accounts.models import Person


class MemberBackend(AuthenticationBackend):
    """Signs in as allauth does; the person of a session comes with their memberships, in one statement."""

    def get_user(self, user_id: UUID | str) -> Person | None:
        person = with_memberships(Person.objects.filter(pk=user_id)).first()
        return person if person is not None and self.user_can_authenticate(person) else None
