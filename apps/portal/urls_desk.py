"""Addresses of a shipper's desk and of its audit pages."""

from django.urls import path

from apps.portal.views import (
    audit,
    audit_exports,
    audit_record,
    branding,
    carriers,
    desk_bulk,
    desk_causes,
    desk_deliveries,
    desk_delivery,
    desk_demand,
    desk_driver,
    desk_exceptions,
    desk_figures,
    desk_find,
    desk_formats,
    desk_imports,
    desk_jobs,
    desk_legs,
    desk_milestones,
    desk_moving,
    desk_offers,
    desk_pilots,
    desk_plan,
    desk_priority,
    desk_replan,
    desk_risks,
    desk_sheets,
    desk_slots,
    desk_temperature,
    driver,
    gate_papers,
    network_log,
    papers,
    people,
    policies,
    site_profile,
    standing,
    standing_terms,
    systems,
    tender_link,
    tenders,
    tracking,
    waiting,
)

app_name = "desk"

milestones = [
    path("figures/milestones/", desk_milestones.overview, name="milestones"),
    path(
        "figures/milestones/tables/<slug:name>/<slug:ending>/", desk_milestones.table, name="milestones_table"
    ),
    path("figures/milestones/new/", desk_milestones.new, name="milestone_new"),
    path("figures/milestones/<uuid:milestone_id>/", desk_milestones.milestone, name="milestone"),
    path(
        "figures/milestones/<uuid:milestone_id>/deliveries/<slug:ending>/",
        desk_milestones.deliveries,
        name="milestone_deliveries",
    ),
    path("figures/milestones/<uuid:milestone_id>/tie/", desk_milestones.tie, name="milestone_tie"),
    path(
        "figures/milestones/<uuid:milestone_id>/untie/<uuid:delivery_id>/",
        desk_milestones.untie,
        name="milestone_untie",
    ),
    path("figures/milestones/<uuid:milestone_id>/remove/", desk_milestones.remove, name="milestone_remove"),
]

