"""Couriers: Biteship with many behind it, and JNE, J&T Express and SiCepat by their own interfaces, on one set of rates."""
