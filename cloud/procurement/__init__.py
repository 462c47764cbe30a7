"""Procurement: suppliers, offers, purchase orders, goods receipts, what is owed to whom."""