deliveries = [
    path("", desk_deliveries.deliveries, name="deliveries"),
    path("deliveries/priority/", desk_priority.priorities, name="priorities"),
    path("deliveries/papers/", papers.desk_day_papers, name="day_papers"),
    path("deliveries/papers/<uuid:job_id>/", papers.desk_day_papers_file, name="day_papers_file"),
    path("figures/", desk_figures.overview, name="figures"),
    path("figures/causes/", desk_causes.overview, name="causes"),
    path("figures/causes/tables/<slug:name>/<slug:ending>/", desk_causes.table, name="causes_table"),
    path("figures/causes/rates/", desk_causes.rates, name="failure_rates"),
    path("figures/causes/of/<uuid:delivery_id>/", desk_causes.cause, name="cause"),
    path("figures/causes/by/<slug:cause>/", desk_causes.caused, name="caused"),
    path("figures/risks/", desk_risks.overview, name="risks"),
    path("figures/risks/tables/<slug:name>/<slug:ending>/", desk_risks.table, name="risks_table"),
    path("figures/demand/", desk_demand.overview, name="demand"),
    path("figures/demand/tables/<slug:name>/<slug:ending>/", desk_demand.table, name="demand_table"),
    path("figures/pilots/", desk_pilots.overview, name="pilots"),
    path("figures/pilots/tables/<slug:name>/<slug:ending>/", desk_pilots.table, name="pilots_table"),
    *milestones,
    path("figures/tables/<slug:name>/<slug:ending>/", desk_figures.table, name="figures_table"),
    path("figures/<slug:name>/", desk_figures.drill, name="figure"),
    path("exceptions/", desk_exceptions.exceptions, name="exceptions"),
    path("exceptions/table/<slug:ending>/", desk_exceptions.table, name="exceptions_table"),
    path("exceptions/<uuid:exception_id>/", desk_exceptions.exception, name="exception"),
    path("exceptions/<uuid:exception_id>/do/<int:number>/", desk_exceptions.intervene, name="exception_act"),
    path("exceptions/<uuid:exception_id>/take/", desk_exceptions.take, name="exception_take"),
    path("exceptions/<uuid:exception_id>/snooze/", desk_exceptions.snooze, name="exception_snooze"),
    path("deliveries/group/", desk_deliveries.group, name="group"),
    path("slots/", desk_bulk.bulk, name="bulk"),
    path("slots/find/", desk_find.find, name="find_slots"),
    path("slots/<uuid:request_id>/", desk_bulk.bulk_request, name="bulk_request"),
    path("slots/<uuid:request_id>/send/", desk_bulk.send, name="bulk_send"),
    path("logo/", branding.branding, name="branding"),
    path("logo/remove/", branding.remove, name="branding_remove"),
    path("logo/picture/", branding.picture, name="logo_file"),
    path("import/", desk_imports.imports, name="import"),
    path("import/sample.csv", desk_imports.import_sample, name="import_sample"),
    path("import/<uuid:import_id>/", desk_imports.import_result, name="import_result"),
    path("import/<uuid:import_id>/refused.csv", desk_imports.import_report, name="import_report"),
    path("deliveries/<uuid:delivery_id>/", desk_delivery.delivery, name="delivery"),
    path("deliveries/<uuid:delivery_id>/slots/", desk_slots.ask, name="ask"),
    path("deliveries/<uuid:delivery_id>/waiting/", waiting.wait, name="wait"),
    path("deliveries/<uuid:delivery_id>/waiting/leave/", waiting.leave, name="stop_waiting"),
    path("deliveries/<uuid:delivery_id>/load/", desk_delivery.load, name="load"),
    path("deliveries/<uuid:delivery_id>/depart/", desk_delivery.depart, name="depart"),
    path("deliveries/<uuid:delivery_id>/papers/add/", papers.desk_bring, name="bring"),
    path("deliveries/<uuid:delivery_id>/labels.pdf", papers.desk_labels, name="labels"),
    path("deliveries/<uuid:delivery_id>/packing-list.pdf", papers.desk_packing_list, name="packing_list"),
    path(
        "deliveries/<uuid:delivery_id>/consignment-note/",
        papers.desk_consignment_note,
        name="consignment_note",
    ),
    path("deliveries/<uuid:delivery_id>/via/", desk_legs.via, name="via"),
    path("deliveries/<uuid:delivery_id>/back/", desk_legs.take_back, name="take_back"),
    path("deliveries/<uuid:delivery_id>/receive/", desk_legs.receive, name="receive_leg"),
    path("deliveries/<uuid:delivery_id>/driver/", desk_driver.invite_for_leg, name="leg_driver"),
    path("deliveries/<uuid:delivery_id>/format/", desk_formats.choose, name="choose_format"),
    path("deliveries/<uuid:delivery_id>/ready/", desk_formats.ready, name="ready_to_collect"),
    path("deliveries/<uuid:delivery_id>/hand-out/", desk_formats.hand_out, name="hand_out"),
    path("deliveries/<uuid:delivery_id>/priority/", desk_priority.priority, name="priority"),
    path("deliveries/<uuid:delivery_id>/temperature/", desk_temperature.temperature, name="temperature"),
    path("deliveries/<uuid:delivery_id>/detention.pdf", gate_papers.desk_detention, name="detention"),
    path("deliveries/<uuid:delivery_id>/again/", desk_delivery.bring_again, name="bring_again"),
    path("documents/<uuid:document_id>/", desk_delivery.document, name="document"),
    path("documents/<uuid:document_id>/preview.png", papers.desk_preview, name="preview"),
]

negotiation = [
    path("offers/", desk_offers.offers, name="offers"),
    path("standing/", standing.desk_list, name="series_list"),
    path("standing/new/<uuid:site_id>/", standing_terms.desk_new, name="series_new"),
    path("standing/<uuid:standing_id>/", standing.desk_series, name="series"),
    path("standing/<uuid:standing_id>/terms/", standing_terms.desk_terms, name="series_terms"),
    path("policies/", policies.desk_policies, name="policies"),
    path("policies/<uuid:site_id>/", policies.desk_policy, name="policy"),
    path("deliveries/<uuid:delivery_id>/offers/<uuid:offer_id>/accept/", desk_delivery.accept, name="accept"),
    path(
        "deliveries/<uuid:delivery_id>/offers/<uuid:offer_id>/decline/", desk_delivery.decline, name="decline"
    ),
    path(
        "deliveries/<uuid:delivery_id>/appointments/<uuid:appointment_id>/counter/",
        desk_slots.counter,
        name="counter",
    ),
    path(
        "deliveries/<uuid:delivery_id>/offers/<uuid:offer_id>/withdraw/",
        desk_delivery.withdraw,
        name="withdraw",
    ),
    path(
        "deliveries/<uuid:delivery_id>/appointments/<uuid:appointment_id>/reschedule/",
        desk_slots.reschedule,
        name="reschedule",
    ),
    path(
        "deliveries/<uuid:delivery_id>/appointments/<uuid:appointment_id>/cancel/",
        desk_delivery.cancel,
        name="cancel",
    ),
]

