"""What rides inside a delivery's PDFs for machines: UBL advices, EPCIS of its goods, and the log's head."""

from datetime import UTC, datetime

from apps.custody import canonical
from apps.custody import selectors as custody
from apps.custody.renditions import epcis, ubl
from apps.custody.renditions.shipments import Shipments
from apps.deliveries.models import Delivery
from apps.documents.rendering import Attachment
from apps.tenancy.doorway import current_shipper

#: What both sides bargained over is no fact about the goods, and the driver carries the paper.
_BARGAINED = ("slots_", "offer_", "appointment_", "document_")


def attachments(delivery: Delivery, *, at: datetime) -> list[Attachment]:
    """The record of a delivery's goods as of now, ``at`` the paper's moment; empty where nothing is recorded.

    ``despatch-advice.xml`` (planned until it left), ``receipt-advice.xml`` after the handover,
    ``epcis.jsonld``, and the newest checkpoint: who keeps the paper can tell a rewritten log.
    """
    shipper = current_shipper()
    shipments = Shipments()
    converter = epcis.Converter(custody.log_origin(shipper), custody.event_as_recorded)
    told: list[epcis.EpcisEvent] = []
    for stored in custody.events_of_delivery(delivery.pk).order_by("ordinal"):
        event = canonical.parse(bytes(stored.canonical))
        shipments.add(event)
        if not stored.type.startswith(_BARGAINED):
            told += converter.convert(event, leaf_hash=bytes(stored.leaf_hash))
    found: list[Attachment] = []
    for shipment in shipments.gathered(announced=True):
        despatch = ubl.despatch_advice(shipment, shipper=shipper.name)
        receipt = ubl.receipt_advice(shipment, shipper=shipper.name)
        if despatch:
            found.append(Attachment("despatch-advice.xml", despatch, "Despatch advice, UBL 2.1", "Data"))
        if receipt:
            found.append(Attachment("receipt-advice.xml", receipt, "Receipt advice, UBL 2.1", "Data"))
    if told:
        created = canonical.format_time(at.astimezone(UTC))
        written = b"".join(epcis.write(told, log=custody.log_origin(shipper), created=created))
        found.append(Attachment("epcis.jsonld", written, "What happened to the goods, EPCIS 2.0.1", "Data"))
    checkpoint = custody.latest_checkpoint()
    if checkpoint:
        head = "Signed head of the shipper's custody log when this paper was issued"
        found.append(Attachment("checkpoint.note", custody.cosigned(checkpoint), head, "Supplement"))
    return found
