-- What the steps share. Dropped at the end.
create schema seed_large;

create function seed_large.uid(p_kind int, p_number bigint) returns uuid language sql immutable parallel safe as $$
    select ('0199' || lpad(to_hex(p_kind), 4, '0') || '-0000-7000-8000-' || lpad(to_hex(p_number), 12, '0'))::uuid
$$;
create function seed_large.digits(p_number bigint, p_length int) returns text language sql immutable parallel safe as $$
    select lpad(upper(to_hex(p_number)), p_length, '0')
$$;

create unlogged table seed_large.sizes (users int, factories int, products int, sessions int, orders int, open_sessions int,
    now timestamptz, offices int generated always as (greatest(2, factories / 40)) stored,
    stores int generated always as (greatest(2, users / 200)) stored);
create unlogged table seed_large.places (number int primary key, province text, city text, district text, district_code text,
    village text, postal_code text);
create unlogged table seed_large.words (list text, number int, word text, word_en text, primary key (list, number));

create function seed_large.home(a address.addresses) returns jsonb language sql immutable parallel safe as $$
    select jsonb_build_object('id', a.id, 'label', a.label, 'recipient', a.recipient, 'phone', a.phone, 'province', a.province,
        'city', a.city, 'district', a.district, 'postal_code', a.postal_code, 'line', a.line, 'notes', a.notes,
        'village', a.village, 'landmark', a.landmark, 'latitude', a.latitude, 'longitude', a.longitude)
$$;
