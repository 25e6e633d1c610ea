-- The token that this one was exchanged for, while the exchange may be repeated: an answer that was lost on its way
-- must not sign a device out. Absent for an unspent token, and for one that was superseded before its use.
ALTER TABLE refresh_tokens ADD COLUMN successor BLOB;
