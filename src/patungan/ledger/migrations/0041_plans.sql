-- Rows are looked up by their indexes, whatever the statistics say: a table that was empty when it was last analysed, and has
-- tens of thousands of rows now, would otherwise be read whole for every line (docs/decisions/0006).
alter function post(uuid[], text[], text[], text[], timestamptz, int[], text[], bigint[]) set enable_seqscan = off;
alter function post_transfers(uuid[], text[], text, text[], timestamptz, text[], text[], bigint[]) set enable_seqscan = off;
alter function seal(timestamptz, int) set enable_seqscan = off;
alter function post_split(uuid, text, text, text, timestamptz, text, text[], bigint[]) set enable_seqscan = off;
