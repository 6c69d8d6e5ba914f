"""A django-tenants connection that also takes the role of the schema it works in.

The runtime login may do nothing by itself. In the network schema it acts as the hub, in a shipper's
schema as that shipper; so a query that strays is refused by the database. A process that acts as
the owner (migrations, provisioning) keeps the owner's role.
"""

import psycopg
from django.conf import settings
from django.db.utils import DatabaseError, OperationalError
from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantsDatabaseWrapper
from django_tenants.utils import get_public_schema_name
from psycopg import sql

HUB_ROLE = "dockside_hub"


class DatabaseWrapper(TenantsDatabaseWrapper):
    """Sets search path and role together, and only when they change.

    The server forgets a SET when the transaction that issued it is rolled back, to a savepoint too;
    the base class clears ``search_path_set_schemas`` at each of these moments, and on close.
    Sessions must therefore be our own between checkout and return: no transaction-pooling proxy.
    """

    search_path_set_schemas: list[str] | None
    _setting_search_path: bool

    def _handle_search_path(self, cursor: object = None) -> None:
        if self._setting_search_path or self.search_path_set_schemas:
            return
        search_path = self._get_cursor_search_paths()
        statement = sql.SQL("SET search_path = {}").format(
            sql.SQL(", ").join(map(sql.Identifier, search_path))
        )
        if not settings.ACT_AS_OWNER:
            statement += sql.SQL("; SET ROLE {}").format(sql.Identifier(self._role()))
        self._setting_search_path = True
        try:
            with psycopg.ClientCursor(self.connection) as raw:
                raw.execute(statement)
        except psycopg.errors.InFailedSqlTransaction:
            self.search_path_set_schemas = None  # the next statement fails as well, and says why
        except psycopg.OperationalError as error:  # the server is away, or went at this moment
            raise OperationalError(f"cannot enter schema {self.schema_name}: {error}") from error
        except psycopg.Error as error:
            raise DatabaseError(f"cannot enter schema {self.schema_name}: {error}") from error
        else:
            self.search_path_set_schemas = search_path
        finally:
            self._setting_search_path = False

    def _role(self) -> str:
        return HUB_ROLE if self.schema_name == get_public_schema_name() else str(self.schema_name)
