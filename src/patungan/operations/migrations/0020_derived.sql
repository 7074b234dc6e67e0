-- Identifiers and codes of rows that one statement writes by the thousand. Time and chance stay the kernel's: the statement
-- gets the present and a fresh secret of 32 bytes, and each row's part is a hash of the secret and of what the row is for.
-- Without the secret, which is kept nowhere, none of it can be guessed; with the same secret a run can be replayed.

-- A UUIDv7: 48 bits of milliseconds, the version, 24 bits of the row's place in its batch (with the variant between them),
-- so that the rows of a batch stay in order, 48 bits of the hash. Written so that the planner puts it in place of a call.
create function derived_id(p_secret bytea, p_purpose text, p_subject uuid, p_now timestamptz, p_place bigint) returns uuid
    language sql immutable parallel safe as $$
    select (lpad(to_hex((extract(epoch from p_now) * 1000)::bigint), 12, '0')
        || '7' || lpad(to_hex((p_place >> 12) & 4095), 3, '0') || '8' || lpad(to_hex(p_place & 4095), 3, '0')
        || left(encode(sha256(p_secret || convert_to(p_purpose, 'UTF8') || uuid_send(p_subject)), 'hex'), 12))::uuid
$$;

-- Letters of the kernel's (without 0/O, 1/I/L, U), up to nine, taken from 60 bits: all are as good as equally likely.
create function derived_code(p_secret bytea, p_subject uuid, p_length int) returns text
    language plpgsql immutable parallel safe as $$
declare
    rest bigint := ('x' || left(encode(sha256(p_secret || 'code'::bytea || uuid_send(p_subject)), 'hex'), 15))::bit(60)::bigint;
    code text := '';
begin
    for place in 1..p_length loop
        code := code || substr('23456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (rest % 30)::int, 1);
        rest := rest / 30;
    end loop;
    return code;
end $$;