planning = [
    path("plan/", desk_plan.plan, name="plan"),
    path("plan/<uuid:plan_id>/publish/", desk_plan.publish, name="publish"),
    path("plan/<uuid:plan_id>/repair/", desk_replan.repair, name="repair"),
    path("plan/<uuid:plan_id>/move/<uuid:delivery_id>/", desk_moving.move, name="move"),
    path("plan/routes/<uuid:route_id>/lock/", desk_replan.lock_route, name="lock_route"),
    path("plan/routes/<uuid:route_id>/breakdown/", desk_replan.breakdown, name="breakdown"),
    path("plan/routes/<uuid:route_id>/sheet.pdf", desk_sheets.pdf, name="route_pdf"),
    path("plan/routes/<uuid:route_id>/sheet.csv", desk_sheets.table, name="route_csv"),
    path("plan/stops/<uuid:stop_id>/lock/", desk_replan.lock_stop, name="lock_stop"),
    path("plan/disruptions/<uuid:disruption_id>/withdraw/", desk_replan.withdraw, name="withdraw"),
    path("plan/<uuid:plan_id>/propose/<uuid:delivery_id>/", desk_replan.propose, name="propose"),
    path("plan/schedule/<uuid:site_id>/", desk_replan.schedule, name="schedule"),
    path("jobs/<uuid:job_id>/", desk_jobs.job, name="job"),
    path("jobs/<uuid:job_id>/cancel/", desk_jobs.cancel, name="job_cancel"),
]

tendering = [
    path("carriers/", carriers.carriers, name="carriers"),
    path("carriers/<uuid:carrier_id>/", carriers.carrier, name="carrier"),
    path("carriers/documents/<uuid:compliance_id>/", carriers.document, name="compliance_document"),
    path("tenders/", tenders.tenders, name="tenders"),
    path("tenders/<uuid:tendering_id>/", tenders.search, name="tendering"),
    path("tenders/<uuid:tendering_id>/call-off/", tenders.call_off, name="call_off"),
    path("tenders/answers/<uuid:tender_id>/", tenders.answer, name="tender"),
    path("tenders/answers/<uuid:tender_id>/return/", tenders.give_back, name="give_back"),
    path("tenders/answers/<uuid:tender_id>/mail/", tenders.mail, name="tender_mail"),
    path("routes/<uuid:route_id>/tenders/", tenders.start, name="start_tendering"),
    path("tender/<str:token>/", tender_link.answer, name="tender_link"),
]

following = [
    path("deliveries/<uuid:delivery_id>/links/", tracking.links, name="links"),
    path("track/<str:token>/", tracking.follow, name="track"),
    path("track/<str:token>/papers/<uuid:document_id>/", tracking.paper, name="track_paper"),
]

custody = [
    path("custody/", audit.custody, name="custody"),
    path("custody/deliveries/<uuid:delivery_id>/", audit_record.custody_delivery, name="custody_delivery"),
    path(
        "custody/deliveries/<uuid:delivery_id>/moments/", audit_record.custody_moments, name="custody_moments"
    ),
    path("custody/accesses/", audit.accesses, name="accesses"),
    path("custody/checkpoint.note", audit.checkpoint_note, name="checkpoint"),
    path("custody/log.vkey", audit.verifier_key, name="verifier_key"),
    path("custody/network.note", network_log.desk_note, name="network_note"),
    path("custody/network.vkey", network_log.desk_key, name="network_key"),
    path("custody/exports/", audit_exports.exports, name="exports"),
    path("custody/exports/<uuid:job_id>/", audit_exports.download, name="export_download"),
]

driving = [
    path("plan/routes/<uuid:route_id>/driver/", desk_driver.invite, name="route_driver"),
    path("drive/", driver.drive, name="drive"),
    path("drive/open/<str:token>/", driver.open_route, name="drive_open"),
    path("drive/steps/", driver.step, name="drive_step"),
    path("drive/position/", driver.position, name="drive_position"),
    path("drive/worker.js", driver.worker, name="drive_worker"),
]

urlpatterns = [
    *deliveries,
    *negotiation,
    *planning,
    *tendering,
    *custody,
    *driving,
    *following,
    path("systems/", systems.desk_keys, name="keys"),
    path("systems/<uuid:key_id>/revoke/", systems.desk_revoke, name="key_revoke"),
    path("people/", people.desk_people, name="people"),
    path("people/<uuid:membership_id>/end/", people.desk_end_role, name="end_role"),
    path(
        "people/invitations/<uuid:invitation_id>/withdraw/", people.desk_withdraw, name="withdraw_invitation"
    ),
    path("sites/<uuid:site_id>/", site_profile.desk_site, name="site"),
    path("sites/<uuid:site_id>/versions/<int:number>/", site_profile.desk_version, name="site_version"),
]
