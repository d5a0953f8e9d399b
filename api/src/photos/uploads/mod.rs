//! Resumable uploads: tus 1.0, with creation, creation-with-upload, checksum, expiration and termination.
//!
//! What has come of an upload lies beside the photos, piece by piece, and its offset in the database: a restart or another
//! node goes on where the last one was.

mod headers;
mod progress;
pub mod routes;
pub mod store;
