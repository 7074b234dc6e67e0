"""The whatsapp service: whatsApp messages to factories and buyers. Port 3016."""

from __future__ import annotations

from patungan.kernel.service import Service

service = Service(name="whatsapp", purpose="WhatsApp messages to factories and buyers")
