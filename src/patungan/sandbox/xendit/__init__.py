"""Xendit: invoices, refunds, payouts and the balance, as the official clients of version 7 call them."""
