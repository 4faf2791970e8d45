"""The settings «Услуги»: services, specialists, rooms, how a branch takes bookings."""
