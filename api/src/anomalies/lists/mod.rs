//! The month's lists: from a file of readings, and from what the service has stored.

pub mod alarms_file;
pub mod readings_file;
pub mod shipped;
