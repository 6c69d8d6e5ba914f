"""Which articles a shipper's own sites carry, at its desk's admin: entered, or brought in as a table."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import ForeignKey
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget
from unfold.admin import ModelAdmin

from apps.accounts.admin_sites import RuledAdmin, desk_admin_site
from apps.consignments import permissions as permissions  # registers the rule that the admin names
from apps.consignments.models import StockedArticle, StockTaken
from apps.core.admin_exchange import Exchange, Sheet
from apps.core.admin_history import FieldHistory
from apps.facilities.models import Site
from apps.tenancy.doorway import current_shipper


class OwnSite(ForeignKeyWidget):
    """One of the shipper's own sites, by its code."""

    def __init__(self) -> None:
        super().__init__(Site, "code")

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return Site.objects.filter(shipper=current_shipper())

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            found = super().clean(value, row, **kwargs)
        except Site.DoesNotExist as error:
            raise ValueError(_("There is no site of your own with the code “%s”.") % value) from error
        if found is None:
            raise ValueError(_("Name the site by its code."))
        return found


class StockSheet(Sheet):
    site = Field("site", "site", OwnSite())

    class Meta(Sheet.Meta):
        model = StockedArticle
        import_id_fields: ClassVar = ["site", "gtin", "article"]
        fields: ClassVar = ["site", "gtin", "article", "quantity"]
        export_order = fields

    def skip_row(self, instance: Any, original: Any, row: Any, *args: Any, **kwargs: Any) -> bool:
        """A count that confirms the figure is news where more has left than it said."""
        counted = "quantity" in row and bool(original.missing)
        return not counted and bool(super().skip_row(instance, original, row, *args, **kwargs))

    def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        super().before_save_instance(instance, row, **kwargs)
        if "quantity" in row:
            instance.missing = 0


LATELY = 10


def told(one: StockTaken) -> str:
    """What left with a delivery: “D000012, 3 Mar: 5, of which 2 were there”."""
    said = f"{one.delivery_number}, {date_format(one.at, 'j M')}: {one.quantity.normalize():f}"
    if one.taken == one.quantity:
        return said
    return _("%(said)s, of which %(taken)s were there") % {
        "said": said,
        "taken": f"{one.taken.normalize():f}",
    }


@admin.register(StockedArticle, site=desk_admin_site)
class StockedArticleAdmin(FieldHistory, Exchange, RuledAdmin, ModelAdmin):
    view_rule = "consignments.import"
    manage_rule = "consignments.import"
    resource_classes = [StockSheet]
    list_display = ["article_or_gtin", "site", "quantity", "beyond"]
    list_filter = [("site", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["site"]
    search_fields = ["gtin", "article", "site__name", "site__code"]
    search_help_text = gettext_lazy("GTIN, article or site")
    fields = ["site", ("gtin", "article"), "quantity", "beyond", "left_lately"]
    readonly_fields = ["beyond", "left_lately"]

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """The shipper's own sites alone."""
        if db_field.name == "site":
            kwargs["queryset"] = Site.objects.filter(shipper=current_shipper(), active=True).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: StockedArticle, form: Any, change: bool) -> None:
        """Whoever saves it has looked. What they left alone stays as it is now: goods may have left since."""
        obj.missing = Decimal(0)
        if change:
            obj.save(update_fields=[*form.changed_data, "missing"])
        else:
            super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("Gone beyond the figure"), ordering="missing", empty_value="–")
    def beyond(self, row: StockedArticle) -> str | None:
        return f"{row.missing.normalize():f}" if row.missing else None

    @admin.display(description=gettext_lazy("Gone lately"), empty_value="–")
    def left_lately(self, row: StockedArticle) -> str | None:
        left = StockTaken.objects.filter(site=row.site_id, gtin=row.gtin, article=row.article, back_at=None)[
            :LATELY
        ]
        return "; ".join(told(one) for one in left) or None

    @admin.display(description=gettext_lazy("Article"), ordering="gtin")
    def article_or_gtin(self, row: StockedArticle) -> str:
        return " ".join(filter(None, [row.gtin, row.article]))
