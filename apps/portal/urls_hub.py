"""Addresses of the hub: what a recipient's people and the network's operator open."""

from django.urls import path

from apps.portal.views import (
    answer,
    appointment,
    board,
    board_blocks,
    board_moves,
    custody_hub,
    gate,
    hub,
    hub_exports,
    hub_records,
    operator,
    papers,
    people,
    policies,
    proposing,
    site_profile,
    site_setup,
    waiting,
    yard,
)

app_name = "hub"

APPOINTMENT = "appointments/<uuid:appointment_id>/"
RECEIVED = "custody/exports/<slug:shipper>/<uuid:job_id>/"
BLOCK = "sites/<uuid:site_id>/blocks/<uuid:block_id>/"

urlpatterns = [
    path("", hub.inbox, name="inbox"),
    path(APPOINTMENT, appointment.appointment, name="appointment"),
    path(f"{APPOINTMENT}offers/<uuid:offer_id>/accept/", answer.accept, name="accept"),
    path(f"{APPOINTMENT}offers/<uuid:offer_id>/decline/", answer.decline, name="decline"),
    path(f"{APPOINTMENT}offers/<uuid:offer_id>/withdraw/", answer.withdraw, name="withdraw"),
    path(f"{APPOINTMENT}counter/", proposing.counter, name="counter"),
    path(f"{APPOINTMENT}counter/review/", proposing.counter_review, name="counter_review"),
    path(f"{APPOINTMENT}reschedule/", proposing.reschedule, name="reschedule"),
    path(f"{APPOINTMENT}reschedule/review/", proposing.reschedule_review, name="reschedule_review"),
    path(f"{APPOINTMENT}cancel/", answer.cancel, name="cancel"),
    path(f"{APPOINTMENT}arrival/", gate.arrive, name="arrive"),
    path(f"{APPOINTMENT}unloading/", gate.unload, name="unload"),
    path(f"{APPOINTMENT}handover/", gate.handover, name="handover"),
    path(f"{APPOINTMENT}move/", board_moves.move, name="move"),
    path(f"{APPOINTMENT}move/check/", board_moves.check, name="move_check"),
    path(f"{APPOINTMENT}no-show/", yard.no_show, name="no_show"),
    path(f"{APPOINTMENT}documents/<uuid:document_id>/", appointment.document, name="document"),
    path(f"{APPOINTMENT}documents/<uuid:document_id>/preview.png", papers.hub_preview, name="preview"),
    path(f"{APPOINTMENT}papers/add/", papers.hub_bring, name="bring"),
    path(f"{APPOINTMENT}papers/<slug:document_type>/waive/", papers.waive, name="waive"),
    path(f"{APPOINTMENT}custody/", custody_hub.custody, name="custody"),
    path(f"{APPOINTMENT}custody/moments/", custody_hub.custody_moments, name="custody_moments"),
    path("custody/", hub_records.records, name="records"),
    path("custody/exports/", hub_exports.exports, name="received_exports"),
    path(RECEIVED, hub_exports.download, name="received_download"),
    path(f"{RECEIVED}progress/", hub_exports.watch, name="received_watch"),
    path(f"{RECEIVED}cancel/", hub_exports.cancel, name="received_cancel"),
    path("sites/<uuid:site_id>/", board.board, name="board"),
    path("sites/<uuid:site_id>/gate/", board.gate_list, name="gate_list"),
    path("sites/<uuid:site_id>/walk-in/", yard.walk_in, name="walk_in"),
    path("sites/<uuid:site_id>/blocks/", board_blocks.block, name="block"),
    path(BLOCK, board_blocks.block_edit, name="block_edit"),
    path(f"{BLOCK}check/", board_blocks.block_check, name="block_check"),
    path("sites/<uuid:site_id>/profile/", site_profile.hub_site, name="site"),
    path("sites/<uuid:site_id>/versions/<int:number>/", site_profile.hub_version, name="site_version"),
    path("sites/<uuid:site_id>/waiting/", waiting.waiting_list, name="waiting"),
    path("sites/<uuid:site_id>/setup/<slug:step>/", site_setup.setup, name="setup"),
    path("sites/<uuid:site_id>/holidays/", site_setup.holidays, name="holidays"),
    path("sites/", site_setup.sites, name="sites"),
    path("sites/new/", site_setup.site_new, name="site_new"),
    path("sites/<uuid:site_id>/policies/", policies.hub_policies, name="policies"),
    path("sites/<uuid:site_id>/policies/every/", policies.hub_policy, name="policy_for_all"),
    path("sites/<uuid:site_id>/policies/<uuid:partner_id>/", policies.hub_policy, name="policy"),
    path("people/", people.hub_people, name="people"),
    path("network/shippers/", operator.shippers, name="shippers"),
]
