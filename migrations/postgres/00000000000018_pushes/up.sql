-- A push moves the stops of its points once. With room left on the page a moved row stays where its indexes look for it; without,
-- each of the three gets another entry.
ALTER TABLE stops SET (fillfactor = 75);

-- An entry is written under the lock of its feed, which names the reader. To look the reader up again for each of a push's hundreds
-- of entries cost more than to write them.
ALTER TABLE feed_entries DROP CONSTRAINT feed_entries_reader_id_fkey;
