-- Identifiers and codes of rows that one statement writes by the thousand. Time and chance stay the kernel's: the statement
-- gets the present and a fresh secret of 32 bytes, and each row's part is a hash of the secret and of what the row is for.
-- Without the secret, which is kept nowhere, none of it can be guessed; with the same secret a run can be replayed.

-- A UUIDv7: 48 bits of milliseconds, the version, 24 bits of the row's place in its batch (with the variant between them),
-- so that the rows of a batch stay in order, 48 bits of the hash.
create function derived_id(p_secret bytea, p_purpose text, p_subject uuid, p_now timestamptz, p_place bigint) returns uuid
    language sql immutable strict parallel safe as $$
    select (lpad(to_hex((extract(epoch from p_now) * 1000)::bigint), 12, '0') || '7' || substr(placed.hex, 1, 3) || '8'
        || substr(placed.hex, 4, 3)
        || left(encode(sha256(p_secret || convert_to(p_purpose || p_subject, 'UTF8')), 'hex'), 12))::uuid
    from (select lpad(to_hex(p_place & 16777215), 6, '0') as hex) as placed
$$;

-- Up to seven of the kernel's letters (without 0/O, 1/I/L, U), taken from 60 bits, so that all are as good as equally likely.
create function derived_code(p_secret bytea, p_subject uuid, p_length int) returns text
    language sql immutable strict parallel safe as $$
    select left(substr(a, 1 + (n % 30)::int, 1) || substr(a, 1 + (n / 30 % 30)::int, 1)
        || substr(a, 1 + (n / 900 % 30)::int, 1) || substr(a, 1 + (n / 27000 % 30)::int, 1)
        || substr(a, 1 + (n / 810000 % 30)::int, 1) || substr(a, 1 + (n / 24300000 % 30)::int, 1)
        || substr(a, 1 + (n / 729000000 % 30)::int, 1), p_length)
    from (select '23456789ABCDEFGHJKMNPQRSTVWXYZ' as a,
        ('x' || left(encode(sha256(p_secret || convert_to('code' || p_subject, 'UTF8')), 'hex'), 15))::bit(60)::bigint as n
    ) as hashed
$$;
