"""The record in the words of other standards: EPCIS, UBL, a workbook, a dossier. To read, no evidence."""
