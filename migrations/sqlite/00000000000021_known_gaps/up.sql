-- last_seq: the last number a phone is known to have given, for it said so or since something arrived under it. Whether anything is
-- missing of a phone is then told by its own row, where every page of coverage looked into the records of every phone.
UPDATE devices SET last_seq_at = COALESCE(last_seen_at, created_at),
        last_seq = (SELECT MAX(device_seq) FROM records WHERE device_id = devices.id)
    WHERE (SELECT MAX(device_seq) FROM records WHERE device_id = devices.id) > highest_contiguous_seq
    AND (SELECT MAX(device_seq) FROM records WHERE device_id = devices.id) > COALESCE(last_seq, 0);
UPDATE devices SET last_seq_at = COALESCE(last_seen_at, created_at),
        last_seq = (SELECT MAX(device_seq) FROM quarantine WHERE device_id = devices.id)
    WHERE (SELECT MAX(device_seq) FROM quarantine WHERE device_id = devices.id) > highest_contiguous_seq
    AND (SELECT MAX(device_seq) FROM quarantine WHERE device_id = devices.id) > COALESCE(last_seq, 0);
