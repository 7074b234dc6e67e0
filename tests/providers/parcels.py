"""One parcel, from Jakarta to Bandung, for the tests of the couriers."""

from __future__ import annotations

from patungan.providers.couriers import BookRequest, Consignment, Contact, Item, Place, RateRequest

JAKARTA = Place(city="Kota Jakarta Selatan", district="Jagakarsa", postal_code="12620", province="DKI Jakarta")
BANDUNG = Place(city="Kota Bandung", district="Sukasari", postal_code="40152", province="Jawa Barat")
RICE = Item(name="Beras", quantity=2, weight_grams=1200, length_cm=20, width_cm=15, height_cm=10, value=92_500)
ASKED = RateRequest(origin=JAKARTA, destination=BANDUNG, items=(RICE,))
WAYBILL = Consignment(courier="jne", waybill="JNE-1")
SENDER = Contact(name="Gudang", phone="+6281100001111", address="Jl. Raya No. 1", place=JAKARTA)
RECIPIENT = Contact(
    name="Sari",
    phone="+6281234567890",
    address="Jl. Dr. Setiabudi No. 229, Isola, RT 01 RW 02, dekat pintu gerbang utama kampus, rumah bercat hijau",
    place=BANDUNG,
)


def booking_request(courier: str, service: str) -> BookRequest:
    return BookRequest(
        reference="SHP-7", courier=courier, service=service, sender=SENDER, recipient=RECIPIENT, items=(RICE,)
    )
