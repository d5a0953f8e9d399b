//! The sync protocol's rules (PROTOCOL).
