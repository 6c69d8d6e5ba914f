"""Custody in people's words: what each type of event and each field that a timeline shows is called."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.appointments.states import ReasonCode
from apps.facilities.models import DocumentType

EVENT_LABELS: Mapping[str, str | Promise] = {
    "consignment_created": _("Consignment created"),
    "packed": _("Packed"),
    "delivery_grouped": _("Grouped into a delivery"),
    "slots_offered": _("Slots offered"),
    "slots_countered": _("Other slots offered"),
    "appointment_confirmed": _("Appointment confirmed"),
    "appointment_rescheduled": _("Appointment moved"),
    "appointment_declined": _("Offer declined"),
    "appointment_cancelled": _("Appointment cancelled"),
    "offer_expired": _("Offer expired"),
    "planned": _("Carrier planned"),
    "document_issued": _("Document issued"),
    "document_received": _("Document received"),
    "document_waived": _("Document not insisted on"),
    "loaded": _("Loaded"),
    "departed": _("Departed"),
    "arrived": _("Arrived"),
    "unloading_started": _("Unloading started"),
    "unloaded": _("Unloaded"),
    "handover_accepted": _("Handed over"),
    "handover_accepted_with_reservation": _("Handed over with reservation"),
    "handover_partly_refused": _("Handed over, partly refused"),
    "handover_unattended": _("Left unattended"),
    "handover_refused": _("Refused"),
    "handover_own_site": _("Received at a site of the shipper’s own"),
    "pickup_ready": _("Ready to be collected"),
    "drop_emptied": _("Taken out of where it was left"),
    "temperature_range_set": _("Temperature range set"),
    "delivery_failed": _("Delivery failed"),
    "seals_checked": _("Seals checked"),
    "condition_reading": _("Condition measured"),
    "excursion_decided": _("Excursion decided"),
    "correction": _("Correction"),
    "clock_anomaly": _("Device clock doubtful"),
    "access_viewed": _("Record viewed"),
    "access_exported": _("Record exported"),
    "access_granted": _("Access granted"),
    "access_revoked": _("Access revoked"),
    "key_rotated": _("Log key changed"),
    "pii_erased": _("Personal values erased"),
    "register_closed": _("Register closed"),
}

#: The fields of ``details`` that a timeline shows, in this order.
DETAIL_LABELS: Mapping[str, str | Promise] = {
    "order": _("Order"),
    "confirmation_number": _("Confirmation number"),
    "carrier": _("Carrier"),
    "vehicle": _("Vehicle"),
    "driver": _("Driver"),
    "dock": _("Dock"),
    "document_type": _("Document"),
    "number": _("Number"),
    "released_by": _("Released by"),
    "received_by": _("Received by"),
    "seals": _("Seals"),
    "seals_out": _("Seals at departure"),
    "seals_after": _("Seals put on"),
    "condition": _("Condition"),
    "doubts": _("Doubts"),
    "intact": _("Intact"),
    "sensor": _("Sensor"),
    "within_limits": _("Within limits"),
    "cause": _("Cause"),
    "decision": _("Decision"),
    "kind": _("Finding"),
    "reason": _("Reason"),
    "cutoff": _("Change cut-off"),
    "reservation": _("Reservation"),
    "discrepancies": _("Discrepancies"),
    "note": _("Note"),
    "what": _("What"),
    "purpose": _("Purpose"),
    "scopes": _("Good for"),
    "until": _("Until"),
    "legal_basis": _("Legal basis"),
}

#: What the codes of a field are called.
VALUE_LABELS: Mapping[str, Mapping[str, str | Promise]] = {
    "document_type": {kind.value: kind.label for kind in DocumentType},
    "reason": {reason.value: reason.label for reason in ReasonCode} | {"no_show": _("No-show")},
}
ROLE_LABELS: Mapping[str, str | Promise] = {
    "driver": _("Driver"),
    "system": _("Dockside"),
    "policy": _("Policy"),
    "link": _("By a link from e-mail"),
    "key": _("By a system’s key"),
}
ERASED = _("erased")

#: What a state says, by field (`moments.State`), in the order in which it is read.
STATE_LABELS: Mapping[str, str | Promise] = {
    "holder": _("Goods are with"),
    "handed_over": _("Handling units handed over"),
    "step": _("Last step"),
    "appointment": _("Negotiation"),
    "slot": _("Slot"),
    "confirmation_number": _("Confirmation number"),
    "dock": _("Dock"),
    "carrier": _("Carrier"),
    "vehicle": _("Vehicle"),
    "driver": _("Driver"),
    "seals_out": _("Seals at departure"),
    "seals": _("Seals"),
    "seals_after": _("Seals put on"),
    "intact": _("Seals intact"),
    "temperature_mc": _("Temperature at handover"),
    "measured": _("Condition measured"),
    "finding": _("Finding"),
    "paper": _("Paper"),
    "items": _("Goods"),
}
HOLDER_LABELS: Mapping[str, str | Promise] = {
    "shipper": _("The shipper"),
    "carrier": _("The carrier"),
    "recipient": _("The recipient"),
}
