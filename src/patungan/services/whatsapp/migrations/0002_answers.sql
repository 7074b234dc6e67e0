-- What a message's buttons send back when they are pressed, and which of them ask for a reason.
alter table messages
    add column button_payloads text[] not null default '{}',
    add column reason_payloads text[] not null default '{}',
    add column resent integer not null default 0 check (resent >= 0);
create index messages_button_payloads on messages using gin (button_payloads) where button_payloads <> '{}';

-- What people write to us, and what became of it.
create table inbound_messages (
    id uuid primary key,
    provider_id text not null unique,
    phone text not null check (phone ~ '^\+\d{6,15}$'),
    kind text not null check (kind in ('text', 'button', 'other')),
    text text not null default '',
    outcome text not null check (outcome in ('free', 'answer', 'reason', 'opt_out', 'opt_in', 'unknown_button')),
    message_id uuid references messages,
    sent_at timestamptz not null,
    received_at timestamptz not null,
    handled_by uuid,
    handled_at timestamptz,
    check ((handled_by is null) = (handled_at is null))
);
create index inbound_messages_received_at on inbound_messages (received_at);
create index inbound_messages_open on inbound_messages (received_at) where outcome = 'free' and handled_at is null;

-- Whoever pressed a button that asks for a reason: the next text from the number is the reason, until then.
create table open_questions (
    phone text primary key,
    payload text not null,
    language text not null check (language in ('id', 'en')),
    until timestamptz not null
);

create table opt_outs (
    phone text primary key,
    since timestamptz not null
);

-- How many messages went out in the present second, over all processes, and until when WhatsApp wants none.
create table pacing (
    only_row boolean primary key default true check (only_row),
    window_start timestamptz not null,
    sent integer not null,
    paused_until timestamptz not null
);
insert into pacing (window_start, sent, paused_until) values ('2000-01-01 00:00Z', 0, '2000-01-01 00:00Z');
