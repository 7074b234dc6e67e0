-- Invoices whose payment has ended and whose own end the provider has not told: asked for until it does.
create table open_invoices (
    id text primary key, -- that of the workflow that asked first
    code text not null,
    invoice_id text, -- null: whichever the provider has of the payment
    looks int not null default 0,
    next_look_at timestamptz not null
);
create index open_invoices_due on open_invoices (next_look_at);
